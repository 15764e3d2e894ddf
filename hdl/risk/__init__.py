"""Risk: who may trade (arming), what is at stake (positions), and whether an order may leave (the gate)."""
