"""A block of the gateware at a prompt: ports by name, a clock to tick by hand, and a wave file."""
