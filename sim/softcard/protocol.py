"""What a player and the soft card say to each other on ``market.sock``.

A stream socket. Every message is a 32-bit length, then a kind of one byte and the kind's fields, little-endian; the
length counts what follows it. The player asks, the card answers each request with one message.

======== ============= ==========================================================================================
kind     name          fields
======== ============= ==========================================================================================
1        PLAY          until u64, stop_on_order u8, n u32, n times u64, n lengths u32, n ports u8, then all bytes
2        BOUNDARY      token u32, wait_for_host u8
0x81     PLAYED        now u64, consumed u64, cycles u64, orders u32, frames u32, for each order, then for each frame:
                       (time u64, length u32), then all bytes
0x82     BOUNDARY_DONE none
0xFF     ERROR         code u8 (enum ErrorCode), text in UTF-8
======== ============= ==========================================================================================
"""

import socket
import struct
import sys
from collections.abc import Sequence
from enum import IntEnum

from sim.card_port import Arrival, Played, SentFrame, SentOrder
from sim.verilated.batch import ArrivalBatch

__all__ = ["ErrorCode", "Kind", "ProtocolError", "Reader", "pack_arrivals", "pack_played", "send", "unpack_played"]

LENGTH = struct.Struct("<I")
PLAY = struct.Struct("<QBI")
PLAYED = struct.Struct("<QQQII")
BOUNDARY = struct.Struct("<IB")
_SENT = struct.Struct("<QI")
#: A longer message is taken as a sign that the other side speaks something else.
MAX_BYTES = 1 << 28

if sys.byteorder != "little":
    raise ImportError("the soft card's protocol is written for little-endian machines")


class Kind(IntEnum):
    """Kinds of message."""

    PLAY = 1
    BOUNDARY = 2
    PLAYED = 0x81
    BOUNDARY_DONE = 0x82
    ERROR = 0xFF


class ErrorCode(IntEnum):
    """Why the card refused."""

    OTHER = 0
    TIMEOUT = 1


class ProtocolError(RuntimeError):
    """The other side sent what this protocol does not know."""


def pack_arrivals(arrivals: Sequence[Arrival], until: int, stop_on_order: bool) -> bytes:
    """Make the fields of a PLAY message."""
    batch = ArrivalBatch.of(arrivals)
    return PLAY.pack(until, stop_on_order, len(batch)) + batch.pack()


def pack_played(played: Played, cycles: int) -> bytes:
    """Make the fields of a PLAYED message; ``cycles``: how many were simulated."""
    sent: list[SentOrder | SentFrame] = [*played.orders, *played.frames]
    heads = b"".join(_SENT.pack(s.time, len(s.data)) for s in sent)
    fields = PLAYED.pack(played.now, played.consumed, cycles, len(played.orders), len(played.frames))
    return fields + heads + b"".join(s.data for s in sent)


def unpack_played(body: memoryview) -> tuple[Played, int]:
    """Read the fields of a PLAYED message: what came of it, and cycles simulated."""
    now, consumed, cycles, orders, frames = PLAYED.unpack_from(body)
    heads = [_SENT.unpack_from(body, PLAYED.size + i * _SENT.size) for i in range(orders + frames)]
    at = PLAYED.size + len(heads) * _SENT.size
    sent = []
    for time, length in heads:
        sent.append((time, bytes(body[at : at + length])))
        at += length
    played = Played(now, consumed, [SentOrder(*s) for s in sent[:orders]], [SentFrame(*s) for s in sent[orders:]])
    return played, cycles


def send(sock: socket.socket, kind: Kind, fields: bytes = b"") -> None:
    """Send one message whole."""
    sock.sendall(LENGTH.pack(1 + len(fields)) + bytes((kind,)) + fields)


class Reader:
    """Cuts a stream of bytes into messages."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def feed(self, data: bytes) -> None:
        """Add what was received."""
        self._bytes += data

    def next(self) -> tuple[Kind, memoryview] | None:
        """Give the next whole message's kind and fields, or None.

        Raises
        ------
        ProtocolError
            The length or the kind makes no sense.
        """
        if len(self._bytes) < LENGTH.size:
            return None
        (length,) = LENGTH.unpack_from(self._bytes)
        if not 1 <= length <= MAX_BYTES:
            raise ProtocolError(f"a message of {length} bytes: is this a player?")
        end = LENGTH.size + length
        if len(self._bytes) < end:
            return None
        message = bytes(self._bytes[LENGTH.size : end])
        del self._bytes[:end]
        try:
            return Kind(message[0]), memoryview(message)[1:]
        except ValueError:
            raise ProtocolError(f"unknown kind of message {message[0]:#x}") from None
