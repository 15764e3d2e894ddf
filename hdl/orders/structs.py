"""What the blocks of this folder say to each other, and the details that telemetry wants beside an ``OrderAnswer``."""

from amaranth import unsigned
from amaranth.lib import data, enum

from hdl.types import Module, OrderIntentKind, Refusal, Role, Side, TimeInForce

__all__ = [
    "AnswerDetail",
    "Command",
    "ExchangeAnswer",
    "ExchangeAnswerKind",
    "RowIdentity",
    "RowState",
    "SentRecord",
]


class Command(data.Struct):
    """An order that leaves the card, or an intent that could not: what the row table is told."""

    kind: OrderIntentKind
    #: Not NONE: nothing was sent, and this is why.
    refusal: Refusal
    row: unsigned(8)
    slot: unsigned(8)
    module: Module
    role: Role
    side: Side
    short: unsigned(1)
    time_in_force: TimeInForce
    shares: unsigned(32)
    price: unsigned(32)
    #: The new number of ENTER and REPLACE, the number named by CANCEL.
    user_ref: unsigned(32)
    cause: unsigned(64)
    exchange_time: unsigned(64)


class ExchangeAnswerKind(enum.Enum, shape=3):
    """Answers of the exchange that change a row."""

    ACCEPTED = 0
    REPLACED = 1
    EXECUTED = 2
    CANCELED = 3
    REJECTED = 4
    BROKEN = 5
    #: Not said by the exchange: the host knows that it never received the number.
    NEVER_RECEIVED = 6


class ExchangeAnswer(data.Struct):
    """One OUCH message of the exchange, fields parallel; a field that a message lacks means nothing."""

    kind: ExchangeAnswerKind
    user_ref: unsigned(32)
    orig_user_ref: unsigned(32)
    shares: unsigned(32)
    #: Saturated; ``price_odd`` says so. No price of the market is that high.
    price: unsigned(32)
    price_odd: unsigned(1)
    reference: unsigned(64)
    match: unsigned(64)
    #: Order state, liquidity flag or reason of a cancel.
    letter: unsigned(8)
    reason: unsigned(16)
    timestamp: unsigned(64)
    #: Number of this message in the order session, from 1.
    count: unsigned(63)


class RowIdentity(data.Struct):
    """What never changes while a chain lives."""

    chain: unsigned(32)
    slot: unsigned(8)
    module: Module
    role: Role
    side: Side
    short: unsigned(1)


class RowState(data.Struct):
    """What answers change. ``asked`` is the liability of the chain under the number that lives."""

    accepted: unsigned(1)
    immediate: unsigned(1)
    price: unsigned(32)
    asked: unsigned(32)
    open: unsigned(32)
    executed: unsigned(32)
    #: Asked for by a Replace that is not answered yet.
    next_price: unsigned(32)
    next_asked: unsigned(32)
    next_immediate: unsigned(1)


class AnswerDetail(data.Struct):
    """Beside an ``OrderAnswer``, in the same cycle: what only the records want."""

    #: Exchange's order reference number, of ACCEPTED and REPLACED.
    reference: unsigned(64)
    #: Number replaced, of REPLACED.
    previous: unsigned(32)
    immediate: unsigned(1)
    short: unsigned(1)


class SentRecord(data.Struct):
    """An order's first byte left the card: the ORDER_SENT record."""

    kind: OrderIntentKind
    slot: unsigned(8)
    side: Side
    module: Module
    role: Role
    immediate: unsigned(1)
    short: unsigned(1)
    user_ref: unsigned(32)
    chain: unsigned(32)
    #: Number replaced, zero otherwise.
    previous: unsigned(32)
    price: unsigned(32)
    shares: unsigned(32)
    #: Cycles from the intent's trigger time to the first byte, saturated; zero for the kill's own cancels.
    latency_cycles: unsigned(32)
    cause: unsigned(64)
    exchange_time: unsigned(64)
    card_time: unsigned(64)
