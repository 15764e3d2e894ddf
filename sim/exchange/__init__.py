"""A simulated NASDAQ to play against: the session's book, an OUCH 5.0 order desk, its log and a ledger made from it."""
