"""What a netlist asks of a part, counted before it is placed: what does not fit is told block by block, and at once."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from sim.bench.figures import Figure
from sim.timing.part import Part
from sim.timing.report import Area, area_by_block, blocks_of
from sim.timing.step import FlowError

__all__ = ["Demand", "demand_of", "figures_of", "require_fit", "show"]

#: Blocks of the table: those that ask for at least this share of all look-up tables, or for any block RAM.
_LEAST_SHARE = 0.01


@dataclass(frozen=True)
class Demand:
    """What a netlist asks for.

    Attributes
    ----------
    whole : Area
        All of it.
    blocks : dict of str to Area
        By block, the blocks in it included; most look-up tables first.
    """

    whole: Area
    blocks: dict[str, Area]

    def beyond(self, part: Part) -> list[str]:
        """Give, in words, each kind of cell that a part has too few of."""
        kinds = (
            ("look-up tables", self.whole.luts, part.luts),
            ("flip-flops", self.whole.ffs, part.luts),
            ("block RAMs", self.whole.brams, part.block_rams),
        )
        return [f"{asked:,} {what} of {there:,}" for what, asked, there in kinds if asked > there]


def demand_of(netlist: Path, rtlil: Path) -> Demand:
    """Count a netlist.

    Parameters
    ----------
    netlist : Path
        As :func:`sim.timing.flow.synthesise` leaves it.
    rtlil : Path
        What it was made of: it has the names of the blocks.
    """
    blocks = area_by_block(json.loads(netlist.read_text()), blocks_of(rtlil.read_text()))
    outermost = [area for name, area in blocks.items() if "." not in name]
    sums = {kind: sum(getattr(area, kind) for area in outermost) for kind in ("luts", "ffs", "brams", "dsps")}
    return Demand(Area(**sums), blocks)


def require_fit(demand: Demand, part: Part, what: str, work: Path) -> None:
    """Refuse to place what a part has no room for.

    Leaves ``demand.json`` and ``demand.txt`` in ``work``, whether it fits or not.

    Raises
    ------
    FlowError
        It does not fit; the message says by how much and where the table is.
    """
    (work / "demand.json").write_text(json.dumps(asdict(demand), indent=2) + "\n")
    table = work / "demand.txt"
    with table.open("w") as file:
        show(demand, part, what, Console(file=file, width=120))
    beyond = demand.beyond(part)
    if beyond:
        raise FlowError(
            f"{what} does not fit {part.device} and was not placed: it asks for {', '.join(beyond)}; "
            f"{table} says which blocks ask for them"
        )


def show(demand: Demand, part: Part, what: str, console: Console) -> None:
    """Print what is asked for, whole and by block."""
    table = Table(
        title=f"{what} after synthesis, the blocks in a block included; {part.device} has {part.luts:,} of each"
    )
    for column in ("block", "look-up tables", "flip-flops", "block RAMs", "DSPs"):
        table.add_column(column, justify="left" if column == "block" else "right")
    least = _LEAST_SHARE * demand.whole.luts
    for name, area in [("all", demand.whole), *demand.blocks.items()]:
        if area.luts >= least or area.brams:
            table.add_row(name, *(f"{n:,}" for n in (area.luts, area.ffs, area.brams, area.dsps)))
    console.print(table)


def figures_of(demand: Demand, part: Part, config: str) -> dict[str, Figure]:
    """Give the figures of ``build/bench.json`` for an engine that was synthesised only."""
    on = f"that the engine of the configuration {config!r} asks for after synthesis; not placed"
    return {
        f"timing_{config}_luts": Figure(demand.whole.luts, "luts", f"look-up tables, of {part.luts:,}, {on}"),
        f"timing_{config}_ffs": Figure(demand.whole.ffs, "ffs", f"flip-flops, of {part.luts:,}, {on}"),
        f"timing_{config}_brams": Figure(
            demand.whole.brams, "brams", f"block RAMs of 18 kbit (DP16KD), of {part.block_rams}, {on}"
        ),
    }
