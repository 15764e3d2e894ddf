"""Positions, money and markouts, reckoned from the exchange's log and the session's mids alone. Whole numbers only."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from controlplane.report.run_data import FillRow, RunData

__all__ = ["HORIZONS", "Account", "MarkoutRow", "Mids", "account_of", "entries_of", "markouts_of", "money_series"]

#: Seconds after an entry at which the mid is looked at again.
HORIZONS = (1, 10, 60)
_SECOND = 1_000_000_000
#: A mid is kept doubled and in 1/10,000 dollar: times this it is micro-dollars.
_MICRO_OF_DOUBLED = 50


@dataclass(slots=True)
class Account:
    """What the fills of a symbol came to. Money in micro-dollars; ``cash`` is after fees."""

    position: int = 0
    cash: int = 0
    fees: int = 0
    fills: int = 0
    shares: int = 0
    round_trips: int = 0
    won: int = 0
    _cash_when_flat: int = 0

    def take(self, fill: FillRow) -> bool:
        """Book a fill; say whether it opened a position or made one larger."""
        signed = fill.shares if fill.buy else -fill.shares
        opens = self.position * signed >= 0
        self.position += signed
        self.cash -= signed * fill.price * 100 + fill.fee
        self.fees += fill.fee
        self.fills += 1
        self.shares += fill.shares
        if self.position == 0:
            self.round_trips += 1
            self.won += self.cash > self._cash_when_flat
            self._cash_when_flat = self.cash
        return opens

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


@dataclass(frozen=True, slots=True)
class MarkoutRow:
    """Average over entry fills, by share, of the mid after ``seconds`` less the price paid (mirrored for sales).

    In 1/10,000 dollar a share; ``None`` when no entry is old enough.
    """

    seconds: int
    average: float | None
    fills: int


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


def markouts_of(data: RunData) -> list[MarkoutRow]:
    """Reckon the markouts of a run."""
    mids = {symbol: Mids(rows) for symbol, rows in data.mids.items()}
    entries = entries_of(data.fills)
    rows = []
    for seconds in HORIZONS:
        total = shares = count = 0
        for fill in entries:
            later = fill.time + seconds * _SECOND
            mid = mids[fill.symbol].at(later)
            if later > data.last_time or not mid:
                continue
            move = mid - 2 * fill.price
            total += (move if fill.buy else -move) * fill.shares
            shares += fill.shares
            count += 1
        rows.append(MarkoutRow(seconds, total / (2 * shares) if shares else None, count))
    return rows


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
