"""Transport checksums that a kernel left to hardware that is not there."""

from hdl.wire.ethernet import ETHERNET, ETHERTYPE_IPV4, IPV4, PROTOCOL_UDP, UDP, ones_complement_sum

__all__ = ["complete"]

_PROTOCOL_TCP = 6
#: Where the checksum lies in the transport header.
_AT = {PROTOCOL_UDP: UDP["checksum"].offset, _PROTOCOL_TCP: 16}


def complete(frame: bytes) -> bytes:
    """Put the right UDP or TCP checksum into an IPv4 frame; any other frame is given back as it is."""
    ip = ETHERNET.length
    if len(frame) < ip + IPV4.length or frame[12:14] != ETHERTYPE_IPV4.to_bytes(2, "big"):
        return frame
    header = 4 * (frame[ip] & 15)
    at = _AT.get(frame[ip + IPV4["protocol"].offset])
    payload = frame[ip + header : ip + int.from_bytes(frame[ip + 2 : ip + 4], "big")]
    if at is None or len(payload) < at + 2:
        return frame
    protocol = frame[ip + IPV4["protocol"].offset]
    addresses = frame[ip + IPV4["source"].offset : ip + IPV4["destination"].end]
    pseudo = addresses + bytes((0, protocol)) + len(payload).to_bytes(2, "big")
    total = ones_complement_sum(pseudo + payload[:at] + b"\0\0" + payload[at + 2 :])
    checksum = 0xFFFF ^ total or 0xFFFF
    place = ip + header + at
    return frame[:place] + checksum.to_bytes(2, "big") + frame[place + 2 :]
