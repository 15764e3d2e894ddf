"""``python -m sim.timing run|budget CONFIG``: place and route the engine, or print what memory it asks for."""

import argparse
import json
import sys
import time
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from hdl.configs import CardConfig
from hdl.engine import Engine
from sim.bench.figures import merge
from sim.timing.blank_rows import leave_rows_blank
from sim.timing.budget import memories_of
from sim.timing.demand import demand_of, require_fit
from sim.timing.demand import figures_of as asked_for
from sim.timing.engine import block_of, configuration, engine_in_scaffold
from sim.timing.flow import emit, place_and_route, synthesise
from sim.timing.part import ECPIX5_85F
from sim.timing.report import Timing, figures_of, read_files
from sim.timing.scaffold import Scaffold
from sim.timing.step import FlowError, Progress

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / "build" / "timing"
BENCH = ROOT / "build" / "bench.json"
_WIDTH = 120
#: Blocks of the table: those that take at least this share of all look-up tables, or any block RAM.
_LEAST_SHARE = 0.01


def run(name: str, block: str | None, *, target_mhz: float | None, seed: int, say: Progress) -> tuple[Timing, Path]:
    """Synthesise, place and route the engine of a configuration; what is done already is not done again.

    Writes ``report.json`` and ``report.txt`` below ``build/timing``, and the figures into ``build/bench.json``. One
    block alone has its report in a folder of its own, and no figures: with more room around it, it is quicker than in
    the engine.

    Parameters
    ----------
    name : str
        Of the configuration.
    block : str or None
        Block to be timed alone, ``book.rows`` for instance; None: the whole engine.
    target_mhz : float or None
        Clock to be aimed at, MHz; None: the configuration's own.
    seed : int
        Of the placer.
    say : callable
        Told of progress.

    Returns
    -------
    tuple of Timing and Path
        What was reached; the folder of the run.

    Raises
    ------
    ValueError
        There is no configuration or no block of that name.
    FlowError
        A tool failed, which it also does where the engine does not fit the part.
    """
    config = configuration(name)
    part = ECPIX5_85F
    what = "engine" if block is None else block
    work = WORK / (name if block is None else f"{name}-{block}")
    say(f"elaborating {what} of {name!r}")
    scaffold = engine_in_scaffold(config) if block is None else Scaffold(block_of(config, block, part))
    source = emit(scaffold, part, work)
    netlist = synthesise(work, say)
    demand = demand_of(netlist, source)
    if block is None:
        merge(BENCH, asked_for(demand, part, name))
    require_fit(demand, part, f"{what} of {name!r}", work)
    own_mhz = 1e6 / config.clock_period_ps
    # One block alone has room enough.
    spread, blank = leave_rows_blank(netlist, part, demand.whole.luts) if block is None else (netlist, 0)
    report = place_and_route(work, part, target_mhz=target_mhz or own_mhz, seed=seed, say=say, netlist=spread.name)
    timing = read_files(report, netlist, source)
    timing = replace(timing, luts=timing.luts - blank)
    device = f"{part.device}-{part.speed}{part.package}"
    about = {"config": name, "block": what, "part": device, "seed": seed}
    (work / "report.json").write_text(json.dumps(about | timing.as_dict(), indent=2) + "\n")
    with (work / "report.txt").open("w") as file:
        show(timing, name, what, Console(file=file, width=_WIDTH))
    if block is None:
        merge(BENCH, figures_of(timing, name, device))
    return timing, work


