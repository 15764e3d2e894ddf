"""A gap that nobody fills, and a snapshot that heals one symbol while the feed goes on.

The snapshot is what ``meatpy`` holds; every later view is compared with ``itch-book``, which has heard the whole day.
"""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from bench_card import BenchCard
from card_views import VIEW, unpack
from independent_books import ItchBook, Meatpy
from snapshot_file import snapshot_bytes, snapshot_messages

from sim.card_port import Arrival, Port
from sim.sessions.binaryfile import read_messages
from sim.sessions.frames import FrameMaker, Packing, pack_messages
from sim.sessions.make import MADE_SYMBOLS, make_messages
from sim.softcard.client import MarketClient

ROOT = Path(__file__).resolve().parents[2]
#: Cycles between the first bytes of two frames: the time the longest of them takes, and some.
FRAME_CYCLES = 300
CHANGES = b"AFECXDU"
IDLE, LOADING = 0, 2
RING_FULL, TOO_OLD, ABORTED, KILLED = 9, 11, 8, 13
#: Register ``snapshot.commit``, but for the number of orders.
STATES = {"trading": 1, "operating": 1, "unrestricted": 1, "market_known": 1, "market_open": 1}


class Day:
    """A day's messages on their way to a card, and two books that hear all of them."""

    def __init__(self, card, messages, symbols, *, slots, seed=3):
        self.card, self.messages, self.symbols, self.slots = card, messages, symbols, slots
        timed = ((int.from_bytes(m[5:11], "big"), m) for m in messages)
        packets = pack_messages(timed, FrameMaker(), Packing(window_ns=10**12, seed=seed))
        self.packets = list(packets)
        self.at = 0  # packets that have left
        self.truth = ItchBook()
        self.full = Meatpy({locate: symbol.ljust(8).encode() for locate, symbol in symbols.items()})
        self.heard = 0
        self.checked = dict.fromkeys(symbols, 0)

    @property
    def next(self):
        """Number of the first message that has not left."""
        return self.packets[self.at].sequence

    def play(self, packets, *, lose=False):
        """Send so many packets, or lose them; the other books hear them either way."""
        sent = self.packets[self.at : self.at + packets]
        self.at += len(sent)
        if not lose:
            start = self.card.model.now + 100
            arrivals = [Arrival(start + i * FRAME_CYCLES, Port.FEED, p.frame) for i, p in enumerate(sent)]
            self.card.model.play(arrivals, arrivals[-1].time + 5_000, stop_on_order=False)
        return sent

    def hear(self):
        """Let the books hear what has left; give the top of every symbol after each message."""
        tops = {}
        while self.heard < (self.next - 1 if self.at < len(self.packets) else len(self.messages)):
            message = self.messages[self.heard]
            self.heard += 1
            if message[:1] in CHANGES:
                self.truth.apply(message)
                self.full.apply(message)
                locate = int.from_bytes(message[1:3], "big")
                tops[self.heard] = (locate, *self.truth.top(locate))
        return tops

    def check(self, *, whole):
        """Compare the views since the last call with the books, for the symbols that should be whole."""
        tops = self.hear()
        views = {}
        for raw in self.card.model.views():
            sequence, *rest = unpack(raw)
            slot = int.from_bytes(raw, "little") >> VIEW["slot"].offset & 0xFF
            views[sequence, slot] = rest
        for number, (locate, bids, asks) in tops.items():
            if locate in whole:
                view = views[number, self.slots[locate]]
                assert view == [tuple(bids), tuple(asks), False], f"message {number} of locate {locate}"
                self.checked[locate] += 1

    def snapshot(self, locate, **options):
        """Take a snapshot of what the books have heard."""
        self.hear()
        return snapshot_messages(self.symbols[locate], locate, self.full.orders(locate), self.heard + 1, **options)


def state(card):
    status = card.get("snapshot.status")
    return status & 7, status >> 4 & 15


