"""Depth to whoever watches, bars and the minutes in which records were lost, the day so far, prerequisites."""

import asyncio
import time

import grpc
import pytest

from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc
from controlplane.service.depth_samples import DepthSample
from controlplane.service.market_rpc import MOST_WATCHERS, next_due
from controlplane.service.market_view import QUEUE, Watcher
from controlplane.service.refusal import words_of
from tests.controlplane.ladders import records_of, tell

VIEWER = pb.ROLE_VIEWER
MINUTE = 60_000_000_000
OPEN = 34_200_000_000_000


def depth(card, slot, bid, ask, time=OPEN):
    card.now += 1
    card.say("DEPTH", (bid, ask, 700, 300, 0), slot=slot, exchange_time=time)


@pytest.fixture
def market(serving, plain_card, demo_config):
    """Run a scenario that takes a stub and the service."""

    def run(scenario):
        async def whole():
            async with serving(plain_card, demo_config) as (service, channels):
                return await scenario(rpc.MarketServiceStub(channels[VIEWER]), service)

        return asyncio.run(whole())

    return run


def test_depth_comes_as_the_card_tells_it(market, plain_card, eventually):
    async def scenario(stub, service):
        both = stub.StreamDepth(pb.StreamDepthRequest())
        one = stub.StreamDepth(pb.StreamDepthRequest(symbols=["PWBB"]))
        await eventually(lambda: service.market.watchers == 2)
        for n in range(3):
            depth(plain_card, 0, 250_000 + n, 250_100 + n, OPEN + n)
            depth(plain_card, 1, 90_000 + n, 90_100 + n, OPEN + n)
        plain_card.say("DEPTH", (1, 2, 3, 4, 0), slot=9)  # a slot nobody follows
        found = [await both.read() for _ in range(6)]
        assert [(d.symbol, d.bid_price, d.ask_price) for d in found[:2]] == [
            ("PWAA", 250_000, 250_100),
            ("PWBB", 90_000, 90_100),
        ]
        assert [(d.exchange_time, d.bid_volume, d.ask_volume, d.skipped) for d in found[4:]] == [
            (OPEN + 2, 700, 300, 0)
        ] * 2
        assert [(await one.read()).bid_price for _ in range(3)] == [90_000, 90_001, 90_002]
        both.cancel()
        one.cancel()
        await eventually(lambda: service.market.watchers == 0)

    market(scenario)


def test_the_ladder_comes_with_its_sample(market, plain_card, eventually):
    bids = [(250_000 - 100 * n, 100 + n) for n in range(5)]
    asks = [(250_100, 700), (250_300, 0xFFFF_FFFF)]

    async def scenario(stub, service):
        stream = stub.StreamDepth(pb.StreamDepthRequest())
        await eventually(lambda: service.market.watchers == 1)
        tell(plain_card, 0, bids, asks, time=OPEN, cause=5, flags=0b0010)
        depth(plain_card, 0, 250_000, 250_100, OPEN + 1)
        whole, alone = await stream.read(), await stream.read()
        assert whole.ladder == pb.LADDER_STATE_WHOLE
        assert [(level.price, level.shares) for level in whole.bids] == bids
        assert [(level.price, level.shares) for level in whole.asks] == [*asks, (0, 0), (0, 0), (0, 0)]
        assert (whole.bid_price, whole.bid_volume, whole.exchange_time) == (250_000, 510, OPEN)
        assert (whole.bid_incomplete, whole.ask_incomplete, whole.locked, whole.crossed) == (False, True, False, False)
        assert (alone.ladder, len(alone.bids), len(alone.asks)) == (pb.LADDER_STATE_UNTOLD, 0, 0)
        # A record is lost between the levels: the sample is told, its levels are not.
        first, *levels = records_of(bids, asks)
        for kind, detail, words in (first, levels[0]):
            plain_card.say(kind, words, slot=0, detail=detail, exchange_time=OPEN + 2, cause=6)
        plain_card.say("DEPTH_LEVEL", levels[2][2], slot=0, detail=2, exchange_time=OPEN + 2, cause=6, skip=1)
        lost = await stream.read()
        assert (lost.exchange_time, lost.ladder, len(lost.bids)) == (OPEN + 2, pb.LADDER_STATE_LOST, 0)
        plain_card.say("SYMBOL_STATE", (7,), slot=0, detail=0b110011)
        stale = await stream.read()
        assert (stale.stale, stale.exchange_time) == (True, OPEN + 2)
        assert not any(sample.stale for sample in (whole, alone, lost))
        stream.cancel()

    plain_card.values["slot[0].state"] = 0b110001  # bound, opened, market open
    market(scenario)