def show(timing: Timing, name: str, what: str, console: Console) -> None:
    """Print what was reached, and of an engine what feed that carries."""
    part = ECPIX5_85F
    console.print(
        f"{what} of the configuration {name!r} on {part.device}-{part.speed}{part.package}, placed and routed"
    )
    console.print(f"clock: {timing.mhz:.2f} MHz reached, {timing.target_mhz:.2f} MHz asked for")
    if what == "engine":
        width = configuration(name).width
        console.print(f"feed at that clock: {8 * width * timing.mhz:,.0f} Mb/s, {width} bytes a cycle")
    for kind, what in (("luts", "look-up tables"), ("ffs", "flip-flops"), ("brams", "block RAMs"), ("dsps", "DSPs")):
        used, there = getattr(timing, kind), timing.available[kind]
        console.print(f"{what}: {used:,} of {there:,} ({100 * used / there:.0f} %)")
    console.print(f"slowest path: {timing.critical.words()}", soft_wrap=True)
    table = Table(title="by block, the blocks in it included; look-up tables before packing")
    for column in ("block", "LUTs", "FFs", "block RAMs", "DSPs", "slowest path into it, ns"):
        table.add_column(column, justify="left" if column == "block" else "right")
    least = _LEAST_SHARE * timing.luts
    for block, area in sorted(timing.blocks.items()):
        if area.luts >= least or area.brams:
            slowest = timing.slowest.get(block)
            numbers = (area.luts, area.ffs, area.brams, area.dsps)
            table.add_row(block, *(f"{n:,}" for n in numbers), "" if slowest is None else f"{slowest:.2f}")
    console.print(table)


def budget(config: CardConfig, console: Console) -> None:
    """Print the memories of the engine of a configuration, and what of the part's block RAM they take."""
    part = ECPIX5_85F
    needs = memories_of(Engine(config), part)
    sizes = f"{config.slots} symbols, {config.table_orders:,} live orders, {config.row_levels} levels a side"
    table = Table(title=f"Memories of the engine of {config.name!r}: {sizes}")
    for column in ("memory", "rows", "bits a row", "bits", "block RAMs", "16x4 look-up RAMs"):
        table.add_column(column, justify="left" if column == "memory" else "right")
    for need in needs:
        numbers = (need.rows, need.width, need.bits, need.block_rams, need.small_rams)
        table.add_row(need.name, *(f"{n:,}" for n in numbers))
    console.print(table)
    taken = sum(need.block_rams for need in needs)
    bits = sum(need.bits for need in needs)
    rest = part.block_rams - taken
    console.print(
        f"{bits:,} bits; {taken} block RAMs of the {part.block_rams} that {part.device} has, "
        f"{f'{rest} left' if rest >= 0 else f'{-rest} too many'}; "
        f"{sum(need.small_rams for need in needs):,} look-up RAMs of 16x4"
    )


def main() -> int:
    """Do what the command line asks; 1 where it cannot be done."""
    parser = argparse.ArgumentParser(prog="python -m sim.timing", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    running = commands.add_parser("run", help="synthesise, place and route the engine")
    running.add_argument("config", help="scalp, ecpix5, ...; scalp-gigabit, ...: as a gigabit board has it")
    running.add_argument("--block", help="of the engine, to be timed alone: book.rows, gate.judge")
    running.add_argument("--mhz", type=float, help="clock to be aimed at; without: the configuration's own")
    running.add_argument("--seed", type=int, default=1, help="of the placer")
    budgeting = commands.add_parser("budget", help="print the memory budget")
    budgeting.add_argument("config")
    budgeting.add_argument("--symbols", type=int, help="other than the configuration has")
    budgeting.add_argument("--orders", type=int, help="live orders, other than the configuration has")
    budgeting.add_argument("--levels", type=int, help="levels a side, other than the configuration has")
    given = parser.parse_args()
    begun = time.monotonic()
    progress = Console(stderr=True)

    def say(what: str) -> None:
        progress.print(f"[dim]{time.monotonic() - begun:6.0f} s[/dim] {what}", highlight=False, soft_wrap=True)

    out = Console()
    out.width = max(out.width, _WIDTH)
    try:
        if given.command == "budget":
            sizes = {"slots": given.symbols, "table_orders": given.orders, "row_levels": given.levels}
            changed = {size: value for size, value in sizes.items() if value is not None}
            budget(replace(configuration(given.config), **changed), out)
        else:
            timing, work = run(given.config, given.block, target_mhz=given.mhz, seed=given.seed, say=say)
            show(timing, given.config, given.block or "engine", out)
            figures = f", figures in {BENCH.relative_to(ROOT)}" if given.block is None else ""
            print(f"report in {work.relative_to(ROOT)}{figures}")
    except (FlowError, ValueError) as error:
        print(f"timing: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
