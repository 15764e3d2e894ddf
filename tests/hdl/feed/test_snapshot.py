"""Loading a snapshot while the feed goes on: a book is true from the moment it is said to be whole."""

import pytest
from amaranth.sim import Simulator
from snapshot_world import RING, Between, World

from hdl.feed.slot_state import StaleCause
from hdl.feed.snapshot_types import LoadFailure, LoadState
from hdl.types import EventKind


def play(story, seed, **options):
    dut = Between()
    simulator = Simulator(dut)
    simulator.add_clock(1e-8)

    async def testbench(ctx):
        for flags in dut.loader.flags:
            ctx.set(flags.bound, 1)
            ctx.set(flags.stale, 1)
        await story(World(ctx, dut, seed, **options))

    simulator.add_testbench(testbench)
    simulator.run()


async def load(w, slot, *, ahead=0, order_rest=16):
    """Load a slot as a host does; give what the snapshot was and whether it was made whole."""
    await w.begin(slot)
    await w.until(lambda: w.state != LoadState.CLEARING)
    if w.state is not LoadState.LOADING:
        return None
    for _ in range(w.rng.randrange(30)):
        await w.tick()
    # A snapshot may be ahead of the feed that the card hears.
    for _ in range(ahead):
        w.feed.message()
    sequence, orders = w.feed.next, dict(w.truth(slot))
    w.feed.next -= ahead
    for reference, (side, shares, price) in orders.items():
        await w.order(reference, side, shares, price, rest=order_rest)
    await w.end(len(orders), sequence, trading=1)
    before = len(w.whole)
    await w.until(lambda: w.state is LoadState.IDLE)
    await w.tick()
    assert w.whole[before:] in ([], [slot])
    return len(w.whole) > before


@pytest.mark.parametrize("seed", range(6))
def test_a_book_is_true_from_the_moment_it_is_whole(seed):
    async def story(w):
        for _ in range(100):
            await w.tick()
        assert w.shown[0].orders
        loads = 0
        while loads < 4:
            slot = w.rng.randrange(2)
            w.pace = w.rng.choice([0.0, 0.05, 0.1, 0.1])
            if await load(w, slot):
                loads += 1
                at = w.shown[slot].at
                # Since the snapshot nothing has changed the book, or the last message on it is the one it has come to.
                assert w.shown[slot].orders == w.truth(slot, at or None)
                w.pace = 0.4
                for _ in range(60):
                    await w.tick()
                    if w.shown[slot].at != at:
                        at = w.shown[slot].at
                        assert w.shown[slot].orders == w.truth(slot, at)
            else:
                assert LoadFailure(w.ctx.get(w.loader.failure)) is LoadFailure.RING_FULL
        await w.quiet()
        assert w.shown[slot].orders == w.truth(slot)
        assert w.counts["loaded"] == len(w.whole) == 4
        assert w.counts["kept"] >= w.counts["dropped"] + w.counts["applied"]
        assert w.counts["refused"] == 0

    play(story, seed)


def test_kept_events_are_dropped_up_to_the_snapshot_and_applied_from_it_on():
    async def story(w):
        w.pace = 0
        await w.begin(0)
        await w.until(lambda: w.state is LoadState.LOADING)

        async def messages(number):
            w.pace, target = 1, w.feed.next + number
            await w.until(lambda: w.feed.next >= target)
            w.pace = 0
            await w.tick()
            await w.tick()

        await messages(5)
        first = sum(w.truth(0, n) != w.truth(0, n - 1) for n in range(1, 6))
        sequence, orders = w.feed.next, dict(w.truth(0))
        for reference, order in orders.items():
            await w.order(reference, *order)
        await messages(4)
        after = sum(w.truth(0, n) != w.truth(0, n - 1) for n in range(6, 10))
        assert min(first, after) > 0
        await w.end(len(orders), sequence, trading=1)
        await w.until(lambda: w.whole == [0])
        assert w.shown[0].orders == w.truth(0)
        assert (w.counts["dropped"], w.counts["applied"]) == (first, after)
        assert w.counts["kept"] == first + after == w.ctx.get(w.loader.ring_max)

    play(story, 3, pace=0)


def test_a_snapshot_ahead_of_the_feed_waits_for_it():
    async def story(w):
        w.pace = 0
        for _ in range(3):
            w.feed.message()
        await w.begin(1)
        await w.until(lambda: w.state is LoadState.LOADING)
        await w.end(0, w.feed.next + 40)
        for _ in range(200):
            await w.tick()
        assert w.state is LoadState.DRAINING
        assert not w.ctx.get(w.loader.busy), "waiting for the feed is not moving"
        w.pace = 0.3
        await w.until(lambda: w.whole == [1])
        assert w.feed.next >= 44
        assert w.counts["dropped"] > 0

    play(story, 5)


def test_a_gap_that_is_open_holds_the_end_back_and_a_lost_one_ends_the_load():
    async def story(w):
        await w.begin(0)
        await w.until(lambda: w.state is LoadState.LOADING)
        w.ctx.set(w.loader.recovering, 1)
        await w.end(0, w.feed.next)
        w.pace = 0
        for _ in range(100):
            await w.tick()
        assert w.state is LoadState.DRAINING
        w.ctx.set(w.loader.recovering, 0)
        await w.until(lambda: w.whole == [0])
        await w.begin(0)
        await w.until(lambda: w.state is LoadState.LOADING)
        w.ctx.set(w.loader.upset, StaleCause.GAP)
        await w.tick(upset_valid=1)
        assert w.state is LoadState.IDLE
        assert LoadFailure(w.ctx.get(w.loader.failure)) is LoadFailure.GAP
        assert w.ctx.get(w.loader.word.failed)
        assert w.whole == [0]

    play(story, 6, pace=0.05)


