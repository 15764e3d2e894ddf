"""Which records a card sends, from where, and how many of them wait."""

from hdl.configs import CardConfig
from hdl.rams import SHALLOW
from hdl.telemetry.record import RecordType
from hdl.telemetry.source import Source

__all__ = ["sources"]

#: Records that wait in look-up tables at no more cost than one: a row of their memory is never written.
_AT_NO_COST = SHALLOW - 1
#: What may happen to own orders at once, as a kill cancels them all.
_ORDERS = 16
#: Sources that a card which does not trade has not.
_OF_TRADING = frozenset(
    ("order_sent", "answered", "refused", "position", "account", "impossible_alarm", "trigger", "alarm", "session")
)


def sources(config: CardConfig) -> dict[str, Source]:
    """Give a card's sources of records, first served first: a heartbeat leaves behind all that was before it.

    Parameters
    ----------
    config : CardConfig
        ``slots``: a change of session changes the state of all of them, slot after slot. ``ample_block_ram``: what
        takes hundreds of bits a record lies there. ``trades``: a card that does not has only the sources of what it
        hears, and look-up tables enough for them, whose wires are shorter.
    """
    of_slots = max(_AT_NO_COST, config.slots)
    wide = config.ample_block_ram and config.trades
    listed = {
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
        "refused": Source(RecordType.GATE_REFUSED, depth=8, in_block_ram=wide),
        "position": Source(RecordType.POSITION, depth=_ORDERS),
        "account": Source(RecordType.ACCOUNT, RecordType.ORDER_EVENT, in_block_ram=wide),
        "impossible_alarm": Source(RecordType.ALARM, in_block_ram=wide),
        "trigger": Source(RecordType.TRIGGER, in_block_ram=wide),
        "alarm": Source(RecordType.ALARM, in_block_ram=wide),
        "gaps": Source(RecordType.GAP, in_block_ram=wide),
        "stale": Source(RecordType.STALE, depth=of_slots),
        "symbol_state": Source(RecordType.SYMBOL_STATE, depth=of_slots),
        "market": Source(RecordType.MARKET),
        "session": Source(RecordType.ORDER_SESSION),
        "prints": Source(RecordType.TRADE_PRINT, depth=8, in_block_ram=wide),
        "depth": Source(RecordType.DEPTH, RecordType.DEPTH_LEVEL, depth=8, in_block_ram=wide),
        "heartbeat": Source(RecordType.HEARTBEAT),
    }
    return {name: source for name, source in listed.items() if config.trades or name not in _OF_TRADING}
