"""The order table under load: stashed orders are moved between events, and none is lost or shown wrongly by it."""

import random
from pathlib import Path

import pytest
from book_model import Event
from book_play import check, play

TINY = (3, 32, 8)
#: As `listen` and `scalp` have them.
SMALL = (2, 2048, 8)
#: Bytes of a message with its length, and bytes that a line brings in a cycle: a gigabit board has 31.25 MHz.
BYTES = {"ADD": 38, "DELETE": 21}
GIGABIT, TEN_GIGABIT = 4, 8


class Flow:
    """Orders that come and go: ``live`` are there, ``cleared`` were until their slot was cleared."""

    def __init__(self, seed: int, slots: int) -> None:
        self.random = random.Random(seed)
        self.slots = slots
        self.live: list[tuple[int, int]] = []
        self.cleared: list[tuple[int, int]] = []
        self.events: list[Event] = []
        self.reference = 1_000_001

    def add(self) -> None:
        self.reference += 4 * self.random.choice([1, 1, 2, 5, 30, 200])
        slot = self.random.randrange(self.slots)
        self.live.append((slot, self.reference))
        self._say("ADD", slot, self.reference, shares=self.random.randrange(1, 500))

    def of_a_live_one(self, kind: str, *, recent: int | None = None) -> None:
        """An event of one of the live orders, or of the ``recent`` last of them."""
        at = self.random.randrange(max(0, len(self.live) - (recent or len(self.live))), len(self.live))
        slot, reference = self.live[at]
        new = 0
        if kind in ("DELETE", "REPLACE"):
            self.live[at] = self.live[-1]
            self.live.pop()
        if kind == "REPLACE":
            new = self.reference = self.reference + 4
            self.live.append((slot, new))
        self._say(kind, slot, reference, new_reference=new, shares=self.random.randrange(1, 40))

    def clear(self) -> None:
        slot = self.random.randrange(self.slots)
        self.cleared = [order for order in self.live if order[0] == slot]
        self.live = [order for order in self.live if order[0] != slot]
        self._say("CLEAR", slot, 0)

    def of_a_cleared_one(self) -> None:
        """An event of an order that is not there any more."""
        slot, reference = self.random.choice(self.cleared)
        self._say("EXECUTE", slot, reference, shares=1)

    def _say(self, kind: str, slot: int, reference: int, **others: int) -> None:
        fields = {
            "side": self.random.randrange(2),
            "price": 1_000 + 100 * self.random.randrange(60),
            "sequence": len(self.events),
        }
        self.events.append(Event(kind, slot=slot, reference=reference, **fields, **others))


@pytest.mark.parametrize("seed", range(4))
def test_moves_between_events(seed: int, tmp_path: Path) -> None:
    """A table nearly full, events at every distance, most of them of an order that may be in the stash just now."""
    flow = Flow(seed, TINY[0])
    fewest, most = (20, 30) if seed % 2 else (30, 44)
    while len(flow.events) < 20_000:
        if len(flow.live) < fewest or (len(flow.live) < most and flow.random.random() < 0.5):
            flow.add()
        elif flow.random.random() < 0.02:
            flow.clear()
        elif flow.cleared and flow.random.random() < 0.1:
            flow.of_a_cleared_one()
        else:
            kind = flow.random.choice(["EXECUTE", "CANCEL", "DELETE", "DELETE", "REPLACE"])
            flow.of_a_live_one(kind, recent=flow.random.choice([2, 16, None]))
    gaps = [flow.random.choice([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 14, 17]) for _ in flow.events]
    result = play(TINY, flow.events, gaps, tmp_path)
    check(flow.events, result, slots=TINY[0])
    # Four out of ten found all their places taken: had none been moved, each of them would be lost.
    assert result["table_overflows"] < len(flow.events) // 50


def churn(load: float, beat: int, work: Path) -> int:
    """Play Deletes and Adds without end, compare every view, and give how many orders were lost, each of them told."""
    flow = Flow(1, SMALL[0])
    while len(flow.live) < load * SMALL[1]:
        flow.add()
    for _ in range(20_000):
        flow.of_a_live_one("DELETE")
        flow.add()
    gaps, at, taken = [], 0.0, 0
    for event in flow.events:
        at += BYTES[event.kind] / beat
        gaps.append(int(at) - taken - 1)
        taken = int(at)
    result = play(SMALL, flow.events, gaps, work)
    check(flow.events, result, slots=SMALL[0])
    return result["table_overflows"]


@pytest.mark.parametrize("beat", [GIGABIT, TEN_GIGABIT], ids=["gigabit", "ten gigabits"])
def test_nothing_is_lost(beat: int, tmp_path: Path) -> None:
    """Four fifths full, at a line's pace without a pause."""
    assert churn(0.8, beat, tmp_path) == 0


def test_what_is_lost_is_told(tmp_path: Path) -> None:
    """Nine tenths full at ten gigabits: some are."""
    assert 0 < churn(0.9, TEN_GIGABIT, tmp_path) < 4_000
