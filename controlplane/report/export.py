"""Fills, orders, markouts and bars of a run as Parquet and CSV, for one's own work.

Units are in the columns' names: ``_ns`` exchange time since midnight, ``_e4`` 1/10,000 dollar, ``_microdollars``
1/1,000,000 dollar. A markout that is not known has no row.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import polars as pl

from controlplane.report.markouts import fill_markouts
from controlplane.report.run_data import RunData

__all__ = ["export_run"]


def export_run(data: RunData, folder: Path) -> list[Path]:
    """Write ``fills``, ``orders``, ``markouts`` and ``bars``, each as ``.parquet`` and ``.csv``, and give the paths.

    Raises
    ------
    OSError
        The folder cannot be made or written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, frame in _frames(data).items():
        parquet, csv = folder / f"{name}.parquet", folder / f"{name}.csv"
        frame.write_parquet(parquet)
        frame.write_csv(csv)
        paths += [parquet, csv]
    return paths


#: A column: its type and its values.
_Column = tuple[type[pl.DataType], Iterable[Any]]


def _frames(data: RunData) -> dict[str, pl.DataFrame]:
    orders = {row.user_ref: row for row in data.sent}
    known = [orders.get(fill.user_ref) for fill in data.fills]
    # Columns are named one by one, with their types: a run without a fill has the same columns as any other.
    fills: dict[str, _Column] = {
        "number": (pl.Int64, range(1, len(data.fills) + 1)),
        "time_ns": (pl.Int64, [f.time for f in data.fills]),
        "symbol": (pl.String, [f.symbol for f in data.fills]),
        "user_ref": (pl.Int64, [f.user_ref for f in data.fills]),
        "strategy": (pl.String, [row.strategy if row else None for row in known]),
        "role": (pl.String, [row.role if row else None for row in known]),
        "side": (pl.String, [_side(f.buy) for f in data.fills]),
        "shares": (pl.Int64, [f.shares for f in data.fills]),
        "price_e4": (pl.Int64, [f.price for f in data.fills]),
        "liquidity": (pl.String, [f.liquidity for f in data.fills]),
        "match": (pl.Int64, [f.match for f in data.fills]),
        "fee_microdollars": (pl.Int64, [f.fee for f in data.fills]),
    }
    sent: dict[str, _Column] = {
        "time_ns": (pl.Int64, [r.time for r in data.sent]),
        "symbol": (pl.String, [r.symbol for r in data.sent]),
        "user_ref": (pl.Int64, [r.user_ref for r in data.sent]),
        "chain": (pl.Int64, [r.chain for r in data.sent]),
        "kind": (pl.String, [r.kind for r in data.sent]),
        "strategy": (pl.String, [r.strategy for r in data.sent]),
        "role": (pl.String, [r.role for r in data.sent]),
        "side": (pl.String, [_side(r.buy) for r in data.sent]),
        "price_e4": (pl.Int64, [r.price for r in data.sent]),
        "shares": (pl.Int64, [r.shares for r in data.sent]),
        "latency_cycles": (pl.Int64, [r.latency for r in data.sent]),
    }
    rows = list(fill_markouts(data))
    markouts: dict[str, _Column] = {
        "fill": (pl.Int64, [m.number for m in rows]),
        "milliseconds": (pl.Int64, [m.milliseconds for m in rows]),
        "mid_e4": (pl.Float64, [m.mid_times_two / 2 for m in rows]),
        "markout_e4": (pl.Float64, [m.doubled / 2 for m in rows]),
    }
    bars: dict[str, _Column] = {
        "symbol": (pl.String, [b.symbol for b in data.bars]),
        "start_ns": (pl.Int64, [b.start for b in data.bars]),
        "open_e4": (pl.Int64, [b.open for b in data.bars]),
        "high_e4": (pl.Int64, [b.high for b in data.bars]),
        "low_e4": (pl.Int64, [b.low for b in data.bars]),
        "close_e4": (pl.Int64, [b.close for b in data.bars]),
        "volume": (pl.Int64, [b.volume for b in data.bars]),
        "trades": (pl.Int64, [b.trades for b in data.bars]),
        "incomplete": (pl.Boolean, [b.incomplete for b in data.bars]),
    }
    return {
        name: pl.DataFrame({column: pl.Series(list(values), dtype=dtype) for column, (dtype, values) in table.items()})
        for name, table in (("fills", fills), ("orders", sent), ("markouts", markouts), ("bars", bars))
    }


def _side(buy: bool) -> str:
    return "buy" if buy else "sell"
