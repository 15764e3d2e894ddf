"""The risk gate: every order passes it, and every order it refuses has a reason with a number."""

from amaranth import Module, Mux, Signal, signed, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from hdl.risk.positions import CANCEL_LETTER, ENTER_LETTER, REPLACE_LETTER, OwnOrder
from hdl.types import (
    OrderAnswer,
    OrderAnswerKind,
    OrderIntent,
    OrderIntentKind,
    Refusal,
    Role,
    Side,
    SlotFlags,
    TimeInForce,
)

__all__ = ["MAX_ORDER_PRICE", "MAX_ORDER_SHARES", "GateConfig", "RiskGate"]

#: OUCH 5.0: a quantity is below one million, a price at most 199,999.9900 dollars.
MAX_ORDER_SHARES = 999_999
MAX_ORDER_PRICE = 1_999_999_900


class GateConfig(data.Struct):
    """Limits of one slot; the gate uses the smaller of a limit and its ceiling."""

    max_inventory: unsigned(31)
    max_order_size: unsigned(31)
    ceiling_inventory: unsigned(31)
    ceiling_order_size: unsigned(31)
    short_allowed: unsigned(1)


class RiskGate(wiring.Component):
    """Passes an intent to the order port, or refuses it.

    The verdict is given one cycle after the intent is taken, always. Checks, and the refusal they give; the lowest
    number wins (``hdl.types.Refusal``):

    * every ENTER and REPLACE: armed, not killed, lease alive, order session up; the slot bound and not stale, not
      halted, its market open and its opening cross seen; the request makes sense;
    * ENTER and REPLACE that raise the exposure, as well: slot enabled, order size, inventory counting everything that
      could still fill on that side, short sale;
    * CANCEL: nothing. A cancel always passes.

    An ENTER of role EXIT or FLATTEN that can only reduce the position, and a REPLACE within what its chain already
    counts for, raise no exposure: a lowered limit or a disabled slot never keeps the card from getting out.

    A sale that is not marked short must be covered by the position less what is already on sale; otherwise it is
    refused as SHORT_SALE, because it would be a short sale without saying so.

    An entry (role ENTRY or QUOTE) that the order port cannot take in the cycle of its verdict is refused: TABLE_FULL
    where no row is free, BUSY otherwise. Anything else is held until the order port is ready, and is judged
    again in every cycle it waits. Whatever is held, ``granted`` is combinationally masked by the armed, killed, lease
    and session levels: nothing begins in a cycle in which one of them forbids it.

    Parameters
    ----------
    slots : int
        Symbols followed.

    Ports
    -----
    intents : In(stream)
        ``ready`` looks at the payload: entries are always taken (and refused BUSY while something is held).
    granted : Out(stream)
        To the order port. ``valid`` may fall again without a handshake where a check fails meanwhile.
    refusals : Out(stream, always ready)
        An :class:`~hdl.types.OrderAnswer` of kind REFUSED; ``flag`` is the OUCH letter of what was refused
        (``O``, ``U``), ``open`` and ``dead`` mean nothing.
    refusal_short, refusal_immediate : Out(1)
        Of the intent refused, for the record.
    armed, killed, lease_alive, session_up : In(1)
        Levels.
    flags : In(array of SlotFlags), enabled : In(array of 1)
        State of the slots.
    position, open_buy, open_sell : In(arrays), lookup_order : Out(8), lookup : In(OwnOrder), unsent : In(1)
        From :class:`~hdl.risk.positions.Positions`.
    table_full : In(1)
        The order port has no free row.
    config_slot : Out(8), config : In(GateConfig)
        Limits of the slot, in the same cycle.
    permits : Out(array of 1)
        An order that raises no exposure would pass, by the levels and the flags of the slot.
    holding : Out(1)
        Something that is not an entry waits for the order port: another such intent is not taken now.
    busy : Out(1)
        An intent or a refusal is inside.

    Latency: ``granted`` or ``refusals`` 1 cycle after ``intents``.
    """

    def __init__(self, slots: int) -> None:
        if not 1 <= slots <= 64:
            raise ValueError(f"a card has 1 to 64 slots, not {slots!r}")
        self.slots = slots
        super().__init__(
            {
                "intents": In(stream.Signature(OrderIntent)),
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
                "position": In(data.ArrayLayout(signed(32), slots)),
                "open_buy": In(data.ArrayLayout(32, slots)),
                "open_sell": In(data.ArrayLayout(32, slots)),
                "lookup_order": Out(8),
                "lookup": In(OwnOrder),
                "unsent": In(1),
                "table_full": In(1),
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
        card_permits = Signal()
        m.d.comb += card_permits.eq(self.armed & ~self.killed & self.lease_alive & self.session_up)
        for i in range(self.slots):
            slot = self.flags[i]
            trades = slot.bound & ~slot.stale & ~slot.halted & slot.opened & slot.market_open
            m.d.comb += self.permits[i].eq(card_permits & trades)

        item, item_valid = Signal(OrderIntent), Signal()
        reason = Signal(Refusal)  # of the item, as of the cycle before
        bounced, bounced_valid = Signal(OrderIntent), Signal()  # an entry that came while something was held

        entry = _is_entry(item)
        cancel = item.kind == OrderIntentKind.CANCEL
        verdict = Signal(Refusal)
        granted = Signal()
        leaves = Signal()
        m.d.comb += [
            verdict.eq(reason),
            self.granted.payload.eq(item),
            self.granted.valid.eq(item_valid & (cancel | ((reason == Refusal.NONE) & card_permits & ~self.unsent))),
            granted.eq(self.granted.valid & self.granted.ready),
            self.holding.eq(item_valid & ~entry),
            self.busy.eq(item_valid | bounced_valid),
        ]
        # A level that fell since the verdict was formed: the reason is formed again in this cycle, so wait for it,
        # unless the item is an entry, which never waits.
        with m.If(entry & ~cancel & (reason == Refusal.NONE)):
            with m.If(~card_permits):
                m.d.comb += verdict.eq(self._level_refusal())
            with m.Elif(self.unsent | ~self.granted.ready):
                m.d.comb += verdict.eq(Mux(self.table_full, Refusal.TABLE_FULL, Refusal.BUSY))
        refused = Signal()
        m.d.comb += [
            refused.eq(item_valid & ~granted & ~cancel & (verdict != Refusal.NONE)),
            leaves.eq(granted | refused),
        ]

        # Taking intents. An entry never waits behind something held: it comes back as BUSY.
        arriving = self.intents.payload
        arrives = self.intents.valid & self.intents.ready
        m.d.comb += self.intents.ready.eq(~item_valid | (_is_entry(arriving) & ~bounced_valid))
        subject = Signal(OrderIntent)
        m.d.comb += subject.eq(Mux(item_valid, item, arriving))
        with m.If(~item_valid):
            m.d.sync += [item_valid.eq(arrives), item.eq(arriving)]
        with m.Elif(leaves):
            m.d.sync += item_valid.eq(0)
        m.d.sync += reason.eq(self._judge(m, subject))

        with m.If(arrives & item_valid):
            m.d.sync += [bounced_valid.eq(1), bounced.eq(arriving)]
        with m.Elif(~refused):
            m.d.sync += bounced_valid.eq(0)
        self._refuse(m, Mux(refused, item, bounced), Mux(refused, verdict, Refusal.BUSY))
        m.d.comb += self.refusals.valid.eq(refused | bounced_valid)
        return m

    def _level_refusal(self):
        """Refusal that the four levels of the card give now; meaningful where one of them forbids."""
        return Mux(
            ~self.armed & ~self.killed,
            Refusal.NOT_ARMED,
            Mux(self.killed, Refusal.KILLED, Mux(~self.lease_alive, Refusal.NO_LEASE, Refusal.SESSION_DOWN)),
        )

    def _judge(self, m, intent):
        """Refusal of ``intent`` by everything but the order port's readiness, combinational."""
        enter = intent.kind == OrderIntentKind.ENTER
        replace = intent.kind == OrderIntentKind.REPLACE
        sell = intent.side == Side.SELL
        row, config = self.lookup, self.config
        slot = Signal(SlotFlags)
        enabled = Signal()
        position = Signal(signed(32))
        held = Signal(signed(33))  # position, as this side sees it: what an order of the side would enlarge
        open_same = Signal(32)
        m.d.comb += [
            self.config_slot.eq(intent.slot),
            self.lookup_order.eq(intent.order),
            slot.eq(self.flags[intent.slot]),
            enabled.eq(self.enabled[intent.slot]),
            position.eq(self.position[intent.slot]),
            held.eq(Mux(sell, -position, position)),
            open_same.eq(Mux(sell, self.open_sell[intent.slot], self.open_buy[intent.slot])),
        ]

        new_open = Signal(32)  # what would be open on this order
        more = Signal(32)  # what it adds to what could fill
        exposure = Signal(signed(36))  # position and all that could fill on this side, with it
        reduces = Signal()
        raises = Signal()
        m.d.comb += [
            new_open.eq(Mux(enter, intent.shares, _less(intent.shares, row.executed))),
            more.eq(Mux(enter, new_open, _less(new_open, row.counted))),
            exposure.eq(held + open_same + more),
            reduces.eq(enter & ((intent.role == Role.EXIT) | (intent.role == Role.FLATTEN)) & (exposure <= 0)),
            raises.eq((more != 0) & ~reduces),
        ]
        size_limit = _smaller(config.max_order_size, config.ceiling_order_size)
        inventory_limit = _smaller(config.max_inventory, config.ceiling_inventory)
        short_forbidden = Mux(intent.short, ~config.short_allowed | slot.short_restricted, exposure > 0)
        own_row = row.live & (row.slot == intent.slot) & (row.side == intent.side)
        malformed = (
            ~(enter | replace)
            | (intent.slot >= self.slots)
            | (new_open == 0)
            | (intent.price == 0)
            | (intent.price > MAX_ORDER_PRICE)
            | (intent.short & ~sell)
            | (replace & ~own_row)
        )
        checks = (
            (Refusal.NOT_ARMED, ~self.armed & ~self.killed),
            (Refusal.KILLED, self.killed),
            (Refusal.NO_LEASE, ~self.lease_alive),
            (Refusal.SESSION_DOWN, ~self.session_up),
            (Refusal.SLOT_DISABLED, raises & ~enabled),
            (Refusal.STALE, slot.stale | ~slot.bound),
            (Refusal.HALTED, slot.halted),
            (Refusal.MARKET_CLOSED, ~slot.market_open | ~slot.opened),
            (Refusal.ORDER_SIZE, (raises & (new_open > size_limit)) | (intent.shares > MAX_ORDER_SHARES)),
            (Refusal.INVENTORY, raises & (exposure > inventory_limit)),
            (Refusal.SHORT_SALE, raises & sell & short_forbidden),
            (Refusal.MALFORMED, malformed),
            (Refusal.BUSY, replace & (row.asked != 0)),
        )
        verdict = Signal(Refusal)
        for refusal, fails in reversed(checks):  # the last statement wins: the lowest number
            with m.If(fails):
                m.d.comb += verdict.eq(refusal)
        with m.If(intent.kind == OrderIntentKind.CANCEL):
            m.d.comb += verdict.eq(Refusal.NONE)
        return verdict

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
                    Mux(shown.kind == OrderIntentKind.REPLACE, REPLACE_LETTER, CANCEL_LETTER),
                )
            ),
            self.refusal_short.eq(shown.short),
            self.refusal_immediate.eq(shown.time_in_force == TimeInForce.IMMEDIATE),
        ]


def _is_entry(intent):
    """An ENTER that opens: worth nothing unless it leaves at once."""
    return (intent.kind == OrderIntentKind.ENTER) & ((intent.role == Role.ENTRY) | (intent.role == Role.QUOTE))


def _less(a, b):
    """``a - b``, or zero where that would be negative."""
    return Mux(a > b, (a - b)[:32], 0)


def _smaller(a, b):
    """The smaller of two unsigned numbers."""
    return Mux(a < b, a, b)
