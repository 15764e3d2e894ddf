"""Reaching the card: the driver's Python binding and the tables of registers and records."""
