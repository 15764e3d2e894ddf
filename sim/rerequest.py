"""A MoldUDP64 re-request server for the session that a player plays."""

from dataclasses import dataclass

from hdl.wire.ethernet import ETHERNET, ETHERTYPE_IPV4, IPV4, PROTOCOL_UDP, UDP
from hdl.wire.moldudp64 import HEADER, LENGTH_BYTES, REQUEST
from sim.sessions.frames import FrameMaker

__all__ = ["HostAddress", "RerequestServer", "messages_from"]

_REQUEST_AT = ETHERNET.length + IPV4.length + UDP.length


@dataclass(frozen=True, slots=True)
class HostAddress:
    """An Ethernet address, an IPv4 address and a UDP port, as numbers."""

    mac: int
    ip: int
    port: int


def messages_from(session: list[bytes], first: int, count: int, max_bytes: int) -> list[bytes]:
    """Give up to ``count`` messages of a session, from number ``first`` on, that fit one packet of ``max_bytes``.

    Empty where the session does not have the first.
    """
    found: list[bytes] = []
    size = HEADER.length
    for message in session[first - 1 : first - 1 + count] if first >= 1 else ():
        size += LENGTH_BYTES + len(message)
        if size > max_bytes:
            break
        found.append(message)
    return found


class RerequestServer:
    """Keeps the messages of a session and answers requests for them.

    An answer is a downstream packet to whoever asked, with as many of the messages as fit. Frames that are no requests
    to this server, and requests for what the session does not have, are not answered.

    Parameters
    ----------
    address : HostAddress
        Where the server hears.
    session : str
        MoldUDP64 session, at most 10 characters.
    max_bytes : int
        Most bytes of an answer's UDP payload.
    """

    def __init__(self, address: HostAddress, session: str = "PW00000001", max_bytes: int = 1_400) -> None:
        self._address, self._session, self._max_bytes = address, session, max_bytes
        self._messages: list[bytes] = []
        #: Requests that were answered.
        self.answered = 0

    def publish(self, messages: list[bytes]) -> None:
        """Take in the next messages of the session, the first of which has number 1."""
        self._messages += messages

    def answer(self, frame: bytes) -> bytes | None:
        """Give the frame that answers a frame of the card, or None."""
        if len(frame) < _REQUEST_AT + REQUEST.length:
            return None
        ethernet = ETHERNET.unpack(frame[: ETHERNET.length])
        ip = IPV4.unpack(frame[ETHERNET.length : ETHERNET.length + IPV4.length])
        udp = UDP.unpack(frame[_REQUEST_AT - UDP.length : _REQUEST_AT])
        request = REQUEST.unpack(frame[_REQUEST_AT : _REQUEST_AT + REQUEST.length])
        here = (ethernet["destination"], ip["destination"], udp["destination_port"])
        if (
            (ethernet["ethertype"], ip["protocol"]) != (ETHERTYPE_IPV4, PROTOCOL_UDP)
            or here != (self._address.mac, self._address.ip, self._address.port)
            or str(request["session"]).rstrip() != self._session
        ):
            return None
        first = int(request["sequence_number"])
        messages = messages_from(self._messages, first, int(request["requested_count"]), self._max_bytes)
        if not messages:
            return None
        self.answered += 1
        maker = FrameMaker(
            self._session,
            group=int(ip["source"]),
            group_mac=int(ethernet["source"]),
            port=int(udp["source_port"]),
            source=self._address.ip,
            source_port=self._address.port,
        )
        return maker.frame(first, messages)
