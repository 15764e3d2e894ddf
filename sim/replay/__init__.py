"""Whole sessions through the verilated feed half of the engine, as fast as it goes."""
