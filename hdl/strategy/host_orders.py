"""Orders that the host asks for: an entry, or the flattening of a position, by the way that every order goes."""

from amaranth import Module, Mux, Signal, signed, unsigned
from amaranth.lib import data, enum, stream, wiring
from amaranth.lib.wiring import In, Out

from hdl import types
from hdl.risk.judge import MAX_ORDER_SHARES
from hdl.risk.own_rows import OwnOrder
from hdl.risk.positions import ENTER_LETTER, held_signature
from hdl.types import (
    RETRY_BIT,
    OrderAnswer,
    OrderAnswerKind,
    OrderIntent,
    OrderIntentKind,
    Refusal,
    Role,
    Side,
    TimeInForce,
)

__all__ = ["HostOrder", "HostOrders", "HostOutcome", "HostStep"]


class HostOrder(data.Struct):
    """What the host asks for. A FLATTEN takes its side from the position; zero shares are all of it."""

    slot: unsigned(8)
    side: Side
    role: Role
    shares: unsigned(32)
    price: unsigned(32)


class HostStep(enum.Enum, shape=3):
    """Where the host's order stands; stable numbers, the host reads them."""

    IDLE = 0
    #: Asks for the death of every own order of the slot.
    CLEARING = 1
    #: Waits until none of them can fill any more, and nothing is on its way to the gate.
    WAITING = 2
    #: Offers the order to the gate.
    SUBMITTING = 3
    #: Waits for what becomes of it.
    WORKING = 4


class HostOutcome(enum.Enum, shape=3):
    """How the last order of the host ended; stable numbers, the host reads them."""

    NONE = 0
    #: It is over: what it executed is executed, the rest is dead.
    OVER = 1
    #: The gate or the order port refused it; the refusal says why.
    REFUSED = 2
    #: The exchange rejected it.
    REJECTED = 3
    #: There was no position to flatten.
    FLAT = 4
    #: The host gave up waiting.
    GIVEN_UP = 5


