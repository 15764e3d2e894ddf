"""Reads the card's event stream in a thread of its own, into the journal: ledger, market, and what is on the disk.

A mark (HEARTBEAT record) is handed on only after everything before it is in all of them, so whoever hears of the mark
may ask for a report and misses nothing.
"""

import sqlite3
import threading
from collections.abc import Callable

import structlog

from controlplane.card.device import DeviceError
from controlplane.card.event_table import RecordType
from controlplane.service.card_link import CardDevice
from controlplane.store.journal import Journal

__all__ = ["EventReader"]

#: Records taken from the driver at once.
_MOST = 4096
#: Longest wait for a record, so that :meth:`EventReader.stop` is heard.
_WAIT_MS = 200


class EventReader(threading.Thread):
    """The thread.

    Parameters
    ----------
    device : CardDevice
        A card that has been subscribed to; its event half is used by this thread alone.
    journal : Journal
        Where records go.
    on_mark : callable
        Called from this thread with the token of every mark.
    on_end : callable
        Called from this thread once, when the stream ended by itself, with the words why.
    """

    def __init__(
        self,
        device: CardDevice,
        journal: Journal,
        on_mark: Callable[[int], None],
        on_end: Callable[[str], None],
    ) -> None:
        super().__init__(name="events", daemon=True)
        self._device = device
        self._journal = journal
        self._on_mark = on_mark
        self._on_end = on_end
        self._stopping = threading.Event()
        self._log = structlog.get_logger()

    def stop(self) -> None:
        """Ask the thread to end; join it afterwards."""
        self._stopping.set()

    def run(self) -> None:
        """Read until stopped, or until the stream or a store fails."""
        try:
            while not self._stopping.is_set():
                self._take()
        except (DeviceError, sqlite3.Error) as error:
            self._log.error("event_reader_ended", words=str(error))
            self._on_end(str(error))

    def _take(self) -> None:
        records = self._device.poll_events(_MOST, _WAIT_MS)
        start = 0
        for index, record in enumerate(records):
            if record.type != RecordType.HEARTBEAT:
                continue
            part = records[start : index + 1]
            start = index + 1
            self._journal.take(part)
            self._journal.commit()
            for found in self._journal.ledger.settle():
                self._log.error("ledger_differs_from_card", **{n: getattr(found, n) for n in found.__slots__})
            self._on_mark(record.words[0])
        if records[start:]:
            self._journal.take(records[start:])
        self._journal.commit_when_due()
