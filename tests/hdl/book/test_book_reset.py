"""A book that is reset in the middle of its work, as a button on a board does it: memories keep what they have."""

import pytest
from amaranth.hdl import ResetInserter, Signal
from amaranth.sim import Simulator

from hdl.book.book import OrderBook
from hdl.types import EventKind, MarketEvent, Side

LEVELS, ORDERS = 8, 32
#: Orders of a row, one a level, and how many of the best of them leave: half a row is left, and one order beyond it.
ADDED, DELETED = LEVELS + 1, LEVELS // 2 + 1
REFERENCES = {Side.BUY: 100, Side.SELL: 200}
#: Cycles in which a row of so small a table is filled at rest, and more than the table needs to empty itself.
FILLED = 120


def run_down(side: Side) -> list[MarketEvent]:
    """Give the events after which a row asks to be filled from the table."""
    first, away = REFERENCES[side], -1 if side is Side.BUY else 1
    added = [
        MarketEvent.const(
            {"kind": EventKind.ADD, "side": side, "reference": first + i, "shares": 10, "price": 1000 + away * (50 + i)}
        )
        for i in range(ADDED)
    ]
    return added + [MarketEvent.const({"kind": EventKind.DELETE, "reference": first + i}) for i in range(DELETED)]


def play(reset_after: int) -> tuple[int, int, bool]:
    """Run bids down, reset so many cycles after the last event, then run asks down.

    Gives refills before and after the reset, and whether asks are incomplete at last.
    """
    reset = Signal()
    book = OrderBook(1, ORDERS, LEVELS)
    refills = {False: 0, True: 0}
    incomplete = True

    async def drive(ctx):
        nonlocal incomplete
        again = False

        async def cycle():
            nonlocal incomplete
            refills[again] += ctx.get(book.refills)
            if ctx.get(book.view.valid):
                incomplete = bool(ctx.get(book.view.payload.ask_incomplete))
            await ctx.tick()

        async def send(event):
            ctx.set(book.events.payload, event)
            ctx.set(book.events.valid, 1)
            while not ctx.get(book.events.ready):
                await cycle()
            await cycle()
            ctx.set(book.events.valid, 0)
            await cycle()

        for event in run_down(Side.BUY):
            await send(event)
        for _ in range(reset_after):
            await cycle()
        ctx.set(reset, 1)
        await ctx.tick()
        ctx.set(reset, 0)
        again = True
        for event in run_down(Side.SELL):
            await send(event)
        for _ in range(FILLED):
            await cycle()
        # Any event shows the row as it is now.
        await send(MarketEvent.const({"kind": EventKind.REFRESH}))
        for _ in range(10):
            await cycle()

    simulator = Simulator(ResetInserter(reset)(book))
    simulator.add_clock(1e-8)
    simulator.add_testbench(drive)
    simulator.run()
    return refills[False], refills[True], incomplete


def test_a_row_that_asks_is_filled():
    assert play(FILLED) == (1, 1, False)


@pytest.mark.parametrize("reset_after", range(8))
def test_what_asked_before_a_reset_does_not_ask_after_it(reset_after):
    assert play(reset_after) == (0, 1, False)
