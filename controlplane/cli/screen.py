"""``pennywire screen``: which symbols of a day are fit for scalping, by the service's own prerequisites."""

import datetime
import json
import re
import sqlite3
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from controlplane.config.models import Fees, Prerequisites
from controlplane.report.words import clock

if TYPE_CHECKING:
    from sim.screen.day import SymbolDay

__all__ = ["Screened", "date_of", "run_screen", "screen_symbols", "toml_of"]

#: NASDAQ names its sample days 01302020.NASDAQ_ITCH50.gz, and S081321-v50.txt.gz.
_NAMES = (
    re.compile(r"(?P<month>\d{2})(?P<day>\d{2})(?P<year>20\d{2})\."),
    re.compile(r"S(?P<month>\d{2})(?P<day>\d{2})(?P<year>\d{2})-"),
)
_VOLUME = re.compile(r"(?P<symbol>[^=]+)=(?P<shares>\d+)@(?P<date>\d{4}-\d{2}-\d{2})$")
_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Screened:
    """A symbol's verdict.

    Attributes
    ----------
    day : SymbolDay
        The day's own figures.
    prerequisites : Prerequisites or None
        As the service reads them; ``None`` where one of them is not known.
    source : str
        Where the average daily volume comes from.
    failures : tuple of str
        Why it is not fit, in words; empty: it is.
    """

    day: "SymbolDay"
    prerequisites: Prerequisites | None
    source: str
    failures: tuple[str, ...]


def date_of(file: Path) -> datetime.date | None:
    """Give the day that a sample file's name tells; ``None`` where it tells none."""
    for form in _NAMES:
        if found := form.match(file.name):
            year = int(found["year"])
            try:
                return datetime.date(year if year > 99 else 2000 + year, int(found["month"]), int(found["day"]))
            except ValueError:
                return None
    return None


def screen_symbols(
    days: Sequence["SymbolDay"],
    date: datetime.date,
    averages: Mapping[str, tuple[int, int]],
    given: Mapping[str, tuple[int, datetime.date]],
    fees: Fees,
) -> list[Screened]:
    """Judge symbols, the most traded first.

    Parameters
    ----------
    days : sequence of SymbolDay
        The day.
    date : datetime.date
        Which day.
    averages : mapping
        By symbol: mean volume of the stored days, and how many they are.
    given : mapping
        By symbol: an average daily volume that the operator vouches for, and its date. It goes before the stored days.
    fees : Fees
        The schedule in force.

    Returns
    -------
    list of Screened
        What is not known fails.
    """
    from sim.screen.store import LEAST_DAYS

    verdicts = []
    for day in sorted(days, key=lambda d: (-d.volume, d.symbol)):
        failures, average, dated = [], 0, date
        stored, count = averages.get(day.symbol, (0, 0))
        source = f"mean of {count} stored days"
        if day.symbol in given:
            average, dated = given[day.symbol]
            source = f"given, of {dated}"
        elif count >= LEAST_DAYS:
            average = stored
        else:
            failures.append(
                f"average daily volume is not known: {count} of {LEAST_DAYS} days are stored, none is given"
            )
        share = day.at_one_tick
        if share is None:
            failures.append("the spread is not known: no continuous trading in this file")
        prerequisites = None
        if not failures and share is not None:
            prerequisites = Prerequisites(
                dated=min(date, dated),
                average_daily_volume=average,
                spread_at_one_tick=share,
                per_share_commission=fees.commission,
                rebate=-fees.add,
            )
            failures = prerequisites.failures()
        verdicts.append(Screened(day, prerequisites, source, tuple(failures)))
    return verdicts


def toml_of(verdicts: Sequence[Screened]) -> str:
    """Give symbols as the service's configuration has them; one whose prerequisites are not known gets none."""
    text = "# Symbols for the service's configuration, as `pennywire screen` found them.\n"
    for verdict in verdicts:
        text += f'\n[[symbols]]\nname = "{verdict.day.symbol}"\n'
        known = verdict.prerequisites
        text += "".join(f"# Not enabled: {words}.\n" for words in verdict.failures)
        if known is not None:
            text += (
                f"[symbols.prerequisites]  # volume: {verdict.source}\n"
                f"dated = {known.dated}\naverage_daily_volume = {known.average_daily_volume}\n"
                f"spread_at_one_tick = {known.spread_at_one_tick:.6f}\n"
                f"per_share_commission = {known.per_share_commission}\nrebate = {known.rebate}\n"
            )
    return text


