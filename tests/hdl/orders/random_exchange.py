"""An exchange that answers at random but by OUCH's rules, and a plain account of what the card ought to know."""

from collections import deque
from dataclasses import dataclass

from hdl.types import OrderAnswerKind as Kind
from tests.hdl.orders.order_bench import (
    accepted,
    cancel_pending,
    cancel_rejected,
    canceled,
    executed,
    modified,
    priority_updated,
    read_order,
    rejected,
    replaced,
    restated,
    self_matched,
)


@dataclass
class Resting:
    """An order that lives at the exchange."""

    ref: int
    open: int
    done: int  # executed by the chain
    prevented: int = 0  # taken from it by self-match prevention
    side: bytes = b"B"


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
        self.refuses_cancels = True
        self._pending = []  # time, number and wanted total of Cancels that are on
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
        while self._pending and self._pending[0][0] <= time:
            _, ref, wanted = self._pending.pop(0)
            if ref in self.live:
                self._cancel_down_to(time, self.live[ref], wanted)
        if self.live and self.rng.random() < 0.01:
            order = self.rng.choice(list(self.live.values()))
            shares = self.rng.randint(1, order.open)
            match self.rng.randrange(6):
                case 0:
                    self._cancel(time, order, shares, b"H")
                case 1 | 2:
                    order.prevented += shares
                    self._say(time, self_matched(order.ref, shares, prevented=shares + self.rng.randrange(3)))
                    self._less(order, shares)
                case 3:
                    self._say(time, restated(order.ref, appendage=self.rng.choice((b"", b"\x05\x16\0\0\0\1"))))
                case 4:
                    self._say(time, priority_updated(order.ref, self.rng.randint(1, 10**6)))
                case 5 if shares < order.open:
                    order.open = shares
                    self._say(time, modified(order.ref, shares, side=order.side))

    def _fill(self, time, order):
        shares = self.rng.choice((order.open, self.rng.randint(1, order.open)))
        order.open -= shares
        order.done += shares
        self.filled += shares
        self._say(time, executed(order.ref, shares, self.rng.randint(1, 10**6), match=self.rng.getrandbits(60)))
        if not order.open:
            del self.live[order.ref]

    def _cancel(self, time, order, shares, reason):
        self._say(time, canceled(order.ref, shares, reason=reason))
        self._less(order, shares)

    def _cancel_down_to(self, time, order, wanted):
        left = max(0, wanted - order.done - order.prevented)
        if left < order.open:
            self._cancel(time, order, order.open - left, b"U")

    def _less(self, order, shares):
        order.open -= shares
        if not order.open:
            del self.live[order.ref]

    def _deal(self, time, order):
        if order["type"] == b"X":
            resting = self.live.get(order["user_ref"])
            if resting is None:
                self.silent += 1
            elif self.refuses_cancels and self.rng.random() < 0.2:
                self._say(time, cancel_rejected(order["user_ref"]))
            elif self.rng.random() < 0.2:
                self._say(time, cancel_pending(order["user_ref"]))
                self._pending.append((time + 40, order["user_ref"], order["shares"]))
            else:
                self._cancel_down_to(time, resting, order["shares"])
            return
        if order["type"] == b"M":
            resting = self.live.get(order["user_ref"])
            exposed = order["shares"] - resting.done - resting.prevented if resting else 0
            if exposed <= 0:
                self.silent += 1
                return
            # A second Modify may leave before the first is answered: it asks for what is so already.
            assert resting.side in b"ST", "only a sale becomes a short sale"
            assert order["side"] == b"T"
            resting.open, resting.side = exposed, b"T"
            self._say(time, modified(order["user_ref"], exposed, side=b"T"))
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
                self.live[order["user_ref"]] = Resting(order["user_ref"], order["shares"], 0, side=order["side"])
                self._say(time, accepted(order["user_ref"], order["shares"], order["price"]))
            return
        resting = self.live.get(order["orig"])
        if resting is None:
            self.silent += 1
            return
        exposed = order["shares"] - resting.done - resting.prevented
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
        resting.ref, resting.open = order["user_ref"], exposed
        self.live[resting.ref] = resting
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
    prevented: int = 0
    sells: bool = False
    short: bool = False


class Account:
    """Follows what left the card and what the exchange said, and holds every answer of the card against it."""

    def __init__(self):
        self.sent = deque()
        self.said = deque()
        self.chains = {}  # live ones, by row
        self.taken = deque()  # Replaces and Modifies: shares of the intent, and what was prevented by then

    def check(self, answer):
        """Hold one answer against the story so far."""
        row = answer["order"]
        changes = answer["flag"] in b"UM"
        if answer["kind"] == Kind.REFUSED.value:
            if changes:
                self.taken.popleft()
            return
        if answer["kind"] == Kind.SENT.value:
            order = self.sent.popleft()
            assert answer["user_ref"] == order["user_ref"]
            assert answer["shares"] == order["shares"]
            if order["type"] == b"O":
                assert row not in self.chains, f"row {row} is given out twice"
                first = order["user_ref"]
                sells = order["side"] == b"S"
                self.chains[row] = Chain(first, row, answer["slot"], first, order["shares"], sells=sells)
            if changes:
                asked, prevented = self.taken.popleft()
                assert order["shares"] == asked + prevented, "a chain's liability counts what was prevented"
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
        elif kind is Kind.SELF_MATCH:
            assert answer["shares"] == shares
            chain.open -= shares
            chain.prevented += shares
        elif kind is Kind.MODIFIED:
            chain.open = shares
            chain.short |= state == "T"
        elif kind in (Kind.CANCEL_PENDING, Kind.CANCEL_REJECTED, Kind.RESTATED, Kind.PRIORITY):
            pass  # told, and nothing else changes
        elif ref == chain.following:
            chain.following = None
        else:
            chain.open = 0
        return chain


def what_it_says(message):
    """Kind, number, shares and order state of an answer; offsets typed in from the OUCH 5.0 document."""
    letter = message[:1]
    ref_at, shares_at, state_at = {
        b"A": (9, 14, 47), b"U": (13, 18, 51), b"E": (9, 13, 25), b"C": (9, 13, 17), b"J": (9, 9, 12),
        b"D": (9, 13, 17), b"P": (9, 9, 12), b"I": (9, 9, 12), b"M": (9, 14, 13), b"R": (9, 9, 13), b"T": (9, 9, 21),
    }[letter]  # fmt: skip
    kinds = {
        b"A": Kind.ACCEPTED, b"U": Kind.REPLACED, b"E": Kind.EXECUTED, b"C": Kind.CANCELED, b"J": Kind.REJECTED,
        b"D": Kind.SELF_MATCH, b"P": Kind.CANCEL_PENDING, b"I": Kind.CANCEL_REJECTED, b"M": Kind.MODIFIED,
        b"R": Kind.RESTATED, b"T": Kind.PRIORITY,
    }  # fmt: skip
    number = int.from_bytes(message[ref_at : ref_at + 4], "big")
    return kinds[letter], number, int.from_bytes(message[shares_at : shares_at + 4], "big"), chr(message[state_at])
