"""A refill that is disturbed in each of its cycles, by each thing that an event can do to what it gathers."""

from pathlib import Path

import pytest
from book_model import Event
from book_play import check, play

#: Slots, orders, levels.
BOOK = (2, 64, 8)
ADDED, DELETED, BASE = 14, 5, 100
#: Cycles that a refill takes at rest are fewer than these.
CYCLES = 130
REST = -(10**6)
ASK = 1


def order(slot: int, i: int) -> int:
    """Give the reference of a slot's i-th order, the best one first."""
    return 100 * slot + i + 1


def run_down(slot: int) -> list[Event]:
    """Give a row of asks that is full and has orders beyond it, then loses its best levels: it asks for a refill."""
    added = [
        Event("ADD", slot=slot, side=ASK, reference=order(slot, i), shares=10, price=BASE + 2 * i) for i in range(ADDED)
    ]
    return added + [Event("DELETE", slot=slot, reference=order(slot, i)) for i in range(DELETED)]


def ask(reference: int, price: int) -> Event:
    return Event("ADD", side=ASK, reference=reference, shares=10, price=price)


#: What comes while slot 0 is refilled, two events a kind: what they do to its row, or to orders beyond it.
DISTURBING = {
    "orders beyond the row leave": [Event("DELETE", reference=order(0, i)) for i in (8, 13)],
    "shares leave an order beyond the row": [Event("CANCEL", reference=order(0, i), shares=4) for i in (8, 9)],
    "all orders beyond the row but one leave": [Event("DELETE", reference=order(0, i)) for i in range(8, ADDED - 1)],
    "orders come beyond the row": [ask(51, BASE + 17), ask(52, BASE + 90)],
    "an order is replaced from beyond the row into it": [
        Event("REPLACE", reference=order(0, 9), new_reference=51, shares=7, price=BASE + 11),
        Event("REPLACE", reference=order(0, 6), new_reference=52, shares=7, price=BASE + 17),
    ],
    "the row fills and spills": [ask(51 + i, BASE + i) for i in range(7)],
    "the slot is cleared": [Event("CLEAR"), Event("REFRESH")],
}


@pytest.mark.parametrize("apart", [2, 5])
def test_each_cycle_of_a_refill_may_bring_an_event(apart: int, tmp_path: Path) -> None:
    events, gaps = [], []

    def send(sent: list[Event], *, first: int, then: int = 2) -> None:
        events.extend(sent)
        gaps.extend([first - 1] + [then - 1] * (len(sent) - 1))

    for disturbing in DISTURBING.values():
        for delay in range(apart, CYCLES):
            send(run_down(0) + run_down(1), first=2)
            send(disturbing, first=delay, then=apart)
            for slot in range(2):
                send([Event("REFRESH", slot=slot)], first=REST + 1)
            send([Event("CLEAR", slot=slot) for slot in range(2)], first=2)
            gaps[-2] = REST
    result = play(BOOK, events, gaps, tmp_path)
    check(events, result, slots=BOOK[0])
    for event, gap, view in zip(events, gaps, result["views"], strict=True):
        if gap == REST and event.kind == "REFRESH":
            assert not view["ask_incomplete"]
    assert result["refills"] > len(DISTURBING) * (CYCLES - apart)
