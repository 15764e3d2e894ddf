"""The taker's decisions while it has a position: one live exit, moved by Replace."""

from amaranth import Cat, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl import types
from hdl.risk.positions import ENTER_LETTER, REPLACE_LETTER
from hdl.strategy.taker_types import (
    PRICE_BITS,
    AlarmCode,
    TakerAnswer,
    TakerDistances,
    TakerEvent,
    TakerPatience,
    TakerRow,
    TakerState,
    TakerView,
    TakerWrites,
    clamp_price,
)
from hdl.types import OrderAnswerKind, OrderIntent, OrderIntentKind, Role, Side, TimeInForce

__all__ = ["TakerExit"]


class TakerExit(wiring.Component):
    """Decides on a slot from EXIT_WANTED to UNMANAGED. Combinational.

    The exit is one order: first it rests at the profit, and when the market reaches the stop the same order is moved
    by Replace. Its quantity is always the whole of what its chain is to close, executions included, so that the
    exchange itself keeps both legs from filling. docs/blocks/taker.md has the states as a table.

    A time stop that has run out, and the guard against a book that turns, move it just as the stop does: at the first
    view that shows them, for they are looked at when a view comes.

    Prices are mirrored where the position is short: minus the price, less one, which is all bits the other way round.
    So one comparison and one sum do for both sides, and a price that is worse for the position is the smaller one.

    Ports
    -----
    event, state, row, view, answer, distances, retries, cooldown, patience : In
        What happened, and the slot as it stands. For an ISSUE ``view`` holds the last prices of the slot.
    bid_heavy, ask_heavy : In(1)
        Imbalance of the view.
    slot : In(8)
        Slot of the event.
    now : In(64), age : In(signed 65)
        Card time, and the cycles since the row's ``at``.
    flat : In(1)
        The slot's position is zero.
    stale : In(1)
        The slot's book cannot be trusted.
    permits : In(1)
        The gate would let an exit pass, as far as its levels and the slot's flags go.
    cancel_exit : In(1)
        A resting exit is cancelled when the book goes stale; otherwise it is left at the exchange.
    free, cancel_free : In(1)
        An exit issued now is taken by the gate in the next cycle; a Cancel issued now goes before all that waits.
    next_state, next_row, writes : Out
        Slot afterwards, the row where ``writes`` says so; ``origin`` is that of the event, ``at`` the end of the
        cool-down.
    intent, issues : Out
        The order, if ``issues``.
    alarm : Out(AlarmCode), exposed : Out(32)
        NONE for no alarm; shares of the position that are still to be closed.
    told : Out(1)
        A CHECK was dealt with.
    """

    event: In(TakerEvent)
    state: In(TakerState)
    row: In(TakerRow)
    view: In(TakerView)
    answer: In(TakerAnswer)
    distances: In(TakerDistances)
    retries: In(8)
    cooldown: In(48)
    patience: In(TakerPatience)
    bid_heavy: In(1)
    ask_heavy: In(1)
    slot: In(8)
    now: In(64)
    age: In(signed(65))
    flat: In(1)
    stale: In(1)
    permits: In(1)
    cancel_exit: In(1)
    free: In(1)
    cancel_free: In(1)
    next_state: Out(TakerState)
    next_row: Out(TakerRow)
    writes: Out(TakerWrites)
    intent: Out(OrderIntent)
    issues: Out(1)
    alarm: Out(AlarmCode)
    exposed: Out(32)
    told: Out(1)

    def elaborate(self, platform):
        """Build the block."""
        m = Module()
        row, following, answer = self.row, self.next_row, self.answer
        long, retry, done = Signal(), Signal(), Signal()
        # What the fields become where they are written, whatever the event: a choice for each event would be as large.
        closed = Signal(33)
        flattens = answer.role == Role.FLATTEN
        m.d.comb += [
            self.next_state.eq(self.state),
            long.eq(row.side == Side.BUY),
            retry.eq(row.retries_used < self.retries),
            closed.eq(row.closed + Mux(flattens, answer.shares, answer.chain_executed)),
            done.eq(Mux(flattens, closed, closed[:32]) >= row.filled),
            following.eq(row),
            following.closed.eq(Mux(flattens & done, row.filled, closed)),
            following.chain_executed.eq(Mux(answer.dead, 0, answer.chain_executed)),
            following.order.eq(answer.order),
            following.exit_price.eq(Mux(self.event == TakerEvent.ISSUE, self.intent.price, answer.price)),
            self.writes.progress.eq(1),
        ]
        near, level = self._prices(m, long)
        self._intend(m, long, near, level)
        with m.Switch(self.event):
            with m.Case(TakerEvent.VIEW):
                self._view(m, long, near, level, retry)
            with m.Case(TakerEvent.ANSWER):
                with m.If(answer.role == Role.EXIT):
                    self._answer(m, retry, done)
                with m.Elif(flattens & ~row.live):
                    # The host closed a part of the position, or all of it, while no exit lived.
                    m.d.comb += self.writes.closed.eq(1)
                    with m.If(done):
                        self._complete(m)
            with m.Case(TakerEvent.ISSUE):
                self._issue(m)
            with m.Case(TakerEvent.CHECK):
                self._check(m)
        return m

    def _alarm(self, m, code: AlarmCode) -> None:
        """Raise an alarm, unless the slot's last one still stands."""
        with m.If(~self.row.alarmed):
            m.d.comb += self.alarm.eq(code)
        m.d.comb += self.next_row.alarmed.eq(1)

    def _complete(self, m) -> None:
        """Nothing is left to close: the slot rests."""
        m.d.comb += [self.next_state.eq(TakerState.COOLDOWN), self.writes.at.eq(1)]

    def _prices(self, m, long):
        """The price of the view at which the position could be closed, and where the stop is hit; both mirrored."""
        near, level = Signal(signed(33)), Signal(signed(PRICE_BITS))
        m.d.comb += [
            near.eq(_mirrored(long, Mux(long, self.view.bid, self.view.ask))),
            level.eq(_mirrored(long, self.row.entry_price) - self.distances.stop),
        ]
        return near, level

    def _view(self, m, long, near, level, retry) -> None:
        """Watch the stop, what a stop order left behind, and what could not be placed."""
        row, view, following = self.row, self.view, self.next_row
        quoted, traded, hit, behind, stop_hit = Signal(), Signal(), Signal(), Signal(), Signal()
        there = Signal()
        m.d.comb += [
            there.eq(Mux(long, view.bid, view.ask) != 0),
            quoted.eq(there & (near <= level)),
            traded.eq(view.traded & (_mirrored(long, view.trade_price) <= level)),
            hit.eq((quoted | traded | self._impatient(m, long, near, there)) & ~self.stale),
            behind.eq(there & ~self.stale & (_mirrored(long, row.exit_price) > near)),
            stop_hit.eq(row.stop_hit | hit),
            following.stop_hit.eq(stop_hit),
        ]
        with m.Switch(self.state):
            with m.Case(TakerState.RESTING):
                with m.If(self.permits):
                    m.d.comb += following.alarmed.eq(0)
                with m.If(stop_hit & ~self.stale):
                    m.d.comb += [self.next_state.eq(TakerState.STOP_WANTED), self.writes.origin.eq(1)]
            with m.Case(TakerState.STOPPING):
                with m.If(behind & retry):
                    m.d.comb += [
                        self.next_state.eq(TakerState.STOP_WANTED),
                        self.writes.origin.eq(1),
                        following.retries_used.eq(row.retries_used + 1),
                    ]
                with m.Elif(behind):
                    self._alarm(m, AlarmCode.RETRIES)
            with m.Case(TakerState.UNMANAGED):
                with m.If(self.flat & ~row.live):
                    self._complete(m)
                with m.Elif(self.permits & ~row.held):
                    m.d.comb += self.writes.origin.eq(1)
                    m.d.comb += self.next_state.eq(Mux(row.live, TakerState.STOP_WANTED, TakerState.EXIT_WANTED))

    def _impatient(self, m, long, near, there):
        """Whether the time stop has run out, or the book turned against the entry while the guard watches."""
        row, patience = self.row, self.patience
        turned = Signal(signed(PRICE_BITS))
        watched, against, over = Signal(), Signal(), Signal()
        late = self.age[48:64].any()
        m.d.comb += [
            turned.eq(_mirrored(long, row.entry_price) - self.distances.guard),
            watched.eq((row.filled != 0) & ~late & (self.age[:48] < patience.guard_window)),
            against.eq(
                (patience.guarded & there & (near <= turned))
                | (patience.guard_imbalance & Mux(long, self.ask_heavy, self.bid_heavy))
            ),
            over.eq((row.filled != 0) & (patience.time_stop != 0) & (late | (self.age[:48] >= patience.time_stop))),
        ]
        return over | (watched & against)

    def _answer(self, m, retry, done) -> None:
        """What became of the exit."""
        row, answer, following, writes = self.row, self.answer, self.next_row, self.writes
        with m.Switch(answer.kind):
            with m.Case(OrderAnswerKind.SENT), m.If(~answer.dead):
                m.d.comb += [writes.order.eq(1), following.live.eq(1)]
            with m.Case(OrderAnswerKind.REFUSED):
                # A cancel that came too late is refused too: its order is dead, and has said so.
                expected = ((answer.flag == REPLACE_LETTER) & (self.state == TakerState.STOP_SENT)) | (
                    (answer.flag == ENTER_LETTER) & (self.state == TakerState.EXIT_SENT)
                )
                counts = self.permits & ~answer.crossed
                with m.If(expected):
                    m.d.comb += [
                        self.next_state.eq(TakerState.UNMANAGED),
                        # What the gate refused because it is closed, or because an own quote that is being pulled was
                        # in the way, is no try: it is made good at a view after that.
                        following.retries_used.eq(row.retries_used + (retry & counts)),
                        following.held.eq(~retry & counts),
                    ]
                    self._alarm(m, AlarmCode.UNMANAGED)
            with m.Default():
                m.d.comb += writes.chain_executed.eq(1)
                with m.If(answer.dead):
                    self._over(m, retry, done)
                with m.Elif((answer.kind == OrderAnswerKind.ACCEPTED) & (self.state == TakerState.EXIT_SENT)):
                    m.d.comb += writes.exit_price.eq(1)
                    with m.If(row.at_stop):
                        m.d.comb += self.next_state.eq(TakerState.STOPPING)
                    with m.Elif(row.stop_hit):
                        m.d.comb += [self.next_state.eq(TakerState.STOP_WANTED), writes.origin.eq(1)]
                    with m.Else():
                        m.d.comb += self.next_state.eq(TakerState.RESTING)
                with m.Elif((answer.kind == OrderAnswerKind.REPLACED) & (self.state == TakerState.STOP_SENT)):
                    m.d.comb += [self.next_state.eq(TakerState.STOPPING), writes.exit_price.eq(1)]
                with m.Elif((answer.kind == OrderAnswerKind.REJECTED) & (self.state == TakerState.STOP_SENT)):
                    # The Replace was rejected: the order is where it was, and the next view tries again.
                    with m.If(retry):
                        m.d.comb += [
                            self.next_state.eq(TakerState.RESTING),
                            following.retries_used.eq(row.retries_used + 1),
                        ]
                    with m.Else():
                        m.d.comb += [self.next_state.eq(TakerState.UNMANAGED), following.held.eq(1)]
                        self._alarm(m, AlarmCode.RETRIES)

    def _over(self, m, retry, done) -> None:
        """The exit order is dead: its chain is added up, and what is left needs a new one."""
        row, following, writes = self.row, self.next_row, self.writes
        m.d.comb += [writes.closed.eq(1), following.live.eq(0)]
        with m.If(done):
            self._complete(m)
        with m.Elif(retry):
            m.d.comb += [
                self.next_state.eq(TakerState.EXIT_WANTED),
                following.retries_used.eq(row.retries_used + 1),
                writes.origin.eq(1),
            ]
        with m.Else():
            m.d.comb += [self.next_state.eq(TakerState.UNMANAGED), following.held.eq(1)]
            self._alarm(m, AlarmCode.RETRIES)

    def _intend(self, m, long, near, level) -> None:
        """The order that an ISSUE or a CHECK may send: enters the exit, moves it, or cancels it."""
        row, intent, distances = self.row, self.intent, self.distances
        checks = self.event == TakerEvent.CHECK
        moves = self.state == TakerState.STOP_WANTED
        at_stop, there = Signal(), Signal()
        base, price = Signal(signed(PRICE_BITS)), Signal(signed(PRICE_BITS))
        rest, executed = Signal(32), Signal(32)
        answered = (self.event == TakerEvent.ANSWER) & (self.answer.kind != OrderAnswerKind.REFUSED)
        away = Mux(at_stop, ~distances.stop_slip, distances.take_profit)
        m.d.comb += [
            at_stop.eq(moves | row.stop_hit),
            there.eq(Mux(long, self.view.bid, self.view.ask) != 0),
            # Nothing on the near side: the stop's own level is the best that is known.
            base.eq(Mux(at_stop, Mux(there, near, level), _mirrored(long, row.entry_price))),
            # A stop is priced through what is there, a profit away from the entry; mirrored back.
            price.eq((base + Cat(away, at_stop).as_signed() + at_stop) ^ (~long).replicate(PRICE_BITS).as_signed()),
            rest.eq(row.filled - row.closed),
            executed.eq(Mux(answered, self.answer.chain_executed, row.chain_executed)),
            self.exposed.eq(rest - executed),
            intent.kind.eq(Mux(moves, OrderIntentKind.REPLACE, OrderIntentKind.ENTER)),
            intent.slot.eq(self.slot),
            intent.module.eq(types.Module.TAKER),
            intent.role.eq(Role.EXIT),
            intent.side.eq(Mux(long, Side.SELL, Side.BUY)),
            intent.shares.eq(rest),
            intent.price.eq(clamp_price(price, distances.tick)),
            intent.time_in_force.eq(TimeInForce.DAY),
            intent.order.eq(row.order),
            intent.cause.eq(row.origin.cause),
            intent.trigger_time.eq(row.origin.trigger_time),
            intent.exchange_time.eq(row.origin.exchange_time),
        ]
        with m.If(checks):
            m.d.comb += [
                intent.kind.eq(OrderIntentKind.CANCEL),
                *(intent[name].eq(0) for name in ("shares", "price", "cause", "exchange_time")),
                intent.trigger_time.eq(self.now),
            ]

    def _issue(self, m) -> None:
        """Enter the exit, or move it."""
        moves = self.state == TakerState.STOP_WANTED
        with m.If(self.free & (moves | (self.state == TakerState.EXIT_WANTED))):
            m.d.comb += [
                self.issues.eq(1),
                self.next_state.eq(Mux(moves, TakerState.STOP_SENT, TakerState.EXIT_SENT)),
                self.next_row.at_stop.eq(moves | self.row.stop_hit),
                self.writes.exit_price.eq(1),
            ]

    def _check(self, m) -> None:
        """Nobody can move the exit now: say so, and cancel it if that is the rule."""
        row, following = self.row, self.next_row
        cancels = Signal()
        resting = (self.state == TakerState.RESTING) | (self.state == TakerState.STOPPING)
        m.d.comb += [
            cancels.eq(self.cancel_exit & self.stale & resting),
            self.issues.eq(cancels & self.cancel_free),
            self.told.eq(~cancels | self.cancel_free),
        ]
        with m.If(self.told):
            # Whoever opens the gate again has answered: what was given up is tried anew.
            m.d.comb += [following.held.eq(0), following.retries_used.eq(0), following.alarmed.eq(1)]
            with m.If((self.state != TakerState.UNMANAGED) | ~row.alarmed):
                m.d.comb += self.alarm.eq(AlarmCode.UNMANAGED)


def _mirrored(long, price):
    """A price with its sign; all its bits the other way round for a short position."""
    return Cat(price ^ (~long).replicate(len(price)), ~long).as_signed()
