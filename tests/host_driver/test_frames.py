"""The frame that the C tests hold the driver's frames against is what dpkt, which is not ours, makes of the same."""

import re
from pathlib import Path

import dpkt

SOURCE = Path(__file__).parents[2] / "host-driver" / "tests" / "test_xdp.c"


def test_the_known_frame_is_dpkts():
    udp = dpkt.udp.UDP(sport=22352, dport=40000, data=b"PW\1\x83")
    udp.ulen = len(udp)
    ip = dpkt.ip.IP(src=bytes([10, 0, 0, 2]), dst=bytes([10, 0, 0, 1]), p=dpkt.ip.IP_PROTO_UDP, ttl=64, df=1, data=udp)
    ip.len = len(ip)
    frame = dpkt.ethernet.Ethernet(dst=bytes([2, 0, 0, 0, 0, 1]), src=bytes([2, 0, 0, 0, 0, 2]), data=ip)
    table = re.search(r"known\[\] = \{(.*?)\};", SOURCE.read_text(), flags=re.DOTALL)
    assert bytes(int(byte, 16) for byte in re.findall(r"0x(\w\w)", table[1])) == bytes(frame)
