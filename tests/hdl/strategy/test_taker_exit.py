"""How the taker gets out, whatever the market and the exchange do to its exit."""

import pytest

from hdl.strategy.taker_types import AlarmCode, TakerState
from hdl.types import Refusal, Role
from tests.hdl.strategy.taker_story import (
    ASK,
    BID,
    CANCEL,
    ENTER,
    LONG,
    REPLACE,
    SHORT,
    book,
    hold,
    leaving,
    mirrored,
    order,
    trigger,
)
from tests.hdl.strategy.trade_bench import run


def test_the_exit_is_granted_six_cycles_after_the_answer_that_ends_the_entry():
    async def script(bench):
        await trigger(bench)
        bench.accept(bench.orders[0])
        bench.fill(bench.orders[0], 100, ASK)
        (told_at, _) = bench.waiting[-1]
        await bench.step(30)
        assert bench.granted[1][0] - told_at == 6
        assert bench.granted[1][1]["trigger_time"] == told_at
        assert bench.granted[1][1]["cause"] >> 63 == 1

    run(script)


@pytest.mark.parametrize("side", [LONG, SHORT])
def test_take_profit(side):
    async def script(bench):
        leave = await hold(bench, side)
        assert order(bench) == leaving(ENTER, side, 100, mirrored(side, 3))
        assert bench.state() == TakerState.RESTING
        assert bench.position() == (100 if side == LONG else -100)
        bench.fill(leave, 40, mirrored(side, 3), flag="A")
        await bench.step(10)
        assert bench.state() == TakerState.RESTING
        bench.fill(leave, 60, mirrored(side, 3), flag="A")
        await bench.step(10)
        assert bench.position() == 0
        await bench.view(*book(side, 3))
        assert bench.state() == TakerState.IDLE
        assert len(bench.granted) == 2
        # 300 cents on 100 shares, less 0.35 cent removing, plus 0.2 rebate less 0.05 commission adding, a share.
        assert bench.positions[-1][1]["cash"] == 3_000_000 - 100 * 3500 + 100 * 1500

    run(script)


@pytest.mark.parametrize("side", [LONG, SHORT])
@pytest.mark.parametrize("by", ["quote", "trade"])
def test_stop_moves_the_same_order(side, by):
    async def script(bench):
        leave = await hold(bench, side)
        # One tick short of the stop, by quote and by trade: nothing happens.
        await bench.view(*book(side, -1), trade=mirrored(side, -1))
        assert len(bench.granted) == 2
        if by == "quote":
            near = -2
            await bench.view(*book(side, -2))
        else:
            near = -1
            await bench.view(*book(side, -1), trade=mirrored(side, -2))
        assert order(bench) == leaving(REPLACE, side, 100, mirrored(side, near - 2))
        assert bench.granted[-1][1]["order"] == leave.row
        assert bench.granted[-1][1]["cause"] == bench.sequence
        assert bench.state() == TakerState.STOP_SENT
        bench.replaced(leave, price=mirrored(side, near - 2))
        bench.fill(leave, 100, mirrored(side, near))
        await bench.step(20)
        assert bench.position() == 0
        assert bench.state() == TakerState.COOLDOWN
        assert len(bench.granted) == 3

    run(script)


def test_partial_exit_then_stop_asks_for_the_whole_chain():
    async def script(bench):
        leave = await hold(bench)
        bench.fill(leave, 30, mirrored(LONG, 3), flag="A")
        await bench.view(*book(LONG, -2))
        # 100 is the chain: 30 done and 70 wanted open.
        assert order(bench) == leaving(REPLACE, LONG, 100, mirrored(LONG, -4))
        bench.replaced(leave, price=mirrored(LONG, -4))
        assert leave.open == 70
        bench.fill(leave, 70, mirrored(LONG, -2))
        await bench.step(20)
        assert bench.position() == 0

    run(script)


def test_replace_racing_a_fill():
    async def script(bench):
        leave = await hold(bench)
        await bench.view(*book(LONG, -2))
        assert bench.state() == TakerState.STOP_SENT
        bench.fill(leave, 100, mirrored(LONG, 3), flag="A")  # of the old number: the exchange ignores the Replace
        await bench.step(20)
        assert (bench.position(), bench.state()) == (0, TakerState.COOLDOWN)
        assert not bench.alarms

    run(script)


def test_replace_racing_a_partial_fill():
    async def script(bench):
        leave = await hold(bench)
        await bench.view(*book(LONG, -2))
        bench.fill(leave, 60, mirrored(LONG, 3), flag="A")
        await bench.step(10)
        bench.replaced(leave, price=mirrored(LONG, -4))
        assert leave.open == 40
        bench.fill(leave, 40, mirrored(LONG, -3))
        await bench.step(20)
        assert (bench.position(), bench.state()) == (0, TakerState.COOLDOWN)

    run(script)


