"""The five-level view of the whole card against known answers, played in as frames of varied packing."""

import gzip

import pytest
from bench_card import BenchCard
from card_views import unpack

from sim.card_port import Arrival, Port
from sim.sessions.binaryfile import read_messages
from sim.sessions.frames import FrameMaker, Packing, pack_messages

#: Cycles between the first bytes of two frames: the time the longest of them takes, and some.
FRAME_CYCLES = 300
CHANGES = {b"A", b"F", b"E", b"C", b"X", b"D", b"U"}


def known_states(path):
    """Yield (message index from 1, bids, asks): the sides as (price, shares), best first, after each change."""
    with gzip.open(path, "rt") as lines:
        for line in lines:
            index, sides = line.strip().split(",")
            bids, asks = (
                tuple(tuple(int(v) for v in level.split(":")[:2]) for level in side.split(";") if level)
                for side in sides.split("|")
            )
            yield int(index), bids, asks


@pytest.mark.parametrize(
    ("config", "seed"),
    [("listen", None), ("demo", 1)],
    ids=["a packet a microsecond, a card that only listens", "random packing"],
)
def test_every_view_of_a_real_morning_is_right(real_data, config, seed):
    messages = list(read_messages(real_data("itch/aapl_20200130_first10k.itch50")))
    known = list(known_states(real_data("itch/aapl_20200130_first10k.top5_every_change.csv.gz")))
    first, *changed = known
    assert first == (1, (), ())
    assert len(changed) == 8037
    timed = ((int.from_bytes(m[5:11], "big"), m) for m in messages)
    packets = list(pack_messages(timed, FrameMaker(), Packing(window_ns=0 if seed is None else 10**12, seed=seed)))
    assert seed is None or max(p.count for p in packets) > 10

    with BenchCard(config, keep_views=True) as card:
        card.follow(["ZVZZT", "AAPL"])  # not slot 0, where a lost slot number does no harm
        start = card.model.now + 100
        arrivals = [Arrival(start + i * FRAME_CYCLES, Port.FEED, p.frame) for i, p in enumerate(packets)]
        card.model.play(arrivals, arrivals[-1].time + 10_000)
        views = {}
        for raw in card.model.views():
            sequence, *rest = unpack(raw)
            views[sequence] = rest  # the last view of a message: a CLEAR comes before the message's own
        assert card.get("feed.gaps") == 0
        assert card.get("book.table_overflows") == 0
        assert card.get("book.queue_overflows") == 0

    compared = changes = parts = 0
    bids = asks = ()
    answers = iter([*changed, (len(messages) + 1, (), ())])
    upcoming = next(answers)
    for index, message in enumerate(messages, start=1):
        if index == upcoming[0]:
            _, bids, asks = upcoming
            upcoming = next(answers)
            changes += 1
        if message[:1] in CHANGES:
            shown_bids, shown_asks, incomplete = views[index]
            # Of eight levels that are kept sorted some may be gone: those behind them are fetched meanwhile.
            expected = (bids[: len(shown_bids)], asks[: len(shown_asks)]) if incomplete else (bids, asks)
            assert (shown_bids, shown_asks) == expected, f"message {index}: {message!r}"
            parts += incomplete
            compared += 1
    assert changes == len(changed), "not every known change was reached"
    assert compared == sum(m[:1] in CHANGES for m in messages)
    assert parts <= (0 if config == "demo" else compared // 100)
