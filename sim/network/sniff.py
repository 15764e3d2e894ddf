"""Watching an interface for what stations say to routers: which groups they are in."""

import socket
import struct
import threading
import time
from types import TracebackType
from typing import Self

from hdl.wire.ethernet import ETHERNET, ETHERTYPE_IPV4, IGMP, IPV4, PROTOCOL_IGMP

__all__ = ["GroupWatch"]

_REPORTS, _LEAVE = (0x12, 0x16), 0x17
_SOL_PACKET, _PACKET_ADD_MEMBERSHIP, _PACKET_MR_ALLMULTI = 263, 1, 2


class GroupWatch:
    """Hears IGMP reports and leaves on an interface, in a thread of its own, until it is closed.

    Parameters
    ----------
    interface : str
        Name of the interface.

    Attributes
    ----------
    members : dict
        By group, the IPv4 address that reported it last.
    """

    def __init__(self, interface: str) -> None:
        self.members: dict[str, str] = {}
        self._heard = threading.Condition()
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETHERTYPE_IPV4))
        self._socket.bind((interface, 0))
        membership = struct.pack("iHH8s", socket.if_nametoindex(interface), _PACKET_MR_ALLMULTI, 0, b"")
        self._socket.setsockopt(_SOL_PACKET, _PACKET_ADD_MEMBERSHIP, membership)
        self._socket.settimeout(0.1)
        self._closing = False
        self._thread = threading.Thread(target=self._listen, name=f"groups on {interface}", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop watching."""
        self._closing = True
        self._thread.join()
        self._socket.close()

    def wait_joined(self, group: str, seconds: float) -> bool:
        """Wait for a report of a group, which may have come already; say whether it did."""
        until = time.monotonic() + seconds
        with self._heard:
            while group not in self.members:
                if not self._heard.wait(max(0.0, until - time.monotonic())):
                    return False
        return True

    def _listen(self) -> None:
        while not self._closing:
            try:
                frame = self._socket.recv(2048)
            except TimeoutError:
                continue
            self._hear(frame[ETHERNET.length :])

    def _hear(self, packet: bytes) -> None:
        if len(packet) < IPV4.length or packet[IPV4["protocol"].offset] != PROTOCOL_IGMP:
            return
        at = 4 * (packet[0] & 15)
        message = packet[at : at + IGMP.length]
        if len(message) < IGMP.length:
            return
        kind, group = message[0], socket.inet_ntoa(message[IGMP["group"].offset :])
        source = socket.inet_ntoa(packet[IPV4["source"].offset : IPV4["source"].end])
        with self._heard:
            if kind in _REPORTS:
                self.members[group] = source
            elif kind == _LEAVE:
                self.members.pop(group, None)
            self._heard.notify_all()
