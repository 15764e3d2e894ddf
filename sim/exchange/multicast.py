"""The exchange's feed on a network: MoldUDP64 by multicast from an ordinary socket, and answers to re-requests."""

import contextlib
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass

from hdl.wire.moldudp64 import END_OF_SESSION, HEADER, LENGTH_BYTES, REQUEST, packet
from sim.address import parse_address
from sim.rerequest import messages_from

__all__ = ["FeedSettings", "MulticastFeed"]

_RECEIVE_BYTES = 2048
#: Requests answered between two packets of the feed.
_REQUESTS = 16


@dataclass(frozen=True, slots=True)
class FeedSettings:
    """Where the feed goes, and how fast.

    Attributes
    ----------
    group : str
        ``HOST:PORT``, a multicast group or one host.
    session : str
        MoldUDP64 session, at most 10 characters.
    interface : str or None
        IPv4 address of the interface that multicast leaves by; None: the system's choice.
    ttl : int
        Networks that multicast may cross; 1 stays on this one.
    packets_per_second : float
        Most packets a second, so that a burst does not overrun a receiver's buffer.
    max_bytes : int
        Most bytes of a packet.
    requests : str or None
        ``HOST:PORT`` at which requests for missing messages are heard; None: nowhere.
    """

    group: str = "233.54.12.111:26477"
    session: str = "PW00000001"
    interface: str | None = None
    ttl: int = 1
    packets_per_second: float = 10_000.0
    max_bytes: int = 1_400
    requests: str | None = None

    def __post_init__(self) -> None:
        """Refuse what nothing can be sent with."""
        parse_address(self.group)
        if not 0 <= self.ttl <= 255:
            raise ValueError(f"the feed's TTL is {self.ttl}; it must be 0 to 255")
        if self.packets_per_second <= 0:
            raise ValueError(f"the feed sends {self.packets_per_second} packets a second; it must be above 0")
        if not 72 <= self.max_bytes <= 1_472:
            raise ValueError(f"a packet has up to {self.max_bytes} bytes; it must be 72 to 1472")


class MulticastFeed:
    """Numbers messages, sends them in packets, and keeps them for who missed some.

    Parameters
    ----------
    settings : FeedSettings
        Where and how fast.

    Raises
    ------
    OSError
        An address cannot be used; the text says which.

    Attributes
    ----------
    packets, answered : int
        Packets with messages that were sent, and requests that were answered.
    """

    def __init__(self, settings: FeedSettings) -> None:
        self.settings = settings
        self.packets = self.answered = 0
        self._messages: list[bytes] = []
        self._free_at = 0.0
        host, self._port = parse_address(settings.group)
        self._host = socket.gethostbyname(host)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._requests: socket.socket | None = None
        try:
            self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, settings.ttl)
            if settings.interface is not None:
                # Bound as well: a route to the group need not exist, and the source address is the interface's.
                self._socket.bind((settings.interface, 0))
                address = socket.inet_aton(settings.interface)
                self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, address)
            if settings.requests is not None:
                self._requests = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                self._requests.bind(parse_address(settings.requests))
                self._requests.setblocking(False)
        except OSError as error:
            self.close()
            raise OSError(
                f"the feed cannot use interface {settings.interface} and requests at {settings.requests}: {error}"
            ) from error

    @property
    def requests_at(self) -> str | None:
        """``HOST:PORT`` at which requests are heard."""
        if self._requests is None:
            return None
        host, port = self._requests.getsockname()
        return f"{host}:{port}"

    @property
    def next_sequence(self) -> int:
        """Number of the next message."""
        return len(self._messages) + 1

    def seconds_to_wait(self) -> float:
        """Give how long to wait before the next packet."""
        return max(0.0, self._free_at - time.monotonic())

    def fits(self, messages: Sequence[bytes], another: bytes) -> bool:
        """Say whether one more message fits the packet of ``messages``."""
        size = HEADER.length + sum(LENGTH_BYTES + len(message) for message in messages)
        return size + LENGTH_BYTES + len(another) <= self.settings.max_bytes

    def publish(self, messages: Sequence[bytes]) -> None:
        """Send the next messages of the session in one packet."""
        first = self.next_sequence
        self._messages += messages
        self._send(packet(self.settings.session, first, messages))
        self.packets += 1
        self._free_at = max(self._free_at, time.monotonic()) + 1 / self.settings.packets_per_second

    def heartbeat(self) -> None:
        """Say which message comes next."""
        self._send(packet(self.settings.session, self.next_sequence, ()))

    def end(self) -> None:
        """Say that the session is over."""
        self._send(packet(self.settings.session, self.next_sequence, (), END_OF_SESSION))

    def answer_requests(self) -> None:
        """Answer requests that wait, a few at a time; what is no request, or of another session, is passed over."""
        for _ in range(_REQUESTS):
            if self._requests is None:
                return
            try:
                request, sender = self._requests.recvfrom(_RECEIVE_BYTES)
            except OSError:  # none waits, or word that an earlier answer found nobody
                return
            if len(request) != REQUEST.length:
                continue
            asked = REQUEST.unpack(request)
            first, count = int(asked["sequence_number"]), int(asked["requested_count"])
            messages = messages_from(self._messages, first, count, self.settings.max_bytes)
            if str(asked["session"]).rstrip() != self.settings.session or not messages:
                continue
            with contextlib.suppress(OSError):  # lost, like any datagram: it will be asked for again
                self._requests.sendto(packet(self.settings.session, first, messages), sender)
                self.answered += 1

    def close(self) -> None:
        """Close the sockets."""
        self._socket.close()
        if self._requests is not None:
            self._requests.close()

    def _send(self, payload: bytes) -> None:
        self._socket.sendto(payload, (self._host, self._port))
