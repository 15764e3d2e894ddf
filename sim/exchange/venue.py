"""The exchange as a card meets it: orders in, answers out, both some time on the way."""

import heapq
from collections.abc import Callable
from functools import partial

from hdl.wire.ouch50 import MAX_QUANTITY
from sim.exchange import entry, matching
from sim.exchange.answers import Answers
from sim.exchange.book import SessionBooks
from sim.exchange.latency import Latency
from sim.exchange.line import Line
from sim.exchange.log import ExchangeLog, Fees
from sim.exchange.lookahead import could_fill, locate_of
from sim.exchange.matching import OwnOrder
from sim.exchange.ouch import AccountQuery, Cancel, Enter, Modify, Replace, Request, read
from sim.exchange.rules import Rules, TroubleDraws

__all__ = ["Venue"]

#: Own orders' exchange reference numbers start here, above every number of a session.
FIRST_REFERENCE = 1 << 62
#: System events of the session that the order session tells, and how.
_DAY = {b"O": "S", b"E": "E"}


class Venue:
    """One exchange, one account, one recorded or made session. Everything follows from what it is given.

    Times are nanoseconds since midnight. An order that left the card at ``t`` is at the exchange its latency later,
    after the session's messages of that very nanosecond; an answer is at the card its latency after what it tells.
    How orders fill: :mod:`sim.exchange.matching`. How they are answered: OUCH 5.0, with the choices that
    ``docs/exchange.md`` lists and :class:`sim.exchange.rules.Rules` offers.

    Parameters
    ----------
    fees : Fees, optional
        What a share costs.
    latency_in_ns, latency_out_ns : int, str or Latency
        From the card's transmitter to the exchange, and back: always so many ns, or a distribution.
    rules : Rules, optional
        Choices of the exchange, and what goes wrong.

    Attributes
    ----------
    latency_in_ns, latency_out_ns : int
        The least an order, and the most an answer is on its way: what a player may rely on.
    """

    def __init__(
        self,
        fees: Fees | None = None,
        latency_in_ns: int | str | Latency = 10_000,
        latency_out_ns: int | str | Latency = 10_000,
        rules: Rules | None = None,
    ) -> None:
        self.rules = rules or Rules()
        self._line = Line(Latency.of(latency_in_ns), Latency.of(latency_out_ns), self.rules.seed)
        self.latency_in_ns = self._line.inward.least
        self.latency_out_ns = self._line.outward.most
        self.fees = fees or Fees()
        self.books = SessionBooks()
        self.log = ExchangeLog()
        #: Own orders that live, by the number that lives.
        self.orders: dict[int, OwnOrder] = {}
        self._answers = Answers(self._line, self.log, self.fees)
        self._trouble = TroubleDraws(self.rules)
        #: What the exchange does later by itself: time, count, action.
        self._later: list[tuple[int, int, Callable[[], None]]] = []
        self._now = 0
        self._last_ref = 0
        self._references = FIRST_REFERENCE
        self._match = 0
        self._turn = 0
        self._closed = False
        self._connected = True

    # What the card's side and the session's side call.

    def on_session_message(self, time: int, message: bytes) -> None:
        """Apply a message of the session at its exchange time, after every order that arrived before it.

        Raises
        ------
        ValueError
            Time goes back.
        """
        self._work_until(time - 1)
        self._move_to(time)
        change = self.books.apply(message)
        if change is not None and self.orders and change.locate not in self.books.halted:
            resting = [order for order in self.orders.values() if order.locate == change.locate]
            for order, shares in matching.passive_fills(resting, change, self.books.of(change.locate)):
                if self._trouble.strikes("self_match"):
                    self._prevent(order, shares, order.price, "A")
                else:
                    self._fill(order, shares, order.price, "A")
        elif message[0] == ord("S"):
            self._system_event(message[11:12])
        elif message[0] == ord("H") and self.rules.halt_cancels and locate_of(message) in self.books.halted:
            self._cancel_all("H", locate_of(message))

    def on_order(self, time: int, ouch: bytes) -> None:
        """Take in a message of the card that left it at ``time``.

        Raises
        ------
        ValueError
            It would arrive before what has happened already, or the session is down.
        """
        if not self._connected:
            raise ValueError(f"an order left the card at {time} ns, and the order session is down")
        self._line.send(time, ouch, self._now)

    def answers_until(self, time: int) -> list[tuple[int, bytes]]:
        """Take out the answers that are at the card by ``time``, with those times.

        Orders that arrived in time to be answered by then are dealt with; the caller has given every session message
        up to ``time - latency_out_ns``.
        """
        self._work_until(time - self.latency_out_ns)
        return self._line.due(time)

    def disconnect(self, time: int) -> None:
        """Lose the order session at ``time``: what is on its way still arrives, then what rests is canceled.

        Answers are kept: SoupBinTCP numbers them, and the next session asks for those it missed.

        Raises
        ------
        ValueError
            Time goes back.
        """
        self._work_until(time)
        self._move_to(time)
        self._connected = False
        if self.rules.cancel_on_disconnect:
            self._at(self._line.last_arrival if self._line.busy else time, lambda: self._cancel_all("U"))
            self._work_until(time)

    def connect(self) -> None:
        """Have the session back."""
        self._connected = True

    @property
    def next_time(self) -> int | None:
        """When the next answer known so far is at the card; ``None`` for none."""
        return self._line.next_answer

    @property
    def acts_at(self) -> int | None:
        """When the exchange next acts whatever the session says: an order arrives, or something put off is due."""
        times = [self._later[0][0]] if self._later else []
        arrival = self._line.next_arrival
        return min([*times, arrival] if arrival is not None else times, default=None)

    def could_fill(self, message: bytes) -> bool:
        """Whether a message still to come could change an order that rests or is on its way; never wrongly no."""
        if message[0] == ord("S"):
            told = message[11:12] in _DAY and self.rules.tell_day
            return told or (message[11:12] == b"M" and bool(self.orders or self._line.busy))
        if not self.orders and not self._line.busy:
            return False
        if self._line.busy:
            return True
        locate = locate_of(message)
        resting = [order for order in self.orders.values() if order.locate == locate]
        if message[0] == ord("H"):
            return self.rules.halt_cancels and bool(resting)
        return bool(resting) and could_fill(message, resting, self.books)

    def _system_event(self, code: bytes) -> None:
        """Close with the market (M); tell the order session when the day begins (O) and ends (E)."""
        if code == b"M":
            self._closed = True
            self._cancel_all("T")
        elif code in _DAY and self.rules.tell_day:
            self._answers.day(self._now, _DAY[code])

    # What happens when.

    def _move_to(self, time: int) -> None:
        if time < self._now:
            raise ValueError(f"the exchange is at {self._now} ns and cannot go back to {time} ns")
        self._now = time

    def _at(self, time: int, action: Callable[[], None]) -> None:
        self._turn += 1
        heapq.heappush(self._later, (time, self._turn, action))

    def _work_until(self, time: int) -> None:
        """Deal with what arrived or was put off until ``time``; of one moment, what arrived comes first."""
        while (at := self.acts_at) is not None and at <= time:
            self._move_to(at)
            if self._line.next_arrival == at:
                self._deal_with(read(self._line.take_arrived()[1]))
            else:
                heapq.heappop(self._later)[2]()

    def _deal_with(self, request: Request) -> None:
        match request:
            case Enter():
                self._enter(request)
            case Replace():
                self._replace(request)
            case Cancel():
                self._reduce(request)
            case Modify():
                self._modify(request)
            case AccountQuery():
                self._answers.next_number(self._now, self._last_ref + 1)

    # Orders.

    def _enter(self, request: Enter) -> None:
        if request.user_ref <= self._last_ref:
            self._answers.ignored(self._now, request.user_ref, f"number not above {self._last_ref}")
            return
        self._last_ref = request.user_ref
        locate = self.books.locates.get(request.symbol)
        reason = entry.refusal(request, locate, self.books, self.rules)
        if not reason and self._trouble.strikes("reject_enter"):
            reason = entry.MESSAGE_RATE
        if locate is None or reason:
            self._answers.rejected(self._now, request, reason)
            return
        order = OwnOrder(
            request.user_ref,
            request.user_ref,
            request.symbol,
            locate,
            request.side,
            request.price,
            request.shares,
            request.immediate,
            request.capacity,
            request.clordid,
            self._next_reference(),
            request.post_only,
        )
        self.orders[order.user_ref] = order
        allowed = self._reprice(order)
        dead = self._trouble.strikes("dead_on_entry")
        self._answers.accepted(self._now, order, dead=dead)
        self._begin(order, dead=dead, allowed=allowed)

    def _reprice(self, order: OwnOrder) -> bool:
        """Put a short sale above the bid where it must be; say whether it may be worked at all."""
        if order.side != "T" or order.locate not in self.books.short_restricted:
            return True
        bid = self.books.of(order.locate).best_bid()
        if order.price > bid:
            return True
        if not order.immediate:
            order.price = bid + (100 if bid >= entry.PENNY_FROM else 1)
        return not order.immediate

    def _replace(self, request: Replace) -> None:
        order = self.orders.get(request.orig_user_ref)
        if order is None or request.user_ref <= self._last_ref:
            why = f"no order {request.orig_user_ref} lives" if order is None else f"number not above {self._last_ref}"
            self._answers.ignored(self._now, request.user_ref, why)
            return
        exposed = request.shares - order.executed - order.prevented
        if exposed <= 0 or entry.objection(request.shares, request.price):
            self._cancel(order, order.open, "Z")
            return
        self._last_ref = request.user_ref
        if self._trouble.strikes("reject_replace"):
            self._answers.replace_rejected(self._now, order, request.user_ref, entry.MESSAGE_RATE)
            return
        del self.orders[order.user_ref]
        order.user_ref, order.price, order.open = request.user_ref, request.price, exposed
        order.immediate, order.clordid, order.reference = request.immediate, request.clordid, self._next_reference()
        order.post_only = request.post_only
        self.orders[order.user_ref] = order
        allowed = self._reprice(order)
        dead = self._trouble.strikes("dead_on_replace")
        self._answers.replaced(self._now, order, request.orig_user_ref, dead=dead)
        self._begin(order, dead=dead, allowed=allowed)

    def _begin(self, order: OwnOrder, *, dead: bool, allowed: bool) -> None:
        """Work an order that was just accepted or replaced; a dead one is over without a word."""
        if dead:
            order.open = 0
            del self.orders[order.user_ref]
        elif not allowed:
            self._cancel(order, order.open, "D")
        elif order.post_only and matching.marketable(order, self.books.of(order.locate)):
            self._cancel(order, order.open, "G")
        elif order.post_only and self._trouble.strikes("slide"):
            self._cancel(order, order.open, "F")
        else:
            self._work(order)

    def _work(self, order: OwnOrder) -> None:
        """Take what is there; what is left rests, or is canceled."""
        book = self.books.of(order.locate)
        if order.locate not in self.books.halted:
            for met in matching.met_by(order, self.orders.values()):
                self._take(order, met.price)
                shares = min(order.open, met.open)
                if shares:
                    self._prevent(met, shares, met.price, "A")
                    self._prevent(order, shares, met.price, "R")
            self._take(order)
        if not order.open:
            return
        if self._closed or order.immediate:
            self._cancel(order, order.open, "E" if self._closed else "I")
            return
        self._turn += 1
        matching.join(order, book, self._turn)
        for kind, change in (("restate", self._restate), ("reprioritize", self._reprioritize)):
            if self._trouble.strikes(kind):
                later = partial(change, order, order.user_ref)
                self._at(self._now + self.rules.trouble.change_ns, later)

    def _take(self, order: OwnOrder, limit: int | None = None) -> None:
        """Take what the session displays, no worse than ``limit``."""
        for price, shares in matching.take(order, self.books.of(order.locate), limit):
            self._fill(order, shares, price, "R")

    def _prevent(self, order: OwnOrder, shares: int, price: int, liquidity: str) -> None:
        """Self-match prevention takes shares from an order."""
        order.open -= shares
        order.prevented += shares
        self._answers.self_matched(self._now, order, shares, price, liquidity)
        if not order.open:
            del self.orders[order.user_ref]

    def _restate(self, order: OwnOrder, user_ref: int) -> None:
        if self.orders.get(user_ref) is order:
            self._answers.restated(self._now, order)

    def _reprioritize(self, order: OwnOrder, user_ref: int) -> None:
        if self.orders.get(user_ref) is order:
            order.reference = self._next_reference()
            self._turn += 1
            matching.join(order, self.books.of(order.locate), self._turn)
            self._answers.reprioritized(self._now, order)

    def _reduce(self, request: Cancel) -> None:
        order = self.orders.get(request.user_ref)
        wanted = max(0, request.shares - order.executed - order.prevented) if order else 0
        if order is None or wanted >= order.open:
            why = f"no order {request.user_ref} lives" if order is None else f"{order.open} open already"
            self._answers.ignored(self._now, request.user_ref, why)
        elif self._trouble.strikes("cancel_reject"):
            self._answers.cancel_rejected(self._now, order)
        elif self._trouble.strikes("cancel_pending"):
            self._answers.cancel_pending(self._now, order)
            self._at(self._now + self.rules.trouble.pending_ns, lambda: self._cancel_down_to(order, wanted))
        else:
            self._cancel(order, order.open - wanted, "U")

    def _cancel_down_to(self, order: OwnOrder, wanted: int) -> None:
        """Carry out a cancel that was pending; fills since then may have left nothing to do."""
        if order.user_ref in self.orders and order.open > wanted:
            self._cancel(order, order.open - wanted, "U")

    def _modify(self, request: Modify) -> None:
        order = self.orders.get(request.user_ref)
        changes = {("S", "E"), ("S", "T"), ("E", "T")}
        exposed = request.shares - order.executed - order.prevented if order else 0
        side_is_right = order is not None and (order.side == request.side or (order.side, request.side) in changes)
        if order is None or exposed <= 0 or request.shares >= MAX_QUANTITY or not side_is_right:
            self._answers.ignored(self._now, request.user_ref, "no order lives, or it cannot be modified so")
            return
        grows = exposed > order.open
        order.open, order.side = exposed, request.side
        self._answers.modified(self._now, order)
        if grows:
            self._turn += 1
            matching.join(order, self.books.of(order.locate), self._turn)

    def _next_reference(self) -> int:
        self._references += 1
        return self._references

    def _fill(self, order: OwnOrder, shares: int, price: int, liquidity: str) -> None:
        self._match += 1
        order.open -= shares
        order.executed += shares
        fill = self._answers.executed(self._now, order, shares, price, liquidity, self._match)
        if not order.open:
            del self.orders[order.user_ref]
        if self._trouble.strikes("break_trade"):
            clordid = order.clordid
            self._at(self._now + self.rules.trouble.break_ns, lambda: self._answers.broken(self._now, fill, clordid))

    def _cancel(self, order: OwnOrder, shares: int, reason: str) -> None:
        order.open -= shares
        self._answers.canceled(self._now, order, shares, reason)
        if not order.open:
            del self.orders[order.user_ref]

    def _cancel_all(self, reason: str, locate: int | None = None) -> None:
        for order in [o for o in self.orders.values() if locate in (None, o.locate)]:
            self._cancel(order, order.open, reason)
