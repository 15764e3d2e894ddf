"""The feed: MoldUDP64 sequencing, ITCH decode, and the trading state of each followed symbol."""
