"""An event every second cycle, of every kind, its view always as many cycles later, and every hazard on the way."""

from itertools import pairwise
from pathlib import Path

import pytest
from book_model import KINDS
from book_pace import RELATIONS, TINY, hazards, measure
from book_play import check, play


@pytest.mark.parametrize("kind", KINDS)
def test_an_event_every_second_cycle(kind: str, tmp_path: Path) -> None:
    """Hundreds of one kind at each other's heels, on the same orders and the same level."""
    between, latencies = measure(kind, tmp_path)
    # Of clears, a slot can take only so many until a sweep has gone through the table.
    assert min(between) == 2
    assert kind == "CLEAR" or between == {2}
    assert latencies == [6]


@pytest.mark.parametrize("seed", range(4))
def test_hazards(seed: int, tmp_path: Path) -> None:
    """Each event meets one before it, 2 to 6 cycles ago: on its order, its level, its side, its row of the table."""
    events, gaps, seen = hazards(seed, 12_000)
    result = play(TINY, events, gaps, tmp_path)
    check(events, result, slots=TINY[0])
    distances = [after - before for before, after in pairwise(result["taken"])]
    for distance in (2, 3, 4, 5, 6):
        assert distances.count(distance) > 100
        assert all(seen[relation, distance] > 20 for relation in RELATIONS)
