"""MoldReceiver against a model: every packing, empty blocks, lies, losses, repeats, sessions."""

import os
import random

import cocotb
from beats import Bench
from mold_model import MoldModel

from hdl.feed.mold import FeedMessage, Gap
from hdl.net.udp_receiver import payload_lanes
from hdl.wire.itch50 import LONGEST
from hdl.wire.moldudp64 import HEADER, packet

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
    lane = rng.choice(payload_lanes(WIDTH))
    # The payload's beat n is said to have entered at 1000 x n.
    beats = b.payload_beats(data, error, lane=lane, time=lambda beat: 1000 * beat)
    cycles = await b.send(b.dut.packet__valid, b.dut.packet__payload, beats, idle=idle, rng=rng)
    for sequence, epoch, content, end in model.packet(data, error, lane):
        beat = (lane + end - 1) // WIDTH
        b.expected.append((cycles[beat - 1] + 2, sequence, epoch, len(content), content[:LONGEST], 1000 * beat))


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
            # Only a frame that ends early, with an error, gives less than a header.
            error = rng.random() < 0.5
            data = data[: max(WIDTH + 1 if error else HEADER.length, len(data) - cut)]
        await play(b, model, data, error=error, idle=rng.choice((0, 0, 0.4)), rng=rng)
        if rng.random() < 0.3:
            await b.idle(rng.randrange(4))
    await b.idle(4)
    check(b, model)
    assert model.gaps
    assert model.duplicates
    assert model.wrong_sizes
