"""``python -m sim.bitstream BOARD``: the bitstream of a board, with one or more seeds of the placer."""

import argparse
import sys
import time

from rich.console import Console

from sim.bench.figures import merge
from sim.bitstream.build import BUILD, board_of, build_board, config_of
from sim.bitstream.report import figures_of, one_line, room_of
from sim.timing.step import FlowError

__all__ = ["NOT_MET", "build", "main"]

#: Exit status where the files are there and a clock was not reached, or a seed's placement not routed.
NOT_MET = 3


def build(board_name: str, config_name: str | None, seeds: list[int]) -> int:
    """Build, tell progress on standard error and the outcome on standard output, and keep the figures.

    Parameters
    ----------
    board_name, config_name : str, str or None
        None: the board's own configuration.
    seeds : list of int
        Of the placer.

    Returns
    -------
    int
        Exit status: 0, 1 where a tool failed, 2 for a name that is none, :data:`NOT_MET`.
    """
    begun, console = time.monotonic(), Console(stderr=True)

    def say(what: str) -> None:
        console.print(f"[dim]{time.monotonic() - begun:6.0f} s[/dim] {what}", highlight=False, soft_wrap=True)

    try:
        board = board_of(board_name)
        config = config_of(board, config_name)
    except ValueError as error:
        print(f"bitstream: {error}", file=sys.stderr)
        return 2
    try:
        reports = build_board(board, config, seeds=seeds, say=say)
    except FlowError as error:
        print(f"bitstream: {error}", file=sys.stderr)
        return 1
    merge(BUILD / "bench.json", figures_of(reports, len(seeds)))
    for report in reports:
        print(one_line(report))
    best = max(reports, key=room_of)
    print(f"slowest path: {best['critical_path']}")
    print(f"build/{board.name}/card.bit, card.svf, report.json, report.html; figures in build/bench.json")
    if no_way := [str(seed) for seed in seeds if seed not in [report["seed"] for report in reports]]:
        print(f"no way was found for the last wires of seed {', '.join(no_way)}")
        return NOT_MET
    if not all(report["timing_met"] for report in reports):
        print("a clock asked for was not reached: `pennywire card program` refuses such a bitstream unless forced")
        return NOT_MET
    return 0


def main() -> int:
    """Do what the command line asks; see :func:`build`."""
    parser = argparse.ArgumentParser(prog="python -m sim.bitstream", description=__doc__)
    parser.add_argument("board")
    parser.add_argument("--config", help="of the card; without: the board's own")
    parser.add_argument("--seed", type=int, default=1, help="of the placer: the first one")
    parser.add_argument("--seeds", type=int, default=1, help="how many, one bitstream each")
    given = parser.parse_args()
    return build(given.board, given.config, list(range(given.seed, given.seed + given.seeds)))


if __name__ == "__main__":
    sys.exit(main())
