"""``pennywire card program``: a bitstream into a board, if its report vouches for it."""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

__all__ = ["RefusedError", "report_of", "run_program", "vouched_for"]

_TOOL = "openFPGALoader"
#: Exit statuses.
_FAILED, _REFUSED = 1, 2


class RefusedError(Exception):
    """A bitstream that nothing vouches for; the message says why, and what to do."""


def report_of(bitstream: Path) -> dict[str, Any] | None:
    """Give the report that a build left beside a bitstream; None where there is none that can be read."""
    try:
        report = json.loads(bitstream.with_name("report.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    needed = {"board", "config", "seed", "timing_met", "clock_asked_mhz", "clock_reached_mhz", "sha256"}
    return report if isinstance(report, dict) and needed <= set(report) else None


def vouched_for(bitstream: Path, board: str, *, force: bool) -> dict[str, Any]:
    """Give the report of a bitstream that may be loaded.

    Parameters
    ----------
    bitstream : Path
        The file.
    board : str
        What it is to be loaded into.
    force : bool
        Also where a clock was not reached. Nothing else is forced.

    Raises
    ------
    RefusedError
        There is no such file, no report of it, the report is of another file or board, or a clock was not reached.
    """
    build = f"`pennywire card build --board {board}` makes both"
    if not bitstream.is_file():
        raise RefusedError(f"there is no {bitstream}: {build}")
    report = report_of(bitstream)
    if report is None:
        raise RefusedError(f"{bitstream} has no report.json beside it that says what it is: {build}")
    if report["board"] != board:
        raise RefusedError(f"{bitstream} is for the board {report['board']!r}, not for {board!r}")
    told, found = report["sha256"].get(bitstream.name), hashlib.sha256(bitstream.read_bytes()).hexdigest()
    if told != found:
        raise RefusedError(
            f"{bitstream} is not the file that its report is of: its SHA-256 is {found}, the report says {told}; "
            "build it again"
        )
    if not report["timing_met"] and not force:
        raise RefusedError(
            f"the clock of {bitstream} was not reached: {report['clock_reached_mhz']} MHz of the "
            f"{report['clock_asked_mhz']} MHz asked for, so what it does on a board is not known. Build with another "
            "--seed or a smaller --config; --force loads it all the same"
        )
    return report


def run_program(board_name: str, file: Path | None, force: bool) -> int:
    """Load a bitstream into a board, saying what is done.

    Returns
    -------
    int
        Exit status: 0; 1 where the tool is missing or failed; 2 for a refusal.
    """
    from sim.bitstream.build import BUILD, board_of

    try:
        board = board_of(board_name)
        bitstream = BUILD / board.name / "card.bit" if file is None else file
        report = vouched_for(bitstream, board.name, force=force)
    except (RefusedError, ValueError) as error:
        print(f"pennywire: {error}", file=sys.stderr)
        return _REFUSED
    tool = shutil.which(_TOOL)
    if tool is None:
        print(
            f"pennywire: there is no {_TOOL} here: sudo apt-get install -y openfpgaloader (docs/boards.md)",
            file=sys.stderr,
        )
        return _FAILED
    if not report["timing_met"]:
        print("forced: the clock of this bitstream was NOT reached")
    print(
        f"loading {bitstream} (card {report['config']}, seed {report['seed']}, "
        f"{report['clock_reached_mhz']} MHz reached) into the FPGA of {board.name}; "
        "it is gone when the board is switched off"
    )
    command = [tool, "--board", board.programmer, str(bitstream)]
    print(" ".join(command), flush=True)
    status = subprocess.run(command, check=False).returncode
    if status != 0:
        print(
            f"pennywire: {_TOOL} ended with status {status}: is the board switched on, its USB cable in, "
            "and may this user open it (the udev rule of docs/boards.md)?",
            file=sys.stderr,
        )
        return _FAILED
    print("loaded; the card is disarmed. Next: pennywire card check --device udp:ADDRESS")
    return 0
