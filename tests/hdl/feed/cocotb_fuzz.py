"""Frames with something wrong in them, of every kind: counted, never believed, and the next good frame is right.

After each bad frame a good one begins a new session, so whatever the bad one did must not be felt in it.
"""

import os
import random

import cocotb
from feed_bench import FeedBench

from hdl.wire.ethernet import ones_complement_sum, udp_frame
from hdl.wire.itch50 import ITCH50

ROUNDS = int(os.environ["ROUNDS"])
LOCATE, ETHERNET, IP_HEADER, UDP_HEADER, MOLD_HEADER = 9, 14, 20, 8, 20
PAYLOAD = ETHERNET + IP_HEADER + UDP_HEADER
DIRECTORY = ITCH50["R"].pack(
    stock_locate=LOCATE, timestamp=0, stock="TEST", market_category="Q", financial_status_indicator="N",
    round_lot_size=100, round_lots_only="N", issue_classification="C", issue_sub_type="Z", authenticity="P",
    short_sale_threshold_indicator="N", ipo_flag="N", luld_reference_price_tier="1", etp_flag="N",
    etp_leverage_factor=0, inverse_indicator="N",
)  # fmt: skip


def delete(reference):
    return ITCH50["D"].pack(stock_locate=LOCATE, timestamp=1, order_reference_number=reference)


def packet(session, sequence, count, blocks):
    """A MoldUDP64 packet with this count, whatever is in it; blocks are (length said, bytes)."""
    header = session.ljust(10).encode() + sequence.to_bytes(8, "big") + count.to_bytes(2, "big")
    return header + b"".join(length.to_bytes(2, "big") + content for length, content in blocks)


def honest(messages):
    return [(len(message), message) for message in messages]


def mend(frame):
    """Make the IPv4 header's checksum right again."""
    frame[ETHERNET + 10 : ETHERNET + 12] = b"\0\0"
    total = ones_complement_sum(bytes(frame[ETHERNET : ETHERNET + IP_HEADER]))
    frame[ETHERNET + 10 : ETHERNET + 12] = (0xFFFF ^ total).to_bytes(2, "big")


def put(frame, at, value, size=2):
    frame[at : at + size] = value.to_bytes(size, "big")


# Each gives a frame, whether it ends in an error, the counters of which one must rise, and the references of messages
# that stand whole in front of what is wrong: they alone may be heard. ``fresh`` makes references nobody has used.


def truncated(rng, session, fresh):
    references = [fresh() for _ in range(6)]
    frame = udp_frame(packet(session, 2, 6, honest(map(delete, references))))
    return frame[: rng.randrange(PAYLOAD + MOLD_HEADER + 9, len(frame))], False, {"frames_bad"}, references[:-1]


def runt(rng, session, fresh):
    frame = udp_frame(packet(session, 2, 1, honest([delete(fresh())])))
    return frame[: rng.randrange(1, PAYLOAD + MOLD_HEADER)], False, {"frames_bad"}, []


def damaged_end(rng, session, fresh):
    references = [fresh() for _ in range(rng.randrange(1, 30))]
    return (
        udp_frame(packet(session, 2, len(references), honest(map(delete, references)))),
        True,
        {"frames_bad"},
        references,
    )


def wrong_checksum(rng, session, fresh):
    frame = bytearray(udp_frame(packet(session, 2, 1, honest([delete(fresh())]))))
    frame[ETHERNET + rng.choice([1, 2, 3, 4, 5, 8, 10, 11, 12, 13, 14, 15])] ^= 1 << rng.randrange(8)
    return bytes(frame), False, {"frames_bad"}, []


def lying_ip_length(rng, session, fresh):
    frame = bytearray(udp_frame(packet(session, 2, 1, honest([delete(fresh())]))))
    right = len(frame) - ETHERNET
    put(frame, ETHERNET + 2, rng.choice([0, 19, 20, right - 1, right + 1, 0xFFFF]))
    mend(frame)
    return bytes(frame), False, {"frames_bad"}, []


def lying_udp_length(rng, session, fresh):
    frame = bytearray(udp_frame(packet(session, 2, 1, honest([delete(fresh())]))))
    right = len(frame) - ETHERNET - IP_HEADER
    put(frame, ETHERNET + IP_HEADER + 4, rng.choice([0, 7, right - 1, right + 1, 0xFFFF]))
    return bytes(frame), False, {"frames_bad"}, []


def count_beyond_the_data(rng, session, fresh):
    references = [fresh() for _ in range(rng.randrange(1, 5))]
    count = len(references) + rng.choice([1, 2, 100, 0x7FFF, 0xFFFE - len(references)])
    blocks = honest(map(delete, references))
    return udp_frame(packet(session, 2, count, blocks)), False, {"wrong_sizes"}, references


def count_below_the_data(rng, session, fresh):
    references = [fresh() for _ in range(rng.randrange(2, 6))]
    count = rng.randrange(1, len(references))
    blocks = honest(map(delete, references))
    return udp_frame(packet(session, 2, count, blocks)), False, {"wrong_sizes"}, references[:count]


