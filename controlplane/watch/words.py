"""The screen's words: numbers of the control API as a person reads them."""

import json
from pathlib import Path

from rich.text import Text

from controlplane.agent.prompts import clock
from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb

__all__ = [
    "COLUMNS",
    "KILLED_BY",
    "agent_line",
    "depth_cells",
    "imbalance",
    "plain",
    "result_lines",
    "state_line",
    "symbol_cells",
    "trouble",
]

#: Columns of the table of symbols: key and heading.
COLUMNS = (
    ("symbol", "symbol"),
    ("bid_volume", "bid vol"),
    ("bid", "bid"),
    ("ask", "ask"),
    ("ask_volume", "ask vol"),
    ("imbalance", "imbalance"),
    ("position", "position"),
    ("open", "open buy/sell"),
    ("made", "made $"),
    ("state", "state"),
)
#: Who killed it, by the card's number of the cause.
KILLED_BY = {1: "the host", 2: "its lease ran out", 3: "an impossible answer of the exchange"}
#: Width of half of an imbalance bar.
_HALF = 8
_MOST_WORDS = 400


def plain(text: str) -> str:
    """Give text on one line, without characters that do not print, cut to a length: it may be a model's."""
    return "".join(c for c in " ".join(text.split()) if c.isprintable())[:_MOST_WORDS]


def dollars(microdollars: int) -> str:
    """Give micro-dollars in dollars and cents."""
    return f"{microdollars / 1_000_000:,.2f}"


def _price(value: int) -> str:
    return f"{value / 10_000:.2f}" if value else "-"


def imbalance(bid_volume: int, ask_volume: int) -> Text:
    """Give the imbalance as a bar to the heavy side and the ratio of the volumes, heavy side above light one."""
    heavy, light = max(bid_volume, ask_volume), min(bid_volume, ask_volume)
    if not heavy:
        return Text("-")
    share = round(_HALF * (heavy - light) / (heavy + light))
    bar = "█" * share
    left, right = (bar, "") if bid_volume > ask_volume else ("", bar)
    ratio = f"{heavy / light:5.1f}" if light else "  inf"
    text = Text(left.rjust(_HALF), style="green")
    text.append("|", style="dim").append(right.ljust(_HALF), style="red").append(ratio, style="bold")
    return text


def state_line(status: pb.GetStatusResponse) -> Text:
    """Give the state of the card."""
    if status.killed:
        state = Text(f"KILLED by {KILLED_BY.get(status.kill_cause, f'cause {status.kill_cause}')}", style="bold red")
    else:
        state = Text("ARMED", style="bold green") if status.armed else Text("disarmed", style="bold")
    on = [m.strategy_name for m in status.modules if m.enabled]
    parts = (
        f"{'soft card' if status.soft else 'card'} {plain(status.config_name)}",
        f"heartbeat {'alive' if status.lease_alive else 'out'}",
        f"order session {'up' if status.session_up else 'down'}",
        f"market {'open' if status.market_open else 'closed'}",
        f"on: {', '.join(on) or 'nothing'}",
        f"lease: {plain(status.lease_holder) or 'free'}",
    )
    return state.append("  " + "  ".join(parts), style="none")


def trouble(row: pb.SymbolStatus) -> str:
    """Say why a symbol is not traded, and before it that nothing works what is held there; empty when all is well."""
    words = ["position UNMANAGED"] if row.unmanaged else []
    words += [word for word in ("stale", "halted", "short_restricted") if getattr(row, word)]
    words += [word for word, held in (("unbound", row.bound), ("not opened", row.opened)) if not held]
    words += [] if row.enabled else ["not enabled"]
    return ", ".join(words)


def symbol_cells(row: pb.SymbolStatus, made: int) -> dict[str, str | Text]:
    """Give the cells of a symbol that its status tells."""
    return {
        "symbol": plain(row.symbol),
        "position": f"{row.position_shares:+d}" if row.position_shares else "0",
        "open": f"{row.open_buy_shares}/{row.open_sell_shares}",
        "made": dollars(made),
        "state": trouble(row) or "trading",
    } | depth_cells(row.bid_price, row.ask_price, row.bid_volume, row.ask_volume)


def depth_cells(bid: int, ask: int, bid_volume: int, ask_volume: int) -> dict[str, str | Text]:
    """Give the cells of a symbol that its depth tells."""
    return {
        "bid_volume": f"{bid_volume:,}",
        "bid": _price(bid),
        "ask": _price(ask),
        "ask_volume": f"{ask_volume:,}",
        "imbalance": imbalance(bid_volume, ask_volume),
    }


def result_lines(report: pb.GetReportResponse, clock_period_ps: int) -> list[str]:
    """Give the day's results: money, orders, latency, refusals, losses."""
    latency = report.latency
    lines = [
        f"{clock(report.exchange_time)}  made {dollars(report.pnl_microdollars)} $ after "
        f"{dollars(report.fees_microdollars)} $ fees",
        f"triggers {report.triggers}  orders {report.orders}  fills {report.fills}  "
        f"round trips {report.round_trips}, {report.round_trips_won} won",
    ]
    if latency.orders:
        ns = f"{latency.median * clock_period_ps / 1000:.0f} ns at this card's clock"
        lines.append(f"trigger to order {latency.min}/{latency.median:g}/{latency.max} cycles, median {ns}")
    else:
        lines.append("trigger to order: no order yet")
    reasons = ", ".join(f"{name} {count}" for name, count in sorted(report.refusals_by_reason.items()))
    lines.append(f"refused by the gate: {reasons or 'nothing'}")
    if report.records_lost:
        lines.append(f"{report.records_lost} event records were lost: these numbers are not whole")
    return lines


def agent_line(directory: Path, rows: list[pb.AuditRow]) -> str:
    """Give the agent's last words: of its last decision where the folder has its records, else of its last write."""
    path = directory / "decisions.jsonl"
    if path.exists():
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 65536))
            lines = file.read().splitlines()
        for line in reversed(lines):
            try:
                record = json.loads(line)
                return f"{clock(record['exchange_time'])}  {plain(record['said'] or record['error'])}"
            except (ValueError, KeyError, TypeError, AttributeError):
                continue  # a line that is being written, the cut first one, or no record
    for row in reversed(rows):
        if row.role == pb.ROLE_AGENT:
            return f"{plain(row.reason)} ({plain(row.result)})"
    return "the agent has said nothing yet"
