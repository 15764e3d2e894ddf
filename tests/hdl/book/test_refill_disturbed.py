"""A refill that is disturbed in each of its cycles, by each thing that an event can do to what it gathers."""

from pathlib import Path

import pytest
from book_model import Event
from book_play import check, play

SLOTS, LEVELS, DELETED, BASE = 2, 8, 5, 100
#: Orders that the table holds, orders added a slot, and cycles that a refill takes at rest at most: in a table with
#: room, and in one where some orders stay in the stash.
BOOKS = {"with room": (64, 14, 130), "full": (32, 22, 170)}
REST = -(10**6)
ASK = 1


def order(slot: int, i: int) -> int:
    """Give the reference of a slot's i-th order, the best one first."""
    return 100 * slot + i + 1


def added(slot: int, orders: int) -> list[Event]:
    """Give a side of asks, the best levels beyond a row last: in a table that is full these stay in the stash."""
    last = range(LEVELS, LEVELS + 4)
    return [
        Event("ADD", slot=slot, side=ASK, reference=order(slot, i), shares=10, price=BASE + 2 * i)
        for i in sorted(range(orders), key=lambda i: (i in last, i))
    ]


def run_down(slot: int, orders: int) -> list[Event]:
    """Give a row of asks that is full and has orders beyond it, then loses its best levels: it asks for a refill."""
    return added(slot, orders) + [Event("DELETE", slot=slot, reference=order(slot, i)) for i in range(DELETED)]


def ask(reference: int, price: int) -> Event:
    """Give an order to sell in slot 0."""
    return Event("ADD", side=ASK, reference=reference, shares=10, price=price)


#: What comes while slot 0 is refilled: what events do to its row, or to orders beyond it.
DISTURBING = {
    "orders beyond the row leave": [Event("DELETE", reference=order(0, i)) for i in (8, 13)],
    "shares leave orders beyond the row": [Event("CANCEL", reference=order(0, i), shares=4) for i in range(12, 7, -1)],
    "most orders beyond the row leave": [Event("DELETE", reference=order(0, i)) for i in range(8, 13)],
    "orders come beyond the row": [ask(51 + i, BASE + 17 + i % 2) for i in range(12)],
    "an order is replaced from beyond the row into it": [
        Event("REPLACE", reference=order(0, 9), new_reference=51, shares=7, price=BASE + 11),
        Event("REPLACE", reference=order(0, 6), new_reference=52, shares=7, price=BASE + 17),
    ],
    "the row fills and spills": [ask(51 + i, BASE + i) for i in range(7)],
    "the slot is cleared": [Event("CLEAR"), Event("REFRESH")],
}


@pytest.mark.parametrize("apart", [2, 5])
@pytest.mark.parametrize("book", BOOKS)
def test_each_cycle_of_a_refill_may_bring_an_event(book: str, apart: int, tmp_path: Path) -> None:
    size, orders, cycles = BOOKS[book]
    room = orders * SLOTS < size
    events, gaps = [], []

    def send(sent: list[Event], *, first: int, then: int = 2) -> None:
        events.extend(sent)
        gaps.extend([first - 1] + [then - 1] * (len(sent) - 1))

    for disturbing in DISTURBING.values():
        for delay in range(2, cycles):
            # Of a slot that asks for a refill as well, or that only takes the other one's places.
            beside = run_down(1, orders) if room else added(1, orders)
            send(run_down(0, orders) + beside if room else beside + run_down(0, orders), first=2)
            send(disturbing, first=delay, then=apart)
            for slot in range(SLOTS):
                send([Event("REFRESH", slot=slot)], first=REST + 1)
            # What was put behind the row comes into sight.
            for slot in range(SLOTS):
                send([Event("DELETE", slot=slot, reference=order(slot, i)) for i in range(DELETED, LEVELS)], first=2)
            send([Event("CLEAR", slot=slot) for slot in range(SLOTS)], first=2)
            gaps[-SLOTS] = REST
    result = play((SLOTS, size, LEVELS), events, gaps, tmp_path)
    check(events, result, slots=SLOTS)
    for event, gap, view in zip(events, gaps, result["views"], strict=True):
        if gap == REST and event.kind == "REFRESH":
            assert not view["ask_incomplete"]
    assert result["refills"] > len(DISTURBING) * (cycles - 2) // 2
