"""Which records a card sends, from where, and how many of them wait."""

from hdl.rams import SHALLOW
from hdl.telemetry.record import RecordType
from hdl.telemetry.source import Source

__all__ = ["sources"]

#: Records that wait in look-up tables at no more cost than one: a row of their memory is never written.
_AT_NO_COST = SHALLOW - 1
#: What may happen to own orders at once, as a kill cancels them all.
_ORDERS = 16


def sources(slots: int) -> dict[str, Source]:
    """Give a card's sources of records, first served first: a heartbeat leaves behind all that was before it.

    Parameters
    ----------
    slots : int
        Symbols followed at once: a change of session changes the state of all of them, slot after slot.
    """
    of_slots = max(_AT_NO_COST, slots)
    return {
        "killed": Source(RecordType.KILL),
        "armed": Source(RecordType.ARM),
        "order_sent": Source(RecordType.ORDER_SENT, depth=_ORDERS),
        "answered": Source(
            RecordType.ORDER_ACCEPTED,
            RecordType.ORDER_REPLACED,
            RecordType.ORDER_EXECUTED,
            RecordType.ORDER_CANCELED,
            RecordType.ORDER_REJECTED,
            RecordType.ORDER_RESTATED,
            RecordType.ORDER_BROKEN,
            RecordType.ORDER_MODIFIED,
            RecordType.ORDER_PRIORITY,
            RecordType.CANCEL_ANSWER,
            RecordType.GATE_REFUSED,
            depth=_ORDERS,
        ),
        "refused": Source(RecordType.GATE_REFUSED, depth=8),
        "position": Source(RecordType.POSITION, depth=_ORDERS),
        "account": Source(RecordType.ACCOUNT, RecordType.ORDER_EVENT),
        "impossible_alarm": Source(RecordType.ALARM),
        "trigger": Source(RecordType.TRIGGER),
        "alarm": Source(RecordType.ALARM),
        "gaps": Source(RecordType.GAP),
        "stale": Source(RecordType.STALE, depth=of_slots),
        "symbol_state": Source(RecordType.SYMBOL_STATE, depth=of_slots),
        "market": Source(RecordType.MARKET),
        "session": Source(RecordType.ORDER_SESSION),
        "prints": Source(RecordType.TRADE_PRINT, depth=8),
        "depth": Source(RecordType.DEPTH, RecordType.DEPTH_LEVEL, depth=8),
        "heartbeat": Source(RecordType.HEARTBEAT),
    }