def test_a_rate_gives_the_newest_and_counts_the_rest(market, plain_card, eventually):
    async def scenario(stub, service):
        stream = stub.StreamDepth(pb.StreamDepthRequest(most_per_second=5))
        await eventually(lambda: service.market.watchers == 1)
        depth(plain_card, 0, 1, 2)
        assert (await stream.read()).bid_price == 1
        for n in range(100):
            depth(plain_card, 0, 1000 + n, 2000 + n)
        await eventually(lambda: service.state.ledger.records == 101)
        # On a slow machine the hundred may take longer than the fifth of a second that one sample stands for.
        told = [await stream.read()]
        while told[-1].bid_price != 1099:
            told.append(await stream.read())
        assert sum(one.skipped for one in told) + len(told) == 100
        assert len(told) < 20
        stream.cancel()

    market(scenario)


def test_streams_that_open_together_are_not_due_together(market, plain_card, eventually, monkeypatch):
    # The share of a turn by which a stream's second sample is put off.
    monkeypatch.setattr("controlplane.service.market_rpc.random.random", lambda: 0.9)

    async def scenario(stub, service):
        stream = stub.StreamDepth(pb.StreamDepthRequest(most_per_second=4))
        await eventually(lambda: service.market.watchers == 1)
        depth(plain_card, 0, 1, 2)
        assert (await stream.read()).bid_price == 1
        first = time.monotonic()
        depth(plain_card, 0, 3, 4)
        assert (await stream.read()).bid_price == 3
        assert time.monotonic() - first > 1.7 / 4
        stream.cancel()

    market(scenario)


def test_a_slow_readers_queue_is_bounded():
    async def scenario():
        watcher = Watcher(frozenset({0}))
        samples = [DepthSample(n % 2, n, n, 1, 2, 3, 4) for n in range(4 * QUEUE)]
        for start in range(0, len(samples), 100):
            watcher.offer(samples[start : start + 100])
        reader = aiter(watcher)
        got = [(await anext(reader)).card_time for _ in range(QUEUE)]
        # Half of the samples are of the other slot; of its own the newest are kept, in order.
        assert got == list(range(2 * QUEUE, 4 * QUEUE, 2))
        assert watcher.skipped == QUEUE

    asyncio.run(scenario())


def test_who_wants_the_newest_hears_the_symbols_in_turn():
    async def scenario():
        watcher = Watcher(frozenset({0, 1, 2}), newest_only=True)
        reader, told = aiter(watcher), []
        for moment in range(9):
            # The card tells them in one order always, the last of them last.
            watcher.offer([DepthSample(slot, moment, 3 * moment + slot, 1, 2, 3, 4) for slot in (0, 1, 2, 3)])
            told.append(await anext(reader))
        assert [sample.slot for sample in told] == [0, 1, 2] * 3
        # Each is the newest of its slot: two of the first moment went unread when the second one came, and so on.
        assert [sample.exchange_time for sample in told] == list(range(9))
        assert watcher.skipped == 27 - 9 - 2

    asyncio.run(scenario())


def test_a_rate_holds_when_the_loop_is_late_and_nothing_comes_in_a_heap_after_a_silence():
    interval, late = 0.05, [0.0, 0.02, 0.012, 0.024, 0.0, 0.008]
    due, sent = 0.0, []
    for number in range(600):
        sent.append(due + late[number % len(late)])
        due = next_due(due, sent[-1], interval)
    assert sent[-1] == pytest.approx(599 * interval + 0.008)
    after_silence = next_due(due, due + 10.0, interval)
    assert after_silence == pytest.approx(due + 10.0 + interval / 2)
    assert next_due(after_silence, after_silence, interval) == pytest.approx(after_silence + interval)


