"""Whole sessions through the verilated feed half: known answers, other software's book, and the filter before it."""

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.bench.agreement import agreement
from sim.replay.replay import ASK_INCOMPLETE, BID_INCOMPLETE, Replay
from sim.sessions.binaryfile import SessionFileError, read_messages, write_messages
from sim.sessions.encode import add, delete, locate_of
from sim.sessions.make import MADE_SYMBOLS, make_messages
from sim.sessions.tracked import Tracked

NAMES = [made.symbol for made in MADE_SYMBOLS]
FAULTS = ("frames_bad", "gaps", "wrong_sizes", "unknown_types", "lost", "stale_books")
#: What a view says of the book and of the print; its sequence number is the packet's, which the filter changes.
SAID = ["slot", "bids", "asks", "flags", "trade_shares", "trade_price", "trade_match"]


def side(text: str) -> list[list[int]]:
    """Read one side of a line of a known-answer file, absent levels as zeros."""
    levels = [[int(number) for number in level.split(":")[:2]] for level in text.split(";") if level]
    return levels + [[0, 0]] * (5 - len(levels))


def known_answers_hold(session: Path, answers: Path, symbol: str) -> tuple[int, Replay]:
    """Play a session and compare every change with its known answer; give how many, and the replay."""
    first, *lines = gzip.decompress(answers.read_bytes()).decode().splitlines()
    assert first == "1,|", "the first line is the empty book"
    run = Replay([symbol], keep_every=1)
    run.play(session)
    views = {int(view["sequence"]): view for view in run.views()}
    for line in lines:
        index, _, rest = line.partition(",")
        bids, asks = rest.split("|")
        view = views[int(index)]
        assert (view["bids"].tolist(), view["asks"].tolist()) == (side(bids), side(asks)), f"after message {index}"
        assert not view["flags"] & (BID_INCOMPLETE | ASK_INCOMPLETE), f"after message {index}"
    assert not any(run.counters[name] for name in FAULTS)
    return len(lines), run


def test_aapl_after_every_change(real_data: Callable[[str], Path]) -> None:
    name = "itch/aapl_20200130_first10k"
    compared, run = known_answers_hold(
        real_data(f"{name}.itch50"), real_data(f"{name}.top5_every_change.csv.gz"), "AAPL"
    )
    with run:
        assert compared == 8037
        assert (run.messages, run.counters["messages"], run.counters["live_orders"]) == (10_000, 10_000, 215)
        last = run.latest()[0]
        assert (last["bids"][0].tolist(), last["asks"][0].tolist()) == ([3201400, 25], [3203000, 100])
        assert run.cycles < 6 * run.messages


def test_amzn_whole_day(real_data: Callable[[str], Path]) -> None:
    """A day that is sparse and deep: its rows run low again and again, and are refilled in time."""
    name = "itch/amzn_20120621_fullday"
    compared, run = known_answers_hold(
        real_data(f"{name}.itch50.gz"), real_data(f"{name}.top5_every_change.csv.gz"), "AMZN"
    )
    with run:
        assert (compared, run.messages) == (188_297, 198_699)
        assert run.counters["refills"] > 0


def test_made_session_is_as_other_software_has_it(tmp_path: Path) -> None:
    write_messages(tmp_path / "day", make_messages(5, 6_000).messages)
    assert agreement("demo", tmp_path / "day", NAMES) > 4_000
    assert 250 < agreement("demo", tmp_path / "day", NAMES, every=16) < 400


def test_clocks_that_stand_still_change_nothing(tmp_path: Path) -> None:
    """Of three symbols two are not followed; then a deep side loses its best, and orders come until none fits."""
    day = make_messages(8, 4_000).messages
    stock = NAMES[0].encode().ljust(8)
    locate = next(locate_of(m) for m in day if m[:1] == b"A" and m[24:32] == stock)
    orders = [add(locate, 1, 10**9 + n, b"B", 100, stock, 10_000 + 100 * (n % 500)) for n in range(5_000)]
    best = [delete(locate, 1, 10**9 + n) for n in range(499, 400, -1)]
    write_messages(tmp_path / "day", day)
    write_messages(tmp_path / "full", [*orders[:500], *best, *orders[500:]])
    runs = []
    for all_clocks in (False, True):
        with Replay(NAMES[:1], keep_every=1, all_clocks=all_clocks) as run:
            run.play(tmp_path / "day")
            of_day = run.counters
            run.play(tmp_path / "full")
            runs.append((run.views()[[*SAID, "sequence"]], of_day, run.counters, run.cycles, run.rest_cycles))
    (views, of_day, counters, *cycles), (all_views, *all_counters_and_cycles) = runs
    assert np.array_equal(views, all_views)
    assert [of_day, counters, *cycles] == all_counters_and_cycles
    assert of_day["stale_books"] == 0 < counters["stale_books"]
    assert counters["refills"] > 0


