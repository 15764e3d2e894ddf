"""The rarer answers of the exchange, scenario by scenario: expected values follow from the OUCH 5.0 rules."""

import cocotb

from hdl.types import Module, OrderIntentKind, Refusal, Role, Side
from hdl.types import OrderAnswerKind as Kind
from tests.hdl.orders.order_bench import (
    accepted,
    broken,
    cancel_pending,
    cancel_rejected,
    canceled,
    corrected,
    executed,
    modified,
    priority_updated,
    read_order,
    rejected,
    replaced,
    restated,
    self_matched,
)
from tests.hdl.orders.scenes import CANCEL, EXIT, MOVE, live_order, ready

MODIFY = {**EXIT, "kind": OrderIntentKind.MODIFY, "short": 1, "price": 250_100}
#: Card time after which a refused Cancel is asked for again: a multiple of 2^16.
SOON = 1 << 16


def told(d, kind):
    return [answer for _, answer in d.answers if answer["kind"] == kind.value]


@cocotb.test()
async def a_self_match_is_no_fill_and_the_next_replace_counts_it(dut):
    d = await ready(dut)
    row = await live_order(d)
    d.say(executed(1, 60, 250_100, flag=b"A"))
    d.say(self_matched(1, 40, prevented=70, price=250_000))
    await d.idle()
    answer, detail = d.answers[-1][1], d.details[-1]
    assert (answer["kind"], answer["shares"], answer["price"], answer["flag"]) == (
        Kind.SELF_MATCH.value, 40, 250_000, ord("Q"),
    )  # fmt: skip
    assert (answer["open"], answer["chain_executed"], answer["dead"]) == (200, 60, 0)
    assert detail["prevented"] == 70
    assert (d.pulses["self_matched"], d.pulses["executions"]) == (1, 1)
    # 60 done and 240 wanted open: the chain's liability is these and the 40 that were taken from it.
    await d.intent(**{**MOVE, "shares": 300}, order=row)
    await d.idle()
    read = read_order(d.orders[-1][1])
    assert (read["orig"], read["user_ref"], read["shares"]) == (1, 2, 340)
    assert (d.sent[-1]["shares"], d.answers[-1][1]["shares"]) == (340, 340)
    d.say(replaced(1, 2, 240, 250_000))
    await d.idle()
    assert d.answers[-1][1]["open"] == 240
    # One that crosses a Replace is subtracted by the exchange, and counted in the one after it.
    await d.intent(**{**MOVE, "shares": 300}, order=row)
    d.say(self_matched(2, 100))
    d.say(replaced(2, 3, 140, 250_000))
    await d.idle()
    assert d.answers[-1][1]["open"] == 140
    await d.intent(**{**MOVE, "shares": 200}, order=row)
    await d.idle()
    assert read_order(d.orders[-1][1])["shares"] == 200 + 140
    d.say(self_matched(3, 140))
    await d.idle()
    assert (d.answers[-1][1]["dead"], d.answers[-1][1]["chain_executed"]) == (1, 60)
    assert dut.open_orders.value == 0
    assert d.pulses["impossible"] == d.pulses["unknown_answers"] == 0
    # The row is another chain's then: nothing of the old one is left in it.
    for _ in range(4):
        row = await live_order(d, ref=int(dut.user_ref.value))
    await d.intent(**MOVE, order=row)
    await d.idle()
    assert read_order(d.orders[-1][1])["shares"] == 300


@cocotb.test()
async def what_is_said_of_a_cancel_is_told_and_the_order_goes_on(dut):
    d = await ready(dut)
    row = await live_order(d)
    await d.intent(**CANCEL, order=row)
    d.say(cancel_pending(1))
    d.say(executed(1, 100, 250_100, flag=b"A"))
    d.say(cancel_rejected(1, t=5))
    await d.idle()
    pending, _, refused = (answer for _, answer in d.answers[-3:])
    assert (pending["kind"], pending["open"], pending["dead"]) == (Kind.CANCEL_PENDING.value, 300, 0)
    assert (refused["kind"], refused["open"], refused["chain_executed"], refused["dead"]) == (
        Kind.CANCEL_REJECTED.value, 200, 100, 0,
    )  # fmt: skip
    assert d.pulses["cancels_refused"] == 1
    assert dut.open_orders.value == 1
    # It died while its Cancel was pending: what is said of that Cancel afterwards means nothing.
    d.say(executed(1, 200, 250_100, flag=b"A"))
    d.say(cancel_rejected(1))
    d.say(cancel_pending(1))
    await d.idle()
    assert d.answers[-1][1]["kind"] == Kind.EXECUTED.value
    assert d.pulses["impossible"] == 0