def all_ones_count(rng, session, fresh):
    """End of session, with messages behind the header all the same."""
    blocks = honest(delete(fresh()) for _ in range(rng.randrange(1, 5)))
    return udp_frame(packet(session, 2, 0xFFFF, blocks)), False, {"wrong_sizes"}, []


def block_beyond_the_frame(rng, session, fresh):
    first, second = fresh(), fresh()
    length = rng.choice([20, 21, 200, 1_500, 0x7FFF, 0xFFFF])
    blocks = [*honest([delete(first)]), (length, delete(second))]
    return udp_frame(packet(session, 2, 2, blocks)), False, {"wrong_sizes"}, [first]


def wrong_lengths_of_types(rng, session, fresh):
    """Blocks are whole, but none has the length of its type; after them one that has."""
    last = fresh()
    letters = rng.sample(sorted(ITCH50), 5)
    short = [
        (letter.encode() + rng.randbytes(90))[: ITCH50[letter].length + rng.choice([-1, 1, 30])] for letter in letters
    ]
    return udp_frame(packet(session, 2, 6, honest([*short, delete(last)]))), False, {"wrong_sizes"}, [last]


def giant(rng, session, fresh):
    """Longer than any frame on a wire may be, and not what its headers say."""
    references = [fresh() for _ in range(40)]
    frame = bytearray(udp_frame(packet(session, 2, 40, honest(map(delete, references)))))
    frame += rng.randbytes(rng.choice([9_000, 16_000]))
    put(frame, ETHERNET + 2, rng.choice([0xFFFF, 9_000]))
    mend(frame)
    return bytes(frame), False, {"frames_bad"}, []


def noise(rng, session, fresh):
    """An Ethernet header and nothing that makes sense."""
    frame = udp_frame(packet(session, 2, 1, honest([delete(fresh())])))
    return frame[:ETHERNET] + rng.randbytes(rng.randrange(1, 200)), False, {"frames_bad", "frames_ignored"}, []


KINDS = (
    truncated, runt, damaged_end, wrong_checksum, lying_ip_length, lying_udp_length, count_beyond_the_data,
    count_below_the_data, all_ones_count, block_beyond_the_frame, wrong_lengths_of_types, giant, noise,
)  # fmt: skip
COUNTED = ("frames_bad", "frames_ignored", "wrong_sizes", "unknown_types")


@cocotb.test()
async def bad_frames_are_counted_and_the_next_one_is_right(dut):
    rng = random.Random(77)
    b = await FeedBench(dut).start(["TEST"])
    numbers = iter(range(1_000, 10**9, 4))

    def fresh():
        return next(numbers)

    sessions = 0
    for number in range(ROUNDS * len(KINDS)):
        kind = KINDS[number % len(KINDS)]
        session = f"D{sessions}"
        sessions += 1
        await b.say([DIRECTORY], session=session, sequence=1)
        await b.settle()
        assert not b.flags()[0]["stale"], f"before {kind.__name__} {number}"
        b.take("event")
        before = {name: b.totals.get(name, 0) for name in (*COUNTED, "frames")}
        frame, error, counters, allowed = kind(rng, session, fresh)
        await b.frame(frame, error=error, idle=rng.choice([0, 0, 0.3]), rng=rng)
        # The next one comes at once, or after a pause.
        if rng.random() < 0.5:
            await b.idle(rng.randrange(12))
        good = fresh()
        following = f"D{sessions}"
        sessions += 1
        await b.say([DIRECTORY, delete(good)], session=following, sequence=1)
        await b.settle()
        rose = {name for name in COUNTED if b.totals.get(name, 0) > before[name]}
        where = f"{kind.__name__}, frame {number}: {frame[:120].hex()}"
        assert rose & counters, where
        assert b.totals["frames"] - before["frames"] == 2, where
        events = b.take("event")
        heard = [e["reference"] for e in events if e["kind"] == 5]
        assert heard[-1:] == [good], where
        assert heard[:-1] == allowed[: len(heard) - 1], f"{where}: {heard}"
        assert events[-1]["sequence"] == 2
        assert [e["kind"] for e in events[-2:]] == [10, 5], "the new session begins with an empty book"
        flags = b.flags()[0]
        assert flags["bound"], where
        assert not flags["stale"], where


@cocotb.test()
async def what_went_on_from_a_bad_frame_is_trusted_by_nobody(dut):
    """Messages of a frame whose end was damaged have gone on: from its end on every book is stale."""
    rng = random.Random(5)
    b = await FeedBench(dut).start(["TEST"])
    numbers = iter(range(1_000, 10**9, 4))
    went_on = 0
    for number in range(2 * ROUNDS):
        await b.say([DIRECTORY], session=f"E{number}", sequence=1)
        await b.settle()
        b.take("event")
        spoil = rng.choice([truncated, damaged_end, count_beyond_the_data, block_beyond_the_frame])
        frame, error, _, _ = spoil(rng, f"E{number}", lambda: next(numbers))
        await b.frame(frame, error=error)
        await b.settle()
        if [e for e in b.take("event") if e["kind"] == 5]:
            assert b.flags()[0]["stale"], spoil.__name__
            went_on += 1
    assert went_on > ROUNDS