def test_a_difference_is_seen(tmp_path: Path) -> None:
    day = make_messages(5, 3_000).messages
    write_messages(tmp_path / "day", day)
    with pytest.raises(RuntimeError, match="live orders, itch-book has"):
        agreement("demo", tmp_path / "day", NAMES[:2])
    # A type that the card does not know and the software skips.
    write_messages(tmp_path / "odd", [*day, b"z\0\0" + bytes(8)])
    with pytest.raises(RuntimeError, match="unknown_types is 1"):
        agreement("demo", tmp_path / "odd", NAMES)


def views_of(path: Path, symbols: list[str]) -> np.ndarray:
    """Play a session; give the views of its messages."""
    with Replay(symbols, keep_every=1) as run:
        run.play(path)
        assert not any(run.counters[name] for name in FAULTS)
        views = run.views()
    return views[views["sequence"] != 0]


def filtering_changes_nothing(source: Path, symbols: list[str]) -> int:
    """Play a session as it is and filtered; the views agree, and so do the messages they come from."""
    kept = source.with_name("kept.itch50")
    Tracked(symbols).filter_file(source, kept)
    of_all, of_kept = views_of(source, symbols), views_of(kept, symbols)
    for name in SAID:
        assert np.array_equal(of_all[name], of_kept[name]), name
    # Message n of what is kept has number n: both numbers lead to the same message.
    before, after = list(read_messages(source)), list(read_messages(kept))
    pairs = zip(of_all["sequence"].tolist(), of_kept["sequence"].tolist(), strict=True)
    assert all(before[a - 1] == after[k - 1] for a, k in pairs)
    return len(of_kept)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 1000), st.sets(st.sampled_from(NAMES), min_size=1), st.integers(1_000, 2_500))
def test_filtering_changes_no_view(
    tmp_path_factory: pytest.TempPathFactory, seed: int, symbols: set[str], messages: int
) -> None:
    day = tmp_path_factory.mktemp("filter") / "day.itch50"
    write_messages(day, make_messages(seed, messages).messages)
    assert filtering_changes_nothing(day, sorted(symbols)) > 200


def test_filtering_a_real_file_changes_no_view(real_data: Callable[[str], Path], tmp_path: Path) -> None:
    """A real morning of AAPL among the messages of three made symbols."""
    aapl = list(read_messages(real_data("itch/aapl_20200130_first10k.itch50")))
    made = make_messages(9, len(aapl)).messages
    (tmp_path / "both").mkdir()
    write_messages(tmp_path / "both" / "day", [m for pair in zip(aapl, made, strict=True) for m in pair])
    assert filtering_changes_nothing(tmp_path / "both" / "day", ["AAPL"]) >= 8_037
    assert filtering_changes_nothing(tmp_path / "both" / "day", ["PWBB", "AAPL"]) > 11_000


def test_a_session_goes_on_where_the_last_one_ended(tmp_path: Path) -> None:
    day = make_messages(4, 2_000).messages
    for name, part in (("all", day), ("first", day[:777]), ("second", day[777:])):
        write_messages(tmp_path / name, part)
    with Replay(NAMES, keep_every=1) as whole, Replay(NAMES, keep_every=1) as parts:
        whole.play(tmp_path / "all")
        parts.play(tmp_path / "first")
        parts.play(tmp_path / "second")
        assert np.array_equal(whole.views(), parts.views())


def test_what_cannot_be_played_is_refused(tmp_path: Path) -> None:
    day = make_messages(4, 1_000).messages
    write_messages(tmp_path / "day", day)
    (tmp_path / "torn").write_bytes((tmp_path / "day").read_bytes()[:-10])
    with Replay(NAMES) as run:
        with pytest.raises(SessionFileError, match="ends inside a message at byte"):
            run.play(tmp_path / "torn")
        assert run.messages == 999
    write_messages(tmp_path / "long", [*day, bytes(9_000)])
    with Replay(NAMES) as run:
        with pytest.raises(SessionFileError, match="message 1001 is longer than a packet can be"):
            run.play(tmp_path / "long")
        assert run.messages == run.counters["messages"] == 1_000
    with pytest.raises(ValueError, match="5 symbols; the configuration 'demo' has 4 slots"):
        Replay(["A"] * 5)
    with pytest.raises(ValueError, match="'' is no symbol"):
        Replay([""])