@cocotb.test()
async def a_kill_asks_again_for_what_the_exchange_would_not_cancel(dut):
    d = await ready(dut)
    await live_order(d)
    await live_order(d, ref=2)
    dut.killed.value = 1
    await d.run(40)
    d.say(cancel_rejected(1))
    d.say(cancel_pending(2))
    await d.idle()
    await d.run(60)
    cancels = [read_order(m)["user_ref"] for _, m in d.orders if m[:1] == b"X"]
    assert sorted(cancels) == [1, 2]  # not at once: the line would be full of it
    d.time = SOON
    await d.run(60)
    assert [read_order(m)["user_ref"] for _, m in d.orders if m[:1] == b"X"][2:] == [1]
    d.time = 2 * SOON
    await d.run(60)
    assert [read_order(m)["user_ref"] for _, m in d.orders if m[:1] == b"X"][3:] == []


@cocotb.test()
async def a_long_sale_becomes_a_short_one_by_modify_and_is_moved_afterwards(dut):
    d = await ready(dut)
    row = await live_order(d)
    d.say(executed(1, 100, 250_100, flag=b"A"))
    d.say(self_matched(1, 50))
    await d.idle()
    at = await d.intent(**{**MODIFY, "shares": 100 + 150}, order=row)
    await d.idle()
    read = read_order(d.orders[-1][1])
    assert read == {"type": b"M", "user_ref": 1, "side": b"T", "shares": 300, "appendage": b""}
    assert d.orders[-1][0] == at + 1
    sent = d.sent[-1]
    assert (sent["kind"], sent["user_ref"], sent["chain"]) == (OrderIntentKind.MODIFY.value, 1, 1)
    answer = d.answers[-1][1]
    assert (answer["kind"], answer["flag"], answer["user_ref"], answer["open"]) == (
        Kind.SENT.value, ord("M"), 1, 150,
    )  # fmt: skip
    assert d.details[-1]["short"] == 0
    d.say(modified(1, 150))
    await d.idle()
    answer, detail = d.answers[-1][1], d.details[-1]
    assert (answer["kind"], answer["flag"], answer["open"], answer["chain_executed"], answer["dead"]) == (
        Kind.MODIFIED.value, ord("T"), 150, 100, 0,
    )  # fmt: skip
    assert detail["short"] == 1
    assert dut.open_orders.value == 1
    assert dut.user_ref.value == 2  # a Modify uses no number up
    await d.intent(**{**MOVE, "short": 1, "shares": 300}, order=row)
    await d.idle()
    read = read_order(d.orders[-1][1])
    assert (read["type"], read["shares"], read["appendage"]) == (b"U", 350, b"\x02\x19Y")
    d.say(replaced(1, 2, 200, 250_000))
    d.say(executed(2, 200, 250_000))
    await d.idle()
    assert [detail["short"] for detail in d.details[-2:]] == [1, 1]
    assert (d.pulses["modified"], d.pulses["impossible"]) == (1, 0)


@cocotb.test()
async def a_modify_that_makes_no_sense_is_refused(dut):
    d = await ready(dut)
    row = await live_order(d)
    short = await live_order(d, ref=2, short=1)
    bid = await live_order(d, ref=3, side=Side.BUY)
    sent = len(d.orders)
    for fields in (
        {**MODIFY, "order": short},
        {**MODIFY, "order": bid},
        {**MODIFY, "order": row, "module": Module.MAKER},
        {**MODIFY, "order": 3},
    ):
        await d.intent(**fields)
        await d.idle()
        assert d.answers[-1][1]["refusal"] == Refusal.MALFORMED.value
        assert d.answers[-1][1]["flag"] == ord("M")
    await d.intent(**MOVE, order=row)
    await d.intent(**MODIFY, order=row)
    await d.idle()
    assert d.answers[-1][1]["refusal"] == Refusal.BUSY.value
    dut.killed.value = 1
    await d.intent(**MODIFY, order=row)
    await d.run(60)
    assert told(d, Kind.REFUSED)[-1]["refusal"] == Refusal.KILLED.value
    assert [m[:1] for _, m in d.orders[sent:]] == [b"U", b"X", b"X", b"X"]


@cocotb.test()
async def modified_by_the_exchange_itself_is_smaller(dut):
    d = await ready(dut)
    await live_order(d)
    await live_order(d, ref=2, side=Side.BUY)
    d.say(modified(1, 120, side=b"S"))
    d.say(modified(2, 0, side=b"B"))
    await d.idle()
    one, two = (answer for _, answer in d.answers[-2:])
    assert (one["open"], one["dead"], d.details[-2]["short"]) == (120, 0, 0)
    assert (two["open"], two["dead"]) == (0, 1)
    assert dut.open_orders.value == 1
    assert d.pulses["impossible"] == 0


@cocotb.test()
async def restated_and_priority_updated(dut):
    d = await ready(dut)
    row = await live_order(d)
    d.say(restated(1, appendage=b"\x05\x16\0\0\0\x64\x09\x01\0\0\0\0\0\0\0\x09"))
    d.say(priority_updated(1, 250_200, reference=0x0102030405060708))
    await d.idle()
    one, two = (answer for _, answer in d.answers[-2:])
    assert (one["kind"], one["flag"], one["open"], one["dead"]) == (Kind.RESTATED.value, ord("R"), 300, 0)
    assert (two["kind"], two["flag"], two["price"], two["open"], two["dead"]) == (
        Kind.PRIORITY.value, ord("Y"), 250_200, 300, 0,
    )  # fmt: skip
    assert d.details[-1]["reference"] == 0x0102030405060708
    await d.intent(**CANCEL, order=row)
    d.say(canceled(1, 300))
    await d.idle()
    assert d.answers[-1][1]["price"] == 250_200
    assert d.pulses["impossible"] == d.pulses["unknown_answers"] == 0


