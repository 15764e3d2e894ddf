"""What must hold of the risk gate in every cycle, whatever positions, order port, strategies and host do."""

from amaranth import Module, Mux, ResetSignal, Signal, signed
from amaranth.hdl import Assert
from amaranth.lib import wiring

from hdl.risk.gate import GateConfig, RiskGate
from hdl.risk.positions import OwnOrder
from hdl.types import OrderIntent, OrderIntentKind, Role, Side, SlotFlags

SLOTS = 2
CANCEL_LETTER = ord("X")


def at(array, index):
    """Element of a two-slot array, for any index: a grant of a slot that is none fails another property."""
    return Mux(index[0], array[1], array[0])


class GateProperties(wiring.Component):
    """The real :class:`~hdl.risk.gate.RiskGate`, every input free.

    A verdict is formed in the cycle before ``granted``: flags, positions and limits are those of that cycle. The four
    levels of the card (armed, killed, lease, session) are those of the very cycle.
    """

    def __init__(self):
        super().__init__({})
        self.gate = RiskGate(SLOTS)
        self.free = [value for _, _, value in self.gate.signature.flatten(self.gate)]

    def elaborate(self, platform):
        m = Module()
        m.submodules.gate = gate = self.gate
        item = gate.granted.payload
        began = Signal(reset_less=True)
        flags = [Signal(SlotFlags, name=f"past_flags{i}", reset_less=True) for i in range(SLOTS)]
        position = [Signal(signed(32), name=f"past_position{i}", reset_less=True) for i in range(SLOTS)]
        buy = [Signal(32, name=f"past_buy{i}", reset_less=True) for i in range(SLOTS)]
        sell = [Signal(32, name=f"past_sell{i}", reset_less=True) for i in range(SLOTS)]
        enabled = Signal(SLOTS, reset_less=True)
        config, row = Signal(GateConfig, reset_less=True), Signal(OwnOrder, reset_less=True)
        config_slot, lookup_order = Signal(8, reset_less=True), Signal(8, reset_less=True)
        m.d.sync += [began.eq(1), enabled.eq(gate.enabled), config.eq(gate.config), row.eq(gate.lookup)]
        m.d.sync += [config_slot.eq(gate.config_slot), lookup_order.eq(gate.lookup_order)]
        for i in range(SLOTS):
            m.d.sync += [flags[i].eq(gate.flags[i]), position[i].eq(gate.position[i])]
            m.d.sync += [buy[i].eq(gate.open_buy[i]), sell[i].eq(gate.open_sell[i])]

        cancel = item.kind == OrderIntentKind.CANCEL
        enter = item.kind == OrderIntentKind.ENTER
        trades = gate.granted.valid & ~cancel
        slot, then = item.slot, Signal(SlotFlags)
        m.d.comb += then.as_value().eq(at([f.as_value() for f in flags], slot))
        with m.If(trades):
            m.d.comb += [
                Assert(gate.armed & ~gate.killed & gate.lease_alive & gate.session_up),
                Assert(~gate.unsent),
                Assert(slot < SLOTS),
                Assert(item.price != 0),
            ]
        with m.If(trades & began):
            m.d.comb += [
                Assert(config_slot == slot),
                Assert(lookup_order == item.order),
                Assert(then.bound & ~then.stale),
                Assert(~then.halted),
                Assert(then.market_open & then.opened),
            ]

        # What the order adds, and what could be held then. Written from the rule, not from the gate.
        held = Mux(item.side == Side.SELL, -at(position, slot), at(position, slot))
        could_fill = Mux(item.side == Side.SELL, at(sell, slot), at(buy, slot))
        wanted = Mux(enter, item.shares, Mux(item.shares > row.executed, item.shares - row.executed, 0))[:32]
        counted = Mux(enter, 0, row.counted)
        more = Mux(wanted > counted, wanted - counted, 0)[:32]
        exposure = Signal(signed(40))
        closes = enter & ((item.role == Role.EXIT) | (item.role == Role.FLATTEN)) & (exposure <= 0)
        m.d.comb += exposure.eq(held + could_fill + more)
        with m.If(trades & began & (more != 0) & ~closes):
            m.d.comb += [
                Assert(exposure <= config.max_inventory),
                Assert(exposure <= config.ceiling_inventory),
                Assert(wanted <= config.max_order_size),
                Assert(wanted <= config.ceiling_order_size),
                Assert(enabled.bit_select(slot[0], 1)),
            ]

        # A cancel always passes: taken at once by an idle gate, offered in the next cycle, and until it is accepted.
        due = Signal(reset_less=True)
        offered = Signal(OrderIntent, reset_less=True)
        arrives = gate.intents.valid & gate.intents.ready & ~gate.busy
        waits = gate.granted.valid & ~gate.granted.ready
        with m.If(arrives):
            m.d.sync += [due.eq(gate.intents.payload.kind == OrderIntentKind.CANCEL), offered.eq(gate.intents.payload)]
        with m.Else():
            m.d.sync += [due.eq(waits & cancel), offered.eq(item)]
        m.d.comb += Assert(gate.busy | gate.intents.ready)
        with m.If(due & began & ~self.in_reset(m)):
            m.d.comb += [Assert(gate.granted.valid), Assert(item.as_value() == offered.as_value())]
        return m

    @staticmethod
    def in_reset(m):
        """Whether the cycle before was one of reset: what was inside is gone, and the card is disarmed."""
        past = Signal(init=1, reset_less=True)
        m.d.sync += past.eq(ResetSignal())
        return past
