"""What is kept of each day beside its records: bars, statistics, fills and markouts, as tables that anybody may query.

They follow from the records and are written with them, in the same database and transaction; a day that is over stays.
Prices in 1/10,000 dollar, money in micro-dollars, times in ns of exchange time since midnight.
"""

import sqlite3
from collections.abc import Sequence

from controlplane.store.day_statistics import DayStatistics
from controlplane.store.ledger import Fill, Ledger
from controlplane.store.report import HORIZONS, move_times_two

__all__ = ["DayTables"]

_CREATE = """
CREATE TABLE IF NOT EXISTS bar (
    day INTEGER, start INTEGER, symbol TEXT, open INTEGER, high INTEGER, low INTEGER, close INTEGER, volume INTEGER,
    trades INTEGER, incomplete INTEGER, PRIMARY KEY (day, start, symbol)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS lost_minute (day INTEGER, start INTEGER, PRIMARY KEY (day, start)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS day_statistics (
    day INTEGER, symbol TEXT, open INTEGER, high INTEGER, low INTEGER, close INTEGER, volume INTEGER, trades INTEGER,
    notional INTEGER, depth_samples INTEGER, samples_at_one_tick INTEGER, PRIMARY KEY (day, symbol)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS fill (
    day INTEGER, number INTEGER, exchange_time INTEGER, symbol TEXT, sell INTEGER, price INTEGER, shares INTEGER,
    fee INTEGER, order_number INTEGER, entry INTEGER, PRIMARY KEY (day, number)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS markout (
    day INTEGER, fill INTEGER, seconds INTEGER, move REAL, PRIMARY KEY (day, fill, seconds)) WITHOUT ROWID;
"""


class DayTables:
    """Writes the tables of the present day; used by the reader's thread alone.

    Parameters
    ----------
    connection : sqlite3.Connection
        The event log's database. It is committed by whoever writes the records.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        for statement in _CREATE.split(";"):
            connection.execute(statement)
        self.begin_day()

    def begin_day(self) -> None:
        """Begin with nothing written."""
        self._since = 0
        self._fills = 0
        #: Entries by number, whose horizons have not all passed.
        self._young: dict[int, tuple[Fill, set[int]]] = {}

    def write(self, day: int, ledger: Ledger, statistics: Sequence[DayStatistics]) -> None:
        """Bring the tables of a day up to where ledger and statistics are."""
        with ledger.lock:
            # Nothing of a minute that ended before the last writing can have changed: losses are marked from there on.
            bars = ledger.bars.between(self._since, ledger.clock)
            lost = ledger.bars.incomplete_between(self._since, ledger.clock)
            fills = list(enumerate(ledger.fills[self._fills :], self._fills))
            self._young |= {number: (fill, set(HORIZONS)) for number, fill in fills if fill.entry}
            markouts = self._grown(ledger)
            self._since, self._fills = ledger.clock, len(ledger.fills)
        symbols = ledger.symbols
        self._put("bar", [(day, bar.start, symbols[bar.slot], bar.open, bar.high, bar.low, bar.close, bar.volume,
                           bar.trades, incomplete) for bar, incomplete in bars])  # fmt: skip
        self._put("lost_minute", [(day, start) for start in lost])
        self._put("day_statistics", [(day, symbol, d.open, d.high, d.low, d.close, d.volume, d.trades, d.notional,
                                      d.samples, d.at_one_tick)
                                     for symbol, d in zip(symbols, statistics, strict=True)])  # fmt: skip
        self._put("fill", [(day, number, f.time, symbols[f.slot], f.side, f.price, f.shares, f.fee, f.order, f.entry)
                           for number, f in fills])  # fmt: skip
        self._put("markout", [(day, *row) for row in markouts])

    def _grown(self, ledger: Ledger) -> list[tuple[int, int, float]]:
        """Give the markouts whose time has come since: number of the fill, seconds, move of the mid."""
        found = []
        for number, (fill, horizons) in list(self._young.items()):
            for seconds in sorted(horizons):
                move = move_times_two(ledger, fill, seconds)
                if move is None:
                    break
                found.append((number, seconds, move / 2))
                horizons.remove(seconds)
            if not horizons:
                del self._young[number]
        return found

    def _put(self, table: str, rows: Sequence[tuple]) -> None:
        if rows:
            self._connection.executemany(
                f"INSERT OR REPLACE INTO {table} VALUES ({','.join('?' * len(rows[0]))})", rows
            )
