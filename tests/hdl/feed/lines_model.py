"""What two lines of a feed are played, and what must come of it, in plain Python."""

from dataclasses import dataclass

from hdl.wire.moldudp64 import packet


@dataclass
class Sent:
    """A packet on a line: numbers ``first`` up to ``end``, its bytes, and the cycle it may begin in."""

    first: int
    end: int
    data: bytes
    at: int
    error: bool = False


def make_truth(rng, count):
    """Messages of a session by number, from 1 on; a few are empty."""
    return {
        n: b"" if rng.random() < 0.04 else rng.randbytes(rng.choice((12, 19, 23, 36, 40, 50)))
        for n in range(1, count + 1)
    }


def make_line(rng, truth, *, loss, repeat, reorder, skew, pace, session="DAY", most=6, overlap=0.1):
    """Cut the session into packets of its own cutting; lose, repeat, overlap and exchange some."""
    sent, n, at = [], 1, skew
    while n in truth:
        first = max(1, n - rng.randrange(1, 4)) if rng.random() < overlap else n
        end = min(len(truth) + 1, n + rng.randrange(1, most))
        data = packet(session, first, [truth[i] for i in range(first, end)])
        at += rng.randrange(pace)
        if rng.random() >= loss:
            sent.append(Sent(first, end, data, at))
            if rng.random() < repeat:
                sent.append(Sent(first, end, data, at))
        n = end
    for i in range(len(sent) - 1):
        if rng.random() < reorder:
            sent[i], sent[i + 1] = sent[i + 1], sent[i]
    return sent


def heard(lines):
    """Numbers that came on one line at least."""
    return {n for line in lines for p in line for n in range(p.first, p.end)}


def gaps_of(truth, came):
    """Runs of numbers that did not come, as (expected, received)."""
    runs, start = [], None
    for n in range(1, len(truth) + 2):
        if n in truth and n not in came:
            start = n if start is None else start
        elif start is not None:
            runs.append((start, n))
            start = None
    return runs
