"""Timing diagram of the trading states of the symbols."""

from typing import Any

from wave_record import Inputs, Scene, bit, when

from hdl.feed.itch import ItchMessage
from hdl.feed.states import MarketStates
from hdl.types import EventKind

__all__ = ["states"]

_STOCK = int.from_bytes(b"AAPL    ", "little")


def states() -> Scene:
    """A Stock Directory message, an order, a Trading Action, the market's start, and a gap that is lost."""
    block = MarketStates(1)
    events, change = block.events, block.state_change

    def message(letter: str, code: str = "\0", kind: int = EventKind.NONE) -> Inputs:
        fields: dict[str, Any] = {"type": ord(letter), "locate": 0 if letter == "S" else 7, "code": ord(code)}
        return [(block.message_valid, 1), (block.message, ItchMessage.const({**fields, "kind": kind, "stock": _STOCK}))]

    given = {
        1: ("R", message("R")),
        4: ("A", message("A", kind=EventKind.ADD)),
        7: ("H, T", message("H", "T")),
        10: ("S, Q", message("S", "Q")),
    }
    script: list[Inputs] = [
        given[cycle][1] if cycle in given else [(block.message_valid, 0), (block.gap, int(cycle == 13))]
        for cycle in range(17)
    ]
    flags = {name: bit(getattr(block.flags[0], name)) for name in ("bound", "stale", "halted", "market_open")}
    return Scene(
        "Market states: a symbol is bound and whole, may trade, the market opens; a gap is lost",
        block,
        script,
        {
            "message_valid": bit(block.message_valid),
            "type": when(block.message_valid, lambda ctx: chr(ctx.get(block.message.type))),
            "gap": bit(block.gap),
            "events.valid": bit(events.valid),
            "event": when(events.valid, lambda ctx: EventKind(ctx.get(events.payload.kind)).name),
            **flags,
            "state_change": bit(change.valid),
        },
        fixed=[(block.symbols[0], _STOCK), (change.ready, 1)],
        settle=6,
    )
