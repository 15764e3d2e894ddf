"""The book against a plain Python model, on events that nobody sends: tiny tables, tiny rows, hostile messages."""

import random
from pathlib import Path

import pytest
from book_model import Event
from book_play import check, play
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

TINY = (3, 32, 8)
REST = -(10**6)
TAKES = ("EXECUTE", "EXECUTE_PRICE", "CANCEL", "DELETE", "REPLACE")
REFERENCES = [4 * k + 1 for k in range(24)] + [0, 2**64 - 1, 1 << 63, (1 << 63) + 1, 0x0123456789ABCDEF]
PRICES = [*range(100, 130), 1, 2**32 - 1, 0x80000000]


def stream(seed: int, count: int, *, references: list[int], churn: float, prices: list[int]) -> list[Event]:
    """Make events that mostly fit together: orders are added and taken away, with a share of nonsense."""
    rng = random.Random(seed)
    live: list[tuple[int, int]] = []
    events = []
    for number in range(count):
        slot = rng.choices([0, 1, 2, 3, 200], [60, 20, 20, 1, 1])[0]
        reference = rng.choice(references)
        shares = rng.choices([rng.randrange(1, 400), 2**32 - 1, 0], [90, 4, 2])[0]
        price = rng.choices([rng.choice(prices), 0], [98, 1])[0]
        kind = rng.choices(["ADD", "LOAD"], [9, 1])[0]
        roll = rng.random()
        if roll < churn and live:
            slot, reference = rng.choice(live)
            kind = rng.choices(TAKES, [5, 3, 3, 8, 6])[0]
            if rng.random() < 0.1:
                slot = rng.randrange(3)
        elif roll > 0.97:
            kind = rng.choice(["TRADE", "CROSS", "BROKEN", "REFRESH", "NONE", "DELETE", "REPLACE", "EXECUTE"])
        elif roll > 0.965:
            kind = "CLEAR"
        new = rng.choice([rng.choice(references), reference, rng.getrandbits(64)])
        event = Event(
            kind,
            slot=slot,
            side=rng.randrange(2),
            reference=reference,
            new_reference=new,
            shares=shares,
            price=price,
            printable=rng.randrange(2),
            match=rng.getrandbits(64),
            exchange_time=rng.getrandbits(48),
            sequence=number,
            session_epoch=rng.getrandbits(16),
            card_time=rng.getrandbits(64),
        )
        events.append(event)
        if kind in ("ADD", "LOAD"):
            live.append((slot, reference))
        elif kind == "REPLACE":
            live.append((slot, new))
        del live[:-60]
    return events


def pauses(seed: int, count: int) -> list[int]:
    """Give gaps of every length: bursts, every phase against the background work, rests."""
    rng = random.Random(seed)
    gaps: list[int] = []
    while len(gaps) < count:
        kind = rng.choice(["burst", "pace", "steady", "any", "rest"])
        length = rng.randrange(1, 60)
        if kind == "burst":
            gaps += [0] * length
        elif kind == "pace":  # just room for a step of a refill, or for reading a row, or not quite
            gaps += [rng.randrange(2, 8) for _ in range(3 * length)]
        elif kind == "steady":
            gaps += [rng.randrange(1, 40)] * length
        elif kind == "any":
            gaps += [rng.randrange(0, 80) for _ in range(length)]
        else:
            gaps += [REST]
    return gaps[:count]


def rested_views_are_complete(events: list[Event], gaps: list[int], result: dict[str, object]) -> None:
    """After a rest every refill is done, and one event cannot undo it: nothing may be missing."""
    for event, gap, view in zip(events, gaps, result["views"], strict=True):
        if gap == REST and event.slot < TINY[0]:
            assert not view["bid_incomplete"]
            assert not view["ask_incomplete"]


@pytest.mark.parametrize("seed", range(4))
def test_streams(seed: int, tmp_path: Path) -> None:
    """Long streams: a table that overflows, rows that spill and are refilled, slots that are cleared."""
    wide = seed % 2
    references = [4 * k + 1 for k in range(2000)] if wide else REFERENCES
    events = stream(seed, 20_000, references=references, churn=0.5, prices=PRICES)
    gaps = pauses(seed, len(events))
    result = play(TINY, events, gaps, tmp_path)
    seen = check(events, result, slots=TINY[0])
    rested_views_are_complete(events, gaps, result)
    assert result["refills"] > 10
    assert result["levels_spilled"] > 20
    assert seen["complete"] > seen["incomplete"]
    assert (result["table_overflows"] > 0) == bool(wide)


