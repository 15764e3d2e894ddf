"""Checksums that a kernel left open, completed, beside those that scapy works out."""

import random

import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import ARP, Ether

from sim.network.checksums import complete


@pytest.mark.parametrize("layer", [UDP, TCP])
@pytest.mark.parametrize("size", [0, 1, 7, 100, 1001])
def test_completed_as_scapy_has_it(layer, size):
    data = random.Random(size).randbytes(size)
    right = bytes(Ether() / IP(src="10.1.2.3", dst="233.54.12.111") / layer(sport=4, dport=5) / data)
    at = 34 + (6 if layer is UDP else 16)
    left_open = right[:at] + b"\x12\x34" + right[at + 2 :]
    assert complete(left_open) == right
    # Padding behind the datagram is none of it.
    assert complete(left_open + b"\x55" * 9) == right + b"\x55" * 9


def test_anything_else_is_left_alone():
    frames = [Ether() / ARP(), Ether() / IP() / ICMP() / b"abc", Ether() / IPv6() / UDP() / b"abc"]
    cut = bytes(Ether() / IP() / UDP())[:38]
    for frame in [*map(bytes, frames), cut, b""]:
        assert complete(frame) == frame
