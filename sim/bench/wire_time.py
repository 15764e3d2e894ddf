"""When bytes are on the wire: frames back to back at 10 Gb/s, and the cycle in which each message's last byte enters.

This is counted from the frames alone, so that the card's own word on a message's time is not taken for it.
"""

import struct
from collections.abc import Iterable, Sequence

from hdl.wire.ethernet import ETHERNET, IPV4, UDP
from hdl.wire.moldudp64 import HEADER
from sim.card_port import Arrival, CardPort, Played, Port

__all__ = ["BEAT", "ON_WIRE_ONLY", "WireClock", "back_to_back"]

#: Bytes a cycle: 64 bits at 156.25 MHz are 10 Gb/s.
BEAT = 8
#: Bytes of wire time that a frame takes beside those that the card sees: preamble 8, gap 12, check sequence 4.
ON_WIRE_ONLY = 24
_MOLD_AT = ETHERNET.length + IPV4.length + UDP.length
_MOLD = struct.Struct(">10sQH")


def back_to_back(frames: Iterable[bytes], start: int) -> list[Arrival]:
    """Give arrivals of frames that follow each other on a 10 Gb/s wire, the first at card time ``start``."""
    arrivals = []
    passed = 0
    for frame in frames:
        arrivals.append(Arrival(start + -(-passed // BEAT), Port.FEED, frame))
        passed += len(frame) + ON_WIRE_ONLY
    return arrivals


class WireClock:
    """A card port that notes the cycle in which the last byte of every feed message enters.

    Parameters
    ----------
    port : CardPort
        The card.

    Attributes
    ----------
    last_byte : dict
        Card time of the beat with a message's last byte, by feed sequence.
    """

    def __init__(self, port: CardPort) -> None:
        self._port = port
        self._free = 0  # first cycle in which a beat can enter
        self._now = 0
        self.last_byte: dict[int, int] = {}

    def play(self, arrivals: Sequence[Arrival], until: int, *, stop_on_order: bool = True) -> Played:
        """Play, as :class:`~sim.card_port.CardPort` says."""
        for arrival in arrivals:
            if arrival.port == Port.FEED:
                self._note(arrival)
        played = self._port.play(arrivals, until, stop_on_order=stop_on_order)
        self._now = played.now
        return played

    def boundary(self, token: int, *, wait_for_host: bool = True) -> None:
        """Mark the card, as :class:`~sim.card_port.CardPort` says."""
        self._port.boundary(token, wait_for_host=wait_for_host)

    def _note(self, arrival: Arrival) -> None:
        begins = max(arrival.time, self._free, self._now)
        frame = arrival.data
        self._free = begins + -(-len(frame) // BEAT)
        _, sequence, count = _MOLD.unpack_from(frame, _MOLD_AT)
        at = _MOLD_AT + HEADER.length
        for number in range(sequence, sequence + count):
            at += 2 + int.from_bytes(frame[at : at + 2], "big")
            self.last_byte[number] = begins + (at - 1) // BEAT