@pytest.mark.parametrize("seed", range(2))
def test_back_to_back_on_one_order_and_one_level(seed: int, tmp_path: Path) -> None:
    """Every event meets the one before it: the same order, the same level, the same places of the table."""
    events = stream(seed, 4_000, references=[5, 9, 5 + (1 << 40)], churn=0.6, prices=[100, 101])
    result = play(TINY, events, [0] * len(events), tmp_path)
    check(events, result, slots=TINY[0])
    intervals = {b - a for a, b in zip(result["taken"], result["taken"][1:], strict=False)}
    assert min(intervals) == 2


events_made = st.builds(
    Event,
    kind=st.sampled_from(["ADD", "ADD", "ADD", "LOAD", *TAKES, "CLEAR", "TRADE", "CROSS", "BROKEN", "REFRESH", "NONE"]),
    slot=st.integers(0, 2),
    side=st.integers(0, 1),
    reference=st.sampled_from(REFERENCES),
    new_reference=st.sampled_from(REFERENCES),
    shares=st.sampled_from([0, 1, 2, 100, 2**32 - 1]),
    price=st.sampled_from([0, *PRICES]),
    printable=st.integers(0, 1),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(played=st.lists(st.tuples(events_made, st.sampled_from([0, 0, 1, 4, 4, 5, 7, 12, 40, REST])), max_size=120))
def test_anything(played: list[tuple[Event, int]], tmp_path: Path) -> None:
    """Whatever comes, in whatever rhythm."""
    played = [*played, (Event("REFRESH"), REST)]
    events, gaps = [e for e, _ in played], [g for _, g in played]
    result = play(TINY, events, gaps, tmp_path)
    check(events, result, slots=TINY[0])
    rested_views_are_complete(events, gaps, result)


#: Two orders whose references share a row of the first bank (they differ by its polynomial), one that does not.
CLOSE = [5, 5 ^ 0b1011 << 40, 9]
events_close = st.builds(
    Event,
    kind=st.sampled_from(["ADD", "ADD", *TAKES, "CLEAR"]),
    slot=st.sampled_from([0, 0, 0, 1]),
    side=st.integers(0, 1),
    reference=st.sampled_from(CLOSE),
    new_reference=st.sampled_from(CLOSE),
    shares=st.sampled_from([1, 2, 3]),
    price=st.sampled_from([100, 101]),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(played=st.lists(st.tuples(events_close, st.sampled_from([0, 0, 0, 0, 1, 2, 3, 4, 5])), min_size=2, max_size=40))
def test_one_order_one_level_one_row_at_each_others_heels(played: list[tuple[Event, int]], tmp_path: Path) -> None:
    """Hardly an event but needs what one of the three before it does; hypothesis finds the shortest that fails."""
    events, gaps = [e for e, _ in played], [g for _, g in played]
    check(events, play(TINY, events, gaps, tmp_path), slots=TINY[0])


def test_shares_of_a_level_saturate_and_come_back(tmp_path: Path) -> None:
    """Three orders of the greatest size on one level, taken away one by one."""
    most = 2**32 - 1
    events = [Event("ADD", reference=r, shares=most, price=100) for r in (1, 2, 3)]
    events += [
        Event("DELETE", reference=1),
        Event("CANCEL", reference=2, shares=most - 7),
        Event("DELETE", reference=3),
    ]
    result = play(TINY, events, [0] * len(events), tmp_path)
    check(events, result)
    assert [view["bids"] for view in result["views"]] == [[(100, most)]] * 5 + [[(100, 7)]]


def test_a_storm_of_clears_keeps_the_count(tmp_path: Path) -> None:
    """A slot is cleared more often than generations can tell apart; live orders stay right, nothing comes back."""
    events = []
    for turn in range(40):
        events += [Event("ADD", slot=turn % 2, reference=turn * 4 + k, shares=5, price=50 + k) for k in range(3)]
        events.append(Event("CLEAR", slot=turn % 2))
    events.append(Event("ADD", slot=0, reference=1, shares=9, price=60))
    result = play(TINY, events, [0] * len(events), tmp_path)
    check(events, result)
    assert result["live_orders"] == 1


def test_queue_takes_a_burst_and_says_what_it_lost(tmp_path: Path) -> None:
    """A burst of an event a cycle: those that fit are all shown, in order; the others are counted."""
    events = [Event("ADD", reference=n, shares=1, price=100, sequence=n) for n in range(60)]
    result = play(TINY, events, [-2000] + [0] * 59, tmp_path, queue=16)
    shown = [view["sequence"] for view in result["views"]]
    assert shown == sorted(set(shown))
    assert result["lost"] == 60 - len(shown) > 0
    assert len(shown) >= 16
    assert result["max_level"] == 16
