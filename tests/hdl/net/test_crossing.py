# amaranth: UnusedElaboratable=no
"""Frames between clocks of any ratio, both ways, against what went in."""

import random

import pytest
from amaranth.hdl import Cat, ClockDomain, Module
from amaranth.sim import Simulator

from hdl.net.crossing import OUTCOMES, FrameCrossing, StatusCrossing
from hdl.net.tx_crossing import TransmitCrossing


def cross(frames, *, write_ns, read_ns, phase_ns=0.0, width=4, depth=16):
    """Give (frames out, outcomes) of frames in: each is (bytes, error, outcome, idle cycles behind it)."""
    m = Module()
    m.domains.there = ClockDomain("there")
    m.submodules.dut = dut = FrameCrossing("there", width=width, depth=depth)
    out, counts, done = [], dict.fromkeys(OUTCOMES, 0), []

    async def write(ctx):
        for data, error, outcome, idle in frames:
            for at, byte in enumerate(data):
                last = at == len(data) - 1
                ctx.set(dut.rx.valid, 1)
                ctx.set(dut.rx.payload.data[0], byte)
                ctx.set(dut.rx.payload.count, 1)
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
                assert beat.count == width or (beat.last and 1 <= beat.count < width)
                part += bytes(beat.data[: beat.count])
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


@pytest.mark.parametrize("width", [1, 4, 8])
@pytest.mark.parametrize("ppm", [-100, 0, 100])
@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_is_lost_where_a_beat_is_as_long_as_its_bytes(width, ppm, seed):
    rng = random.Random(seed)
    frames = made(rng, 40, 120)
    out, counts = cross(frames, write_ns=8 * (1 + ppm / 1e6), read_ns=8 * width, phase_ns=rng.random() * 8, width=width)
    assert out == [(data, error) for data, error, _, _ in frames if data]
    assert counts == {name: sum(name == outcome for _, _, outcome, _ in frames) for name in OUTCOMES}


@pytest.mark.parametrize("width", [1, 4])
@pytest.mark.parametrize("seed", range(6))
def test_a_slow_reader_gets_whole_frames_or_counts(width, seed):
    rng = random.Random(seed)
    frames = made(rng, 60, 60)
    read_ns = width * rng.choice((13, 20, 27))
    phase_ns = rng.random() * 8
    out, counts = cross(frames, write_ns=8, read_ns=read_ns, phase_ns=phase_ns, width=width, depth=8)
    # Every frame has one outcome: its own, or that it was hurt or lost.
    assert sum(counts.values()) == len(frames)
    assert counts["overflow"] > 5
    assert counts["good"] > 0
    assert sum(not error for _, error in out) == counts["good"]
    # What came through as good is what was sent as good, in its order.
    left = iter(data for data, error, _, _ in frames if not error)
    assert all(data in left for data, error in out if not error)
    # What was cut ends with an error.
    sent = [data for data, _, _, _ in frames]
    for data, error in out:
        assert data in sent or (error and any(other.startswith(data[:-1]) for other in sent))


@pytest.mark.parametrize("width", [1, 4])
@pytest.mark.parametrize("quicker", [1.2, 1.4, 1.6, 2.1])
def test_a_frame_that_begins_while_the_one_before_is_closed_is_whole_or_counted(width, quicker):
    # The first of each pair overflows the queue and has to wait for room to be ended; the second is as short as can be.
    rng = random.Random(width)
    frames = []
    for apart in range(1, 9):
        for length in range(2, 3 * width + 2):
            frames.append((rng.randbytes(80 * width), 0, "good", apart))
            frames.append((rng.randbytes(length), 0, "good", 120 * width))
    out, counts = cross(frames, write_ns=8, read_ns=8 * quicker * width, width=width, depth=8)
    assert counts["good"] + counts["overflow"] == len(frames)
    assert min(counts["good"], counts["overflow"]) > 5
    left = iter(data for data, *_ in frames)
    assert all(data in left for data, error in out if not error)


def test_a_queue_without_room_to_keep_free_is_refused():
    with pytest.raises(ValueError, match="at least 8 beats may wait, not 4"):
        FrameCrossing("there", width=4, depth=4)


