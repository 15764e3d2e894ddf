"""Timing diagrams of the book: events to views, and the two blocks inside it that keep orders and levels."""

from collections.abc import Sequence
from typing import Any

from amaranth.lib.data import Const
from wave_record import Inputs, Probe, Scene, bit, when

from hdl.book.book import OrderBook
from hdl.book.ladder import KEY_MAX
from hdl.book.order_table import OrderTable
from hdl.book.rows import BookRows
from hdl.types import EventKind, MarketEvent, Side

__all__ = ["book", "ladder", "order_table"]

#: Enough for the smallest table to be emptied after reset.
_SETTLE = 12
_FIRST, _SECOND = 0x11, 0x15


def _event(kind: Any, **fields: Any) -> Any:
    return MarketEvent.const({"kind": kind, **fields})


def _best(levels: Any) -> Probe:
    return lambda ctx: f"{ctx.get(levels[0].price)}: {ctx.get(levels[0].shares)}"


def book() -> Scene:
    """Three events two cycles from each other, each of which needs what the one before it does."""
    block = OrderBook(1, 32, 8)
    events, view = block.events, block.view
    steps = {
        1: _event(EventKind.ADD, side=Side.BUY, reference=_FIRST, shares=100, price=250),
        3: _event(EventKind.EXECUTE, reference=_FIRST, shares=40),
        5: _event(EventKind.REPLACE, reference=_FIRST, new_reference=_SECOND, shares=70, price=260),
    }
    script: list[Inputs] = [
        [(events.valid, int(cycle in steps)), *([(events.payload, steps[cycle])] if cycle in steps else [])]
        for cycle in range(13)
    ]
    return Scene(
        "Order book: an event every second cycle, each view six cycles later",
        block,
        script,
        {
            "events.valid": bit(events.valid),
            "events.ready": bit(events.ready),
            "event": when(events.valid, lambda ctx: ctx.get(events.payload.kind).name),
            "view.valid": bit(view.valid),
            "view of": when(view.valid, lambda ctx: ctx.get(view.payload.kind).name),
            "best bid: shares": when(view.valid, _best(view.payload.bids)),
            "print shares": when(view.valid, lambda ctx: ctx.get(view.payload.trade_shares)),
        },
        settle=_SETTLE,
    )


def _operations(block: Any, starts: Sequence[int], cycles: int) -> list[list[tuple[Any, Any]]]:
    """Walk operations that start in given cycles through an order table."""
    return [
        [(block.step, sum(1 << cycle - start for start in starts if 0 <= cycle - start <= 6))]
        for cycle in range(cycles)
    ]


def order_table() -> Scene:
    """An order is added; the operation two cycles behind finds it, though the memories do not show it yet."""
    block = OrderTable(1, 32)
    script = _operations(block, (0, 2), 9)
    # First operation: add _FIRST. Second: speak of it, and take 40 of its 100 shares.
    script[0] += [(block.early_reference, _SECOND)]
    script[1] += [(block.reference, _SECOND), (block.target, _FIRST)]
    script[2] += [(block.early_reference, _FIRST)]
    script[3] += [(block.reference, _FIRST), (block.target, _SECOND)]
    script[5] += [(block.insert, 1), (block.insert_shares, 100), (block.insert_price, 250)]
    script[6] += [(block.insert, 0), (block.reduce, 1), (block.remaining, 60)]
    script[7] += [(block.reduce, 0)]

    def of(cycle: int, shown: Probe) -> Probe:
        return lambda ctx: shown(ctx) if ctx.get(block.step) >> cycle & 1 else ""

    def number(ctx: Any) -> str:
        step = ctx.get(block.step)
        return " and ".join(str(k) for k in range(7) if step >> k & 1)

    return Scene(
        "Order table: an order is found two cycles behind the operation that adds it",
        block,
        script,
        {
            "cycles of operations": number,
            "early_reference": of(0, lambda ctx: f"{ctx.get(block.early_reference):#x}"),
            "target": of(1, lambda ctx: f"{ctx.get(block.target):#x}"),
            "found": of(3, bit(block.found)),
            "old.shares": of(3, lambda ctx: str(ctx.get(block.old.shares)) if ctx.get(block.found) else "none"),
            "duplicate": of(4, bit(block.duplicate)),
            "insert": bit(block.insert),
            "reduce": bit(block.reduce),
            "remaining": when(block.reduce, lambda ctx: ctx.get(block.remaining)),
            "live_orders": lambda ctx: str(ctx.get(block.live_orders)),
        },
        settle=_SETTLE,
    )


def ladder() -> Scene:
    """Two operations on one row of asks: the second is given what the first makes of it, before it is written."""
    block = BookRows(1, 8, 38)
    cycles = 10
    script: list[list[tuple[Any, Any]]] = [[] for _ in range(cycles)]
    for start, adds, takes in ((0, (250, 100), None), (2, (240, 30), (250, 60))):
        pulses = ((1, block.read), (3, block.load), (4, block.step_reduce), (5, block.step_insert), (5, block.commit))
        for offset, pulse in pulses:
            script[start + offset].append((pulse, 1))
        if takes:
            script[start + 4] += [(block.reduce_key, takes[0]), (block.reduce_shares, takes[1])]
        script[start + 4] += [(block.insert_key, adds[0]), (block.insert_shares, adds[1])]
        script[start + 5] += [(block.reduce, int(takes is not None)), (block.insert, 1)]
    pulsed = (block.read, block.load, block.step_reduce, block.step_insert, block.commit, block.insert, block.reduce)
    script = [[*((p, 0) for p in pulsed if not any(p is q for q, _ in given)), *given] for given in script]

    def levels(ctx: Any) -> str:
        asks: Const = ctx.get(block.asks)
        there = [f"{asks.keys[i]}: {asks.shares[i]}" for i in range(2) if asks.valid >> i & 1]
        return ", ".join(there) or "empty"

    return Scene(
        "Rows of price levels: two operations on one row, two cycles apart",
        block,
        script,
        {
            "read": bit(block.read),
            "load": bit(block.load),
            "step_reduce": bit(block.step_reduce),
            "reduce_key: reduce_shares": when(
                block.step_reduce, lambda ctx: f"{ctx.get(block.reduce_key)}: {ctx.get(block.reduce_shares)}"
            ),
            "insert_key: insert_shares": when(
                block.step_reduce, lambda ctx: f"{ctx.get(block.insert_key)}: {ctx.get(block.insert_shares)}"
            ),
            "reduce": bit(block.reduce),
            "insert": bit(block.insert),
            "commit": bit(block.commit),
            "asks": levels,
        },
        fixed=[(block.load_side, 1), (block.put_side, 1), (block.changed, 1), (block.bound, KEY_MAX)],
        before=[[(block.initialising, 1)], [], [(block.initialising, 0)]],
    )
