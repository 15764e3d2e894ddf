"""When the taker enters, and when it does not."""

import pytest

from hdl.strategy.taker_types import TakerState
from hdl.types import Refusal
from tests.hdl.strategy.taker_story import (
    ASK,
    BID,
    ENTER,
    LONG,
    SHORT,
    entry,
    hold,
    leaving,
    mirrored,
    order,
    trigger,
)
from tests.hdl.strategy.trade_bench import run


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
def test_view_to_grant_takes_three_cycles_always(slot):
    async def script(bench):
        for pause in (3, 4, 7, 11):
            await trigger(bench, slot=slot)
            own = next(o for o in bench.orders.values() if o.live)
            bench.accept(own)
            bench.cancel(own)
            await bench.step(20 + pause)
        latencies = [at - intent["trigger_time"] for at, intent in bench.granted]
        assert latencies == [3, 3, 3, 3]
        assert [intent["cause"] for _, intent in bench.granted] == [1, 2, 3, 4]

    run(script)


@pytest.mark.parametrize("side", [LONG, SHORT])
def test_exit_is_for_what_the_entry_got_and_from_its_worst_price(side):
    async def script(bench):
        await trigger(bench, side)
        own = bench.orders[0]
        bench.accept(own)
        for shares, offset in ((10, 0), (20, -1), (5, 0)):
            bench.fill(own, shares, mirrored(side, -offset))  # the second is a tick dearer than the others
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
        for slot in range(2):
            bench.ctx.set(bench.dut.taker.counted_slot, slot)
            assert bench.ctx.get(bench.dut.taker.triggers) == 1

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
