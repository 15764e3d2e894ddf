"""A symbol's day in the card's registers against the sums that the specification of ITCH prescribes."""

import struct
from itertools import islice

import pytest
from bench_card import BenchCard
from card_views import LEVEL, VIEW

from sim.card_port import Arrival, Port
from sim.sessions.binaryfile import read_messages
from sim.sessions.frames import FrameMaker, Packing, pack_messages
from sim.sessions.make import MADE_SYMBOLS, make_messages

#: Cycles between the first bytes of two frames: the time the longest of them takes, and some.
FRAME_CYCLES = 300


class Sums:
    """Volume and last trade of one symbol, straight from the messages: printable executions, trades, crosses."""

    def __init__(self, locate):
        self.locate, self.prices = locate, {}
        self.volume, self.last, self.time = 0, (0, 0), 0
        self.kinds = set()

    def add(self, message):
        kind, locate = message[:1], int.from_bytes(message[1:3], "big")
        if locate != self.locate or kind not in b"AFUECPQ":
            return
        (reference,) = struct.unpack_from(">Q", message, 11)
        trade = None
        if kind in b"AF":
            self.prices[reference] = struct.unpack_from(">I", message, 32)[0]
        elif kind == b"U":
            new, _, price = struct.unpack_from(">QII", message, 19)
            self.prices[new] = price
        elif kind == b"E":
            trade = struct.unpack_from(">I", message, 19)[0], self.prices[reference]
        elif kind == b"C" and message[31:32] == b"Y":
            trade = struct.unpack_from(">I", message, 19)[0], struct.unpack_from(">I", message, 32)[0]
        elif kind == b"P":
            trade = struct.unpack_from(">I", message, 20)[0], struct.unpack_from(">I", message, 32)[0]
        elif kind == b"Q":
            trade = struct.unpack_from(">Q", message, 11)[0], struct.unpack_from(">I", message, 27)[0]
        if trade and trade[0]:
            self.kinds.add(kind)
            self.volume += trade[0]
            self.last, self.time = trade, int.from_bytes(message[5:11], "big")


def play(card, messages):
    timed = ((int.from_bytes(m[5:11], "big"), m) for m in messages)
    packets = list(pack_messages(timed, FrameMaker(), Packing(window_ns=10**12, seed=5)))
    start = card.model.now + 100
    arrivals = [Arrival(start + i * FRAME_CYCLES, Port.FEED, p.frame) for i, p in enumerate(packets)]
    card.model.play(arrivals, arrivals[-1].time + 10_000, stop_on_order=False)


def shown(card, slot):
    card.set("statistics.select", slot)
    assert card.get("statistics.shown") == slot
    names = ("volume", "last.price", "last.shares", "last_time", "continuous", "one_tick")
    return {name: card.get(f"statistics.{name}") for name in names}


def check(card, slot, sums):
    row = shown(card, slot)
    assert (row["volume"], (row["last.shares"], row["last.price"]), row["last_time"]) == (
        sums.volume,
        sums.last,
        sums.time,
    )
    return row


@pytest.mark.parametrize(
    ("name", "symbol", "locate", "most", "kinds"),
    [
        ("itch/aapl_20200130_first10k.itch50", "AAPL", 13, 10_000, {b"E", b"P"}),
        ("itch/amzn_20120621_fullday.itch50.gz", "AMZN", 3002, 60_000, {b"E", b"P"}),
    ],
)
def test_volume_and_last_trade_of_a_real_day(real_data, name, symbol, locate, most, kinds):
    messages = list(islice(read_messages(real_data(name)), most))
    sums = Sums(locate)
    for message in messages:
        sums.add(message)
    with BenchCard() as card:
        card.follow(["ZVZZT", symbol])
        play(card, messages)
        row = check(card, 1, sums)
        assert row["volume"] > 10_000
        assert sums.kinds == kinds
        assert shown(card, 0) == dict.fromkeys(row, 0)


def test_a_made_day_with_its_crosses_and_the_time_at_one_tick():
    messages = make_messages(11, 6_000).messages
    with BenchCard(keep_views=True) as card:
        card.follow(s.symbol for s in MADE_SYMBOLS)
        play(card, messages)
        views = [int.from_bytes(raw, "little") for raw in card.model.views()]
        for slot, made in enumerate(MADE_SYMBOLS):
            sums = Sums(made.locate)
            for message in messages:
                sums.add(message)
            row = check(card, slot, sums)
            assert sums.kinds >= {b"E", b"Q"}
            # What the views say of it; a message's card time is that of its last byte: both ends are a bit early.
            spans = _spans(views, slot, _number(messages, b"Q", made.locate, b"O"), _number(messages, b"S", 0, b"M"))
            for name, cycles in zip(("continuous", "one_tick"), spans, strict=True):
                assert abs(row[name] - cycles) < cycles / 50, name
            assert 0 < row["one_tick"] < row["continuous"]
            for _ in range(2):
                assert shown(card, slot) == row, "after the close no time counts"


def _number(messages, kind, locate, code):
    """Sequence number of the message of a kind with a letter: the opening cross, the end of the market."""
    at = {b"Q": 39, b"S": 11}[kind]
    for number, message in enumerate(messages, 1):
        if message[:1] == kind and int.from_bytes(message[1:3], "big") == locate and message[at : at + 1] == code:
            return number
    raise AssertionError(f"no {kind!r} with {code!r} of locate {locate}")


def _spans(views, slot, opened, closed):
    """Card time from the opening cross to the close, and the part of it with a spread of a cent, by the views."""

    def cut(view, name, offset=0, width=None):
        return view >> VIEW[name].offset + offset & (1 << (width or VIEW[name].width)) - 1

    total = tight = 0
    before = None  # card time of the last view, and whether its spread was a cent
    for view in views:
        if cut(view, "slot") != slot or not opened <= cut(view, "sequence"):
            continue
        time = cut(view, "card_time")
        if before is not None:
            total += time - before[0]
            tight += (time - before[0]) * before[1]
        if cut(view, "sequence") > closed:
            break
        prices = [cut(view, side, LEVEL["price"].offset, 32) for side in ("bids", "asks")]
        before = time, prices[0] and prices[1] == prices[0] + 100
    return total, tight
