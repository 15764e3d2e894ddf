"""What an event asks of the book, decided once, before it travels down the pipeline."""

from amaranth import Cat, Value
from amaranth.lib import data

from hdl.types import EventKind, MarketEvent

__all__ = ["Operation", "operation_of"]


class Operation(data.Struct):
    """An event and what it does to the book; all bits clear where the card does not have its slot.

    ``adds``: it may bring an order; ``speaks``: of an order that must be live; ``takes_all`` of its shares;
    ``replaces`` it; ``clears`` the slot.
    """

    event: MarketEvent
    known_slot: 1
    adds: 1
    speaks: 1
    takes_all: 1
    replaces: 1
    clears: 1


def operation_of(event: data.View, slots: int) -> Value:
    """Give the :class:`Operation` of an event, on a card with so many slots."""
    kind = event.kind
    known = event.slot < slots
    replaces = known & (kind == EventKind.REPLACE)
    takes_all = replaces | (known & (kind == EventKind.DELETE))
    takes_some = (kind == EventKind.EXECUTE) | (kind == EventKind.EXECUTE_PRICE) | (kind == EventKind.CANCEL)
    fields = {
        "event": event.as_value(),
        "known_slot": known,
        "adds": known & ((kind == EventKind.ADD) | (kind == EventKind.LOAD)),
        "speaks": takes_all | (known & takes_some),
        "takes_all": takes_all,
        "replaces": replaces,
        "clears": known & (kind == EventKind.CLEAR),
    }
    return Cat(fields[name] for name, _ in Operation.as_shape())
