"""Only the symbols asked for, and the market's own messages, are played."""

import pytest

from hdl.wire.itch50 import ITCH50
from sim.sessions.binaryfile import read_messages
from sim.sessions.make import make_messages
from sim.sessions.tracked import Tracked


def test_a_symbol_is_followed_from_its_directory_message_on():
    day = make_messages(1, 5_000).messages
    tracked = Tracked(["PWBB"])
    kept = list(tracked.filter(day))
    expected = [m for m in day if ITCH50[chr(m[0])].unpack(m)["stock_locate"] in (0, 203)]
    assert kept == expected
    assert {chr(m[0]) for m in kept} >= set("SVRHYAD")
    assert tracked.locates == {"PWBB": 203}
    assert (tracked.passed, tracked.skipped) == (len(expected), 5_000 - len(expected))


def test_without_a_directory_message_only_a_given_locate_helps():
    late = make_messages(1, 5_000).messages[100:]
    assert {m[1:3] for m in Tracked(["PWAA"]).filter(late)} == {b"\0\0"}
    assert {m[1:3] for m in Tracked(["PWAA"], {"PWAA": 17}).filter(late)} == {b"\0\0", b"\0\x11"}


def test_a_real_morning_is_of_one_symbol(real_data):
    tracked = Tracked(["AAPL"])
    assert len(list(tracked.filter(read_messages(real_data("itch/aapl_20200130_first10k.itch50"))))) == 10_000
    assert tracked.locates == {"AAPL": 13}


@pytest.mark.parametrize(
    ("symbols", "words"), [([], "no symbol is given"), (["TOOLONGNAME"], "is no symbol"), ([""], "is no")]
)
def test_wrong_symbols_are_refused(symbols: list[str], words: str):
    with pytest.raises(ValueError, match=words):
        Tracked(symbols)
