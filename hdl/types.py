"""What the blocks of the engine say to each other: one place, so that every room agrees.

All structs are plain :class:`amaranth.lib.data.Struct` payloads. Units, unless a field says otherwise:

* prices: unsigned 32-bit, 1/10,000 dollar (as ITCH carries them);
* shares: unsigned 32-bit; a level's shares saturate at 2**32 - 1;
* card time: cycles of the card clock since reset (the register ``identity.clock_period_ps`` makes
  nanoseconds of it), 64-bit;
* exchange time: nanoseconds since midnight, 48-bit, as ITCH carries it;
* cause: bit 63 clear: feed sequence number; bit 63 set: order-session message count.
"""

from amaranth import unsigned
from amaranth.lib import data, enum

__all__ = [
    "DEPTH",
    "RETRY_BIT",
    "SLOT_NONE",
    "DepthView",
    "EventKind",
    "Level",
    "MarketEvent",
    "Module",
    "OrderAnswer",
    "OrderAnswerKind",
    "OrderIntent",
    "OrderIntentKind",
    "Refusal",
    "Role",
    "Side",
    "SlotFlags",
    "TimeInForce",
]

#: Levels of each side in a depth view.
DEPTH = 5
#: A Cancel that the exchange refused is asked for again when this bit of the card time or one above it changes: every
#: 0.4 ms at 6.4 ns. At once it would go on as fast as the line allows.
RETRY_BIT = 16
#: Slot number of a record that speaks of no slot. Slots are 8-bit everywhere; a card has at most 64.
SLOT_NONE = 0xFF


class Side(enum.Enum, shape=1):
    """Side of an order, as ITCH's buy/sell indicator."""

    BUY = 0
    SELL = 1


class EventKind(enum.Enum, shape=4):
    """What a market event does to the book of its slot."""

    NONE = 0
    ADD = 1
    EXECUTE = 2
    EXECUTE_PRICE = 3
    CANCEL = 4
    DELETE = 5
    REPLACE = 6
    TRADE = 7
    CROSS = 8
    BROKEN = 9
    #: The slot's book is emptied: reset of the day, session roll, host's join.
    CLEAR = 10
    #: No message: asks for a view of the slot as it stands (after a gate or state change).
    REFRESH = 11
    #: An order of a snapshot: an ADD, but its view is of a book that is not there yet, so only the book looks at it.
    LOAD = 12


class MarketEvent(data.Struct):
    """One ITCH message for a tracked slot, decoded, all fields parallel. Source: ITCH 5.0 tables."""

    kind: EventKind
    slot: unsigned(8)
    side: Side
    reference: unsigned(64)
    new_reference: unsigned(64)
    shares: unsigned(32)
    price: unsigned(32)
    printable: unsigned(1)
    match: unsigned(64)
    exchange_time: unsigned(48)
    sequence: unsigned(64)
    session_epoch: unsigned(16)
    #: Card time of the beat that carried the message's last byte.
    card_time: unsigned(64)


class Level(data.Struct):
    """One price level; an absent level has zero shares and zero price."""

    price: unsigned(32)
    shares: unsigned(32)


class DepthView(data.Struct):
    """Five levels each side, best first, after one market event has been applied whole."""

    slot: unsigned(8)
    bids: data.ArrayLayout(Level, DEPTH)
    asks: data.ArrayLayout(Level, DEPTH)
    #: One of the true top five may be missing from this side: strategies refuse it.
    bid_incomplete: unsigned(1)
    ask_incomplete: unsigned(1)
    #: Best bid = best ask / best bid > best ask. Both clear where a side is empty.
    locked: unsigned(1)
    crossed: unsigned(1)
    kind: EventKind
    #: Shares and price of the print this event made (E, printable C, P, Q); zero shares for none.
    trade_shares: unsigned(32)
    trade_price: unsigned(32)
    trade_match: unsigned(64)
    exchange_time: unsigned(48)
    sequence: unsigned(64)
    session_epoch: unsigned(16)
    card_time: unsigned(64)


class SlotFlags(data.Struct):
    """Trading state of one slot, as the feed knows it. Reset values: see ``hdl.feed.states``."""

    bound: unsigned(1)
    stale: unsigned(1)
    halted: unsigned(1)
    short_restricted: unsigned(1)
    #: The symbol's opening cross was seen (or the host joined late and said so).
    opened: unsigned(1)
    #: System Event Q seen and M not yet (same bit for every slot).
    market_open: unsigned(1)


class Module(enum.Enum, shape=2):
    """Who wants an order."""

    HOST = 0
    TAKER = 1
    MAKER = 2


class Role(enum.Enum, shape=2):
    """What an order is for."""

    ENTRY = 0
    EXIT = 1
    QUOTE = 2
    FLATTEN = 3


class TimeInForce(enum.Enum, shape=1):
    """Life of an order: OUCH ``0`` day, ``3`` immediate or cancel."""

    DAY = 0
    IMMEDIATE = 1


