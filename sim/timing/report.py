"""What nextpnr reached, read from its report and from the netlist it was given."""

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from sim.bench.figures import Figure

__all__ = [
    "Area",
    "Clock",
    "CriticalPath",
    "Timing",
    "area_by_block",
    "blocks_of",
    "clocks_of",
    "figures_of",
    "read_files",
    "read_timing",
    "slowest_by_block",
]

#: Cells of a netlist that take look-up tables, and how many.
_LUTS = {"LUT4": 1, "CCU2C": 2, "TRELLIS_DPR16X4": 6}
_KINDS = {"TRELLIS_FF": "ffs", "DP16KD": "brams", "PDPW16KD": "brams", "MULT18X18D": "dsps", "ALU54B": "dsps"}
#: What Yosys and nextpnr put behind the name of a signal when they name a cell after it.
_CELL_SUFFIX = re.compile(r"(_TRELLIS_FF|_LUT4|_PFUMX|_L6MUX21|_CCU2C|\$).*")
_OUTSIDE = "scaffold"


@dataclass(frozen=True)
class CriticalPath:
    """The slowest way from one register to another.

    Attributes
    ----------
    begins, ends : str
        Blocks.
    source, target : str
        Signals.
    ns, logic_ns, routing_ns : float
        Of the whole; clock to output and set-up count as logic.
    levels : int
        Look-up tables and carry chains passed.
    through : tuple of str
        Blocks passed, in order.
    """

    begins: str
    ends: str
    source: str
    target: str
    ns: float
    logic_ns: float
    routing_ns: float
    levels: int
    through: tuple[str, ...]

    def words(self) -> str:
        """Tell the path in a sentence."""
        return (
            f"{self.ns:.2f} ns from {self.begins} ({self.source}) to {self.ends} ({self.target}) through "
            f"{' > '.join(self.through)}: {self.levels} levels, {self.logic_ns:.2f} ns in logic, "
            f"{self.routing_ns:.2f} ns in routing"
        )


@dataclass(frozen=True)
class Clock:
    """A clock of a design: its net's name, what was asked for and what was reached, MHz."""

    name: str
    asked_mhz: float
    reached_mhz: float

    @property
    def met(self) -> bool:
        """Whether it is as fast as was asked for."""
        return self.reached_mhz >= self.asked_mhz


@dataclass(frozen=True)
class Area:
    """What a block takes, the blocks in it included."""

    luts: int
    ffs: int
    brams: int
    dsps: int


@dataclass(frozen=True)
class Timing:
    """What one run of place and route reached.

    Attributes
    ----------
    mhz, target_mhz : float
        Clock reached and asked for, MHz.
    luts, ffs, brams, dsps : int
        Used of the part: TRELLIS_COMB, TRELLIS_FF, DP16KD, and MULT18X18D with ALU54B.
    available : dict of str to int
        The same of the whole part.
    critical : CriticalPath
        The slowest path.
    slowest : dict of str to float
        By block, the slowest path that ends in it, ns.
    blocks : dict of str to Area
        By block, before packing.
    """

    mhz: float
    target_mhz: float
    luts: int
    ffs: int
    brams: int
    dsps: int
    available: dict[str, int]
    critical: CriticalPath
    slowest: dict[str, float]
    blocks: dict[str, Area]

    def as_dict(self) -> dict[str, object]:
        """Give all of it as JSON has it."""
        return asdict(self)


def blocks_of(rtlil: str) -> list[str]:
    """Give the hierarchical names of the blocks in an RTLIL text, without the top level's own."""
    names = re.findall(r"^module \\top\.(\S+)$", rtlil, re.MULTILINE)
    return sorted(names)


class _Places:
    """Finds the block of a cell, whose name begins with that of a signal, which begins with that of its block."""

    def __init__(self, blocks: Iterable[str], outside: str) -> None:
        self._blocks = set(blocks)
        self._outside = outside

    def __call__(self, cell: str) -> str:
        parts = cell.split(".")
        for end in range(len(parts), 0, -1):
            name = ".".join(parts[:end])
            if name in self._blocks:
                return name
        return self._outside


def clocks_of(report: Mapping) -> list[Clock]:
    """Give the clocks of a report of nextpnr's, the one with the least room first."""
    clocks = [Clock(name, round(c["constraint"], 2), round(c["achieved"], 2)) for name, c in report["fmax"].items()]
    return sorted(clocks, key=lambda clock: clock.reached_mhz / clock.asked_mhz)


def area_by_block(netlist: Mapping, blocks: Iterable[str], outside: str = _OUTSIDE) -> dict[str, Area]:
    """Count a netlist's cells by block, those of the blocks within a block included.

    A look-up table that Yosys made of the logic of two blocks counts for the one whose signal it is named after.

    Parameters
    ----------
    netlist : mapping
        As Yosys' ``-json`` writes it.
    blocks : iterable of str
        From :func:`blocks_of`.
    outside : str
        What is in none of them is called so.

    Returns
    -------
    dict of str to Area
        Largest number of look-up tables first.
    """
    place = _Places(blocks, outside)
    counts: dict[str, Counter[str]] = {}
    for name, cell in netlist["modules"]["top"]["cells"].items():
        kind = _KINDS.get(cell["type"], "luts" if cell["type"] in _LUTS else None)
        if kind is None:
            continue
        parts = place(name).split(".")
        for end in range(1, len(parts) + 1):
            counts.setdefault(".".join(parts[:end]), Counter())[kind] += _LUTS.get(cell["type"], 1)
    areas = {name: Area(n["luts"], n["ffs"], n["brams"], n["dsps"]) for name, n in counts.items()}
    return dict(sorted(areas.items(), key=lambda item: (-item[1].luts, item[0])))