def test_stop_before_the_exit_is_accepted_waits_for_it():
    async def script(bench):
        leave = await hold(bench, accept=False)
        await bench.view(*book(LONG, -2))
        assert bench.state() == TakerState.EXIT_SENT
        assert len(bench.granted) == 2
        bench.accept(leave, price=mirrored(LONG, 3))
        await bench.step(20)
        assert order(bench) == leaving(REPLACE, LONG, 100, mirrored(LONG, -4))

    run(script)


def test_what_a_stop_leaves_behind_is_priced_again_and_then_alarmed():
    async def script(bench):
        leave = await hold(bench)
        await bench.view(*book(LONG, -2))
        bench.replaced(leave, price=mirrored(LONG, -4))
        bench.fill(leave, 50, mirrored(LONG, -2))
        await bench.view(*book(LONG, -4), settle=30)
        assert len(bench.granted) == 3, "the stop is at the bid: it is not left behind"
        for retry, near in enumerate((-5, -8)):
            await bench.view(*book(LONG, near))
            assert order(bench) == leaving(REPLACE, LONG, 100, mirrored(LONG, near - 2)), retry
            bench.replaced(leave, price=mirrored(LONG, near - 2))
            await bench.step(10)
        for _ in range(3):
            await bench.view(*book(LONG, -20))
        assert len(bench.granted) == 5
        (_, alarm), *more = bench.alarms
        assert not more, "an alarm is raised once"
        assert (alarm["code"], alarm["shares"], alarm["entry_price"]) == (AlarmCode.RETRIES, 50, ASK)

    run(script)


def test_an_exit_that_the_exchange_cancels_is_entered_again():
    async def script(bench):
        leave = await hold(bench)
        bench.fill(leave, 30, mirrored(LONG, 3), flag="A")
        bench.cancel(leave)
        await bench.step(20)
        assert order(bench) == leaving(ENTER, LONG, 70, mirrored(LONG, 3))
        again = bench.orders[0]
        bench.accept(again, price=mirrored(LONG, 3))
        bench.fill(again, 70, mirrored(LONG, 3), flag="A")
        await bench.step(20)
        assert (bench.position(), bench.state()) == (0, TakerState.COOLDOWN)

    run(script)


def test_an_exit_canceled_in_part_comes_to_the_rest_later():
    async def script(bench):
        leave = await hold(bench)
        bench.cancel(leave, 20)
        await bench.step(10)
        assert len(bench.granted) == 2
        bench.fill(leave, 80, mirrored(LONG, 3), flag="A")
        await bench.step(20)
        assert order(bench) == leaving(ENTER, LONG, 20, mirrored(LONG, 3))

    run(script)


def test_an_alarm_tells_the_shares_that_are_left():
    async def script(bench):
        bench.taker(retries=0)
        leave = await hold(bench)
        bench.fill(leave, 30, mirrored(LONG, 3), flag="A")
        bench.cancel(leave)
        await bench.step(20)
        assert bench.state() == TakerState.UNMANAGED
        assert [(a["code"], a["shares"], a["side"]) for _, a in bench.alarms] == [(AlarmCode.RETRIES, 70, LONG)]

    run(script)


def test_rejected_exits_are_tried_again_until_retries_are_used_up():
    async def script(bench):
        await hold(bench, accept=False)
        for tries in (2, 3, 4):
            assert len(bench.granted) == tries
            bench.reject(bench.orders[0])
            await bench.step(20)
        assert len(bench.granted) == 4
        assert bench.state() == TakerState.UNMANAGED
        assert [alarm["code"] for _, alarm in bench.alarms] == [AlarmCode.RETRIES]
        await bench.view(BID, ASK)
        assert len(bench.granted) == 4
        # Closing the gate and opening it again is the answer of a person: it is tried anew.
        bench.flags(0, halted=1)
        await bench.step(5)
        bench.flags(0)
        await bench.view(BID, ASK)
        assert order(bench) == leaving(ENTER, LONG, 100, mirrored(LONG, 3))

    run(script)


def test_a_rejected_replace_is_tried_at_the_next_view():
    async def script(bench):
        leave = await hold(bench)
        await bench.view(*book(LONG, -2))
        bench.reject(leave)
        await bench.step(20)
        assert len(bench.granted) == 3
        await bench.view(*book(LONG, -3))
        assert order(bench) == leaving(REPLACE, LONG, 100, mirrored(LONG, -5))

    run(script)


