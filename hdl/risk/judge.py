"""Every check of the risk gate but the order port's readiness, on one intent."""

from amaranth import Module, Mux, Signal, signed, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from hdl.risk.positions import OwnOrder
from hdl.types import OrderIntent, OrderIntentKind, Refusal, Role, Side, SlotFlags

__all__ = ["MAX_ORDER_PRICE", "MAX_ORDER_SHARES", "CardLevels", "GateConfig", "Judge", "level_refusal"]

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


class CardLevels(data.Struct):
    """The four levels without which nothing but a cancel leaves the card."""

    armed: unsigned(1)
    killed: unsigned(1)
    lease_alive: unsigned(1)
    session_up: unsigned(1)


def level_refusal(levels):
    """Refusal that the levels of the card give; NONE if they permit."""
    return Mux(
        ~levels.armed & ~levels.killed,
        Refusal.NOT_ARMED,
        Mux(
            levels.killed,
            Refusal.KILLED,
            Mux(~levels.lease_alive, Refusal.NO_LEASE, Mux(~levels.session_up, Refusal.SESSION_DOWN, Refusal.NONE)),
        ),
    )


class Judge(wiring.Component):
    """Gives the refusal of an ENTER or a REPLACE, NONE if it may pass. Combinational; ``RiskGate`` lists the checks.

    Parameters
    ----------
    slots : int
        Symbols followed.

    Ports
    -----
    intent : In(OrderIntent)
        What is judged.
    levels, flags, enabled, config : In
        Levels of the card; flags, switch and limits of the intent's slot.
    position, open_buy, open_sell, located : In
        Of the intent's slot; ``located``: shares located for short sales.
    row : In(OwnOrder)
        Row of the intent's ``order``.
    verdict : Out(Refusal)
        The lowest number of the checks that fail.
    """

    def __init__(self, slots: int) -> None:
        self._slots = slots
        super().__init__(
            {
                "intent": In(OrderIntent),
                "levels": In(CardLevels),
                "flags": In(SlotFlags),
                "enabled": In(1),
                "config": In(GateConfig),
                "position": In(signed(32)),
                "open_buy": In(32),
                "open_sell": In(32),
                "located": In(32),
                "row": In(OwnOrder),
                "verdict": Out(Refusal),
            }
        )

    def elaborate(self, platform):
        """Build the block."""
        m = Module()
        intent, flags, config, row = self.intent, self.flags, self.config, self.row
        enter = intent.kind == OrderIntentKind.ENTER
        replace = intent.kind == OrderIntentKind.REPLACE
        sell = intent.side == Side.SELL
        held = Signal(signed(33))  # position, as this side sees it: what an order of the side would enlarge
        open_same = Signal(32)
        new_open = Signal(32)  # what would be open on this order
        more = Signal(32)  # what it adds to what could fill
        exposure = Signal(signed(36))  # position and all that could fill on this side, with it
        reduces = Signal()
        raises = Signal()
        m.d.comb += [
            held.eq(Mux(sell, -self.position, self.position)),
            open_same.eq(Mux(sell, self.open_sell, self.open_buy)),
            new_open.eq(Mux(enter, intent.shares, _less(intent.shares, row.executed))),
            more.eq(Mux(enter, new_open, _less(new_open, row.counted))),
            exposure.eq(held + open_same + more),
            reduces.eq(enter & ((intent.role == Role.EXIT) | (intent.role == Role.FLATTEN)) & (exposure <= 0)),
            raises.eq((more != 0) & ~reduces),
        ]
        size_limit = _smaller(config.max_order_size, config.ceiling_order_size)
        inventory_limit = _smaller(config.max_inventory, config.ceiling_inventory)
        on_sale = Signal(33)
        m.d.comb += on_sale.eq(open_same + more)
        unlocated = on_sale > self.located
        short_forbidden = Mux(intent.short, ~config.short_allowed | flags.short_restricted | unlocated, exposure > 0)
        own_row = row.live & (row.slot == intent.slot) & (row.side == intent.side)
        malformed = (
            ~(enter | replace)
            | (intent.slot >= self._slots)
            | (new_open == 0)
            | (intent.price == 0)
            | (intent.price > MAX_ORDER_PRICE)
            | (intent.short & ~sell)
            | (replace & ~own_row)
        )
        checks = (
            (Refusal.SLOT_DISABLED, raises & ~self.enabled),
            (Refusal.STALE, flags.stale | ~flags.bound),
            (Refusal.HALTED, flags.halted),
            (Refusal.MARKET_CLOSED, ~flags.market_open | ~flags.opened),
            (Refusal.ORDER_SIZE, (raises & (new_open > size_limit)) | (intent.shares > MAX_ORDER_SHARES)),
            (Refusal.INVENTORY, raises & (exposure > inventory_limit)),
            (Refusal.SHORT_SALE, raises & sell & short_forbidden),
            (Refusal.MALFORMED, malformed),
            (Refusal.BUSY, replace & (row.asked != 0)),
        )
        for refusal, fails in reversed(checks):  # the last statement wins: the lowest number
            with m.If(fails):
                m.d.comb += self.verdict.eq(refusal)
        levels = Signal(Refusal)
        m.d.comb += levels.eq(level_refusal(self.levels))
        with m.If(levels != Refusal.NONE):
            m.d.comb += self.verdict.eq(levels)
        return m


def _less(a, b):
    """``a - b``, or zero where that would be negative."""
    return Mux(a > b, (a - b)[:32], 0)


def _smaller(a, b):
    """The smaller of two unsigned numbers."""
    return Mux(a < b, a, b)
