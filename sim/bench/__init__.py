"""What the gateware does in how many cycles, counted on the verilated card; and how fast that card runs."""