@cocotb.test()
async def what_cannot_be_of_an_order_names_its_slot_and_what_it_filled_is_booked(dut):
    """Every kind, of a live order and of a dead one: counted once, placed; of a dead order only a fill is booked."""
    d = await ready(dut)
    impossible = 0

    async def say(*messages, place):
        nonlocal impossible
        for message in messages:
            d.say(message)
            await d.idle()
            impossible += 1
            assert (len(d.places), d.pulses["impossible"]) == (impossible, impossible), message
            assert d.places[-1] == place, message

    await live_order(d, shares=100, slot=2)
    await say(accepted(1, 100, 1), rejected(1), executed(1, 0, 1), place=2)
    await say(replaced(1, 2, 100, 1), place=None)  # its number is nobody's
    await say(self_matched(1, 101), place=2)  # it took all that was open, and more
    await live_order(d, ref=2, shares=100, slot=2)
    await say(modified(2, 300, side=b"S"), modified(2, 300, side=b"B"), canceled(2, 500), place=2)
    assert dut.open_orders.value == 0
    told_before = len(d.answers)
    await say(accepted(2, 1, 1), canceled(2, 1), rejected(2), self_matched(2, 1), modified(2, 1), place=2)
    await say(restated(2), priority_updated(2, 1), place=2)
    assert len(d.answers) == told_before
    await say(executed(2, 70, 250_300, match=0xBEEF), place=2)
    answer = d.answers[-1][1]
    assert (answer["kind"], answer["slot"], answer["side"], answer["shares"], answer["price"], answer["match"]) == (
        Kind.EXECUTED.value, 2, Side.SELL.value, 70, 250_300, 0xBEEF,
    )  # fmt: skip
    # It is of no row and no strategy: neither may take it for what lives there now.
    assert (answer["order"], answer["module"], answer["role"], answer["dead"]) == (
        0xFF, Module.HOST.value, Role.ENTRY.value, 1,
    )  # fmt: skip
    assert d.pulses["executions"] == 2  # the empty one and this


@cocotb.test()
async def a_number_that_never_left_is_of_no_slot(dut):
    d = await ready(dut)
    await live_order(d)
    for message in (executed(9, 1, 1), broken(9), corrected(9, 1, 1), cancel_pending(9), cancel_rejected(9),
                    modified(9, 1), restated(9), priority_updated(9, 1), self_matched(9, 1)):  # fmt: skip
        d.say(message)
        await d.idle()
        assert d.places[-1] is None
    assert len(d.places) == 9


@cocotb.test()
async def a_trade_of_a_dead_chain_is_broken_in_its_slot(dut):
    d = await ready(dut)
    row = await live_order(d, slot=3, short=1)
    await d.intent(**{**MOVE, "slot": 3}, order=row)
    d.say(executed(1, 300, 250_100, match=41))
    await d.idle()
    assert dut.open_orders.value == 0
    # Others have its row by now.
    for i in range(4):
        await live_order(d, ref=3 + i, slot=i)
    d.say(broken(1, match=41))
    d.say(corrected(1, 200, 250_000, match=41))
    d.say(broken(2, match=42))
    await d.idle()
    for answer, (ref, match, shares, price) in zip(
        (a for _, a in d.answers[-3:]), ((1, 41, 0, 0), (1, 41, 200, 250_000), (2, 42, 0, 0)), strict=True
    ):
        assert (answer["kind"], answer["slot"], answer["user_ref"], answer["match"]) == (
            Kind.BROKEN.value, 3, ref, match,
        )  # fmt: skip
        assert (answer["shares"], answer["price"], answer["order"]) == (shares, price, 0xFF)
    assert d.pulses["impossible"] == 0


@cocotb.test()
async def numbers_are_remembered_as_far_as_there_is_room(dut):
    """With 1,024 places, what is 1,024 numbers old has given its place to another."""
    d = await ready(dut)
    await d.run(1100)
    dut.user_ref_value.value = 0xABC
    await d.pulse("user_ref_write")
    await live_order(d, ref=0xABC, slot=1)
    d.say(executed(0xABC, 300, 1))
    dut.user_ref_value.value = 0xABC + 1024
    await d.pulse("user_ref_write")
    await d.idle()
    d.say(broken(0xABC))
    await d.idle()
    assert d.answers[-1][1]["slot"] == 1
    await live_order(d, ref=0xABC + 1024, slot=2)
    d.say(broken(0xABC))
    await d.idle()
    assert d.places == [None]
    d.say(canceled(0xABC + 1024, 300))
    d.say(broken(0xABC + 1024))
    await d.idle()
    assert (d.answers[-1][1]["kind"], d.answers[-1][1]["slot"]) == (Kind.BROKEN.value, 2)
