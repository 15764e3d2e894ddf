"""The reading tool: everything a decision needs, in one answer of plain numbers."""

from typing import Any

import grpc
from google.adk.tools.tool_context import ToolContext

from controlplane.agent.config import AgentSettings
from controlplane.agent.prompts import clock
from controlplane.agent.tools.link import answer, channel_of, directory_of
from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc

__all__ = ["get_performance_report"]

_SECOND = 1_000_000_000
#: Writes after which trading is judged anew.
_CHANGES = (
    "StrategyService.ToggleModule",
    "StrategyService.UpdateThresholds",
    "RiskService.UpdateRiskParameters",
    "ConfirmationService.Approve",
)


def _stretch(report: pb.GetReportResponse) -> dict[str, Any]:
    return {
        "pnl_microdollars": report.pnl_microdollars,
        "fees_microdollars": report.fees_microdollars,
        "triggers": report.triggers,
        "orders": report.orders,
        "fills": report.fills,
        "round_trips": report.round_trips,
        "round_trips_won": report.round_trips_won,
        "refusals": report.refusals,
        "refusals_by_reason": dict(sorted(report.refusals_by_reason.items())),
        "markouts": {f"{m.seconds:g}s": {"average": m.average, "fills": m.fills} for m in report.markouts},
    }


def _part(part: pb.EnvelopePart) -> dict[str, Any]:
    return {
        "max_inventory": part.max_inventory,
        "max_order_size": part.max_order_size,
        "min_imbalance_ratio": part.min_imbalance_ratio,
        "min_min_volume": part.min_min_volume,
        "min_half_spread": part.min_half_spread,
        "max_quote_ratio": part.max_quote_ratio,
        "strategies": list(part.strategies),
    }


def _bar(bar: pb.MinuteBar) -> dict[str, Any]:
    row: dict[str, Any] = {"symbol": bar.symbol, "start": clock(bar.start), "incomplete": bar.incomplete}
    return row | {name: getattr(bar, name) for name in ("open", "high", "low", "close", "volume", "trades")}


async def _last_change(channel: grpc.aio.Channel, wait: float) -> int | None:
    """Give the card time of the last committed change of settings; None when there was none."""
    audit, newest, after = rpc.AuditServiceStub(channel), None, 0
    while rows := (await audit.Query(pb.AuditQueryRequest(after_id=after), timeout=wait)).rows:
        after = rows[-1].id
        newest = next((r.card_time for r in reversed(rows) if r.method in _CHANGES and r.result == "committed"), newest)
    return newest


async def _gather(channel: grpc.aio.Channel) -> dict[str, Any]:
    settings = AgentSettings()
    wait = settings.call_seconds
    performance, risk = rpc.PerformanceServiceStub(channel), rpc.RiskServiceStub(channel)
    status = await rpc.CardServiceStub(channel).GetStatus(pb.GetStatusRequest(), timeout=wait)
    day = await performance.GetReport(pb.GetReportRequest(), timeout=wait)
    since = max(0, day.exchange_time - settings.window_seconds * _SECOND)
    changed = await _last_change(channel, wait)
    if changed is not None:
        # What was traded under other settings says nothing of these: the change's card time gives its exchange time.
        ago = (status.card_time - changed) * status.clock_period_ps // 1000
        since = min(max(since, day.exchange_time - ago), day.exchange_time)
    recent = await performance.GetReport(pb.GetReportRequest(since=since, until=day.exchange_time), timeout=wait)
    limits = await risk.GetLimits(pb.GetLimitsRequest(), timeout=wait)
    envelope = await risk.GetEnvelope(pb.GetEnvelopeRequest(), timeout=wait)
    thresholds = await rpc.StrategyServiceStub(channel).GetThresholds(
        pb.GetThresholdsRequest(strategy_name="imbalance"), timeout=wait
    )
    quotes = await rpc.StrategyServiceStub(channel).GetThresholds(
        pb.GetThresholdsRequest(strategy_name="market_making"), timeout=wait
    )
    made = {row.symbol: row.pnl_microdollars for row in day.symbols}
    return {
        "status": "done",
        "exchange_time": day.exchange_time,
        "exchange_clock": clock(day.exchange_time),
        "card": {"armed": status.armed, "killed": status.killed, "market_open": status.market_open},
        "modules": {m.strategy_name: m.enabled for m in status.modules},
        "limits": {"max_inventory": limits.max_inventory, "order_size": limits.order_size},
        "quotes": {"imbalance_ratio": quotes.imbalance_ratio, "half_spread": quotes.half_spread},
        "thresholds": {"imbalance_ratio": thresholds.imbalance_ratio, "min_volume": thresholds.min_volume},
        "unattended": _part(envelope.unattended),
        "envelope": _part(envelope.envelope),
        "symbols": [
            {
                "symbol": s.symbol,
                "enabled": s.enabled,
                "stale": s.stale,
                "halted": s.halted,
                "position_shares": s.position_shares,
                "bid_price": s.bid_price,
                "ask_price": s.ask_price,
                "pnl_microdollars": made.get(s.symbol, 0),
            }
            for s in status.symbols
        ],
        "day": _stretch(day),
        "recent_since": clock(since),
        "recent": _stretch(recent),
        "recent_bars": [_bar(bar) for bar in recent.bars],
        "records_lost": day.records_lost,
    }


async def get_performance_report(tool_context: ToolContext) -> dict:
    """Report what the card is set to and how its trading went, over the day and recently.

    Recently means the last minutes, or since the settings were last changed, where that is shorter.
    Money is in 1/1,000,000 dollar after fees, prices in 1/10,000 dollar. A markout is the average of the mid some
    seconds after an entry less the price paid, mirrored for sales: negative is adverse.

    Returns
    -------
    dict
        status "done" with card, modules, limits, thresholds (of imbalance) and quotes (of market_making), the part
        signed for unattended use, the envelope that a person may grant within, symbols, day, recent and recent_bars; or
        "failed" with the words why.
    """

    async def work() -> dict:
        async with channel_of(directory_of(tool_context)) as channel:
            return await _gather(channel)

    return await answer(work)
