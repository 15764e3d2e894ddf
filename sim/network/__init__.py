"""The card on a real network: interfaces, what is wrong with them, and a demonstration in a namespace of its own."""
