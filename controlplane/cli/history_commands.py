"""``history``: bars, statistics, fills and markouts of every day that a service's folder has."""

import json
import sys
from enum import StrEnum
from typing import Annotated, Any

import typer

from controlplane.cli.connection import DEFAULT_DIRECTORY, Directory, Json

__all__ = ["add_to"]


class What(StrEnum):
    """What to show."""

    DAYS = "days"
    BARS = "bars"
    LOST = "lost"
    STATISTICS = "statistics"
    FILLS = "fills"
    MARKOUTS = "markouts"


def _print(rows: list[dict[str, Any]]) -> None:
    if not rows:
        print("nothing is kept of that")
        return
    texts = [["-" if value is None else f"{value}" for value in row.values()] for row in rows]
    widths = [max(map(len, column)) for column in zip(list(rows[0]), *texts, strict=True)]
    for line in [list(rows[0]), *texts]:
        print("  ".join(text.rjust(width) for text, width in zip(line, widths, strict=True)))


def history(
    what: Annotated[What, typer.Argument(help="What to show; `lost`: minutes in which event records were lost.")],
    directory: Directory = DEFAULT_DIRECTORY,
    day: Annotated[int, typer.Option(help="Number of the day, as `history days` shows it; 0: the newest.", min=0)] = 0,
    symbol: Annotated[str, typer.Option(help="Only of this symbol.")] = "",
    as_json: Json = False,
) -> None:
    """Show what is kept of a day: it needs no service. Prices in 1/10,000 dollar, times in ns since midnight."""
    import sqlite3

    from controlplane.store import history as store

    path = directory / "events.sqlite"
    try:
        rows = store.days(path) if what == What.DAYS else store.history(path, what.value, day, symbol)
    except sqlite3.Error as error:
        print(f"pennywire history: {path}: {error}; is --dir the folder of a service?", file=sys.stderr)
        raise typer.Exit(2) from error
    if as_json:
        print(json.dumps(rows))
    else:
        _print(rows)


def add_to(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command()(history)
