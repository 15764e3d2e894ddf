"""The exchange as a card meets it: orders in, answers out, both some time on the way."""

from collections import deque

from hdl.wire.ouch50 import MAX_QUANTITY
from sim.exchange import matching
from sim.exchange.book import SessionBooks
from sim.exchange.log import ExchangeLog, Fees, LogEntry
from sim.exchange.lookahead import could_fill, locate_of
from sim.exchange.matching import OwnOrder
from sim.exchange.ouch import AccountQuery, Cancel, Enter, Modify, Replace, Request, answer, read

__all__ = ["Venue"]

#: Highest price, and prices from which an order must be a whole cent, in 1/10,000 dollar.
MAX_PRICE = 1_999_999_900
PENNY_FROM = 10_000
#: Reasons of Rejected.
HALTED, BAD_QUANTITY, BAD_SYMBOL, BAD_PRICE, LOCATE_REQUIRED = 0x0007, 0x0013, 0x0017, 0x001D, 0x0027
#: Own orders' exchange reference numbers start here, above every number of a session.
FIRST_REFERENCE = 1 << 62


class Venue:
    """One exchange, one account, one recorded or made session. Everything follows from what it is given.

    Times are nanoseconds since midnight. An order that left the card at ``t`` is at the exchange at
    ``t + latency_in_ns``, after the session's messages of that very nanosecond; an answer is at the card
    ``latency_out_ns`` after what it tells. How orders fill: :mod:`sim.exchange.matching`. How they are answered: OUCH
    5.0, with these choices:

    * numbers at or below the last one used, Replaces and Cancels of orders that do not live: ignored, noted in the log;
    * Replace with a quantity at or below what the chain has executed, or with a price or quantity that is no good: the
      order is Canceled (``Z``) and the new number is not used up;
    * Cancel's quantity is the intended total of the chain, executions included;
    * at System Event ``M`` resting orders are Canceled (``T``); what comes later is Accepted and Canceled (``E``).

    Rejected: halted symbol, quantity, unknown symbol, price (zero, too high, no whole cent from a dollar on), a short
    sale without SharesLocated.

    Parameters
    ----------
    fees : Fees, optional
        What a share costs.
    latency_in_ns, latency_out_ns : int
        From the card's transmitter to the exchange, and back.
    """

    def __init__(self, fees: Fees | None = None, latency_in_ns: int = 10_000, latency_out_ns: int = 10_000) -> None:
        if latency_in_ns < 0 or latency_out_ns < 0:
            raise ValueError(f"latencies are 0 ns or more, not {latency_in_ns} and {latency_out_ns}")
        self.latency_in_ns = latency_in_ns
        self.latency_out_ns = latency_out_ns
        self.fees = fees or Fees()
        self.books = SessionBooks()
        self.log = ExchangeLog()
        #: Own orders that live, by the number that lives.
        self.orders: dict[int, OwnOrder] = {}
        self._now = 0
        self._arriving: deque[tuple[int, bytes]] = deque()
        self._answers: deque[tuple[int, bytes]] = deque()
        self._last_ref = 0
        self._references = FIRST_REFERENCE
        self._match = 0
        self._turn = 0
        self._closed = False

    # What the card's side and the session's side call.

    def on_session_message(self, time: int, message: bytes) -> None:
        """Apply a message of the session at its exchange time, after every order that arrived before it.

        Raises
        ------
        ValueError
            Time goes back.
        """
        self._orders_before(time)
        self._move_to(time)
        change = self.books.apply(message)
        if change is not None and self.orders and change.locate not in self.books.halted:
            resting = [order for order in self.orders.values() if order.locate == change.locate]
            for order, shares in matching.passive_fills(resting, change, self.books.of(change.locate)):
                self._fill(order, shares, order.price, "A")
        elif message[0] == ord("S") and message[11:12] == b"M":
            self._closed = True
            for order in list(self.orders.values()):
                self._cancel(order, order.open, "T")

    def on_order(self, time: int, ouch: bytes) -> None:
        """Take in a message of the card that left it at ``time``.

        Raises
        ------
        ValueError
            It would arrive before what has happened already, or before an earlier message.
        """
        arrives = time + self.latency_in_ns
        latest = self._arriving[-1][0] if self._arriving else self._now
        if arrives < latest:
            raise ValueError(f"an order arrives at {arrives} ns; the exchange is at {latest} ns already")
        self._arriving.append((arrives, ouch))

    def answers_until(self, time: int) -> list[tuple[int, bytes]]:
        """Take out the answers that are at the card by ``time``, with those times.

        Orders that arrived in time to be answered by then are dealt with; the caller has given every session message
        up to ``time - latency_out_ns``.
        """
        self._orders_before(time - self.latency_out_ns + 1)
        due = []
        while self._answers and self._answers[0][0] <= time:
            due.append(self._answers.popleft())
        return due

    @property
    def next_time(self) -> int | None:
        """When the next answer known so far is at the card; ``None`` for none."""
        return self._answers[0][0] if self._answers else None

    def could_fill(self, message: bytes) -> bool:
        """Whether a message still to come could change an order that rests or is on its way; never wrongly no."""
        if not self.orders and not self._arriving:
            return False
        if message[0] == ord("S"):
            return message[11:12] == b"M"
        if self._arriving:
            return True
        locate = locate_of(message)
        resting = [order for order in self.orders.values() if order.locate == locate]
        return bool(resting) and could_fill(message, resting, self.books)

    # Orders.

    def _move_to(self, time: int) -> None:
        if time < self._now:
            raise ValueError(f"the exchange is at {self._now} ns and cannot go back to {time} ns")
        self._now = time

    def _orders_before(self, time: int) -> None:
        while self._arriving and self._arriving[0][0] < time:
            arrived, ouch = self._arriving.popleft()
            self._move_to(arrived)
            self._deal_with(read(ouch))

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
                self._say("Q", next_user_ref_num=self._last_ref + 1)

    def _enter(self, request: Enter) -> None:
        if request.user_ref <= self._last_ref:
            self._ignore(request.user_ref, f"number not above {self._last_ref}")
            return
        self._last_ref = request.user_ref
        locate = self.books.locates.get(request.symbol)
        reason = self._objection(request.shares, request.price)
        if locate is None:
            reason = BAD_SYMBOL
        elif locate in self.books.halted:
            reason = HALTED
        elif request.side == "T" and not request.located:
            reason = reason or LOCATE_REQUIRED
        if locate is None or reason:
            self._say("J", user_ref_num=request.user_ref, reason=reason, clordid=request.clordid)
            self.log.append(
                LogEntry(
                    "rejected",
                    self._now,
                    request.symbol.rstrip(),
                    request.user_ref,
                    request.user_ref,
                    request.side,
                    request.shares,
                    request.price,
                    reason=f"0x{reason:04X}",
                )
            )
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
        )
        self.orders[order.user_ref] = order
        self._say("A", user_ref_num=order.user_ref, **self._echo(order))
        self._note("accepted", order, order.open, order.price)
        self._work(order)

    def _replace(self, request: Replace) -> None:
        order = self.orders.get(request.orig_user_ref)
        if order is None or request.user_ref <= self._last_ref:
            why = f"no order {request.orig_user_ref} lives" if order is None else f"number not above {self._last_ref}"
            self._ignore(request.user_ref, why)
            return
        exposed = request.shares - order.executed
        if exposed <= 0 or self._objection(request.shares, request.price):
            self._cancel(order, order.open, "Z")
            return
        self._last_ref = request.user_ref
        del self.orders[order.user_ref]
        order.user_ref, order.price, order.open = request.user_ref, request.price, exposed
        order.immediate, order.clordid, order.reference = request.immediate, request.clordid, self._next_reference()
        self.orders[order.user_ref] = order
        self._say("U", orig_user_ref_num=request.orig_user_ref, user_ref_num=order.user_ref, **self._echo(order))
        self._note("replaced", order, order.open, order.price)
        self._work(order)

    def _work(self, order: OwnOrder) -> None:
        """Take what is there; what is left rests, or is canceled."""
        book = self.books.of(order.locate)
        if order.locate not in self.books.halted:
            for price, shares in matching.take(order, book):
                self._fill(order, shares, price, "R")
        if not order.open:
            return
        if self._closed or order.immediate:
            self._cancel(order, order.open, "E" if self._closed else "I")
            return
        self._turn += 1
        matching.join(order, book, self._turn)

    def _reduce(self, request: Cancel) -> None:
        order = self.orders.get(request.user_ref)
        wanted = max(0, request.shares - order.executed) if order else 0
        if order is None or wanted >= order.open:
            why = f"no order {request.user_ref} lives" if order is None else f"{order.open} open already"
            self._ignore(request.user_ref, why)
            return
        self._cancel(order, order.open - wanted, "U")

    def _modify(self, request: Modify) -> None:
        order = self.orders.get(request.user_ref)
        changes = {("S", "E"), ("S", "T"), ("E", "T")}
        exposed = request.shares - order.executed if order else 0
        side_is_right = order is not None and (order.side == request.side or (order.side, request.side) in changes)
        if order is None or exposed <= 0 or request.shares >= MAX_QUANTITY or not side_is_right:
            self._ignore(request.user_ref, "no order lives, or it cannot be modified so")
            return
        grows = exposed > order.open
        order.open, order.side = exposed, request.side
        self._say("M", user_ref_num=order.user_ref, side=order.side, quantity=order.open)
        self._note("modified", order, order.open, order.price)
        if grows:
            self._turn += 1
            matching.join(order, self.books.of(order.locate), self._turn)

    # Answers.

    @staticmethod
    def _objection(shares: int, price: int) -> int:
        """Reason to reject, 0 for none."""
        if not 0 < shares < MAX_QUANTITY:
            return BAD_QUANTITY
        if not 0 < price <= MAX_PRICE or (price >= PENNY_FROM and price % 100):
            return BAD_PRICE
        return 0

    def _next_reference(self) -> int:
        self._references += 1
        return self._references

    @staticmethod
    def _echo(order: OwnOrder) -> dict[str, int | str]:
        """Fields that Accepted and Replaced have in common."""
        return {
            "side": order.side,
            "quantity": order.open,
            "symbol": order.symbol,
            "price": order.price,
            "time_in_force": "3" if order.immediate else "0",
            "display": "Y",
            "order_reference_number": order.reference,
            "capacity": order.capacity,
            "inter_market_sweep_eligibility": "N",
            "cross_type": "N",
            "order_state": "L",
            "clordid": order.clordid,
        }

    def _say(self, letter: str, **fields: int | str) -> None:
        self._answers.append((self._now + self.latency_out_ns, answer(letter, self._now, **fields)))

    def _fill(self, order: OwnOrder, shares: int, price: int, liquidity: str) -> None:
        self._match += 1
        order.open -= shares
        order.executed += shares
        self._say(
            "E",
            user_ref_num=order.user_ref,
            quantity=shares,
            price=price,
            liquidity_flag=liquidity,
            match_number=self._match,
        )
        self._note("executed", order, shares, price, liquidity=liquidity)
        if not order.open:
            del self.orders[order.user_ref]

    def _cancel(self, order: OwnOrder, shares: int, reason: str) -> None:
        order.open -= shares
        self._say("C", user_ref_num=order.user_ref, quantity=shares, reason=reason)
        self._note("canceled", order, shares, order.price, reason=reason)
        if not order.open:
            del self.orders[order.user_ref]

    def _note(
        self, kind: str, order: OwnOrder, shares: int, price: int, *, liquidity: str = "", reason: str = ""
    ) -> None:
        filled = kind == "executed"
        self.log.append(
            LogEntry(
                kind,
                self._now,
                order.symbol.rstrip(),
                order.user_ref,
                order.chain,
                order.side,
                shares,
                price,
                liquidity,
                self._match if filled else 0,
                self.fees.of(shares, liquidity) if filled else 0,
                reason,
            )
        )

    def _ignore(self, user_ref: int, why: str) -> None:
        self.log.append(LogEntry("ignored", self._now, "", user_ref, reason=why))
