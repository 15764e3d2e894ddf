"""Synthesis, place and route of the engine: which clock, how large, and which path is the longest."""
