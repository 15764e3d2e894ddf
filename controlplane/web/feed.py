"""What the page shows, kept current by asking the service, and told to each browser as far as that one lags behind.

The feed is a client of the control API like any other, by the viewer's socket, in a process of its own: a browser
costs the service nothing, however many there are and however slow. Series (depth, fills, profit) are kept in rings
of fixed length; a browser is a cursor into them, so it waits in no queue, gets what it missed while the ring
still has it, and is told how many updates were passed over.
"""

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc

from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc
from controlplane.service.refusal import words_of
from controlplane.watch.words import agent_line, plain
from controlplane.web import words

__all__ = ["RATE", "Cursor", "PageFeed", "Ring"]

#: Updates of a browser, and depth samples of a symbol, a second.
RATE = 20.0
_DEADLINE = 5.0
_FASTEST_STREAM = 1000.0
#: Audit rows on the page; older ones are asked for.
_AUDIT_ROWS = 50


class Ring:
    """The newest entries of a series, numbered from its beginning.

    Parameters
    ----------
    length : int
        How many are kept.
    """

    def __init__(self, length: int) -> None:
        self._kept: deque[Any] = deque(maxlen=length)
        #: Number of the next entry.
        self.next = 0

    def add(self, entry: Any) -> None:
        """Add an entry; the oldest goes when there are too many."""
        self._kept.append(entry)
        self.next += 1

    def since(self, number: int) -> list[Any]:
        """Give the entries from a number on that are still kept."""
        missing = min(self.next - number, len(self._kept))
        return [self._kept[index] for index in range(len(self._kept) - missing, len(self._kept))]


@dataclass(slots=True)
class Cursor:
    """How far one browser has been told."""

    version: int = -1
    day: int = -1
    series: dict[str, int] = field(default_factory=dict)
    #: Clock ticks at which the browser was still busy with an earlier update.
    skipped: int = 0


