"""The re-request server: frames made and read by dpkt."""

import dpkt
import pytest

from sim.rerequest import HostAddress, RerequestServer

SERVER = HostAddress(mac=0x020000000009, ip=0x0A000009, port=31999)
MESSAGES = [bytes([n]) * 30 for n in range(1, 101)]


def ask(first, count, *, session=b"PW00000001", mac=SERVER.mac, ip=SERVER.ip, port=SERVER.port):
    body = session.ljust(10) + first.to_bytes(8, "big") + count.to_bytes(2, "big")
    udp = dpkt.udp.UDP(sport=31000, dport=port, data=body)
    udp.ulen = len(udp)
    packet = dpkt.ip.IP(src=b"\x0a\0\0\x07", dst=ip.to_bytes(4, "big"), p=17, data=udp)
    packet.len = len(packet)
    return bytes(dpkt.ethernet.Ethernet(src=b"\x02\0\0\0\0\x07", dst=mac.to_bytes(6, "big"), data=packet, type=0x0800))


@pytest.fixture
def server():
    made = RerequestServer(SERVER, max_bytes=300)
    made.publish(MESSAGES[:60])
    made.publish(MESSAGES[60:])
    return made


def test_an_answer_goes_to_whoever_asked_with_what_fits(server):
    frame = dpkt.ethernet.Ethernet(server.answer(ask(58, 20)))
    ip = frame.data
    assert (frame.dst, frame.src[:1], ip.src, ip.dst) == (
        b"\x02\0\0\0\0\x07",
        b"\x02",
        b"\x0a\0\0\x09",
        b"\x0a\0\0\x07",
    )
    assert (ip.data.sport, ip.data.dport) == (31999, 31000)
    body = bytes(ip.data.data)
    assert body[:20] == b"PW00000001" + (58).to_bytes(8, "big") + (8).to_bytes(2, "big")
    assert body[20:] == b"".join(b"\0\x1e" + m for m in MESSAGES[57:65])
    assert server.answered == 1


def test_fewer_are_given_where_fewer_are_asked_for_or_there(server):
    for first, count, given in ((1, 3, 3), (99, 20, 2)):
        body = bytes(dpkt.ethernet.Ethernet(server.answer(ask(first, count))).data.data.data)
        assert int.from_bytes(body[18:20], "big") == given


@pytest.mark.parametrize(
    "frame",
    [
        ask(101, 1),
        ask(0, 1),
        ask(1, 0),
        ask(1, 1, session=b"OTHER"),
        ask(1, 1, mac=1),
        ask(1, 1, ip=1),
        ask(1, 1, port=1),
        ask(1, 1)[:50],
    ],
)
def test_other_frames_are_not_answered(server, frame):
    assert server.answer(frame) is None
    assert server.answered == 0
