"""Only the symbols asked for, and the market's own messages, are kept: equal to a filter in plain Python."""

import gzip
import struct
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hdl.wire.itch50 import ITCH50
from sim.sessions import binaryfile
from sim.sessions.binaryfile import SessionFileError, read_messages, write_messages
from sim.sessions.make import make_messages
from sim.sessions.tracked import Tracked


def plainly(messages: Iterable[bytes], symbols: list[str], locates: Iterable[int] = ()) -> list[bytes]:
    """Filter as the documentation says, a message at a time."""
    names = {symbol.encode().ljust(8) for symbol in symbols}
    known = {0, *locates}
    kept = []
    for message in messages:
        if len(message) < 3:
            continue
        locate = int.from_bytes(message[1:3], "big")
        if locate not in known and message[:1] == b"R" and message[11:19] in names:
            known.add(locate)
        if locate in known:
            kept.append(message)
    return kept


def filtered(tracked: Tracked, source: Path) -> list[bytes]:
    """Filter a file to a file, and read that."""
    target = source.with_name("kept.itch50")
    tracked.filter_file(source, target)
    return list(read_messages(target))


def test_a_symbol_is_followed_from_its_directory_message_on(tmp_path: Path) -> None:
    day = make_messages(1, 5_000).messages
    write_messages(tmp_path / "day.itch50.gz", day)
    tracked = Tracked(["PWBB"])
    kept = filtered(tracked, tmp_path / "day.itch50.gz")
    expected = [m for m in day if ITCH50[chr(m[0])].unpack(m)["stock_locate"] in (0, 203)]
    assert kept == expected == plainly(day, ["PWBB"])
    assert {chr(m[0]) for m in kept} >= set("SVRHYAD")
    assert tracked.locates == {"PWBB": 203}
    assert (tracked.passed, tracked.skipped) == (len(expected), 5_000 - len(expected))


def test_without_a_directory_message_only_a_given_locate_helps(tmp_path: Path) -> None:
    late = make_messages(1, 5_000).messages[100:]
    write_messages(tmp_path / "late", late)
    assert {m[1:3] for m in filtered(Tracked(["PWAA"]), tmp_path / "late")} == {b"\0\0"}
    tracked = Tracked(["PWAA"], {"PWAA": 17})
    assert {m[1:3] for m in filtered(tracked, tmp_path / "late")} == {b"\0\0", b"\0\x11"}
    assert tracked.locates == {"PWAA": 17}


