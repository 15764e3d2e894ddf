"""Blocks for frames: the stream they travel on, and Ethernet, IPv4 and UDP reception."""