def test_the_last_event_of_a_load_that_failed_does_not_end_the_next_one():
    async def story(w):
        await w.begin(0)
        await w.until(lambda: w.state is LoadState.LOADING)
        for _ in range(60):
            await w.tick()
        await w.end(0, w.feed.next)
        w.stalls = 1  # the book takes nothing: REFRESH waits in the queue
        await w.until(lambda: w.state is LoadState.FINISHING)
        for _ in range(5):
            await w.tick()
        await w.abort()
        await w.begin(0)
        await w.until(lambda: w.state is LoadState.LOADING)
        for reference in (4, 8, 12):
            await w.order(reference, 1, 5, 100)
        await w.end(3, w.feed.next)
        await w.until(lambda: w.state is LoadState.FINISHING)
        for _ in range(5):
            await w.tick()
        w.stalls = 0
        await w.until(lambda: w.whole == [0])
        assert w.shown[0].orders == dict.fromkeys((4, 8, 12), (1, 5, 100))

    play(story, 4, pace=0)


def test_no_number_of_loads_makes_the_book_wait():
    async def story(w):
        w.stalls = 1
        for _ in range(20):
            await w.begin(0)
            for _ in range(15):
                await w.tick()
            await w.abort()
        assert w.ctx.get(w.dut.queue.level) == 1, "one slot is emptied once, however often a load begins"
        w.stalls = 0
        assert await load(w, 0)

    play(story, 4, pace=0)


async def _too_many_events(w):
    w.pace = 0.5
    await w.until(lambda: w.state is LoadState.IDLE)
    assert w.ctx.get(w.loader.ring_max) == RING


async def _orders_too_fast(w):
    w.stalls = 1
    w.pace = 0
    for reference in range(1, 40):
        await w.order(reference, 0, 1, 1, rest=0)
        if w.state is LoadState.IDLE:
            return


async def _too_old(w):
    await w.end(0, w.ctx.get(w.loader.first_sequence) - 1)


async def _wrong_count(w):
    await w.order(8, 1, 5, 5)
    await w.end(2, w.feed.next)


async def _aborted(w):
    await w.abort()


async def _killed(w):
    await w.tick(killed=1)


async def _session(w):
    w.ctx.set(w.loader.upset, StaleCause.SESSION)
    await w.tick(upset_valid=1)


async def _while_it_passes_the_book(w):
    w.pace = 0
    await w.end(0, w.feed.next)
    await w.until(lambda: w.state is LoadState.FINISHING)
    w.ctx.set(w.loader.upset, StaleCause.TABLE_FULL)
    await w.tick(upset_valid=1)


async def _order_after_the_end(w):
    w.pace = 0
    await w.end(0, w.feed.next + 1)
    await w.tick()
    await w.order(8, 1, 5, 5)


FAILURES = {
    _too_many_events: LoadFailure.RING_FULL,
    _orders_too_fast: LoadFailure.OUT_OF_TURN,
    _too_old: LoadFailure.TOO_OLD,
    _wrong_count: LoadFailure.WRONG_COUNT,
    _aborted: LoadFailure.ABORTED,
    _killed: LoadFailure.KILLED,
    _session: LoadFailure.SESSION,
    _while_it_passes_the_book: LoadFailure.TABLE_FULL,
    _order_after_the_end: LoadFailure.OUT_OF_TURN,
}


@pytest.mark.parametrize("trouble", FAILURES, ids=lambda f: f.__name__.strip("_"))
def test_what_ends_a_load(trouble):
    async def story(w):
        for _ in range(40):
            await w.tick()
        await w.begin(0)
        await w.until(lambda: w.state is LoadState.LOADING)
        await trouble(w)
        await w.until(lambda: w.state is LoadState.IDLE, 10)
        for _ in range(4):
            await w.tick()
        assert LoadFailure(w.ctx.get(w.loader.failure)) is FAILURES[trouble]
        assert w.counts["failed"] == 1
        w.stalls, w.pace = 0.1, 0.05
        # The host begins again, and no trace of the first attempt is left.
        assert await load(w, 0)
        assert w.whole == [0]
        assert w.counts["loaded"] == 1
        await w.quiet()
        assert w.shown[0].orders == w.truth(0)

    play(story, 9, pace=0.05)


def test_what_may_not_be_loaded_is_not():
    async def story(w):
        w.ctx.set(w.loader.flags[1].stale, 0)
        await w.begin(1)
        await w.tick()
        assert (w.state, LoadFailure(w.ctx.get(w.loader.failure))) == (LoadState.IDLE, LoadFailure.NOT_STALE)
        await w.begin(200)
        w.ctx.set(w.loader.flags[0].bound, 0)
        await w.begin(0)
        assert w.counts["failed"] == 3
        w.ctx.set(w.loader.flags[0].bound, 1)
        await w.begin(0)
        await w.until(lambda: w.state is LoadState.LOADING)
        await w.begin(1)
        await w.begin(0)
        assert w.counts["refused"] == 2
        assert w.state is LoadState.LOADING
        assert w.ctx.get(w.loader.slot) == 0

    play(story, 2, pace=0)


def test_an_order_before_the_book_is_empty_ends_the_load():
    async def story(w):
        w.sweep_until = 10_000
        await w.begin(0)
        for _ in range(50):
            await w.tick()
        assert w.state is LoadState.CLEARING
        await w.order(4, 0, 1, 1)
        assert LoadFailure(w.ctx.get(w.loader.failure)) is LoadFailure.OUT_OF_TURN
        assert all(EventKind(event.kind) is not EventKind.LOAD for _, event in w.views)

    play(story, 2, pace=0)
