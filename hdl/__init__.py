"""The gateware, described in Amaranth. Imports nothing of the other rooms."""
