"""Two lines with losses, repeats and reordering: what came on either is delivered once, in order; nothing else is."""

import os
import random
from itertools import pairwise

import cocotb
from beats import Bench
from lines_model import Sent, gaps_of, heard, make_line, make_truth

from hdl.feed.mold import FeedMessage, Gap
from hdl.net.udp_receiver import payload_lanes
from hdl.wire.itch50 import LONGEST
from hdl.wire.moldudp64 import HEADER, packet

WIDTH = int(os.environ["WIDTH"])
ROUNDS = int(os.environ["ROUNDS"])
COUNTS = ("duplicates", "foreign", "diverged", "timed_out", "exceeded", "overflows", "won", "session_changed", "joined")
NEVER = 0xFFFF_FFFF


async def bench(dut, *, two_lines=1, reorder=0, timeout=NEVER):
    watch = {
        "message": (dut.message_valid, dut.message, FeedMessage),
        "gap": (dut.gap_valid, dut.gap, Gap),
        **{name: (getattr(dut, name), None, None) for name in COUNTS},
    }
    for line in "ab":
        getattr(dut, f"packet_{line}__valid").value = 0
    dut.join.value = 0
    dut.two_lines.value = two_lines
    dut.reorder.value = reorder
    dut.timeout.value = timeout
    b = Bench(dut, WIDTH, watch)
    await b.reset()
    return b


async def play(b, a_sent, b_sent, *, idle=0.0, rng=random, settle=40):
    """Play both lines at once. Returns by line the cycle in which each packet's last beat went in."""
    lines = []
    lanes = payload_lanes(WIDTH)
    ended = ([], [])
    for sent in (a_sent, b_sent):
        lines.append(
            [
                (p.at, i == len(beats) - 1, bits)
                for p in sent
                for beats in [b.payload_beats(p.data, p.error, lane=lanes[len(p.data) % len(lanes)])]
                for i, bits in enumerate(beats)
            ]
        )
    start, at = b.now, [0, 0]
    while any(at[i] < len(lines[i]) for i in (0, 1)):
        for i, name in enumerate("ab"):
            go = at[i] < len(lines[i]) and lines[i][at[i]][0] <= b.now - start and rng.random() >= idle
            getattr(b.dut, f"packet_{name}__valid").value = go
            if go:
                _, last, bits = lines[i][at[i]]
                getattr(b.dut, f"packet_{name}__payload").value = bits
                at[i] += 1
                if last:
                    ended[i].append(b.now)
        await b.cycle()
    for name in "ab":
        getattr(b.dut, f"packet_{name}__valid").value = 0
    await b.idle(settle)
    return ended


def delivered(b):
    return [(m["sequence"], m["content"].to_bytes(LONGEST, "big")[: m["length"]]) for _, m in b.seen["message"]]


def gaps(b):
    return [(g["expected"], g["received"]) for _, g in b.seen["gap"]]


def merged(found):
    """One loss may show in two steps, as the lines pass it: put adjacent gaps together."""
    out = []
    for expected, received in found:
        if out and out[-1][1] == expected:
            expected = out.pop()[0]
        out.append((expected, received))
    return out


def beat_end(truth, session="DAY"):
    return Sent(len(truth) + 1, len(truth) + 1, packet(session, len(truth) + 1, []), 0)


def check(b, truth, lines):
    """Whole, single, in order; a gap exactly where neither line brought a message."""
    came = heard(lines)
    got = delivered(b)
    assert all(n < m for (n, _), (m, _) in pairwise(got)), "doubled or out of order"
    wrong = next(((n, content) for n, content in got if truth.get(n) != content), None)
    assert wrong is None, wrong
    assert [n for n, _ in got] == sorted(n for n in came if truth[n])
    assert sorted(set(merged(gaps(b))) ^ set(gaps_of(truth, came))) == []
    assert int(b.dut.next_sequence.value) == len(truth) + 1
    for name in ("diverged", "exceeded", "overflows"):
        assert b.totals.get(name, 0) == 0, name


def flush(truth, lines):
    """Both lines say at their end how far the session has come; the later one decides."""
    for line in lines:
        line.append(beat_end(truth))
    lines[0][-1].at = lines[1][-1].at = max(p.at for line in lines for p in line)


@cocotb.test()
async def losses_on_both_lines(dut):
    """A message lost on one line comes from the other; lost on both, it is a gap, at once and once."""
    lost = 0
    for seed in range(ROUNDS):
        rng = random.Random(seed)
        b = await bench(dut)
        truth = make_truth(rng, 150)
        loss = rng.choice((0.0, 0.1, 0.3, 0.5))
        lines = [
            make_line(
                rng,
                truth,
                loss=loss,
                repeat=0.1,
                reorder=0.0,
                skew=rng.choice((0, 0, 30, 150)),
                pace=rng.choice((1, 30)),
            )
            for _ in "ab"
        ]
        flush(truth, lines)
        await play(b, *lines, idle=rng.choice((0, 0, 0.3)), rng=rng)
        check(b, truth, lines)
        lost += len(gaps(b))
        assert b.totals.get("timed_out", 0) == 0
    assert lost > ROUNDS


