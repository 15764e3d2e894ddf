"""Drawing a timing diagram: rows of values, one column a cycle, as SVG that needs no script and no font of ours."""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

__all__ = ["Row", "draw"]

_CELL, _HEIGHT, _GAP, _LABELS, _TOP = 74, 22, 10, 190, 56
_SLANT = 4


@dataclass(frozen=True)
class Row:
    """What one signal was in each cycle.

    Attributes
    ----------
    label : str
        Name of the signal.
    values : sequence of str
        One a cycle. ``0`` and ``1`` in every cycle make a line that goes up and down; anything else makes boxes, and an
        empty string means that the value says nothing then.
    """

    label: str
    values: Sequence[str]

    @property
    def is_bit(self) -> bool:
        """Whether it is drawn as a level."""
        return set(self.values) <= {"0", "1"}


def _level(values: Sequence[str], top: int) -> str:
    points = []
    for cycle, value in enumerate(values):
        y = top if value == "1" else top + _HEIGHT
        points += [f"{_LABELS + cycle * _CELL},{y}", f"{_LABELS + (cycle + 1) * _CELL},{y}"]
    return f'<polyline class="level" points="{" ".join(points)}"/>'


def _boxes(values: Sequence[str], top: int) -> list[str]:
    parts, start = [], 0
    middle = top + _HEIGHT / 2
    for cycle in range(1, len(values) + 1):
        if cycle < len(values) and values[cycle] == values[start]:
            continue
        left, right, text = _LABELS + start * _CELL, _LABELS + cycle * _CELL, values[start]
        if text:
            corners = (
                (left, middle),
                (left + _SLANT, top),
                (right - _SLANT, top),
                (right, middle),
                (right - _SLANT, top + _HEIGHT),
                (left + _SLANT, top + _HEIGHT),
            )
            parts.append(f'<polygon class="box" points="{" ".join(f"{x},{y:g}" for x, y in corners)}"/>')
            parts.append(f'<text class="value" x="{(left + right) / 2:g}" y="{middle + 4:g}">{escape(text)}</text>')
        else:
            parts.append(f'<line class="level" x1="{left}" y1="{middle:g}" x2="{right}" y2="{middle:g}"/>')
        start = cycle
    return parts


def draw(title: str, rows: Sequence[Row]) -> str:
    """Draw a diagram.

    Parameters
    ----------
    title : str
        Written above it.
    rows : sequence of Row
        Top to bottom; all of one length.

    Returns
    -------
    str
        The SVG file.

    Raises
    ------
    ValueError
        The rows are not of one length.
    """
    (cycles,) = lengths if len(lengths := {len(row.values) for row in rows}) == 1 else (None,)
    if cycles is None:
        raise ValueError(f"rows of one diagram have as many cycles, not {sorted(lengths)}")
    width = _LABELS + cycles * _CELL + 10
    height = _TOP + len(rows) * (_HEIGHT + _GAP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
        f"<title>{escape(title)}</title>",
        "<style>text{font:12px sans-serif;fill:#222}.title{font-weight:bold;font-size:14px}.label{text-anchor:end}"
        ".value,.cycle{text-anchor:middle}.cycle{fill:#666}.level{fill:none;stroke:#124a8c;stroke-width:1.5}"
        ".box{fill:#dce9f7;stroke:#124a8c}.grid{stroke:#ccc;stroke-dasharray:2 3}</style>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        f'<text class="title" x="10" y="20">{escape(title)}</text>',
    ]
    for cycle in range(cycles + 1):
        x = _LABELS + cycle * _CELL
        parts.append(f'<line class="grid" x1="{x}" y1="{_TOP - 8}" x2="{x}" y2="{height - 4}"/>')
        if cycle < cycles:
            parts.append(f'<text class="cycle" x="{x + _CELL // 2}" y="{_TOP - 14}">{cycle}</text>')
    for number, row in enumerate(rows):
        top = _TOP + number * (_HEIGHT + _GAP)
        parts.append(f'<text class="label" x="{_LABELS - 8}" y="{top + _HEIGHT / 2 + 4:g}">{escape(row.label)}</text>')
        parts += [_level(row.values, top)] if row.is_bit else _boxes(row.values, top)
    return "\n".join([*parts, "</svg>"]) + "\n"
