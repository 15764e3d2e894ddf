"""What must hold of the host's orders: a FLATTEN is sized when nothing of its slot can fill, by what is held then."""

from amaranth import Module, Mux, ResetSignal, Signal, signed
from amaranth.hdl import Assert
from amaranth.lib import wiring

from hdl import types
from hdl.risk.judge import MAX_ORDER_SHARES
from hdl.strategy.host_orders import HostOrder, HostOrders, HostStep
from hdl.types import OrderIntentKind, Role, Side, TimeInForce

SLOTS, ROWS = 2, 2


class HostProperties(wiring.Component):
    """The real :class:`~hdl.strategy.host_orders.HostOrders`, two slots and two rows, every input free."""

    def __init__(self):
        super().__init__({})
        self.host = HostOrders(SLOTS, ROWS)
        self.free = [value for _, _, value in self.host.signature.flatten(self.host)]

    def elaborate(self, platform):
        m = Module()
        m.submodules.host = host = self.host
        intent = host.intents.payload
        past_reset = Signal(init=1, reset_less=True)
        step, order = Signal(HostStep, reset_less=True), host._order  # nothing shows the order under way whole
        begun, asked = Signal(reset_less=True), Signal(HostOrder, reset_less=True)
        may_fill, way_free, told = Signal(reset_less=True), Signal(reset_less=True), Signal(reset_less=True)
        of_slot, position = Signal(8, reset_less=True), Signal(signed(32), reset_less=True)
        m.d.sync += [past_reset.eq(ResetSignal()), step.eq(host.step), way_free.eq(host.way_free)]
        m.d.sync += [
            told.eq(host.held_ready),
            of_slot.eq(host.held.slot),
            may_fill.eq((host.held.open_buy != 0) | (host.held.open_sell != 0)),
            position.eq(host.held.position),
        ]
        m.d.sync += [begun.eq(host.go & (host.step == HostStep.IDLE) & ~ResetSignal()), asked.eq(host.order)]
        with m.If(begun):
            m.d.comb += Assert(order.as_value() == asked.as_value())

        at_work = host.step != HostStep.IDLE
        slot = order.slot
        held = Signal(signed(33))
        m.d.comb += held.eq(position)
        flattens = order.role == Role.FLATTEN
        with m.If(at_work):
            m.d.comb += [
                Assert(slot < SLOTS),
                Assert((order.role == Role.ENTRY) | flattens),
                Assert(host.claims.as_value().bit_select(slot[0], 1)),
            ]
        with m.If(host.intents.valid):
            m.d.comb += [
                Assert(at_work),
                Assert(intent.module == types.Module.HOST),
                Assert(intent.slot == slot),
                Assert(intent.role == order.role),
                Assert(intent.time_in_force == TimeInForce.IMMEDIATE),
                Assert((intent.kind == OrderIntentKind.ENTER) | (intent.kind == OrderIntentKind.CANCEL)),
            ]
        offers = (step == HostStep.WAITING) & (host.step == HostStep.SUBMITTING) & ~past_reset
        with m.If(host.intents.valid & (intent.kind == OrderIntentKind.ENTER)):
            m.d.comb += [Assert(host.step == HostStep.SUBMITTING), Assert(intent.price == order.price)]
        with m.If(host.step == HostStep.SUBMITTING):
            m.d.comb += [Assert(host.intents.valid), Assert(intent.kind == OrderIntentKind.ENTER)]
        with m.If(host.step == HostStep.WORKING):
            m.d.comb += Assert(~host.intents.valid)
        with m.If(offers):
            m.d.comb += Assert(way_free)
        with m.If(offers & flattens):
            m.d.comb += [
                Assert(told & (of_slot == slot) & ~may_fill),
                Assert(held != 0),
                Assert((intent.side == Side.BUY) == (held < 0)),
                Assert(intent.shares <= Mux(held < 0, -held, held)),
                Assert(intent.shares <= MAX_ORDER_SHARES),
                Assert((order.shares == 0) | (intent.shares <= order.shares)),
                Assert(~intent.short),
            ]
        return m
