"""The book on real messages, against answers that other software gave."""

import struct
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from book_model import Event
from book_play import check, play
from itch_events import event, known_answers, messages

DEMO = (4, 4096, 32)


def real_gaps(events: list[Event]) -> list[int]:
    """Give the cycles between events at their own times and 6.4 ns a cycle, cut once the book is at rest."""
    pauses = [after.exchange_time - before.exchange_time for before, after in pairwise(events)]
    return [0, *(-min(int(pause / 6.4), 10**9) for pause in pauses)]


@pytest.mark.parametrize("own_pace", [True, False], ids=["own_pace", "back_to_back"])
def test_aapl_after_every_change(real_data: Callable[[str], Path], tmp_path: Path, own_pace: bool) -> None:
    """Price and shares of five levels a side after each of 8,037 changes; the book never says incomplete."""
    name = "itch/aapl_20200130_first10k"
    answers = known_answers(real_data(f"{name}.top5_every_change.csv.gz"))
    found = [
        (index, e)
        for index, message in enumerate(messages(real_data(f"{name}.itch50")), 1)
        if (e := event(message, {13: 2}, index)) is not None
    ]
    events = [e for _, e in found]
    result = play(DEMO, events, real_gaps(events) if own_pace else [0] * len(events), tmp_path)
    compared = 0
    for (index, _), view in zip(found, result["views"], strict=True):
        if index in answers:
            assert (view["bids"], view["asks"]) == answers[index], f"after message {index}"
            compared += 1
    assert compared == 8037
    seen = check(events, result)
    assert seen["incomplete"] == 0
    assert result["stale_slots"] == 0
    assert result["live_orders"] == 215
    if not own_pace:
        assert {after - before for before, after in pairwise(result["taken"])} == {2}


def test_synthetic_end_state(real_data: Callable[[str], Path], tmp_path: Path) -> None:
    """Three symbols, messages about unknown orders, a table filled to 78 per cent, books that end crossed."""
    slots: dict[int, int] = {}
    events = []
    for index, message in enumerate(messages(real_data("itch/synthetic_abc_12k.itch50")), 1):
        if message[:1] == b"R":
            slots[struct.unpack_from(">H", message, 1)[0]] = len(slots)
        e = event(message, slots, index)
        if e is not None:
            events.append(e)
    result = play(DEMO, events, [12] * len(events), tmp_path)
    check(events, result)
    last = next(v for e, v in zip(reversed(events), reversed(result["views"]), strict=True) if e.slot == 0)
    assert last["bids"] == [(270600, 100), (270533, 100), (270467, 14), (269600, 15), (267600, 25)]
    assert last["asks"] == [(205400, 100), (214200, 100), (216600, 9), (218400, 69), (220067, 100)]
    assert last["crossed"]
    assert result["unknown_references"] == 117
    assert result["stale_slots"] == 0


@pytest.mark.parametrize("own_pace", [True, False], ids=["own_pace", "bursts"])
def test_amzn_whole_day(real_data: Callable[[str], Path], tmp_path: Path, own_pace: bool) -> None:
    """A whole day: 188,297 changes of a book of up to 400 levels a side, with its refills; also in bursts.

    A burst is 32 events two cycles from each other; then the book is let come to rest, as refills need it.
    """
    name = "itch/amzn_20120621_fullday"
    answers = known_answers(real_data(f"{name}.top5_every_change.csv.gz"))
    found = [
        (index, e)
        for index, message in enumerate(messages(real_data(f"{name}.itch50.gz")), 1)
        if (e := event(message, {3002: 1}, index)) is not None
    ]
    events = [e for _, e in found]
    bursts = [0 if number % 32 else -(10**9) for number in range(len(events))]
    result = play(DEMO, events, real_gaps(events) if own_pace else bursts, tmp_path)
    compared = 0
    for (index, _), view in zip(found, result["views"], strict=True):
        if index in answers:
            assert (view["bids"], view["asks"]) == answers[index], f"after message {index}"
            compared += 1
    assert compared == 188297
    assert not any(view["bid_incomplete"] or view["ask_incomplete"] for view in result["views"])
    assert result["latencies"] == [6]
    assert result["refills"] > 0
    assert result["stale_slots"] == 0
