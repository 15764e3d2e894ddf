"""Wire formats as data: one table per protocol, read by the gateware, the simulation and the tests."""
