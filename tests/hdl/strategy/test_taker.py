"""The life of a position, told as stories: what the card sees, and the orders that a person would expect of it.

Prices are 1/10,000 dollar, the tick is 100 (one cent). The taker's settings are those of ``trade_bench.TAKER``: order
size 100, slip 1, take profit 3, stop 2, stop slip 2 ticks, two retries.
"""

import pytest

from hdl.strategy.taker_types import AlarmCode, TakerState
from hdl.types import OrderIntentKind, Refusal, Role, Side, TimeInForce
from tests.hdl.strategy import trade_bench

run = trade_bench.run

BID, ASK = 100_000, 100_100  # the book at the trigger
LONG, SHORT = Side.BUY, Side.SELL


def order(bench, index=-1):
    """What a test looks at of a granted intent: kind, role, side, short, shares, price, life."""
    intent = bench.granted[index][1]
    names = ("kind", "role", "side", "short", "shares", "price", "time_in_force")
    return tuple(intent[name] for name in names)


def entry(side, shares, price):
    return OrderIntentKind.ENTER, Role.ENTRY, side, int(side == SHORT), shares, price, TimeInForce.IMMEDIATE


def leaving(kind, side, shares, price):
    """An exit of a position on ``side``."""
    return kind, Role.EXIT, SHORT if side == LONG else LONG, 0, shares, price, TimeInForce.DAY


ENTER, REPLACE, CANCEL = OrderIntentKind.ENTER, OrderIntentKind.REPLACE, OrderIntentKind.CANCEL


async def trigger(bench, side=LONG, **fields):
    heavy = {"bid_volume": 4000} if side == LONG else {"ask_volume": 4000}
    await bench.view(BID, ASK, **heavy, **fields)


async def hold(bench, side=LONG, shares=100, price=None, accept=True):
    """Trigger, fill ``shares`` of the entry at ``price``, and have the exit accepted; return the exit."""
    await trigger(bench, side)
    price = price or (ASK if side == LONG else BID)
    own = bench.orders[0]
    bench.accept(own)
    if shares:
        bench.fill(own, shares, price)
    if own.open:
        bench.cancel(own)
    await bench.step(30)
    leave = bench.orders[0]
    if accept:
        bench.accept(leave, price=bench.granted[-1][1]["price"])
        await bench.step(10)
    return leave


def mirrored(side, offset):
    """A price ``offset`` ticks in favour of a position on ``side`` that was entered at its far side."""
    return ASK + offset * 100 if side == LONG else BID - offset * 100


def book(side, offset):
    """Keyword prices of a view whose near side stands ``offset`` ticks in favour of the position; volumes balanced."""
    near = mirrored(side, offset)
    return (near, near + 100) if side == LONG else (near - 100, near)


@pytest.mark.parametrize("side", [LONG, SHORT])
def test_entry_is_immediate_at_the_far_side_plus_slip(side):
    async def script(bench):
        await trigger(bench, side)
        assert order(bench) == entry(side, 100, ASK + 100 if side == LONG else BID - 100)
        assert bench.state() == TakerState.ENTERING
        (_, told), *more = bench.triggers
        assert not more
        assert (told["slot"], told["side"], told["ratio"], told["cause"]) == (0, side, 0x0300, 1)
        assert (told["bid_price"], told["ask_price"]) == (BID, ASK)
        volumes = (4000, 1000) if side == LONG else (1000, 4000)
        assert (told["bid_volume"], told["ask_volume"]) == volumes

    run(script)


@pytest.mark.parametrize("slot", [0, 1])
def test_view_to_grant_takes_four_cycles_always(slot):
    async def script(bench):
        for pause in (3, 4, 7, 11):
            await trigger(bench, slot=slot)
            own = next(o for o in bench.orders.values() if o.live)
            bench.accept(own)
            bench.cancel(own)
            await bench.step(20 + pause)
        latencies = [at - intent["trigger_time"] for at, intent in bench.granted]
        assert latencies == [4, 4, 4, 4]
        assert [intent["cause"] for _, intent in bench.granted] == [1, 2, 3, 4]

    run(script)


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


@pytest.mark.parametrize("side", [LONG, SHORT])
def test_exit_is_for_what_the_entry_got_and_from_its_worst_price(side):
    async def script(bench):
        await trigger(bench, side)
        own = bench.orders[0]
        bench.accept(own)
        for shares, offset in ((10, 0), (20, -1), (5, 0)):
            bench.fill(own, shares, mirrored(side, -offset))  # a tick worse for the entry is a tick in favour of none
        await bench.step(20)
        assert len(bench.granted) == 1, "65 may still fill"
        bench.cancel(own)
        await bench.step(20)
        assert order(bench) == leaving(ENTER, side, 35, mirrored(side, 1 + 3))

    run(script)


