"""What must hold of the risk gate in every cycle, whatever positions, order port, strategies and host do."""

from amaranth import Module, Mux, ResetSignal, Signal, signed
from amaranth.hdl import Assert
from amaranth.lib import wiring

from hdl.risk.gate import RiskGate
from hdl.risk.judge import CardStops, GateConfig
from hdl.risk.marks import Mark
from hdl.risk.own_resting import OwnPrices
from hdl.risk.own_rows import OwnOrder
from hdl.risk.standing import StandingEntry
from hdl.types import OrderIntent, OrderIntentKind, Role, Side, SlotFlags

SLOTS = 2


def at(array, index):
    """Element of a two-slot array, for any index: a grant of a slot that is none fails another property."""
    return Mux(index[0], array[1], array[0])


def in_trading(flags):
    """The symbol is bound, its book whole, it is not halted, its market open and its opening cross seen."""
    return flags.bound & ~flags.stale & ~flags.halted & flags.market_open & flags.opened


class GateProperties(wiring.Component):
    """The real :class:`~hdl.risk.gate.RiskGate`, every input free.

    The verdict on an intent is formed in the cycle before ``granted``: flags, positions and limits are those of that
    cycle. A prepared entry is granted by the positions and limits of the cycle before, read for ``standing``, and by
    the flags and the switch of the very cycle. The four levels of the card (armed, killed, lease, session) are those of
    the very cycle for both. A grant must be right by one of the two ways it can have come.
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
        # Of the slot and side that was judged, and of the slot that an entry was prepared for.
        judged_slot, judged_side = Signal(8, reset_less=True), Signal(Side, reset_less=True)
        judged_position, judged_open = Signal(signed(32), reset_less=True), Signal(32, reset_less=True)
        standing_slot, standing_position = Signal(8, reset_less=True), Signal(signed(32), reset_less=True)
        standing_buy, standing_sell = Signal(32, reset_less=True), Signal(32, reset_less=True)
        located = Signal(32, reset_less=True)
        judged, prepares = gate.judged, gate.standing_held
        m.d.sync += [
            *(judged_slot.eq(judged.slot), judged_side.eq(judged.side)),
            *(judged_position.eq(judged.position), judged_open.eq(judged.open), located.eq(gate.located)),
            *(standing_slot.eq(prepares.slot), standing_position.eq(prepares.position)),
            *(standing_buy.eq(prepares.open_buy), standing_sell.eq(prepares.open_sell)),
        ]
        enabled = Signal(SLOTS, reset_less=True)
        config, row = Signal(GateConfig, reset_less=True), Signal(OwnOrder, reset_less=True)
        config_slot, lookup_order = Signal(8, reset_less=True), Signal(8, reset_less=True)
        m.d.sync += [began.eq(1), enabled.eq(gate.enabled), config.eq(gate.config), row.eq(gate.lookup)]
        m.d.sync += [config_slot.eq(gate.config_slot), lookup_order.eq(gate.lookup_order)]
        standing, standing_config = Signal(StandingEntry, reset_less=True), Signal(GateConfig, reset_less=True)
        m.d.sync += [standing.eq(gate.standing), standing_config.eq(gate.standing_config)]
        mark, standing_mark = Signal(Mark, reset_less=True), Signal(Mark, reset_less=True)
        stops = Signal(CardStops, reset_less=True)
        broken = Signal(SLOTS, reset_less=True)
        m.d.sync += broken.eq(gate.broken)
        m.d.sync += [mark.eq(gate.mark), standing_mark.eq(gate.standing_mark), stops.eq(gate.stops)]
        for i in range(SLOTS):
            m.d.sync += flags[i].eq(gate.flags[i])

        cancel = item.kind == OrderIntentKind.CANCEL
        enter = item.kind == OrderIntentKind.ENTER
        trades = gate.granted.valid & ~cancel
        slot, then, now = item.slot, Signal(SlotFlags), Signal(SlotFlags)
        m.d.comb += then.as_value().eq(at([f.as_value() for f in flags], slot))
        m.d.comb += now.as_value().eq(at([f.as_value() for f in gate.flags], slot))
        looked_up = ((config_slot == slot) & (lookup_order == item.order)) & (
            (judged_slot == slot) & (judged_side == item.side)
        )
        prepared = Signal()
        m.d.comb += prepared.eq(
            (gate.entries.valid & (item.as_value() == gate.entries.payload.as_value()))
            & (enter & (item.role == Role.ENTRY) & (item.short == (item.side == Side.SELL)))
            & ((standing.slot == slot) & (standing.shares == item.shares) & (standing_slot == slot))
        )
        with m.If(trades):
            m.d.comb += [
                Assert(gate.armed & ~gate.killed & gate.lease_alive & gate.session_up),
                Assert(~gate.unsent),
                Assert(slot < SLOTS),
                Assert(item.price != 0),
            ]
        with m.If(trades & began):
            m.d.comb += Assert((looked_up & in_trading(then)) | (prepared & in_trading(now)))
            m.d.comb += Assert(
                (looked_up & ~broken.bit_select(slot[0], 1))
                | (prepared & ~gate.broken.as_value().bit_select(slot[0], 1))
            )

        # No order meets an own one of the other side; the prices of these are as positions are.
        own, standing_own = Signal(OwnPrices, reset_less=True), Signal(OwnPrices, reset_less=True)
        m.d.sync += [own.eq(gate.own), standing_own.eq(gate.standing_own)]

        def apart(prices):
            buys = (prices.ask == 0) | (item.price < prices.ask)
            return Mux(item.side == Side.SELL, item.price > prices.bid, buys)

        with m.If(trades & began):
            m.d.comb += Assert((looked_up & apart(own)) | (prepared & apart(standing_own)))

        # What the order adds, and what could be held then. Written from the rule, not from the gate.
        sells = item.side == Side.SELL
        wanted = Mux(enter, item.shares, Mux(item.shares > row.executed, item.shares - row.executed, 0))[:32]
        counted = Mux(enter, 0, row.counted)
        more = Mux(wanted > counted, wanted - counted, 0)[:32]
        exposure, prepared_exposure = Signal(signed(40)), Signal(signed(40))
        closes = enter & ((item.role == Role.EXIT) | (item.role == Role.FLATTEN)) & looked_up & (exposure <= 0)
        m.d.comb += [
            exposure.eq(Mux(sells, -judged_position, judged_position) + judged_open + more),
            prepared_exposure.eq(
                Mux(sells, standing_sell - standing_position, standing_buy + standing_position) + more
            ),
        ]

        def within(exposure, limits, switch, seen):
            far = Mux(item.side == Side.SELL, seen.bid, seen.ask)
            return (
                ((exposure <= limits.max_inventory) & (exposure <= limits.ceiling_inventory))
                & ((wanted <= limits.max_order_size) & (wanted <= limits.ceiling_order_size))
                & switch.bit_select(slot[0], 1)
                & ((limits.collar == 0) | ((far != 0) & near(far, limits.collar) & near_trade(seen, limits.collar)))
            )

        def near(price, distance):
            return (item.price <= price + distance) & (item.price + distance >= price)

        def near_trade(seen, distance):
            return (seen.last == 0) | near(seen.last, distance)

        with m.If(trades & began & (item.role == Role.FLATTEN)):
            m.d.comb += [Assert(enter), Assert((more == 0) | (looked_up & (exposure <= 0)))]
        with m.If(trades & began & (more != 0) & ~closes):
            m.d.comb += Assert(
                (looked_up & in_trading(then) & within(exposure, config, enabled, mark))
                | (
                    (prepared & in_trading(now))
                    & within(prepared_exposure, standing_config, gate.enabled.as_value(), standing_mark)
                )
            )
            m.d.comb += [
                Assert(~stops.order_rate & ~stops.daily_loss & ~(enter & stops.open_orders)),
                Assert((stops.max_gross == 0) | (stops.gross + more <= stops.max_gross)),
            ]

        # A Modify makes a long sale a short one: only where a short sale may be sent, and never a larger one.
        with m.If(trades & began & (item.kind == OrderIntentKind.MODIFY)):
            m.d.comb += [
                Assert(item.short & (item.side == Side.SELL) & (more == 0)),
                Assert(looked_up & config.short_allowed & ~then.short_restricted),
                Assert(judged_open <= located),
            ]

        # A cancel always passes, whatever else is inside: taken at once unless another one waits, offered in the next
        # cycle, and until it is accepted. So nothing that can be refused or held is ever in its way.
        due = Signal(reset_less=True)
        offered = Signal(OrderIntent, reset_less=True)
        comes = gate.intents.valid & (gate.intents.payload.kind == OrderIntentKind.CANCEL)
        waits = gate.granted.valid & cancel
        with m.If(comes & gate.intents.ready):
            m.d.sync += [due.eq(1), offered.eq(gate.intents.payload)]
        with m.Else():
            m.d.sync += [due.eq(waits & ~gate.granted.ready), offered.eq(item)]
        m.d.comb += Assert(gate.busy | gate.intents.ready)
        with m.If(comes & ~gate.intents.ready):
            m.d.comb += Assert(waits)
        with m.If(due & began & ~self.in_reset(m)):
            m.d.comb += [Assert(gate.granted.valid), Assert(item.as_value() == offered.as_value())]
        return m

    @staticmethod
    def in_reset(m):
        """Whether the cycle before was one of reset: what was inside is gone, and the card is disarmed."""
        past = Signal(init=1, reset_less=True)
        m.d.sync += past.eq(ResetSignal())
        return past
