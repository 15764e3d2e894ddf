"""The risk gate: every order passes it, and every order it refuses has a reason with a number."""

from amaranth import Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from hdl.risk.judge import PRICE_BITS, SHARE_BITS, CardLevels, CardStops, GateConfig, Judge, level_refusal
from hdl.risk.marks import Mark
from hdl.risk.own_resting import OwnPrices
from hdl.risk.own_rows import OwnOrder
from hdl.risk.positions import ENTER_LETTER, MODIFY_LETTER, REPLACE_LETTER, held_signature, judged_signature
from hdl.risk.repeats import LastEntry
from hdl.risk.standing import StandingEntry, StandingVerdicts
from hdl.types import OrderAnswer, OrderAnswerKind, OrderIntent, OrderIntentKind, Refusal, Role, SlotFlags, TimeInForce

__all__ = ["RiskGate"]

_HELD = ("position", "open_buy", "open_sell")


class RiskGate(wiring.Component):
    """Passes an intent to the order port, or refuses it.

    The verdict on an intent is given one cycle after it is taken, always. A prepared entry (``standing``, then
    ``entries``) is granted in the very cycle it comes, or refused one cycle after; see
    :class:`~hdl.risk.standing.StandingVerdicts`. Checks, and the refusal they give; the lowest number wins
    (``hdl.types.Refusal``):

    * every ENTER, REPLACE and MODIFY: armed, not killed, lease alive, order session up; the slot bound and not stale,
      not halted, its market open and its opening cross seen; no trade of it broken; the request makes sense; it meets
      no own order; one of role FLATTEN only reduces the position;
    * ENTER and REPLACE that raise the exposure, as well: slot enabled, order size, inventory counting everything that
      could still fill on that side, short sale, price collar, order rate, repetition, number of open orders, gross
      inventory, daily loss, value;
    * MODIFY, which makes a long sale a short one and never larger: short sale, as well;
    * CANCEL: nothing. A cancel always passes.

    An ENTER of role EXIT or FLATTEN that can only reduce the position, and a REPLACE within what its chain already
    counts for, raise no exposure: a lowered limit or a disabled slot never keeps the card from getting out.

    A sale that is not marked short must be covered by the position less what is already on sale; otherwise it is
    refused as SHORT_SALE, because it would be a short sale without saying so. One that is marked needs as many located
    shares as would then be on sale, whatever kind of sale the others are.

    A CANCEL has a place of its own and goes before everything: it never waits behind an order that a check or the order
    port holds up, only behind the transmitter and another CANCEL.

    An entry (role ENTRY or QUOTE) that the order port cannot take in the cycle of its verdict is refused: TABLE_FULL
    where no row is free, BUSY otherwise, or where a CANCEL goes first. Anything else is held until the order port is
    ready, and is judged again in every cycle it waits. Whatever is held, ``granted`` is combinationally masked by the
    armed, killed, lease and session levels: nothing begins in a cycle in which one of them forbids it. A prepared entry
    is masked by the flags and the switch of its slot as well.

    Parameters
    ----------
    slots : int
        Symbols followed.

    Ports
    -----
    intents : In(stream)
        ``ready`` looks at the payload: entries are always taken (and refused BUSY while something is held), a CANCEL
        unless another one waits.
    standing : In(StandingEntry), entries : In(stream, always ready)
        The entry that may come in the next cycle, and the one that comes. Nothing else is held or without its SENT:
        granted at once, if its verdict is good.
    standing_config : In(GateConfig)
        Limits of the slot of ``standing``, in the same cycle.
    granted : Out(stream)
        To the order port. ``valid`` may fall again without a handshake where a check fails meanwhile.
    refusals : Out(stream, always ready)
        An :class:`~hdl.types.OrderAnswer` of kind REFUSED; ``flag`` is the OUCH letter of what was refused
        (``O``, ``U``, ``M``), ``open`` and ``dead`` mean nothing.
    refusal_short, refusal_immediate : Out(1)
        Of the intent refused, for the record.
    armed, killed, lease_alive, session_up : In(1)
        Levels.
    flags : In(array of SlotFlags), enabled : In(array of 1)
        State of the slots.
    located, standing_located : In(32)
        Shares located for short sales in the slots of ``config_slot`` and ``standing``, in the same cycle.
    judged : Out(judged_signature), standing_held : Out(held_signature)
        What :class:`~hdl.risk.positions.Positions` says of these slots.
    lookup_order : Out(8), lookup : In(OwnOrder), unsent : In(1)
        From the same.
    table_full : In(1)
        The order port has no free row.
    stops : In(CardStops), broken : In(array of 1)
        What keeps the whole card from raising its exposure; slots in which a trade was broken.
    mark, standing_mark : In(Mark), last, standing_last : In(LastEntry), own, standing_own : In(OwnPrices)
        Of the slots of ``config_slot`` and ``standing``, in the same cycle.
    config_slot : Out(8), config : In(GateConfig)
        Limits of the slot, in the same cycle.
    permits : Out(array of 1)
        An order that raises no exposure would pass, by the levels and the flags of the slot.
    holding : Out(1)
        An exit or a REPLACE waits for the order port: another such intent is not taken now, a CANCEL is.
    busy : Out(1)
        An intent or a refusal is inside.

    Latency: ``granted`` or ``refusals`` 1 cycle after ``intents``; ``granted`` in the cycle of ``entries``, or
    ``refusals`` 1 cycle after. A refusal of an intent waits a cycle for one of an entry.
    """

    def __init__(self, slots: int) -> None:
        if not 1 <= slots <= 64:
            raise ValueError(f"a card has 1 to 64 slots, not {slots!r}")
        self.slots = slots
        super().__init__(
            {
                "intents": In(stream.Signature(OrderIntent)),
                "standing": In(StandingEntry),
                "standing_config": In(GateConfig),
                "entries": In(stream.Signature(OrderIntent, always_ready=True)),
                "granted": Out(stream.Signature(OrderIntent)),
                "refusals": Out(stream.Signature(OrderAnswer, always_ready=True)),
                "refusal_short": Out(1),
                "refusal_immediate": Out(1),
                "armed": In(1),
                "killed": In(1),
                "lease_alive": In(1),
                "session_up": In(1),
                "flags": In(data.ArrayLayout(SlotFlags, slots)),
                "enabled": In(data.ArrayLayout(1, slots)),
                "judged": Out(judged_signature()),
                "standing_held": Out(held_signature()),
                "located": In(32),
                "standing_located": In(32),
                "lookup_order": Out(8),
                "lookup": In(OwnOrder),
                "unsent": In(1),
                "table_full": In(1),
                "stops": In(CardStops),
                "broken": In(data.ArrayLayout(1, slots)),
                "mark": In(Mark),
                "standing_mark": In(Mark),
                "last": In(LastEntry),
                "standing_last": In(LastEntry),
                "own": In(OwnPrices),
                "standing_own": In(OwnPrices),
                "config_slot": Out(8),
                "config": In(GateConfig),
                "permits": Out(data.ArrayLayout(1, slots)),
                "holding": Out(1),
                "busy": Out(1),
            }
        )

    def elaborate(self, platform):
        """Build the block."""
        m = Module()
        levels = Signal(CardLevels)
        card_permits = Signal()
        m.d.comb += [
            *(
                getattr(levels, name).eq(getattr(self, name))
                for name in ("armed", "killed", "lease_alive", "session_up")
            ),
            card_permits.eq(self.armed & ~self.killed & self.lease_alive & self.session_up),
        ]
        for i in range(self.slots):
            slot = self.flags[i]
            trades = slot.bound & ~slot.stale & ~slot.halted & slot.opened & slot.market_open
            m.d.comb += self.permits[i].eq(card_permits & trades & ~self.broken[i])

        item, item_valid = Signal(OrderIntent), Signal()
        reason = Signal(Refusal)  # of the item, as of the cycle before
        judged = Signal(Refusal)  # all of that but its value, whose product and limit are registered beside it
        # Of what is refused for its price or its shares anyhow the product means nothing.
        worth, limit = Signal(SHARE_BITS + PRICE_BITS), Signal(52)
        limited = Signal()
        bounced, bounced_valid = Signal(OrderIntent), Signal()  # an entry that came while something was held
        kept_cancel, cancel, cancel_valid = Signal(OrderIntent), Signal(OrderIntent), Signal()
        m.submodules.prepared = prepared = self._prepared(m, levels, item_valid | cancel_valid)

        entry = _is_entry(item)
        verdict = Signal(Refusal)
        granted = Signal()
        leaves = Signal()
        item_passes = item_valid & ~cancel_valid & (reason == Refusal.NONE) & card_permits & ~self.unsent
        m.d.comb += [
            verdict.eq(reason),
            cancel.eq(kept_cancel),
            cancel.kind.eq(OrderIntentKind.CANCEL),  # a constant: nothing else can ever leave by this way
            self.granted.payload.eq(Mux(cancel_valid, cancel, Mux(item_valid, item, self.entries.payload))),
            self.granted.valid.eq(cancel_valid | item_passes | prepared.passes),
            granted.eq(item_passes & self.granted.ready),
            self.holding.eq(item_valid & ~entry),
            self.busy.eq(item_valid | cancel_valid | bounced_valid | prepared.refused),
        ]
        # A level that fell since the verdict was formed: the reason is formed again in this cycle, so wait for it,
        # unless the item is an entry, which never waits.
        with m.If(entry & (reason == Refusal.NONE)):
            with m.If(~card_permits):
                m.d.comb += verdict.eq(level_refusal(levels))
            with m.Elif(self.unsent | cancel_valid | ~self.granted.ready):
                m.d.comb += verdict.eq(Mux(self.table_full, Refusal.TABLE_FULL, Refusal.BUSY))
        refused = Signal()
        m.d.comb += [
            # One refusal a cycle: that of a prepared entry goes first.
            refused.eq(item_valid & ~granted & (verdict != Refusal.NONE) & ~prepared.refused),
            leaves.eq(granted | refused),
        ]

        # Taking intents. An entry never waits behind something held: it comes back as BUSY.
        arriving = self.intents.payload
        cancels = arriving.kind == OrderIntentKind.CANCEL
        arrives = self.intents.valid & self.intents.ready & ~cancels
        m.d.comb += self.intents.ready.eq(
            Mux(cancels, ~cancel_valid, ~item_valid | (_is_entry(arriving) & ~bounced_valid))
        )
        with m.If(cancel_valid & self.granted.ready):
            m.d.sync += cancel_valid.eq(0)
        with m.If(self.intents.valid & self.intents.ready & cancels):
            m.d.sync += [cancel_valid.eq(1), kept_cancel.eq(arriving)]
        subject = Signal(OrderIntent)
        m.d.comb += subject.eq(Mux(item_valid, item, arriving))
        with m.If(~item_valid):
            m.d.sync += [item_valid.eq(arrives), item.eq(arriving)]
        with m.Elif(leaves):
            m.d.sync += item_valid.eq(0)
        judge = self._judge(m, subject, levels)
        m.d.sync += [
            judged.eq(judge.verdict),
            worth.eq(subject.shares[:SHARE_BITS] * subject.price[:PRICE_BITS]),
            limit.eq(self.config.max_notional),
            limited.eq(judge.raises & (self.config.max_notional != 0)),
        ]
        m.d.comb += reason.eq(judged)
        with m.If((judged == Refusal.NONE) & limited & (worth > limit)):
            m.d.comb += reason.eq(Refusal.NOTIONAL)

        with m.If(arrives & item_valid):
            m.d.sync += [bounced_valid.eq(1), bounced.eq(arriving)]
        with m.Elif(~refused & ~prepared.refused):
            m.d.sync += bounced_valid.eq(0)
        self._refuse(
            m,
            Mux(prepared.refused, prepared.intent, Mux(refused, item, bounced)),
            Mux(prepared.refused, prepared.refusal, Mux(refused, verdict, Refusal.BUSY)),
        )
        m.d.comb += self.refusals.valid.eq(refused | bounced_valid | prepared.refused)
        return m

    def _prepared(self, m, levels, blocked) -> StandingVerdicts:
        """Wire the verdicts on prepared entries."""
        prepared = StandingVerdicts(self.slots)
        m.d.comb += [
            prepared.config.eq(self.standing_config),
            prepared.mark.eq(self.standing_mark),
            prepared.last.eq(self.standing_last),
            prepared.own.eq(self.standing_own),
            self.standing_held.slot.eq(self.standing.slot),
            *(getattr(prepared, name).eq(getattr(self.standing_held, name)) for name in _HELD),
            prepared.located.eq(self.standing_located),
            prepared.entries.valid.eq(self.entries.valid),
            prepared.entries.payload.eq(self.entries.payload),
            prepared.levels.eq(levels),
            prepared.blocked.eq(blocked),
            prepared.ready.eq(self.granted.ready),
            *(
                getattr(prepared, name).eq(getattr(self, name))
                for name in (
                    "standing",
                    "flags",
                    "enabled",
                    "unsent",
                    "table_full",
                    "stops",
                    "broken",
                )
            ),
        ]
        return prepared

    def _judge(self, m, intent, levels) -> Judge:
        """Judge ``intent`` by everything but the order port's readiness and its value, combinational."""
        m.submodules.judge = judge = Judge(self.slots)
        m.d.comb += [
            self.config_slot.eq(intent.slot),
            self.lookup_order.eq(intent.order),
            judge.intent.eq(intent),
            judge.levels.eq(levels),
            judge.flags.eq(self.flags[intent.slot]),
            judge.enabled.eq(self.enabled[intent.slot]),
            judge.config.eq(self.config),
            self.judged.slot.eq(intent.slot),
            self.judged.side.eq(intent.side),
            judge.position.eq(self.judged.position),
            judge.open_same.eq(self.judged.open),
            judge.located.eq(self.located),
            judge.row.eq(self.lookup),
            judge.stops.eq(self.stops),
            judge.broken.eq(self.broken[intent.slot]),
            judge.mark.eq(self.mark),
            judge.last.eq(self.last),
            judge.own.eq(self.own),
        ]
        return judge

    def _refuse(self, m, intent, refusal) -> None:
        """Fill the refusal of ``intent``."""
        shown = Signal(OrderIntent)
        answer = self.refusals.payload
        m.d.comb += [
            shown.eq(intent),
            answer.kind.eq(OrderAnswerKind.REFUSED),
            answer.slot.eq(shown.slot),
            answer.module.eq(shown.module),
            answer.role.eq(shown.role),
            answer.side.eq(shown.side),
            answer.order.eq(shown.order),
            answer.shares.eq(shown.shares),
            answer.price.eq(shown.price),
            answer.refusal.eq(refusal),
            answer.cause.eq(shown.cause),
            answer.exchange_time.eq(shown.exchange_time),
            answer.flag.eq(
                Mux(
                    shown.kind == OrderIntentKind.ENTER,
                    ENTER_LETTER,
                    Mux(shown.kind == OrderIntentKind.MODIFY, MODIFY_LETTER, REPLACE_LETTER),
                )
            ),
            self.refusal_short.eq(shown.short),
            self.refusal_immediate.eq(shown.time_in_force == TimeInForce.IMMEDIATE),
        ]


def _is_entry(intent):
    """An ENTER that opens: worth nothing unless it leaves at once."""
    return (intent.kind == OrderIntentKind.ENTER) & ((intent.role == Role.ENTRY) | (intent.role == Role.QUOTE))
