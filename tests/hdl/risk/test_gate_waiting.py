"""What waits at the gate: it is judged again in every cycle, a cancel goes before it, and entries never wait."""

import pytest

from hdl.types import Refusal
from tests.hdl.risk.gate_bench import CANCEL, ENTER, EXIT, FLAGS, run


@pytest.mark.parametrize(
    ("ports", "refusal"),
    [
        ({"granted__ready": 0}, Refusal.BUSY),
        ({"unsent": 1}, Refusal.BUSY),
        ({"granted__ready": 0, "table_full": 1}, Refusal.TABLE_FULL),
    ],
)
def test_an_entry_never_waits_for_the_order_port(ports, refusal):
    async def script(ctx, dut):
        ctx.set(dut.granted.ready, ports.get("granted__ready", 1))
        ctx.set(dut.unsent, ports.get("unsent", 0))
        ctx.set(dut.table_full, ports.get("table_full", 0))
        ctx.set(dut.intents.payload, ENTER)
        ctx.set(dut.intents.valid, 1)
        await ctx.tick()
        ctx.set(dut.intents.valid, 0)
        assert ctx.get(dut.refusals.valid) == 1
        assert ctx.get(dut.refusals.payload.refusal) == refusal
        await ctx.tick()
        assert ctx.get(dut.busy) == 0

    run(script)


async def hold(ctx, dut, intent):
    """Have the gate hold ``intent`` because the order port is not ready."""
    ctx.set(dut.granted.ready, 0)
    ctx.set(dut.intents.payload, intent)
    ctx.set(dut.intents.valid, 1)
    await ctx.tick()
    ctx.set(dut.intents.valid, 0)
    await ctx.tick().repeat(5)
    assert (ctx.get(dut.granted.valid), ctx.get(dut.holding)) == (1, 1)


@pytest.mark.parametrize("fails", ["armed", "killed", "lease_alive", "session_up"])
def test_what_is_held_never_leaves_in_a_cycle_that_forbids_it(fails):
    async def script(ctx, dut):
        ctx.set(dut.held["position"][1], 100)
        await hold(ctx, dut, EXIT)
        ctx.set(getattr(dut, fails), int(fails == "killed"))
        ctx.set(dut.granted.ready, 1)
        assert ctx.get(dut.granted.valid) == 0, "in the very cycle"
        for _ in range(2):
            await ctx.tick()
            assert ctx.get(dut.granted.valid) == 0
        assert ctx.get(dut.busy) == 0, "refused, and gone"

    run(script)


def test_what_is_held_is_judged_again():
    async def script(ctx, dut):
        ctx.set(dut.held["position"][1], 100)
        await hold(ctx, dut, EXIT)
        ctx.set(dut.flags[1], FLAGS | {"halted": 1})
        await ctx.tick()
        assert ctx.get(dut.granted.valid) == 0
        assert ctx.get(dut.refusals.payload.refusal) == Refusal.HALTED

    run(script)


def test_entries_bounce_off_a_held_exit_and_the_exit_stays():
    async def script(ctx, dut):
        ctx.set(dut.held["position"][1], 100)
        await hold(ctx, dut, EXIT | {"cause": 1})
        ctx.set(dut.intents.payload, EXIT | {"cause": 2})
        assert ctx.get(dut.intents.ready) == 0, "a second exit waits outside"
        ctx.set(dut.intents.payload, ENTER | {"cause": 3})
        ctx.set(dut.intents.valid, 1)
        assert ctx.get(dut.intents.ready) == 1
        await ctx.tick()
        ctx.set(dut.intents.valid, 0)
        said = ctx.get(dut.refusals.payload)
        assert (ctx.get(dut.refusals.valid), said.refusal, said.cause) == (1, Refusal.BUSY, 3)
        ctx.set(dut.granted.ready, 1)
        assert (ctx.get(dut.granted.valid), ctx.get(dut.granted.payload.cause)) == (1, 1)
        await ctx.tick()
        assert ctx.get(dut.granted.valid) == 0

    run(script)


@pytest.mark.parametrize("why", ["unsent", "not-ready"])
def test_a_cancel_goes_before_a_held_exit(why):
    """Whatever an exit waits for, a Cancel behind it waits for the transmitter alone."""

    async def script(ctx, dut):
        ctx.set(dut.held["position"][1], 100)
        await hold(ctx, dut, EXIT | {"cause": 1})
        ctx.set(dut.unsent, int(why == "unsent"))
        ctx.set(dut.intents.payload, CANCEL | {"cause": 2})
        ctx.set(dut.intents.valid, 1)
        assert ctx.get(dut.intents.ready) == 1, "while the exit is held"
        await ctx.tick()
        ctx.set(dut.intents.valid, 0)
        assert (ctx.get(dut.granted.valid), ctx.get(dut.granted.payload.cause)) == (1, 2)
        await ctx.tick().repeat(3)
        assert (ctx.get(dut.granted.valid), ctx.get(dut.granted.payload.cause)) == (1, 2), "offered until it is taken"
        ctx.set(dut.granted.ready, 1)
        await ctx.tick()
        assert ctx.get(dut.holding) == 1, "the exit is still there"
        ctx.set(dut.unsent, 0)
        assert (ctx.get(dut.granted.valid), ctx.get(dut.granted.payload.cause)) == (1, 1)
        await ctx.tick()
        assert ctx.get(dut.busy) == 0

    run(script)


def test_a_cancel_goes_before_an_entry_in_the_same_cycle_and_no_order_begins_in_its_name():
    async def script(ctx, dut):
        ctx.set(dut.granted.ready, 0)
        ctx.set(dut.intents.payload, CANCEL | {"cause": 2})
        ctx.set(dut.intents.valid, 1)
        await ctx.tick()
        ctx.set(dut.intents.payload, ENTER | {"cause": 3})
        assert ctx.get(dut.intents.ready) == 1
        await ctx.tick()
        ctx.set(dut.intents.valid, 0)
        ctx.set(dut.granted.ready, 1)
        assert (ctx.get(dut.granted.valid), ctx.get(dut.granted.payload.cause)) == (1, 2)
        assert (ctx.get(dut.refusals.valid), ctx.get(dut.refusals.payload.refusal)) == (1, Refusal.BUSY)
        await ctx.tick()
        assert (ctx.get(dut.granted.valid), ctx.get(dut.busy)) == (0, 0)

    run(script)


def test_a_bounced_entry_and_a_refused_exit_are_both_told():
    async def script(ctx, dut):
        ctx.set(dut.held["position"][1], 100)
        await hold(ctx, dut, EXIT | {"cause": 1})
        ctx.set(dut.session_up, 0)
        ctx.set(dut.intents.payload, ENTER | {"cause": 3})
        ctx.set(dut.intents.valid, 1)
        told = []
        for _ in range(4):
            await ctx.tick()
            ctx.set(dut.intents.valid, 0)
            if ctx.get(dut.refusals.valid):
                said = ctx.get(dut.refusals.payload)
                told.append((said.cause, said.refusal))
        assert told == [(1, Refusal.SESSION_DOWN), (3, Refusal.BUSY)]

    run(script)
