"""The whole card beside ``itch-book`` on a made session of three symbols: five levels a side after every message.

The other book is given the session as a file and decodes it itself, so the card's receivers and decoder are judged
along with its book.
"""

import struct

import itch_book
from bench_card import BenchCard
from card_views import unpack

from hdl.types import DEPTH
from sim.card_port import Arrival, Port
from sim.sessions.encode import locate_of
from sim.sessions.frames import FrameMaker, Packing, pack_messages
from sim.sessions.make import MADE_SYMBOLS, make_messages

#: Cycles between the first bytes of two frames: the time the longest of them takes, and some.
FRAME_CYCLES = 300
CHANGES = b"AFECXDU"


def changes_by_itch_book(messages):
    """Message number (from 1) to (locate, bids, asks), for each message that changed one of the five levels."""
    session = itch_book.Session([], DEPTH, [])
    session.feed(b"".join(struct.pack(">H", len(m)) + m for m in messages))
    rows = session.take_depth()

    def side(name, row):
        levels = ((int(rows[f"{name}_px_{k:02d}"][row]), int(rows[f"{name}_sz_{k:02d}"][row])) for k in range(DEPTH))
        return tuple(level for level in levels if level[1])

    return {
        int(number): (int(locate), side("bid", row), side("ask", row))
        for row, (number, locate) in enumerate(zip(rows["seq"], rows["locate"], strict=True))
    }


def test_every_view_of_a_made_session_is_that_of_itch_book():
    messages = make_messages(23, 6_000).messages
    changes = changes_by_itch_book(messages)
    assert len(changes) > len(messages) // 2
    timed = ((int.from_bytes(m[5:11], "big"), m) for m in messages)
    packets = list(pack_messages(timed, FrameMaker(), Packing(window_ns=10**12, seed=5)))
    with BenchCard(keep_views=True) as card:
        # The last slot first: a card that mixes its slots up must not get away with it.
        card.follow(s.symbol for s in reversed(MADE_SYMBOLS))
        start = card.model.now + 100
        arrivals = [Arrival(start + i * FRAME_CYCLES, Port.FEED, p.frame) for i, p in enumerate(packets)]
        card.model.play(arrivals, arrivals[-1].time + 10_000)
        views = {}
        for raw in card.model.views():
            sequence, *rest = unpack(raw)
            views[sequence] = rest  # the last view of a message: a CLEAR comes before the message's own

    tops = {s.locate: ((), ()) for s in MADE_SYMBOLS}
    compared = 0
    for number, message in enumerate(messages, start=1):
        if number in changes:
            locate, bids, asks = changes[number]
            assert locate == locate_of(message)
            tops[locate] = (bids, asks)
        if message[:1] in CHANGES:
            assert views[number] == [*tops[locate_of(message)], False], f"message {number}: {message!r}"
            compared += 1
    assert compared > len(messages) * 3 // 4
    assert all(bids and asks for bids, asks in tops.values())
