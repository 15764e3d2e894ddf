"""Timing diagrams of the feed: frames to payload, payload to messages, messages to fields."""

from typing import Any

from wave_record import Inputs, Scene, bit, when

from hdl.feed.itch import ItchDecoder
from hdl.feed.mold import FeedMessage, MoldReceiver
from hdl.net.udp_receiver import UdpReceiver, payload_lanes
from hdl.types import EventKind
from hdl.wire.itch50 import ITCH50, LONGEST
from hdl.wire.moldudp64 import HEADER, packet
from sim.sessions.frames import FrameMaker

__all__ = ["beats", "itch", "mold", "udp"]

_W = 8
_NOON = 43_200 * 10**9


def _prefix(**fields: int) -> dict[str, Any]:
    return {"stock_locate": 7, "tracking_number": 0, "timestamp": _NOON, **fields}


_DELETE = ITCH50["D"].pack(message_type="D", **_prefix(order_reference_number=0x11))
_CANCEL = ITCH50["X"].pack(message_type="X", **_prefix(order_reference_number=0x15, cancelled_shares=40))


def beats(stream: Any, octets: bytes, lead: int, tail: int) -> list[Inputs]:
    """Inputs of cycles in which bytes come in, a beat a cycle, with idle cycles before and after."""
    script: list[Inputs] = [[(stream.valid, 0)]] * lead
    for at in range(0, len(octets), _W):
        part = octets[at : at + _W]
        beat = {"data": list(part.ljust(_W, b"\0")), "count": len(part), "last": at + _W >= len(octets), "error": 0}
        script.append([(stream.valid, 1), (stream.payload, beat)])
    return [*script, *([[(stream.valid, 0)]] * tail)]


def _payload_beats(stream: Any, payload: bytes, lead: int, tail: int) -> list[Inputs]:
    """The same for a UDP payload, which begins in lane 2: the first beat given is its second one."""
    octets = bytes(payload_lanes(_W)[0]) + payload
    script = beats(stream, octets[_W:], lead, tail)
    opening = {"first": 1, "lead": list(octets[:_W]), "start": payload_lanes(_W)[0]}
    for cycle, extra in ((lead, opening), (lead + 1, {"first": 0})):
        script[cycle] = [*script[cycle], *((stream.payload[name], value) for name, value in extra.items())]
    return script


def udp() -> Scene:
    """A short frame: its payload leaves beat by beat while it comes in; the last beat waits for the frame's end."""
    block = UdpReceiver(_W, least=HEADER.length)
    rx, out = block.rx, block.datagram
    frame = FrameMaker().frame(1, [_DELETE])
    return Scene(
        "UDP receiver: the payload of a frame, cut through",
        block,
        beats(rx, frame, 1, 4),
        {
            "rx.valid": bit(rx.valid),
            "rx bytes": when(rx.valid, lambda ctx: ctx.get(rx.payload.count)),
            "rx last": when(rx.valid, lambda ctx: "last" if ctx.get(rx.payload.last) else ""),
            "datagram.valid": bit(out.valid),
            "datagram bytes": when(out.valid, lambda ctx: ctx.get(out.payload.count)),
            "datagram last": when(out.valid, lambda ctx: "last" if ctx.get(out.payload.last) else ""),
            "frame_seen": bit(block.frame_seen),
            "frame_bad": bit(block.frame_bad),
        },
        fixed=[(block.check_ip_checksum, 1)],
    )


def mold() -> Scene:
    """A packet of two messages, and one that shows that a packet between them is missing."""
    block = MoldReceiver(_W)
    stream = block.packet
    first, later = packet("DAY", 1, [_DELETE, _CANCEL]), packet("DAY", 5, [_DELETE])

    def text(ctx: Any) -> str:
        content = ctx.get(block.message.content)
        return f"{chr(content >> 8 * (LONGEST - 1))}, no. {ctx.get(block.message.sequence)}"

    return Scene(
        "MoldUDP64 receiver: each message two cycles after the beat with its last byte; a gap",
        block,
        [*_payload_beats(stream, first, 1, 3), *_payload_beats(stream, later, 0, 3)],
        {
            "packet.valid": bit(stream.valid),
            "packet last": when(stream.valid, lambda ctx: "last" if ctx.get(stream.payload.last) else ""),
            "message_valid": bit(block.message_valid),
            "message": when(block.message_valid, text),
            "gap_valid": bit(block.gap_valid),
            "gap": when(
                block.gap_valid, lambda ctx: f"{ctx.get(block.gap.expected)} to {ctx.get(block.gap.received) - 1}"
            ),
            "next_sequence": lambda ctx: str(ctx.get(block.next_sequence)),
        },
    )


def itch() -> Scene:
    """A Delete, a Cancel, a type nobody knows, and a Delete of a wrong length."""
    block = ItchDecoder()

    def message(octets: bytes, length: int | None = None) -> Any:
        content = int.from_bytes(octets.ljust(LONGEST, b"\0"), "big")
        return FeedMessage.const({"content": content, "length": length or len(octets)})

    given = [
        (1, message(_DELETE)),
        (3, message(_CANCEL)),
        (5, message(b"?" + _DELETE[1:])),
        (7, message(_DELETE, len(_DELETE) - 1)),
    ]
    at = dict(given)
    script: list[Inputs] = [
        [(block.message_valid, int(cycle in at)), *([(block.message, at[cycle])] if cycle in at else [])]
        for cycle in range(9)
    ]
    return Scene(
        "ITCH decoder: fields in the cycle of the message, and what is refused",
        block,
        script,
        {
            "message_valid": bit(block.message_valid),
            "type letter": when(
                block.message_valid, lambda ctx: chr(ctx.get(block.message.content) >> 8 * (LONGEST - 1))
            ),
            "decoded_valid": bit(block.decoded_valid),
            "kind": when(block.decoded_valid, lambda ctx: EventKind(ctx.get(block.decoded.kind)).name),
            "reference": when(block.decoded_valid, lambda ctx: f"{ctx.get(block.decoded.reference):#x}"),
            "shares": when(block.decoded_valid, lambda ctx: ctx.get(block.decoded.shares)),
            "unknown_types": bit(block.unknown_types),
            "wrong_sizes": bit(block.wrong_sizes),
        },
    )
