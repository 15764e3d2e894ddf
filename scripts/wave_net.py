"""Timing diagram of the network port: a question by ARP, and its answer."""

from wave_feed import beats
from wave_record import Scene, bit, when

from hdl.net.port import NetworkPort
from hdl.wire.ethernet import ARP, BROADCAST, ETHERNET, ETHERTYPE_ARP, ETHERTYPE_IPV4, SHORTEST_FRAME

__all__ = ["network"]

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
