"""An exchange that answers at random but by OUCH's rules, and a plain account of what the card ought to know."""

from collections import deque
from dataclasses import dataclass

from hdl.types import OrderAnswerKind as Kind
from tests.hdl.orders.order_bench import accepted, canceled, executed, read_order, rejected, replaced


@dataclass
class Resting:
    """An order that lives at the exchange."""

    ref: int
    open: int
    done: int  # executed by the chain


class RandomExchange:
    """Deals with messages in order after a random delay; fills and cancels what lives whenever it likes."""

    def __init__(self, rng):
        self.rng = rng
        self.live = {}
        self.last_ref = 0
        self.inbox = deque()
        self.outbox = deque()
        self.canceled_by_request = 0
        self.silent = 0
        self.filled = 0
        self._in = self._out = 0

    def receive(self, time, message):
        self._in = max(self._in, time + self.rng.choice((2, 5, 30, 80)))
        self.inbox.append((self._in, message))

    def _say(self, time, message):
        self._out = max(self._out, time + self.rng.choice((1, 1, 3, 20, 60)))
        self.outbox.append((self._out, message))

    def due(self, time):
        while self.outbox and self.outbox[0][0] <= time:
            yield self.outbox.popleft()[1]

    def step(self, time):
        while self.inbox and self.inbox[0][0] <= time:
            self._deal(time, read_order(self.inbox.popleft()[1]))
        if self.live and self.rng.random() < 0.02:
            self._fill(time, self.rng.choice(list(self.live.values())))
        if self.live and self.rng.random() < 0.002:
            order = self.rng.choice(list(self.live.values()))
            self._cancel(time, order, self.rng.randint(1, order.open), b"H")

    def _fill(self, time, order):
        shares = self.rng.choice((order.open, self.rng.randint(1, order.open)))
        order.open -= shares
        order.done += shares
        self.filled += shares
        self._say(time, executed(order.ref, shares, self.rng.randint(1, 10**6), match=self.rng.getrandbits(60)))
        if not order.open:
            del self.live[order.ref]

    def _cancel(self, time, order, shares, reason):
        order.open -= shares
        self._say(time, canceled(order.ref, shares, reason=reason))
        if not order.open:
            del self.live[order.ref]

    def _deal(self, time, order):
        if order["type"] == b"X":
            resting = self.live.get(order["user_ref"])
            if resting is None:
                self.silent += 1
            elif max(0, order["shares"] - resting.done) < resting.open:
                self._cancel(time, resting, resting.open - max(0, order["shares"] - resting.done), b"U")
            return
        assert order["user_ref"] > self.last_ref, "a number was used twice, or fell"
        chance = self.rng.random()
        if order["type"] == b"O":
            self.last_ref = order["user_ref"]
            if chance < 0.1:
                self._say(time, rejected(order["user_ref"]))
            elif chance < 0.15:
                self._say(time, accepted(order["user_ref"], order["shares"], order["price"], state=b"D"))
            else:
                self.live[order["user_ref"]] = Resting(order["user_ref"], order["shares"], 0)
                self._say(time, accepted(order["user_ref"], order["shares"], order["price"]))
            return
        resting = self.live.get(order["orig"])
        if resting is None:
            self.silent += 1
            return
        exposed = order["shares"] - resting.done
        if exposed <= 0 or chance < 0.1:
            self._cancel(time, resting, resting.open, b"Z")
            return
        self.last_ref = order["user_ref"]
        if chance < 0.25:
            self._say(time, rejected(order["user_ref"]))
            return
        del self.live[order["orig"]]
        if chance < 0.3:
            self._say(time, replaced(order["orig"], order["user_ref"], exposed, order["price"], state=b"D"))
            return
        self.live[order["user_ref"]] = Resting(order["user_ref"], exposed, resting.done)
        self._say(time, replaced(order["orig"], order["user_ref"], exposed, order["price"]))


@dataclass
class Chain:
    """What the card ought to know of a chain."""

    first: int
    row: int
    slot: int
    current: int
    open: int
    done: int = 0
    following: int | None = None


class Account:
    """Follows what left the card and what the exchange said, and holds every answer of the card against it."""

    def __init__(self):
        self.sent = deque()
        self.said = deque()
        self.chains = {}  # live ones, by row

    def check(self, answer):
        """Hold one answer against the story so far."""
        row = answer["order"]
        if answer["kind"] == Kind.REFUSED.value:
            return
        if answer["kind"] == Kind.SENT.value:
            order = self.sent.popleft()
            assert answer["user_ref"] == order["user_ref"]
            assert answer["shares"] == order["shares"]
            if order["type"] == b"O":
                assert row not in self.chains, f"row {row} is given out twice"
                self.chains[row] = Chain(order["user_ref"], row, answer["slot"], order["user_ref"], order["shares"])
            chain = self.chains.get(row)
            if chain is None:
                assert (answer["open"], answer["dead"]) == (0, 1)
                return
            if order["type"] == b"U":
                assert order["orig"] == chain.current
                chain.following = order["user_ref"]
        else:
            chain = self._said(answer, *self.said.popleft())
        told = (answer["chain"], answer["slot"], answer["order"], answer["open"], answer["chain_executed"])
        assert told == (chain.first, chain.slot, chain.row, chain.open, chain.done)
        assert answer["dead"] == (chain.open == 0)
        if not chain.open:
            del self.chains[chain.row]

    def _said(self, answer, kind, ref, shares, state):
        assert (answer["kind"], answer["user_ref"]) == (kind.value, ref)
        chain = next(c for c in self.chains.values() if ref in (c.current, c.following))
        if kind is Kind.ACCEPTED:
            chain.open = 0 if state == "D" else shares
        elif kind is Kind.REPLACED:
            chain.current, chain.following = ref, None
            chain.open = 0 if state == "D" else shares
        elif kind is Kind.EXECUTED:
            assert answer["shares"] == shares
            chain.open -= shares
            chain.done += shares
        elif kind is Kind.CANCELED:
            assert answer["shares"] == shares
            chain.open -= shares
        elif ref == chain.following:
            chain.following = None
        else:
            chain.open = 0
        return chain


def what_it_says(message):
    """Kind, number, shares and order state of an answer; offsets typed in from the OUCH 5.0 document."""
    letter = message[:1]
    ref_at, shares_at, state_at = {
        b"A": (9, 14, 47), b"U": (13, 18, 51), b"E": (9, 13, 25), b"C": (9, 13, 17), b"J": (9, 9, 13),
    }[letter]  # fmt: skip
    kinds = {b"A": Kind.ACCEPTED, b"U": Kind.REPLACED, b"E": Kind.EXECUTED, b"C": Kind.CANCELED, b"J": Kind.REJECTED}
    number = int.from_bytes(message[ref_at : ref_at + 4], "big")
    return kinds[letter], number, int.from_bytes(message[shares_at : shares_at + 4], "big"), chr(message[state_at])
