"""The report in the terminal, as tables."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from controlplane.report.words import cents_a_share, clock, dollars, duration, horizon, price

__all__ = ["print_report"]


def print_report(report: Mapping[str, Any], console: Console | None = None) -> None:
    """Print a report, as :func:`controlplane.report.build.build_report` makes it."""
    out = console or Console()
    out.print(Panel("\n".join(report["what_it_is"]), title=report["title"], title_align="left", border_style="dim"))
    for part in (
        _messages(report),
        _books(report),
        _money(report),
        _hits(report),
        _latency(report),
        _markouts(report),
        _decisions(report),
        _check(report),
    ):
        out.print(part)


def _money_text(micro: int) -> Text:
    return Text(dollars(micro), style="green" if micro >= 0 else "red")


def _messages(report: Mapping[str, Any]) -> RenderableType:
    messages = report["messages"]
    table = Table(title=f"{messages['total']:,} messages", title_justify="left", box=None, pad_edge=False)
    table.add_column("type")
    table.add_column("name")
    table.add_column("count", justify="right")
    for kind, row in messages["by_type"].items():
        table.add_row(kind, row["name"], f"{row['count']:,}")
    return table


def _books(report: Mapping[str, Any]) -> RenderableType:
    table = Table(title="Books at the end", title_justify="left", box=None, pad_edge=False)
    for name in ("symbol", "bid shares", "bid", "ask", "ask shares", "card's best"):
        table.add_column(name, justify="left" if name == "symbol" else "right")
    for symbol, book in report["books"].items():
        for n in range(max(len(book["bids"]), len(book["asks"]))):
            bid = book["bids"][n] if n < len(book["bids"]) else None
            ask = book["asks"][n] if n < len(book["asks"]) else None
            table.add_row(
                symbol if n == 0 else "",
                f"{bid[1]:,}" if bid else "",
                price(bid[0]) if bid else "",
                price(ask[0]) if ask else "",
                f"{ask[1]:,}" if ask else "",
                (Text("equal", "green") if book["equal"] else Text("differs", "red")) if n == 0 else "",
            )
    return table


def _money(report: Mapping[str, Any]) -> RenderableType:
    table = Table(title="Triggers, orders, fills, money", title_justify="left", box=None, pad_edge=False)
    for name in ("symbol", "triggers", "orders", "fills", "shares", "trips", "won", "position", "fees", "P&L"):
        table.add_column(name, justify="left" if name == "symbol" else "right")
    rows, total = report["result"]["symbols"], report["result"]["total"]
    for symbol, row in rows.items():
        table.add_row(
            symbol, str(report["triggers"][symbol]), str(report["orders"]["by_symbol"][symbol]), str(row["fills"]),
            f"{row['shares']:,}", str(row["round_trips"]), str(row["round_trips_won"]), str(row["position"]),
            dollars(row["fees"]), _money_text(row["pnl"]),
        )  # fmt: skip
    table.add_section()
    table.add_row(
        "all", str(sum(report["triggers"].values())), str(report["orders"]["total"]), str(total["fills"]),
        f"{total['shares']:,}", str(total["round_trips"]), str(total["round_trips_won"]), "",
        dollars(total["fees"]), _money_text(total["pnl"]),
    )  # fmt: skip
    return table


def _latency(report: Mapping[str, Any]) -> RenderableType:
    latency = report["latency_cycles"]
    words = "Trigger to order: no entry order left the card"
    if latency["orders"]:
        words = (
            f"Trigger to order, in cycles of the Verilator model: min {latency['min']}, median {latency['median']:g}, "
            f"max {latency['max']} ({latency['orders']} orders)"
        )
    refused = ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in report["refusals"].items())
    return Group(Text(words), Text(f"Refused by the gate: {refused or 'nothing'}"))


def _hits(report: Mapping[str, Any]) -> RenderableType:
    lines = [
        f"{row['strategy']} {row['role']}: {row['entered']} orders, {row['hit']} filled "
        f"({100 * row['hit_rate']:.1f} %), {row['filled_whole']} of them whole"
        for row in report["hits"]
    ]
    held = report["holding_ns"]
    times = [f"{name} {duration(held[name])}" for name in ("min", "median", "mean", "max")]
    return Text("\n".join([*lines, f"Held over {held['round_trips']} round trips: {', '.join(times)}"]))


def _markouts(report: Mapping[str, Any]) -> RenderableType:
    table = Table(title="Markouts in cents a share (fills)", title_justify="left", box=None, pad_edge=False)
    table.add_column("fills of")
    columns = [row["milliseconds"] for row in report["markouts"]]
    for milliseconds in columns:
        table.add_column(horizon(milliseconds), justify="right")
    kinds: dict[str, dict[int, str]] = {"all entries": {}}
    for row in report["markouts"]:
        kinds["all entries"][row["milliseconds"]] = f"{cents_a_share(row['average'])} ({row['fills']})"
    for row in report["markouts_by_kind"]:
        kind = kinds.setdefault(f"{row['strategy']} {row['role']}, {row['side']}", {})
        kind[row["milliseconds"]] = f"{cents_a_share(row['average'])} ({row['fills']})"
    for name, cells in kinds.items():
        table.add_row(name, *(cells.get(milliseconds, "-") for milliseconds in columns))
    return table


def _decisions(report: Mapping[str, Any]) -> RenderableType:
    table = Table(title="What the agent did, and why", title_justify="left", box=None, pad_edge=False)
    table.add_column("time")
    table.add_column("calls and words", overflow="fold")
    last, left_out = None, 0
    for decision in report["decisions"]:
        if decision["said"] == last:
            left_out += 1
            continue
        last = decision["said"]
        calls = [f"{c['tool']}({', '.join(f'{k}={v}' for k, v in c['args'].items())})" for c in decision["calls"]]
        table.add_row(clock(decision["time"], 0), Text("\n".join([*calls, decision["said"]])))
    if left_out:
        table.add_row("", f"and {left_out} times the same as the decision before")
    if not report["decisions"]:
        table.add_row("", "no decision was taken")
    return table


def _check(report: Mapping[str, Any]) -> RenderableType:
    rows = report["cross_check"]
    lines = [
        f"{row['symbol']} {row['what']}: exchange {row['exchange']}, card {row['card']}, control plane {row['ledger']}"
        for row in rows
        if not row["equal"]
    ]
    lines += [
        f"{row['symbol']} at {clock(row['time'])}: position {row['card_position']} on the card and "
        f"{row['ledger_position']} in the control plane's ledger, cash {row['card_cash']} and {row['ledger_cash']} "
        "micro-dollars"
        for row in report["differences"]
    ]
    if report["records_lost"]:
        lines.append(f"{report['records_lost']} event records were lost on the way to the control plane")
    if lines:
        return Text("The counts do not agree:\n" + "\n".join(lines), "bold red")
    return Text(f"Exchange's log, card and control plane agree in all {len(rows)} counts, to the cent.", "green")