def run_screen(
    file: Path,
    date: datetime.date | None,
    symbols: Sequence[str],
    volumes: Sequence[str],
    hours: str,
    store: Path,
    out: Path | None,
    fees: Fees,
    as_json: bool,
) -> int:
    """Screen a day, store it, print who passes.

    Returns
    -------
    int
        Exit status: 0; 1 when the file is cut off or holds no message, or has none of a symbol that was named; 2 for a
        wrong wish.
    """
    from sim.screen.day import screen_day
    from sim.screen.store import ScreenStore
    from sim.sessions.binaryfile import SessionFileError, read_messages

    screen = Console(stderr=True)
    try:
        when = date or date_of(file)
        if when is None:
            raise ValueError(f"{file.name} does not tell its day: give --date YYYY-MM-DD")
        given = dict(_given(words) for words in volumes)
        between = _hours(hours)
    except ValueError as error:
        print(f"pennywire screen: {error}", file=sys.stderr)
        return 2
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=screen, transient=True) as bar:
        task = bar.add_task("reading")

        def progress(count: int, time: int) -> None:
            bar.update(task, description=f"{count:,} messages, {clock(time, 0)}")

        try:
            day = screen_day(read_messages(file), between, progress)
        except SessionFileError as error:
            # Half a day says nothing of a day, so nothing of it is stored.
            print(f"pennywire screen: {error}", file=sys.stderr)
            return 1
    if not day.symbols:
        print(
            f"pennywire screen: {file.name} holds no message of any symbol: is it a day of ITCH 5.0?", file=sys.stderr
        )
        return 1
    try:
        with ScreenStore(store) as kept:
            kept.keep(when, day.symbols.values())
            averages = kept.average_volumes(when)
    except (sqlite3.Error, OSError) as error:
        print(f"pennywire screen: {store} is no store of screened days: {error}", file=sys.stderr)
        return 2
    wanted = [d for d in day.symbols.values() if not symbols or d.symbol in symbols]
    verdicts = screen_symbols(wanted, when, averages, given, fees)
    if out is not None:
        try:
            out.write_text(toml_of([v for v in verdicts if symbols or not v.failures]), encoding="utf-8")
        except OSError as error:
            print(f"pennywire screen: {error}", file=sys.stderr)
            return 2
    if as_json:
        print(json.dumps({"date": when.isoformat(), "symbols": [_plain(v) for v in verdicts]}))
    else:
        _print(verdicts, when, Console())
    missing = [s for s in symbols if s not in day.symbols]
    for symbol in missing:
        print(f"pennywire screen: {file.name} has no {symbol}", file=sys.stderr)
    return 1 if missing else 0


def _given(words: str) -> tuple[str, tuple[int, datetime.date]]:
    found = _VOLUME.match(words)
    if not found:
        raise ValueError(f"{words!r} is no dated volume: give SYMBOL=SHARES@YYYY-MM-DD")
    return found["symbol"].upper(), (int(found["shares"]), datetime.date.fromisoformat(found["date"]))


def _hours(words: str) -> tuple[int, int] | None:
    if not words:
        return None
    try:
        first, last = (datetime.time.fromisoformat(part) for part in words.split("-"))
    except ValueError as error:
        raise ValueError(f"{words!r} are no hours: give 09:30-16:00") from error
    begin, end = ((t.hour * 60 + t.minute) * 60_000_000_000 for t in (first, last))
    if begin >= end:
        raise ValueError(f"{words!r} end before they begin")
    return begin, end


def _plain(verdict: Screened) -> dict[str, object]:
    known = verdict.prerequisites
    return {
        "symbol": verdict.day.symbol,
        "passes": not verdict.failures,
        "failures": list(verdict.failures),
        "volume": verdict.day.volume,
        "average_daily_volume": known.average_daily_volume if known else None,
        "volume_source": verdict.source,
        "continuous_ns": verdict.day.continuous_ns,
        "at_one_tick": verdict.day.at_one_tick,
    }


def _print(verdicts: Sequence[Screened], date: datetime.date, console: Console) -> None:
    passing = sum(not v.failures for v in verdicts)
    table = Table(title=f"{date}: {passing} of {len(verdicts)} symbols pass", title_justify="left", box=None)
    for name, side in (("symbol", "left"), ("volume", "right"), ("at one tick", "right"), ("verdict", "left")):
        table.add_column(name, justify="right" if side == "right" else "left", overflow="fold")
    shown = sorted(verdicts, key=lambda v: bool(v.failures))[: max(_SHOWN, passing)]
    for verdict in shown:
        share = verdict.day.at_one_tick
        words = "; ".join(verdict.failures) or f"passes ({verdict.source})"
        table.add_row(verdict.day.symbol, f"{verdict.day.volume:,}", "-" if share is None else f"{share:.1%}", words)
    console.print(table)
    if len(shown) < len(verdicts):
        console.print(f"and {len(verdicts) - len(shown)} less traded that do not pass; --json has all")
    console.print("One venue: volume and spread are those of this feed, not of the national market.")
