"""The player against a card and an exchange of the test's own, whose every move can be written down beforehand."""

import struct
from collections.abc import Sequence

import pytest

from sim.card_port import Arrival, Played, Port, SentOrder
from sim.player import Player, PlayError, PlayerSettings
from sim.sessions.frames import Packing

T0 = 34_200 * 10**9
PERIOD = 6_400


def message(time: int, text: bytes = b"A") -> bytes:
    return text[:1] + b"\0\1\0\0" + time.to_bytes(6, "big") + text[1:].ljust(8, b".")


class FakeCard:
    """Consumes arrivals at their times; answers ``orders_at``: card times after the base at which an order leaves."""

    def __init__(self, reply_to: bytes | None = None, delay: int = 10, start: int = 100) -> None:
        self.now = start
        self.queue: dict[Port, list[Arrival]] = {Port.FEED: [], Port.ORDERS: []}
        self.last = {Port.FEED: 0, Port.ORDERS: 0}
        self.consumed = 0
        self.seen: list[tuple[int, Port, bytes]] = []
        self.pending: list[int] = []
        self.reply_to = reply_to
        self.delay = delay
        self.boundaries: list[tuple[int, int]] = []
        self.sent = 0

    def play(self, arrivals: Sequence[Arrival], until: int, *, stop_on_order: bool = True) -> Played:
        assert stop_on_order
        for a in arrivals:
            assert a.time >= self.last[a.port], "times of a port fell"
            assert a.time >= self.now, "an arrival in the card's past"
            self.last[a.port] = a.time
            self.queue[a.port].append(a)
        while True:
            times = [q[0].time for q in self.queue.values() if q] + self.pending[:1]
            at = min(times, default=until + 1)
            if at > until:
                self.now = max(self.now, until)
                return Played(self.now, self.consumed, [])
            self.now = max(self.now, at)
            if self.pending and self.pending[0] == at:
                self.pending.pop(0)
                self.sent += 1
                return Played(self.now, self.consumed, [SentOrder(self.now, b"O%d" % self.sent)])
            port = Port.FEED if self.queue[Port.FEED] and self.queue[Port.FEED][0].time == at else Port.ORDERS
            arrival = self.queue[port].pop(0)
            self.consumed += 1
            self.seen.append((self.now, port, arrival.data))
            if self.reply_to is not None and port is Port.FEED and self.reply_to in arrival.data:
                self.pending.append(self.now + self.delay)

    def boundary(self, token: int, *, wait_for_host: bool = True) -> None:
        self.boundaries.append((token, self.now))


class FakeExchange:
    """Accepts at once; fills what rests at each message that contains ``fills_on``. Notes what it is told, in order."""

    def __init__(self, fills_on: bytes = b"!", latency_in: int = 1_000, latency_out: int = 2_000) -> None:
        self.latency_in_ns = latency_in
        self.latency_out_ns = latency_out
        self.acts_at = None
        self.fills_on = fills_on
        self.story: list[tuple[int, str, bytes]] = []
        self.waiting: list[tuple[int, bytes]] = []
        self.resting = 0
        self.answers: list[tuple[int, bytes]] = []

    def _take_orders(self, time: int) -> None:
        """Orders that arrived before ``time``; a session message of the same moment comes first."""
        while self.waiting and self.waiting[0][0] < time:
            at, data = self.waiting.pop(0)
            self.story.append((at, "order", data))
            self.resting += 1
            self.answers.append((at + self.latency_out_ns, b"accepted"))

    def on_session_message(self, time: int, message: bytes) -> None:
        assert not self.story or time >= self.story[-1][0], "the exchange's clock went back"
        self._take_orders(time)
        self.story.append((time, "market", message))
        if self.fills_on in message and self.resting:
            self.resting -= 1
            self.answers.append((time + self.latency_out_ns, b"filled"))

    def on_order(self, time: int, ouch: bytes) -> None:
        arrives = time + self.latency_in_ns
        assert all(t <= arrives for t, _, _ in self.story), "the exchange was moved past an order's arrival"
        self.waiting.append((arrives, ouch))

    def answers_until(self, time: int) -> list[tuple[int, bytes]]:
        self._take_orders(time - self.latency_out_ns + 1)
        due = [a for a in self.answers if a[0] <= time]
        self.answers = self.answers[len(due) :]
        return due

    def could_fill(self, message: bytes) -> bool:
        return bool(self.resting) and self.fills_on in message


def settings(**other) -> PlayerSettings:
    return PlayerSettings(clock_period_ps=PERIOD, boundary_ns=10**9, packing=Packing(window_ns=0), **other)


