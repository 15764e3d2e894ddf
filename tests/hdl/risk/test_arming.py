"""Arming against its own words: which strobe does what, when, and how fast a kill is."""

import pytest
from amaranth.sim import Simulator

from hdl.risk.arming import Arming, KillCause


def run(script):
    """Run ``script(ctx, dut)`` on a fresh block; it starts in the first cycle after reset."""
    dut = Arming()
    sim = Simulator(dut)
    sim.add_clock(1e-6)

    async def bench(ctx):
        ctx.set(dut.lease_until, 1000)
        ctx.set(dut.session_up, 1)
        await script(ctx, dut)

    sim.add_testbench(bench)
    sim.run()


async def pulse(ctx, *strobes):
    """Raise the strobes for one cycle; return when their effect is visible."""
    for strobe in strobes:
        ctx.set(strobe, 1)
    await ctx.tick()
    for strobe in strobes:
        ctx.set(strobe, 0)


def state(ctx, dut):
    return ctx.get(dut.armed), ctx.get(dut.killed)


def records(ctx, dut):
    """ARM and KILL records of this cycle: None where there is none."""
    arm = ctx.get(dut.arm_changes.payload.armed) if ctx.get(dut.arm_changes.valid) else None
    kill = ctx.get(dut.kill_changes.payload.cause) if ctx.get(dut.kill_changes.valid) else None
    return arm, kill


def test_reset_leaves_the_card_disarmed_and_not_killed():
    async def script(ctx, dut):
        assert state(ctx, dut) == (0, 0)
        assert records(ctx, dut) == (None, None)

    run(script)


def test_arm_and_disarm_are_recorded_once():
    async def script(ctx, dut):
        await pulse(ctx, dut.arm)
        assert (state(ctx, dut), records(ctx, dut)) == ((1, 0), (1, None))
        await pulse(ctx, dut.arm)
        assert (state(ctx, dut), records(ctx, dut)) == ((1, 0), (None, None))
        await pulse(ctx, dut.disarm)
        assert (state(ctx, dut), records(ctx, dut)) == ((0, 0), (0, None))
        await pulse(ctx, dut.disarm)
        assert records(ctx, dut) == (None, None)

    run(script)


@pytest.mark.parametrize("missing", ["lease", "session", "release"])
def test_arm_needs_lease_session_and_no_kill(missing):
    async def script(ctx, dut):
        if missing == "lease":
            ctx.set(dut.card_time, 1000)  # the lease runs while the time is below it
        elif missing == "session":
            ctx.set(dut.session_up, 0)
        else:
            await pulse(ctx, dut.kill)
        await pulse(ctx, dut.arm)
        assert ctx.get(dut.armed) == 0
        ctx.set(dut.card_time, 999)
        ctx.set(dut.session_up, 1)
        await pulse(ctx, dut.release)
        assert ctx.get(dut.armed) == 0, "a release leaves the card disarmed"
        await pulse(ctx, dut.arm)
        assert ctx.get(dut.armed) == 1

    run(script)


@pytest.mark.parametrize("cause", [KillCause.HOST, KillCause.LEASE, KillCause.IMPOSSIBLE])
def test_each_cause_kills_and_disarms_in_one_cycle(cause):
    async def script(ctx, dut):
        await pulse(ctx, dut.arm)
        if cause == KillCause.LEASE:
            ctx.set(dut.card_time, 1000)
            assert ctx.get(dut.lease_alive) == 0, "the lease is over in the very cycle its time is reached"
            await ctx.tick()
        else:
            await pulse(ctx, dut.kill if cause == KillCause.HOST else dut.impossible)
        assert state(ctx, dut) == (0, 1)
        assert records(ctx, dut) == (0, cause)
        assert ctx.get(dut.kill_cause) == cause
        await ctx.tick()
        assert records(ctx, dut) == (None, None)

    run(script)


def test_a_lease_that_runs_out_while_disarmed_is_no_kill():
    async def script(ctx, dut):
        ctx.set(dut.card_time, 5000)
        await ctx.tick().repeat(3)
        assert state(ctx, dut) == (0, 0)

    run(script)


def test_release_is_recorded_and_keeps_the_cause():
    async def script(ctx, dut):
        await pulse(ctx, dut.impossible)
        await pulse(ctx, dut.kill)
        assert records(ctx, dut) == (None, None), "killed already"
        await pulse(ctx, dut.release)
        assert (state(ctx, dut), records(ctx, dut)) == ((0, 0), (None, KillCause.RELEASED))
        assert ctx.get(dut.kill_cause) == KillCause.IMPOSSIBLE

    run(script)


@pytest.mark.parametrize("other", ["arm", "release"])
@pytest.mark.parametrize("killed_before", [False, True])
def test_kill_wins_over_what_comes_with_it(other, killed_before):
    async def script(ctx, dut):
        if killed_before:
            await pulse(ctx, dut.kill)
        await pulse(ctx, dut.kill, getattr(dut, other))
        assert state(ctx, dut) == (0, 1)

    run(script)


def test_disarm_wins_over_arm():
    async def script(ctx, dut):
        await pulse(ctx, dut.arm, dut.disarm)
        assert state(ctx, dut) == (0, 0)

    run(script)