def send(frames, *, card_ns, phase_ns=0.0, width=4):
    """Give what a line at 8 ns a byte hears of frames, as (bytes, error), and the longest hole in one in bytes.

    The line wants a frame's first byte as long after it was offered as a preamble lasts, and then one a cycle.
    """
    m = Module()
    m.domains.line = ClockDomain("line")
    m.submodules.dut = dut = TransmitCrossing("line", width=width)
    out, done, holes = [], [], [0]

    async def card(ctx):
        for number, (data, error, idle) in enumerate(frames):
            for at in range(0, len(data), width):
                lanes = data[at : at + width]
                last = at + width >= len(data)
                beat = {"data": list(lanes.ljust(width, b"\0")), "count": len(lanes), "last": last}
                ctx.set(dut.frames.payload, beat | {"error": last and error})
                ctx.set(dut.frames.valid, 1)
                await ctx.tick().until(dut.frames.ready)
                assert len(out) == number  # none is taken before the one before it has gone
            ctx.set(dut.frames.valid, 0)
            if idle:
                await ctx.tick().repeat(idle)
        await ctx.tick().repeat(40)
        done.append(True)

    async def line(ctx):
        while not done:
            *_, valid = await ctx.tick("line").sample(dut.tx.valid)
            if not valid:
                continue
            await ctx.tick("line").repeat(8)
            ctx.set(dut.tx.ready, 1)
            part, hole, last = b"", 0, 0
            while not last:
                *_, valid, beat = await ctx.tick("line").sample(dut.tx.valid, dut.tx.payload)
                hole = 0 if valid else hole + 1
                holes[0] = max(holes[0], hole)
                assert hole < 100
                if valid:
                    part, last = part + bytes(beat.data), beat.last
                    assert beat.last or not beat.error
            out.append((part, beat.error))
            ctx.set(dut.tx.ready, 0)
            await ctx.tick("line").repeat(12)

    sim = Simulator(m)
    sim.add_clock(card_ns * 1e-9, phase=phase_ns * 1e-9)
    sim.add_clock(8e-9, domain="line")
    sim.add_testbench(card)
    sim.add_testbench(line, background=True)
    sim.run()
    return out, holes[0]


@pytest.mark.parametrize("phase_ns", [0.0, 1.0, 4.0, 7.9, 13.0])
@pytest.mark.parametrize("card_ns", [32, 27])
def test_what_is_sent_has_no_hole_where_the_card_keeps_up(card_ns, phase_ns):
    rng = random.Random(card_ns)
    sizes = (1, 2, 3, 4, 5, 8, 9, 60, 61, 62, 63, 64, 1514)
    frames = [(rng.randbytes(size), rng.randrange(2), rng.choice((0, 0, 1, 30))) for size in (*sizes, *sizes)]
    out, hole = send(frames, card_ns=card_ns, phase_ns=phase_ns)
    assert out == [(data, error) for data, error, _ in frames]
    assert hole == 0


def cycles_until_offered(phase_ns):
    """Give the line's edges from the card's that takes a frame's only beat to the one that finds its byte offered."""
    m = Module()
    m.domains.line = ClockDomain("line")
    m.submodules.dut = dut = TransmitCrossing("line", width=4)
    taken, edges = [], [0]

    async def card(ctx):
        await ctx.tick().repeat(3)
        ctx.set(dut.frames.payload, {"count": 1, "last": 1})
        ctx.set(dut.frames.valid, 1)
        await ctx.tick().until(dut.frames.ready)
        taken.append(True)
        ctx.set(dut.frames.valid, 0)
        await ctx.tick().repeat(10)

    async def line(ctx):
        valid = 0
        while not valid:
            *_, valid = await ctx.tick("line").sample(dut.tx.valid)
            edges[0] += bool(taken)

    sim = Simulator(m)
    sim.add_clock(32e-9)
    sim.add_clock(8e-9, domain="line", phase=phase_ns * 1e-9)
    sim.add_testbench(card)
    sim.add_testbench(line, background=True)
    sim.run()
    return edges[0]


def test_a_byte_is_offered_to_the_line_two_of_its_edges_after_the_cards():
    # The two of the synchronizer that tells the line of the beat; the third edge may take it.
    assert {cycles_until_offered(0.5 + n) for n in range(8)} == {3}


def test_a_card_that_is_too_slow_leaves_holes_and_loses_nothing():
    frames = [(bytes(range(200)), 0, 3), (bytes(range(90)), 0, 0)]
    out, hole = send(frames, card_ns=40)
    assert out == [(data, error) for data, error, _ in frames]
    assert hole > 0


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
