"""Positions, money and round trips from the exchange's log and the session's mids alone, in whole numbers."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from controlplane.report.run_data import FillRow, RunData

__all__ = ["Account", "Mids", "RoundTrip", "account_of", "entries_of", "inventory_path", "money_series"]

_SECOND = 1_000_000_000
#: A mid is kept doubled and in 1/10,000 dollar: times this it is micro-dollars.
_MICRO_OF_DOUBLED = 50


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """From flat to flat: exchange times in ns, and what it made after fees in micro-dollars."""

    opened: int
    closed: int
    made: int


@dataclass(slots=True)
class Account:
    """What the fills of a symbol came to. Money in micro-dollars; ``cash`` is after fees."""

    position: int = 0
    cash: int = 0
    fees: int = 0
    fills: int = 0
    shares: int = 0
    trips: list[RoundTrip] = field(default_factory=list)
    _cash_when_flat: int = 0
    _opened: int = 0

    def take(self, fill: FillRow) -> bool:
        """Book a fill; say whether it opened a position or made one larger."""
        signed = fill.shares if fill.buy else -fill.shares
        opens = self.position * signed >= 0
        if self.position == 0:
            self._opened = fill.time
        self.position += signed
        self.cash -= signed * fill.price * 100 + fill.fee
        self.fees += fill.fee
        self.fills += 1
        self.shares += fill.shares
        if self.position == 0:
            self.trips.append(RoundTrip(self._opened, fill.time, self.cash - self._cash_when_flat))
            self._cash_when_flat = self.cash
        return opens

    @property
    def won(self) -> int:
        """Round trips that made money after fees."""
        return sum(trip.made > 0 for trip in self.trips)

    def worth(self, mid_times_two: int) -> int:
        """Cash and the position at a mid."""
        return self.cash + self.position * mid_times_two * _MICRO_OF_DOUBLED


class Mids:
    """The mids of one symbol by time."""

    def __init__(self, rows: Sequence[tuple[int, int]]) -> None:
        self._times = [time for time, _ in rows]
        self._mids = [mid for _, mid in rows]

    def at(self, time: int) -> int:
        """Give bid + ask of the last change at or before a time; 0 when there was none."""
        index = bisect_right(self._times, time)
        return self._mids[index - 1] if index else 0


def account_of(fills: Iterable[FillRow]) -> Account:
    """Book fills of one symbol."""
    account = Account()
    for fill in fills:
        account.take(fill)
    return account


def entries_of(fills: Sequence[FillRow]) -> list[FillRow]:
    """Give the fills that opened a position of their symbol or made one larger."""
    accounts: dict[str, Account] = {}
    return [fill for fill in fills if accounts.setdefault(fill.symbol, Account()).take(fill)]


def inventory_path(fills: Iterable[FillRow]) -> list[tuple[int, int]]:
    """Give (time, shares held from then on) after each fill of one symbol."""
    path, position = [], 0
    for fill in fills:
        position += fill.shares if fill.buy else -fill.shares
        path.append((fill.time, position))
    return path


def money_series(data: RunData, step: int = _SECOND) -> list[tuple[int, int]]:
    """Give (time, worth of all symbols) at every ``step`` ns from the first whole step of the run to its end."""
    mids = {symbol: Mids(data.mids[symbol]) for symbol in data.symbols}
    accounts = {symbol: Account() for symbol in data.symbols}
    last_price: dict[str, int] = {}
    waiting = list(data.fills)
    index = 0
    series = []
    for time in range(-(-data.first_time // step) * step, data.last_time + 1, step):
        while index < len(waiting) and waiting[index].time <= time:
            accounts[waiting[index].symbol].take(waiting[index])
            last_price[waiting[index].symbol] = waiting[index].price
            index += 1
        worth = 0
        for symbol, account in accounts.items():
            if account.fills:
                worth += account.worth(mids[symbol].at(time) or 2 * last_price[symbol])
        series.append((time, worth))
    return series