def test_an_entry_without_a_fill_leaves_the_slot_idle_for_the_next():
    async def script(bench):
        await hold(bench, shares=0, accept=False)
        assert bench.state() == TakerState.IDLE
        await trigger(bench)
        assert order(bench) == entry(LONG, 100, ASK + 100)
        assert len(bench.granted) == 2

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


def test_a_refused_stop_keeps_the_resting_exit_and_moves_it_later():
    async def script(bench):
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


def test_cooldown_lasts_its_cycles():
    async def script(bench):
        bench.taker(cooldown=100)
        leave = await hold(bench)
        bench.fill(leave, 100, mirrored(LONG, 3), flag="A")
        await bench.step(4)
        over = bench.now
        while bench.now < over + 80:
            await trigger(bench, settle=10)
        assert len(bench.granted) == 2
        assert bench.state() == TakerState.COOLDOWN
        await bench.step(30)
        await trigger(bench)
        assert len(bench.granted) == 3

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


def test_a_refused_entry_is_not_tried_again_in_the_same_imbalance():
    async def script(bench):
        bench.gate(max_order_size=50)
        for _ in range(3):
            await trigger(bench)
        assert [r["refusal"] for _, r in bench.refused] == [Refusal.ORDER_SIZE]
        assert (len(bench.triggers), bench.state()) == (1, TakerState.IDLE)
        bench.gate()
        await bench.view(BID, ASK)
        await trigger(bench)
        assert order(bench) == entry(LONG, 100, ASK + 100)

    run(script)


@pytest.mark.parametrize(
    "block",
    ["module", "slot", "direction", "stale", "halted", "unbound", "closed", "unopened"],
)
def test_nothing_is_triggered_where_it_may_not_be(block):
    async def script(bench):
        ctx, dut = bench.ctx, bench.dut
        if block == "module":
            ctx.set(dut.taker.enable, 0)
        elif block == "slot":
            ctx.set(dut.gate.enabled[0], 0)
        elif block == "direction":
            ctx.set(dut.taker.buy_enabled[0], 0)
        else:
            flag = {"unbound": ("bound", 0), "closed": ("market_open", 0), "unopened": ("opened", 0)}
            name, value = flag.get(block, (block, 1))
            bench.flags(0, **{name: value})
        await trigger(bench)
        assert (bench.triggers, bench.granted, bench.refused) == ([], [], [])

    run(script)


@pytest.mark.parametrize(
    "fields",
    [
        {"bid_volume": 3000},
        {"bid_volume": 99, "ask_volume": 1},
        {"bid_volume": 4000, "ask": ASK + 100},
        {"bid_volume": 4000, "ask": 0},
        {"bid_volume": 4000, "bid_incomplete": 1},
        {"bid_volume": 4000, "ask_incomplete": 1},
        {"bid_volume": 4000, "locked": 1},
        {"bid_volume": 4000, "crossed": 1},
    ],
    ids=["just-three-times", "too-thin", "wide", "empty-side", "bid-incomplete", "ask-incomplete", "locked", "crossed"],
)
def test_views_that_are_no_reason_to_trade(fields):
    async def script(bench):
        await bench.view(BID, **({"ask": ASK} | fields))
        assert bench.triggers == []

    run(script)


def test_both_slots_live_side_by_side():
    async def script(bench):
        await trigger(bench, settle=14)
        await bench.view(50_000, 50_100, ask_volume=9000, slot=1)
        first, second = bench.orders[0], bench.orders[1]
        bench.accept(first)
        bench.accept(second)
        bench.fill(second, 100, 50_000)
        bench.fill(first, 100, ASK)
        await bench.step(60)
        assert order(bench, 2) == leaving(ENTER, SHORT, 100, 50_000 - 300)
        assert order(bench, 3) == leaving(ENTER, LONG, 100, mirrored(LONG, 3))
        assert (bench.position(0), bench.position(1)) == (100, -100)
        assert [bench.ctx.get(bench.dut.taker.triggers[i]) for i in range(2)] == [1, 1]

    run(script)


def test_kill_is_silence_within_two_cycles():
    async def script(bench):
        for ahead in range(6):
            # A trigger starts in each of the cycles before the kill.
            await bench.view(BID, ASK, bid_volume=4000, settle=1 + ahead)
            bench.ctx.set(bench.dut.arming.kill, 1)
            killed_at = bench.now
            await bench.step()
            bench.ctx.set(bench.dut.arming.kill, 0)
            await bench.step(20)
            assert all(at <= killed_at for at, _ in bench.granted), ahead
            for own in bench.orders.values():
                if own.live:
                    bench.cancel(own)
            await bench.step(20)
            bench.ctx.set(bench.dut.arming.release, 1)
            await bench.step()
            bench.ctx.set(bench.dut.arming.release, 0)
            await bench.view(BID, ASK)
            await bench.arm()
        assert 0 < len(bench.granted) < 6

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
