"""The registers: ``card.rdl`` and the bank, bus and host link made from it."""