class PageFeed:
    """Asks the service, and makes each browser's next update.

    Parameters
    ----------
    channel : grpc.aio.Channel
        To the service, as a viewer.
    directory : Path
        The service's folder, where the agent's decision records are.
    """

    def __init__(self, channel: grpc.aio.Channel, directory: Path) -> None:
        self._channel = channel
        self._directory = directory
        self._version = 0
        #: Named parts of the page, each with the version it last changed at.
        self._parts: dict[str, tuple[int, Any]] = {}
        self._rows: dict[str, tuple[int, dict[str, Any]]] = {}
        self._day = 0
        self._series = {"depth": Ring(6000), "fills": Ring(2000), "profit": Ring(4000)}
        self._fills = 0
        self._audit: list[pb.AuditRow] = []
        self._heard = 0

    def _put(self, name: str, value: Any) -> None:
        """Keep a part, and note when it changed."""
        if name not in self._parts or self._parts[name][1] != value:
            self._version += 1
            self._parts[name] = self._version, value

    def _put_row(self, symbol: str, **values: Any) -> None:
        _version, row = self._rows.get(symbol, (0, {"symbol": symbol}))
        if any(row.get(name) != value for name, value in values.items()):
            self._version += 1
            self._rows[symbol] = self._version, row | values

    async def run(self) -> None:
        """Ask until cancelled. A service that is away is said on the page and asked again."""
        async with asyncio.TaskGroup() as tasks:
            for ask, seconds in ((self._ask_card, 0.25), (self._ask_results, 0.5), (self._ask_record, 1.0)):
                tasks.create_task(self._again(ask, seconds))
            tasks.create_task(self._again(self._follow_depth, 0.5))

    async def _again(self, ask: Callable[[], Awaitable[None]], seconds: float) -> None:
        while True:
            try:
                await ask()
            except grpc.aio.AioRpcError as error:
                self._put("service", f"no answer from the service: {plain(words_of(error))}")
            await asyncio.sleep(seconds)

    async def _ask_card(self) -> None:
        status = await rpc.CardServiceStub(self._channel).GetStatus(pb.GetStatusRequest(), timeout=_DEADLINE)
        self._put("service", "")
        self._put("card", words.card(status))
        for row in status.symbols:
            self._put_row(row.symbol, **words.holding(row))
        flatten = await rpc.CardServiceStub(self._channel).GetFlatten(pb.GetFlattenRequest(), timeout=_DEADLINE)
        self._put("flatten", words.flatten(flatten))
        limits = await rpc.RiskServiceStub(self._channel).GetLimits(pb.GetLimitsRequest(), timeout=_DEADLINE)
        request = pb.GetThresholdsRequest(strategy_name="imbalance")
        held = await rpc.StrategyServiceStub(self._channel).GetThresholds(request, timeout=_DEADLINE)
        request = pb.ReadRegistersRequest(names=["orders.open_orders"])
        read = await rpc.CardServiceStub(self._channel).ReadRegisters(request, timeout=_DEADLINE)
        settings = {"inventory": limits.max_inventory, "size": limits.order_size, "ratio": held.imbalance_ratio}
        self._put("settings", settings | {"open_orders": read.values["orders.open_orders"]})

    async def _ask_results(self) -> None:
        stub = rpc.PerformanceServiceStub(self._channel)
        report = await stub.GetReport(pb.GetReportRequest(), timeout=_DEADLINE)
        self._put("results", words.results(report))
        for row in report.symbols:
            self._put_row(row.symbol, pnl=row.pnl_microdollars)
        profit = [report.exchange_time, report.pnl_microdollars]
        if self._series["profit"].since(self._series["profit"].next - 1) != [profit]:
            self._series["profit"].add(profit)
        while True:
            found = await stub.GetFills(pb.GetFillsRequest(after=self._fills), timeout=_DEADLINE)
            if found.total < self._fills:
                self._begin_day()
                continue
            for fill in found.fills:
                self._series["fills"].add(words.fill(fill))
            self._fills += len(found.fills)
            if self._fills >= found.total:
                return

    def _begin_day(self) -> None:
        """Forget the series: the service has begun another day."""
        self._day += 1
        self._fills = 0
        self._series = {"depth": Ring(6000), "fills": Ring(2000), "profit": Ring(4000)}

    async def _ask_record(self) -> None:
        stub = rpc.AuditServiceStub(self._channel)
        while rows := (await stub.Query(pb.AuditQueryRequest(after_id=self._heard), timeout=_DEADLINE)).rows:
            self._heard = rows[-1].id
            self._audit = [*self._audit, *rows][-1000:]
        self._put("audit", [words.audit(row) for row in reversed(self._audit[-_AUDIT_ROWS:])])
        self._put("agent", agent_line(self._directory, self._audit))
        stub_asked = rpc.ConfirmationServiceStub(self._channel)
        asked = await stub_asked.List(pb.ListConfirmationsRequest(), timeout=_DEADLINE)
        waiting = [c for c in asked.confirmations if c.state == pb.CONFIRMATION_STATE_PENDING]
        self._put("asked", [words.asked(c) for c in waiting])

    async def _follow_depth(self) -> None:
        symbols = max(1, len(self._rows))
        request = pb.StreamDepthRequest(most_per_second=min(RATE * symbols, _FASTEST_STREAM))
        async for d in rpc.MarketServiceStub(self._channel).StreamDepth(request):
            self._put_row(d.symbol, **words.depth(d))
            self._series["depth"].add([d.symbol, d.exchange_time, d.bid_price, d.ask_price, d.bid_volume, d.ask_volume])
            if len(self._rows) > symbols:
                return  # the status came in meanwhile: begin anew at the rate of all symbols

    async def older_audit(self, before: int) -> list[dict[str, Any]]:
        """Give up to a page of audit rows with numbers below one, newest first."""
        after = max(0, before - 1 - _AUDIT_ROWS)
        request = pb.AuditQueryRequest(after_id=after, limit=max(0, min(before - 1 - after, _AUDIT_ROWS)))
        if not request.limit:
            return []
        found = await rpc.AuditServiceStub(self._channel).Query(request, timeout=_DEADLINE)
        return [words.audit(row) for row in reversed(found.rows)]

    def update(self, cursor: Cursor) -> str:
        """Give what a browser has not been told yet, as JSON, and move its cursor; empty when there is nothing."""
        told: dict[str, Any] = {}
        if cursor.day != self._day:
            cursor.day, cursor.series = self._day, {}
            told["day"] = self._day
        rows = [row for version, row in self._rows.values() if version > cursor.version]
        if rows:
            told["rows"] = rows
        told |= {name: value for name, (version, value) in self._parts.items() if version > cursor.version}
        for name, ring in self._series.items():
            entries = ring.since(cursor.series.get(name, 0))
            if entries:
                told[name] = entries
            cursor.series[name] = ring.next
        cursor.version = self._version
        return json.dumps(told | {"skipped": cursor.skipped}, separators=(",", ":")) if told else ""
