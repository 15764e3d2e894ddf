"""Figures: one number each, with its unit and what it is, in one flat file."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

__all__ = ["HEADER", "Figure", "merge", "show"]

#: Key of the object that says what was measured; every other key is a figure.
HEADER = "header"
_LEAST_WIDTH = 150
_VALUE_WIDTH = 12
_BORDERS = 13


@dataclass(frozen=True)
class Figure:
    """One measured number.

    Attributes
    ----------
    value : int, float or None
        The number; None where there was nothing to count, which ``what`` explains.
    unit : str
        Its unit.
    what : str
        What was counted, and on what.
    """

    value: int | float | None
    unit: str
    what: str


def merge(path: Path, figures: dict[str, Figure], header: dict[str, object] | None = None) -> None:
    """Write figures into a file, leaving the figures of others that are there.

    Parameters
    ----------
    path : Path
        The file; made if it is not there.
    figures : dict of str to Figure
        By key.
    header : dict, optional
        What was measured; added to the header that is there.

    Raises
    ------
    ValueError
        A figure has the header's key, or the file is not JSON of an object.
    """
    if HEADER in figures:
        raise ValueError(f"{HEADER!r} is the key of the header, not of a figure")
    known = json.loads(path.read_text()) if path.exists() else {}
    if not isinstance(known, dict):
        raise ValueError(f"{path} holds no JSON object: remove it and measure again")
    known[HEADER] = {**known.get(HEADER, {}), **(header or {})}
    known.update({key: asdict(figure) for key, figure in figures.items()})
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n")


def show(
    figures: dict[str, Figure],
    console: Console | None = None,
    *,
    title: str = "Pennywire in numbers: counted on the verilated card, not on a board",
) -> None:
    """Print figures as a table under a title."""
    out = console or Console()
    # Without a terminal the width is a guess of 80, in which there is no room for what a figure is.
    out.width = width = max(out.width, _LEAST_WIDTH)
    table = Table(title=title)
    keys, units = max(map(len, figures), default=0), max((len(f.unit) for f in figures.values()), default=0)
    table.add_column("key", no_wrap=True)
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("unit", no_wrap=True)
    # Only this column is cut, the file has it whole: left to itself the table would squeeze all of them alike.
    room = width - keys - units - _VALUE_WIDTH - _BORDERS
    table.add_column("what it is", no_wrap=True, overflow="ellipsis", max_width=max(room, 10))
    for key, figure in figures.items():
        value = figure.value
        text = "none" if value is None else f"{value:,}" if isinstance(value, int) else f"{value:,.4g}"
        table.add_row(key, text, figure.unit, figure.what)
    out.print(table)
