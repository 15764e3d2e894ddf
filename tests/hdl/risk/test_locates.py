"""Located shares: what the host sets, less what was sold short."""

import random

import pytest
from amaranth import ResetInserter, Signal
from amaranth.sim import Simulator

from hdl.risk.locates import Locates
from hdl.types import OrderAnswerKind

SLOTS = 2
ALL = (1 << 32) - 1


def run(script):
    dut = Locates(SLOTS, readers=SLOTS)
    sim = Simulator(dut)
    sim.add_clock(1e-6)

    async def bench(ctx):
        await script(ctx, dut)

    sim.add_testbench(bench)
    sim.run()


async def write(ctx, dut, slot, shares):
    """The host locates so many shares."""
    ctx.set(dut.locate, 1)
    ctx.set(dut.locate_slot, slot)
    ctx.set(dut.located, shares)
    await ctx.tick()
    ctx.set(dut.locate, 0)


async def locate(ctx, dut, slot, shares):
    """Let the host locate so many shares, and wait until the balance says so."""
    await write(ctx, dut, slot, shares)
    assert ctx.get(dut.busy)
    await ctx.tick()
    assert not ctx.get(dut.busy)


def balances(ctx, dut):
    for i in range(SLOTS):
        ctx.set(dut.slot[i], i)
    return [ctx.get(dut.balance[i]) for i in range(SLOTS)]


async def say(ctx, dut, slot, shares, *, short=1, kind=OrderAnswerKind.EXECUTED):
    ctx.set(dut.answers.payload, {"kind": kind, "slot": slot, "shares": shares})
    ctx.set(dut.short, short)
    ctx.set(dut.answers.valid, 1)
    await ctx.tick()
    ctx.set(dut.answers.valid, 0)
    return balances(ctx, dut)


def test_random_executions_are_counted_once_and_in_their_slot():
    rng = random.Random(7)

    async def script(ctx, dut):
        located, used = [5000, 3000], [0, 0]
        for i in range(SLOTS):
            await locate(ctx, dut, i, located[i])
        for step in range(200):
            if step % 40 == 39:
                located[0] += 500
                await locate(ctx, dut, 0, located[0])
            await ctx.tick().repeat(rng.randrange(1, 5))
            slot, shares, short = rng.randrange(SLOTS), rng.randint(1, 60), rng.randrange(2)
            kind = rng.choice((OrderAnswerKind.EXECUTED, OrderAnswerKind.EXECUTED, OrderAnswerKind.ACCEPTED))
            used[slot] += shares if short and kind == OrderAnswerKind.EXECUTED else 0
            found = await say(ctx, dut, slot, shares, short=short, kind=kind)
            assert found == [max(0, have - gone) for have, gone in zip(located, used, strict=True)]
        assert used[1] > 700

    run(script)


def test_more_than_located_leaves_none_and_the_count_does_not_wrap():
    async def script(ctx, dut):
        await locate(ctx, dut, 0, 100)
        assert await say(ctx, dut, 0, 101) == [0, 0]
        await say(ctx, dut, 0, ALL)
        await locate(ctx, dut, 0, ALL)
        assert await say(ctx, dut, 0, 0) == [0, 0]

    run(script)


def test_the_host_may_locate_more_or_fewer():
    async def script(ctx, dut):
        await locate(ctx, dut, 1, 100)
        assert await say(ctx, dut, 1, 60) == [0, 40]
        await locate(ctx, dut, 1, 500)
        assert balances(ctx, dut)[1] == 440
        await locate(ctx, dut, 1, 70)
        assert balances(ctx, dut)[1] == 10

    run(script)


@pytest.mark.parametrize("sold", range(SLOTS))
@pytest.mark.parametrize("wait", range(4))
def test_a_sale_while_the_host_locates_is_counted(wait, sold):
    """Whichever of the two is first, and of whichever slot the sale is: nothing is lost, nothing is counted twice."""

    async def script(ctx, dut):
        for slot in range(SLOTS):
            await locate(ctx, dut, slot, 100)
        for cycle in range(8):
            ctx.set(dut.locate, cycle == 2)
            ctx.set(dut.locate_slot, 0)
            ctx.set(dut.located, 200)
            ctx.set(dut.short, 1)
            ctx.set(dut.answers.payload, {"kind": OrderAnswerKind.EXECUTED, "slot": sold, "shares": 30})
            ctx.set(dut.answers.valid, cycle == 1 + wait)
            await ctx.tick()
        assert balances(ctx, dut) == ([170, 100] if sold == 0 else [200, 70])

    run(script)


def test_a_slot_that_there_is_none_of_moves_nothing():
    async def script(ctx, dut):
        await locate(ctx, dut, 0, 100)
        await write(ctx, dut, SLOTS, 7)
        assert await say(ctx, dut, SLOTS, 30) == [100, 0]

    run(script)


def test_a_reset_forgets_what_was_located_and_sold():
    """The memories outlive it."""
    dut, reset = Locates(SLOTS, readers=SLOTS), Signal()
    sim = Simulator(ResetInserter(reset)(dut))
    sim.add_clock(1e-6)

    async def bench(ctx):
        await locate(ctx, dut, 0, 100)
        assert await say(ctx, dut, 0, 30) == [70, 0]
        ctx.set(reset, 1)
        await ctx.tick()
        ctx.set(reset, 0)
        assert balances(ctx, dut) == [0, 0]
        await locate(ctx, dut, 0, 100)
        assert balances(ctx, dut) == [100, 0]

    sim.add_testbench(bench)
    sim.run()
