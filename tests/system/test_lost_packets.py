"""A feed that loses packets: the card asks for them and ends with the exchange's books, or says it could not."""

import random
from itertools import pairwise

import pytest
from bench_card import BenchCard

from sim.exchange.log import Fees
from sim.exchange.venue import Venue
from sim.market_watch import MarketWatch
from sim.player import Player, PlayerSettings
from sim.rerequest import HostAddress, RerequestServer
from sim.sessions.make import MADE_SYMBOLS, make_messages

MESSAGES = 12_000
SYMBOLS = [s.symbol for s in MADE_SYMBOLS]
OWN = HostAddress(mac=0x020000000007, ip=0x0A000007, port=31000)
SERVER = HostAddress(mac=0x020000000009, ip=0x0A000009, port=31999)
FOUND, FILLED, LOST = range(3)
WAIT = 20_000  # cycles for the first answer


class Deaf(RerequestServer):
    """A server that answers only every third request, or none."""

    def __init__(self, every: int) -> None:
        super().__init__(SERVER)
        self.heard, self.every = 0, every

    def answer(self, frame: bytes) -> bytes | None:
        self.heard += 1
        return super().answer(frame) if self.every and self.heard % self.every == 0 else None


@pytest.fixture(scope="module")
def session():
    return make_messages(7, MESSAGES).messages


def play(session, server, *, drop, drop_b=None):
    """Play the session with losses; give what the card says, and the exchange's best prices."""
    with BenchCard() as card:
        for side, host in (("own", OWN), ("server", SERVER)):
            card.set(f"requests.{side}_mac", host.mac)
            card.set(f"requests.{side}", ip=host.ip, port=host.port)
        card.set("requests.pacing", timeout=WAIT, tries=4)
        if drop_b is not None:
            card.set("feed.arbitration", two_lines=1)
        card.follow(SYMBOLS)
        card.arm()
        watch = MarketWatch(SYMBOLS)
        settings = PlayerSettings(
            clock_period_ps=card.config.clock_period_ps,
            wait_for_host=False,
            line_b_latency_ns=None if drop_b is None else 8_000,
        )
        player = Player(card.model, Venue(Fees()), settings, drop=drop, drop_b=drop_b, server=server)
        lengths = player.play(watch.watch(session))
        names = ("requests_sent", "recovered", "gaps_filled", "gaps_lost", "status.recovering")
        counts = {name: card.get(f"requests.{name}") for name in names}
        counts |= {name: card.get(f"feed.{name}") for name in ("messages", "gaps")}
        counts["stale"] = [card.get(f"slot[{i}].state.stale") for i in range(len(SYMBOLS))]
        counts["bbo"] = [card.get(f"slot[{i}].bbo") for i in range(len(SYMBOLS))]
        levels = [(watch.levels(s, True), watch.levels(s, False)) for s in SYMBOLS]
        truth = [bids[0][0] | asks[0][0] << 32 for bids, asks in levels]
        return lengths, counts, truth, card.records()


def thousandths(part, seed):
    rng = random.Random(seed)
    return lambda _: rng.randrange(1000) < part


def test_what_one_line_loses_is_asked_for(session):
    server = RerequestServer(SERVER)
    lengths, got, truth, records = play(session, server, drop=thousandths(30, 1))
    assert lengths.dropped_frames > 50
    assert got["messages"] == MESSAGES
    assert got["bbo"] == truth
    assert got["stale"] == [0] * len(SYMBOLS)
    assert got["gaps_filled"] > 50
    assert (got["gaps_lost"], got["status.recovering"]) == (0, 0)
    assert lengths.requests == got["requests_sent"] == server.answered
    outcomes = [r["detail"] for r in records if r["name"] == "GAP"]
    assert outcomes.count(FILLED) == got["gaps_filled"]
    # No order goes out between a gap and its end: the deciding message is never one that waited behind it.
    stale = [(r["card_time"], r["detail"] >> 1 & 1) for r in records if r["name"] == "SYMBOL_STATE" and r["slot"] == 0]
    spans = [(a[0], b[0]) for a, b in pairwise(stale) if a[1]]
    entries = [r["card_time"] for r in records if r["name"] == "ORDER_SENT" and r["detail"] == 0 and r["slot"] == 0]
    assert entries
    # An order told of in the cycle or two after the slot went stale had passed the gate before.
    assert not [t for t in entries for a, b in spans if a + 16 < t < b]


def test_what_both_lines_lose_is_asked_for_even_of_a_bad_server(session):
    server = Deaf(every=2)
    lengths, got, truth, _ = play(session, server, drop=thousandths(150, 2), drop_b=thousandths(150, 3))
    assert min(lengths.dropped_frames, lengths.dropped_frames_b) > 200
    assert got["messages"] == MESSAGES
    assert got["bbo"] == truth
    assert got["stale"] == [0] * len(SYMBOLS)
    assert got["gaps_filled"] > 10
    assert got["gaps_lost"] == 0
    assert server.heard == 2 * server.answered == got["requests_sent"]


def test_a_silent_server_leaves_the_books_stale_and_says_so(session):
    half = len(session) // 2

    def drop(packet):
        return packet.sequence <= half < packet.sequence + packet.count

    lengths, got, _, records = play(session, Deaf(every=0), drop=drop)
    assert lengths.requests == 4
    assert got["gaps_lost"] == 1
    assert got["stale"] == [1] * len(SYMBOLS)
    assert [r["detail"] for r in records if r["name"] == "GAP"] == [FOUND, LOST]
    lost = next(r["card_time"] for r in records if r["name"] == "GAP")
    assert not [r for r in records if r["name"] == "ORDER_SENT" and r["detail"] == 0 and r["card_time"] > lost + 16], (
        "an entry after the gap"
    )
