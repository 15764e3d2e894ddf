"""The event log: every record of the card in a SQLite table, for reports and for questions asked later.

One table ``record``, a column for each field of the record's header and its five words, in order of arrival.
SQLite's integers are signed: ``cause`` with bit 63 set (an order-session count) is stored as a negative number. The
log is written by the reader's thread alone; rows become durable at each mark and at least every :data:`BATCH` records.
Table ``day`` says with which record each day begins, so that a service that starts again reads back the last one.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from controlplane.card.device import EventRecord
from controlplane.store.record import Record, signed

__all__ = ["BATCH", "EventLog"]

#: Records written before a commit at the latest.
BATCH = 10_000

_CREATE = """CREATE TABLE IF NOT EXISTS record (
    type INTEGER, slot INTEGER, side INTEGER, detail INTEGER, sequence INTEGER, card_time INTEGER,
    exchange_time INTEGER, order_number INTEGER, chain INTEGER, cause INTEGER, epoch INTEGER,
    word0 INTEGER, word1 INTEGER, word2 INTEGER, word3 INTEGER, word4 INTEGER)"""
_CREATE_DAY = "CREATE TABLE IF NOT EXISTS day (day INTEGER PRIMARY KEY, first_record INTEGER, began TEXT)"
_WORD = (1 << 64) - 1


class EventLog:
    """Appends records to one SQLite file.

    Parameters
    ----------
    path : Path
        The file; made when missing.

    Raises
    ------
    sqlite3.Error
        The file cannot be opened or is no database.
    """

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level="DEFERRED")
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute(_CREATE)
        self._connection.execute(_CREATE_DAY)
        (number,) = self._connection.execute("SELECT max(day) FROM day").fetchone()
        #: Number of the present day, from 1.
        self.day: int = number or 0
        if not self.day:
            self.begin_day()
        self.commit()

    @property
    def connection(self) -> sqlite3.Connection:
        """The database; what else is kept of the day goes into it with the records, in one transaction."""
        return self._connection

    def begin_day(self) -> None:
        """Note that the next record is the first of another day. Of the first day of all those that are there are."""
        (last,) = self._connection.execute("SELECT max(rowid) FROM record").fetchone()
        first = (last or 0) + 1 if self.day else 1
        self.day += 1
        began = datetime.now(UTC).isoformat(timespec="seconds")
        self._connection.execute("INSERT INTO day VALUES (?,?,?)", (self.day, first, began))

    def read_back(self) -> Iterator[list[EventRecord]]:
        """Give the records of the present day, in batches, oldest first."""
        (first,) = self._connection.execute("SELECT first_record FROM day WHERE day = ?", (self.day,)).fetchone()
        rows = self._connection.execute("SELECT * FROM record WHERE rowid >= ? ORDER BY rowid", (first,))
        while batch := rows.fetchmany(BATCH):
            yield [
                EventRecord._make((*r[:5], r[5] & _WORD, r[6] & _WORD, *r[7:9], r[9] & _WORD, r[10], r[11:]))
                for r in batch
            ]

    def append(self, records: Sequence[Record]) -> None:
        """Add records, in their order."""
        self._connection.executemany(
            "INSERT INTO record VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
            [
                (
                    r.type,
                    r.slot,
                    r.side,
                    r.detail,
                    r.sequence,
                    signed(r.card_time, 64),
                    signed(r.exchange_time, 64),
                    r.order,
                    r.chain,
                    signed(r.cause, 64),
                    r.epoch,
                    *r.words,
                )
                for r in records
            ],
        )
        self._pending += len(records)
        if self._pending >= BATCH:
            self.commit()

    def commit(self) -> None:
        """Put what was added on the disk."""
        self._connection.commit()
        self._pending = 0

    def close(self) -> None:
        """Commit and close the file."""
        self._connection.commit()
        self._connection.close()
