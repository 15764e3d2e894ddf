"""FrameCrossing between clocks of any ratio, against a count of what went in."""

import random

import pytest
from amaranth.hdl import Cat, ClockDomain, Module
from amaranth.sim import Simulator

from hdl.net.crossing import OUTCOMES, FrameCrossing, StatusCrossing


def cross(frames, *, write_ns, read_ns, phase_ns=0.0, depth=16):
    """Give (frames out, outcomes) of frames in: each is (bytes, error, outcome, idle cycles behind it)."""
    m = Module()
    m.domains.there = ClockDomain("there")
    m.submodules.dut = dut = FrameCrossing("there", depth=depth)
    out, counts, done = [], dict.fromkeys(OUTCOMES, 0), []

    async def write(ctx):
        for data, error, outcome, idle in frames:
            for at, byte in enumerate(data):
                last = at == len(data) - 1
                ctx.set(dut.rx.valid, 1)
                ctx.set(dut.rx.payload.data[0], byte)
                ctx.set(dut.rx.payload.last, last)
                ctx.set(dut.rx.payload.error, last and error)
                ctx.set(dut.heard, 1 << OUTCOMES.index(outcome) if last else 0)
                await ctx.tick("there")
            ctx.set(dut.rx.valid, 0)
            if not data:
                ctx.set(dut.heard, 1 << OUTCOMES.index(outcome))
                await ctx.tick("there")
            ctx.set(dut.heard, 0)
            await ctx.tick("there").repeat(idle)
        await ctx.tick("there").repeat(600)
        await ctx.tick("sync").repeat(40)
        done.append(True)

    async def read(ctx):
        part = b""
        while not done:
            *_, valid, beat, pulses = await ctx.tick("sync").sample(
                dut.frames.valid, dut.frames.payload, Cat(getattr(dut, name) for name in OUTCOMES)
            )
            for i, name in enumerate(OUTCOMES):
                counts[name] += pulses >> i & 1
            if valid:
                part += bytes((beat.data[0],))
                if beat.last:
                    out.append((part, beat.error))
                    part = b""
        assert part == b""

    sim = Simulator(m)
    sim.add_clock(write_ns * 1e-9, domain="there", phase=phase_ns * 1e-9)
    sim.add_clock(read_ns * 1e-9, domain="sync")
    sim.add_testbench(write)
    sim.add_testbench(read, background=True)
    sim.run()
    return out, counts


def made(rng, count, longest):
    frames = []
    for _ in range(count):
        outcome = rng.choice(("good", "good", "good", "bad_fcs", "giant", "no_preamble", "runt"))
        data = b"" if outcome == "no_preamble" else rng.randbytes(rng.randrange(1, longest))
        frames.append((data, int(outcome != "good"), outcome, rng.choice((1, 12, 20, 80))))
    return frames


@pytest.mark.parametrize("ppm", [-100, 0, 100])
@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_is_lost_between_clocks_of_one_kind(ppm, seed):
    rng = random.Random(seed)
    frames = made(rng, 40, 120)
    out, counts = cross(frames, write_ns=8 * (1 + ppm / 1e6), read_ns=8, phase_ns=rng.random() * 8)
    assert out == [(data, error) for data, error, _, _ in frames if data]
    assert counts == {name: sum(name == outcome for _, _, outcome, _ in frames) for name in OUTCOMES}


@pytest.mark.parametrize("seed", range(6))
def test_a_slow_reader_gets_whole_frames_or_counts(seed):
    rng = random.Random(seed)
    frames = made(rng, 60, 60)
    out, counts = cross(frames, write_ns=8, read_ns=rng.choice((10, 13, 20, 41)), phase_ns=rng.random() * 8, depth=8)
    # Every frame has one outcome: its own, or that it was hurt or lost.
    assert sum(counts.values()) == len(frames)
    assert counts["overflow"] > 5
    assert sum(not error for _, error in out) == counts["good"]
    # What came through as good is what was sent as good, in its order.
    left = iter(data for data, error, _, _ in frames if not error)
    assert all(data in left for data, error in out if not error)
    # What was cut ends with an error.
    sent = [data for data, _, _, _ in frames]
    for data, error in out:
        assert data in sent or (error and any(other.startswith(data[:-1]) for other in sent))


def test_a_value_is_taken_when_two_readings_agree():
    m = Module()
    m.domains.there = ClockDomain("there")
    m.submodules.dut = dut = StatusCrossing(4)
    seen = []

    async def change(ctx):
        for value in (0b1101, 0b0010, 0b1111, 0):
            ctx.set(dut.other, value)
            for _ in range(8):
                await ctx.tick()
                seen.append(ctx.get(dut.value))
            # Bits on their way look like this: for one reading there is a value that nobody meant.
            ctx.set(dut.other, value ^ 0b0110)
            await ctx.tick()
            seen.append(ctx.get(dut.value))

    sim = Simulator(m)
    sim.add_clock(8e-9)
    sim.add_clock(7e-9, domain="there")
    sim.add_testbench(change)
    sim.run()
    changes = [value for before, value in zip([0, *seen], seen, strict=False) if value != before]
    assert changes == [0b1101, 0b0010, 0b1111, 0]
    assert seen.index(0b1101) == 3  # in the fourth cycle
