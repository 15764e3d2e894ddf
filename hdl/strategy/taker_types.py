"""Structs of the imbalance taker: its configuration, its state of a slot, what it reports."""

from amaranth import Cat, Mux, unsigned
from amaranth.lib import data, enum

from hdl.risk.judge import MAX_ORDER_PRICE
from hdl.types import OrderAnswerKind, Role, Side

__all__ = [
    "DISTANCE_BITS",
    "PRICE_BITS",
    "Alarm",
    "AlarmCode",
    "TakerAnswer",
    "TakerConfig",
    "TakerDistances",
    "TakerEvent",
    "TakerOrigin",
    "TakerPatience",
    "TakerQuote",
    "TakerRefusal",
    "TakerRow",
    "TakerState",
    "TakerView",
    "TakerWrites",
    "Trigger",
    "clamp_price",
    "distance",
]

#: A distance of up to 255 ticks: what is beyond 32 bits is only known to be so, for no price is that far.
DISTANCE_BITS = 33
#: A price plus or minus two distances, with its sign.
PRICE_BITS = 36


class TakerConfig(data.Struct):
    """Thresholds of one slot. Units as in ``hdl/regs/card.rdl``: ``slot.tick``, ``slot.taker_*``, ``trade.taker_*``."""

    tick: unsigned(32)
    ratio: unsigned(16)
    min_volume: unsigned(32)
    order_size: unsigned(32)
    take_profit: unsigned(8)
    stop: unsigned(8)
    slip: unsigned(8)
    stop_slip: unsigned(8)
    max_spread: unsigned(8)
    retries: unsigned(8)
    cooldown: unsigned(48)
    time_stop: unsigned(48)
    guard: unsigned(8)
    guard_imbalance: unsigned(1)
    guard_window: unsigned(48)


class TakerPatience(data.Struct):
    """How long a position may last, and how long the guard watches it: in cycles, zero for off."""

    time_stop: unsigned(48)
    guarded: unsigned(1)
    guard_imbalance: unsigned(1)
    guard_window: unsigned(48)


class TakerDistances(data.Struct):
    """Distances of a slot in 1/10,000 dollar: ticks of the configuration times the tick size."""

    tick: unsigned(32)
    take_profit: unsigned(DISTANCE_BITS)
    stop: unsigned(DISTANCE_BITS)
    slip: unsigned(DISTANCE_BITS)
    stop_slip: unsigned(DISTANCE_BITS)
    guard: unsigned(DISTANCE_BITS)


class TakerState(enum.Enum, shape=8):
    """Where the taker stands with a slot."""

    IDLE = 0
    #: The entry left for the gate; what becomes of it is not known whole.
    ENTERING = 1
    #: An exit is to be entered as soon as the gate is free.
    EXIT_WANTED = 2
    #: The exit left for the gate; it is not accepted yet.
    EXIT_SENT = 3
    #: The exit rests at the exchange, at its profit.
    RESTING = 4
    #: The stop was hit: the exit is to be moved as soon as the gate is free.
    STOP_WANTED = 5
    #: The Replace left for the gate; it is not answered yet.
    STOP_SENT = 6
    #: The exit works at its stop price.
    STOPPING = 7
    #: The exit is complete; the slot rests.
    COOLDOWN = 8
    #: There is a position, and no exit could be placed or moved.
    UNMANAGED = 9


class TakerEvent(enum.Enum, shape=3):
    """What the shared decision is about, in a cycle."""

    NONE = 0
    VIEW = 1
    ANSWER = 2
    #: An exit is wanted, and the way to the gate is free.
    ISSUE = 3
    #: Orders of the slot would not pass, and its position is exposed.
    CHECK = 4


class TakerOrigin(data.Struct):
    """What caused an order: fields of :class:`hdl.types.OrderIntent` of the same names."""

    cause: unsigned(64)
    trigger_time: unsigned(64)
    exchange_time: unsigned(48)


class TakerView(data.Struct):
    """What the taker keeps of a view; an empty side has price zero, no print has zero shares."""

    slot: unsigned(8)
    bid: unsigned(32)
    ask: unsigned(32)
    trade_price: unsigned(32)
    traded: unsigned(1)
    origin: TakerOrigin


class TakerQuote(data.Struct):
    """What is kept of a slot's last view."""

    bid: unsigned(32)
    ask: unsigned(32)
    cause: unsigned(64)
    exchange_time: unsigned(48)


