"""The lives of orders by the exchange's answers: expected values follow from the OUCH 5.0 rules, by hand."""

import itertools

import cocotb

from hdl.types import OrderAnswerKind as Kind
from tests.hdl.orders.order_bench import (
    accepted,
    broken,
    canceled,
    executed,
    read_order,
    rejected,
    replaced,
)
from tests.hdl.orders.scenes import CANCEL, ENTER, MOVE, ks, live_order, ready


@cocotb.test()
async def immediate_order_fills_in_part_and_the_rest_is_canceled(dut):
    d = await ready(dut)
    await d.intent(**ENTER)
    await d.idle()
    row = d.answers[0][1]["order"]
    d.say(accepted(1, 300, 250_100, reference=0x1122334455667788, t=34_200_000_000_123))
    d.say(executed(1, 100, 250_050, match=0xA1, appendage=b"\x02\x12Z"))
    d.say(canceled(1, 200, reason=b"I"))
    await d.idle()
    assert d.kinds() == ks(Kind.SENT, Kind.ACCEPTED, Kind.EXECUTED, Kind.CANCELED)
    a, e, c = (answer for _, answer in d.answers[1:])
    assert (a["shares"], a["price"], a["open"], a["dead"], a["flag"]) == (300, 250_100, 300, 0, ord("L"))
    assert (a["exchange_time"], a["cause"]) == (34_200_000_000_123, 1 << 63 | 1)
    assert d.details[1]["reference"] == 0x1122334455667788
    assert (e["shares"], e["price"], e["open"], e["chain_executed"], e["dead"]) == (100, 250_050, 200, 100, 0)
    assert (e["match"], e["flag"], e["cause"]) == (0xA1, ord("R"), 1 << 63 | 2)
    assert (c["shares"], c["open"], c["chain_executed"], c["dead"], c["flag"]) == (200, 0, 100, 1, ord("I"))
    assert {answer["order"] for _, answer in d.answers} == {row}
    assert dut.open_orders.value == 0
    assert d.pulses == {
        "impossible": 0, "entered": 1, "replaced": 0, "canceled": 0, "answered": 3, "unknown_answers": 0,
        "executions": 1, "rejects": 0, "modified": 0, "self_matched": 0, "cancels_refused": 0,
    }  # fmt: skip
    times = [t for t, _ in d.answers]
    assert all(b - a >= 4 for a, b in itertools.pairwise(times))


@cocotb.test()
async def answers_come_soon_after_their_last_beat(dut):
    d = await ready(dut)
    await d.intent(**ENTER)
    await d.idle()
    for message in (accepted(1, 300, 1), executed(1, 100, 1), canceled(1, 200)):
        d.say(message)
        await d.idle()
        assert d.answers[-1][0] - d.last_beat_at[-1] == 5


@cocotb.test()
async def accepted_dead_is_dead(dut):
    d = await ready(dut)
    await d.intent(**ENTER)
    await d.idle()
    d.say(accepted(1, 300, 250_100, state=b"D"))
    await d.idle()
    answer = d.answers[-1][1]
    assert (answer["kind"], answer["open"], answer["dead"]) == (Kind.ACCEPTED.value, 0, 1)
    assert dut.open_orders.value == 0
    assert d.pulses["impossible"] == 0


@cocotb.test()
async def rejected_order_gives_its_row_back(dut):
    d = await ready(dut)
    await d.intent(**ENTER)
    await d.idle()
    d.say(rejected(1, reason=0x0123))
    await d.idle()
    answer = d.answers[-1][1]
    assert (answer["kind"], answer["reason"], answer["shares"], answer["open"], answer["dead"]) == (
        Kind.REJECTED.value, 0x0123, 300, 0, 1,
    )  # fmt: skip
    assert d.pulses["rejects"] == 1
    assert dut.open_orders.value == 0


