"""PerformanceService and AuditService: what came of it all, and who did what."""

# ruff: noqa: N802  (the methods are named by the proto)

import asyncio

import grpc

from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc
from controlplane.service.refusal import RefusedError
from controlplane.service.state import ServiceState
from controlplane.store.bars import Bar
from controlplane.store.ledger import Fill, Ledger
from controlplane.store.report import HORIZONS, PerformanceReport, make_report, move_times_two

__all__ = ["AuditRpc", "PerformanceRpc", "bar_message", "report_message"]

#: Rows of one answer.
_MOST_ROWS = 1000


def bar_message(symbol: str, bar: Bar, incomplete: bool) -> pb.MinuteBar:
    """Give a bar as the control API carries it."""
    return pb.MinuteBar(
        symbol=symbol,
        start=bar.start,
        open=bar.open,
        high=bar.high,
        low=bar.low,
        close=bar.close,
        volume=bar.volume,
        trades=bar.trades,
        incomplete=incomplete,
    )


def report_message(report: PerformanceReport, lost: int) -> pb.GetReportResponse:
    """Give a report as the control API carries it; ``lost`` is the driver's count of lost records."""
    return pb.GetReportResponse(
        exchange_time=report.exchange_time,
        symbols=[
            pb.SymbolReport(
                symbol=row.symbol,
                triggers=row.triggers,
                orders=row.orders,
                fills=row.fills,
                shares=row.shares,
                position_shares=row.position,
                pnl_microdollars=row.pnl,
                fees_microdollars=row.fees,
                mid_times_two=row.mid_times_two,
            )
            for row in report.symbols
        ],
        triggers=report.triggers,
        orders=report.orders,
        fills=report.fills,
        refusals=report.refusals,
        pnl_microdollars=report.pnl,
        fees_microdollars=report.fees,
        round_trips=report.round_trips,
        round_trips_won=report.round_trips_won,
        markouts=[pb.Markout(seconds=m.seconds, average=m.average, fills=m.fills) for m in report.markouts],
        latency=pb.LatencyCycles(
            min=report.latency.min,
            median=report.latency.median,
            max=report.latency.max,
            orders=report.latency.orders,
            histogram=report.latency.histogram,
        ),
        bars=[bar_message(symbol, bar, lost_here) for symbol, bar, lost_here in report.bars],
        refusals_by_reason=report.refusals_by_reason,
        records_lost=max(report.records_lost, lost),
        differences=[
            pb.LedgerDifference(
                exchange_time=d.time,
                symbol=report.symbols[d.slot].symbol,
                card_position_shares=d.card_position,
                card_cash_microdollars=d.card_cash,
                ledger_position_shares=d.position,
                ledger_cash_microdollars=d.cash,
                after_loss=d.after_loss,
            )
            for d in report.disagreements
        ],
    )


def _fill_message(ledger: Ledger, fill: Fill) -> pb.Fill:
    moves = [(seconds, move_times_two(ledger, fill, seconds)) for seconds in HORIZONS] if fill.entry else []
    return pb.Fill(
        symbol=ledger.symbols[fill.slot],
        exchange_time=fill.time,
        sell=bool(fill.side),
        price=fill.price,
        shares=fill.shares,
        fee_microdollars=fill.fee,
        order=fill.order,
        entry=fill.entry,
        markouts=[pb.Markout(seconds=s, average=move / 2, fills=1) for s, move in moves if move is not None],
    )


class PerformanceRpc(rpc.PerformanceServiceServicer):
    """Reports of stretches of exchange time."""

    def __init__(self, state: ServiceState) -> None:
        self._state = state

    async def GetReport(self, request: pb.GetReportRequest, context: grpc.aio.ServicerContext) -> pb.GetReportResponse:
        """Report on ``since < exchange time <= until``."""
        if request.until and request.until < request.since:
            words = f"must be 0 or at least since ({request.since}), not {request.until}"
            raise RefusedError(grpc.StatusCode.INVALID_ARGUMENT, "no such stretch", fields=[("until", words)])
        return report_message(make_report(self._state.ledger, request.since, request.until), self._state.link.lost)

    async def GetFills(self, request: pb.GetFillsRequest, context: grpc.aio.ServicerContext) -> pb.GetFillsResponse:
        """Give the executions after the first ``after``."""
        ledger, most = self._state.ledger, min(request.limit or _MOST_ROWS, _MOST_ROWS)
        with ledger.lock:
            found = [_fill_message(ledger, fill) for fill in ledger.fills[request.after : request.after + most]]
            return pb.GetFillsResponse(fills=found, total=len(ledger.fills))


class AuditRpc(rpc.AuditServiceServicer):
    """The audit log, oldest first."""

    def __init__(self, state: ServiceState) -> None:
        self._state = state

    async def Query(self, request: pb.AuditQueryRequest, context: grpc.aio.ServicerContext) -> pb.AuditQueryResponse:
        """Give rows after a number; ``limit`` 0 asks for the most there may be."""
        most = min(request.limit or _MOST_ROWS, _MOST_ROWS)
        rows = await asyncio.to_thread(self._state.audit.query, request.after_id, most)
        return pb.AuditQueryResponse(
            rows=[
                pb.AuditRow(
                    id=number,
                    who=entry.who,
                    role=pb.Role.Name(entry.role),
                    method=entry.method,
                    card_time=entry.card_time,
                    before=entry.before,
                    after=entry.after,
                    reason=entry.reason,
                    result=entry.result,
                )
                for number, entry in rows
            ]
        )
