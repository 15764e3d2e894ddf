"""Verdicts kept ready: an entry that was prepared passes the gate in the cycle it comes."""

from amaranth import Cat, Module, Mux, Signal, signed, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from hdl import types
from hdl.risk.judge import MAX_ORDER_PRICE, SHARE_BITS, CardLevels, CardStops, GateConfig, Judge, level_refusal
from hdl.risk.marks import Mark
from hdl.risk.own_resting import OwnPrices, meets_own
from hdl.risk.repeats import LastEntry
from hdl.types import OrderIntent, OrderIntentKind, Refusal, Role, Side, SlotFlags

__all__ = ["StandingEntry", "StandingVerdicts"]


class StandingEntry(data.Struct):
    """An entry that may be decided in the next cycle, on either side; a sale would be a short one."""

    slot: unsigned(8)
    shares: unsigned(32)


class StandingVerdicts(wiring.Component):
    """Judges the entry that may come in the next cycle, for both sides, and passes it in that cycle or refuses it.

    What takes adders (size, inventory, gross inventory, short sale) and what stops the whole card is judged a cycle
    ahead and registered. What must act at once is looked at again in its own cycle: the levels of the card, the
    flags and the switch of the slot, that nothing granted is still without its SENT, and that the entry is the one that
    was prepared. An entry that is any other than the prepared one is refused as MALFORMED.

    The price comes with the entry, so the collar's edges are prepared and the price is held against them. The value of
    the order is prepared at the far edge of the collar, which no price that passes is beyond; a slot with a limit on
    value and no collar has no such edge, and its entries are refused as NOTIONAL. The prices of own orders are those of
    the cycle before as well: none is added between the two cycles, because nothing is granted in the first.

    The room an entry needs cannot be taken between the two cycles: a grant raises ``unsent`` in the next cycle, which
    refuses the entry as BUSY, and an answer of the exchange adds no exposure to either side.

    Parameters
    ----------
    slots : int
        Symbols followed.

    Ports
    -----
    standing : In(StandingEntry), config : In(GateConfig)
        Prepared for the next cycle; limits of its slot, in the same cycle.
    entries : In(stream, always ready)
        ENTERs of role ENTRY.
    levels, flags, enabled, unsent, stops, broken : In
        As of :class:`~hdl.risk.gate.RiskGate`.
    position, open_buy, open_sell, located : In, mark : In(Mark), last : In(LastEntry), own : In(OwnPrices)
        Of the slot of ``standing``, in the same cycle.
    blocked : In(1)
        Something else is held by the gate.
    ready, table_full : In(1)
        The order port takes an ENTER in this cycle; it has no free row.
    passes : Out(1)
        The entry is granted: in the cycle of the entry, only while ``ready``.
    refused : Out(1), intent : Out(OrderIntent), refusal : Out(Refusal)
        An entry that was not granted, in the cycle after it.

    Latency: none to ``passes``, 1 cycle to ``refused``.
    """

    def __init__(self, slots: int) -> None:
        self._slots = slots
        super().__init__(
            {
                "standing": In(StandingEntry),
                "config": In(GateConfig),
                "entries": In(stream.Signature(OrderIntent, always_ready=True)),
                "levels": In(CardLevels),
                "flags": In(data.ArrayLayout(SlotFlags, slots)),
                "enabled": In(data.ArrayLayout(1, slots)),
                "position": In(signed(32)),
                "open_buy": In(32),
                "open_sell": In(32),
                "located": In(32),
                "unsent": In(1),
                "stops": In(CardStops),
                "broken": In(data.ArrayLayout(1, slots)),
                "mark": In(Mark),
                "last": In(LastEntry),
                "own": In(OwnPrices),
                "blocked": In(1),
                "ready": In(1),
                "table_full": In(1),
                "passes": Out(1),
                "refused": Out(1),
                "intent": Out(OrderIntent),
                "refusal": Out(Refusal),
            }
        )

    def elaborate(self, platform):
        """Build the block."""
        m = Module()
        prepared = Signal(StandingEntry)
        m.d.sync += prepared.eq(self.standing)
        verdicts = {side: self._prepare(m, side) for side in Side}
        outside, dear = self._price(m)
        last = Signal(LastEntry)
        own = Signal(OwnPrices)
        m.d.sync += own.eq(self.own)
        m.d.sync += [last.eq(self.last), last.recent.eq(self.last.recent & (self.last.shares == self.standing.shares))]

        entry = self.entries.payload
        sell = entry.side == Side.SELL
        flags = Signal(SlotFlags)
        enabled, expected, priced, repeated = Signal(), Signal(), Signal(), Signal()
        ahead, now = Signal(Refusal), Signal(Refusal)
        m.d.comb += [
            ahead.eq(Mux(sell, verdicts[Side.SELL], verdicts[Side.BUY])),
            repeated.eq(last.recent & (last.side == entry.side) & (last.price == entry.price)),
            flags.eq(self.flags[prepared.slot]),
            enabled.eq(self.enabled[prepared.slot]),
            expected.eq(
                (entry.kind == OrderIntentKind.ENTER)
                & (entry.role == Role.ENTRY)
                & (entry.slot == prepared.slot)
                & (entry.shares == prepared.shares)
                & (entry.short == sell)
            ),
            priced.eq((entry.price != 0) & (entry.price <= MAX_ORDER_PRICE)),
        ]
        checks = (
            (Refusal.SLOT_DISABLED, ~enabled),
            (Refusal.STALE, flags.stale | ~flags.bound),
            (Refusal.HALTED, flags.halted),
            (Refusal.MARKET_CLOSED, ~flags.market_open | ~flags.opened),
            (ahead, ahead != Refusal.NONE),
            (Refusal.MALFORMED, ~expected | ~priced),
            (Refusal.PRICE_COLLAR, outside),
            (Refusal.REPEATED, repeated),
            (Refusal.NOTIONAL, dear),
            (Refusal.BROKEN_TRADE, self.broken[prepared.slot]),
            (Refusal.OWN_CROSS, meets_own(own, entry.side, entry.price)),
        )
        levels = Signal(Refusal)
        m.d.comb += levels.eq(level_refusal(self.levels))
        checks = ((levels, levels != Refusal.NONE), *checks)
        for refusal, fails in reversed(checks):  # the last statement wins
            with m.If(fails):
                m.d.comb += now.eq(refusal)
        forbidden = Signal(len(checks))
        m.d.comb += [
            # Beside the choice of the reason, so that no order waits for it.
            forbidden.eq(Cat(fails for _, fails in checks)),
            self.passes.eq(self.entries.valid & ~forbidden.any() & ~self.unsent & ~self.blocked & self.ready),
        ]
        m.d.sync += [
            self.refused.eq(self.entries.valid & ~self.passes),
            self.intent.eq(entry),
            self.refusal.eq(Mux(self.table_full, Refusal.TABLE_FULL, Refusal.BUSY)),
        ]
        with m.If(forbidden.any()):
            m.d.sync += self.refusal.eq(now)
        return m

    def _price(self, m: Module):
        """Hold the entry's price against the collar, and its value at the collar's edge against the limit.

        Returns
        -------
        tuple
            Outside the collar, too dear: of the entry, in its cycle, its price the only input that is not a register.
        """
        entry, config = self.entries.payload, self.config
        outside, dear = Signal(), Signal()
        bounded, limited, limit = Signal(), Signal(), Signal(52)
        # Of an entry of more shares than OUCH takes, which is refused for its size, the value means nothing.
        shares = self.standing.shares[:SHARE_BITS]
        reach = Signal(32 + SHARE_BITS)  # what the collar can add to the value
        m.d.sync += [
            bounded.eq(config.collar != 0),
            limited.eq(config.max_notional != 0),
            limit.eq(config.max_notional),
            reach.eq(config.collar * shares),
        ]
        for side, far in ((Side.BUY, self.mark.ask), (Side.SELL, self.mark.bid)):
            judge = getattr(m.submodules, f"judge_{side.name.lower()}")
            lowest, highest = Signal(32, name=f"lowest_{side.name}"), Signal(33, name=f"highest_{side.name}")
            value = Signal(32 + SHARE_BITS, name=f"value_{side.name}")
            m.d.sync += [lowest.eq(judge.lowest), highest.eq(judge.highest), value.eq(far * shares)]
            with m.If(entry.side == side):
                m.d.comb += [
                    outside.eq(bounded & ((entry.price < lowest) | (entry.price > highest))),
                    dear.eq(limited & (~bounded | (value + reach > limit))),
                ]
        return outside, dear

    def _prepare(self, m: Module, side: Side):
        """Judge the standing entry of a side; give the verdict, registered."""
        m.submodules[f"judge_{side.name.lower()}"] = judge = Judge(self._slots)
        slot, intent = self.standing.slot, judge.intent
        # Reset has judged nothing, so it lets nothing pass.
        verdict = Signal(Refusal, name=f"verdict_{side.name.lower()}", init=Refusal.MALFORMED)
        m.d.comb += [
            intent.kind.eq(OrderIntentKind.ENTER),
            intent.slot.eq(slot),
            intent.module.eq(types.Module.TAKER),
            intent.role.eq(Role.ENTRY),
            intent.side.eq(side),
            intent.short.eq(side == Side.SELL),
            intent.shares.eq(self.standing.shares),
            intent.price.eq(1),  # the price itself is looked at when it comes
            judge.levels.eq(self.levels),
            judge.flags.eq(self.flags[slot]),
            judge.enabled.eq(self.enabled[slot]),
            judge.config.eq(self.config),
            judge.position.eq(self.position),
            judge.open_same.eq(self.open_buy if side == Side.BUY else self.open_sell),
            judge.stops.eq(self.stops),
            judge.broken.eq(self.broken[slot]),
            judge.mark.eq(self.mark),
            judge.last.eq(self.last),
            judge.prices_later.eq(1),
            judge.located.eq(self.located),
        ]
        m.d.sync += verdict.eq(judge.verdict)
        return verdict
