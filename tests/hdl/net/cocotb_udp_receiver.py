"""UdpReceiver against a model written from the RFCs: good frames, others' frames, and lies."""

import os
import random

import cocotb

from hdl.net.udp_receiver import PayloadBeat
from hdl.wire.ethernet import ones_complement_sum, udp_frame
from tests.hdl.feed.beats import Bench

WIDTH = int(os.environ["WIDTH"])
ROUNDS = int(os.environ["ROUNDS"])
LEAST = int(os.environ["LEAST"])
IP, PORT = 0xE9360C6F, 26477


def judge(frame, error, ip, port, check):
    """Return what becomes of a frame, where its payload begins, what of that is given out, and with which error."""
    tag = 4 if frame[12:14] == b"\x81\x00" else 0
    at = 14 + tag
    ethertype = frame[12 + tag : 14 + tag]
    bad_end = "bad" if error else None
    if len(frame) < at:
        return "bad", 0, b"", 0
    if ethertype != b"\x08\x00":
        return bad_end or "ignored", 0, b"", 0
    header = 4 * (frame[at] & 15) if len(frame) > at else 0
    if len(frame) < at + 20 or frame[at] >> 4 != 4 or header < 20:
        return "bad", 0, b"", 0
    if check and ones_complement_sum(frame[at : at + header]) != 0xFFFF:
        return "bad", 0, b"", 0
    total, fragment = (int.from_bytes(frame[at + i : at + i + 2], "big") for i in (2, 6))
    destination = int.from_bytes(frame[at + 16 : at + 20], "big")
    if fragment & 0x3FFF or frame[at + 9] != 17 or (ip and destination != ip):
        return bad_end or "ignored", 0, b"", 0
    udp = at + header
    if len(frame) < udp + 8:
        return "bad", 0, b"", 0
    to, length = (int.from_bytes(frame[udp + i : udp + i + 2], "big") for i in (2, 4))
    if length < 8 or total != header + length:
        return "bad", 0, b"", 0
    if (port and to != port) or length == 8:
        return bad_end or "ignored", 0, b"", 0
    if length - 8 < LEAST:
        return "bad", 0, b"", 0
    payload = frame[udp + 8 : udp + length]
    torn = len(payload) < length - 8
    return "bad" if torn or error else "good", udp + 8, payload, int(torn or error)


def make(rng):
    """Make a frame, most often a good one, sometimes with one thing wrong."""
    payload = rng.randbytes(
        rng.choice((0, 1, 9, LEAST - 1, LEAST, *(rng.randrange(LEAST, n) for n in (LEAST + 9, 40, 200, 200))))
    )
    frame = bytearray(
        udp_frame(
            payload,
            destination_ip=IP if rng.random() < 0.9 else IP ^ 1 << rng.randrange(32),
            destination_port=PORT if rng.random() < 0.9 else PORT ^ 1 << rng.randrange(16),
            vlan=rng.choice((None, None, 0x8D)),
            options=bytes(4 * rng.choice((0, 0, 0, 1, 2, 7, 10))),
        )
    )
    kind = rng.randrange(14)
    at = 18 if frame[12] == 0x81 else 14
    if kind == 0:  # one wrong byte in the headers
        frame[rng.randrange(12, at + 28)] ^= 1 << rng.randrange(8)
    elif kind in (1, 2):  # one field changed, with the checksum mended
        where, value = rng.choice(((2, None), (6, 0x2000), (6, 0x0001), (9, None), (0, None)))
        size = 2 if where in (2, 6) else 1
        frame[at + where : at + where + size] = (value if value is not None else rng.getrandbits(8 * size)).to_bytes(
            size, "big"
        )
        header = 4 * (frame[at] & 15)
        frame[at + 10 : at + 12] = b"\0\0"
        frame[at + 10 : at + 12] = (0xFFFF ^ ones_complement_sum(bytes(frame[at : at + header]))).to_bytes(2, "big")
    elif kind == 3:  # UDP length lies
        udp = at + 4 * (frame[at] & 15)
        frame[udp + 4 : udp + 6] = rng.choice((0, 7, 8, rng.randrange(300), 0xFFFF)).to_bytes(2, "big")
    elif kind in (4, 5):  # cut
        del frame[rng.randrange(1, len(frame)) :]
    elif kind == 6:  # a trailer
        frame += rng.randbytes(rng.randrange(1, 20))
    return bytes(frame)


@cocotb.test()
async def against_the_model(dut):
    """Payload, errors, counts and times of entry, for frames back to back and with gaps."""
    rng = random.Random(WIDTH)
    watch = {
        "datagram": (dut.datagram__valid, dut.datagram__payload, PayloadBeat(WIDTH)),
        **{n: (getattr(dut, n), None, None) for n in ("frame_seen", "frame_ignored", "frame_bad")},
    }
    b = Bench(dut, WIDTH, watch)
    dut.rx__valid.value = 0
    dut.ip.value, dut.port.value, dut.check_ip_checksum.value = IP, PORT, 1
    await b.reset()
    counts = {"good": 0, "ignored": 0, "bad": 0}
    expect, entries = [], []
    settings = (IP, PORT, 1)
    for index in range(ROUNDS):
        if index % 50 == 49:
            await b.idle(5)
            settings = (rng.choice((0, IP)), rng.choice((0, PORT)), rng.choice((0, 1)))
            dut.ip.value, dut.port.value, dut.check_ip_checksum.value = settings
        frame, error = make(rng), rng.random() < 0.05
        beats = b.beats(frame, error)
        cycles = await b.send(dut.rx__valid, dut.rx__payload, beats, idle=rng.choice((0, 0, 0.3)), rng=rng)
        verdict, start, payload, torn = judge(frame, error, *settings)
        counts[verdict] += 1
        if payload and (start + len(payload) - 1) // WIDTH > start // WIDTH:  # else torn before anything was given
            expect.append((payload, torn))
            entries.append([cycles[at] for at in range(start // WIDTH + 1, (start + len(payload) - 1) // WIDTH + 1)])
        await b.idle(rng.choice((0, 0, 1, 3)))
    await b.idle(5)

    got, entered, parts, stamps = [], [], b"", []
    for cycle, beat in b.seen["datagram"]:
        data, lead = (bytes(beat[name][lane] for lane in range(WIDTH)) for name in ("data", "lead"))
        count, last, error = beat["count"], beat["last"], beat["error"]
        assert 1 <= count <= WIDTH
        assert last or (count == WIDTH and not error)
        assert beat["first"] == (not stamps)
        if beat["first"]:
            parts = lead[beat["start"] :]
        parts += data[:count]
        stamps.append(beat["time"])
        # Only where the frame goes on behind its datagram does a beat wait, and then it is the last one.
        assert beat["time"] == cycle or (last and beat["time"] < cycle)
        if last:
            got.append((parts, error))
            entered.append(stamps)
            parts, stamps = b"", []
    assert parts == b""
    assert got == expect, next((i, g, e) for i, (g, e) in enumerate(zip(got, expect, strict=False)) if g != e)
    assert entered == entries
    assert b.totals["frame_seen"] == ROUNDS
    assert b.totals["frame_ignored"] == counts["ignored"]
    assert b.totals["frame_bad"] == counts["bad"]
    assert min(counts.values()) > ROUNDS // 20
