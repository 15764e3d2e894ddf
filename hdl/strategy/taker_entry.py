"""The taker's decisions before it has a position: whether to enter, and what became of the entry."""

from amaranth import Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl import types
from hdl.strategy.taker_types import (
    PRICE_BITS,
    TakerAnswer,
    TakerDistances,
    TakerEvent,
    TakerRow,
    TakerState,
    TakerView,
    clamp_price,
)
from hdl.types import OrderAnswerKind, OrderIntent, OrderIntentKind, Role, Side, TimeInForce

__all__ = ["TakerEntry"]


class TakerEntry(wiring.Component):
    """Decides on a slot that is IDLE, in COOLDOWN or ENTERING. Combinational.

    A heavy side that may be traded sends one immediate order to the far side, at most ``slip`` ticks beyond it. The
    entry is over when nothing more can fill on it: with any share filled an exit is wanted, with none the slot is IDLE
    again. ``entry_price`` is the worst price of its fills (the highest bought, the lowest sold), so that take profit
    and stop are never reckoned from a better price than some share had.

    An entry that the gate or the exchange refused is not tried again in the same imbalance: ``spent`` marks the side
    until a view shows it no longer heavy. One that only met a busy transmitter may be tried at the next view.

    Ports
    -----
    event, state, row, view, answer, distances, order_size : In
        What happened, and the slot as it stands.
    now : In(64)
        Card time.
    bid_heavy, ask_heavy : In(1)
        Imbalance of the view.
    may_buy, may_sell : In(1)
        Switches, flags of the slot and its position allow an entry.
    spent_buy, spent_sell : In(1), next_spent_buy, next_spent_sell : Out(1)
        See above.
    next_state, next_row, intent, enters : Out
        Slot afterwards; the order, if ``enters``.
    """

    event: In(TakerEvent)
    state: In(TakerState)
    row: In(TakerRow)
    view: In(TakerView)
    answer: In(TakerAnswer)
    distances: In(TakerDistances)
    order_size: In(32)
    now: In(64)
    bid_heavy: In(1)
    ask_heavy: In(1)
    may_buy: In(1)
    may_sell: In(1)
    spent_buy: In(1)
    spent_sell: In(1)
    next_spent_buy: Out(1)
    next_spent_sell: Out(1)
    next_state: Out(TakerState)
    next_row: Out(TakerRow)
    intent: Out(OrderIntent)
    enters: Out(1)

    def elaborate(self, platform):
        """Build the block."""
        m = Module()
        m.d.comb += [
            self.next_state.eq(self.state),
            self.next_row.eq(self.row),
            self.next_spent_buy.eq(self.spent_buy),
            self.next_spent_sell.eq(self.spent_sell),
        ]
        with m.If(self.event == TakerEvent.VIEW):
            self._view(m)
        answered = (self.event == TakerEvent.ANSWER) & (self.answer.role == Role.ENTRY)
        with m.If(answered & (self.state == TakerState.ENTERING)):
            self._answer(m)
        return m

    def _view(self, m) -> None:
        """Enter where a side is heavy."""
        view, intent = self.view, self.intent
        free, buys, sells = Signal(), Signal(), Signal()
        rested = (self.state == TakerState.COOLDOWN) & (self.now >= self.row.cooldown_until)
        limit = Signal(signed(PRICE_BITS))
        m.d.comb += [
            free.eq((self.state == TakerState.IDLE) | rested),
            buys.eq(free & self.may_buy & self.bid_heavy & ~self.spent_buy),
            sells.eq(free & self.may_sell & self.ask_heavy & ~self.spent_sell & ~buys),
            self.enters.eq(buys | sells),
            self.next_spent_buy.eq(self.spent_buy & self.bid_heavy),
            self.next_spent_sell.eq(self.spent_sell & self.ask_heavy),
            limit.eq(Mux(buys, view.ask + self.distances.slip, view.bid - self.distances.slip)),
            intent.kind.eq(OrderIntentKind.ENTER),
            intent.slot.eq(view.slot),
            intent.module.eq(types.Module.TAKER),
            intent.role.eq(Role.ENTRY),
            intent.side.eq(Mux(buys, Side.BUY, Side.SELL)),
            # The slot holds nothing, so whatever is sold is sold short.
            intent.short.eq(sells),
            intent.shares.eq(self.order_size),
            intent.price.eq(clamp_price(limit, self.distances.tick)),
            intent.time_in_force.eq(TimeInForce.IMMEDIATE),
            intent.cause.eq(view.origin.cause),
            intent.trigger_time.eq(view.origin.trigger_time),
            intent.exchange_time.eq(view.origin.exchange_time),
        ]
        with m.If(free):
            m.d.comb += self.next_state.eq(TakerState.IDLE)
        with m.If(self.enters):
            m.d.comb += [
                self.next_state.eq(TakerState.ENTERING),
                self.next_row.eq(0),
                self.next_row.side.eq(intent.side),
            ]

    def _answer(self, m) -> None:
        """Book a fill of the entry; once the entry is over, want an exit or be idle."""
        answer, row, following = self.answer, self.row, self.next_row
        buying = row.side == Side.BUY
        filled = Signal(32)
        m.d.comb += filled.eq(row.filled)
        with m.If(answer.kind == OrderAnswerKind.EXECUTED):
            worse = Mux(buying, answer.price > row.entry_price, answer.price < row.entry_price)
            m.d.comb += [filled.eq(row.filled + answer.shares), following.filled.eq(filled)]
            with m.If(worse | (row.filled == 0)):
                m.d.comb += following.entry_price.eq(answer.price)
            with m.If(row.filled == 0):
                m.d.comb += following.opened_at.eq(self.now)

        refused = answer.kind == OrderAnswerKind.REFUSED
        over = answer.dead & (answer.kind != OrderAnswerKind.SENT)
        with m.If(refused | over):
            m.d.comb += self.next_state.eq(TakerState.IDLE)
            with m.If(filled != 0):
                m.d.comb += [self.next_state.eq(TakerState.EXIT_WANTED), following.origin.eq(answer.origin)]
            with m.If((refused & ~answer.busy) | (answer.kind == OrderAnswerKind.REJECTED)):
                m.d.comb += [
                    self.next_spent_buy.eq(self.spent_buy | buying),
                    self.next_spent_sell.eq(self.spent_sell | ~buying),
                ]