def begin(card, slot):
    card.set("snapshot.command", slot=slot, begin=1)
    assert state(card)[0] == LOADING


def load(card, messages, locate, *, between=lambda: None, opened=0):
    """Write a snapshot's orders and end as a driver does, with ``between`` called now and then."""
    orders = 0
    for number, message in enumerate(messages):
        if message[:1] == b"A" and int.from_bytes(message[1:3], "big") == locate:
            card.set("snapshot.reference", int.from_bytes(message[11:19], "big"))
            shares, price = (int.from_bytes(message[at : at + 4], "big") for at in (20, 32))
            card.set("snapshot.bid" if message[19:20] == b"B" else "snapshot.ask", price=price, shares=shares)
            orders += 1
        if number % 16 == 15:
            between()
    letters = {m[:1]: m for m in messages}
    said = STATES | {"trading": int(b"H" in letters), "unrestricted": int(b"Y" in letters), "opened": opened}
    if b"S" not in letters:
        said |= {"market_known": 0, "market_open": 0}
    card.set("snapshot.sequence", int(messages[-1][1:]))
    card.set("snapshot.commit", orders=orders, **said)
    return orders


@pytest.fixture(scope="module")
def session():
    return make_messages(31, 9_000).messages


LOCATES = {s.locate: s.symbol for s in MADE_SYMBOLS}
SLOT = {s.locate: i for i, s in enumerate(reversed(MADE_SYMBOLS))}
ONE, OTHER = MADE_SYMBOLS[1].locate, MADE_SYMBOLS[0].locate


def lose_a_gap(card, session, *, before=150):
    """Follow the made symbols, and lose a packet for good in the middle of trading."""
    card.follow(s.symbol for s in reversed(MADE_SYMBOLS))
    day = Day(card, session, LOCATES, slots=SLOT)
    day.play(before)
    day.check(whole=set(LOCATES))
    assert all(count > 100 for count in day.checked.values())
    day.play(1, lose=True)
    day.play(4)
    assert [card.get(f"slot[{i}].state.stale") for i in range(3)] == [1, 1, 1]
    assert card.get("control.status.market_open") == 0, "what was lost may have been the end of the market"
    day.check(whole=())
    card.arm()
    card.records()
    return day


def test_a_made_symbol_is_whole_again_and_every_later_view_is_right(session):
    rng = random.Random(4)
    with BenchCard(keep_views=True) as card:
        day = lose_a_gap(card, session)
        slot = SLOT[ONE]
        begin(card, slot)
        assert card.get("snapshot.first_sequence") == day.next
        day.play(6)
        snapshot = day.snapshot(ONE)
        orders = load(card, snapshot, ONE, between=lambda: day.play(rng.randrange(1, 3)))
        assert orders > 50
        assert state(card) == (IDLE, 0)
        flags = card.get(f"slot[{slot}].state") & 0x3F
        assert flags == 0b110001, "bound, opened, market open; not stale, halted or restricted"
        assert card.get("snapshot.loaded") == 1
        kept, dropped, applied = (card.get(f"snapshot.{name}") for name in ("kept", "dropped", "applied"))
        assert kept == dropped + applied
        assert min(dropped, applied) > 0
        assert card.get("book.duplicate_references") == card.get("book.over_executions") == 0
        day.check(whole=())
        before = dict(day.checked)
        unknown = card.get("book.unknown_references")
        day.play(80)
        day.check(whole={ONE})
        assert day.checked[ONE] - before[ONE] > 100
        assert card.get("book.unknown_references") > unknown, "the others are as they were"
        # The second symbol, while the first one goes on and trades; then both.
        begin(card, SLOT[OTHER])
        day.play(5)
        load(card, day.snapshot(OTHER), OTHER, between=lambda: day.play(2))
        day.check(whole={ONE})
        assert [card.get(f"slot[{SLOT[locate]}].state.stale") for locate in (ONE, OTHER)] == [0, 0]
        day.play(80)
        day.check(whole={ONE, OTHER})
        assert min(day.checked[locate] - before[locate] for locate in (ONE, OTHER)) > 100
        records = card.records()
        whole = next(
            r["card_time"] for r in records if r["name"] == "SYMBOL_STATE" and r["slot"] == slot and not r["detail"] & 2
        )
        entries = {
            (r["slot"], r["card_time"] > whole) for r in records if r["name"] == "ORDER_SENT" and r["detail"] == 0
        }
        assert (slot, True) in entries, "the healed symbol does not trade"
        assert not {entry for entry in entries if not entry[1]}, "an entry while every book was stale"
        assert SLOT[MADE_SYMBOLS[2].locate] not in {entry[0] for entry in entries}


