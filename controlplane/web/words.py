"""The control API's messages as the page's JSON. Text stays text: the page shows it by ``textContent`` only."""

from typing import Any

from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.watch.flatten_words import flatten_line
from controlplane.watch.ladder import ladder_note
from controlplane.watch.words import KILLED_BY, plain, trouble

__all__ = ["asked", "audit", "card", "depth", "fill", "flatten", "holding", "results"]


def card(status: pb.GetStatusResponse) -> dict[str, Any]:
    """Give the state of the card."""
    return {
        "name": plain(status.config_name),
        "soft": status.soft,
        "armed": status.armed,
        "killed": KILLED_BY.get(status.kill_cause, f"cause {status.kill_cause}") if status.killed else "",
        "heartbeat": status.lease_alive,
        "session": status.session_up,
        "open": status.market_open,
        "period_ps": status.clock_period_ps,
        "modules": {m.strategy_name: m.enabled for m in status.modules if m.available},
        "lease": plain(status.lease_holder),
        "epoch": status.config_epoch,
        "lost": status.records_lost,
    }


def holding(row: pb.SymbolStatus) -> dict[str, Any]:
    """Give what the card says of a symbol, but for its depth, which comes by its stream."""
    return {
        "position": row.position_shares,
        "cash": row.cash_microdollars,
        "buy": row.open_buy_shares,
        "sell": row.open_sell_shares,
        "state": trouble(row) or "trading",
    }


def depth(sample: pb.Depth) -> dict[str, Any]:
    """Give a depth sample."""
    return {
        "bid": sample.bid_price,
        "ask": sample.ask_price,
        "bid_volume": sample.bid_volume,
        "ask_volume": sample.ask_volume,
        "levels": [[b.price, b.shares, a.price, a.shares] for b, a in zip(sample.bids, sample.asks, strict=True)],
        "note": ladder_note(sample),
        "stale": sample.stale,
    }


def fill(message: pb.Fill) -> list[Any]:
    """Give an execution, for the chart of the mid."""
    return [message.symbol, message.exchange_time, message.price, message.shares, message.sell, message.entry]


def flatten(status: pb.FlattenStatus) -> str:
    """Give where the last flatten stands; empty where none was asked for."""
    asked_for = status.step != pb.FLATTEN_STEP_IDLE or status.outcome != pb.FLATTEN_OUTCOME_UNSPECIFIED
    return f"flatten {plain(flatten_line(status))}" if asked_for else ""


def results(report: pb.GetReportResponse) -> dict[str, Any]:
    """Give the day's results."""
    return {
        "time": report.exchange_time,
        "pnl": report.pnl_microdollars,
        "fees": report.fees_microdollars,
        "triggers": report.triggers,
        "orders": report.orders,
        "fills": report.fills,
        "trips": report.round_trips,
        "won": report.round_trips_won,
        "refusals": dict(sorted(report.refusals_by_reason.items())),
        "markouts": [[m.seconds, m.average, m.fills] for m in report.markouts],
        "latency": [report.latency.min, report.latency.median, report.latency.max],
        "histogram": sorted([cycles, count] for cycles, count in report.latency.histogram.items()),
        "lost": report.records_lost,
    }


def audit(row: pb.AuditRow) -> dict[str, Any]:
    """Give a row of the audit log."""
    return {
        "id": row.id,
        "who": plain(row.who),
        "role": pb.Role.Name(row.role).removeprefix("ROLE_").lower(),
        "method": plain(row.method),
        "reason": plain(row.reason),
        "result": plain(row.result),
        "before": plain(row.before),
        "after": plain(row.after),
    }


def asked(confirmation: pb.Confirmation) -> dict[str, Any]:
    """Give what waits for a person."""
    return {
        "id": confirmation.id,
        "method": plain(confirmation.method),
        "asked_for": plain(confirmation.asked_for),
        "by": plain(confirmation.asked_by),
        "reason": plain(confirmation.reason),
        "beyond": [plain(words) for words in confirmation.beyond],
        "left": round(confirmation.seconds_left),
    }