class OrderIntentKind(enum.Enum, shape=2):
    """What is wanted of the exchange."""

    ENTER = 0
    REPLACE = 1
    CANCEL = 2
    #: A long sale becomes a short one: the same number, the same place in the queue.
    MODIFY = 3


class OrderIntent(data.Struct):
    """What a strategy wants, before the gate.

    ``shares`` of a REPLACE and a MODIFY is what the chain has executed and what is wanted open; what self-match
    prevention took from the chain is added by the order port. Of a CANCEL it is the new intended total (zero: cancel
    all). ``order`` is the row of the order table that is meant; it means nothing for ENTER.
    """

    kind: OrderIntentKind
    slot: unsigned(8)
    module: Module
    role: Role
    side: Side
    #: A sale that opens or enlarges a short position: OUCH side ``T``.
    short: unsigned(1)
    shares: unsigned(32)
    price: unsigned(32)
    time_in_force: TimeInForce
    order: unsigned(8)
    cause: unsigned(64)
    #: Card time of the last byte of the deciding message: latency is counted from here.
    trigger_time: unsigned(64)
    exchange_time: unsigned(48)


class OrderAnswerKind(enum.Enum, shape=4):
    """What became of an order: an answer of the exchange, or of the card itself."""

    NONE = 0
    #: The order left the card; ``order`` and ``user_ref`` name it from now on.
    SENT = 1
    #: The gate refused it; ``refusal`` says why. No order row was used.
    REFUSED = 2
    ACCEPTED = 3
    REPLACED = 4
    EXECUTED = 5
    CANCELED = 6
    REJECTED = 7
    #: A match was broken (zero shares) or corrected (``shares`` and ``price`` are what stands now).
    BROKEN = 8
    #: Self-match prevention took ``shares`` away: no fill, no cancel of ours.
    SELF_MATCH = 9
    #: The Cancel is on, and the order goes on for now.
    CANCEL_PENDING = 10
    #: The Cancel is refused: the order lives on.
    CANCEL_REJECTED = 11
    #: Another size or kind of sale, the same number: ``open`` is what is open now.
    MODIFIED = 12
    #: Told, nothing changes.
    RESTATED = 13
    #: Another exchange reference number, at ``price``.
    PRIORITY = 14


class Refusal(enum.Enum, shape=5):
    """Why the gate said no. Stable numbers: reports and the host use them."""

    NONE = 0
    NOT_ARMED = 1
    KILLED = 2
    NO_LEASE = 3
    SESSION_DOWN = 4
    SLOT_DISABLED = 5
    STALE = 6
    HALTED = 7
    MARKET_CLOSED = 8
    ORDER_SIZE = 9
    INVENTORY = 10
    SHORT_SALE = 11
    TABLE_FULL = 12
    #: Zero price or shares, a Replace of a dead row: the request makes no sense.
    MALFORMED = 13
    #: The transmitter holds an order already and cannot take another in the fixed time.
    BUSY = 14
    #: Too far from the best price of the other side, or from the last trade.
    PRICE_COLLAR = 15
    #: Too many orders in too short a time.
    ORDER_RATE = 16
    #: The order that the slot has just sent.
    REPEATED = 17
    #: As many orders are open as may be.
    OPEN_ORDERS = 18
    #: All slots together: everything held or that could fill.
    GROSS_INVENTORY = 19
    #: The card has lost what it may lose in a day.
    DAILY_LOSS = 20
    #: Price times shares.
    NOTIONAL = 21
    #: The exchange broke a trade of the slot or said what no order of it explains, and the host has not put it right.
    BROKEN_TRADE = 22
    #: It would meet an own order that rests on the other side, or that was asked to.
    OWN_CROSS = 23
    #: A FLATTEN that would do more than bring the position nearer to zero.
    REDUCE_ONLY = 24


class OrderAnswer(data.Struct):
    """One change in an order's life, told to strategies, positions and telemetry.

    ``shares`` and ``price`` are the increment (executed, canceled) or the new exposure (accepted,
    replaced). ``open`` and ``chain_executed`` are the totals after this change. ``dead``: nothing
    more can fill on this order.
    """

    kind: OrderAnswerKind
    slot: unsigned(8)
    module: Module
    role: Role
    side: Side
    order: unsigned(8)
    user_ref: unsigned(32)
    chain: unsigned(32)
    shares: unsigned(32)
    price: unsigned(32)
    open: unsigned(32)
    chain_executed: unsigned(32)
    dead: unsigned(1)
    #: ASCII: liquidity flag of an execution, reason of a cancel.
    flag: unsigned(8)
    #: OUCH reason of a reject.
    reason: unsigned(16)
    refusal: Refusal
    match: unsigned(64)
    cause: unsigned(64)
    exchange_time: unsigned(64)
