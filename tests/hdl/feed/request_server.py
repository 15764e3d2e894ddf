"""A re-request server in plain Python, and how its frames and the card's look to software that is not ours."""

import dpkt

from hdl.wire.moldudp64 import packet

OWN = {"mac": 0x02_00_00_00_00_07, "ip": 0x0A000007, "port": 31000}
SERVER = {"mac": 0x02_00_00_00_00_09, "ip": 0x0A000009, "port": 31999}


def address(where):
    """Pack an address as ``hdl.net.udp_sender.UdpAddress``."""
    return where["mac"] | where["ip"] << 48 | where["port"] << 80


def parse_request(frame):
    """Take a request apart with dpkt: session, first number, count. Every header is checked."""
    ethernet = dpkt.ethernet.Ethernet(frame)
    assert (ethernet.src, ethernet.dst) == (OWN["mac"].to_bytes(6, "big"), SERVER["mac"].to_bytes(6, "big"))
    ip = ethernet.data
    assert isinstance(ip, dpkt.ip.IP)
    assert (ip.src, ip.dst) == (OWN["ip"].to_bytes(4, "big"), SERVER["ip"].to_bytes(4, "big"))
    udp = ip.data
    assert isinstance(udp, dpkt.udp.UDP)
    assert (udp.sport, udp.dport, udp.ulen, udp.sum) == (OWN["port"], SERVER["port"], 28, 0)
    body = bytes(udp.data)
    assert len(body) == 20
    told, ip.sum = ip.sum, 0  # a sum of zero is worked out anew
    assert dpkt.ip.IP(bytes(ip)).sum == told
    return body[:10].decode().rstrip(), int.from_bytes(body[10:18], "big"), int.from_bytes(body[18:20], "big")


def answer_frame(session, first, messages):
    """Make the frame of an answer, headers by dpkt."""
    udp = dpkt.udp.UDP(sport=SERVER["port"], dport=OWN["port"], data=packet(session, first, messages))
    udp.ulen = len(udp)
    ip = dpkt.ip.IP(
        src=SERVER["ip"].to_bytes(4, "big"), dst=OWN["ip"].to_bytes(4, "big"), p=dpkt.ip.IP_PROTO_UDP, data=udp
    )
    ip.len = len(ip)
    ethernet = dpkt.ethernet.Ethernet(
        src=SERVER["mac"].to_bytes(6, "big"), dst=OWN["mac"].to_bytes(6, "big"), data=ip, type=0x0800
    )
    return bytes(ethernet).ljust(60, b"\0")
