"""The OUCH 5.0 tables; lengths and offsets typed in from the specification."""

import pytest

from hdl.wire import ouch50
from hdl.wire.fields import WireError

LENGTHS_IN = {"O": 47, "U": 40, "X": 9, "M": 10, "Q": 1}
LENGTHS_OUT = {
    "S": 10, "A": 64, "U": 68, "C": 18, "D": 32, "E": 36, "B": 36, "F": 49, "J": 29, "P": 13, "I": 13, "T": 30,
    "M": 18, "R": 16, "Q": 13,
}  # fmt: skip


def test_lengths():
    assert {letter: message.length for letter, message in ouch50.IN.items()} == LENGTHS_IN
    assert {letter: message.length for letter, message in ouch50.OUT.items()} == LENGTHS_OUT


@pytest.mark.parametrize(
    ("formats", "letter", "field", "offset", "width"),
    [
        (ouch50.IN, "O", "price", 18, 8),
        (ouch50.IN, "O", "appendage_length", 45, 2),
        (ouch50.IN, "U", "clordid", 24, 14),
        (ouch50.OUT, "A", "order_reference_number", 36, 8),
        (ouch50.OUT, "A", "order_state", 47, 1),
        (ouch50.OUT, "U", "user_ref_num", 13, 4),
        (ouch50.OUT, "U", "order_state", 51, 1),
        (ouch50.OUT, "E", "match_number", 26, 8),
        (ouch50.OUT, "D", "liquidity_flag", 30, 1),
        (ouch50.OUT, "T", "order_reference_number", 22, 8),
    ],
)
def test_places(formats, letter, field, offset, width):
    assert (formats[letter][field].offset, formats[letter][field].width) == (offset, width)


def test_options_go_in_and_come_out():
    appendage = ouch50.option(25, b"Y") + ouch50.option(200, b"unknown")
    assert appendage == b"\x02\x19Y\x08\xc8unknown"
    message = ouch50.encode(
        ouch50.OUT["E"],
        appendage,
        timestamp=1,
        user_ref_num=2,
        quantity=3,
        price=4,
        liquidity_flag="R",
        match_number=5,
    )
    assert message == (
        b"E" + (1).to_bytes(8, "big") + (2).to_bytes(4, "big") + (3).to_bytes(4, "big") + (4).to_bytes(8, "big")
        + b"R" + (5).to_bytes(8, "big") + b"\0\x0c" + appendage
    )  # fmt: skip
    decoded = ouch50.decode(ouch50.OUT, message)
    assert decoded.options == ((25, b"Y"), (200, b"unknown"))
    assert decoded.fields["match_number"] == 5


def test_what_is_wrong_is_named():
    with pytest.raises(WireError, match="no message has type 'z'"):
        ouch50.decode(ouch50.IN, b"z")
    with pytest.raises(WireError, match="no message has type ''"):
        ouch50.decode(ouch50.IN, b"")
    with pytest.raises(WireError, match="9 bytes, not 8"):
        ouch50.decode(ouch50.IN, b"X" + bytes(7))
    with pytest.raises(WireError, match="1 bytes after its fixed part and says 0"):
        ouch50.decode(ouch50.IN, b"X" + bytes(9))
    with pytest.raises(WireError, match="carries no appendage"):
        ouch50.encode(ouch50.IN["X"], b"\1\1", user_ref_num=1, quantity=0)
    with pytest.raises(WireError, match="option at byte 0 says 5 bytes, 1 are there"):
        ouch50.split_options(b"\5\1")
    with pytest.raises(WireError, match="says 0 bytes"):
        ouch50.split_options(b"\0\1")
    with pytest.raises(WireError, match="does not fit"):
        ouch50.option(256, b"")
