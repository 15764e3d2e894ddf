"""A performance report of a stretch of exchange time, made from the ledger.

A stretch is ``since < time <= until``, so that stretches laid end to end count everything once.
Money made in it is the change of cash plus position valued at the mid, after fees.
"""

import statistics
from collections import Counter
from dataclasses import dataclass

from controlplane.store.bars import Bar
from controlplane.store.ledger import Disagreement, Fill, Ledger
from controlplane.store.record import REFUSALS

__all__ = ["HORIZONS", "Latency", "MarkoutRow", "PerformanceReport", "SymbolRow", "make_report", "move_times_two"]

#: Seconds after an entry at which the mid is looked at again.
HORIZONS = (1, 10, 60)
_SECOND = 1_000_000_000


@dataclass(frozen=True, slots=True)
class SymbolRow:
    """One symbol. ``mid_times_two``: bid + ask in 1/10,000 dollar; money in micro-dollars."""

    symbol: str
    triggers: int
    orders: int
    fills: int
    shares: int
    position: int
    pnl: int
    fees: int
    mid_times_two: int


@dataclass(frozen=True, slots=True)
class MarkoutRow:
    """Average over entry fills of mid after ``seconds`` less price paid (mirrored for sales), in 1/10,000 dollar."""

    seconds: int
    average: float
    fills: int


@dataclass(frozen=True, slots=True)
class Latency:
    """Cycles from trigger to entry order; ``histogram``: how many orders took so many."""

    min: int
    median: float
    max: int
    orders: int
    histogram: dict[int, int]


@dataclass(frozen=True, slots=True)
class PerformanceReport:
    """See ``GetReportResponse`` in ``control.proto``; ``orders`` counts Enter Orders."""

    exchange_time: int
    symbols: tuple[SymbolRow, ...]
    triggers: int
    orders: int
    fills: int
    refusals: int
    pnl: int
    fees: int
    round_trips: int
    round_trips_won: int
    markouts: tuple[MarkoutRow, ...]
    latency: Latency
    bars: tuple[tuple[str, Bar, bool], ...]
    refusals_by_reason: dict[str, int]
    records_lost: int
    disagreements: tuple[Disagreement, ...]


def _worth(ledger: Ledger, slot: int, until: int) -> int:
    """Cash plus position at the mid, in micro-dollars, as of an exchange time."""
    fills = [fill for fill in ledger.fills if fill.slot == slot and fill.time <= until]
    if not fills:
        return 0
    mid_times_two = ledger.slots[slot].mid_at(until) or 2 * fills[-1].price
    return sum(fill.cash for fill in fills) + sum(fill.signed_shares for fill in fills) * mid_times_two * 50


def move_times_two(ledger: Ledger, fill: Fill, seconds: int) -> int | None:
    """Give twice the move of the mid for (positive) or against a fill so long after it, in 1/10,000 dollar.

    None where the time has not come yet or no mid is known. To be called with the ledger's lock held.
    """
    later = fill.time + seconds * _SECOND
    mid_times_two = ledger.slots[fill.slot].mid_at(later)
    if later > ledger.clock or not mid_times_two:
        return None
    move = mid_times_two - 2 * fill.price
    return -move if fill.side else move


def _markouts(ledger: Ledger, entries: list[Fill]) -> tuple[MarkoutRow, ...]:
    rows = []
    for seconds in HORIZONS:
        moves = [move for fill in entries if (move := move_times_two(ledger, fill, seconds)) is not None]
        rows.append(MarkoutRow(seconds, sum(moves) / 2 / len(moves) if moves else 0.0, len(moves)))
    return tuple(rows)


def make_report(ledger: Ledger, since: int = 0, until: int = 0) -> PerformanceReport:
    """Make the report of a stretch.

    Parameters
    ----------
    ledger : Ledger
        The ledger; its lock is held while the report is made.
    since, until : int
        Exchange time in ns since midnight; ``until`` 0 means now.

    Returns
    -------
    PerformanceReport
        The report.
    """
    with ledger.lock:
        end = until or ledger.clock
        fills = [f for f in ledger.fills if since < f.time <= end]
        sent = [s for s in ledger.sent if since < s.time <= end]
        triggers = [slot for time, slot in ledger.triggers if since < time <= end]
        reasons = Counter(reason for time, reason in ledger.refusals if since < time <= end)
        trips = [t for t in ledger.round_trips if since < t.time <= end]
        rows = []
        for slot, symbol in enumerate(ledger.symbols):
            own = [f for f in fills if f.slot == slot]
            made = _worth(ledger, slot, end) - (_worth(ledger, slot, since) if since else 0)
            rows.append(
                SymbolRow(
                    symbol=symbol,
                    triggers=triggers.count(slot),
                    orders=sum(s.slot == slot for s in sent),
                    fills=len(own),
                    shares=sum(f.shares for f in own),
                    position=sum(f.signed_shares for f in ledger.fills if f.slot == slot and f.time <= end),
                    pnl=made,
                    fees=sum(f.fee for f in own),
                    mid_times_two=ledger.slots[slot].mid_at(end),
                )
            )
        cycles = sorted(s.latency for s in sent if s.entry)
        return PerformanceReport(
            exchange_time=ledger.clock,
            symbols=tuple(rows),
            triggers=len(triggers),
            orders=len(sent),
            fills=len(fills),
            refusals=sum(reasons.values()),
            pnl=sum(r.pnl for r in rows),
            fees=sum(r.fees for r in rows),
            round_trips=len(trips),
            round_trips_won=sum(t.made > 0 for t in trips),
            markouts=_markouts(ledger, [f for f in fills if f.entry]),
            latency=Latency(cycles[0], statistics.median(cycles), cycles[-1], len(cycles), dict(Counter(cycles)))
            if cycles
            else Latency(0, 0.0, 0, 0, {}),
            bars=tuple((ledger.symbols[b.slot], b, lost) for b, lost in ledger.bars.between(since, end)),
            refusals_by_reason={
                (REFUSALS[n] if n < len(REFUSALS) else f"refusal_{n}"): count for n, count in sorted(reasons.items())
            },
            records_lost=ledger.lost,
            disagreements=tuple(d for d in ledger.disagreements if since < d.time <= end),
        )
