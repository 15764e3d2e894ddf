"""The result of a sweep as a page: a heat map over two settings, lines over one, and every cell in a table."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from controlplane.report.drawing import INK, figure_of, named, style, svg_of
from controlplane.report.words import cents_a_share, dollars

__all__ = ["mean_money", "write_page"]


def mean_money(rows: Sequence[Mapping[str, Any]], settings: Sequence[str]) -> dict[tuple[Any, ...], float]:
    """Give, for each combination of some settings, the mean of P&L in dollars over all rows that have it."""
    found: dict[tuple[Any, ...], list[int]] = {}
    for row in rows:
        found.setdefault(tuple(row[name] for name in settings), []).append(row["pnl"])
    return {key: sum(values) / len(values) / 1e6 for key, values in found.items()}


def write_page(rows: Sequence[Mapping[str, Any]], settings: Mapping[str, Sequence[Any]], path: Path) -> None:
    """Write the page.

    Parameters
    ----------
    rows : sequence of mapping
        A cell each: ``session``, its settings by name, and its figures.
    settings : mapping
        Values of each setting, in the order asked for.
    path : Path
        Where to.
    """
    varied = [name for name, values in settings.items() if len(values) > 1]
    pictures = []
    with style():
        for number, session in enumerate(dict.fromkeys(row["session"] for row in rows)):
            own = [row for row in rows if row["session"] == session]
            # The first two settings make the axes; what else is varied is averaged over, and the title says so.
            svg = _heat(own, varied, settings, session) if len(varied) > 1 else _lines(own, varied, settings, session)
            pictures.append(named(f"session-{number}", svg))
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    environment.filters.update(dollars=dollars, cents=cents_a_share)
    page = environment.get_template("sweep.html.j2")
    path.write_text(page.render(rows=rows, settings=list(settings), pictures=pictures), encoding="utf-8")


def _heat(
    rows: Sequence[Mapping[str, Any]], varied: Sequence[str], settings: Mapping[str, Sequence[Any]], session: str
) -> str:
    across, down = varied[:2]
    money = mean_money(rows, (across, down))
    columns, lines = settings[across], settings[down]
    grid = np.array([[money.get((x, y), np.nan) for x in columns] for y in lines])
    figure, axes = figure_of(1.4 + 0.5 * len(lines))
    most = float(np.nanmax(np.abs(grid))) or 1.0
    axes.imshow(grid, cmap="RdYlGn", vmin=-most, vmax=most, aspect="auto", alpha=0.65)
    axes.grid(visible=False)
    axes.set_xticks(range(len(columns)), [str(x) for x in columns])
    axes.set_yticks(range(len(lines)), [str(y) for y in lines])
    axes.set_xlabel(across)
    axes.set_ylabel(down)
    for (y, x), value in np.ndenumerate(grid):
        if not np.isnan(value):
            axes.text(x, y, f"{value:+.2f}", ha="center", va="center", color=INK)
    averaged = f", averaged over {', '.join(varied[2:])}" if varied[2:] else ""
    axes.set_title(f"{session}: P&L after fees in dollars{averaged}", loc="left")
    return svg_of(figure)


def _lines(
    rows: Sequence[Mapping[str, Any]], varied: Sequence[str], settings: Mapping[str, Sequence[Any]], session: str
) -> str:
    name = varied[0] if varied else next(iter(settings))
    money = mean_money(rows, (name,))
    figure, axes = figure_of(2.6)
    values = [value for value in settings[name] if (value,) in money]
    axes.plot([str(value) for value in values], [money[(value,)] for value in values], marker="o", color="#2c7a6b")
    axes.axhline(0, color=INK, linewidth=0.8)
    axes.set_xlabel(name)
    axes.set_ylabel("dollars")
    axes.set_title(f"{session}: P&L after fees", loc="left")
    return svg_of(figure)
