"""What came of orders: how many entries were filled, how long positions were held, what each strategy made."""

import statistics
from collections.abc import Iterable
from typing import Any

from controlplane.report.results import Account, Mids, account_of
from controlplane.report.run_data import FillRow, RunData, SentRow

__all__ = ["hits_of", "holding_of", "strategies_of"]


def hits_of(data: RunData) -> list[dict[str, Any]]:
    """Give, for each strategy and role, the orders entered, those that filled at all and in full, and their share.

    Fills of an order that was moved by Replace count for the order that was entered.
    """
    chains = {row.user_ref: row.chain for row in data.sent}
    filled: dict[int, int] = {}
    for fill in data.fills:
        chain = chains.get(fill.user_ref, fill.user_ref)
        filled[chain] = filled.get(chain, 0) + fill.shares
    kinds: dict[tuple[str, str], list[SentRow]] = {}
    for row in data.sent:
        if row.kind == "enter":
            kinds.setdefault((row.strategy, row.role), []).append(row)
    return [
        {
            "strategy": strategy,
            "role": role,
            "entered": len(rows),
            "hit": (hit := sum(filled.get(row.user_ref, 0) > 0 for row in rows)),
            "filled_whole": sum(filled.get(row.user_ref, 0) >= row.shares for row in rows),
            "hit_rate": hit / len(rows),
        }
        for (strategy, role), rows in sorted(kinds.items())
    ]


def holding_of(accounts: Iterable[Account]) -> dict[str, Any]:
    """Give how long the round trips lasted, in ns of exchange time; ``None`` where there was none."""
    held = sorted(trip.closed - trip.opened for account in accounts for trip in account.trips)
    if not held:
        return {"round_trips": 0, "min": None, "median": None, "mean": None, "max": None}
    return {
        "round_trips": len(held),
        "min": held[0],
        "median": round(statistics.median(held)),
        "mean": round(statistics.fmean(held)),
        "max": held[-1],
    }


def strategies_of(data: RunData) -> dict[str, dict[str, dict[str, int]]]:
    """Give what each strategy's own fills came to, by symbol; a position of it is valued at the mid of the end."""
    names = {row.user_ref: row.strategy for row in data.sent}
    fills: dict[tuple[str, str], list[FillRow]] = {}
    for fill in data.fills:
        fills.setdefault((names.get(fill.user_ref, "unknown"), fill.symbol), []).append(fill)
    mids = {symbol: Mids(data.mids[symbol]).at(data.last_time) for symbol in data.symbols}
    table: dict[str, dict[str, dict[str, int]]] = {}
    for (strategy, symbol), own in sorted(fills.items()):
        account = account_of(own)
        table.setdefault(strategy, {})[symbol] = {
            "fills": account.fills,
            "shares": account.shares,
            "position": account.position,
            "fees": account.fees,
            "pnl": account.worth(mids[symbol]),
        }
    return table
