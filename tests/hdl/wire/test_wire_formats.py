import json
import tomllib

import pytest

from hdl.wire.ethernet import ETHERNET, IPV4, UDP, VLAN, ones_complement_sum, udp_frame
from hdl.wire.fields import Field, Kind, MessageFormat, WireError
from hdl.wire.itch50 import ITCH50, LONGEST, SHORTEST
from hdl.wire.moldudp64 import HEADER, packet

#: Lengths as the specification's own table of messages has them.
LENGTHS = dict(
    S=12, R=39, H=25, Y=20, L=26, V=35, W=12, K=28, J=35, h=21, A=36, F=40, E=31, C=36, X=23, D=19, U=35, P=44, Q=40,
    B=19, I=50, N=20, O=48,
)  # fmt: skip


def test_itch_lengths():
    assert {letter: message.length for letter, message in ITCH50.items()} == LENGTHS
    assert (SHORTEST, LONGEST) == (12, 50)


def test_itch_against_hand_written_vectors(real_data):
    paths = sorted(real_data("vectors").glob("*.toml"))
    assert len(paths) == len(ITCH50)
    for path in paths:
        vector = tomllib.loads(path.read_text())
        raw = bytes.fromhex(vector["raw_hex"].replace(" ", ""))
        message = ITCH50[vector["message_type"]]
        fields = message.unpack(raw)
        for name, value in vector["expected_fields"].items():
            assert fields[name] == value, (path.name, name)
        assert message.pack(**fields) == raw
        for wrong in (raw[:-1], raw + b"\0"):
            with pytest.raises(WireError, match=f"{len(raw)} bytes, not {len(wrong)}"):
                message.unpack(wrong)


def test_itch_against_captured_messages(real_data):
    lines = real_data("pcap/nasdaq_20230822.expected.jsonl").read_text().splitlines()
    assert len(lines) == 71
    for line in lines:
        want = json.loads(line)
        fields = ITCH50[want["type"]].unpack(bytes.fromhex(want["hex"]))
        for name in ("stock_locate", "timestamp", "stock", "price", "shares"):
            if name in want["fields"]:
                assert fields[name] == want["fields"][name]


def test_headers_are_as_long_as_their_standards_say():
    assert [f.length for f in (ETHERNET, VLAN, IPV4, UDP, HEADER)] == [14, 4, 20, 8, 20]


def test_frame_reads_back_with_other_software():
    dpkt = pytest.importorskip("dpkt")
    payload = packet("DAY1", 77, [b"hello", b""])
    for vlan in (None, 141):
        ethernet = dpkt.ethernet.Ethernet(udp_frame(payload, vlan=vlan, destination_ip=0xE9360C6F, destination_port=9))
        assert ethernet.dst == bytes.fromhex("01005e360c6f")
        assert ethernet.data.dst == bytes([233, 54, 12, 111])
        assert ethernet.data.data.dport == 9
        assert ethernet.data.data.data == payload
        assert ones_complement_sum(bytes(ethernet.data)[:20]) == 0xFFFF
    assert payload == b"DAY1      " + (77).to_bytes(8, "big") + b"\0\2" + b"\0\5hello" + b"\0\0"


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"stock_locate": 1, "timestamp": 0}, "order_reference_number must be given"),
        ({"stock_locate": 1, "timestamp": 0, "order_reference_number": 1 << 64}, "not a whole number"),
        ({"stock_locate": True, "timestamp": 0, "order_reference_number": 1}, "not a whole number"),
        ({"stock_locate": 1, "timestamp": 0, "order_reference_number": 1, "price": 5}, "has no field price"),
        ({"message_type": "€", "stock_locate": 1, "timestamp": 0, "order_reference_number": 1}, "not ASCII"),
    ],
)
def test_pack_refuses(values, complaint):
    with pytest.raises(WireError, match=complaint):
        ITCH50["D"].pack(**values)


def test_unpack_refuses_another_type():
    data = ITCH50["D"].pack(stock_locate=1, timestamp=0, order_reference_number=1)
    with pytest.raises(WireError, match="has type 'B'"):
        ITCH50["B"].unpack(data)


def test_a_table_with_a_hole_is_refused():
    with pytest.raises(WireError, match="is at 2"):
        MessageFormat("x", (Field("a", 0, 1, Kind.UINT), Field("b", 2, 1, Kind.UINT)))
    with pytest.raises(WireError, match="two fields"):
        MessageFormat("x", (Field("a", 0, 1, Kind.UINT), Field("a", 1, 1, Kind.UINT)))
