"""The market as the event stream tells it: day statistics, and depth to whoever watches, each with a queue of its own.

The reader's thread brings records in; watchers live in the event loop. A watcher's queue is bounded: when it is full
its oldest sample goes and is counted, so a slow reader costs a fixed amount of memory, hears the newest, and knows how
much it missed. One that wants the newest only has no more in it than a sample a symbol. Nobody waits for a watcher.
"""

import asyncio
import contextlib
import itertools
import threading
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence

from controlplane.card.event_table import RecordType
from controlplane.config.models import SymbolConfig
from controlplane.service.depth_samples import DepthSample, DepthSamples
from controlplane.store.day_statistics import DayStatistics
from controlplane.store.record import Record

__all__ = ["QUEUE", "MarketView", "Watcher"]

#: Samples that wait for one watcher at most.
QUEUE = 256


class Watcher:
    """One reader's queue; used in the event loop only.

    Parameters
    ----------
    slots : frozenset of int
        Whose samples it wants.
    newest_only : bool
        Of each slot only the newest sample waits, in the place of the one before: the slots are heard in turn.
    """

    def __init__(self, slots: frozenset[int], newest_only: bool = False) -> None:
        self._slots = slots
        self._newest_only = newest_only
        self._waiting: OrderedDict[int, DepthSample] = OrderedDict()
        self._news = asyncio.Event()
        self._number = itertools.count()
        #: Samples that went unread.
        self.skipped = 0

    def offer(self, samples: Sequence[DepthSample]) -> None:
        """Take samples in; never waits."""
        waiting = self._waiting
        for sample in samples:
            if sample.slot not in self._slots:
                continue
            key = sample.slot if self._newest_only else next(self._number)
            if key in waiting:
                self.skipped += 1
            elif len(waiting) == QUEUE:
                waiting.popitem(last=False)
                self.skipped += 1
            waiting[key] = sample
        if waiting:
            self._news.set()

    async def __aiter__(self) -> AsyncIterator[DepthSample]:
        """Give samples as they come."""
        while True:
            await self._news.wait()
            while self._waiting:
                yield self._waiting.popitem(last=False)[1]
            self._news.clear()


class MarketView:
    """Day statistics of every symbol, and the watchers.

    Parameters
    ----------
    symbols : sequence of SymbolConfig
        Symbol of each slot.
    loop : asyncio.AbstractEventLoop
        Where the watchers live.
    """

    def __init__(self, symbols: Sequence[SymbolConfig], loop: asyncio.AbstractEventLoop) -> None:
        self._day = [DayStatistics(symbol.tick) for symbol in symbols]
        self._samples = DepthSamples(len(symbols))
        self._lock = threading.Lock()
        self._loop = loop
        self._watchers: set[Watcher] = set()

    @property
    def watchers(self) -> int:
        """How many watch now."""
        return len(self._watchers)

    def day(self) -> list[DayStatistics]:
        """Give a copy of the statistics of every slot."""
        with self._lock:
            return [
                DayStatistics(*(getattr(row, name) for name in DayStatistics.__dataclass_fields__)) for row in self._day
            ]

    def begin_day(self) -> None:
        """Begin the statistics anew."""
        with self._lock:
            self._day = [DayStatistics(row.tick) for row in self._day]

    def set_stale(self, slot: int, stale: bool) -> None:
        """Say how a slot's book stands; before records of the card come, which tell of every change."""
        with self._lock:
            self._samples.set_stale(slot, stale)

    def apply(self, records: Sequence[Record]) -> None:
        """Take records in, from the reader's thread."""
        samples: list[DepthSample] = []
        with self._lock:
            for record in records:
                samples += self._samples.take(record)
                if record.slot >= len(self._day):
                    continue
                words = record.words
                if record.type == RecordType.TRADE_PRINT:
                    self._day[record.slot].trade(words[0], words[1])
                elif record.type == RecordType.DEPTH:
                    self._day[record.slot].depth(words[0], words[1])
        if samples:
            # The loop may be gone while the service stops: then nobody watches any more.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._publish, samples)

    def _publish(self, samples: Sequence[DepthSample]) -> None:
        for watcher in self._watchers:
            watcher.offer(samples)

    @contextlib.contextmanager
    def watch(self, slots: frozenset[int], newest_only: bool = False):  # noqa: ANN201
        """Give a watcher of some slots for a while; to be used in the event loop."""
        watcher = Watcher(slots, newest_only)
        self._watchers.add(watcher)
        try:
            yield watcher
        finally:
            self._watchers.discard(watcher)