def test_frames_arrive_at_their_times_and_in_sequence():
    card = FakeCard()
    times = [T0, T0 + 1, T0 + 64, T0 + 10**6, T0 + 3 * 10**9]
    lengths = Player(card, FakeExchange(), settings(feed_latency_ns=640)).play([message(t) for t in times])
    base = 116
    expected = [base + -(-(t - T0 + 640) * 1_000 // PERIOD) for t in times]
    assert [now for now, _, _ in card.seen] == expected
    assert [struct.unpack_from(">Q", frame, 52)[0] for _, _, frame in card.seen] == [1, 2, 3, 4, 5]
    assert lengths.messages == {"A": 5}
    assert (lengths.frames, lengths.answers, lengths.orders.total()) == (5, 0, 0)
    assert (lengths.first_cycle, lengths.first_time) == (base, T0)
    assert lengths.last_time == T0 + 5 * 10**9
    assert lengths.last_cycle == base + 5 * 10**12 // PERIOD


def test_boundaries_lie_at_multiples_of_their_step_and_the_host_is_asked_at_each():
    card = FakeCard()
    asked: list[tuple[int, int]] = []
    start = T0 + 123_456
    player = Player(card, FakeExchange(), settings(), on_boundary=lambda t: asked.append((t, card.now)))
    player.play([message(start), message(start + 2_500_000_000)])
    assert [t for t, _ in asked] == [T0 + n * 10**9 for n in (1, 2, 3, 4)]
    assert [token for token, _ in card.boundaries] == [0, 1, 2, 3]
    for time, now in asked:
        assert now == 116 + -(-(time - start) * 1_000 // PERIOD), "the card stands exactly at the boundary"


def test_an_order_reaches_the_exchange_between_the_messages_around_it_and_its_answers_come_back():
    card = FakeCard(reply_to=b"go", delay=10)
    exchange = FakeExchange()
    t = [T0, T0 + 100_000, T0 + 106_200, T0 + 107_000, T0 + 500_000, T0 + 900_000]
    kinds = [b"A", b"Ago", b"A1", b"A2", b"A!", b"A3"]
    Player(card, exchange, settings(feed_latency_ns=5_000)).play(
        [message(time, kind) for time, kind in zip(t, kinds, strict=True)]
    )
    # The frame is at the card 5 us after t[1] (cycle 16407 after the base), the order leaves 10 cycles later: 64 ns.
    left = (-(-105_000_000 // PERIOD) + 10) * PERIOD // 1_000
    assert left == 105_068
    assert [(time - T0, kind) for time, kind, _ in exchange.story] == [
        (0, "market"),
        (100_000, "market"),
        (left + 1_000, "order"),
        (106_200, "market"),
        (107_000, "market"),
        (500_000, "market"),
        (900_000, "market"),
    ]
    answers = [(now, data) for now, port, data in card.seen if port is Port.ORDERS]
    assert answers == [
        (116 + -(-(left + 3_000) * 1_000 // PERIOD), b"accepted"),
        (116 + -(-502_000_000 // PERIOD), b"filled"),
    ]


def test_cutting_the_play_differently_changes_nothing():
    def run(boundary_ns: int) -> tuple[list, list]:
        card = FakeCard(reply_to=b"go", delay=7)
        exchange = FakeExchange()
        kinds = [b"A", b"Ago", b"A1", b"A!", b"Ago", b"A!", b"A2"]
        session = [message(T0 + i * 1_001_003, kinds[i % 7]) for i in range(700)]
        Player(card, exchange, PlayerSettings(PERIOD, boundary_ns=boundary_ns, packing=Packing(window_ns=0))).play(
            session
        )
        return exchange.story, [s for s in card.seen if s[1] is Port.ORDERS]

    whole = run(10**10)
    assert len(whole[1]) > 300
    # The identification field of a frame is its number, the packing is by message: cutting cannot show.
    assert run(10**8) == whole
    assert run(123_456_789) == whole


def test_what_the_network_loses_is_counted_and_leaves_a_gap():
    card = FakeCard()
    player = Player(card, FakeExchange(), settings(), drop=lambda p: p.sequence == 3)
    lengths = player.play([message(T0 + i * 1_000) for i in range(5)])
    assert (lengths.frames, lengths.dropped_frames) == (4, 1)
    assert [struct.unpack_from(">Q", frame, 52)[0] for _, _, frame in card.seen] == [1, 2, 4, 5]


def test_times_that_fall_back_are_named():
    with pytest.raises(ValueError, match="message 2 is of"):
        Player(FakeCard(), FakeExchange(), settings()).play([message(T0), message(T0 - 1)])


def test_a_card_that_leaves_arrivals_unread_is_an_error():
    class Deaf(FakeCard):
        def play(self, arrivals: Sequence[Arrival], until: int, *, stop_on_order: bool = True) -> Played:
            self.now = max(self.now, until)
            return Played(self.now, 0, [])

    with pytest.raises(PlayError, match="took 0 of 1 arrivals"):
        Player(Deaf(), FakeExchange(), settings()).play([message(T0)])


def test_a_card_that_stands_still_is_an_error():
    class Still(FakeCard):
        def play(self, arrivals: Sequence[Arrival], until: int, *, stop_on_order: bool = True) -> Played:
            return Played(self.now, 0, [])

    with pytest.raises(PlayError, match="without an order"):
        Player(Still(), FakeExchange(), settings()).play([message(T0)])


def test_an_empty_session_plays_nothing():
    card = FakeCard()
    assert Player(card, FakeExchange(), settings()).play([]).frames == 0
    assert card.boundaries == []


@pytest.mark.parametrize(
    "wrong", [{"boundary_ns": 0}, {"feed_latency_ns": -1}, {"clock_period_ps": 0}, {"settle_ns": 0}]
)
def test_settings_that_cannot_be_played_are_refused(wrong: dict[str, int]):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        PlayerSettings(**wrong)
