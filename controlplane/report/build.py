"""A run's report as one dictionary of plain values: the same run makes the same dictionary, but for ``wall_clock``."""

import dataclasses
import statistics
from collections import Counter
from typing import Any

from controlplane.report.activity import hits_of, holding_of, strategies_of
from controlplane.report.markouts import MarkoutRow, entry_markouts, markouts_by_kind
from controlplane.report.results import Account, Mids, account_of, inventory_path, money_series
from controlplane.report.run_data import RunData

__all__ = ["WHAT_IT_IS", "build_report"]

#: Said at the head of every report.
WHAT_IT_IS = (
    "One venue: the session's own book. There is no national best bid and offer.",
    "Fills are simulated: the exchange fills immediate-or-cancel orders against the session's displayed shares, and a "
    "resting order when trades or quotes of the session reach its price. The session does not react to our orders.",
    "Latency is counted in cycles on the Verilator model of the gateware. No board has measured anything.",
    "Fills, positions and money come from the exchange's own log; the card's registers and the control plane's ledger "
    "are compared with it below.",
)
_TYPES = {
    "S": "system event", "R": "stock directory", "H": "trading action", "Y": "Reg SHO restriction",
    "L": "market participant position", "V": "circuit breaker levels", "W": "circuit breaker status",
    "K": "IPO quoting period", "J": "auction collar", "h": "operational halt", "A": "add order",
    "F": "add order, attributed", "E": "order executed", "C": "order executed with price", "X": "order cancel",
    "D": "order delete", "U": "order replace", "P": "trade", "Q": "cross trade", "B": "broken trade",
    "I": "net order imbalance", "N": "retail price improvement", "O": "direct listing",
}  # fmt: skip


def build_report(data: RunData) -> dict[str, Any]:
    """Make the report of a run.

    Parameters
    ----------
    data : RunData
        What was gathered.

    Returns
    -------
    dict
        JSON-ready. Times are ns since midnight, prices 1/10,000 dollar, money micro-dollars.
    """
    accounts = {symbol: account_of(f for f in data.fills if f.symbol == symbol) for symbol in data.symbols}
    strangers = sorted({f.symbol for f in data.fills} - set(data.symbols))
    if strangers:
        raise ValueError(f"the exchange's log has fills of {', '.join(strangers)}, which the card does not follow")
    return {
        "title": data.title,
        "what_it_is": list(WHAT_IT_IS),
        "session": dict(data.session),
        "card": {
            "config_name": data.config_name,
            "clock_period_ps": data.clock_period_ps,
            "counters": dict(sorted(data.counters.items())),
        },
        "time": {"first": data.first_time, "last": data.last_time, "market_ended": data.market_ended},
        "messages": {
            "total": sum(data.messages.values()),
            "by_type": {
                kind: {"name": _TYPES.get(kind, "unknown"), "count": count}
                for kind, count in sorted(data.messages.items(), key=lambda item: (-item[1], item[0]))
            },
        },
        "play": dict(data.play),
        "books": {symbol: _book(data, symbol) for symbol in data.symbols},
        "triggers": {symbol: data.card[symbol].triggers for symbol in data.symbols},
        "orders": _orders(data),
        "refusals": dict(sorted(data.refusals.items())),
        "result": _result(data, accounts),
        "latency_cycles": _latency(data),
        "markouts": [_markout(row) for row in entry_markouts(data)],
        "markouts_by_kind": [
            {"strategy": row.strategy, "role": row.role, "side": row.side, **_markout(row)}
            for row in markouts_by_kind(data)
        ],
        "hits": hits_of(data),
        "holding_ns": holding_of(accounts.values()),
        "strategies": strategies_of(data),
        "inventory": {
            symbol: [list(point) for point in inventory_path(f for f in data.fills if f.symbol == symbol)]
            for symbol in data.symbols
        },
        "decisions": [
            {
                "time": decision.time,
                "said": decision.said,
                "calls": [{"tool": c.tool, "args": dict(c.args), "result": c.result} for c in decision.calls],
            }
            for decision in data.decisions
        ],
        "cross_check": _cross_check(data, accounts),
        "differences": [dataclasses.asdict(row) for row in data.differences],
        "records_lost": data.records_lost,
        "fills": [
            {
                "number": number,
                "time": fill.time,
                "symbol": fill.symbol,
                "user_ref": fill.user_ref,
                "side": "buy" if fill.buy else "sell",
                "shares": fill.shares,
                "price": fill.price,
                "liquidity": fill.liquidity,
                "match": fill.match,
                "fee": fill.fee,
            }
            for number, fill in enumerate(data.fills, start=1)
        ],
        "money_series": [list(point) for point in money_series(data)],
        "wall_clock": dict(data.wall_clock),
    }