@cocotb.test()
async def replace_moves_the_one_live_order(dut):
    d = await ready(dut)
    row = await live_order(d)
    d.say(executed(1, 100, 250_100, flag=b"A"))
    await d.idle()
    await d.intent(**MOVE, order=row)
    await d.idle()
    read = read_order(d.orders[-1][1])
    assert (read["type"], read["orig"], read["user_ref"], read["shares"], read["price"], read["tif"]) == (
        b"U", 1, 2, 300, 250_000, b"0",
    )  # fmt: skip
    assert (d.sent[-1]["previous"], d.sent[-1]["chain"], d.sent[-1]["user_ref"]) == (1, 1, 2)
    answer = d.answers[-1][1]
    assert (answer["kind"], answer["user_ref"], answer["chain"], answer["open"], answer["chain_executed"]) == (
        Kind.SENT.value, 2, 1, 200, 100,
    )  # fmt: skip
    # The old number still fills until Replaced comes; the exchange subtracts that from what the new one carries.
    d.say(executed(1, 50, 250_100, flag=b"A"))
    d.say(replaced(1, 2, 150, 250_000, reference=0x99, appendage=b"\x02\x12Z"))
    d.say(executed(2, 150, 250_000))
    await d.idle()
    assert d.kinds()[-3:] == ks(Kind.EXECUTED, Kind.REPLACED, Kind.EXECUTED)
    old, new, last = (answer for _, answer in d.answers[-3:])
    assert (old["user_ref"], old["open"], old["chain_executed"]) == (1, 150, 150)
    assert (new["user_ref"], new["chain"], new["shares"], new["open"], new["price"]) == (2, 1, 150, 150, 250_000)
    assert (d.details[-2]["reference"], d.details[-2]["previous"]) == (0x99, 1)
    assert (last["user_ref"], last["open"], last["chain_executed"], last["dead"]) == (2, 0, 300, 1)
    assert d.pulses["impossible"] == 0
    assert d.pulses["replaced"] == 1
    assert dut.open_orders.value == 0


@cocotb.test()
async def rejected_replace_leaves_the_old_order_and_burns_the_number(dut):
    d = await ready(dut)
    row = await live_order(d)
    await d.intent(**MOVE, order=row)
    await d.idle()
    d.say(rejected(2))
    await d.idle()
    answer = d.answers[-1][1]
    assert (answer["kind"], answer["user_ref"], answer["open"], answer["dead"]) == (Kind.REJECTED.value, 2, 300, 0)
    await d.intent(**MOVE, order=row)
    await d.idle()
    read = read_order(d.orders[-1][1])
    assert (read["orig"], read["user_ref"]) == (1, 3)
    d.say(replaced(1, 3, 300, 250_000))
    await d.idle()
    assert d.answers[-1][1]["open"] == 300
    assert d.pulses["impossible"] == 0


@cocotb.test()
async def order_gone_while_its_replace_is_under_way(dut):
    """Filled, or canceled for invalid details: no answer comes to the Replace, the chain is dead."""
    d = await ready(dut)
    row = await live_order(d)
    await d.intent(**MOVE, order=row)
    d.say(executed(1, 300, 250_100, flag=b"A"))
    await d.idle()
    assert d.answers[-1][1]["dead"] == 1
    assert dut.open_orders.value == 0
    row = await live_order(d, ref=3)
    await d.intent(**MOVE, order=row)
    d.say(canceled(3, 300, reason=b"Z"))
    await d.idle()
    assert (d.answers[-1][1]["dead"], d.answers[-1][1]["chain_executed"]) == (1, 0)
    assert dut.open_orders.value == 0
    assert d.pulses["impossible"] == 0


@cocotb.test()
async def replaced_dead_is_dead(dut):
    d = await ready(dut)
    row = await live_order(d)
    await d.intent(**MOVE, order=row)
    d.say(replaced(1, 2, 300, 250_000, state=b"D"))
    await d.idle()
    answer = d.answers[-1][1]
    assert (answer["kind"], answer["open"], answer["dead"]) == (Kind.REPLACED.value, 0, 1)
    assert dut.open_orders.value == 0


@cocotb.test()
async def partial_cancel_lives_on_and_broken_is_told(dut):
    d = await ready(dut)
    row = await live_order(d)
    await d.intent(**{**CANCEL, "shares": 120}, order=row)
    await d.idle()
    read = read_order(d.orders[-1][1])
    assert read == {"type": b"X", "user_ref": 1, "shares": 120, "appendage": b""}
    assert (d.answers[-1][1]["flag"], d.answers[-1][1]["open"]) == (ord("X"), 300)
    d.say(canceled(1, 180))
    d.say(broken(1, match=0x55))
    await d.idle()
    partial, told = (answer for _, answer in d.answers[-2:])
    assert (partial["shares"], partial["open"], partial["dead"]) == (180, 120, 0)
    assert (told["kind"], told["match"], told["open"], told["flag"]) == (Kind.BROKEN.value, 0x55, 120, ord("E"))
    assert d.pulses["impossible"] == 0
