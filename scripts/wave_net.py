"""Timing diagrams of the network port, and of the crossing before it."""

from wave_feed import beats
from wave_record import Scene, bit, when

from hdl.net.crossing import OUTCOMES, FrameCrossing
from hdl.net.gigabit import BEAT_BYTES
from hdl.net.port import NetworkPort
from hdl.wire.ethernet import ARP, BROADCAST, ETHERNET, ETHERTYPE_ARP, ETHERTYPE_IPV4, SHORTEST_FRAME

__all__ = ["crossing", "network"]

_MAC, _IP = 0x0250_5700_0001, 0x0A32_5702
_PEER_MAC, _PEER_IP = 0x0200_0000_0001, 0x0A32_5701


def network() -> Scene:
    """An ARP request comes in; the reply begins 12 cycles after its last beat."""
    block = NetworkPort(8)
    request = ETHERNET.pack(destination=BROADCAST, source=_PEER_MAC, ethertype=ETHERTYPE_ARP) + ARP.pack(
        hardware_type=1,
        protocol_type=ETHERTYPE_IPV4,
        hardware_length=6,
        protocol_length=4,
        operation=1,
        sender_mac=_PEER_MAC,
        sender_ip=_PEER_IP,
        target_mac=0,
        target_ip=_IP,
    )
    rx, tx = block.rx, block.tx
    return Scene(
        "network port: an ARP request, and the reply",
        block,
        beats(rx, request.ljust(SHORTEST_FRAME, b"\0"), 1, 22),
        {
            "rx.valid": bit(rx.valid),
            "rx last": when(rx.valid, lambda ctx: "last" if ctx.get(rx.payload.last) else ""),
            "arp_replies": bit(block.arp_replies),
            "tx.valid": bit(tx.valid),
            "tx bytes": when(tx.valid, lambda ctx: ctx.get(tx.payload.count)),
            "tx last": when(tx.valid, lambda ctx: "last" if ctx.get(tx.payload.last) else ""),
            "busy": bit(block.busy),
        },
        fixed=[(block.mac, _MAC), (block.ip, _IP), (tx.ready, 1)],
    )


def crossing() -> Scene:
    """A frame of six bytes through the crossing, both clocks the same; and an outcome without a frame."""
    block = FrameCrossing("sync", width=BEAT_BYTES)
    rx, out = block.rx, block.frames
    script = []
    for at in range(6):
        beat = {"data": [0x10 + at], "count": 1, "last": at == 5, "error": 0}
        outcome = 1 << OUTCOMES.index("good") if at == 5 else 0
        script.append([(rx.valid, 1), (rx.payload, beat), (block.heard, outcome)])
    idle = [(rx.valid, 0), (block.heard, 0)]
    alone = [(rx.valid, 0), (block.heard, 1 << OUTCOMES.index("no_preamble"))]
    return Scene(
        "crossing: a frame, and what was none",
        block,
        [idle, *script, idle, idle, alone, *([idle] * 6)],
        {
            "rx.valid": bit(rx.valid),
            "rx byte": when(rx.valid, lambda ctx: f"{ctx.get(rx.payload.data[0]):02x}"),
            "rx last": when(rx.valid, lambda ctx: "last" if ctx.get(rx.payload.last) else ""),
            "heard": when(block.heard, lambda ctx: OUTCOMES[ctx.get(block.heard).bit_length() - 1]),
            "frames.valid": bit(out.valid),
            "frames bytes": when(out.valid, lambda ctx: ctx.get(out.payload.count)),
            "frames last": when(out.valid, lambda ctx: "last" if ctx.get(out.payload.last) else ""),
            "good": bit(block.good),
            "no_preamble": bit(block.no_preamble),
        },
        settle=4,
    )
