"""Screened days, kept in one SQLite file, so that volumes can be averaged over several."""

import datetime
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from sim.screen.day import SymbolDay

__all__ = ["LEAST_DAYS", "MOST_DAYS", "ScreenStore"]

#: An average daily volume is of at least so many stored days, and of at most so many, the latest.
LEAST_DAYS, MOST_DAYS = 5, 20

_CREATE = """CREATE TABLE IF NOT EXISTS symbol_day (
    date TEXT NOT NULL, symbol TEXT NOT NULL, volume INTEGER NOT NULL,
    continuous_ns INTEGER NOT NULL, one_tick_ns INTEGER NOT NULL, PRIMARY KEY (date, symbol))"""


class ScreenStore:
    """Days by date and symbol. A day that is stored again replaces what was there.

    Parameters
    ----------
    path : Path
        The file; made with its folder where missing.

    Raises
    ------
    sqlite3.Error
        The file is no database.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path)
        self._connection.execute(_CREATE)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def keep(self, date: datetime.date, days: Iterable[SymbolDay]) -> None:
        """Store a whole day; what was stored of that date before goes."""
        with self._connection:
            self._connection.execute("DELETE FROM symbol_day WHERE date = ?", (date.isoformat(),))
            self._connection.executemany(
                "INSERT INTO symbol_day VALUES (?, ?, ?, ?, ?)",
                [(date.isoformat(), d.symbol, d.volume, d.continuous_ns, d.one_tick_ns) for d in days],
            )

    def average_volumes(self, until: datetime.date) -> dict[str, tuple[int, int]]:
        """Give, by symbol, mean volume and days, over the latest :data:`MOST_DAYS` stored days up to a date.

        A symbol that is not in one of those days did not trade on it: that day counts as none of its days.
        """
        rows = self._connection.execute(
            "SELECT symbol, SUM(volume), COUNT(*) FROM symbol_day WHERE date IN "
            "(SELECT DISTINCT date FROM symbol_day WHERE date <= ? ORDER BY date DESC LIMIT ?) GROUP BY symbol",
            (until.isoformat(), MOST_DAYS),
        )
        return {symbol: (volume // days, days) for symbol, volume, days in rows}