def slowest_by_block(report: Mapping, blocks: Iterable[str], outside: str = _OUTSIDE) -> dict[str, float]:
    """Give for each block the arrival of the slowest path that ends in a register of it, in ns, slowest first."""
    place = _Places(blocks, outside)
    slowest: dict[str, float] = {}
    for net in report["detailed_net_timings"]:
        for end in net["endpoints"]:
            if net["event"].startswith("posedge") and end["event"].startswith("posedge"):
                block = place(end["cell"])
                slowest[block] = max(slowest.get(block, 0.0), max(end["delay"]))
    return dict(sorted(((name, round(ns, 2)) for name, ns in slowest.items()), key=lambda item: -item[1]))


def _critical(report: Mapping, blocks: Iterable[str], clock: str, outside: str) -> CriticalPath:
    place = _Places(blocks, outside)
    paths = [path for path in report["critical_paths"] if path["from"] == path["to"] == f"posedge {clock}"]
    if not paths:
        raise ValueError("nextpnr's report has no path from register to register: is there a register in the block?")
    path = max(paths, key=lambda p: math.fsum(step["delay"] for step in p["path"]))["path"]
    routing = math.fsum(step["delay"] for step in path if step["type"] == "routing")
    total = math.fsum(step["delay"] for step in path)
    first, last = path[0]["from"]["cell"], path[-1]["to"]["cell"]
    through: list[str] = []
    for step in path:
        block = place(step["from"]["cell"])
        if not through or through[-1] != block:
            through.append(block)
    return CriticalPath(
        begins=place(first),
        ends=place(last),
        source=_signal(first, place(first)),
        target=_signal(last, place(last)),
        ns=round(total, 3),
        logic_ns=round(total - routing, 3),
        routing_ns=round(routing, 3),
        levels=sum(step["type"] == "logic" for step in path),
        through=tuple(through),
    )


def _signal(cell: str, block: str) -> str:
    return _CELL_SUFFIX.sub("", cell.removeprefix(block + "."))


def read_timing(
    report: Mapping, netlist: Mapping, rtlil: str, *, clock: str | None = None, outside: str = _OUTSIDE
) -> Timing:
    """Read what one run reached.

    Parameters
    ----------
    report : mapping
        nextpnr's ``--report`` with ``--detailed-timing-report``.
    netlist : mapping
        What it was given.
    rtlil : str
        What the netlist was made of: it has the names of the blocks.
    clock : str or None
        Clock whose frequency and slowest path are wanted; None: the only one.
    outside : str
        What is in no block is called so.

    Raises
    ------
    ValueError
        The report has not exactly one clock and none was named, or no path from register to register.
    """
    if clock is None:
        if len(report["fmax"]) != 1:
            raise ValueError(f"one clock is timed, the report has {sorted(report['fmax'])}")
        (clock,) = report["fmax"]
    timed = report["fmax"][clock]
    blocks = blocks_of(rtlil)
    use = report["utilization"]

    def total(what: str) -> dict[str, int]:
        kinds = {"luts": "TRELLIS_COMB", "ffs": "TRELLIS_FF", "brams": "DP16KD", "dsps": "MULT18X18D"}
        return {name: use[kind][what] for name, kind in kinds.items()}

    return Timing(
        mhz=round(timed["achieved"], 2),
        target_mhz=round(timed["constraint"], 2),
        **total("used"),
        available=total("available"),
        critical=_critical(report, blocks, clock, outside),
        slowest=slowest_by_block(report, blocks, outside),
        blocks=area_by_block(netlist, blocks, outside),
    )


def read_files(report: Path, netlist: Path, rtlil: Path) -> Timing:
    """As :func:`read_timing`, from the files of a run."""
    return read_timing(json.loads(report.read_text()), json.loads(netlist.read_text()), rtlil.read_text())


def figures_of(timing: Timing, config: str, device: str) -> dict[str, Figure]:
    """Give the figures of ``build/bench.json``."""
    on = f"the engine of the configuration {config!r} on {device}, by place and route; not measured on a board"
    kinds = {"luts": "look-up tables", "ffs": "flip-flops", "brams": "block RAMs of 18 kbit (DP16KD)"}
    figures = {f"timing_{config}_mhz": Figure(timing.mhz, "MHz", f"clock reached by {on}")}
    for name, what in kinds.items():
        text = f"{what}, of {timing.available[name]:,}: {on}"
        figures[f"timing_{config}_{name}"] = Figure(getattr(timing, name), name, text)
    return figures
