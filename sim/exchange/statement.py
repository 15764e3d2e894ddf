"""What an exchange says of the account: positions, open orders and the next order number, from its log alone."""

from collections.abc import Iterable
from typing import Any

from sim.exchange.ledger import accounts_of
from sim.exchange.log import LogEntry

__all__ = ["statement_of"]


def statement_of(entries: Iterable[LogEntry]) -> dict[str, Any]:
    """Give the statement that arming is reconciled with, as the control API's ``ExchangeStatement`` in JSON.

    Parameters
    ----------
    entries : iterable of LogEntry
        The exchange's log, in order.

    Returns
    -------
    dict
        ``symbols`` with a position or open shares, ``open_orders``, and ``next_order_number``: one above the highest
        number that the exchange took or ignored.

    Raises
    ------
    ValueError
        The log counts a fill twice.
    """
    log = list(entries)
    #: By chain: symbol, whether it buys, shares open.
    live: dict[int, tuple[str, bool, int]] = {}
    highest = 0
    for entry in log:
        highest = max(highest, entry.user_ref)
        if entry.kind in ("accepted", "replaced", "modified"):
            live[entry.chain] = (entry.symbol, entry.side == "B", entry.shares)
        elif entry.kind in ("executed", "canceled") and entry.chain in live:
            symbol, buys, shares = live[entry.chain]
            live[entry.chain] = (symbol, buys, shares - entry.shares)
    rows: dict[str, dict[str, Any]] = {
        symbol: {"symbol": symbol, "position_shares": account.position}
        for symbol, account in accounts_of(log).items()
        if account.position
    }
    resting = [order for order in live.values() if order[2]]
    for symbol, buys, shares in resting:
        row = rows.setdefault(symbol, {"symbol": symbol})
        side = "open_buy_shares" if buys else "open_sell_shares"
        row[side] = row.get(side, 0) + shares
    return {"symbols": list(rows.values()), "open_orders": len(resting), "next_order_number": highest + 1}
