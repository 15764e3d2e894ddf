"""The taker's time stop and its guard against a book that turns: they move the exit as the stop does."""

import pytest

from hdl.strategy.taker_types import TakerState
from tests.hdl.strategy.taker_story import ASK, BID, LONG, REPLACE, SHORT, book, hold, leaving, mirrored, order
from tests.hdl.strategy.trade_bench import TICK, run

BOTH = pytest.mark.parametrize("side", [LONG, SHORT])


def stopped(side, offset):
    """The Replace that a stop asks for where the near side is at ``offset`` ticks: two ticks through it."""
    return leaving(REPLACE, side, 100, mirrored(side, offset - 2))


@BOTH
def test_a_position_that_is_too_old_is_closed_at_the_next_view(side):
    async def script(bench):
        bench.taker(time_stop=1_000)
        await hold(bench, side)
        before = len(bench.granted)
        await bench.view(*book(side, -1))
        assert bench.state() == TakerState.RESTING
        await bench.step(1_000)
        assert (bench.state(), len(bench.granted)) == (TakerState.RESTING, before), "nothing is said without a view"
        await bench.view(*book(side, -1))
        assert order(bench) == stopped(side, -1)
        assert len(bench.granted) == before + 1

    run(script)


@BOTH
@pytest.mark.parametrize(("offset", "moves"), [(0, False), (-1, True)])
def test_the_guard_is_a_tighter_stop_while_the_position_is_young(side, offset, moves):
    async def script(bench):
        bench.taker(guard=1, guard_window=1_000)
        await hold(bench, side)
        before = len(bench.granted)
        await bench.view(*book(side, offset))
        assert len(bench.granted) == before + moves
        if moves:
            assert order(bench) == stopped(side, offset)

    run(script)


@BOTH
def test_the_guard_lets_an_older_position_be(side):
    async def script(bench):
        bench.taker(guard=1, guard_imbalance=1, guard_window=200)
        await hold(bench, side)
        before = len(bench.granted)
        await bench.step(200)
        heavy = {"ask_volume": 9_000} if side == LONG else {"bid_volume": 9_000}
        await bench.view(*book(side, -1), **heavy)
        assert (bench.state(), len(bench.granted)) == (TakerState.RESTING, before)
        await bench.view(*book(side, -2))
        assert len(bench.granted) == before + 1, "the stop itself still holds"

    run(script)


@BOTH
@pytest.mark.parametrize("against", [False, True])
def test_the_guard_sees_the_other_side_grow_heavy(side, against):
    async def script(bench):
        bench.taker(guard_imbalance=1, guard_window=10_000)
        await hold(bench, side)
        before = len(bench.granted)
        heavy = {"ask_volume": 9_000} if against == (side == LONG) else {"bid_volume": 9_000}
        await bench.view(BID, ASK, **heavy)
        assert len(bench.granted) == before + against

    run(script)


@pytest.mark.parametrize(("others", "moves"), [(3_000, False), (3_001, True)])
def test_the_guard_does_not_take_the_exit_itself_for_the_book_turning(others, moves):
    """1,000 are bid and the ratio is 3; the exit, 100 shares three ticks up, is on the offers' second level."""

    async def script(bench):
        bench.taker(guard_imbalance=1, guard_window=10_000)
        leave = await hold(bench, LONG)
        await bench.shown_in_feed()
        before = len(bench.granted)
        assert leave.open == 100
        exit_price = ASK + 3 * TICK
        asks = [
            {"price": ASK, "shares": others},
            {"price": exit_price, "shares": 100},
            *[{"price": 0, "shares": 0}] * 3,
        ]
        await bench.view(BID, ASK, bid_volume=1_000, asks=asks)
        assert len(bench.granted) == before + moves

    run(script)


def test_a_guard_of_no_ticks_and_a_time_stop_of_none_are_off():
    async def script(bench):
        bench.taker(guard_window=1 << 47)
        await hold(bench, LONG)
        before = len(bench.granted)
        await bench.step(3_000)
        await bench.view(*book(LONG, -1), ask_volume=9_000)
        assert (bench.state(), len(bench.granted)) == (TakerState.RESTING, before)

    run(script)