def test_what_cannot_be_streamed_is_refused_in_words(market, eventually):
    async def scenario(stub, service):
        for request, word in (
            (pb.StreamDepthRequest(symbols=["NONE"]), "not followed"),
            (pb.StreamDepthRequest(most_per_second=-1), "most_per_second"),
            (pb.StreamDepthRequest(most_per_second=float("nan")), "most_per_second"),
        ):
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await stub.StreamDepth(request).read()
            assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
            assert word in words_of(caught.value)
        streams = [stub.StreamDepth(pb.StreamDepthRequest()) for _ in range(MOST_WATCHERS)]
        await eventually(lambda: service.market.watchers == MOST_WATCHERS)
        with pytest.raises(grpc.aio.AioRpcError, match="no more streams"):
            await stub.StreamDepth(pb.StreamDepthRequest()).read()
        for stream in streams:
            stream.cancel()

    market(scenario)


def test_bars_and_the_minutes_in_which_records_were_lost(market, plain_card, eventually):
    async def scenario(stub, service):
        def trade(slot, time, price, shares, **kw):
            plain_card.say("TRADE_PRINT", (price, shares), slot=slot, exchange_time=time, **kw)

        trade(0, OPEN, 250_000, 100)
        trade(0, OPEN + 1, 250_300, 50)
        trade(0, OPEN + 2, 249_900, 10)
        trade(1, OPEN + MINUTE, 90_000, 7)
        # Three records are lost between the second minute and the fourth.
        trade(0, OPEN + 3 * MINUTE, 251_000, 5, skip=3)
        await eventually(lambda: service.state.ledger.records == 5)
        every = await stub.GetBars(pb.GetBarsRequest())
        rows = [(b.symbol, (b.start - OPEN) // MINUTE, b.open, b.high, b.low, b.close, b.volume) for b in every.bars]
        assert rows == [
            ("PWAA", 0, 250_000, 250_300, 249_900, 249_900, 160),
            ("PWBB", 1, 90_000, 90_000, 90_000, 90_000, 7),
            ("PWAA", 3, 251_000, 251_000, 251_000, 251_000, 5),
        ]
        assert [b.incomplete for b in every.bars] == [False, True, True]
        assert [(start - OPEN) // MINUTE for start in every.incomplete_minutes] == [1, 2, 3]
        one = await stub.GetBars(pb.GetBarsRequest(symbol="PWAA", since=OPEN + 2 * MINUTE))
        assert [b.volume for b in one.bars] == [5]
        with pytest.raises(grpc.aio.AioRpcError, match="no such symbol"):
            await stub.GetBars(pb.GetBarsRequest(symbol="NONE"))

    market(scenario)


def test_the_day_so_far(market, plain_card, eventually):
    async def scenario(stub, service):
        for price, shares in ((250_000, 100), (250_200, 300), (249_900, 100)):
            plain_card.say("TRADE_PRINT", (price, shares), slot=0, exchange_time=OPEN)
        for ask in (250_100, 250_100, 250_100, 250_200):
            depth(plain_card, 0, 250_000, ask)
        depth(plain_card, 0, 0, 250_100)
        await eventually(lambda: service.state.ledger.records == 8)
        day = await stub.GetDayStatistics(pb.GetDayStatisticsRequest())
        first = day.symbols[0]
        assert (first.open, first.high, first.low, first.close) == (250_000, 250_200, 249_900, 249_900)
        assert (first.volume, first.trades, first.average_price) == (500, 3, 250_100.0)
        assert (first.depth_samples, first.samples_at_one_tick) == (4, 3)
        assert (day.symbols[1].trades, day.symbols[1].average_price) == (0, 0.0)

    market(scenario)


def test_prerequisites_are_told_with_their_day(market):
    async def scenario(stub, _service):
        rows = (await stub.GetPrerequisites(pb.GetPrerequisitesRequest())).symbols
        assert [(r.symbol, r.known, list(r.failures), r.dated) for r in rows] == [
            (name, True, [], "2026-01-30") for name in ("PWAA", "PWBB", "PWCC")
        ]
        assert (rows[0].average_daily_volume, rows[0].rebate) == (42_000_000, 2000)

    market(scenario)
