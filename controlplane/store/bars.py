"""One-minute bars from trade prints."""

from dataclasses import dataclass

__all__ = ["MINUTE", "Bar", "Bars"]

#: Nanoseconds in a minute.
MINUTE = 60_000_000_000


@dataclass(slots=True)
class Bar:
    """One minute of one slot. Prices in 1/10,000 dollar; ``start`` in ns since midnight."""

    slot: int
    start: int
    open: int
    high: int
    low: int
    close: int
    volume: int
    trades: int


class Bars:
    """Bars by minute and slot, and the minutes in which records were lost."""

    def __init__(self) -> None:
        self._bars: dict[tuple[int, int], Bar] = {}
        self._incomplete: set[int] = set()

    def trade(self, slot: int, time: int, price: int, shares: int) -> None:
        """Count a printed trade at an exchange time in ns."""
        start = time - time % MINUTE
        bar = self._bars.get((start, slot))
        if bar is None:
            self._bars[start, slot] = Bar(slot, start, price, price, price, price, shares, 1)
            return
        bar.high = max(bar.high, price)
        bar.low = min(bar.low, price)
        bar.close = price
        bar.volume += shares
        bar.trades += 1

    def mark_lost(self, since: int, until: int) -> None:
        """Mark the minutes between two exchange times: records were lost there."""
        self._incomplete.update(range(since - since % MINUTE, until + 1, MINUTE))

    def incomplete_between(self, since: int, until: int) -> list[int]:
        """Give the start of each minute of a stretch in which records were lost, whether or not there was a trade."""
        return sorted(start for start in self._incomplete if start + MINUTE > since and start <= until)

    def between(self, since: int, until: int) -> list[tuple[Bar, bool]]:
        """Give the bars that overlap a stretch of exchange time, by start and slot, and whether each is incomplete."""
        found = sorted(key for key in self._bars if key[0] + MINUTE > since and key[0] <= until)
        return [(self._bars[key], key[0] in self._incomplete) for key in found]