class HostOrders(wiring.Component):
    """Sends one order of the host at a time, always immediate or cancel, and tells how it ended.

    While it is at work on a slot it claims it: strategies open nothing there, move no exit, and pull their quotes. A
    FLATTEN first asks for a Cancel of every own order of the slot and waits until the exchange has said of each that
    nothing more can fill on it: there is no guess by time. Where a Replace is rejected after its Cancel was sent, that
    Cancel named a number that is burnt, and it is asked for again; so is one that the exchange refused, a little later.
    Only then is the position read and the order sized:
    all of it, the shares asked for, or what OUCH takes, whichever is least. The gate lets a FLATTEN do nothing but
    reduce, so a position that changed meanwhile cannot be turned round.

    An ENTRY is refused as BUSY where the taker has a position or an order in the slot; any other role as MALFORMED.

    Parameters
    ----------
    slots, own_orders : int
        Symbols followed, and rows of the card's own order table.

    Ports
    -----
    order : In(HostOrder), go : In(1), give_up : In(1)
        What is asked for, taken with the strobe ``go`` while idle. ``give_up`` ends the waiting and the claim; an order
        that has left stays with the exchange.
    not_taken : Out(1)
        Pulse: ``go`` came while an order was under way.
    intents : Out(stream)
        To the gate: ENTER and CANCEL of module HOST.
    answers, refusals : In(stream, always ready)
        Answers of the order port, refusals of the gate.
    way_free : In(1)
        No intent of a strategy waits; gate and order port have nothing to do, and every grant has had its SENT.
    taker_has : In(array of 1)
        The taker has a position or an order in the slot.
    held : Out(held_signature), held_ready : In(1)
        What :class:`~hdl.risk.positions.Positions` says of the order's slot; that it does, in this cycle.
    seek_order : Out(8), seek : In(OwnOrder)
        A row of the same.
    card_time : In(64)
        Cycles.
    claims : Out(array of 1)
        The slot is the host's.
    step, outcome, refusal : Out
        Where it stands, how the last one ended, and the refusal of one that was refused.
    user_ref, executed : Out(32)
        Number of the last order that left, and what it has executed.
    busy : Out(1)
        Something is to be done that waits for no input.

    Latency: an ENTRY is offered 5 cycles after ``go`` where the way is free. A FLATTEN looks at a row a cycle, and is
    offered 5 cycles after the last answer it waited for has been booked, and a look at all rows.
    """

    def __init__(self, slots: int, own_orders: int) -> None:
        self.slots, self.own_orders = slots, own_orders
        self._order = Signal(HostOrder, name="order")  # the one under way
        super().__init__(
            {
                "order": In(HostOrder),
                "go": In(1),
                "give_up": In(1),
                "not_taken": Out(1),
                "intents": Out(stream.Signature(OrderIntent)),
                "answers": In(stream.Signature(OrderAnswer, always_ready=True)),
                "refusals": In(stream.Signature(OrderAnswer, always_ready=True)),
                "way_free": In(1),
                "taker_has": In(data.ArrayLayout(1, slots)),
                "held": Out(held_signature()),
                "held_ready": In(1, init=1),
                "seek_order": Out(8),
                "seek": In(OwnOrder),
                "card_time": In(64),
                "claims": Out(data.ArrayLayout(1, slots)),
                "step": Out(HostStep),
                "outcome": Out(HostOutcome),
                "refusal": Out(Refusal),
                "user_ref": Out(32),
                "executed": Out(32),
                "busy": Out(1),
            }
        )

    def elaborate(self, platform):
        """Build the block."""
        m = Module()
        order, answer = self._order, self.answers.payload
        asked = Signal(self.own_orders)  # rows whose Cancel is on its way
        refused = Signal(self.own_orders)  # rows whose Cancel the exchange refused
        era = Signal(64 - RETRY_BIT)
        m.d.sync += era.eq(self.card_time[RETRY_BIT:])
        row = Signal(range(self.own_orders))
        again = Signal()  # the slot was spoken of since the look at all rows began
        sent = Signal()  # the order has a row
        settle = Signal(2)  # what the strategies had decided when the slot was claimed has reached the gate
        flattens, may_fill, clear = Signal(), Signal(), Signal()
        of_slot = self.answers.valid & (answer.slot == order.slot)
        m.d.comb += [
            *(claim.eq((self.step != HostStep.IDLE) & (order.slot == i)) for i, claim in enumerate(self.claims)),
            flattens.eq(order.role == Role.FLATTEN),
            self.held.slot.eq(order.slot),
            may_fill.eq((self.held.open_buy != 0) | (self.held.open_sell != 0)),
            clear.eq(self.way_free & self.held_ready & ~self.intents.valid & settle.all() & ~(flattens & may_fill)),
            self.not_taken.eq(self.go & (self.step != HostStep.IDLE)),
            self.seek_order.eq(row),
            self.busy.eq(
                (self.step == HostStep.CLEARING)
                | (self.step == HostStep.SUBMITTING)
                | self.intents.valid
                | ((self.step == HostStep.WAITING) & (clear | ~settle.all()))
            ),
        ]
        with m.If(self.intents.ready):
            m.d.sync += self.intents.valid.eq(0)
        with m.Switch(self.step):
            with m.Case(HostStep.IDLE), m.If(self.go):
                m.d.sync += [
                    order.eq(self.order),
                    asked.eq(0),
                    refused.eq(0),
                    row.eq(0),
                    settle.eq(0),
                    self.executed.eq(0),
                ]
                m.d.sync += [
                    sent.eq(0),
                    self.outcome.eq(HostOutcome.NONE),
                    self.refusal.eq(Refusal.NONE),
                    self.user_ref.eq(0),
                ]
                with m.If((self.order.role == Role.FLATTEN) & (self.order.slot < self.slots)):
                    m.d.sync += self.step.eq(HostStep.CLEARING)
                with m.Elif((self.order.role == Role.ENTRY) & (self.order.slot < self.slots)):
                    m.d.sync += self.step.eq(HostStep.WAITING)
                with m.Else():
                    self._refused(m, Refusal.MALFORMED)
            with m.Case(HostStep.CLEARING):
                self._clear(m, order, row, asked)
            with m.Case(HostStep.WAITING):
                m.d.sync += settle.eq(Mux(settle.all(), settle, settle + 1))
                with m.If(clear):
                    self._size(m, order, flattens)
                with m.Elif(flattens & again):
                    m.d.sync += [self.step.eq(HostStep.CLEARING), row.eq(0), again.eq(0)]
            with m.Case(HostStep.SUBMITTING), m.If(self.intents.ready):
                m.d.sync += self.step.eq(HostStep.WORKING)
            with m.Case(HostStep.WORKING):
                self._work(m, sent)
        with m.If(of_slot):
            m.d.sync += again.eq(1)
        # The number that the Cancel named is burnt, and the order lives on under its old one.
        with m.If(of_slot & (answer.kind == OrderAnswerKind.REJECTED) & ~answer.dead):
            m.d.sync += asked.bit_select(answer.order, 1).eq(0)
        with m.If(era != self.card_time[RETRY_BIT:]):
            m.d.sync += [asked.eq(asked & ~refused), refused.eq(0), again.eq(again | refused.any())]
        with m.If(of_slot & (answer.kind == OrderAnswerKind.CANCEL_REJECTED)):
            m.d.sync += refused.bit_select(answer.order, 1).eq(1)
        with m.If(self.give_up & (self.step != HostStep.IDLE)):
            m.d.sync += [
                self.step.eq(HostStep.IDLE),
                self.outcome.eq(HostOutcome.GIVEN_UP),
                self.intents.valid.eq(0),
            ]
        return m

    def _refused(self, m, refusal) -> None:
        m.d.sync += [
            self.step.eq(HostStep.IDLE),
            self.outcome.eq(HostOutcome.REFUSED),
            self.refusal.eq(refusal),
        ]

    def _clear(self, m, order, row, asked) -> None:
        """Look at a row a cycle, and ask for the death of those of the slot that live."""
        wanted = self.seek.live & (self.seek.slot == order.slot) & ~asked.bit_select(row, 1)
        with m.If(~self.intents.valid):
            with m.If(wanted):
                self._offer(m, order, OrderIntentKind.CANCEL, self.seek.side, 0, 0)
                m.d.sync += [self.intents.payload.order.eq(row), asked.bit_select(row, 1).eq(1)]
            with m.If(row == self.own_orders - 1):
                m.d.sync += self.step.eq(HostStep.WAITING)
            with m.Else():
                m.d.sync += row.eq(row + 1)

    def _size(self, m, order, flattens) -> None:
        """Nothing of the slot is on its way: size the order by what is held now."""
        held, size, most = Signal(signed(33)), Signal(32), Signal(32)
        m.d.comb += [
            held.eq(self.held.position),
            size.eq(Mux(held < 0, -held, held)),
            most.eq(Mux((order.shares == 0) | (order.shares > MAX_ORDER_SHARES), MAX_ORDER_SHARES, order.shares)),
        ]
        with m.If(flattens & (held == 0)):
            m.d.sync += [self.step.eq(HostStep.IDLE), self.outcome.eq(HostOutcome.FLAT)]
        with m.Elif(~flattens & self.taker_has[order.slot]):
            self._refused(m, Refusal.BUSY)
        with m.Else():
            side = Mux(flattens, Mux(held < 0, Side.BUY, Side.SELL), order.side)
            shares = Mux(flattens, Mux(size < most, size, most), order.shares)
            self._offer(m, order, OrderIntentKind.ENTER, side, shares, order.price)
            # A sale of more than is held is a short one whole.
            m.d.sync += self.intents.payload.short.eq(~flattens & (order.side == Side.SELL) & (held < order.shares))
            m.d.sync += self.step.eq(HostStep.SUBMITTING)

    def _offer(self, m, order, kind, side, shares, price) -> None:
        intent = self.intents.payload
        m.d.sync += [
            self.intents.valid.eq(1),
            intent.kind.eq(kind),
            intent.slot.eq(order.slot),
            intent.module.eq(types.Module.HOST),
            intent.role.eq(order.role),
            intent.side.eq(side),
            intent.short.eq(0),
            intent.shares.eq(shares),
            intent.price.eq(price),
            intent.time_in_force.eq(TimeInForce.IMMEDIATE),
            intent.trigger_time.eq(self.card_time),
        ]

    def _work(self, m, sent) -> None:
        """Follow the order to its end."""
        answer, refused = self.answers.payload, self.refusals.payload
        own_row = Signal(8)
        mine = self.answers.valid & (answer.module == types.Module.HOST)
        of_enter = answer.flag == ENTER_LETTER
        with m.If(self.refusals.valid & (refused.module == types.Module.HOST)):
            self._refused(m, refused.refusal)
        with m.If(mine & ~sent & of_enter):
            with m.If(answer.kind == OrderAnswerKind.SENT):
                m.d.sync += [sent.eq(1), own_row.eq(answer.order), self.user_ref.eq(answer.user_ref)]
            with m.If(answer.kind == OrderAnswerKind.REFUSED):
                self._refused(m, answer.refusal)
        told = (answer.kind != OrderAnswerKind.SENT) & (answer.kind != OrderAnswerKind.REFUSED)
        with m.If(mine & sent & told & (answer.order == own_row)):
            m.d.sync += self.executed.eq(answer.chain_executed)
            with m.If(answer.dead):
                rejected = answer.kind == OrderAnswerKind.REJECTED
                m.d.sync += [
                    self.step.eq(HostStep.IDLE),
                    self.outcome.eq(Mux(rejected, HostOutcome.REJECTED, HostOutcome.OVER)),
                ]
