"""A table that is four fifths full loses no order at the pace of a feed of a byte a beat, though its stash is small."""

import random
from dataclasses import replace

from book_model import Event
from book_play import check, play

from hdl.configs import CONFIGS
from hdl.gigabit_card import at_gigabit
from hdl.wire.itch50 import ITCH50

#: Slots, orders, levels.
SIZES = (2, 256, 8)
LIVE = SIZES[1] * 4 // 5
LENGTH_BYTES = 2
#: Beats of a byte from one Delete to the next: no message that touches an order is shorter.
APART = LENGTH_BYTES + ITCH50["D"].length
STASH = at_gigabit(CONFIGS["scalp"], ports=1).stash_orders


def churn(seed: int, count: int) -> list[Event]:
    """Fill the table, then let some order make room for each new one; references are 4k + 1, as on real days."""
    rng = random.Random(seed)
    live: list[Event] = []
    events: list[Event] = []
    reference = 1
    while len(events) < count:
        full = len(live) >= LIVE
        if full and rng.random() < 0.5:
            gone = live.pop(rng.randrange(len(live)))
            events.append(replace(gone, kind="DELETE"))
            full = False
        if not full:
            reference += 4 * rng.randrange(1, 200)
            new = Event("ADD", rng.randrange(2), rng.randrange(2), reference, 0, 100, rng.randrange(1000, 1020))
            live.append(new)
            events.append(new)
        else:
            gone = live.pop(rng.randrange(len(live)))
            reference += 4
            new = replace(gone, reference=reference)
            live.append(new)
            events.append(replace(gone, kind="REPLACE", new_reference=reference))
    return [replace(event, sequence=number) for number, event in enumerate(events)]


def test_nothing_is_lost_at_four_fifths_with_the_small_stash(tmp_path):
    events = churn(1, 12_000)
    result = play(SIZES, events, [APART - 1] * len(events), tmp_path, stash=STASH)
    assert result["table_overflows"] == 0
    assert max(result["live_orders"], LIVE) == LIVE
    check(events, result)


def test_without_rest_between_events_the_small_stash_would_not_do(tmp_path):
    # That the test above can fail: at full pace no order is ever moved out of the stash.
    events = churn(1, 12_000)
    result = play(SIZES, events, [1] * len(events), tmp_path, stash=STASH)
    assert result["table_overflows"] > 0
