"""Every check of the risk gate but the order port's readiness, on one intent."""

from amaranth import Cat, Module, Mux, Signal, signed, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from hdl.bounded import smaller
from hdl.one_hot import first_of, select
from hdl.risk.gross import GROSS_BITS
from hdl.risk.marks import Mark, in_band, price_band
from hdl.risk.own_resting import OwnPrices, meets_own
from hdl.risk.own_rows import OwnOrder
from hdl.risk.repeats import LastEntry
from hdl.types import OrderIntent, OrderIntentKind, Refusal, Role, Side, SlotFlags

__all__ = [
    "MAX_ORDER_PRICE",
    "MAX_ORDER_SHARES",
    "PRICE_BITS",
    "SHARE_BITS",
    "CardLevels",
    "CardStops",
    "GateConfig",
    "Judge",
    "level_refusal",
]

#: OUCH 5.0: a quantity is below one million, a price at most 199,999.9900 dollars.
MAX_ORDER_SHARES = 999_999
MAX_ORDER_PRICE = 1_999_999_900
#: Bits of both: a product of more is of an order that is refused for one of them.
SHARE_BITS, PRICE_BITS = MAX_ORDER_SHARES.bit_length(), MAX_ORDER_PRICE.bit_length()


class GateConfig(data.Struct):
    """Limits of one slot. The gate uses the smaller of a limit and its ceiling.

    ``max_notional`` (1/10,000 dollar), ``collar`` (1/10,000 dollar) and ``repeat_window`` (cycles) are off at zero.
    """

    max_inventory: unsigned(31)
    max_order_size: unsigned(31)
    ceiling_inventory: unsigned(31)
    ceiling_order_size: unsigned(31)
    short_allowed: unsigned(1)
    max_notional: unsigned(52)
    collar: unsigned(32)
    repeat_window: unsigned(40)


class CardLevels(data.Struct):
    """The four levels without which nothing but a cancel leaves the card."""

    armed: unsigned(1)
    killed: unsigned(1)
    lease_alive: unsigned(1)
    session_up: unsigned(1)


