"""How often the book takes an event of each kind, and how long until its view: measured on the verilated book.

Run as a program it writes a table: ``PYTHONPATH=. python tests/hdl/book/book_pace.py``.
"""

import random
import sys
import tempfile
from itertools import pairwise
from pathlib import Path

from book_model import KINDS, Event
from book_play import check, play

#: Slots, orders, levels: the smallest book that is still one.
TINY = (3, 32, 8)
#: What an event may have to do with the one that came this many events before it.
RELATIONS = ("same order", "same level", "same side", "same bank", "other slot", "any")
TAKES = ("EXECUTE", "EXECUTE_PRICE", "CANCEL", "DELETE", "REPLACE")


def of_one_kind(kind: str, count: int = 400) -> list[Event]:
    """Give events of one kind, of two orders on one level as far as the kind has orders; the first ones add them."""
    if kind == "ADD":
        # Forty orders, more than the table has places in its banks; then each is a duplicate or still finds no room.
        return [Event("ADD", reference=n % 40 + 1, shares=9, price=100, sequence=n) for n in range(count)]
    orders = [Event("ADD", reference=r, shares=10**9, price=100) for r in (1, 2)]
    if kind == "REPLACE":  # each takes the place of the one before
        chain = [Event(kind, reference=n, new_reference=n + 1, shares=5 + n, price=100) for n in range(2, count + 2)]
    else:
        chain = [Event(kind, reference=n % 2 + 1, shares=3, price=100) for n in range(count)]
    return orders + chain


def measure(kind: str, work: Path) -> tuple[set[int], list[int]]:
    """Play events of one kind without a pause; give the cycles between two of them and those from event to view."""
    events = of_one_kind(kind)
    result = play(TINY, events, [0] * len(events), work)
    check(events, result)
    return {after - before for before, after in pairwise(result["taken"])}, result["latencies"]


def hazards(seed: int, count: int) -> tuple[list[Event], list[int], dict[tuple[str, int], int]]:
    """Make dense events of which each has to do with one shortly before it.

    Returns
    -------
    tuple
        The events; the cycles between them (2 to 6) less one, as the player's gaps; and how often an event had each
        relation to another that was taken so many cycles before it, up to 6.
    """
    rng = random.Random(seed)
    events: list[Event] = []
    times: list[int] = []
    seen: dict[tuple[str, int], int] = {}
    gaps: list[int] = []
    next_reference = 1
    for number in range(count):
        distance = rng.choice([2, 2, 2, 2, 3, 4, 5, 6]) if number % 300 else 400
        gaps.append(distance - 1)
        times.append((times[-1] if times else 0) + distance)
        back = min(rng.choice([1, 1, 1, 2, 3]), len(events))
        before = events[-back] if back else Event("ADD", reference=1, shares=5, price=100)
        relation = rng.choice(RELATIONS)
        reference = before.new_reference if before.kind == "REPLACE" else before.reference
        slot, side, price = before.slot, before.side, before.price or 100
        kind = "ADD"
        next_reference += 4
        new = rng.choice([next_reference, reference, rng.choice([e.reference for e in events[-8:]] or [1])])
        if relation == "same order":
            kind = rng.choice([*TAKES, "DELETE", "ADD"])
            reference = rng.choice([reference, reference, before.reference])
        elif relation == "same level":
            reference = next_reference
        elif relation == "same side":
            reference, price = next_reference, rng.randrange(95, 110)
        elif relation == "same bank":  # eight rows: x**3 + x + 1, the first bank's polynomial, leaves the row as it is
            reference ^= 0b1011 << rng.randrange(20)
        elif relation == "other slot":
            slot = (slot + 1) % 3
            kind = rng.choice([*TAKES, "ADD"])
        else:
            kind = rng.choice(KINDS)
            reference, slot, side = rng.randrange(1, 60), rng.randrange(4), rng.randrange(2)
        shares = rng.choice([before.shares, before.shares, 1, 5, 40, 0 if rng.random() < 0.1 else 7])
        events.append(
            Event(kind, slot, side, reference, new, shares, price, printable=rng.randrange(2), sequence=number)
        )
        apart = times[-1] - times[-1 - back] if back else 99
        if apart <= 6:
            seen[relation, apart] = seen.get((relation, apart), 0) + 1
    return events, gaps, seen


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        sys.stdout.write("kind            cycles between events   event to view\n")
        for name in KINDS:
            between, latency = measure(name, Path(folder))
            sys.stdout.write(f"{name:<15} {min(between)} to {max(between):<18} {min(latency)} to {max(latency)}\n")
