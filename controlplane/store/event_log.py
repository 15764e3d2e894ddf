"""The event log: every record of the card in a SQLite table, for reports and for questions asked later.

One table ``record``, a column for each field of the record's header and its five words, in order of arrival.
SQLite's integers are signed: ``cause`` with bit 63 set (an order-session count) is stored as a negative number. The
log is written by the reader's thread alone; rows become durable at each mark and at least every :data:`BATCH` records.
"""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from controlplane.store.record import Record, signed

__all__ = ["BATCH", "EventLog"]

#: Records written before a commit at the latest.
BATCH = 10_000

_CREATE = """CREATE TABLE IF NOT EXISTS record (
    type INTEGER, slot INTEGER, side INTEGER, detail INTEGER, sequence INTEGER, card_time INTEGER,
    exchange_time INTEGER, order_number INTEGER, chain INTEGER, cause INTEGER, epoch INTEGER,
    word0 INTEGER, word1 INTEGER, word2 INTEGER, word3 INTEGER, word4 INTEGER)"""


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
        self._connection.commit()
        self._pending = 0

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
