"""Many short seeded exchange sessions against the verilated card, each ended by three counts that must agree."""
