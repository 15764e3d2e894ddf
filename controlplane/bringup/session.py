"""The stored session of the self-test, and the ways that it comes to the card."""

import json
import socket
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

__all__ = ["GROUP", "PORT", "Feed", "Packet", "StoredSession", "UdpFeed", "require_own", "stored_session"]

_HERE = Path(__file__).parent
_HEAD = struct.Struct(">QH")
#: Where the session is heard: a group of RFC 2365's organization-local scope, which no exchange uses.
GROUP, PORT = "239.192.87.1", 26487
_NAME_BYTES = 10


class Feed(Protocol):
    """Whatever brings a packet to the card as a datagram to :data:`GROUP` and :data:`PORT`."""

    def send(self, packet: bytes) -> None:
        """Send one MoldUDP64 packet."""
        ...


@dataclass(frozen=True)
class Packet:
    """One MoldUDP64 packet: its first message's number, the number after its last, its bytes behind the name."""

    first: int
    following: int
    body: bytes


@dataclass(frozen=True)
class StoredSession:
    """A session and what the book of its symbol must show at the end.

    Attributes
    ----------
    symbol : str
        Followed in the test.
    messages : int
        In all.
    book : dict
        ``bid`` and ``ask`` in 1/10,000 dollar, ``bid_volume`` and ``ask_volume`` of five levels, in shares; said by
        itch-book (``scripts/bringup_session.py``).
    packets : tuple of Packet
        In order.
    """

    symbol: str
    messages: int
    book: dict[str, int]
    packets: tuple[Packet, ...]

    def name(self) -> bytes:
        """Give a name that no earlier run had: a card takes a session once."""
        return f"PW{time.time_ns() // 10**7 % 10**8:08d}".encode()[:_NAME_BYTES]


def stored_session(folder: Path = _HERE) -> StoredSession:
    """Read the stored session."""
    about = json.loads((folder / "session.json").read_text(encoding="utf-8"))
    packets = tuple(_packets((folder / "session.mold").read_bytes()))
    return StoredSession(about["symbol"], about["messages"], about["book"], packets)


def _packets(data: bytes) -> Iterator[Packet]:
    at = 0
    while at < len(data):
        (length,) = struct.unpack_from(">H", data, at)
        body = data[at + 2 : at + 2 + length]
        first, count = _HEAD.unpack_from(body)
        yield Packet(first, first + count, body)
        at += 2 + length


class UdpFeed:
    """Sends from an interface of the host by multicast, as an exchange does.

    Parameters
    ----------
    host : str
        The card's address: the interface that leads there is taken where none is named.
    interface : str
        Address of the interface that leads to the card's feed port, where hosts have another port
        (:func:`require_own`); or empty.

    Raises
    ------
    OSError
        No interface leads to the card.
    """

    def __init__(self, host: str, interface: str = "") -> None:
        local = interface or _address_towards(host)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(local))
        self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)

    def send(self, packet: bytes) -> None:
        """Send one MoldUDP64 packet."""
        self._socket.sendto(packet, (GROUP, PORT))

    def close(self) -> None:
        """Give the socket back."""
        self._socket.close()


def _address_towards(host: str) -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((host, PORT))
        return str(probe.getsockname()[0])


def require_own(address: str) -> None:
    """Refuse an address that no interface of this host has.

    Raises
    ------
    ValueError
        It is none of this host's.
    """
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind((address, 0))
    except OSError as error:
        raise ValueError(f"no interface of this host has the address {address!r}: {error}") from error