def test_real_days_keep_what_is_theirs(real_data: Callable[[str], Path], tmp_path: Path) -> None:
    """Two real days of one symbol each, told to be one file: each symbol's part comes out as it was."""
    aapl = list(read_messages(real_data("itch/aapl_20200130_first10k.itch50")))
    amzn = list(read_messages(real_data("itch/amzn_20120621_fullday.itch50.gz")))
    turns = -(-len(amzn) // len(aapl))
    both = [m for at, one in enumerate(aapl) for m in (one, *amzn[at * turns : (at + 1) * turns])]
    write_messages(tmp_path / "both", both)
    market = [m for m in both if m[1:3] == b"\0\0"]
    for symbol, own in (("AAPL", aapl), ("AMZN", amzn)):
        kept = filtered(Tracked([symbol]), tmp_path / "both")
        assert kept == plainly(both, [symbol])
        assert [m for m in kept if m[1:3] != b"\0\0"] == [m for m in own if m[1:3] != b"\0\0"]
        assert len([m for m in kept if m[1:3] == b"\0\0"]) == len(market)
    assert filtered(Tracked(["AAPL", "AMZN"]), tmp_path / "both") == both


_LOCATE = st.sampled_from([0, 1, 2, 3, 256, 65_535])
_NAME = st.sampled_from([b"AB      ", b"ABC     ", b"LONGNAME", b"        "])
_DIRECTORY = st.builds(
    lambda locate, name, tail: b"R" + struct.pack(">H", locate) + bytes(8) + name + tail,
    _LOCATE,
    _NAME,
    st.binary(max_size=20),
)
_OTHER = st.builds(
    lambda kind, locate, tail: kind + struct.pack(">H", locate) + tail,
    st.sampled_from([b"A", b"D", b"S", b"R", b"\0"]),
    _LOCATE,
    st.binary(max_size=40),
)
_MESSAGES = st.lists(st.one_of(_DIRECTORY, _OTHER, st.binary(min_size=1, max_size=4)), max_size=40)


@settings(max_examples=200, deadline=None)
@given(_MESSAGES, st.booleans(), st.integers(min_value=20_000, max_value=70_000))
def test_any_messages_are_filtered_as_plainly(
    tmp_path_factory: pytest.TempPathFactory, messages: list[bytes], pack: bool, long: int
) -> None:
    work = tmp_path_factory.mktemp("filter")
    messages = [*messages, b"A\0\1" + bytes(min(long, 65_000)), *messages]
    write_messages(work / "day", messages, compress=pack)
    tracked = Tracked(["AB", "LONGNAME"], {"X": 256})
    kept = filtered(tracked, work / "day")
    assert kept == plainly(messages, ["AB", "LONGNAME"], [256])
    assert (tracked.passed, tracked.skipped) == (len(kept), len(messages) - len(kept))


@pytest.mark.parametrize("pack", [False, True])
def test_pieces_of_a_file_are_joined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pack: bool) -> None:
    """A file of several pieces, blocks lying across them; progress goes up to the file's size."""
    monkeypatch.setattr(binaryfile, "_PIECE", 1000)
    monkeypatch.setattr(binaryfile, "_CHUNK", 1000)
    day = make_messages(2, 3_000).messages
    write_messages(tmp_path / "day", day, compress=pack)
    size = (tmp_path / "day").stat().st_size
    told: list[tuple[int, int]] = []
    tracked = Tracked(["PWAA", "PWCC"])
    tracked.filter_file(tmp_path / "day", tmp_path / "kept", lambda done, all_of: told.append((done, all_of)))
    assert list(read_messages(tmp_path / "kept")) == plainly(day, ["PWAA", "PWCC"])
    assert told == sorted(told)
    assert {all_of for _, all_of in told} == {size}
    assert len(told) > (1 if pack else 50)


@pytest.mark.parametrize("pack", [False, True])
@pytest.mark.parametrize("cut", [1, 2, 10])
def test_a_torn_file_is_refused_after_its_last_whole_message(tmp_path: Path, cut: int, pack: bool) -> None:
    day = make_messages(3, 1_000).messages
    whole = tmp_path / "whole"
    write_messages(whole, day, compress=False)
    torn = whole.read_bytes()[: -2 - cut]
    (tmp_path / "torn").write_bytes(gzip.compress(torn) if pack else torn)
    tracked = Tracked(["PWAA", "PWBB", "PWCC"])
    with pytest.raises(SessionFileError, match=r"ends inside a message at byte \d+"):
        tracked.filter_file(tmp_path / "torn", tmp_path / "kept")
    assert list(read_messages(tmp_path / "kept")) == day[:-1]


def test_damaged_gzip_is_refused(tmp_path: Path) -> None:
    write_messages(tmp_path / "day.gz", make_messages(3, 3_000).messages)
    (tmp_path / "torn").write_bytes((tmp_path / "day.gz").read_bytes()[:-5000])
    with pytest.raises(SessionFileError, match="cut off or damaged after"):
        Tracked(["PWAA"]).filter_file(tmp_path / "torn", tmp_path / "kept")
    assert list(read_messages(tmp_path / "kept"))


@pytest.mark.parametrize(
    ("symbols", "words"), [([], "no symbol is given"), (["TOOLONGNAME"], "is no symbol"), ([""], "is no")]
)
def test_wrong_symbols_are_refused(symbols: list[str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Tracked(symbols)


def test_a_wrong_locate_is_refused() -> None:
    with pytest.raises(ValueError, match="locate 65536 of A is none"):
        Tracked(["A"], {"A": 65_536})