@cocotb.test()
async def packets_out_of_order(dut):
    """Packets that change places within a line are put back in order; only the end of the wait declares a gap."""
    for seed in range(ROUNDS):
        rng = random.Random(1000 + seed)
        b = await bench(dut, reorder=255, timeout=3000)
        truth = make_truth(rng, 100)
        lines = [
            make_line(
                rng, truth, loss=0.15, repeat=0.1, reorder=0.3, skew=rng.choice((0, 60)), pace=rng.choice((1, 20))
            )
            for _ in "ab"
        ]
        flush(truth, lines)
        await play(b, *lines, rng=rng, settle=40)
        while int(dut.next_sequence.value) <= len(truth):
            await b.idle(3000)
            assert b.now < 400_000
        await b.idle(20)
        check(b, truth, lines)


@cocotb.test()
async def one_cycle_more(dut):
    """A message that waits for none leaves one cycle later than from a line alone, whichever line it came from."""
    for late in (0, 1):
        times = {}
        for two in (0, 1):
            rng = random.Random(5)
            truth = {n: rng.randbytes(rng.choice((19, 36, 40))) for n in range(1, 80)}
            line = make_line(rng, truth, loss=0, repeat=0, reorder=0, skew=0, pace=10)
            other = [Sent(p.first, p.end, p.data, p.at + 3) for p in line]
            b = await bench(dut, two_lines=two)
            lines = [other, line] if two and late else [line, other]
            await play(b, *lines)
            times[two] = [c for c, _ in b.seen["message"]]
            assert len(times[two]) == len(truth)
        assert [t + 1 for t in times[0]] == times[1]


@cocotb.test()
async def divergence(dut):
    """One bit anywhere in a message, whichever line comes first: found, once. A damaged frame proves nothing."""
    rng = random.Random(9)
    for turn in range(40):
        b = await bench(dut)
        truth = {n: rng.randbytes(rng.choice((12, 36, 50))) for n in range(1, 20)}
        victim = rng.randrange(1, 20)
        spoilt = dict(truth)
        bit = rng.randrange(8 * len(truth[victim]))
        spoilt[victim] = (int.from_bytes(truth[victim], "big") ^ 1 << bit).to_bytes(len(truth[victim]), "big")
        if turn % 5 == 4:  # the length alone differs
            spoilt[victim] = truth[victim] + b"\0"
        make = {"loss": 0, "repeat": 0, "reorder": 0, "pace": 1, "overlap": 0.0}
        true = make_line(rng, truth, skew=0, **make)
        false = make_line(rng, spoilt, skew=rng.choice((0, 3, 200)), **make)
        damaged = turn % 4 == 3
        if damaged:
            for p in false:
                p.error = p.first <= victim < p.end
                p.at += 400
        await play(b, *((true, false) if turn % 2 else (false, true)))
        assert b.totals.get("diverged", 0) == (0 if damaged else 1), (turn, victim, bit)
        assert [n for n, _ in delivered(b)] == list(truth)


@cocotb.test()
async def damaged_frame(dut):
    """What a damaged frame gave first is a gap, what it only repeated is not; its numbers are not believed."""
    rng = random.Random(11)
    truth = {n: rng.randbytes(36) for n in range(1, 13)}
    one, two, three = ([truth[n] for n in range(f, f + 4)] for f in (1, 5, 9))
    good = [
        Sent(1, 5, packet("DAY", 1, one), 0),
        Sent(5, 9, packet("DAY", 5, two), 100),
        Sent(9, 13, packet("DAY", 9, three), 400),
    ]
    b = await bench(dut)
    await play(
        b,
        [good[0], Sent(5, 9, packet("DAY", 5, two), 100, error=True), good[2]],
        [good[0], Sent(5, 9, good[1].data, 200), good[2]],
    )
    assert [g for g, _ in gaps(b)] == [5]
    b = await bench(dut)
    await play(b, [good[0], Sent(5, 9, packet("DAY", 5, two), 200, error=True), good[2]], good)
    assert gaps(b) == []
    assert [n for n, _ in delivered(b)] == list(truth)
    # A number that no window holds, in a damaged frame: a gap, and the true numbers are heard again.
    b = await bench(dut)
    wild = Sent(0, 0, packet("DAY", 1 << 40, one), 100, error=True)
    await play(b, [good[0], wild], [good[0], Sent(5, 9, good[1].data, 250), good[2]])
    assert len(gaps(b)) == 2
    assert [n for n, _ in delivered(b)][-8:] == list(range(5, 13))


@cocotb.test()
async def one_line_alone(dut):
    """Line B silent: a gap comes after the time given, not before; then the messages that waited."""
    rng = random.Random(13)
    truth = {n: rng.randbytes(36) for n in range(1, 31)}
    b = await bench(dut, timeout=500)
    first = Sent(1, 11, packet("DAY", 1, [truth[n] for n in range(1, 11)]), 0)
    third = Sent(21, 31, packet("DAY", 21, [truth[n] for n in range(21, 31)]), 0)
    ended = await play(b, [first, third], [])
    assert gaps(b) == []
    assert [n for n, _ in delivered(b)] == list(range(1, 11))
    await b.idle(600)
    assert gaps(b) == [(11, 21)]
    assert b.totals["timed_out"] == 1
    # From the header of the packet that showed the loss, whose end is all its blocks' beats later.
    header = ended[0][1] - (len(third.data) - HEADER.length) // WIDTH
    assert 500 <= b.seen["gap"][0][0] - header <= 515
    assert delivered(b) == [(n, truth[n]) for n in [*range(1, 11), *range(21, 31)]]