class CardStops(data.Struct):
    """What keeps every order of the card from raising exposure, and the limit on all slots together (0: none)."""

    order_rate: unsigned(1)
    open_orders: unsigned(1)
    daily_loss: unsigned(1)
    gross: unsigned(GROSS_BITS)
    max_gross: unsigned(GROSS_BITS)


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
    """Gives the refusal of an ENTER, a REPLACE or a MODIFY, NONE if it may pass. Combinational.

    ``RiskGate`` lists the checks.

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
    position, open_same, located : In
        Of the intent's slot: ``open_same``: shares that could still fill on the intent's side; ``located``: shares
        located for short sales.
    row : In(OwnOrder)
        Row of the intent's ``order``.
    stops : In(CardStops), broken : In(1)
        Of the card; a trade of the intent's slot was broken.
    mark : In(Mark), last : In(LastEntry)
        Of the intent's slot: what the market said last, and the last order that opened.
    own : In(OwnPrices)
        Where own orders of the intent's slot rest.
    prices_later : In(1)
        The price is not known yet: collar, repetition and own orders are looked at by whoever asks, with ``lowest``,
        ``highest``.
    verdict : Out(Refusal)
        The lowest number of the checks that fail; NOTIONAL is not among them, a product would take too long.
    raises : Out(1)
        The intent adds to what the card stands to lose.
    lowest : Out(32), highest : Out(33), quoted : Out(1)
        The collar's band for the intent's side, and whether there is a quote to measure from.
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
                "open_same": In(32),
                "located": In(32),
                "row": In(OwnOrder),
                "stops": In(CardStops),
                "broken": In(1),
                "mark": In(Mark),
                "last": In(LastEntry),
                "own": In(OwnPrices),
                "prices_later": In(1),
                "verdict": Out(Refusal),
                "raises": Out(1),
                "lowest": Out(32),
                "highest": Out(33),
                "quoted": Out(1),
            }
        )

    def elaborate(self, platform):
        """Build the block."""
        m = Module()
        intent, flags, config, row = self.intent, self.flags, self.config, self.row
        enter = intent.kind == OrderIntentKind.ENTER
        replace = intent.kind == OrderIntentKind.REPLACE
        modify = intent.kind == OrderIntentKind.MODIFY
        sell = intent.side == Side.SELL
        # A Replace adds what it asks for less what of its row is executed or counted already; less than nothing is
        # nothing. The sums below are made of that difference with its sign, and mean something where ``adds`` only:
        # with a choice of zero after each they would wait for one another.
        held = Signal(signed(33))  # position, as this side sees it: what an order of the side would enlarge
        open_same = self.open_same
        executed, counted = Signal(32), Signal(32)
        new_open = Signal(signed(33))  # what would be open on this order
        fewer = Signal(signed(34))  # what it takes from what could fill: below zero what it adds
        adds = Signal()
        before = Signal(signed(34))  # position and all that could fill on this side, without it
        positive = Signal()  # so is what they are with it
        reduces = Signal()
        raises = self.raises
        m.d.comb += [
            held.eq(Mux(sell, -self.position, self.position)),
            executed.eq(row.executed & (~enter).replicate(32)),
            counted.eq(row.counted & (~enter).replicate(32)),
            new_open.eq(intent.shares - executed),
            fewer.eq(counted - new_open),
            adds.eq(fewer < 0),
            before.eq(held + open_same),
            positive.eq(before > fewer),
            reduces.eq(enter & ((intent.role == Role.EXIT) | (intent.role == Role.FLATTEN)) & ~positive),
            raises.eq(adds & ~reduces),
        ]
        size_limit = smaller(config.max_order_size, config.ceiling_order_size)
        inventory_limit = smaller(config.max_inventory, config.ceiling_inventory)
        unlocated = Mux(adds, open_same - fewer > self.located, open_same > self.located)
        short_forbidden = Mux(
            intent.short,
            ~config.short_allowed | flags.short_restricted | unlocated,
            Mux(adds, positive, before > 0),
        )
        own_row = row.live & (row.slot == intent.slot) & (row.side == intent.side)
        malformed = (
            ~(enter | replace | modify)
            | (intent.slot >= self._slots)
            | (new_open <= 0)
            | (intent.price == 0)
            | (intent.price > MAX_ORDER_PRICE)
            | (intent.short & ~sell)
            | (~enter & ~own_row)
            | (modify & (~intent.short | adds))  # it makes a long sale a short one, and no larger
        )
        lowest, highest, quoted = price_band(self.mark, intent.side, config.collar)
        m.d.comb += [self.lowest.eq(lowest), self.highest.eq(highest), self.quoted.eq(quoted)]
        priced = ~self.prices_later
        outside = (config.collar != 0) & (~self.quoted | (priced & ~in_band(self.mark, intent, config.collar)))
        opens = enter & ((intent.role == Role.ENTRY) | (intent.role == Role.QUOTE))
        last, stops = self.last, self.stops
        repeated = last.recent & priced & (last.side == intent.side) & (last.shares == intent.shares)
        checks = (
            (Refusal.SLOT_DISABLED, raises & ~self.enabled),
            (Refusal.STALE, flags.stale | ~flags.bound),
            (Refusal.HALTED, flags.halted),
            (Refusal.MARKET_CLOSED, ~flags.market_open | ~flags.opened),
            (Refusal.ORDER_SIZE, (raises & (new_open > size_limit)) | (intent.shares > MAX_ORDER_SHARES)),
            (Refusal.INVENTORY, raises & (before - fewer > inventory_limit)),
            (Refusal.SHORT_SALE, (raises | modify) & sell & short_forbidden),
            (Refusal.MALFORMED, malformed),
            (Refusal.BUSY, ~enter & (row.asked != 0)),
            (Refusal.PRICE_COLLAR, raises & outside),
            (Refusal.ORDER_RATE, raises & stops.order_rate),
            (Refusal.REPEATED, opens & repeated & (last.price == intent.price)),
            (Refusal.OPEN_ORDERS, raises & enter & stops.open_orders),
            (Refusal.GROSS_INVENTORY, raises & (stops.max_gross != 0) & (stops.gross - fewer > stops.max_gross)),
            (Refusal.DAILY_LOSS, raises & stops.daily_loss),
            (Refusal.BROKEN_TRADE, self.broken),
            (Refusal.OWN_CROSS, priced & meets_own(self.own, intent.side, intent.price)),
            (Refusal.REDUCE_ONLY, (intent.role == Role.FLATTEN) & (~enter | raises)),
        )
        levels = Signal(Refusal)
        failing = Signal(len(checks))
        m.d.comb += [
            failing.eq(Cat(fails for _, fails in checks)),
            levels.eq(level_refusal(self.levels)),
            # The lowest number, by an AND and an OR: the sums do not pass the choices of all numbers before theirs.
            self.verdict.eq(
                Mux(levels != Refusal.NONE, levels, select(first_of(failing), [refusal for refusal, _ in checks]))
            ),
        ]
        return m
