"""The gateware as a Verilator model: built once, cached, driven from Python in batches."""
