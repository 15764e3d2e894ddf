"""Structs of the market maker: its configuration, what it keeps of a view, its quotes."""

from amaranth import unsigned
from amaranth.lib import data, enum

from hdl.types import OrderAnswerKind, Side

__all__ = [
    "MakerAnswer",
    "MakerConfig",
    "MakerRefusal",
    "MakerTurn",
    "MakerView",
    "QuoteAction",
    "QuoteRow",
    "QuoteState",
    "QuoteTarget",
    "TurnKind",
]


class MakerConfig(data.Struct):
    """Settings of one slot. Units as in ``hdl/regs/card.rdl``: block ``maker``, and ``slot`` for tick and short sales.

    ``half_spread`` is in half-ticks, ``skew`` in 1/65,536 half-tick a share, ``max_spread`` and ``move`` in ticks,
    ``ratio`` Q8.8 (0: imbalance pulls nothing), ``throttle`` and ``cooldown`` in cycles.
    """

    tick: unsigned(32)
    size: unsigned(32)
    inventory: unsigned(31)
    half_spread: unsigned(8)
    max_spread: unsigned(8)
    move: unsigned(8)
    skew: unsigned(16)
    ratio: unsigned(16)
    weighted: unsigned(1)
    short_allowed: unsigned(1)
    throttle: unsigned(48)
    cooldown: unsigned(48)


class MakerView(data.Struct):
    """What the maker keeps of the newest view of a slot: what others show, own orders taken out."""

    bid: unsigned(32)
    ask: unsigned(32)
    #: Shares of the best level of each side.
    bid_size: unsigned(32)
    ask_size: unsigned(32)
    #: Shares of the five levels of each side.
    bid_volume: unsigned(35)
    ask_volume: unsigned(35)
    #: Others stand on both sides, these are whole, and the book is neither locked nor crossed.
    sound: unsigned(1)
    cause: unsigned(64)
    trigger_time: unsigned(64)
    exchange_time: unsigned(48)


class QuoteState(enum.Enum, shape=2):
    """Where a quote stands."""

    #: No order.
    EMPTY = 0
    #: It left for the gate and is not accepted yet.
    ENTERING = 1
    #: It rests at the exchange, and no Replace is under way.
    LIVE = 2
    #: A Replace or a Modify left for the gate and is not answered yet.
    REPLACING = 3


class QuoteRow(data.Struct):
    """What the maker knows of a quote beside its state. Written whole when it is entered, so it needs no reset."""

    order: unsigned(8)
    #: Price at the exchange, and the one asked for by what is under way; the same where nothing is.
    price: unsigned(32)
    asked: unsigned(32)
    open: unsigned(32)
    #: Shares that the chain has executed.
    executed: unsigned(32)
    #: A short sale.
    short: unsigned(1)
    #: Card time before which nothing is entered or moved, where the quote is marked as resting.
    until: unsigned(64)


class QuoteTarget(data.Struct):
    """What is wanted of a side: nothing, or shares at a price."""

    wanted: unsigned(1)
    price: unsigned(32)
    shares: unsigned(32)


class QuoteAction(enum.Enum, shape=3):
    """What is to be done about a quote now."""

    NONE = 0
    ENTER = 1
    REPLACE = 2
    CANCEL = 3
    MODIFY = 4


class MakerAnswer(data.Struct):
    """What the maker keeps of an answer: fields of :class:`hdl.types.OrderAnswer`."""

    kind: OrderAnswerKind
    slot: unsigned(8)
    side: Side
    order: unsigned(8)
    price: unsigned(32)
    open: unsigned(32)
    chain_executed: unsigned(32)
    dead: unsigned(1)
    flag: unsigned(8)
    #: The gate or the order port had no time for it: worth another try at the next view.
    busy: unsigned(1)


class MakerRefusal(data.Struct):
    """What the maker keeps of a refusal of the gate: it is of no row yet, and fills nothing."""

    slot: unsigned(8)
    side: Side
    flag: unsigned(8)
    busy: unsigned(1)


class TurnKind(enum.Enum, shape=2):
    """What a turn of a slot is for."""

    #: An answer to one of its quotes is to be booked.
    ANSWER = 0
    #: Its quotes are to be pulled.
    PULL = 1
    #: What is wanted of it is to be worked out anew.
    LOOK = 2


class MakerTurn(data.Struct):
    """What the maker is to deal with next; ``by_view``: of a LOOK, there is a view it has not looked at."""

    kind: TurnKind
    slot: unsigned(8)
    by_view: unsigned(1)
    answer: MakerAnswer
