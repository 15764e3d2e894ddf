"""The card as a process of its own: ``python -m sim.softcard``. See docs/simulation.md."""
