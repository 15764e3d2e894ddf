"""Questions to the tables of every day, without a service: the file is opened for reading only."""

import contextlib
import sqlite3
from pathlib import Path
from typing import Any

__all__ = ["QUESTIONS", "days", "history"]

#: What may be asked, and its columns; each is of one day, prices in 1/10,000 dollar, times in ns since midnight.
QUESTIONS: dict[str, str] = {
    "bars": "SELECT start, symbol, open, high, low, close, volume, trades, incomplete FROM bar "
    "WHERE day = :day AND (:symbol = '' OR symbol = :symbol) ORDER BY start, symbol",
    "lost": "SELECT start FROM lost_minute WHERE day = :day ORDER BY start",
    "statistics": "SELECT symbol, open, high, low, close, volume, trades, "
    "CASE WHEN volume THEN notional * 1.0 / volume END AS average_price, depth_samples, samples_at_one_tick "
    "FROM day_statistics WHERE day = :day AND (:symbol = '' OR symbol = :symbol) ORDER BY symbol",
    "fills": "SELECT number, exchange_time, symbol, sell, price, shares, fee, order_number, entry FROM fill "
    "WHERE day = :day AND (:symbol = '' OR symbol = :symbol) ORDER BY number",
    "markouts": "SELECT m.fill, f.exchange_time, f.symbol, m.seconds, m.move FROM markout m "
    "JOIN fill f ON f.day = m.day AND f.number = m.fill "
    "WHERE m.day = :day AND (:symbol = '' OR f.symbol = :symbol) ORDER BY m.fill, m.seconds",
}
_DAYS = (
    "SELECT day, began, (SELECT count(*) FROM fill WHERE fill.day = day.day) AS fills, "
    "(SELECT count(*) FROM bar WHERE bar.day = day.day) AS bars, "
    "(SELECT count(*) FROM lost_minute WHERE lost_minute.day = day.day) AS lost_minutes FROM day ORDER BY day"
)


def _ask(path: Path, query: str, **values: Any) -> list[dict[str, Any]]:
    with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(query, values)]


def days(path: Path) -> list[dict[str, Any]]:
    """Give the days of a service's ``events.sqlite``: number, when each began (UTC), and how much there is of it.

    Raises
    ------
    sqlite3.Error
        The file is missing or is none of a service's.
    """
    return _ask(path, _DAYS)


def history(path: Path, question: str, day: int, symbol: str = "") -> list[dict[str, Any]]:
    """Answer one of `QUESTIONS` about a day.

    Parameters
    ----------
    path : Path
        The service's ``events.sqlite``.
    question : str
        A key of `QUESTIONS`.
    day : int
        Number of the day; 0: the newest.
    symbol : str
        Only of this one; empty: of all.

    Raises
    ------
    sqlite3.Error
        The file is missing or is none of a service's.
    """
    number = day or max((row["day"] for row in days(path)), default=0)
    return _ask(path, QUESTIONS[question], day=number, symbol=symbol)
