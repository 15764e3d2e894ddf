"""The soft card's side of ``link.sock``: clients, their requests, and the events they subscribed to."""

import socket
import struct
import time
from collections import deque

from hdl.regs.hostlink import MAGIC, MAX_ITEMS, VERSION
from hdl.regs.order_relay import CLOSE, RELAY, RELAYED
from hdl.telemetry.records import RECORD_BYTES

__all__ = [
    "LEASE_ADDRESS",
    "LinkClient",
    "closing",
    "event_datagrams",
    "gave_up",
    "is_relay",
    "is_subscribe",
    "owns",
    "renews_lease",
    "split_relayed",
    "subscribed",
]

LEASE_ADDRESS = 0x0110
WRITE, SUBSCRIBE, SUBSCRIBED, EVENTS = 2, 3, 0x83, 0xC0
BAD_LENGTH = 3
_HEADER = struct.Struct("<HBBIHHI")
#: Header, token, number, flags, length and number of the exchange's message.
_RELAY = struct.Struct("<HBBIHHIQIHHQ")
_ITEM = struct.Struct("<IIQ")
_DATAGRAM = _HEADER.size + RECORD_BYTES
#: Longer than any request: what is cut off here is too long to be one.
RECEIVE_BYTES = 1 << 16


class LinkClient:
    """One host on the link, with what it has still to be sent.

    Attributes
    ----------
    subscribed : bool
        It gets event datagrams.
    """

    def __init__(self, sock: socket.socket, number: int) -> None:
        sock.setblocking(False)
        self.socket = sock
        self.number = number
        self.subscribed = False
        self._outgoing: deque[bytes] = deque()
        self._stuck_since: float | None = None

    def receive(self) -> bytes | None:
        """Give one request; empty if there is none now, None if the client has gone."""
        try:
            return self.socket.recv(RECEIVE_BYTES) or None
        except BlockingIOError:
            return b""
        except OSError:
            return None

    def queue(self, datagrams: list[bytes]) -> None:
        """Add datagrams to what is to be sent."""
        self._outgoing.extend(datagrams)

    @property
    def waiting(self) -> bool:
        """Whether something could not be sent yet."""
        return bool(self._outgoing)

    def flush(self) -> bool:
        """Send what the socket takes; give False if the client has gone."""
        while self._outgoing:
            try:
                self.socket.send(self._outgoing[0])
            except BlockingIOError:
                self._stuck_since = self._stuck_since or time.monotonic()
                return True
            except OSError:
                return False
            self._outgoing.popleft()
            self._stuck_since = None
        return True

    def stuck_for(self) -> float:
        """Give the seconds for which nothing of what is to be sent could be sent."""
        return 0.0 if self._stuck_since is None else time.monotonic() - self._stuck_since


def _header(request: bytes) -> tuple[int, int, int, int, int] | None:
    if len(request) < _HEADER.size:
        return None
    magic, version, kind, number, count, _, _ = _HEADER.unpack_from(request)
    return magic, version, kind, number, count


def is_subscribe(request: bytes) -> bool:
    """Say whether a request is for the socket's owner rather than for the gateware."""
    header = _header(request)
    return header is not None and header[:3] == (MAGIC, VERSION, SUBSCRIBE)


def subscribed(request: bytes) -> tuple[bytes, bool]:
    """Give the response to a SUBSCRIBE request, and whether it was a good one."""
    _, _, _, number, count, _, _ = _HEADER.unpack_from(request)
    good = len(request) == _HEADER.size and count == 0
    return _HEADER.pack(MAGIC, VERSION, SUBSCRIBED, number, 0, 0 if good else BAD_LENGTH, 0), good


def is_relay(request: bytes) -> bool:
    """Say whether a request is for the order relay."""
    header = _header(request)
    return header is not None and header[:3] == (MAGIC, VERSION, RELAY)


def split_relayed(datagrams: list[bytes]) -> tuple[list[bytes], list[bytes]]:
    """Take the order relay's datagrams apart: answers, which go to who asked, and messages, which go to the owner."""
    answers = [datagram for datagram in datagrams if datagram[3] != RELAYED]
    return answers, [datagram for datagram in datagrams if datagram[3] == RELAYED]


def owns(answer: bytes) -> bool:
    """Say whether an answer of the order relay tells its reader that the order session is his."""
    return _RELAY.unpack_from(answer)[5] == 0 and bool(_RELAY.unpack_from(answer)[9] & 1)


def gave_up(answer: bytes) -> bool:
    """Say whether an answer of the order relay tells its reader that the order session is his no longer, as he asked.

    One that is refused says nothing of what its reader had before: he may be asking under another token.
    """
    return _RELAY.unpack_from(answer)[5] == 0 and not _RELAY.unpack_from(answer)[9] & 1


def closing(request: bytes) -> bytes:
    """Give the request that ends the ownership of whoever sent ``request``."""
    fields = list(_RELAY.unpack_from(request))
    number, token = fields[3], fields[7]
    return _RELAY.pack(MAGIC, VERSION, RELAY, (number + 1) & 0xFFFF_FFFF, 0, 0, 0, token, 0, 1 << CLOSE, 0, 0)


def renews_lease(request: bytes, answer: bytes) -> bool:
    """Say whether a request wrote ``control.lease`` and the card took it."""
    header = _header(request)
    if header is None or header[2] != WRITE:
        return False
    answers = answer[_HEADER.size :]
    return any(
        address == LEASE_ADDRESS and status == 0
        for address, status, _ in _ITEM.iter_unpack(answers[: len(answers) // _ITEM.size * _ITEM.size])
    )


def event_datagrams(single: bytes, most: int = MAX_ITEMS) -> list[bytes]:
    """Join datagrams of one record each into as few as possible of up to ``most``; numbers in one follow each other."""
    batches: list[list[bytes]] = []
    first = following = 0
    numbers = []
    for at in range(0, len(single), _DATAGRAM):
        (number,) = struct.unpack_from("<I", single, at + 4)
        if not batches or number != following or len(batches[-1]) == most:
            batches.append([])
            first = number
            numbers.append(first)
        batches[-1].append(single[at + _HEADER.size : at + _DATAGRAM])
        following = (number + 1) & 0xFFFF_FFFF
    return [
        _HEADER.pack(MAGIC, VERSION, EVENTS, number, len(batch), 0, 0) + b"".join(batch)
        for number, batch in zip(numbers, batches, strict=True)
    ]
