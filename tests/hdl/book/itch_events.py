"""ITCH 5.0 in BinaryFILE framing to events, straight from the specification with ``struct``."""

import gzip
import struct
from collections.abc import Iterator
from pathlib import Path

from book_model import Event

_ADD = struct.Struct(">QcI8sI")  # reference, side, shares, stock, price


def messages(path: Path) -> Iterator[bytes]:
    """Yield the messages of a BinaryFILE file, plain or gzip."""
    raw = path.read_bytes()
    if raw[:2] == b"\x1f\x8b":
        raw = gzip.decompress(raw)
    at = 0
    while at < len(raw):
        (length,) = struct.unpack_from(">H", raw, at)
        if length == 0:
            return
        yield raw[at + 2 : at + 2 + length]
        at += 2 + length


def event(message: bytes, slots: dict[int, int], sequence: int) -> Event | None:
    """Give the market event of a message, or None where it does not concern the book of a tracked slot."""
    kind = message[:1]
    (locate,) = struct.unpack_from(">H", message, 1)
    slot = slots.get(locate)
    if slot is None:
        return None
    base = {"slot": slot, "sequence": sequence, "exchange_time": int.from_bytes(message[5:11], "big")}
    if kind in b"AF":
        reference, side, shares, _, price = _ADD.unpack_from(message, 11)
        return Event("ADD", side=int(side == b"S"), reference=reference, shares=shares, price=price, **base)
    if kind == b"E":
        reference, shares, match = struct.unpack_from(">QIQ", message, 11)
        return Event("EXECUTE", reference=reference, shares=shares, match=match, **base)
    if kind == b"C":
        reference, shares, match, printable, price = struct.unpack_from(">QIQcI", message, 11)
        flag = int(printable == b"Y")
        return Event(
            "EXECUTE_PRICE", reference=reference, shares=shares, match=match, printable=flag, price=price, **base
        )
    if kind == b"X":
        reference, shares = struct.unpack_from(">QI", message, 11)
        return Event("CANCEL", reference=reference, shares=shares, **base)
    if kind == b"D":
        (reference,) = struct.unpack_from(">Q", message, 11)
        return Event("DELETE", reference=reference, **base)
    if kind == b"U":
        reference, new, shares, price = struct.unpack_from(">QQII", message, 11)
        return Event("REPLACE", reference=reference, new_reference=new, shares=shares, price=price, **base)
    if kind == b"P":
        reference, side, shares, _, price, match = struct.unpack_from(">QcI8sIQ", message, 11)
        return Event("TRADE", shares=shares, price=price, match=match, **base)
    if kind == b"Q":
        shares, _, price, match = struct.unpack_from(">Q8sIQ", message, 11)
        return Event("CROSS", shares=min(shares, 2**32 - 1), price=price, match=match, **base)
    if kind == b"B":
        (match,) = struct.unpack_from(">Q", message, 11)
        return Event("BROKEN", match=match, **base)
    return None


def known_answers(path: Path) -> dict[int, tuple[list[tuple[int, int]], list[tuple[int, int]]]]:
    """Read a known-answer file: message index to (bids, asks), each (price, shares) best first."""
    answers = {}
    for line in gzip.decompress(path.read_bytes()).decode().splitlines():
        index, _, rest = line.partition(",")
        sides = []
        for text in rest.split("|"):
            levels = [tuple(map(int, level.split(":"))) for level in text.split(";") if level]
            sides.append([(price, shares) for price, shares, _ in levels])
        answers[int(index)] = (sides[0], sides[1])
    return answers
