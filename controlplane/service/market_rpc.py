"""MarketService: depth as it comes, one-minute bars, the day so far, and what makes a symbol fit."""

# ruff: noqa: N802  (the methods are named by the proto)

import asyncio
import math
import random
import time
from collections.abc import AsyncIterator

import grpc

from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc
from controlplane.service.depth_samples import DepthSample, Ladder
from controlplane.service.market_view import MarketView
from controlplane.service.refusal import RefusedError
from controlplane.service.report_rpc import bar_message
from controlplane.service.state import ServiceState

__all__ = ["MOST_WATCHERS", "MarketRpc", "next_due"]

#: Streams at once, over all callers.
MOST_WATCHERS = 128
_FASTEST = 1000.0
_LADDERS = {
    Ladder.WHOLE: pb.LADDER_STATE_WHOLE,
    Ladder.UNTOLD: pb.LADDER_STATE_UNTOLD,
    Ladder.LOST: pb.LADDER_STATE_LOST,
}


def next_due(due: float, sent: float, interval: float) -> float:
    """Give when the next sample may go after one that was due and one that was sent, all in seconds.

    What was late by less than half an interval is made up for, so that the rate holds on a busy machine; a silence is
    not, and two samples are never nearer than half an interval.
    """
    return max(due, sent - interval / 2) + interval


def _message(symbol: str, sample: DepthSample, skipped: int) -> pb.Depth:
    """Give a sample as the stream has it."""
    return pb.Depth(
        symbol=symbol,
        exchange_time=sample.exchange_time,
        card_time=sample.card_time,
        bid_price=sample.bid_price,
        ask_price=sample.ask_price,
        bid_volume=sample.bid_volume,
        ask_volume=sample.ask_volume,
        skipped=skipped,
        ladder=_LADDERS[sample.ladder],
        bids=[pb.DepthLevel(price=price, shares=shares) for price, shares in sample.bids],
        asks=[pb.DepthLevel(price=price, shares=shares) for price, shares in sample.asks],
        bid_incomplete=sample.bid_incomplete,
        ask_incomplete=sample.ask_incomplete,
        locked=sample.locked,
        crossed=sample.crossed,
        stale=sample.stale,
    )


class MarketRpc(rpc.MarketServiceServicer):
    """The market of the symbols followed."""

    def __init__(self, state: ServiceState, market: MarketView) -> None:
        self._state = state
        self._market = market

    def _slots(self, symbols: list[str]) -> list[int]:
        names = [symbol.name for symbol in self._state.config.symbols]
        wrong = [("symbols", f"{name!r:.40} is not followed; {', '.join(names)} are") for name in symbols
                 if name not in names]  # fmt: skip
        if wrong:
            raise RefusedError(grpc.StatusCode.INVALID_ARGUMENT, "no such symbol", fields=wrong)
        return [slot for slot, name in enumerate(names) if not symbols or name in symbols]

    async def StreamDepth(
        self, request: pb.StreamDepthRequest, context: grpc.aio.ServicerContext
    ) -> AsyncIterator[pb.Depth]:
        """Send depth samples until the caller goes."""
        slots, rate = self._slots(list(request.symbols)), request.most_per_second
        if not (math.isfinite(rate) and 0 <= rate <= _FASTEST):
            words = f"must be 0 (all) to {_FASTEST:g}, not {rate}"
            raise RefusedError(grpc.StatusCode.INVALID_ARGUMENT, "no such rate", fields=[("most_per_second", words)])
        if self._market.watchers >= MOST_WATCHERS:
            words = f"{MOST_WATCHERS} watch already: close one, or read what they read"
            raise RefusedError(
                grpc.StatusCode.FAILED_PRECONDITION, "no more streams", preconditions=[("STREAMS", "depth", words)]
            )
        names = [symbol.name for symbol in self._state.config.symbols]
        with self._market.watch(frozenset(slots), newest_only=rate > 0) as watcher:
            # Streams opened together would all be due together, and whoever else asks then would wait for all of them.
            due = time.monotonic() + random.random() / rate if rate else 0.0
            async for sample in watcher:
                sent = time.monotonic()
                yield _message(names[sample.slot], sample, watcher.skipped)
                if rate:
                    due = next_due(due, sent, 1 / rate)
                    await asyncio.sleep(due - time.monotonic())

    async def GetBars(self, request: pb.GetBarsRequest, context: grpc.aio.ServicerContext) -> pb.GetBarsResponse:
        """Give the bars that overlap ``since`` to ``until``, and the minutes in which event records were lost."""
        slots, ledger = self._slots([request.symbol] if request.symbol else []), self._state.ledger
        with ledger.lock:
            until = request.until or ledger.clock
            found = ledger.bars.between(request.since, until)
            lost = ledger.bars.incomplete_between(request.since, until)
        bars = [bar_message(ledger.symbols[bar.slot], bar, bad) for bar, bad in found if bar.slot in slots]
        return pb.GetBarsResponse(bars=bars, incomplete_minutes=lost)

    async def GetDayStatistics(
        self, request: pb.GetDayStatisticsRequest, context: grpc.aio.ServicerContext
    ) -> pb.GetDayStatisticsResponse:
        """Give each symbol's day so far."""
        ledger = self._state.ledger
        with ledger.lock:
            clock, lost = ledger.clock, ledger.lost
        rows = [
            pb.DayStatistics(
                symbol=symbol.name,
                open=day.open,
                high=day.high,
                low=day.low,
                close=day.close,
                volume=day.volume,
                trades=day.trades,
                average_price=day.average_price,
                depth_samples=day.samples,
                samples_at_one_tick=day.at_one_tick,
            )
            for symbol, day in zip(self._state.config.symbols, self._market.day(), strict=True)
        ]
        return pb.GetDayStatisticsResponse(exchange_time=clock, symbols=rows, records_lost=lost)

    async def GetPrerequisites(
        self, request: pb.GetPrerequisitesRequest, context: grpc.aio.ServicerContext
    ) -> pb.GetPrerequisitesResponse:
        """Give what is known of each symbol's fitness, and what it fails."""
        rows = []
        for symbol in self._state.config.symbols:
            known = symbol.prerequisites
            row = pb.SymbolPrerequisites(symbol=symbol.name, known=known is not None, failures=symbol.failures())
            if known is not None:
                row.dated = known.dated.isoformat()
                row.average_daily_volume = known.average_daily_volume
                row.spread_at_one_tick = known.spread_at_one_tick
                row.per_share_commission = known.per_share_commission
                row.rebate = known.rebate
            rows.append(row)
        return pb.GetPrerequisitesResponse(symbols=rows)