@pytest.mark.parametrize("retries", [0, 2])
def test_a_refused_exit_is_alarmed_once_and_retried_when_the_gate_opens(retries):
    async def script(bench):
        bench.taker(retries=retries)
        await trigger(bench)
        own = bench.orders[0]
        bench.flags(0, halted=1)
        bench.accept(own)
        bench.fill(own, 100, ASK)
        await bench.step(20)
        assert bench.state() == TakerState.UNMANAGED
        assert [r["refusal"] for _, r in bench.refused] == [Refusal.HALTED]
        assert [alarm["code"] for _, alarm in bench.alarms] == [AlarmCode.UNMANAGED]
        for _ in range(3):
            await bench.view(BID, ASK)
        assert (len(bench.refused), len(bench.alarms)) == (1, 1)
        bench.flags(0)
        await bench.view(BID, ASK)
        assert order(bench) == leaving(ENTER, LONG, 100, mirrored(LONG, 3))

    run(script)


@pytest.mark.parametrize("retries", [0, 2])
def test_a_refused_stop_keeps_the_resting_exit_and_moves_it_later(retries):
    async def script(bench):
        bench.taker(retries=retries)
        leave = await hold(bench)
        bench.flags(0, halted=1)
        await bench.view(*book(LONG, -2))
        assert bench.state() == TakerState.UNMANAGED
        assert {alarm["code"] for _, alarm in bench.alarms} == {AlarmCode.UNMANAGED}
        bench.flags(0)
        await bench.view(*book(LONG, -2))
        assert order(bench) == leaving(REPLACE, LONG, 100, mirrored(LONG, -4))
        assert leave.live

    run(script)


@pytest.mark.parametrize("cancel_exit", [0, 1])
def test_a_stale_book_with_a_resting_exit_is_alarmed_and_the_exit_left_or_cancelled(cancel_exit):
    async def script(bench):
        bench.ctx.set(bench.dut.taker.cancel_exit, cancel_exit)
        leave = await hold(bench)
        bench.flags(0, stale=1)
        await bench.step(20)
        assert [alarm["code"] for _, alarm in bench.alarms] == [AlarmCode.UNMANAGED]
        await bench.view(*book(LONG, -9))
        assert len(bench.granted) == 2 + cancel_exit, "a stale book moves no stop"
        if cancel_exit:
            assert bench.granted[-1][1]["kind"] == CANCEL
            assert bench.granted[-1][1]["order"] == leave.row
            bench.cancel(leave)
            await bench.step(20)
            assert bench.state() == TakerState.UNMANAGED
            assert bench.refused[-1][1]["refusal"] == Refusal.STALE

    run(script)


def test_a_fill_in_the_very_cycle_of_a_view_is_not_lost():
    async def script(bench):
        leave = await hold(bench)
        bench.fill(leave, 40, mirrored(LONG, 3), flag="A")
        await bench.view(*book(LONG, 0), settle=1)
        bench.fill(leave, 60, mirrored(LONG, 3), flag="A")
        for _ in range(10):
            await bench.view(*book(LONG, 0), settle=2)  # a view every two cycles
        assert (bench.position(), bench.state()) == (0, TakerState.IDLE)

    run(script)


def test_an_exit_waits_for_the_order_port_and_is_not_lost():
    async def script(bench):
        await trigger(bench)
        own = bench.orders[0]
        bench.accept(own)
        bench.fill(own, 100, ASK)
        await bench.step(2)
        bench.ready = False
        await bench.step(50)
        assert len(bench.granted) == 1
        await trigger(bench, slot=1)
        assert [r["refusal"] for _, r in bench.refused] == [Refusal.BUSY], "an entry does not wait"
        bench.ready = True
        await bench.step(3)
        assert order(bench) == leaving(ENTER, LONG, 100, mirrored(LONG, 3))
        # The refused slot tries again with the next view.
        await bench.step(20)
        await trigger(bench, slot=1)
        assert bench.granted[-1][1]["slot"] == 1

    run(script)


def test_two_exits_that_wait_for_the_order_port_both_leave():
    async def script(bench):
        await trigger(bench)
        await trigger(bench, slot=1)
        first, second = bench.orders[0], bench.orders[1]
        bench.ready = False
        for own in (first, second):
            bench.accept(own)
            bench.fill(own, 100, ASK)
        await bench.step(60)
        assert len(bench.granted) == 2
        # The taker goes on deciding: an entry of a third slot is refused, and takes no exit's place.
        await trigger(bench, slot=2)
        assert [r["refusal"] for _, r in bench.refused] == [Refusal.BUSY]
        bench.ready = True
        await bench.step(40)
        assert [(i["slot"], i["role"]) for _, i in bench.granted[2:]] == [(0, Role.EXIT), (1, Role.EXIT)]

    run(script)