def test_what_a_snapshot_does_not_say_is_not_allowed(session):
    with BenchCard(keep_views=True) as card:
        day = lose_a_gap(card, session)
        slot = SLOT[ONE]
        begin(card, slot)
        load(card, day.snapshot(ONE, trading=False, system=""), ONE)
        assert state(card) == (IDLE, 0)
        assert card.get(f"slot[{slot}].state") & 0x3F == 0b010101, "bound, halted, opened; the market is closed"
        day.check(whole=())
        day.play(60)
        day.check(whole={ONE})
        assert not [r for r in card.records() if r["name"] == "ORDER_SENT" and r["detail"] == 0]


def test_a_load_that_fails_leaves_the_slot_stale_and_is_begun_again(session):
    with BenchCard(keep_views=True) as card:
        day = lose_a_gap(card, session, before=100)
        slot = SLOT[ONE]

        def stale(failure):
            assert state(card) == (IDLE, failure)
            assert card.get(f"slot[{slot}].state.stale") == 1
            told = [r["detail"] for r in card.records() if r["name"] == "STALE" and r["slot"] == slot]
            assert told == [7]

        # A snapshot that was taken before the card kept events.
        old = day.snapshot(ONE)
        day.play(3)
        begin(card, slot)
        load(card, old, ONE)
        stale(TOO_OLD)
        # Another gap meanwhile.
        begin(card, slot)
        day.play(1, lose=True)
        day.play(2)
        stale(1)
        # More events than are kept: the whole of a busy stretch.
        begin(card, slot)
        taken = day.snapshot(ONE)
        while state(card)[0] != IDLE:
            day.play(50)
        load(card, taken, ONE)
        stale(RING_FULL)
        assert card.get("snapshot.ring_max") == 512
        # The host gives up; the card is killed.
        begin(card, slot)
        card.set("snapshot.command", abort=1)
        stale(ABORTED)
        begin(card, slot)
        card.set("control.command", kill=1)
        stale(KILLED)
        assert (card.get("snapshot.failed"), card.get("snapshot.loaded")) == (5, 0)
        # And once more, well.
        day.check(whole=())
        begin(card, slot)
        load(card, day.snapshot(ONE), ONE, between=lambda: day.play(1))
        assert state(card) == (IDLE, 0)
        day.check(whole=())
        day.play(50)
        day.check(whole={ONE})


