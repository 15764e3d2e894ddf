"""A card in plain Python that behaves as docs/registers.md says."""

import contextlib
import threading
from collections import deque
from types import SimpleNamespace

from controlplane.card.device import DeviceError, EventRecord
from controlplane.card.event_table import RecordType
from controlplane.card.register_table import REGISTERS

ROWS = {row.name: row for row in REGISTERS}


class PlainCard:
    """Registers and events of a card with four slots; soft unless told otherwise."""

    def __init__(self, *, soft=True):
        self.identity = SimpleNamespace(
            config_name="plain", abi_version=1, clock_period_ps=6400, slots=4, soft=soft, market_maker=True, trades=True
        )
        self.values = {}
        self.now = 1000
        self.lost = 0
        self.armed = self.killed = False
        self.writes = []
        self.epoch = 0
        self.failing = ""
        self._records = deque()
        self._news = threading.Condition()
        self._sequence = 0
        #: Records said so far.
        self.told = 0

    def _row(self, name):
        head, bracket, rest = name.partition("[")
        return ROWS[f"{head}[]{rest.partition(']')[2]}" if bracket else name]

    def read(self, names):
        if self.failing:
            raise DeviceError(self.failing)
        lease = self.values.get("control.lease", 0) > self.now
        status = self.armed | self.killed << 1 | lease << 2 | self.values.get("orders.session", 0) << 3 | 1 << 4
        live = {"control.status": status, "control.time": self.now, "control.config_epoch": self.epoch}
        for name in names:
            if not self._row(name).readable:
                raise DeviceError(f"{name} is write-only")
        return {name: live[name] if name in live else self.values.get(name, self._row(name).reset) for name in names}

    def write(self, items):
        if self.failing:
            raise DeviceError(self.failing)
        for name, value in items.items():
            row = self._row(name)
            if not row.writable or (row.locked and self.armed):
                raise DeviceError(f"{name} cannot be written now")
            self.writes.append((name, value))
            self.epoch += row.epoch
            if name == "control.command":
                self._command(value)
            else:
                self.values[name] = value

    def _command(self, bits):
        if bits & 4:
            self.armed, self.killed = False, True
        elif bits & 8:
            self.killed = False
        elif bits & 2:
            self.armed = False
        elif bits & 1:
            lease = self.values.get("control.lease", 0) > self.now
            self.armed = not self.killed and lease and bool(self.values.get("orders.session", 0))

    def say(self, kind, words=(), *, slot=255, side=255, detail=0, exchange_time=0, order=0, chain=0, cause=0, skip=0):
        """Send a record; ``skip`` sequence numbers are lost before it."""
        with self._news:
            self._sequence += 1 + skip
            self.told += 1
            padded = (*words, 0, 0, 0, 0, 0)[:5]
            number = RecordType[kind]
            record = EventRecord(
                number, slot, side, detail, self._sequence, self.now, exchange_time, order, chain, cause, 0, padded
            )
            self._records.append(record)
            self._news.notify_all()
            return record

    @contextlib.contextmanager
    def datagram(self):
        """Let what is said within be heard at once, as records that a card sends in one datagram are."""
        with self._news:
            yield

    def subscribe(self):
        pass

    def poll_events(self, maximum, timeout_ms):
        with self._news:
            if not self._records:
                self._news.wait(timeout_ms / 1000)
            if self.failing:
                raise DeviceError(self.failing)
            return [self._records.popleft() for _ in range(min(maximum, len(self._records)))]
