"""The journal: takes the card's records in, into the ledger, the market's view, the event log and the day's tables.

A day is told from the one before by its clock: exchange time is ns since midnight, so a record whose time is more than
a minute before the newest one's begins another day. Ledger and statistics then begin anew; what was is in the tables.
A service that starts again reads the present day's records back and goes on from there, so that bars, statistics,
fills and markouts are those of the day and not of the process. What the card said meanwhile is a jump of the
records' numbers, like any loss, and marks the minutes it touches.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from controlplane.store.bars import MINUTE
from controlplane.store.day_statistics import DayStatistics
from controlplane.store.day_tables import DayTables
from controlplane.store.event_log import EventLog
from controlplane.store.ledger import Ledger
from controlplane.store.record import Record

__all__ = ["DayView", "Journal"]

#: Seconds after which what was taken in is on the disk, mark or not.
_SECONDS = 1.0


class DayView(Protocol):
    """What the journal needs of ``controlplane.service.market_view.MarketView``."""

    def apply(self, records: Sequence[Record]) -> None: ...  # noqa: D102
    def begin_day(self) -> None: ...  # noqa: D102
    def day(self) -> Sequence[DayStatistics]: ...  # noqa: D102


class Journal:
    """Where every record goes; used by one thread at a time.

    Parameters
    ----------
    path : Path
        The SQLite file of records and tables; made when missing.
    ledger : Ledger
        Counts the day.
    market : DayView
        The day's statistics, and whoever watches.
    clock : callable
        Monotonic seconds.

    Raises
    ------
    sqlite3.Error
        The file cannot be opened or is no database.
    """

    def __init__(
        self, path: Path, ledger: Ledger, market: DayView, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.ledger = ledger
        self._market = market
        self._log = EventLog(path)
        self._tables = DayTables(self._log.connection)
        self._newest = 0
        self._clock = clock
        self._written = clock()
        self._unwritten = False

    def _begins_day(self, record: Record) -> bool:
        begins = 0 < record.exchange_time < self._newest - MINUTE
        self._newest = record.exchange_time if begins else max(self._newest, record.exchange_time)
        return begins

    def _days(self, records: Sequence[Record]) -> list[int]:
        """Give where days begin among records."""
        return [index for index, record in enumerate(records) if self._begins_day(record)]

    def _apply(self, records: Sequence[Record]) -> None:
        self.ledger.apply(records)
        self._market.apply(records)

    def read_back(self) -> int:
        """Take in what was kept of the present day; give how many records that were. To be called first."""
        count = 0
        for batch in self._log.read_back():
            count += len(batch)
            start = 0
            # A file that was written before days were told apart has several.
            for index in [*self._days(batch), len(batch)]:
                self._apply(batch[start:index])
                start = index
                if index < len(batch):
                    self.ledger.begin_day()
                    self._market.begin_day()
        if count:
            self._unwritten = True
            self.write()
        return count

    def take(self, records: Sequence[Record]) -> None:
        """Take records in, in the order in which the card sent them."""
        start = 0
        for index in [*self._days(records), len(records)]:
            part = records[start:index]
            start = index
            self._apply(part)
            self._log.append(part)
            self._unwritten = self._unwritten or bool(part)
            if index < len(records):
                self.write()
                self._log.begin_day()
                self._tables.begin_day()
                self.ledger.begin_day()
                self._market.begin_day()

    def commit(self) -> None:
        """Put the records on the disk."""
        self._log.commit()

    def commit_when_due(self) -> None:
        """Put records and tables on the disk where a second went by since."""
        if self._clock() - self._written >= _SECONDS:
            self.write()

    def write(self) -> None:
        """Bring the day's tables up to date, and put all on the disk."""
        if self._unwritten:
            self._tables.write(self._log.day, self.ledger, self._market.day())
            self._log.commit()
            self._unwritten = False
        self._written = self._clock()

    def close(self) -> None:
        """Write what is not written yet, and close the file."""
        self.write()
        self._log.close()
