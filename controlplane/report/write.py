"""Writes a report as ``report.json`` and as one self-contained page, ``report.html``.

Both are the same bytes for the same run, except for one line each: the JSON's ``wall_clock`` and the page's element
with the id ``wall-clock``.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from controlplane.report.pictures import draw
from controlplane.report.run_data import RunData
from controlplane.report.words import cents_a_share, clock, dollars, duration, horizon, price

__all__ = ["json_of", "write_report"]


def write_report(report: Mapping[str, Any], data: RunData, folder: Path) -> tuple[Path, Path]:
    """Write the report into a folder, which is made where missing.

    Parameters
    ----------
    report : mapping
        As :func:`controlplane.report.build.build_report` makes it.
    data : RunData
        The run it was made from, for the pictures.
    folder : Path
        Where to.

    Returns
    -------
    tuple of Path
        The JSON file and the page.
    """
    folder.mkdir(parents=True, exist_ok=True)
    json_path, html_path = folder / "report.json", folder / "report.html"
    json_path.write_text(json_of(report), encoding="utf-8")
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(dollars=dollars, price=price, clock=clock, cents=cents_a_share)
    environment.filters.update(horizon=horizon, duration=duration)
    page = environment.get_template("report.html.j2").render(report=report, pictures=draw(report, data))
    html_path.write_text(page, encoding="utf-8")
    return json_path, html_path


def json_of(report: Mapping[str, Any]) -> str:
    """One line for each entry of the report, and of its long lists: easy to read, and to compare by line."""
    lines = []
    for key, value in report.items():
        if isinstance(value, list) and value:
            items = ",\n  ".join(json.dumps(item) for item in value)
            lines.append(f"{json.dumps(key)}: [\n  {items}\n ]")
        else:
            lines.append(f"{json.dumps(key)}: {json.dumps(value)}")
    return "{\n " + ",\n ".join(lines) + "\n}\n"
