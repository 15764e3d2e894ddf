"""The host link on UDP: hosts known by their addresses, and no request carried out twice."""

import contextlib
import socket
import struct
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from hdl.regs.hostlink import MAGIC, VERSION
from sim.address import parse_address
from sim.softcard import link

__all__ = ["UDP_RECORDS", "HostTable", "UdpLink"]

HELLO, RESPONSE = 4, 0x80
OK, BAD_LENGTH, UNKNOWN_HOST = 0, 3, 4
#: Records of one datagram, so that it fits an Ethernet frame: 16 + 22 x 64 bytes of payload, 1,472 fit.
UDP_RECORDS = 22
#: A request numbered this little behind its host's last one is late, and is not carried out.
STALE_WINDOW = 1 << 24
#: Hosts that are remembered, and subscribers; whoever was heard longest ago is forgotten first.
MAX_HOSTS = 256
MAX_SUBSCRIBERS = 4
_HEADER = struct.Struct("<HBBIHHI")

Address = Any  # what the socket module gives and takes: its shape depends on the address family


@dataclass(slots=True)
class _Host:
    number: int
    request: bytes
    answer: bytes


class HostTable:
    """What is remembered of hosts, so that a request that comes twice, or late, is carried out once.

    A host begins with HELLO, whose number is where it counts from. Its last request is kept with the answer: the same
    request again gets that answer again. One that is behind the last is dropped.
    """

    def __init__(self) -> None:
        self._hosts: OrderedDict[Address, _Host] = OrderedDict()
        #: Requests that were not carried out, being copies or late.
        self.copies = 0

    def admit(self, sender: Address, request: bytes) -> bytes | None:
        """Judge a request.

        Parameters
        ----------
        sender : address
            Where it came from.
        request : bytes
            The datagram.

        Returns
        -------
        bytes or None
            None: carry it out, then :meth:`remember` it. Otherwise what to send back, which may be nothing.
        """
        if len(request) < _HEADER.size:
            return None
        magic, version, kind, number, count, _, _ = _HEADER.unpack_from(request)
        if (magic, version) != (MAGIC, VERSION):
            return None  # the gateware says so, and changes nothing
        host = self._hosts.get(sender)
        if host is None and kind != HELLO:
            return _answer(kind, number, UNKNOWN_HOST)
        if host is not None and (host.number - number) & 0xFFFF_FFFF <= STALE_WINDOW:
            self.copies += 1
            return host.answer if request == host.request else b""
        if kind != HELLO:
            return None
        answer = _answer(kind, number, OK if len(request) == _HEADER.size and count == 0 else BAD_LENGTH)
        self.remember(sender, request, answer)
        return answer

    def remember(self, sender: Address, request: bytes, answer: bytes) -> None:
        """Keep a request that was carried out, and its answer."""
        if len(request) < _HEADER.size or _HEADER.unpack_from(request)[:2] != (MAGIC, VERSION):
            return
        self._hosts[sender] = _Host(_HEADER.unpack_from(request)[3], request, answer)
        self._hosts.move_to_end(sender)
        if len(self._hosts) > MAX_HOSTS:
            self._hosts.popitem(last=False)


class UdpLink:
    """A UDP socket that carries the host link.

    Parameters
    ----------
    address : str
        ``HOST:PORT`` to listen at; port 0 takes a free one.

    Raises
    ------
    ValueError
        The address is none.
    OSError
        It cannot be listened at.
    """

    def __init__(self, address: str) -> None:
        host, port = parse_address(address)
        family, kind, protocol, _, name = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        self.socket = socket.socket(family, kind, protocol)
        try:
            self.socket.bind(name)
        except OSError as error:
            self.socket.close()
            raise OSError(f"cannot listen at udp:{address}: {error.strerror}") from error
        self.socket.setblocking(False)
        self.hosts = HostTable()
        self._subscribers: OrderedDict[Address, None] = OrderedDict()

    @property
    def url(self) -> str:
        """The URL by which the driver opens this card."""
        host, port = self.socket.getsockname()[:2]
        return f"udp:[{host}]:{port}" if ":" in host else f"udp:{host}:{port}"

    def receive(self) -> tuple[bytes, Address] | None:
        """Give one datagram and its sender, or None if there is none."""
        try:
            return self.socket.recvfrom(link.RECEIVE_BYTES)
        except OSError:  # none there, or word that an earlier answer found nobody
            return None

    def send(self, answer: bytes, to: Address) -> None:
        """Send a datagram, unless it is empty; like any datagram it may be lost."""
        if answer:
            with contextlib.suppress(OSError):
                self.socket.sendto(answer, to)

    def subscribe(self, request: bytes, sender: Address) -> None:
        """Answer a SUBSCRIBE, and send events there from now on."""
        answer, good = link.subscribed(request)
        self.send(answer, sender)
        if not good:
            return
        self._subscribers[sender] = None
        self._subscribers.move_to_end(sender)
        if len(self._subscribers) > MAX_SUBSCRIBERS:
            self._subscribers.popitem(last=False)

    def publish(self, single: bytes) -> None:
        """Send events, as the card gave them, to every subscriber."""
        if not self._subscribers:
            return
        for datagram in link.event_datagrams(single, UDP_RECORDS):
            for subscriber in self._subscribers:
                self.send(datagram, subscriber)


def _answer(kind: int, number: int, status: int) -> bytes:
    return _HEADER.pack(MAGIC, VERSION, kind | RESPONSE, number, 0, status, 0)
