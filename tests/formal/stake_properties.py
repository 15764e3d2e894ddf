"""What must hold of the gate and the positions together: no grant takes room that another has taken."""

from amaranth import Module, Mux, ResetSignal, Signal, signed
from amaranth.hdl import Assert
from amaranth.lib import wiring

from hdl.risk.gate import RiskGate
from hdl.risk.judge import GateConfig
from hdl.risk.positions import Positions
from hdl.types import OrderAnswerKind, OrderIntentKind, Role, Side


class StakeProperties(wiring.Component):
    """The real gate and positions, one slot and two rows, wired as in the engine; all else is free.

    Answers are free as well. What an answer does to the totals is believed, so room is looked at where no answer came
    in the cycle of the verdict; that an answer's totals are right is the order port's part, and the tests'.
    """

    def __init__(self):
        super().__init__({})
        self.gate, self.positions = RiskGate(1), Positions(1, 2)
        gate, positions = self.gate, self.positions
        self.free = [
            *(gate.intents.valid, gate.intents.payload.as_value(), gate.granted.ready, gate.table_full),
            *(gate.armed, gate.killed, gate.lease_alive, gate.session_up, gate.config.as_value()),
            *(gate.flags.as_value(), gate.enabled.as_value()),
            *(gate.standing.as_value(), gate.entries.valid, gate.entries.payload.as_value()),
            *(positions.answers.valid, positions.answers.payload.as_value()),
            *(positions.fee_remove, positions.fee_add, positions.commission),
        ]

    def elaborate(self, platform):
        m = Module()
        m.submodules.gate, m.submodules.positions = gate, positions = self.gate, self.positions
        granted, answer = gate.granted, positions.answers.payload
        grants = granted.valid & granted.ready
        item = granted.payload
        wiring.connect(m, gate.judged, positions.judged)
        wiring.connect(m, gate.standing_held, positions.standing)
        m.d.comb += [
            positions.lookup_order.eq(gate.lookup_order),
            gate.lookup.eq(positions.lookup),
            gate.unsent.eq(positions.unsent),
            gate.standing_config.eq(gate.config),  # one slot has one row of limits
            positions.grants.payload.eq(item),
            positions.grants.valid.eq(grants),
        ]
        enter = item.kind == OrderIntentKind.ENTER
        sells = item.side == Side.SELL
        past_reset = Signal(init=1, reset_less=True)
        quiet = Signal(reset_less=True)  # no answer in the cycle before
        config = Signal(GateConfig, reset_less=True)
        m.d.sync += [past_reset.eq(ResetSignal()), quiet.eq(~positions.answers.valid), config.eq(gate.config)]

        held = positions.shown  # of the only slot
        # At a grant, with what stands in that very cycle: position and all that could fill, and this order as well.
        side_held = Mux(sells, -held.position, held.position)
        could_fill = Mux(sells, held.open_sell, held.open_buy)
        exposure = Signal(signed(40))
        closes = ((item.role == Role.EXIT) | (item.role == Role.FLATTEN)) & (exposure <= 0)
        replaces = item.kind == OrderIntentKind.REPLACE
        row = gate.lookup
        wanted = Mux(item.shares > row.executed, item.shares - row.executed, 0)[:32]
        raised = Mux(wanted > row.counted, wanted - row.counted, 0)[:32]
        adds = Signal(32)  # a Replace of an order that died since the verdict adds nothing: the order port refuses it
        m.d.comb += [
            adds.eq(Mux(enter, item.shares, Mux(replaces & row.live, raised, 0))),
            exposure.eq(side_held + could_fill + adds),
        ]
        with m.If(granted.valid & (adds != 0) & quiet & ~past_reset & ~(enter & closes)):
            m.d.comb += [Assert(exposure <= config.max_inventory), Assert(exposure <= config.ceiling_inventory)]

        # A grant counts from the next cycle on, an execution is counted once, and nothing else moves the numbers.
        past_fresh, past_sells, shares = Signal(reset_less=True), Signal(reset_less=True), Signal(32, reset_less=True)
        buy, sell = Signal(32, reset_less=True), Signal(32, reset_less=True)
        position, filled = Signal(signed(32), reset_less=True), Signal(signed(34), reset_less=True)
        fills = positions.answers.valid & (answer.kind == OrderAnswerKind.EXECUTED) & (answer.slot == 0)
        m.d.sync += [
            past_fresh.eq(grants & (enter | replaces)),
            past_sells.eq(sells),
            shares.eq(adds),
            buy.eq(held.open_buy),
            sell.eq(held.open_sell),
            position.eq(held.position),
            filled.eq(Mux(fills, Mux(answer.side == Side.SELL, -answer.shares, answer.shares), 0)),
        ]
        with m.If(past_reset):
            m.d.comb += [Assert(held.open_buy == 0), Assert(held.open_sell == 0)]
            m.d.comb += [Assert(held.position == 0), Assert(~positions.unsent)]
        with m.Else():
            m.d.comb += Assert(held.position == (position + filled)[:32].as_signed())
            with m.If(quiet):
                m.d.comb += [
                    Assert(held.open_buy == (buy + Mux(past_fresh & ~past_sells, shares, 0))[:32]),
                    Assert(held.open_sell == (sell + Mux(past_fresh & past_sells, shares, 0))[:32]),
                ]
            with m.If(past_fresh):
                m.d.comb += Assert(positions.unsent)
        return m
