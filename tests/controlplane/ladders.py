"""What a card says of the levels of a book, record by record, for tests that hold the truth themselves."""

#: The flag of a DEPTH record whose levels follow, as hdl/telemetry/records.py has it.
FOLLOW = 16
NOTHING = (0, 0)


def five(levels):
    """Give a side's levels with nothing behind the last."""
    return [*levels, *[NOTHING] * (5 - len(levels))]


def records_of(bids, asks, flags=0):
    """Give the DEPTH and the levels of a view: kind, detail and words of each record."""
    bids, asks = five(bids), five(asks)
    volumes = [min(sum(shares for _, shares in side), 0xFFFF_FFFF) for side in (bids, asks)]
    told = [("DEPTH", 0, (bids[0][0], asks[0][0], *volumes, flags | FOLLOW))]
    return told + [("DEPTH_LEVEL", n, (*bid, *ask)) for n, (bid, ask) in enumerate(zip(bids, asks, strict=True))]


def tell(card, slot, bids, asks, *, time, cause, flags=0):
    """Let a plain card tell a view with its levels."""
    for kind, detail, words in records_of(bids, asks, flags):
        card.say(kind, words, slot=slot, detail=detail, exchange_time=time, cause=cause)
