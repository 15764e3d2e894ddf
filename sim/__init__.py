"""Running the gateware without hardware. Imports ``hdl`` and nothing of the control plane."""
