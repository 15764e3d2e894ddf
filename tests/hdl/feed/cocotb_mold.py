"""MoldReceiver against a model: every packing, empty blocks, lies, losses, repeats, sessions."""

import os
import random

import cocotb
from beats import Bench
from mold_model import MoldModel

from hdl.feed.mold import FeedMessage, Gap
from hdl.wire.itch50 import LONGEST
from hdl.wire.moldudp64 import packet

WIDTH = int(os.environ["WIDTH"])
ROUNDS = int(os.environ["ROUNDS"])


async def bench(dut):
    watch = {
        "message": (dut.message_valid, dut.message, FeedMessage),
        "gap": (dut.gap_valid, dut.gap, Gap),
        **{n: (getattr(dut, n), None, None) for n in ("packets", "duplicates", "wrong_sizes", "session_changed")},
    }
    dut.packet__valid.value = 0
    dut.join.value = 0
    dut.free.value = 0
    b = Bench(dut, WIDTH, watch)
    await b.reset()
    return b


async def play(b, model, data, *, error=False, idle=0.0, rng=random):
    """Send one packet to both; check messages, their numbers and the cycle they come in."""
    split = rng.randrange(WIDTH + 1)

    def side(index):
        # Bytes below ``split`` are said to have entered 1000 x beat, the others 1000 x beat + 1.
        b.dut.times.value = (1000 * index) | (1000 * index + 1) << 64 | split << 128

    cycles = await b.send(b.dut.packet__valid, b.dut.packet__payload, data, error=error, idle=idle, rng=rng, side=side)
    expect = [(cycles[(end - 1) // WIDTH] + 2, end, *rest) for *rest, end in model.packet(data, error)]
    for cycle, end, sequence, epoch, content in expect:
        lane, beat = (end - 1) % WIDTH, (end - 1) // WIDTH
        b.expected.append((cycle, sequence, epoch, len(content), content[:LONGEST], 1000 * beat + (lane >= split)))


def check(b, model):
    got = [
        (
            c,
            m["sequence"],
            m["session_epoch"],
            m["length"],
            m["content"].to_bytes(LONGEST, "big")[: min(m["length"], LONGEST)],
            m["card_time"],
        )
        for c, m in b.seen["message"]
    ]
    assert got == b.expected, next((g, e) for g, e in zip([*got, None], [*b.expected, None], strict=False) if g != e)
    assert [(g["expected"], g["received"]) for _, g in b.seen["gap"]] == model.gaps
    for name in ("packets", "duplicates", "wrong_sizes"):
        assert b.totals.get(name, 0) == getattr(model, name), name
    assert b.totals.get("session_changed", 0) == model.epoch
    assert int(b.dut.next_sequence.value) == model.expected


def block(rng):
    kind = rng.random()
    size = (
        0
        if kind < 0.2
        else rng.randrange(1, 9)
        if kind < 0.3
        else rng.randrange(9, 70)
        if kind < 0.5
        else rng.choice((12, 19, 23, 31, 35, 36, 40, 44, 50))
    )
    return rng.randbytes(size)


@cocotb.test()
async def honest_packets(dut):
    """Any packing, with and without idle beats: each message once, two cycles after its last byte."""
    rng = random.Random(1)
    b, model = await bench(dut), MoldModel(WIDTH)
    b.expected = []
    for _ in range(ROUNDS):
        messages = [block(rng) for _ in range(rng.randrange(0, 14))]
        await play(b, model, packet("SESSION", model.expected, messages), idle=rng.choice((0, 0, 0.3)), rng=rng)
        if rng.random() < 0.5:
            await b.idle(rng.randrange(3))
    await b.idle(4)
    check(b, model)
    assert model.gaps == []
    assert model.duplicates == 0
    assert len(model.messages) > ROUNDS


@cocotb.test()
async def every_length_at_every_offset(dut):
    """A message of each length behind each number of empty blocks and each filler; so each offset is met."""
    rng = random.Random(2)
    b, model = await bench(dut), MoldModel(WIDTH)
    b.expected = []
    for filler in range(0, 26):
        for length in (11, 12, 19, 23, 36, 50):
            messages = [b""] * (filler % 5) + [rng.randbytes(filler)] + [rng.randbytes(length)] + [b""] * (filler % 6)
            await play(b, model, packet("S", model.expected, [*messages, rng.randbytes(12)]), rng=rng)
    await b.idle(4)
    check(b, model)


@cocotb.test()
async def anything_goes_wrong(dut):
    """Losses, repeats, overlaps, heartbeats, ends, new sessions, joins, lies, cuts, errors, in random order."""
    rng = random.Random(3)
    b, model = await bench(dut), MoldModel(WIDTH)
    b.expected = []
    session = "A"
    for _ in range(2 * ROUNDS):
        kind = rng.randrange(12)
        sequence, count, cut, tail, error = model.expected, None, None, b"", False
        messages = [block(rng) for _ in range(rng.randrange(0, 8))]
        if kind == 0:
            sequence += rng.choice((1, 3, 1 << 40))
        elif kind in (1, 2):
            sequence = max(0, sequence - rng.choice((1, 2, 4, 9, 70000)))
        elif kind == 3:
            count = rng.choice((0, 0xFFFF))
        elif kind == 4:
            session, sequence = rng.choice("ABC"), rng.choice((1, 1, 2))
        elif kind == 5:
            count = len(messages) + rng.choice((1, 2, 5, 0xF000))
        elif kind == 6:
            cut = rng.randrange(1, 30)
        elif kind == 7:
            tail = rng.randbytes(rng.randrange(1, 20))
        elif kind == 8:
            error = True
        elif kind == 9:
            dut.join.value = 1
            await b.cycle()
            dut.join.value = 0
            model.joining = True
            sequence = rng.choice((0, 1, 500))
        data = packet(session, sequence, messages, count) + tail
        if cut is not None:
            data = data[: max(1, len(data) - cut)]
        await play(b, model, data, error=error, idle=rng.choice((0, 0, 0.4)), rng=rng)
        if rng.random() < 0.3:
            await b.idle(rng.randrange(4))
    await b.idle(4)
    check(b, model)
    assert model.gaps
    assert model.duplicates
    assert model.wrong_sizes
