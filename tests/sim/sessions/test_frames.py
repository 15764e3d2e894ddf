"""Frames: dpkt, which is not ours, takes them apart and finds the messages again."""

import socket
import struct

import dpkt
import pytest

from sim.sessions.frames import FrameMaker, Packing, pack_messages
from sim.sessions.pcap import read_pcap, write_pcap


def messages(count: int, gap: int = 700) -> list[tuple[int, bytes]]:
    return [(34_200_000_000_000 + i * gap, bytes([65 + i % 26]) * (12 + i % 40)) for i in range(count)]


def taken_apart(frame: bytes) -> tuple[bytes, int, list[bytes]]:
    """Session, first sequence and messages of a frame, by dpkt and the MoldUDP64 specification."""
    ethernet = dpkt.ethernet.Ethernet(frame)
    ip = ethernet.data
    assert isinstance(ip, dpkt.ip.IP)
    assert ethernet.dst.hex(":") == "01:00:5e:36:0c:6f"
    assert socket.inet_ntoa(ip.dst) == "233.54.12.111"
    assert ip.data.dport == 26477
    assert dpkt.in_cksum(frame[14:34]) == 0, "the IPv4 header checksum is wrong"
    assert ip.len == 28 + len(ip.data.data)
    assert ip.data.ulen == 8 + len(ip.data.data)
    payload = ip.data.data
    session, sequence, count = struct.unpack_from(">10sQH", payload)
    at, found = 20, []
    for _ in range(count):
        (length,) = struct.unpack_from(">H", payload, at)
        found.append(payload[at + 2 : at + 2 + length])
        at += 2 + length
    assert at == len(payload)
    return session, sequence, found


@pytest.mark.parametrize("seed", [None, 1, 2])
def test_every_message_comes_once_and_in_order(seed: int | None):
    given = messages(3_000)
    expected = 5
    found: list[bytes] = []
    for packet in pack_messages(given, FrameMaker("PWTEST"), Packing(seed=seed), first_sequence=5):
        session, sequence, inside = taken_apart(packet.frame)
        assert session == b"PWTEST    "
        assert sequence == packet.sequence == expected
        assert len(inside) == packet.count > 0
        expected += packet.count
        found += inside
        assert packet.time == given[expected - 6][0], "a packet leaves when its last message is there"
        assert 60 <= len(packet.frame) <= 1_400 + 42
    assert found == [message for _, message in given]


def test_close_times_share_a_packet_and_far_ones_do_not():
    near = [(t, b"x" * 20) for t in (0, 1_000, 2_000, 2_001, 9_000)]
    assert [p.count for p in pack_messages(near, FrameMaker(), Packing(window_ns=2_000))] == [3, 1, 1]


def test_a_packet_ends_where_the_next_message_would_not_fit():
    same = [(0, b"x" * 36)] * 100
    counts = [p.count for p in pack_messages(same, FrameMaker())]
    assert counts == [36, 36, 28]  # 20 + 36 x 38 = 1388 bytes, one more would make 1426


def test_seeds_pack_differently_and_each_the_same_every_time():
    def frames(seed: int | None) -> list[bytes]:
        return [p.frame for p in pack_messages(messages(500, gap=1), FrameMaker(), Packing(seed=seed))]

    assert frames(1) == frames(1)
    assert frames(1) != frames(2) != frames(None)


@pytest.mark.parametrize("wrong", [{"window_ns": -1}, {"max_bytes": 71}, {"max_bytes": 1_473}])
def test_a_packing_that_cannot_be_is_refused(wrong: dict[str, int]):
    with pytest.raises(ValueError, match="is"):
        Packing(**wrong)


def test_checksums_hold_for_every_identification_and_length():
    maker = FrameMaker()
    for i in range(2_000):
        frame = maker.frame(i, [b"m" * (i % 1_000 + 1)])
        assert dpkt.in_cksum(frame[14:34]) == 0


def test_a_pcap_keeps_times_and_frames(tmp_path):
    frames = [(1_700_000_000_123_456_789 + i, bytes([i]) * (60 + i)) for i in range(50)]
    assert write_pcap(tmp_path / "x.pcap", frames) == 50
    assert list(read_pcap(tmp_path / "x.pcap")) == frames


def test_a_file_that_is_no_pcap_is_named(tmp_path):
    (tmp_path / "x.pcap").write_bytes(b"not a capture at all, just words")
    with pytest.raises(ValueError, match=r"x\.pcap: no pcap file"):
        list(read_pcap(tmp_path / "x.pcap"))


def test_a_real_capture_is_read(real_data):
    folder = real_data("pcap/nasdaq_20230822")
    found = [frame for path in sorted(folder.glob("*.pcap")) for _, frame in read_pcap(path)]
    assert found
    assert all(len(frame) >= 60 for frame in found)