class TakerRefusal(data.Struct):
    """What the taker keeps of a refusal of the gate, which is of no row and fills nothing: as ``TakerAnswer``."""

    slot: unsigned(8)
    role: Role
    flag: unsigned(8)
    busy: unsigned(1)
    crossed: unsigned(1)
    origin: TakerOrigin


class TakerAnswer(data.Struct):
    """What the taker keeps of an answer: fields of :class:`hdl.types.OrderAnswer`."""

    kind: OrderAnswerKind
    slot: unsigned(8)
    role: Role
    order: unsigned(8)
    shares: unsigned(32)
    price: unsigned(32)
    chain_executed: unsigned(32)
    dead: unsigned(1)
    flag: unsigned(8)
    #: The gate had no time for it: worth another try at once.
    busy: unsigned(1)
    #: An own order of the slot was in the way; it is being pulled.
    crossed: unsigned(1)
    origin: TakerOrigin


class TakerRow(data.Struct):
    """What the taker knows of a slot beside its state. What a trigger does not write is written before it is read."""

    #: Side of the entry.
    side: Side
    #: Shares of the entry, and the worst price one of them had.
    filled: unsigned(32)
    entry_price: unsigned(32)
    #: Card time of the entry's first fill; in COOLDOWN, the one until which the slot rests.
    at: unsigned(64)
    #: Shares closed by exit chains that are over, and by the chain that lives.
    closed: unsigned(32)
    chain_executed: unsigned(32)
    #: Row of the order table and price of the exit.
    order: unsigned(8)
    exit_price: unsigned(32)
    #: The exit lives at the exchange, as far as is known.
    live: unsigned(1)
    stop_hit: unsigned(1)
    #: The exit was priced as a stop.
    at_stop: unsigned(1)
    retries_used: unsigned(8)
    #: Retries are used up: nothing more is tried before the gate has closed and opened again.
    held: unsigned(1)
    alarmed: unsigned(1)
    #: Why the exit is to be entered or moved.
    origin: TakerOrigin


class TakerWrites(data.Struct):
    """Which fields of a :class:`TakerRow` a decision changes: those of the same name, ``filled`` the side as well.

    ``progress`` are all that are not named here: ``live`` and what follows it, but for the origin.
    """

    filled: unsigned(1)
    entry_price: unsigned(1)
    at: unsigned(1)
    closed: unsigned(1)
    chain_executed: unsigned(1)
    order: unsigned(1)
    exit_price: unsigned(1)
    progress: unsigned(1)
    origin: unsigned(1)

    @staticmethod
    def fields() -> dict[str, tuple[str, ...]]:
        """Give the fields of the row that each member stands for."""
        groups = {name: (name,) for name in TakerWrites.as_shape().members}
        groups["filled"] = ("side", "filled")
        groups["progress"] = ("live", "stop_hit", "at_stop", "retries_used", "held", "alarmed")
        return groups


class Trigger(data.Struct):
    """A TRIGGER record: the taker decided to enter. Volumes saturate; prices are the best of the view."""

    slot: unsigned(8)
    side: Side
    bid_volume: unsigned(32)
    ask_volume: unsigned(32)
    bid_price: unsigned(32)
    ask_price: unsigned(32)
    ratio: unsigned(16)
    cause: unsigned(64)
    card_time: unsigned(64)
    exchange_time: unsigned(48)


class AlarmCode(enum.Enum, shape=8):
    """Why a person is needed, as ``detail`` of the ALARM record."""

    NONE = 0
    UNMANAGED = 1
    #: Not the taker's: the exchange said what cannot be.
    IMPOSSIBLE = 2
    RETRIES = 3


class Alarm(data.Struct):
    """An ALARM record: shares of the position still to be closed, and its entry price."""

    slot: unsigned(8)
    side: Side
    code: AlarmCode
    shares: unsigned(32)
    entry_price: unsigned(32)
    cause: unsigned(64)
    exchange_time: unsigned(48)


def clamp_price(value, tick):
    """Bring a computed price, signed, into what OUCH takes: one tick at least, 199,999.9900 dollars at most."""
    return Mux(value < tick, tick, Mux(value > MAX_ORDER_PRICE, MAX_ORDER_PRICE, value[:32]))


def distance(product):
    """A product in the bits of a distance."""
    return Cat(product[:32], product[32:].any())
