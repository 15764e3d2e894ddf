"""Ethernet II, 802.1Q, ARP, IPv4, ICMP, IGMP and UDP headers, as data, and whole UDP frames in plain Python.

Sources: IEEE 802.3 clause 3, IEEE 802.1Q clause 9, RFC 791 section 3.1, RFC 768, RFC 826, RFC 792 (echo), RFC 2236
section 2, RFC 2113 (router alert).
"""

from hdl.wire.fields import Field, Kind, MessageFormat, WireError

__all__ = [
    "ARP",
    "BROADCAST",
    "ETHERNET",
    "ETHERTYPE_ARP",
    "ETHERTYPE_IPV4",
    "ETHERTYPE_VLAN",
    "ICMP_ECHO",
    "IGMP",
    "IPV4",
    "PROTOCOL_ICMP",
    "PROTOCOL_IGMP",
    "PROTOCOL_UDP",
    "ROUTER_ALERT",
    "SHORTEST_FRAME",
    "UDP",
    "VLAN",
    "ones_complement_sum",
    "udp_frame",
]

ETHERTYPE_IPV4 = 0x0800
ETHERTYPE_VLAN = 0x8100
ETHERTYPE_ARP = 0x0806
PROTOCOL_ICMP = 1
PROTOCOL_IGMP = 2
PROTOCOL_UDP = 17
BROADCAST = 0xFFFF_FFFF_FFFF
#: Bytes of the shortest Ethernet frame, without its check sequence.
SHORTEST_FRAME = 60
#: The IPv4 option that every IGMP message carries.
ROUTER_ALERT = 0x9404_0000


def _format(name: str, *fields: tuple[str, int]) -> MessageFormat:
    out: list[Field] = []
    for field, width in fields:
        out.append(Field(field, out[-1].end if out else 0, width, Kind.UINT))
    return MessageFormat(name, tuple(out))


ETHERNET = _format("ethernet", ("destination", 6), ("source", 6), ("ethertype", 2))
#: What an 802.1Q tag puts between the source address and the EtherType: 0x8100 stands in the EtherType's place.
VLAN = _format("vlan", ("tag_control", 2), ("ethertype", 2))
IPV4 = _format(
    "ipv4",
    ("version_ihl", 1),
    ("type_of_service", 1),
    ("total_length", 2),
    ("identification", 2),
    ("flags_fragment", 2),
    ("time_to_live", 1),
    ("protocol", 1),
    ("header_checksum", 2),
    ("source", 4),
    ("destination", 4),
)
UDP = _format("udp", ("source_port", 2), ("destination_port", 2), ("length", 2), ("checksum", 2))
#: ARP for IPv4 on Ethernet.
ARP = _format(
    "arp",
    ("hardware_type", 2),
    ("protocol_type", 2),
    ("hardware_length", 1),
    ("protocol_length", 1),
    ("operation", 2),
    ("sender_mac", 6),
    ("sender_ip", 4),
    ("target_mac", 6),
    ("target_ip", 4),
)
ICMP_ECHO = _format("icmp_echo", ("type", 1), ("code", 1), ("checksum", 2), ("identifier", 2), ("sequence_number", 2))
IGMP = _format("igmp", ("type", 1), ("max_response_time", 1), ("checksum", 2), ("group", 4))


def ones_complement_sum(data: bytes) -> int:
    """One's complement sum of big-endian 16-bit words (RFC 1071); a good IPv4 header gives 0xFFFF."""
    if len(data) % 2:
        data += b"\0"
    total = sum(int.from_bytes(data[i : i + 2], "big") for i in range(0, len(data), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def udp_frame(
    payload: bytes,
    *,
    destination_ip: int = 0xE9360C6F,
    destination_port: int = 26477,
    source_ip: int = 0x0A000001,
    source_port: int = 26400,
    vlan: int | None = None,
    options: bytes = b"",
) -> bytes:
    """Make an Ethernet frame, without its check sequence, that carries ``payload`` to an IPv4 multicast group.

    The frame is padded to the 60 bytes that Ethernet asks for. The UDP checksum is 0: not computed.

    Parameters
    ----------
    payload : bytes
        UDP payload.
    destination_ip, destination_port, source_ip, source_port : int
        IPv4 addresses as 32-bit numbers, UDP ports.
    vlan : int, optional
        Tag control information of an 802.1Q tag.
    options : bytes
        IPv4 options, a multiple of 4 bytes, at most 40.

    Raises
    ------
    WireError
        The payload or the options are too long.
    """
    if len(options) % 4 or len(options) > 40:
        raise WireError(f"IPv4 options come in whole 4-byte words, at most 40 bytes, not {len(options)}")
    udp = UDP.pack(source_port=source_port, destination_port=destination_port, length=8 + len(payload), checksum=0)
    values = {
        "version_ihl": 0x45 + len(options) // 4,
        "type_of_service": 0,
        "total_length": 20 + len(options) + len(udp) + len(payload),
        "identification": 0,
        "flags_fragment": 0x4000,
        "time_to_live": 16,
        "protocol": PROTOCOL_UDP,
        "source": source_ip,
        "destination": destination_ip,
    }
    checksum = 0xFFFF ^ ones_complement_sum(IPV4.pack(header_checksum=0, **values) + options)
    ip = IPV4.pack(header_checksum=checksum, **values) + options
    tag = b"" if vlan is None else VLAN.pack(tag_control=vlan, ethertype=ETHERTYPE_IPV4)
    ethernet = ETHERNET.pack(
        destination=0x01005E000000 | destination_ip & 0x7FFFFF,
        source=0x020000000001,
        ethertype=ETHERTYPE_IPV4 if vlan is None else ETHERTYPE_VLAN,
    )
    return (ethernet + tag + ip + udp + payload).ljust(60, b"\0")
