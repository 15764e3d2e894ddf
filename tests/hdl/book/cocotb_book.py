"""A small book's life, told message by message; what must be seen after each is written beside it."""

import cocotb
from amaranth.lib.data import Layout
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, ReadOnly, RisingEdge

from hdl.types import DepthView, EventKind, Level, MarketEvent, Side

EVENT = Layout.cast(MarketEvent)
VIEW = Layout.cast(DepthView)
LEVEL = Layout.cast(Level)
BUY, SELL = Side.BUY, Side.SELL

#: (event, bids afterwards, asks afterwards), sides best first as (price, shares).
STORY = [
    (dict(kind=EventKind.ADD, side=BUY, reference=1, shares=100, price=250000), [(250000, 100)], []),
    (dict(kind=EventKind.ADD, side=SELL, reference=5, shares=300, price=250100), [(250000, 100)], [(250100, 300)]),
    # A second order on the same level, then a better one.
    (dict(kind=EventKind.ADD, side=BUY, reference=9, shares=50, price=250000), [(250000, 150)], [(250100, 300)]),
    (
        dict(kind=EventKind.ADD, side=BUY, reference=13, shares=10, price=250050),
        [(250050, 10), (250000, 150)],
        [(250100, 300)],
    ),
    # The best level empties; the one below it is the best again.
    (dict(kind=EventKind.DELETE, reference=13), [(250000, 150)], [(250100, 300)]),
    (dict(kind=EventKind.EXECUTE, reference=1, shares=40, match=7), [(250000, 110)], [(250100, 300)]),
    (dict(kind=EventKind.CANCEL, reference=5, shares=100), [(250000, 110)], [(250100, 200)]),
    # A Replace keeps the side; its price and size are new.
    (
        dict(kind=EventKind.REPLACE, reference=9, new_reference=17, shares=75, price=249900),
        [(250000, 60), (249900, 75)],
        [(250100, 200)],
    ),
    # Of an order nobody knows: nothing changes, and the Replace makes no order either.
    (dict(kind=EventKind.DELETE, reference=9), [(250000, 60), (249900, 75)], [(250100, 200)]),
    (
        dict(kind=EventKind.REPLACE, reference=9, new_reference=21, shares=5, price=250000),
        [(250000, 60), (249900, 75)],
        [(250100, 200)],
    ),
    (dict(kind=EventKind.DELETE, reference=21), [(250000, 60), (249900, 75)], [(250100, 200)]),
    # More executed than there is: the order is gone.
    (dict(kind=EventKind.EXECUTE, reference=1, shares=500, match=8), [(249900, 75)], [(250100, 200)]),
    # A trade off the book does not touch it; a clear empties it.
    (dict(kind=EventKind.TRADE, side=BUY, shares=100, price=250000, match=9), [(249900, 75)], [(250100, 200)]),
    (dict(kind=EventKind.CLEAR), [], []),
    (dict(kind=EventKind.DELETE, reference=17), [], []),
]


def packed(fields: dict) -> int:
    value = 0
    for name, part in fields.items():
        value |= int(getattr(part, "value", part)) << EVENT[name].offset
    return value


def side(view: int, name: str) -> list[tuple[int, int]]:
    levels = []
    for i in range(VIEW[name].width // LEVEL.size):
        at = VIEW[name].offset + i * LEVEL.size
        price, shares = (
            (view >> (at + LEVEL[part].offset)) & ((1 << LEVEL[part].width) - 1) for part in ("price", "shares")
        )
        if shares:
            levels.append((price, shares))
    return levels


@cocotb.test()
async def a_story(dut):
    cocotb.start_soon(Clock(dut.clk, 6400, "ps").start())
    dut.rst.value = 0
    dut.events__valid.value = 0
    for number, (fields, bids, asks) in enumerate(STORY, start=1):
        await FallingEdge(dut.clk)
        dut.events__payload.value = packed(fields | {"sequence": number})
        dut.events__valid.value = 1
        while True:
            await ReadOnly()
            taken = dut.events__ready.value == 1
            await RisingEdge(dut.clk)
            if taken:
                break
            await FallingEdge(dut.clk)
        await FallingEdge(dut.clk)
        dut.events__valid.value = 0
        for _ in range(20):
            await ReadOnly()
            if dut.view__valid.value == 1:
                break
            await FallingEdge(dut.clk)
        else:
            raise AssertionError(f"no view of event {number}")
        view = int(dut.view__payload.value)
        assert (view >> VIEW["sequence"].offset) & (2**64 - 1) == number
        assert (side(view, "bids"), side(view, "asks")) == (bids, asks), f"after event {number}: {fields}"
