"""Open shares against a table in Python: a grant and an answer in every order and in one cycle."""

import random

import pytest
from amaranth import ResetInserter, Signal
from amaranth.sim import Simulator

from hdl.risk.open_shares import OpenShares
from hdl.types import Side

SLOTS = 3
ROWS = [(slot, side) for slot in range(SLOTS) for side in Side]


def run(script):
    dut, reset = OpenShares(SLOTS, readers=len(ROWS)), Signal()
    sim = Simulator(ResetInserter(reset)(dut))
    sim.add_clock(1e-6)

    async def bench(ctx):
        for reader, (slot, side) in enumerate(ROWS):
            ctx.set(dut.slot[reader], slot)
            ctx.set(dut.side[reader], side)
        await script(ctx, dut, reset)

    sim.add_testbench(bench)
    sim.run()


def totals(ctx, dut):
    return {row: ctx.get(dut.total[reader]) for reader, row in enumerate(ROWS)}


async def say(ctx, dut, grant=None, answer=None):
    """One cycle with a grant of (row, shares), an answer of (row, more, fewer), both or none."""
    ctx.set(dut.granted, grant is not None)
    if grant is not None:
        (slot, side), more = grant
        ctx.set(dut.grant, {"slot": slot, "side": side, "more": more})
    ctx.set(dut.answered, answer is not None)
    if answer is not None:
        (slot, side), more, fewer = answer
        ctx.set(dut.answer, {"slot": slot, "side": side, "more": more, "fewer": fewer})
    await ctx.tick()
    ctx.set(dut.granted, 0)
    ctx.set(dut.answered, 0)


@pytest.mark.parametrize("seed", range(4))
def test_every_total_is_right_in_every_cycle(seed):
    """Answers at least 4 cycles apart, at most one grant from one answer to the next."""
    chance = random.Random(seed)

    async def script(ctx, dut, reset):
        model = dict.fromkeys(ROWS, 0)
        since, may_grant, last = 4, True, ROWS[0]
        met = {"one cycle": 0, "same total": 0, "waits": 0}
        for _ in range(3_000):
            since += 1
            grant = answer = None
            rows = chance.sample(ROWS, 2)
            if since >= 4 and chance.random() < 0.5:
                more, fewer = chance.randrange(900), chance.randrange(900)
                if chance.random() < 0.05:
                    rows[0] = (chance.choice([SLOTS, 255]), rows[0][1])  # of no slot
                answer = (rows[0], more, min(fewer, model.get(rows[0], 0) + more))
            if may_grant and chance.random() < 0.2:
                grant = (chance.choice([*rows, last]) if since < 4 else chance.choice(rows), chance.randrange(900))
            met["one cycle"] += bool(grant and answer)
            met["same total"] += bool(grant and answer and grant[0] == answer[0])
            met["waits"] += bool(grant and since == 1)
            await say(ctx, dut, grant, answer)
            if grant and grant[0] in model:
                model[grant[0]] += grant[1]
            may_grant = may_grant and not grant
            if answer:
                since, may_grant, last = 0, True, rows[0]
                if rows[0] in model:
                    model[rows[0]] += answer[1] - answer[2]
            assert totals(ctx, dut) == model
        assert min(met.values()) > 20, met

    run(script)


def test_a_reset_leaves_nothing_open():
    async def script(ctx, dut, reset):
        await say(ctx, dut, ((1, Side.SELL), 300), ((0, Side.BUY), 50, 0))
        assert totals(ctx, dut) == dict.fromkeys(ROWS, 0) | {(1, Side.SELL): 300, (0, Side.BUY): 50}
        ctx.set(reset, 1)
        await ctx.tick()
        ctx.set(reset, 0)
        assert totals(ctx, dut) == dict.fromkeys(ROWS, 0)
        await say(ctx, dut, ((1, Side.SELL), 7))
        await say(ctx, dut)
        assert totals(ctx, dut) == dict.fromkeys(ROWS, 0) | {(1, Side.SELL): 7}

    run(script)
