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
    TakerWrites,
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
    age : In(signed 65)
        Cycles since the row's ``at``, below zero while that is to come.
    bid_heavy, ask_heavy : In(1)
        Imbalance of the view.
    may_buy, may_sell : In(1)
        Switches, flags of the slot and its position allow an entry.
    spent_buy, spent_sell : In(1), next_spent_buy, next_spent_sell : Out(1)
        See above.
    next_state, next_row, writes, intent, enters : Out
        Slot afterwards, the row where ``writes`` says so; the order, if ``enters``. ``origin`` and ``at`` are those of
        the event.
    """

    event: In(TakerEvent)
    state: In(TakerState)
    row: In(TakerRow)
    view: In(TakerView)
    answer: In(TakerAnswer)
    distances: In(TakerDistances)
    order_size: In(32)
    age: In(signed(65))
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
    writes: Out(TakerWrites)
    intent: Out(OrderIntent)
    enters: Out(1)

    def elaborate(self, platform):
        """Build the block."""
        m = Module()
        answer, row, following = self.answer, self.row, self.next_row
        free = self._choose(m)
        m.d.comb += [
            self.next_state.eq(self.state),
            self.next_spent_buy.eq(self.spent_buy),
            self.next_spent_sell.eq(self.spent_sell),
            # What a trigger clears, and what a fill makes of it.
            following.side.eq(Mux(self.enters, self.intent.side, row.side)),
            following.filled.eq(Mux(self.enters, 0, row.filled + answer.shares)),
            following.entry_price.eq(answer.price),
            self.writes.closed.eq(self.enters),
            self.writes.chain_executed.eq(self.enters),
            self.writes.progress.eq(self.enters),
        ]
        with m.If(self.event == TakerEvent.VIEW):
            self._view(m, free)
        answered = (self.event == TakerEvent.ANSWER) & (self.answer.role == Role.ENTRY)
        with m.If(answered & (self.state == TakerState.ENTERING)):
            self._answer(m)
        return m

    def _choose(self, m) -> Signal:
        """The order of a view, if it is to be one; give whether the slot is free for one."""
        view, intent = self.view, self.intent
        free, buys, sells, sees = Signal(), Signal(), Signal(), Signal()
        rested = (self.state == TakerState.COOLDOWN) & (self.age >= 0)
        slip, tick = self.distances.slip, self.distances.tick
        highest, lowest = Signal(signed(PRICE_BITS)), Signal(signed(PRICE_BITS))
        m.d.comb += [
            sees.eq(self.event == TakerEvent.VIEW),
            free.eq((self.state == TakerState.IDLE) | rested),
            buys.eq(free & self.may_buy & self.bid_heavy & ~self.spent_buy),
            sells.eq(free & self.may_sell & self.ask_heavy & ~self.spent_sell & ~buys),
            self.enters.eq(sees & (buys | sells)),
            # Both prices, so that neither sum waits for the side.
            highest.eq(view.ask + slip),
            lowest.eq(view.bid - slip),
            intent.kind.eq(OrderIntentKind.ENTER),
            intent.slot.eq(view.slot),
            intent.module.eq(types.Module.TAKER),
            intent.role.eq(Role.ENTRY),
            intent.side.eq(Mux(buys, Side.BUY, Side.SELL)),
            # The slot holds nothing, so whatever is sold is sold short.
            intent.short.eq(sells),
            intent.shares.eq(self.order_size),
            intent.price.eq(Mux(buys, clamp_price(highest, tick), clamp_price(lowest, tick))),
            intent.time_in_force.eq(TimeInForce.IMMEDIATE),
            intent.cause.eq(view.origin.cause),
            intent.trigger_time.eq(view.origin.trigger_time),
            intent.exchange_time.eq(view.origin.exchange_time),
        ]
        return free

    def _view(self, m, free) -> None:
        """Enter where a side is heavy."""
        m.d.comb += [
            self.next_spent_buy.eq(self.spent_buy & self.bid_heavy),
            self.next_spent_sell.eq(self.spent_sell & self.ask_heavy),
        ]
        with m.If(free):
            m.d.comb += self.next_state.eq(TakerState.IDLE)
        with m.If(self.enters):
            m.d.comb += [self.next_state.eq(TakerState.ENTERING), self.writes.filled.eq(1)]

    def _answer(self, m) -> None:
        """Book a fill of the entry; once the entry is over, want an exit or be idle."""
        answer, row, writes = self.answer, self.row, self.writes
        buying = row.side == Side.BUY
        held = Signal()  # some share is filled, this answer's among them
        first = row.filled == 0
        m.d.comb += held.eq(~first)
        with m.If(answer.kind == OrderAnswerKind.EXECUTED):
            worse = Mux(buying, answer.price > row.entry_price, answer.price < row.entry_price)
            m.d.comb += [
                held.eq(self.next_row.filled != 0),
                writes.filled.eq(1),
                writes.entry_price.eq(worse | first),
                writes.at.eq(first),
            ]

        refused = answer.kind == OrderAnswerKind.REFUSED
        over = answer.dead & (answer.kind != OrderAnswerKind.SENT)
        with m.If(refused | over):
            m.d.comb += self.next_state.eq(TakerState.IDLE)
            with m.If(held):
                m.d.comb += [self.next_state.eq(TakerState.EXIT_WANTED), writes.origin.eq(1)]
            with m.If((refused & ~answer.busy) | (answer.kind == OrderAnswerKind.REJECTED)):
                m.d.comb += [
                    self.next_spent_buy.eq(self.spent_buy | buying),
                    self.next_spent_sell.eq(self.spent_sell | ~buying),
                ]
