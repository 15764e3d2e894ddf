"""Kill, lost sessions and answers that cannot be: expected values follow from the OUCH 5.0 rules, by hand."""

import cocotb

from hdl.types import OrderAnswerKind as Kind
from hdl.types import OrderIntentKind, Refusal, Side
from tests.hdl.orders.order_bench import (
    accepted,
    broken,
    canceled,
    executed,
    read_order,
    rejected,
    replaced,
)
from tests.hdl.orders.scenes import ENTER, MOVE, ks, live_order, ready


@cocotb.test()
async def kill_cancels_every_open_order_once(dut):
    d = await ready(dut)
    rows = [await live_order(d, ref=i + 1) for i in range(3)]
    await d.intent(**MOVE, order=rows[1])  # order 2 becomes 4, unanswered: the newest number is the one to cancel
    before = len(d.orders)
    dut.killed.value = 1
    d.offer(**ENTER)
    taken_at = None
    for _ in range(60):
        if await d.cycle() and taken_at is None:
            taken_at = d.time - 1
            dut.intents__valid.value = 0
    # The Replace was under way when the kill came; what follows are cancels only.
    cancels = [read_order(m) for _, m in d.orders[before:]]
    cancels = [c for c in cancels if c["type"] != b"U"]
    assert sorted((c["type"], c["user_ref"], c["shares"]) for c in cancels) == [
        (b"X", 1, 0),
        (b"X", 3, 0),
        (b"X", 4, 0),
    ]
    assert taken_at is not None
    refused = [a for _, a in d.answers if a["kind"] == Kind.REFUSED.value]
    assert [a["refusal"] for a in refused] == [Refusal.KILLED.value]
    await d.idle()
    # The Replace turns out rejected: the Cancel named a number that never lived, so the old one is canceled as well.
    d.say(rejected(4))
    await d.idle()
    await d.run(20)
    assert [read_order(m)["user_ref"] for _, m in d.orders][-1] == 2
    total = len(d.orders)
    for ref in (1, 2):
        d.say(canceled(ref, 300))
    await d.idle()
    await d.run(30)
    assert len(d.orders) == total
    assert dut.open_orders.value == 1
    # Released and killed again: what is still open is asked for again, once.
    dut.killed.value = 0
    await d.run(5)
    dut.killed.value = 1
    await d.run(60)
    assert [read_order(m)["user_ref"] for _, m in d.orders[total:]] == [3]
    assert all(s["latency_cycles"] == 0 for s in d.sent if s["kind"] == OrderIntentKind.CANCEL.value)
    assert d.pulses["impossible"] == 0


@cocotb.test()
async def a_kill_without_a_session_cancels_when_it_is_back(dut):
    d = await ready(dut)
    row = await live_order(d)
    dut.session_up.value = 0
    await d.intent(**MOVE, order=row)
    await d.idle()
    assert d.answers[-1][1]["refusal"] == Refusal.SESSION_DOWN.value
    before = len(d.orders)
    dut.killed.value = 1
    await d.run(30)
    assert len(d.orders) == before
    dut.session_up.value = 1
    await d.run(30)
    assert [read_order(m)["type"] for _, m in d.orders[before:]] == [b"X"]
    # It went down before the answer came: what was sent may be lost, so it is said again, and once only.
    dut.session_up.value = 0
    await d.run(30)
    dut.session_up.value = 1
    await d.run(60)
    assert [read_order(m)["user_ref"] for _, m in d.orders[before:]] == [1, 1]


@cocotb.test()
async def impossible_answers_are_counted_and_a_fill_is_still_booked(dut):
    d = await ready(dut)
    told = len(d.answers)
    strange = [
        executed(7, 100, 1),
        accepted(7, 100, 1),
        canceled(7, 1),
        rejected(7),
        broken(7),
        replaced(7, 8, 1, 1),
    ]
    for n, message in enumerate(strange, 1):
        d.say(message)
        await d.idle()
        assert d.pulses["impossible"] == n
    assert len(d.answers) == told
    await live_order(d)
    told, impossible = len(d.answers), d.pulses["impossible"]
    for message in (accepted(1, 300, 1), rejected(1), replaced(1, 2, 300, 1)):
        d.say(message)
        await d.idle()
    assert len(d.answers) == told
    assert d.pulses["impossible"] == impossible + 3
    d.say(executed(1, 301, 250_100))
    await d.idle()
    answer = d.answers[-1][1]
    assert (answer["kind"], answer["shares"], answer["open"], answer["dead"]) == (Kind.EXECUTED.value, 301, 0, 1)
    assert d.pulses["impossible"] == impossible + 4
    assert d.pulses["executions"] == 1


@cocotb.test()
async def what_cannot_be_believed_is_counted_and_the_next_message_is_right(dut):
    d = await ready(dut)
    await d.intent(**ENTER)
    await d.idle()
    good = accepted(1, 300, 250_100)
    wrong = [
        good[:-1],
        good + b"\0",
        good[:62] + b"\x00\x05",
        executed(1, 100, 1)[:35],
        canceled(1, 100) + b"\0" * 100,
        b"z" * 20,
        b"A",
        b"D" + b"\0" * 30,
        b"T" + b"\0" * 30,
        b"Q" + b"\0" * 11,
    ]
    for message in wrong:
        d.say(message)
    d.say(canceled(1, 300), error=True)
    d.say(b"S" + b"\0" * 8 + b"S")
    d.say(good + b"")
    await d.idle()
    assert d.pulses["unknown_answers"] == len(wrong) + 1
    assert d.pulses["answered"] == len(wrong) + 3
    assert d.kinds() == ks(Kind.SENT, Kind.ACCEPTED)
    assert d.answers[-1][1]["cause"] == 1 << 63 | (len(wrong) + 3)
    # A long appendage is skipped by its length.
    d.say(executed(1, 10, 5, appendage=b"\x09\x17" + b"\1" * 8 + b"\x03\x7f\1\2"))
    await d.idle()
    assert d.answers[-1][1]["shares"] == 10
    assert d.pulses["impossible"] == 0


@cocotb.test()
async def a_slow_taker_of_frames_loses_nothing(dut):
    d = await ready(dut)
    d.tx_ready = lambda: d.time % 3 == 0
    await d.intent(**{**ENTER, "short": 1, "side": Side.SELL})
    await d.idle()
    assert read_order(d.orders[0][1])["appendage"] == b"\x02\x19Y"
    assert d.sent[0]["card_time"] == d.orders[0][0]
    assert d.pulses["entered"] == 1
