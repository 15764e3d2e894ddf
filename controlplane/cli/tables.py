"""Tables for the terminal. Imported by the commands that print one, when they do."""

from rich.console import Console
from rich.table import Table

from controlplane.agent.prompts import clock
from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.watch.words import KILLED_BY, trouble

__all__ = ["dollars", "print_report", "print_status"]


def dollars(microdollars: int) -> str:
    """Give micro-dollars as dollars and cents, rounded half away from zero."""
    cents = (abs(microdollars) + 5_000) // 10_000
    return f"{'-' if microdollars < 0 and cents else ''}{cents // 100:,}.{cents % 100:02d}"


def _price(value: int) -> str:
    return f"{value / 10_000:.4f}" if value else "-"


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column(columns[0])
    for column in columns[1:]:
        table.add_column(column, justify="right")
    return table


def print_report(report: pb.GetReportResponse) -> None:
    """Print a performance report."""
    console = Console()
    console.print(f"at {clock(report.exchange_time)} exchange time; one venue, money after fees")
    table = _table("symbol", "triggers", "orders", "fills", "shares", "position", "made", "fees")
    for row in report.symbols:
        numbers = (row.triggers, row.orders, row.fills, row.shares, row.position_shares)
        made, fees = dollars(row.pnl_microdollars), dollars(row.fees_microdollars)
        table.add_row(row.symbol, *(str(n) for n in numbers), made, fees)
    table.add_row(
        "all", str(report.triggers), str(report.orders), str(report.fills), "", "",
        dollars(report.pnl_microdollars), dollars(report.fees_microdollars),
    )  # fmt: skip
    console.print(table)
    console.print(f"round trips {report.round_trips}, of them {report.round_trips_won} won")
    for markout in report.markouts:
        console.print(f"mid {markout.seconds:g} s after {markout.fills} entries: {markout.average / 100:+.2f} cents")
    latency = report.latency
    if latency.orders:
        cycles = f"{latency.min} / {latency.median:g} / {latency.max}"
        console.print(f"trigger to order, {latency.orders} orders: {cycles} cycles (min, median, max)")
    for reason, count in sorted(report.refusals_by_reason.items()):
        console.print(f"refused by the gate, {reason}: {count}")
    if report.records_lost:
        console.print(f"[bold]{report.records_lost} event records were lost: these numbers are not whole[/bold]")


def print_status(status: pb.GetStatusResponse) -> None:
    """Print the state of the card."""
    console = Console()
    kind = "soft card" if status.soft else "card"
    console.print(f"{kind} {status.config_name}, ABI {status.abi_version}, card time {status.card_time} cycles")
    state = "ARMED" if status.armed else "disarmed"
    if status.killed:
        state = f"KILLED by {KILLED_BY.get(status.kill_cause, f'cause {status.kill_cause}')}"
    flags = (
        f"heartbeat {'alive' if status.lease_alive else 'out'}",
        f"order session {'up' if status.session_up else 'down'}",
        f"market {'open' if status.market_open else 'closed'}",
    )
    console.print(f"{state}; {', '.join(flags)}")
    modules = [f"{m.strategy_name} {'on' if m.enabled else 'off'}" for m in status.modules if m.available]
    console.print(f"modules: {', '.join(modules)}")
    if status.lease_holder:
        console.print(f"writer's lease {status.lease_epoch}: {status.lease_holder}")
    table = _table("symbol", "slot", "state", "position", "cash", "bid", "ask", "bid vol", "ask vol")
    for row in status.symbols:
        table.add_row(
            row.symbol, str(row.slot), trouble(row) or "trading", str(row.position_shares),
            dollars(row.cash_microdollars), _price(row.bid_price), _price(row.ask_price),
            str(row.bid_volume), str(row.ask_volume),
        )  # fmt: skip
    console.print(table)
    console.print(f"event records {status.records_received}, lost {status.records_lost}")
