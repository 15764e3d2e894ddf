"""The terminal screen: what the card, the market and the agent do, live."""
