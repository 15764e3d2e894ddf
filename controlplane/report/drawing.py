"""How every picture is drawn: one style, and SVG text that is the same for the same numbers.

Text stays text, ids come from a fixed salt and no date is written; so the bytes depend on the numbers alone.
"""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

__all__ = ["INK", "figure_of", "named", "style", "svg_of"]

INK = "#26323f"
_GRID = "#e3e7ec"
_STYLE: dict[Any, Any] = {
    "svg.hashsalt": "pennywire",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9,
    "text.color": INK,
    "axes.edgecolor": _GRID,
    "axes.labelcolor": INK,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": _GRID,
    "grid.linewidth": 0.8,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


@contextmanager
def style() -> Iterator[None]:
    """Draw in the project's style inside, whatever the user's own settings are."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE)
        yield


def figure_of(height: float) -> tuple[Figure, Axes]:
    """Give a figure of the page's width, and its axes; ``height`` in inches."""
    # Made without pyplot: no backend is chosen and no global list of figures grows.
    figure = Figure(figsize=(9.6, height), layout="constrained")
    return figure, figure.add_subplot()


def svg_of(figure: Figure) -> str:
    """Give the figure as an SVG element."""
    out = io.StringIO()
    figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = out.getvalue()
    return text[text.index("<svg") :]


def named(name: str, svg: str) -> str:
    """Make ids unique among several pictures of one page; the marks of fills keep theirs."""
    svg = re.sub(r'\bid="(?!fill-)', f'id="{name}-', svg)
    svg = svg.replace("url(#", f"url(#{name}-")
    return re.sub(r'href="#', f'href="#{name}-', svg)
