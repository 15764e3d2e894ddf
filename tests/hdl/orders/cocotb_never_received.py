"""What the exchange never received is taken back, once, and what it has is left alone."""

import cocotb
from cocotb.triggers import FallingEdge

from hdl.types import Module, OrderIntentKind, Role, Side, TimeInForce
from hdl.types import OrderAnswerKind as Kind
from tests.hdl.orders.order_bench import accepted, canceled, executed, replaced
from tests.hdl.orders.order_driver import Driver

ENTER = {
    "kind": OrderIntentKind.ENTER,
    "slot": 1,
    "module": Module.TAKER,
    "role": Role.EXIT,
    "side": Side.SELL,
    "shares": 300,
    "price": 250_100,
    "time_in_force": TimeInForce.DAY,
}


async def ready(dut):
    dut.never_received.value = 0
    driver = Driver(dut)
    await driver.start()
    return driver


async def say_never_received(d, number):
    d.dut.never_received.value = 1
    d.dut.never_received_from.value = number
    await d.cycle()
    d.dut.never_received.value = 0
    await d.idle()
    assert d.dut.taking_back.value == 0


@cocotb.test()
async def orders_without_an_answer_are_taken_back_once(dut):
    d = await ready(dut)
    for number in (1, 2, 3):
        await d.intent(**ENTER)
        await d.idle()
        if number == 1:
            d.say(accepted(1, 300, 250_100))
            await d.idle()
    assert dut.open_orders.value == 3
    dut.session_up.value = 0
    seen = len(d.answers)
    await say_never_received(d, 2)
    told = [answer for _, answer in d.answers[seen:]]
    assert [(a["kind"], a["user_ref"], a["dead"], a["open"]) for a in told] == [
        (Kind.REJECTED.value, 2, 1, 0),
        (Kind.REJECTED.value, 3, 1, 0),
    ]
    assert dut.open_orders.value == 1
    await say_never_received(d, 2)
    await say_never_received(d, 1)  # the first was accepted: it lives
    assert len(d.answers) == seen + 2
    assert dut.open_orders.value == 1
    assert d.pulses["impossible"] == 0
    dut.session_up.value = 1
    d.say(executed(1, 300, 250_100))
    await d.idle()
    assert dut.open_orders.value == 0
    assert d.pulses["impossible"] == 0
    await d.intent(**ENTER)
    await d.idle()
    assert d.orders[-1][1][1:5] == (4).to_bytes(4, "big")  # numbers are not used again


@cocotb.test()
async def a_replace_without_an_answer_leaves_the_order_as_it_was(dut):
    d = await ready(dut)
    await d.intent(**ENTER)
    await d.idle()
    d.say(accepted(1, 300, 250_100))
    await d.idle()
    row = d.answers[-1][1]["order"]
    move = {**ENTER, "kind": OrderIntentKind.REPLACE, "price": 250_000, "order": row}
    await d.intent(**move)
    await d.idle()
    dut.session_up.value = 0
    await say_never_received(d, 2)
    kind, told = d.answers[-1][1]["kind"], d.answers[-1][1]
    assert (kind, told["user_ref"], told["open"], told["dead"]) == (Kind.REJECTED.value, 2, 300, 0)
    dut.session_up.value = 1
    # It can be moved again, and the number that came back to life is the old one.
    await d.intent(**move)
    await d.idle()
    d.say(replaced(1, 3, 300, 250_000))
    d.say(canceled(3, 300))
    await d.idle()
    assert dut.open_orders.value == 0
    assert d.pulses["impossible"] == 0


@cocotb.test()
async def it_is_not_listened_to_while_the_session_is_up(dut):
    d = await ready(dut)
    await d.intent(**ENTER)
    await d.idle()
    await say_never_received(d, 1)
    assert dut.open_orders.value == 1


@cocotb.test()
async def a_number_of_long_ago_ends_all_the_same(dut):
    d = await ready(dut)
    dut.user_ref_write.value = 1
    dut.user_ref_value.value = 70_000
    await d.cycle()
    dut.user_ref_write.value = 0
    await d.intent(**ENTER)
    await d.idle()
    dut.session_up.value = 0
    dut.never_received.value = 1
    dut.never_received_from.value = 1
    await d.cycle()
    dut.never_received.value = 0
    for _ in range(5 * (1 << 16) + 100):
        await FallingEdge(dut.clk)
        if not dut.taking_back.value:
            break
    assert dut.taking_back.value == 0
    await d.idle()
    assert dut.open_orders.value == 0
