"""Turns what the parts of a run know into the plain data that its report is made from."""

import contextlib
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from controlplane.agent.run import DecisionRecord
from controlplane.card.event_table import RecordType
from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.report.run_data import (
    BookRow,
    CardRow,
    DecisionRow,
    DifferenceRow,
    FillRow,
    LedgerRow,
    MinuteRow,
    SentRow,
    ToolCall,
)
from controlplane.store.record import ROLES, STRATEGIES, flags_module, flags_role

if TYPE_CHECKING:
    from sim.exchange.log import LogEntry
    from sim.market_watch import MarketWatch

__all__ = [
    "COUNTERS",
    "bar_rows",
    "books_of",
    "card_rows",
    "decision_row",
    "difference_rows",
    "fill_rows",
    "ledger_rows",
    "sent_rows",
]

#: Counters of the card that a report shows.
COUNTERS = (
    "feed.frames",
    "feed.messages",
    "feed.tracked",
    "feed.gaps",
    "requests.requests_sent",
    "requests.recovered",
    "requests.gaps_filled",
    "requests.gaps_lost",
    "feed.unknown_types",
    "feed.wrong_sizes",
    "book.events",
    "book.refills",
    "book.queue_max",
    "book.queue_overflows",
    "book.table_overflows",
    "orders.entered",
    "orders.replaced",
    "orders.canceled",
    "orders.executions",
    "orders.rejects",
    "orders.impossible_answers",
    "orders.unknown_answers",
    "telemetry.dropped",
)
_KINDS = ("enter", "replace", "cancel")


def fill_rows(fills: "Iterable[LogEntry]") -> list[FillRow]:
    """Give the fills of the exchange's log that stand, in its order."""
    return [
        FillRow(
            time=entry.time_ns,
            symbol=entry.symbol,
            user_ref=entry.user_ref,
            buy=entry.side == "B",
            shares=entry.shares,
            price=entry.price,
            liquidity=entry.liquidity,
            match=entry.match,
            fee=entry.fee,
        )
        for entry in fills
    ]


def books_of(watch: "MarketWatch", symbols: Sequence[str]) -> dict[str, BookRow]:
    """Give the session's books at the end."""
    return {symbol: BookRow(watch.levels(symbol, True), watch.levels(symbol, False)) for symbol in symbols}


def card_rows(status: pb.GetStatusResponse, registers: Mapping[str, int]) -> dict[str, CardRow]:
    """Give what the card's registers say of each symbol; ``registers`` has ``slot[n].triggers``."""
    return {
        row.symbol: CardRow(
            position=row.position_shares,
            cash=row.cash_microdollars,
            bid=row.bid_price,
            ask=row.ask_price,
            triggers=registers[f"slot[{row.slot}].triggers"],
        )
        for row in status.symbols
    }


def ledger_rows(report: pb.GetReportResponse) -> dict[str, LedgerRow]:
    """Give what the control plane's ledger says of each symbol."""
    return {
        row.symbol: LedgerRow(
            position=row.position_shares,
            fills=row.fills,
            shares=row.shares,
            fees=row.fees_microdollars,
            pnl=row.pnl_microdollars,
            mid_times_two=row.mid_times_two,
        )
        for row in report.symbols
    }


def difference_rows(report: pb.GetReportResponse) -> list[DifferenceRow]:
    """Give where the control plane's ledger and the card differed at a mark."""
    return [
        DifferenceRow(
            time=row.exchange_time,
            symbol=row.symbol,
            card_position=row.card_position_shares,
            card_cash=row.card_cash_microdollars,
            ledger_position=row.ledger_position_shares,
            ledger_cash=row.ledger_cash_microdollars,
        )
        for row in report.differences
    ]


def sent_rows(event_log: Path, symbols: Sequence[str]) -> list[SentRow]:
    """Give every order that left the card, from the control plane's event log.

    Raises
    ------
    sqlite3.Error
        The file is no event log.
    ValueError
        It speaks of a slot that no symbol has, or of an order of no known kind or strategy.
    """
    rows = []
    # Immutable: the service has closed the file, and no journal is to appear beside it.
    address = f"{event_log.absolute().as_uri()}?mode=ro&immutable=1"
    with contextlib.closing(sqlite3.connect(address, uri=True)) as connection:
        found = connection.execute(
            "SELECT exchange_time, slot, order_number, chain, detail, side, word0, word1, word2, word4 FROM record "
            "WHERE type = ? ORDER BY rowid",
            (int(RecordType.ORDER_SENT),),
        )
        for time, slot, user_ref, chain, kind, side, price, shares, latency, flags in found:
            module = flags_module(flags)
            if slot >= len(symbols) or kind >= len(_KINDS) or module >= len(STRATEGIES):
                raise ValueError(
                    f"an ORDER_SENT record has slot {slot}, kind {kind} and module {module}: the log is not of this run"
                )
            strategy, role = STRATEGIES[module], ROLES[flags_role(flags)]
            row = SentRow(
                time, symbols[slot], user_ref, chain, _KINDS[kind], strategy, role, side == 0, price, shares, latency
            )
            rows.append(row)
    return rows


def bar_rows(report: pb.GetReportResponse) -> list[MinuteRow]:
    """Give the control plane's one-minute bars."""
    names = ("symbol", "start", "open", "high", "low", "close", "volume", "trades", "incomplete")
    return [MinuteRow(**{name: getattr(bar, name) for name in names}) for bar in report.bars]


def decision_row(time: int, record: DecisionRecord) -> DecisionRow:
    """Give a decision as the report shows it; ``time``: exchange time of the boundary it was asked for at."""
    said = f"{record.said} (broke off: {record.error})".strip() if record.error else record.said
    calls = tuple(ToolCall(call["tool"], call["args"], _brief(call["result"])) for call in record.calls)
    return DecisionRow(time, said, calls)


def _brief(result: Any) -> Any:
    """Leave out the bars of an answer: the report has better pictures of the prices."""
    return {k: v for k, v in result.items() if k != "recent_bars"} if isinstance(result, dict) else result