@pytest.mark.parametrize("late", [False, True], ids=["a gap", "joined late"])
def test_a_real_morning(real_data, late):
    messages = list(read_messages(real_data("itch/aapl_20200130_first10k.itch50")))
    locate, rng = 13, random.Random(8)
    with BenchCard(keep_views=True) as card:
        card.follow(["ZVZZT", "ZWZZT", "AAPL"])
        day = Day(card, messages, {locate: "AAPL"}, slots={locate: 2}, seed=6)
        if late:
            day.play(len(day.packets) // 2, lose=True)
            card.set("feed.command", join=1)
            day.play(1)
            card.set("slot[2].join", locate=locate, bind=1)
        else:
            day.play(len(day.packets) // 3)
            day.check(whole={locate})
            day.play(3, lose=True)
            day.play(3)
        assert card.get("slot[2].state.stale") == 1
        begin(card, 2)
        day.play(12)
        orders = load(card, day.snapshot(locate), locate, between=lambda: day.play(rng.randrange(3) + 1), opened=1)
        assert orders > 50
        assert state(card) == (IDLE, 0)
        assert card.get("slot[2].state") & 0x3F == 0b110001
        day.check(whole=())
        before = day.checked[locate]
        day.play(len(day.packets))
        day.check(whole={locate})
        assert day.checked[locate] - before > 2_000


def test_the_tool_loads_a_pipe_into_a_soft_card(session, tmp_path_factory):
    """End to end: a soft card, its feed, and pennywire-ctl reading a pipe that is filled after it has begun."""
    folder = Path(tmp_path_factory.mktemp("pw"))
    command = [sys.executable, "-m", "sim.softcard", "--dir", str(folder)]
    with subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE) as card:
        try:
            assert card.stdout.readline().startswith("soft card ready:")
            with MarketClient(folder / "market.sock") as market:
                _tool_session(market, f"unix:{folder / 'link.sock'}", session)
        finally:
            card.terminate()


def _tool_session(market, url, session):
    def ctl(*arguments, **options):
        tool = [ROOT / "build" / "host-driver" / "pennywire-ctl", "--device", url, *arguments]
        return subprocess.run(tool, capture_output=True, text=True, check=False, timeout=120, **options)

    class Remote:
        """What a day needs of a card."""

        class model:
            now = 0

            @staticmethod
            def play(arrivals, until, *, stop_on_order):
                Remote.model.now = market.play(arrivals, until, stop_on_order=stop_on_order).now

    symbol, other = LOCATES[ONE], LOCATES[OTHER]
    for slot, name in enumerate((other, symbol)):
        word = int.from_bytes(name.ljust(8).encode(), "little")
        assert ctl("set", f"slot[{slot}].symbol", str(word)).returncode == 0
    day = Day(Remote, session, LOCATES, slots=SLOT)
    day.play(150)
    day.play(1, lose=True)
    day.play(4)
    refused = ctl("begin-snapshot", "--symbol", "AAPL")
    assert (refused.returncode, refused.stderr) == (
        1,
        "pennywire-ctl: no slot follows AAPL; `pennywire-ctl regs` shows slot[].symbol\n",
    )
    begun = ctl("begin-snapshot", "--symbol", symbol)
    assert begun.stdout == f"slot 1: events are kept from sequence {day.next} on\n", begun.stderr
    day.play(10)
    snapshot = day.snapshot(ONE)
    day.play(5)
    loaded = ctl("load-snapshot", "-", "--symbol", symbol, stdin=_pipe(snapshot_bytes(snapshot)))
    assert loaded.returncode == 0, loaded.stderr
    orders = sum(m[:1] == b"A" and int.from_bytes(m[1:3], "big") == ONE for m in snapshot)
    assert loaded.stdout == f"slot 1: whole again, {orders} orders as of sequence {int(snapshot[-1][1:])}, trading\n"
    day.play(80)
    day.hear()
    bids, asks = day.truth.top(ONE)
    values = ctl("--json", "get", "slot[1].bbo", "slot[1].volumes", "slot[1].state.stale", "slot[0].state.stale")
    volumes = sum(shares for _, shares in bids) | sum(shares for _, shares in asks) << 32
    assert values.stdout == (
        f'{{"slot[1].bbo": {bids[0][0] | asks[0][0] << 32}, "slot[1].volumes": {volumes}, '
        '"slot[1].state.stale": 0, "slot[0].state.stale": 1}\n'
    )
    whole = ctl("begin-snapshot", "--symbol", symbol)
    assert whole.returncode == 1
    assert "its book is whole" in whole.stderr


def _pipe(content):
    """A pipe's end to read from; the content fits what a pipe holds."""
    reading, writing = os.pipe()
    assert os.write(writing, content) == len(content)
    os.close(writing)
    return reading
