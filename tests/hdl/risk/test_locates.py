"""Located shares: what the host sets, less what was sold short."""

import random

import pytest
from amaranth.sim import Simulator

from hdl.risk.locates import Locates
from hdl.types import OrderAnswerKind

SLOTS = 2
ALL = (1 << 32) - 1


def run(script):
    dut = Locates(SLOTS)
    sim = Simulator(dut)
    sim.add_clock(1e-6)

    async def bench(ctx):
        await script(ctx, dut)

    sim.add_testbench(bench)
    sim.run()


async def locate(ctx, dut, slot, shares):
    """Let the host locate so many shares, and wait until the balance says so; give the cycles that took."""
    ctx.set(dut.located[slot], shares)
    cycles = 0
    while ctx.get(dut.busy):
        await ctx.tick()
        cycles += 1
    assert cycles <= SLOTS + 4
    return cycles


async def say(ctx, dut, slot, shares, *, short=1, kind=OrderAnswerKind.EXECUTED):
    ctx.set(dut.answers.payload, {"kind": kind, "slot": slot, "shares": shares})
    ctx.set(dut.short, short)
    ctx.set(dut.answers.valid, 1)
    await ctx.tick()
    ctx.set(dut.answers.valid, 0)
    return [ctx.get(dut.balance[i]) for i in range(SLOTS)]


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
        assert ctx.get(dut.balance[1]) == 440
        await locate(ctx, dut, 1, 70)
        assert ctx.get(dut.balance[1]) == 10

    run(script)


@pytest.mark.parametrize("wait", range(SLOTS + 4))
def test_a_sale_while_the_host_locates_is_counted(wait):
    async def script(ctx, dut):
        await locate(ctx, dut, 0, 100)
        ctx.set(dut.located[0], 200)
        for _ in range(wait):
            await ctx.tick()
        found = await say(ctx, dut, 0, 30)
        assert found[0] in (70, 170)
        await locate(ctx, dut, 0, 200)
        await ctx.tick().repeat(SLOTS + 4)
        assert ctx.get(dut.balance[0]) == 170

    run(script)
