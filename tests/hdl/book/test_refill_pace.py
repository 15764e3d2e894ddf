"""How much room between events a refill needs: what docs/blocks/ladder.md promises, played against the book."""

from amaranth.sim import Simulator

from hdl.book.book import LATENCY, OrderBook
from hdl.types import EventKind, Side

ORDERS, LEVELS = 32, 8
ROWS_OF_A_BANK, PLACES_OF_THE_STASH = ORDERS // 4, 16
ADDED, DELETED = 14, 5
#: Cycles between two events from which on a refill comes to its end, and the gaps that it may take then: one to begin,
#: one a row, an order beyond the row and a place of the stash, one a level of half a row, one to finish.
ROOM = 5
GAPS = 1 + ROWS_OF_A_BANK + (ADDED - LEVELS) + PLACES_OF_THE_STASH + LEVELS // 2 + 1


def play(cycles: int) -> tuple[bool, bool]:
    """Run a row of asks down to three levels at full pace, then send an event every so many cycles.

    Gives whether the asks were said to be incomplete after the run down, and after ``GAPS`` gaps more.
    """
    dut = OrderBook(1, ORDERS, LEVELS)
    simulator = Simulator(dut)
    simulator.add_clock(1e-8)
    flags: list[int] = []

    async def watch(ctx):
        async for _, _, valid, incomplete in ctx.tick().sample(dut.view.valid, dut.view.payload.ask_incomplete):
            if valid:
                flags.append(incomplete)

    async def feed(ctx):
        async def send(kind, apart, reference=0, price=0):
            event = dut.events.payload
            values = {"kind": kind, "side": Side.SELL, "reference": reference, "price": price, "shares": 10}
            for name, value in values.items():
                ctx.set(getattr(event, name), value)
            ctx.set(dut.events.valid, 1)
            await ctx.tick().until(dut.events.ready)
            ctx.set(dut.events.valid, 0)
            await ctx.tick().repeat(apart - 1)

        for i in range(ADDED):
            await send(EventKind.ADD, 2, reference=i + 1, price=100 + i)
        for i in range(DELETED):
            await send(EventKind.DELETE, 2, reference=i + 1)
        for _ in range(GAPS + 1):
            await send(EventKind.REFRESH, cycles)
        await ctx.tick().repeat(LATENCY)

    simulator.add_process(watch)
    simulator.add_testbench(feed)
    simulator.run()
    assert len(flags) == ADDED + DELETED + GAPS + 1
    return bool(flags[ADDED + DELETED - 1]), bool(flags[-1])


def test_with_room_the_side_is_whole_again_in_the_promised_time():
    assert play(ROOM) == (True, False)


def test_without_room_it_stays_incomplete():
    assert play(ROOM - 1) == (True, True)


def test_orders_that_the_gathered_row_has_no_room_for_are_passed_over_as_they_are_read():
    # 36 orders beyond a row of 8, of which the best four levels are gathered. Read one by one they would take 4 cycles
    # each; passed over when four better ones are known, the scan of 16 rows is most of what there is to do.
    orders, levels, added, deleted = 64, 8, 44, 5
    beyond, places, put = added - levels, PLACES_OF_THE_STASH, levels // 2
    begin_and_finish = 2 * 6
    least = orders // 4 + 2 * places + 6 * put + begin_and_finish
    dut = OrderBook(1, orders, levels)
    simulator = Simulator(dut)
    simulator.add_clock(1e-8)
    took = 0

    async def feed(ctx):
        nonlocal took
        event = dut.events.payload
        for i in range(added + deleted):
            kind = EventKind.ADD if i < added else EventKind.DELETE
            reference = i + 1 if i < added else i - added + 1
            values = {"kind": kind, "side": Side.SELL, "reference": reference, "price": 100 + i, "shares": 10}
            for name, value in values.items():
                ctx.set(getattr(event, name), value)
            ctx.set(dut.events.valid, 1)
            await ctx.tick().until(dut.events.ready)
            ctx.set(dut.events.valid, 0)
            await ctx.tick()
        while ctx.get(dut.busy):
            took += 1
            await ctx.tick()

    simulator.add_testbench(feed)
    simulator.run()
    assert least - begin_and_finish < took < least + 4 * beyond * 2 // 3
