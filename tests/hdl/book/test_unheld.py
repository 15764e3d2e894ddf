"""Orders without a place: counted against a dictionary that knows each of them."""

import random

from amaranth.sim import Simulator

from hdl.book.book import LATENCY, OrderBook
from hdl.book.order_table import STASH
from hdl.book.unheld import Unheld
from hdl.types import EventKind

SLOTS = 3


def play(story):
    dut = Unheld(SLOTS)
    simulator = Simulator(dut)
    simulator.add_clock(1e-8)

    async def testbench(ctx):
        async def tell(what, slot):
            ctx.set(dut.slot, slot)
            ctx.set(getattr(dut, what), 1)
            said = ctx.get(dut.all_held)
            await ctx.tick()
            ctx.set(getattr(dut, what), 0)
            return said

        await story(tell)

    simulator.add_testbench(testbench)
    simulator.run()


def test_the_last_one_gone_is_told_and_no_other():
    rng = random.Random(1)

    async def story(tell):
        unheld = [set() for _ in range(SLOTS)]
        told = 0
        for slot in range(SLOTS):
            assert not await tell("gone", slot), "nothing was counted before the first clear"
            assert not await tell("overflow", slot)
            assert not await tell("gone", slot)
            await tell("clear", slot)
        for number in range(3_000):
            slot = rng.choice([0, 0, 1, 2, 200])
            orders = unheld[slot] if slot < SLOTS else set()
            what = rng.choices(["overflow", "gone", "clear"], [10, 12, 1])[0]
            said = await tell(what, slot)
            if what == "overflow" and slot < SLOTS:
                orders.add(number)
            elif what == "clear":
                orders.clear()
            elif what == "gone" and orders:
                orders.pop()
                assert said == (not orders)
                told += said
                continue
            assert not said
        assert told > 50

    play(story)


def test_more_than_can_be_counted_are_never_counted_down():
    async def story(tell):
        await tell("clear", 1)
        for _ in range(300):
            await tell("overflow", 1)
        for _ in range(600):
            assert not await tell("gone", 1)
        await tell("clear", 1)
        await tell("overflow", 1)
        assert await tell("gone", 1)

    play(story)


def test_a_book_says_when_the_orders_that_did_not_fit_are_gone():
    places, more = 32, 9
    dut = OrderBook(2, places, 8)
    simulator = Simulator(dut)
    simulator.add_clock(1e-8)

    async def testbench(ctx):
        told, overflowed = [], []

        async def cycle():
            if ctx.get(dut.all_held.valid):
                told.append(ctx.get(dut.all_held.payload))
            if ctx.get(dut.stale.valid):
                overflowed.append(ctx.get(dut.stale.payload.cause))
            await ctx.tick()

        async def event(kind, reference=0, *, slot=1, shares=100):
            """One event; returns the orders that did not fit while it went through."""
            while not ctx.get(dut.events.ready):
                await cycle()
            for name, value in (("kind", kind), ("slot", slot), ("reference", reference), ("shares", shares)):
                ctx.set(dut.events.payload[name], value)
            ctx.set(dut.events.payload.price, 10_000 + 100 * (reference % 7))
            ctx.set(dut.events.payload.sequence, reference)
            ctx.set(dut.events.valid, 1)
            await cycle()
            ctx.set(dut.events.valid, 0)
            for _ in range(LATENCY):
                await cycle()

        await event(EventKind.CLEAR)
        orders = [4 * n + 1 for n in range(places + STASH + more)]
        for reference in orders:
            await event(EventKind.ADD, reference)
        unheld, held = list(overflowed), [r for r in orders if r not in overflowed]
        assert len(unheld) >= more
        # Orders that have a place, executions of those that have none, and another slot's message: none of it counts.
        for reference in held:
            await event(EventKind.DELETE, reference)
        for reference in unheld:
            await event(EventKind.EXECUTE, reference, shares=10)
        await event(EventKind.DELETE, 999_999, slot=0)
        for reference in unheld[:-1]:
            await event(EventKind.DELETE, reference)
        assert told == []
        await event(EventKind.DELETE, unheld[-1])
        assert told == [1]

    simulator.add_testbench(testbench)
    simulator.run()
