"""The whole feed side on real frames, on the vectors, on a real morning of AAPL, and on lies."""

import json
import os
import random
import tomllib
from pathlib import Path

import cocotb
import dpkt
from feed_bench import WIDTH, FeedBench

from hdl.feed.itch import LAYOUTS
from hdl.wire.ethernet import udp_frame
from hdl.wire.itch50 import ITCH50
from hdl.wire.moldudp64 import packet

DATA = Path(os.environ["PENNYWIRE_DATA"])
MESSAGES = int(os.environ["MESSAGES"])

#: Fields of a market event, by type: event field -> the specification's offset and width. Written from the tables.
EVENT_FIELDS = {
    "A": {"reference": (11, 8), "shares": (20, 4), "price": (32, 4)},
    "F": {"reference": (11, 8), "shares": (20, 4), "price": (32, 4)},
    "E": {"reference": (11, 8), "shares": (19, 4), "match": (23, 8)},
    "C": {"reference": (11, 8), "shares": (19, 4), "match": (23, 8), "price": (32, 4)},
    "X": {"reference": (11, 8), "shares": (19, 4)},
    "D": {"reference": (11, 8)},
    "U": {"reference": (11, 8), "new_reference": (19, 8), "shares": (27, 4), "price": (31, 4)},
    "P": {"reference": (11, 8), "shares": (20, 4), "price": (32, 4), "match": (36, 8)},
    "Q": {"shares": (11, 8), "price": (27, 4), "match": (31, 8)},
    "B": {"match": (11, 8)},
}
KINDS = dict(zip("AFECXDUPQB", (1, 1, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))
#: Names in the file of expected fields that are not the specification's.
SPELLING = {
    "J": {"auction_collar_extention": "auction_collar_extension"},
    "I": {"variation_indicator": "price_variation_indicator"},
    "U": {"order_reference_number": "original_order_reference_number"},
}
SIDE_AT = {"A": 19, "F": 19, "P": 19}


def fields_of(letter, content):
    """Every field of a decoded message, by the layout the gateware uses."""
    layout = LAYOUTS[letter]
    out = {}
    for name, field in layout:
        value = content >> field.offset & (1 << field.width) - 1
        text = not ITCH50[letter][name].numeric
        out[name] = value.to_bytes(field.width // 8, "big").decode("latin-1") if text else value
    return out


def event_of(message, slot, sequence):
    """Make the event a message must make, from its bytes."""
    letter = chr(message[0])
    event = dict.fromkeys(("reference", "new_reference", "shares", "price", "match", "side", "printable"), 0)
    for name, (at, size) in EVENT_FIELDS[letter].items():
        event[name] = int.from_bytes(message[at : at + size], "big")
    event["shares"] = min(event["shares"], 2**32 - 1)
    if letter in SIDE_AT:
        event["side"] = int(message[SIDE_AT[letter]] == ord("S"))
    event["printable"] = int(letter in "EPQ" or (letter == "C" and message[31] == ord("Y")))
    return event | {
        "kind": KINDS[letter],
        "slot": slot,
        "sequence": sequence,
        "exchange_time": int.from_bytes(message[5:11], "big"),
        "session_epoch": 0,
    }


@cocotb.test()
async def captured_frames(dut):
    """Real frames, each with its session and sequence zeroed: every field of every message."""
    b = await FeedBench(dut).start(["IVOO", "XLF", "T"])
    dut.check_ip_checksum.value = 0  # zeroed as well
    expected = [json.loads(line) for line in (DATA / "pcap/nasdaq_20230822.expected.jsonl").read_text().splitlines()]
    for path in sorted((DATA / "pcap/nasdaq_20230822").glob("*.pcap")):
        with path.open("rb") as file:
            for _, frame in dpkt.pcap.Reader(file):
                await b.pulse("join")
                await b.frame(frame)
    await b.settle()
    got = [(chr(d["type"]), fields_of(chr(d["type"]), d["source"]["content"])) for d in b.take("decoded")]
    assert len(got) == len(expected)
    for (letter, fields), want in zip(got, expected, strict=True):
        assert letter == want["type"]
        wanted = dict(want["fields"])
        for theirs, ours in SPELLING.get(letter, {}).items():
            wanted[ours] = wanted.pop(theirs)
        assert {name: fields[name] for name in wanted} == wanted
    assert b.totals["messages"] == len(expected)
    assert b.totals["frames"] == b.totals["packets"]
    assert {"wrong_sizes", "unknown_types", "gaps", "duplicates", "frames_bad"}.isdisjoint(b.totals)


@cocotb.test()
async def hand_written_vectors(dut):
    """All 23 types decode; one byte less or more is a wrong size, counted, and what follows it is right."""
    b = await FeedBench(dut).start()
    vectors = [tomllib.loads(p.read_text()) for p in sorted((DATA / "vectors").glob("*.toml"))]
    assert len(vectors) == 23
    wrong = 0
    for vector in vectors:
        raw = bytes.fromhex(vector["raw_hex"].replace(" ", ""))
        await b.say([raw])
        await b.say([raw[:-1], raw + b"\0", raw], vlan=7)
        wrong += 2
    await b.settle()
    got = b.take("decoded")
    assert len(got) == 2 * len(vectors)
    for index, vector in enumerate(vectors):
        for message in got[2 * index : 2 * index + 2]:
            letter = vector["message_type"]
            assert chr(message["type"]) == letter
            fields = fields_of(letter, message["source"]["content"])
            for name, value in vector["expected_fields"].items():
                assert fields[name] == value, (letter, name)
    assert b.totals["messages"] == len(got)
    assert b.totals["wrong_sizes"] == wrong
    assert "unknown_types" not in b.totals
    assert "gaps" not in b.totals


@cocotb.test()
async def a_morning_of_aapl(dut):
    """Real messages in packets of varied size: each event equals its bytes, 3 cycles after its last byte."""
    rng = random.Random(5)
    b = await FeedBench(dut).start(["", "AAPL"])
    raw = (DATA / "itch/aapl_20200130_first10k.itch50").read_bytes()
    messages = []
    while raw and len(messages) < MESSAGES:
        size = int.from_bytes(raw[:2], "big")
        messages.append(raw[2 : 2 + size])
        raw = raw[2 + size :]
    at = 0
    entered = {}
    while at < len(messages):
        some = messages[at : at + rng.choice((1, 2, 3, 5, 8, 13, 30))]
        vlan = rng.choice((None, 1))
        first = b.sequence
        cycles = await b.say(some, vlan=vlan)
        byte = (42 if vlan is None else 46) + 20
        for index, message in enumerate(some):
            byte += 2 + len(message)
            entered[first + index] = cycles[(byte - 1) // WIDTH]
        at += len(some)
    await b.settle()
    got = [(cycle, dict(event)) for cycle, event in b.seen["event"]]
    want = [event_of(m, 1, i + 1) for i, m in enumerate(messages) if chr(m[0]) in EVENT_FIELDS]
    assert [e["kind"] for _, e in got[:2]] == [10, 10]  # the symbol was set; its Stock Directory message came
    delays = {}
    for (cycle, event), wanted in zip(got[2:], want, strict=True):
        time = event.pop("card_time")
        assert time == entered[event["sequence"]]
        delays[cycle - time] = delays.get(cycle - time, 0) + 1
        assert event == wanted
    dut._log.info("cycles from the last byte at rx to the event: %s", delays)
    assert set(delays) == {3}
    assert b.flags()[1] == {
        "bound": True,
        "stale": False,
        "halted": False,
        "short_restricted": False,
        "opened": False,
        "market_open": False,
    }
    assert b.totals["messages"] == len(messages)
    assert b.totals["tracked"] == len(messages)


@cocotb.test()
async def unknown_types_and_wrong_sizes(dut):
    """Any letter with any length: known ones of right size decode, the rest is counted by what is wrong with it."""
    rng = random.Random(6)
    b = await FeedBench(dut).start()
    right = unknown = wrong = 0
    for _ in range(MESSAGES // 8):
        messages = []
        for _ in range(rng.randrange(1, 9)):
            letter = rng.choice([*ITCH50, *"GZaz\0"])
            size = ITCH50[letter].length if letter in ITCH50 and rng.random() < 0.7 else rng.randrange(0, 90)
            message = (letter.encode() + rng.randbytes(size))[:size]
            messages.append(message)
            if size == 0:
                continue
            if size < 11 or (letter in ITCH50 and size != ITCH50[letter].length):
                wrong += 1
            elif letter in ITCH50:
                right += 1
            else:
                unknown += 1
        await b.say(messages)
    await b.settle()
    assert min(right, unknown, wrong) > MESSAGES // 32
    assert b.totals["messages"] == right == len(b.take("decoded"))
    assert b.totals["unknown_types"] == unknown
    assert b.totals["wrong_sizes"] == wrong
    assert "gaps" not in b.totals


@cocotb.test()
async def a_bad_frame_harms_only_itself(dut):
    """Cut frames, lying counts and damaged ends are counted, the books go stale, and the next frame is right."""
    b = await FeedBench(dut).start(["TEST"])
    directory = dict(
        stock="TEST",
        market_category="Q",
        financial_status_indicator="N",
        round_lot_size=100,
        round_lots_only="N",
        issue_classification="C",
        issue_sub_type="Z",
        authenticity="P",
        short_sale_threshold_indicator="N",
        ipo_flag="N",
        luld_reference_price_tier="1",
        etp_flag="N",
        etp_leverage_factor=0,
        inverse_indicator="N",
    )
    delete = ITCH50["D"].pack(stock_locate=9, timestamp=1, order_reference_number=5)
    whole = ITCH50["R"].pack(stock_locate=9, timestamp=0, **directory)
    for spoil in ("error", "cut", "count"):
        await b.start(["TEST"])
        b.sequence = 1
        await b.say([whole], session=spoil)
        await b.settle()
        assert not b.flags()[0]["stale"], spoil
        before = dict(b.totals)
        frame = udp_frame(packet(spoil, 2, [delete] * 6, 9 if spoil == "count" else None))
        if spoil == "cut":
            frame = frame[:-40]
        await b.frame(frame, error=spoil == "error")
        await b.settle()
        assert b.flags()[0]["stale"], spoil
        assert b.totals.get("gaps", 0) - before.get("gaps", 0) == 1, spoil
        assert b.totals.get("frames_bad", 0) - before.get("frames_bad", 0) == (spoil != "count")
        b.take("event")
        await b.say([delete] * 3, session=spoil, sequence=8)
        await b.settle()
        assert [e["sequence"] for e in b.take("event")] == [8, 9, 10], spoil
        assert b.flags()[0]["stale"], spoil