@cocotb.test()
async def more_than_the_window_holds(dut):
    """A line so far ahead that the window is full: a gap, told as such, and the feed goes on."""
    rng = random.Random(17)
    truth = {n: rng.randbytes(19) for n in range(1, 400)}
    b = await bench(dut)
    line = [
        Sent(n, n + 9, packet("DAY", n, [truth[i] for i in range(n, min(400, n + 9))]), 0) for n in range(1, 400, 9)
    ]
    del line[1]
    await play(b, line, [])
    assert b.totals["exceeded"] == 1
    assert gaps(b)[0][0] == 10
    got = delivered(b)
    assert all(truth[n] == content for n, content in got)
    assert got[-1][0] == 399


@cocotb.test()
async def sessions(dut):
    """The first line to change moves the session on; the one that lags does not move it back. Join takes what comes."""
    rng = random.Random(19)
    old, new = ({n: rng.randbytes(30) for n in range(1, 21)} for _ in "on")
    make = {"loss": 0, "repeat": 0, "reorder": 0, "pace": 1}
    b = await bench(dut)
    a_line = make_line(rng, old, skew=0, session="OLD", **make) + make_line(rng, new, skew=0, session="NEW", **make)
    b_line = make_line(rng, old, skew=60, session="OLD", **make) + make_line(rng, new, skew=60, session="NEW", **make)
    await play(b, a_line, b_line)
    assert b.totals["session_changed"] == 1
    assert b.totals["foreign"] > 0
    assert delivered(b) == [*old.items(), *new.items()]
    assert gaps(b) == []
    assert b.totals.get("diverged", 0) == 0
    b = await bench(dut)
    dut.join.value = 1
    await b.cycle()
    dut.join.value = 0
    part = [p for p in make_line(rng, old, skew=0, **make) if p.first > 7]
    await play(b, part, part)
    assert b.totals["joined"] == 1
    assert gaps(b) == []
    assert [n for n, _ in delivered(b)] == list(range(part[0].first, 21))


@cocotb.test()
async def leaving_line_b(dut):
    """Line B switched off within a session: a gap, even where nothing was lost, and line A goes on alone."""
    rng = random.Random(23)
    truth = {n: rng.randbytes(30) for n in range(1, 41)}
    line = make_line(rng, truth, loss=0, repeat=0, reorder=0, skew=0, pace=1)
    half = len(line) // 2
    b = await bench(dut)
    await play(b, line[:half], line[:half])
    dut.two_lines.value = 0
    await b.idle(4)
    assert gaps(b) == [(line[half].first,) * 2] or gaps(b) == [(line[half - 1].end,) * 2]
    await play(b, line[half:], line[half:])
    assert [n for n, _ in delivered(b)] == list(truth)
    assert b.totals.get("joined", 0) == 0


@cocotb.test()
async def the_last_numbers_there_are(dut):
    """Numbers up to the last but one of 64 bits are numbers like any other; what would run past the last is not new."""
    rng = random.Random(29)
    first, limit = 2**64 - 30, 2**64
    truth = {n: rng.randbytes(30) for n in range(first, limit)}
    b = await bench(dut)
    dut.join.value = 1
    await b.cycle()
    dut.join.value = 0
    line = [
        Sent(n, n + 5, packet("DAY", n, [truth[i] for i in range(n, n + 5)]), 40 * i)
        for i, n in enumerate(range(first, limit, 5))
    ]
    await play(b, line[:1] + line[2:], line[1:])
    assert delivered(b) == [(n, truth[n]) for n in range(first, limit - 1)]
    assert gaps(b) == []
    assert b.totals["duplicates"] > 0
    anew = {n: rng.randbytes(30) for n in range(1, 11)}
    make = {"loss": 0, "repeat": 0, "reorder": 0, "pace": 1}
    await play(b, make_line(rng, anew, skew=0, session="NEW", **make), [])
    assert delivered(b)[-10:] == list(anew.items())
    assert b.totals.get("exceeded", 0) == 0


@cocotb.test()
async def different_messages_on_both_lines_at_once(dut):
    """Each line brings what the other lost, both at full rate: nothing is lost, nothing is out of order."""
    rng = random.Random(31)
    truth = {n: rng.randbytes(36) for n in range(1, 241)}
    b = await bench(dut, reorder=255)
    lines = [[Sent(n, n + 1, packet("DAY", n, [truth[n]]), 0) for n in range(start, 241, 2)] for start in (1, 2)]
    await play(b, *lines, settle=300)
    assert delivered(b) == list(truth.items())
    assert gaps(b) == []
    assert b.totals["won"] > 0
