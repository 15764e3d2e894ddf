"""A board's bitstream: elaborated, synthesised, placed, routed and packed, with the steps of ``sim/timing/flow.py``."""

import hashlib
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from amaranth import Elaboratable
from amaranth.build import Platform

from hdl.boards import BOARDS, Board
from hdl.configs import CONFIGS, CardConfig
from sim.bitstream.report import describe, one_line, room_of, write_report
from sim.timing.blank_rows import leave_rows_blank
from sim.timing.demand import demand_of, require_fit
from sim.timing.flow import pack, place_and_route, synthesise, write_source
from sim.timing.part import LOGIC_85K, Part
from sim.timing.step import NoWayError, Progress, seconds_of

__all__ = [
    "BUILD",
    "board_of",
    "build_board",
    "build_design",
    "config_of",
    "part_of",
    "synthesise_board",
    "synthesise_design",
]

BUILD = Path(__file__).resolve().parents[2] / "build"
_CONSTRAINTS = "top.lpf"
_FILES = ("card.bit", "card.svf")
#: Look-up tables and DP16KD by the size of the part, as nextpnr counts them, and where its logic is, if it is known.
_SIZES: dict[str, tuple[int, int, Sequence[int], Sequence[int]]] = {
    "25k": (24_288, 56, (), ()),
    "45k": (43_848, 108, (), ()),
    "85k": (83_640, 208, *LOGIC_85K),
}


def board_of(name: str) -> Board:
    """Give a board by its name.

    Raises
    ------
    ValueError
        There is none of that name.
    """
    if name not in BOARDS:
        raise ValueError(f"there is no board {name!r}: there are {', '.join(BOARDS)}")
    return BOARDS[name]


def config_of(board: Board, name: str | None) -> CardConfig:
    """Give a configuration by its name, or the board's own where none is given.

    Raises
    ------
    ValueError
        There is none of that name.
    """
    chosen = board.config if name is None else name
    if chosen not in CONFIGS:
        raise ValueError(f"there is no configuration {chosen!r}: there are {', '.join(CONFIGS)}")
    return CONFIGS[chosen]


def build_board(
    board: Board, config: CardConfig, *, seeds: Sequence[int], say: Progress, folder: Path | None = None
) -> list[dict[str, Any]]:
    """Build a board's bitstream; steps whose input has not changed are not done again.

    Parameters
    ----------
    board : Board
        What it is for.
    config : CardConfig
        Sizes of the card.
    seeds : sequence of int
        Of the placer, one bitstream each: the same one gives the same bitstream.
    say : callable
        Told of progress.
    folder : Path or None
        Where to; None: ``build/BOARD``. Gets ``card.bit``, ``card.svf``, ``report.json`` and ``report.html``
        of the seed with the most room in its clock.

    Returns
    -------
    list of dict
        The report of each seed (docs/boards.md), also where the clock asked for was not reached: see ``timing_met``.
        A seed of which a placement came that cannot be routed has none.

    Raises
    ------
    NoWayError
        No seed's placement can be routed.
    FlowError
        A tool failed, which it also does where the card does not fit the part.
    """
    say(f"elaborating the card {config.name!r} for {board.name}")
    return build_design(
        board.top(config),
        board.platform(),
        part_of(board),
        {"board": board.name, "description": board.description, "config": config.name},
        folder or BUILD / board.name,
        clock_mhz=board.clock_mhz,
        seeds=seeds,
        say=say,
    )


def synthesise_board(board: Board, config: CardConfig, *, say: Progress) -> Path:
    """Give the netlist that :func:`build_board` places, as :func:`sim.timing.flow.synthesise` leaves it."""
    say(f"elaborating the card {config.name!r} for {board.name}")
    return synthesise_design(board.top(config), board.platform(), BUILD / board.name / config.name, say=say)


def synthesise_design(top: Elaboratable, platform: Platform, work: Path, *, say: Progress) -> Path:
    """Give the netlist that :func:`build_design` places, made in ``work``."""
    _elaborate(top, platform, work)
    return synthesise(work, say)


def part_of(board: Board) -> Part:
    """Give a board's part as place and route wants it."""
    options = (f"--{board.device}", "--package", board.package, "--speed", board.speed)
    return Part(board.device, board.package, board.speed, options, *_SIZES[board.device.split("-")[1]])


def build_design(
    top: Elaboratable,
    platform: Platform,
    part: Part,
    about: dict[str, str],
    folder: Path,
    *,
    clock_mhz: float,
    seeds: Sequence[int],
    say: Progress,
) -> list[dict[str, Any]]:
    """Build the bitstream of any design that asks its pins from a platform, as :func:`build_board` does.

    Parameters
    ----------
    about : dict
        ``board``, ``description`` and ``config``, for the report; the work is done in ``folder/config``.
    clock_mhz : float
        Clock that is aimed at where the platform's constraints ask for none.
    """
    begun = time.monotonic()
    work = folder / about["config"]
    source = _elaborate(top, platform, work)
    elaborated = time.monotonic() - begun
    netlist = synthesise(work, say)
    demand = demand_of(netlist, source)
    require_fit(demand, part, f"the card {about['config']!r}", work)
    spread, blank = leave_rows_blank(netlist, part, demand.whole.luts)
    about = about | {"part": f"{part.device} {part.package} speed {part.speed}"}
    reports, files = [], []
    no_way = []
    for seed in seeds:
        layout = f"seed-{seed}"
        try:
            routed = place_and_route(
                work,
                part,
                target_mhz=clock_mhz,
                seed=seed,
                say=say,
                constraints=_CONSTRAINTS,
                layout=layout,
                netlist=spread.name,
            )
        except NoWayError as error:
            say(f"seed {seed}: {error}")
            no_way.append(error)
            continue
        made = dict(zip(_FILES, pack(work, layout, say), strict=True))
        reports.append(
            {
                **about,
                "seed": seed,
                **describe(routed, netlist, source, blank_luts=blank),
                "sha256": {name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in made.items()},
                "build_seconds": {
                    "elaboration": round(elaborated, 1),
                    "synthesis": seconds_of(netlist),
                    "place_and_route": seconds_of(routed),
                    "bitstream": seconds_of(made[_FILES[0]]),
                },
            }
        )
        files.append(made)
        say(one_line(reports[-1]))
    if not reports:
        raise no_way[0]
    best = max(range(len(reports)), key=lambda i: room_of(reports[i]))
    for name, file in files[best].items():
        shutil.copyfile(file, folder / name)
    write_report(reports[best], folder)
    return reports


def _elaborate(top: Elaboratable, platform: Platform, work: Path) -> Path:
    # Without the places in the source the text changes only when the design does.
    plan = platform.build(top, name="top", do_build=False, emit_src=False)
    source = write_source(plan.files["top.il"], work)
    (work / _CONSTRAINTS).write_text(plan.files[_CONSTRAINTS])
    return source
