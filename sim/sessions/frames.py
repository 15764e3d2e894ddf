"""ITCH messages to MoldUDP64 packets to Ethernet multicast frames.

The defaults look like NASDAQ's: group 233.54.12.111, port 26477. Messages whose exchange times lie close together
share a packet, as they do on the real feed; a seed varies the packing, for tests that must not depend on it.
Headers come from ``hdl.wire``; the header of the frames is packed once, and only lengths, identification and the
IPv4 header checksum are put in for each.
"""

import random
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hdl.wire.ethernet import ETHERNET, ETHERTYPE_IPV4, IPV4, PROTOCOL_UDP, UDP, ones_complement_sum
from hdl.wire.moldudp64 import HEADER, LENGTH_BYTES

__all__ = ["FrameMaker", "Packet", "Packing", "pack_messages"]

_IP_AT = ETHERNET.length
_UDP_AT = _IP_AT + IPV4.length
_MOLD_AT = _UDP_AT + UDP.length
#: Shortest Ethernet frame without its check sequence.
_SHORTEST = 60
_BLOCK = struct.Struct(">H")
_MOLD = struct.Struct(">10sQH")


@dataclass(frozen=True, slots=True)
class Packing:
    """How messages share packets.

    Attributes
    ----------
    window_ns : int
        A message at most so long after the first of a packet joins it.
    max_bytes : int
        Most bytes of a UDP payload.
    seed : int or None
        Given: each packet closes after a random number of messages (1 to 40) as well, the same ones for the same seed.
    """

    window_ns: int = 2_000
    max_bytes: int = 1_400
    seed: int | None = None

    def __post_init__(self) -> None:
        """Refuse what no packet can be made with."""
        if self.window_ns < 0:
            raise ValueError(f"window_ns is {self.window_ns}; it must be 0 or more")
        if not 72 <= self.max_bytes <= 1_472:
            raise ValueError(
                f"max_bytes is {self.max_bytes}; a packet holds the longest message from 72 on, 1472 at most"
            )


@dataclass(frozen=True, slots=True)
class Packet:
    """One frame and what is in it.

    Attributes
    ----------
    time : int
        Exchange time of its last message, ns since midnight: it cannot leave earlier.
    sequence : int
        Sequence number of its first message.
    count : int
        Messages in it.
    frame : bytes
        The Ethernet frame, without its check sequence.
    """

    time: int
    sequence: int
    count: int
    frame: bytes


class FrameMaker:
    """Puts MoldUDP64 payloads into UDP/IPv4/Ethernet multicast frames.

    Parameters
    ----------
    session : str
        MoldUDP64 session, at most 10 characters.
    group, source : int
        IPv4 addresses as 32-bit numbers: 233.54.12.111 from 10.0.0.1 unless given.
    group_mac : int or None
        Ethernet address the frames go to; None: that of the multicast group.
    port, source_port : int
        UDP ports.
    """

    def __init__(
        self,
        session: str = "PW00000001",
        *,
        group: int = 0xE9360C6F,
        group_mac: int | None = None,
        port: int = 26477,
        source: int = 0x0A000001,
        source_port: int = 26400,
    ) -> None:
        self._session = HEADER["session"].encode(session)
        ethernet = ETHERNET.pack(
            # RFC 1112 section 6.4: the low 23 bits of the group in a fixed prefix.
            destination=0x01005E000000 | group & 0x7FFFFF if group_mac is None else group_mac,
            source=0x020000000001,
            ethertype=ETHERTYPE_IPV4,
        )
        ip = IPV4.pack(
            version_ihl=0x45,
            type_of_service=0,
            total_length=0,
            identification=0,
            flags_fragment=0x4000,
            time_to_live=16,
            protocol=PROTOCOL_UDP,
            header_checksum=0,
            source=source,
            destination=group,
        )
        udp = UDP.pack(source_port=source_port, destination_port=port, length=0, checksum=0)
        self._header = ethernet + ip + udp
        self._sum = ones_complement_sum(ip)
        self._frames = 0

    def frame(self, sequence: int, messages: list[bytes]) -> bytes:
        """Make the frame that carries ``messages``, the first of which has number ``sequence``."""
        return self.frame_of(_MOLD.pack(self._session, sequence, len(messages)), messages)

    def frame_of(self, mold_header: bytes, messages: list[bytes]) -> bytes:
        """Make a frame with a MoldUDP64 header of the caller's own making."""
        parts = [mold_header]
        for message in messages:
            parts += (_BLOCK.pack(len(message)), message)
        payload = b"".join(parts)
        frame = bytearray(self._header)
        identification = self._frames & 0xFFFF
        self._frames += 1
        total = IPV4.length + UDP.length + len(payload)
        checksum = self._sum + total + identification
        checksum = (checksum & 0xFFFF) + (checksum >> 16)
        checksum = 0xFFFF ^ ((checksum & 0xFFFF) + (checksum >> 16))
        _BLOCK.pack_into(frame, _IP_AT + IPV4["total_length"].offset, total)
        _BLOCK.pack_into(frame, _IP_AT + IPV4["identification"].offset, identification)
        _BLOCK.pack_into(frame, _IP_AT + IPV4["header_checksum"].offset, checksum)
        _BLOCK.pack_into(frame, _UDP_AT + UDP["length"].offset, UDP.length + len(payload))
        frame += payload
        return bytes(frame).ljust(_SHORTEST, b"\0")


def pack_messages(
    messages: Iterable[tuple[int, bytes]], frames: FrameMaker, packing: Packing | None = None, first_sequence: int = 1
) -> Iterator[Packet]:
    """Gather messages into packets and make their frames.

    Parameters
    ----------
    messages : iterable of (int, bytes)
        Exchange time in ns since midnight and the message, in order.
    frames : FrameMaker
        Makes the frames.
    packing : Packing, optional
        Which messages share a packet.
    first_sequence : int
        Sequence number of the first message.
    """
    rules = packing or Packing()
    chooser = None if rules.seed is None else random.Random(rules.seed)
    sequence = first_sequence
    waiting: list[bytes] = []
    size = HEADER.length
    opened = last = 0
    most = 0xFFFE if chooser is None else chooser.randint(1, 40)
    for time, message in messages:
        block = LENGTH_BYTES + len(message)
        if waiting and (time - opened > rules.window_ns or size + block > rules.max_bytes or len(waiting) >= most):
            yield Packet(last, sequence, len(waiting), frames.frame(sequence, waiting))
            sequence += len(waiting)
            waiting = []
            size = HEADER.length
            if chooser is not None:
                most = chooser.randint(1, 40)
        if not waiting:
            opened = time
        waiting.append(message)
        size += block
        last = time
    if waiting:
        yield Packet(last, sequence, len(waiting), frames.frame(sequence, waiting))
