"""Orders without a place: counted against a dictionary that knows each of them."""

import random

from amaranth.sim import Simulator

from hdl.book.unheld import Unheld

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
