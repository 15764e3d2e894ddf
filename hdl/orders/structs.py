"""What the blocks of this folder say to each other, and the details that telemetry wants beside an ``OrderAnswer``."""

from amaranth import unsigned
from amaranth.lib import data, enum

from hdl.types import Module, OrderAnswer, OrderIntentKind, Refusal, Role, Side, TimeInForce

__all__ = [
    "AnswerDetail",
    "Command",
    "ExchangeAnswer",
    "ExchangeAnswerKind",
    "RowIdentity",
    "RowOutcome",
    "RowSeen",
    "RowState",
    "SentNumber",
    "SentRecord",
    "left_alone",
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


class ExchangeAnswerKind(enum.Enum, shape=4):
    """Answers of the exchange that speak of an order."""

    ACCEPTED = 0
    REPLACED = 1
    EXECUTED = 2
    CANCELED = 3
    REJECTED = 4
    #: Broken Trade and Trade Correction; the latter has shares.
    BROKEN = 5
    #: AIQ Canceled.
    SELF_MATCH = 6
    CANCEL_PENDING = 7
    CANCEL_REJECTED = 8
    MODIFIED = 9
    RESTATED = 10
    PRIORITY = 11
    #: Not said by the exchange: the host knows that it never received the number.
    NEVER_RECEIVED = 12
    #: No answer: the row table has a command before it.
    NOTHING = 15


class ExchangeAnswer(data.Struct):
    """One OUCH message of the exchange, fields parallel; a field that a message lacks means nothing."""

    kind: ExchangeAnswerKind
    #: OUCH type letter.
    type: unsigned(8)
    user_ref: unsigned(32)
    orig_user_ref: unsigned(32)
    shares: unsigned(32)
    #: Saturated; ``price_odd`` says so. No price of the market is that high.
    price: unsigned(32)
    price_odd: unsigned(1)
    reference: unsigned(64)
    match: unsigned(64)
    #: Of SELF_MATCH: shares that would have met another order of ours.
    prevented: unsigned(32)
    #: Order state, liquidity flag, reason of a cancel, side of MODIFIED, display of PRIORITY.
    letter: unsigned(8)
    reason: unsigned(16)
    timestamp: unsigned(64)
    #: Number of this message in the order session, from 1.
    count: unsigned(63)


class RowIdentity(data.Struct):
    """What never changes while a chain lives, but for ``short``: a Modify makes a long sale a short one."""

    chain: unsigned(32)
    slot: unsigned(8)
    module: Module
    role: Role
    side: Side
    short: unsigned(1)


class SentNumber(data.Struct):
    """What is known of a number that left, whether its order lives or not."""

    known: unsigned(1)
    slot: unsigned(8)
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


class RowSeen(data.Struct):
    """A row as it stands."""

    row: unsigned(8)
    live: unsigned(1)
    replacing: unsigned(1)
    current: unsigned(32)
    following: unsigned(32)
    identity: RowIdentity
    state: RowState
    #: Shares that self-match prevention took from the chain.
    decremented: unsigned(32)


class AnswerDetail(data.Struct):
    """Beside an ``OrderAnswer``, in the same cycle: what only the records want."""

    #: Exchange's order reference number, of ACCEPTED, REPLACED and PRIORITY.
    reference: unsigned(64)
    #: Of SELF_MATCH.
    prevented: unsigned(32)
    #: Number replaced, of REPLACED.
    previous: unsigned(32)
    immediate: unsigned(1)
    short: unsigned(1)


class RowOutcome(data.Struct):
    """What becomes of a row, and what is told of it."""

    #: Kind NONE: nothing is told.
    answer: OrderAnswer
    detail: AnswerDetail
    #: The exchange said what cannot be; ``placed``: ``answer.slot`` is the slot it was said of.
    impossible: unsigned(1)
    placed: unsigned(1)
    #: The row lives from now on; it is dead; its Replace was rejected.
    begins: unsigned(1)
    free: unsigned(1)
    number_back: unsigned(1)
    write_identity: unsigned(1)
    identity: RowIdentity
    write_state: unsigned(1)
    state: RowState
    decremented: unsigned(32)
    write_refs: unsigned(1)
    current: unsigned(32)
    following: unsigned(32)
    replacing: unsigned(1)
    #: Remember this number, with the slot, side and kind of sale of ``identity``.
    note: unsigned(1)
    note_number: unsigned(32)


def left_alone(outcome, seen) -> list:
    """Statements for an outcome that leaves a row as it is and tells nothing, with the answer made ready for more."""
    identity, state, answer = seen.identity, seen.state, outcome.answer
    return [
        outcome.eq(0),
        outcome.identity.eq(identity),
        outcome.state.eq(state),
        outcome.decremented.eq(seen.decremented),
        outcome.current.eq(seen.current),
        outcome.following.eq(seen.following),
        outcome.replacing.eq(seen.replacing),
        answer.order.eq(seen.row),
        answer.slot.eq(identity.slot),
        answer.module.eq(identity.module),
        answer.role.eq(identity.role),
        answer.side.eq(identity.side),
        answer.chain.eq(identity.chain),
        answer.price.eq(state.price),
        answer.open.eq(state.open),
        answer.chain_executed.eq(state.executed),
        outcome.detail.short.eq(identity.short),
        outcome.detail.immediate.eq(state.immediate),
    ]


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
