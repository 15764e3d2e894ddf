"""The player with the real exchange and a made session, and a card in plain Python that trades by a simple rule.

The rule is the test's own: buy at the ask after every so many frames, rest a sale three cents up, and give up on it
by a Replace some frames later. What counts here is that every answer comes when it is due, however the play is cut.
"""

from collections import Counter
from collections.abc import Sequence

import pytest

from hdl.wire import ouch50
from sim.card_port import Arrival, Played, Port, SentOrder
from sim.exchange.ledger import accounts_of
from sim.exchange.rules import Rules, Trouble
from sim.exchange.venue import Venue
from sim.market_watch import MarketWatch
from sim.player import Player, PlayerSettings
from sim.sessions.make import make_messages

LATENCY = 10_000


class RuleCard:
    """Sends an immediate order every 150 frames; its exit rests for 100 frames, then it is moved to sell at once."""

    def __init__(self) -> None:
        self.now = 0
        self.queues: dict[Port, list[Arrival]] = {Port.FEED: [], Port.ORDERS: []}
        self.consumed = self.frames = self.next_ref = 0
        self.outbox: list[tuple[int, bytes]] = []
        self.seen: list[tuple[int, bytes]] = []
        self.resting: tuple[int, int, int] | None = None  # number, frame of its entry, shares
        self.plays = 0

    def play(self, arrivals: Sequence[Arrival], until: int, *, stop_on_order: bool = True) -> Played:
        self.plays += 1
        for arrival in arrivals:
            assert arrival.time >= self.now
            self.queues[arrival.port].append(arrival)
        while True:
            heads = [q[0] for q in self.queues.values() if q]
            at = min([a.time for a in heads] + [time for time, _ in self.outbox[:1]], default=until + 1)
            if at > until:
                self.now = max(self.now, until)
                return Played(self.now, self.consumed, [])
            self.now = max(self.now, at)
            if self.outbox and self.outbox[0][0] <= self.now:
                return Played(self.now, self.consumed, [SentOrder(self.now, self.outbox.pop(0)[1])])
            arrival = min(heads, key=lambda a: (a.time, a.port))
            self.queues[arrival.port].pop(0)
            self.consumed += 1
            (self.frame if arrival.port is Port.FEED else self.answer)(arrival.data)

    def boundary(self, token: int, *, wait_for_host: bool = True) -> None:
        pass

    def send(self, letter: str, **fields: int | str) -> int:
        self.next_ref += 1
        if letter == "O":
            fields |= {"user_ref_num": self.next_ref, "symbol": "PWAA", "capacity": "P", "cross_type": "N"}
        else:
            fields |= {"user_ref_num": self.next_ref}
        fields |= {"display": "Y", "inter_market_sweep_eligibility": "N", "clordid": "rule", "appendage_length": 0}
        self.outbox.append((self.now + 10, ouch50.IN[letter].pack(**fields)))
        return self.next_ref

    def frame(self, _data: bytes) -> None:
        self.frames += 1
        if self.resting is None and self.frames % 150 == 0:
            self.send("O", side="B", quantity=100, price=30_0000, time_in_force="3")
        elif self.resting is not None and self.frames == self.resting[1] + 100:
            number, _, shares = self.resting
            self.send("U", orig_user_ref_num=number, quantity=shares, price=20_0000, time_in_force="0")

    def answer(self, data: bytes) -> None:
        self.seen.append((self.now, data))
        if data[:1] == b"E":
            fill = ouch50.decode(ouch50.OUT, data).fields
            if fill["liquidity_flag"] == "R" and self.resting is None:
                shares, price = fill["quantity"], fill["price"] + 300
                number = self.send("O", side="S", quantity=shares, price=price, time_in_force="0")
                self.resting = (number, self.frames, shares)
            else:
                self.resting = None


def run(boundary_ns: int, venue: Venue | None = None) -> tuple[RuleCard, Venue, MarketWatch]:
    card, venue, watch = RuleCard(), venue or Venue(), MarketWatch(["PWAA"])
    player = Player(card, venue, PlayerSettings(boundary_ns=boundary_ns))
    player.play(watch.watch(make_messages(4, 15_000).messages))
    return card, venue, watch


@pytest.fixture(scope="module")
def whole() -> tuple[RuleCard, Venue, MarketWatch]:
    return run(10**11)


def test_fills_of_every_kind_happen_and_come_back_in_time(whole):
    card, venue, _ = whole
    fills = list(venue.log.fills())
    assert len(fills) > 20
    assert {"A", "R"} <= {fill.liquidity for fill in fills}
    assert {entry.kind for entry in venue.log.entries} >= {"accepted", "replaced", "executed"}
    told = [(now, ouch50.decode(ouch50.OUT, data).fields) for now, data in card.seen if data[:1] == b"E"]
    assert len(told) == len(fills), "the card heard of every fill, once"
    # First message of the session: cycle 16, the base that the player takes for a card at time 0.
    first = 34_140 * 10**9
    for (now, answer), fill in zip(told, fills, strict=True):
        assert (answer["match_number"], answer["quantity"], answer["price"]) == (fill.match, fill.shares, fill.price)
        due = 16 + -(-(fill.time_ns + LATENCY - first) * 1_000 // 6_400)
        assert now == due, "an answer enters at the first cycle after it is due, never earlier or later"


def test_immediate_fills_are_at_prices_the_market_had(whole):
    _, venue, watch = whole
    times = [time for time, _ in watch.mids["PWAA"]]
    for fill in venue.log.fills():
        at = max(index for index, time in enumerate(times) if time <= fill.time_ns)
        mid = watch.mids["PWAA"][at][1] / 2
        assert abs(fill.price - mid) <= 400, "a fill far from the market"


def test_cutting_the_play_differently_gives_the_same_fills(whole):
    _, venue, _ = whole
    _, again, _ = run(777_777_777)
    assert again.log.entries == venue.log.entries


def test_position_and_money_are_those_of_the_log(whole):
    card, venue, _ = whole
    account = accounts_of(venue.log.fills())["PWAA"]
    assert account.position == (card.resting[2] if card.resting else 0)


def troubled() -> Venue:
    trouble = Trouble(break_trade=0.3, break_ns=70_000)
    latencies = "tail:4000-900000~60000", "uniform:2000-400000"
    return Venue(None, *latencies, Rules(trouble=trouble, seed=3))


def test_random_latencies_and_breaks_come_when_they_are_due_however_the_play_is_cut():
    card, venue, _ = run(10**11, troubled())
    kinds = Counter(entry.kind for entry in venue.log.entries)
    assert kinds["broken"] > 3
    assert kinds["executed"] > 20
    first, least, most = 34_140 * 10**9, 2_000, 400_000
    for now, data in card.seen:
        at = int.from_bytes(data[1:9], "big")
        assert 16 + (at + least - first) * 1_000 // 6_400 <= now <= 17 + (at + most - first) * 1_000 // 6_400
    assert len({now - int.from_bytes(data[1:9], "big") * 1_000 // 6_400 for now, data in card.seen}) > 20
    _, again, _ = run(777_777_777, troubled())
    assert again.log.entries == venue.log.entries


def test_an_order_on_its_way_at_a_boundary_arrives_in_the_next_stretch():
    slow = 300_000_000, 300_000_000
    _, venue, _ = run(10**11, Venue(None, *slow))
    assert Counter(entry.kind for entry in venue.log.entries)["accepted"] > 20
    _, again, _ = run(777_777_777, Venue(None, *slow))
    assert again.log.entries == venue.log.entries