def _markout(row: MarkoutRow) -> dict[str, Any]:
    return {"milliseconds": row.milliseconds, "average": row.average, "fills": row.fills, "shares": row.shares}


def _book(data: RunData, symbol: str) -> dict[str, Any]:
    book, card = data.books[symbol], data.card[symbol]
    best = (book.bids[0][0] if book.bids else 0, book.asks[0][0] if book.asks else 0)
    return {
        "bids": [list(level) for level in book.bids],
        "asks": [list(level) for level in book.asks],
        "card_bid": card.bid,
        "card_ask": card.ask,
        "equal": best == (card.bid, card.ask),
    }


def _orders(data: RunData) -> dict[str, Any]:
    kinds = Counter(row.kind for row in data.sent)
    return {
        "total": len(data.sent),
        "by_kind": {kind: kinds[kind] for kind in ("enter", "replace", "cancel")},
        "by_symbol": {symbol: sum(row.symbol == symbol for row in data.sent) for symbol in data.symbols},
    }


def _result(data: RunData, accounts: dict[str, Account]) -> dict[str, Any]:
    rows = {}
    for symbol, account in accounts.items():
        mid = Mids(data.mids[symbol]).at(data.last_time)
        rows[symbol] = {
            "fills": account.fills,
            "shares": account.shares,
            "position": account.position,
            "cash": account.cash,
            "fees": account.fees,
            "mid_times_two": mid,
            "pnl": account.worth(mid),
            "round_trips": len(account.trips),
            "round_trips_won": account.won,
        }
    summed = ("fills", "shares", "fees", "pnl", "round_trips", "round_trips_won")
    return {"symbols": rows, "total": {name: sum(row[name] for row in rows.values()) for name in summed}}


def _latency(data: RunData) -> dict[str, Any]:
    cycles = sorted(row.latency for row in data.sent if row.role == "entry" and row.kind == "enter")
    if not cycles:
        return {"orders": 0, "min": None, "median": None, "max": None, "histogram": {}}
    return {
        "orders": len(cycles),
        "min": cycles[0],
        "median": statistics.median(cycles),
        "max": cycles[-1],
        "histogram": {str(value): count for value, count in sorted(Counter(cycles).items())},
    }


def _cross_check(data: RunData, accounts: dict[str, Account]) -> list[dict[str, Any]]:
    """Compare what the exchange's log, the card's registers and the control plane's ledger say, each made apart."""
    rows: list[dict[str, Any]] = []

    def row(symbol: str, what: str, exchange: int, card: int | None, ledger: int | None) -> None:
        others = [value for value in (card, ledger) if value is not None]
        equal = all(value == exchange for value in others)
        rows.append(
            {"symbol": symbol, "what": what, "exchange": exchange, "card": card, "ledger": ledger, "equal": equal}
        )

    for symbol, account in accounts.items():
        card, ledger = data.card[symbol], data.ledger[symbol]
        row(symbol, "position", account.position, card.position, ledger.position)
        # The ledger tells its worth at its own last mid; without that mid it is cash again.
        cash = ledger.pnl - ledger.position * ledger.mid_times_two * 50
        row(symbol, "cash", account.cash, card.cash, cash)
        row(symbol, "fills", account.fills, None, ledger.fills)
        row(symbol, "shares", account.shares, None, ledger.shares)
        row(symbol, "fees", account.fees, None, ledger.fees)
    return rows
