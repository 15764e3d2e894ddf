"""Markouts: how the mid stood some time after each fill, against the price of the fill. What is not known is absent.

A markout above zero: the market moved the fill's way; below zero: the other side knew better (adverse selection).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from controlplane.report.results import Mids, entries_of
from controlplane.report.run_data import FillRow, RunData

__all__ = ["HORIZONS_MS", "FillMarkout", "MarkoutRow", "entry_markouts", "fill_markouts", "markouts_by_kind"]

#: Milliseconds after a fill at which the mid is looked at again.
HORIZONS_MS = (10, 100, 1_000, 10_000, 60_000)
_MS = 1_000_000


@dataclass(frozen=True, slots=True)
class FillMarkout:
    """One fill at one horizon.

    Attributes
    ----------
    number : int
        Number of the fill, from 1, in the order of the exchange's log.
    milliseconds : int
        The horizon.
    mid_times_two : int
        bid + ask at the horizon, 1/10,000 dollar.
    doubled : int
        Twice the markout in 1/10,000 dollar a share: whole, where the markout may be a half.
    """

    number: int
    milliseconds: int
    mid_times_two: int
    doubled: int


@dataclass(frozen=True, slots=True)
class MarkoutRow:
    """Average over fills, by share, in 1/10,000 dollar a share; ``None`` when no fill is old enough.

    ``strategy``, ``role`` and ``side`` are empty where the row is over all of them.
    """

    milliseconds: int
    average: float | None
    fills: int
    shares: int
    strategy: str = ""
    role: str = ""
    side: str = ""


def fill_markouts(data: RunData) -> Iterator[FillMarkout]:
    """Yield each fill at each horizon that is known: before the market's end, with both sides seen by then."""
    mids = {symbol: Mids(rows) for symbol, rows in data.mids.items()}
    for number, fill in enumerate(data.fills, start=1):
        for milliseconds in HORIZONS_MS:
            later = fill.time + milliseconds * _MS
            mid = mids[fill.symbol].at(later)
            if later <= data.market_ended and mid:
                move = mid - 2 * fill.price
                yield FillMarkout(number, milliseconds, mid, move if fill.buy else -move)


def entry_markouts(data: RunData) -> list[MarkoutRow]:
    """Give a row for each horizon, over the fills that opened a position of their symbol or made one larger."""
    opened = {id(fill) for fill in entries_of(data.fills)}
    numbers = {number for number, fill in enumerate(data.fills, start=1) if id(fill) in opened}
    known = [m for m in fill_markouts(data) if m.number in numbers]
    return [_average(milliseconds, known, data.fills) for milliseconds in HORIZONS_MS]


def markouts_by_kind(data: RunData) -> list[MarkoutRow]:
    """Give the rows of every strategy, role and side, sorted; a horizon that no fill of a kind reached is not there."""
    orders = {row.user_ref: row for row in data.sent}
    kinds: dict[tuple[str, str, str], list[FillMarkout]] = {}
    for markout in fill_markouts(data):
        fill = data.fills[markout.number - 1]
        sent = orders.get(fill.user_ref)
        # An order whose record was lost is of an unknown strategy, and is shown as that.
        strategy, role = (sent.strategy, sent.role) if sent else ("unknown", "unknown")
        kinds.setdefault((strategy, role, "buy" if fill.buy else "sell"), []).append(markout)
    return [
        _average(milliseconds, known, data.fills, *kind)
        for kind, known in sorted(kinds.items())
        for milliseconds in HORIZONS_MS
        if any(m.milliseconds == milliseconds for m in known)
    ]


def _average(
    milliseconds: int,
    known: Sequence[FillMarkout],
    fills: Sequence[FillRow],
    strategy: str = "",
    role: str = "",
    side: str = "",
) -> MarkoutRow:
    here = [m for m in known if m.milliseconds == milliseconds]
    shares = sum(fills[m.number - 1].shares for m in here)
    total = sum(m.doubled * fills[m.number - 1].shares for m in here)
    average = total / (2 * shares) if shares else None
    return MarkoutRow(milliseconds, average, len(here), shares, strategy, role, side)
