"""What a symbol's day was like so far: trades, and how wide its spread stood, as the card's event records tell it."""

from dataclasses import dataclass

__all__ = ["DayStatistics"]


@dataclass(slots=True)
class DayStatistics:
    """Running figures of one symbol. Prices in 1/10,000 dollar, volumes in shares.

    Attributes
    ----------
    tick : int
        Tick size, 1/10,000 dollar.
    open, high, low, close : int
        Prices of printed trades; 0 before the first.
    volume, trades : int
        Printed trades.
    notional : int
        Sum of price times shares, 1/10,000 dollar.
    samples, at_one_tick : int
        Depth samples with both sides, and those of them whose spread was one tick.
    """

    tick: int
    open: int = 0
    high: int = 0
    low: int = 0
    close: int = 0
    volume: int = 0
    trades: int = 0
    notional: int = 0
    samples: int = 0
    at_one_tick: int = 0

    def trade(self, price: int, shares: int) -> None:
        """Count a printed trade."""
        if not self.trades:
            self.open = self.high = self.low = price
        self.high = max(self.high, price)
        self.low = min(self.low, price)
        self.close = price
        self.volume += shares
        self.trades += 1
        self.notional += price * shares

    def depth(self, bid: int, ask: int) -> None:
        """Count a depth sample; one without both sides tells nothing of the spread."""
        if bid and ask:
            self.samples += 1
            self.at_one_tick += ask - bid == self.tick

    @property
    def average_price(self) -> float:
        """Volume-weighted average price, 1/10,000 dollar; 0 before the first trade."""
        return self.notional / self.volume if self.volume else 0.0
