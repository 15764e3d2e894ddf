"""The taker's decisions while it has a position: one live exit, moved by Replace."""

from amaranth import Module, Mux, Signal, signed
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

    Ports
    -----
    event, state, row, view, answer, distances, retries, cooldown, patience : In
        What happened, and the slot as it stands. For an ISSUE ``view`` holds the last prices of the slot.
    bid_heavy, ask_heavy : In(1)
        Imbalance of the view.
    slot : In(8)
        Slot of the event.
    now : In(64)
        Card time.
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
    next_state, next_row : Out
        Slot afterwards.
    intent, issues : Out
        The order, if ``issues``.
    alarm : Out(AlarmCode)
        NONE for no alarm.
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
    flat: In(1)
    stale: In(1)
    permits: In(1)
    cancel_exit: In(1)
    free: In(1)
    cancel_free: In(1)
    next_state: Out(TakerState)
    next_row: Out(TakerRow)
    intent: Out(OrderIntent)
    issues: Out(1)
    alarm: Out(AlarmCode)
    told: Out(1)

    def elaborate(self, platform):
        """Build the block."""
        m = Module()
        row, following = self.row, self.next_row
        long = Signal()
        level = Signal(signed(PRICE_BITS))  # where the stop is hit
        m.d.comb += [
            self.next_state.eq(self.state),
            following.eq(row),
            long.eq(row.side == Side.BUY),
            level.eq(Mux(long, row.entry_price - self.distances.stop, row.entry_price + self.distances.stop)),
        ]
        with m.Switch(self.event):
            with m.Case(TakerEvent.VIEW):
                self._view(m, long, level)
            with m.Case(TakerEvent.ANSWER):
                with m.If(self.answer.role == Role.EXIT):
                    self._answer(m)
                with m.Elif((self.answer.role == Role.FLATTEN) & ~row.live):
                    self._flattened(m)
            with m.Case(TakerEvent.ISSUE):
                self._issue(m, long, level)
            with m.Case(TakerEvent.CHECK):
                self._check(m)
        return m

    def _alarm(self, m, code: AlarmCode) -> None:
        """Raise an alarm, unless the slot's last one still stands."""
        with m.If(~self.row.alarmed):
            m.d.comb += self.alarm.eq(code)
        m.d.comb += self.next_row.alarmed.eq(1)

    def _view(self, m, long, level) -> None:
        """Watch the stop, what a stop order left behind, and what could not be placed."""
        row, view, following = self.row, self.view, self.next_row
        near = Mux(long, view.bid, view.ask)
        quoted, traded, hit, behind, stop_hit = Signal(), Signal(), Signal(), Signal(), Signal()
        m.d.comb += [
            quoted.eq((near != 0) & Mux(long, view.bid <= level, view.ask >= level)),
            traded.eq(view.traded & Mux(long, view.trade_price <= level, view.trade_price >= level)),
            hit.eq((quoted | traded | self._impatient(m, long, near)) & ~self.stale),
            behind.eq((near != 0) & ~self.stale & Mux(long, row.exit_price > view.bid, row.exit_price < view.ask)),
            stop_hit.eq(row.stop_hit | hit),
            following.stop_hit.eq(stop_hit),
        ]
        with m.Switch(self.state):
            with m.Case(TakerState.RESTING):
                with m.If(self.permits):
                    m.d.comb += following.alarmed.eq(0)
                with m.If(stop_hit & ~self.stale):
                    m.d.comb += [self.next_state.eq(TakerState.STOP_WANTED), following.origin.eq(view.origin)]
            with m.Case(TakerState.STOPPING):
                with m.If(behind & (row.retries_used < self.retries)):
                    m.d.comb += [
                        self.next_state.eq(TakerState.STOP_WANTED),
                        following.origin.eq(view.origin),
                        following.retries_used.eq(row.retries_used + 1),
                    ]
                with m.Elif(behind):
                    self._alarm(m, AlarmCode.RETRIES)
            with m.Case(TakerState.UNMANAGED):
                with m.If(self.flat & ~row.live):
                    m.d.comb += self.next_state.eq(TakerState.COOLDOWN)
                    m.d.comb += following.cooldown_until.eq(self.now + self.cooldown)
                with m.Elif(self.permits & ~row.held):
                    m.d.comb += following.origin.eq(view.origin)
                    m.d.comb += self.next_state.eq(Mux(row.live, TakerState.STOP_WANTED, TakerState.EXIT_WANTED))

    def _impatient(self, m, long, near):
        """Whether the time stop has run out, or the book turned against the entry while the guard watches."""
        row, patience = self.row, self.patience
        age = Signal(64)
        turned = Signal(signed(PRICE_BITS))
        watched, against, over = Signal(), Signal(), Signal()
        m.d.comb += [
            age.eq(self.now - row.opened_at),
            turned.eq(Mux(long, row.entry_price - self.distances.guard, row.entry_price + self.distances.guard)),
            watched.eq((row.filled != 0) & (age < patience.guard_window)),
            against.eq(
                (patience.guarded & (near != 0) & Mux(long, self.view.bid <= turned, self.view.ask >= turned))
                | (patience.guard_imbalance & Mux(long, self.ask_heavy, self.bid_heavy))
            ),
            over.eq((row.filled != 0) & (patience.time_stop != 0) & (age >= patience.time_stop)),
        ]
        return over | (watched & against)

    def _answer(self, m) -> None:
        """What became of the exit."""
        row, answer, following = self.row, self.answer, self.next_row
        retry = Signal()
        m.d.comb += retry.eq(row.retries_used < self.retries)
        with m.Switch(answer.kind):
            with m.Case(OrderAnswerKind.SENT), m.If(~answer.dead):
                m.d.comb += [following.order.eq(answer.order), following.live.eq(1)]
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
                m.d.comb += following.chain_executed.eq(answer.chain_executed)
                with m.If(answer.dead):
                    self._over(m, retry)
                with m.Elif((answer.kind == OrderAnswerKind.ACCEPTED) & (self.state == TakerState.EXIT_SENT)):
                    m.d.comb += following.exit_price.eq(answer.price)
                    with m.If(row.at_stop):
                        m.d.comb += self.next_state.eq(TakerState.STOPPING)
                    with m.Elif(row.stop_hit):
                        m.d.comb += [self.next_state.eq(TakerState.STOP_WANTED), following.origin.eq(answer.origin)]
                    with m.Else():
                        m.d.comb += self.next_state.eq(TakerState.RESTING)
                with m.Elif((answer.kind == OrderAnswerKind.REPLACED) & (self.state == TakerState.STOP_SENT)):
                    m.d.comb += [self.next_state.eq(TakerState.STOPPING), following.exit_price.eq(answer.price)]
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

    def _over(self, m, retry) -> None:
        """The exit order is dead: its chain is added up, and what is left needs a new one."""
        row, answer, following = self.row, self.answer, self.next_row
        closed = Signal(32)
        m.d.comb += [
            closed.eq(row.closed + answer.chain_executed),
            following.closed.eq(closed),
            following.chain_executed.eq(0),
            following.live.eq(0),
        ]
        with m.If(closed >= row.filled):
            m.d.comb += [
                self.next_state.eq(TakerState.COOLDOWN),
                following.cooldown_until.eq(self.now + self.cooldown),
            ]
        with m.Elif(retry):
            m.d.comb += [
                self.next_state.eq(TakerState.EXIT_WANTED),
                following.retries_used.eq(row.retries_used + 1),
                following.origin.eq(answer.origin),
            ]
        with m.Else():
            m.d.comb += [self.next_state.eq(TakerState.UNMANAGED), following.held.eq(1)]
            self._alarm(m, AlarmCode.RETRIES)

    def _flattened(self, m) -> None:
        """The host closed a part of the position, or all of it, while no exit lived."""
        row, following = self.row, self.next_row
        closed = Signal(33)
        m.d.comb += [
            closed.eq(row.closed + self.answer.shares),
            following.closed.eq(Mux(closed < row.filled, closed, row.filled)),
        ]
        with m.If(closed >= row.filled):
            m.d.comb += [
                self.next_state.eq(TakerState.COOLDOWN),
                following.cooldown_until.eq(self.now + self.cooldown),
            ]

    def _issue(self, m, long, level) -> None:
        """Enter the exit, or move it."""
        row, intent, following, distances = self.row, self.intent, self.next_row, self.distances
        moves = self.state == TakerState.STOP_WANTED
        at_stop = Signal()
        near, price = Signal(signed(PRICE_BITS)), Signal(signed(PRICE_BITS))
        profit = Mux(long, row.entry_price + distances.take_profit, row.entry_price - distances.take_profit)
        best = Mux(long, self.view.bid, self.view.ask)
        m.d.comb += [
            at_stop.eq(moves | row.stop_hit),
            # Nothing on the near side: the stop's own level is the best that is known.
            near.eq(Mux(best == 0, level, best)),
            price.eq(Mux(at_stop, Mux(long, near - distances.stop_slip, near + distances.stop_slip), profit)),
            intent.kind.eq(Mux(moves, OrderIntentKind.REPLACE, OrderIntentKind.ENTER)),
            intent.slot.eq(self.slot),
            intent.module.eq(types.Module.TAKER),
            intent.role.eq(Role.EXIT),
            intent.side.eq(Mux(long, Side.SELL, Side.BUY)),
            intent.shares.eq(row.filled - row.closed),
            intent.price.eq(clamp_price(price, distances.tick)),
            intent.time_in_force.eq(TimeInForce.DAY),
            intent.order.eq(row.order),
            intent.cause.eq(row.origin.cause),
            intent.trigger_time.eq(row.origin.trigger_time),
            intent.exchange_time.eq(row.origin.exchange_time),
        ]
        with m.If(self.free & (moves | (self.state == TakerState.EXIT_WANTED))):
            m.d.comb += [
                self.issues.eq(1),
                self.next_state.eq(Mux(moves, TakerState.STOP_SENT, TakerState.EXIT_SENT)),
                following.at_stop.eq(at_stop),
                following.exit_price.eq(intent.price),
            ]

    def _check(self, m) -> None:
        """Nobody can move the exit now: say so, and cancel it if that is the rule."""
        row, intent, following = self.row, self.intent, self.next_row
        cancels = Signal()
        resting = (self.state == TakerState.RESTING) | (self.state == TakerState.STOPPING)
        m.d.comb += [
            cancels.eq(self.cancel_exit & self.stale & resting),
            self.issues.eq(cancels & self.cancel_free),
            self.told.eq(~cancels | self.cancel_free),
            intent.kind.eq(OrderIntentKind.CANCEL),
            intent.slot.eq(self.slot),
            intent.module.eq(types.Module.TAKER),
            intent.role.eq(Role.EXIT),
            intent.side.eq(Mux(row.side == Side.BUY, Side.SELL, Side.BUY)),
            intent.order.eq(row.order),
            intent.trigger_time.eq(self.now),
        ]
        with m.If(self.told):
            # Whoever opens the gate again has answered: what was given up is tried anew.
            m.d.comb += [following.held.eq(0), following.retries_used.eq(0), following.alarmed.eq(1)]
            with m.If((self.state != TakerState.UNMANAGED) | ~row.alarmed):
                m.d.comb += self.alarm.eq(AlarmCode.UNMANAGED)
