"""``python -m sim.bench.profile``: where the time goes of a replay through the verilated feed and book.

Linux's ``perf`` looks 4,000 times a second where the program is. The model is the benchmark's, compiled the same way
but with line numbers: the line of C++ names signals, and a signal's name begins with the block that it is in.
"""

import argparse
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from sim.bench.replay import recorded_day
from sim.replay.replay import Replay, build_feed_half, compiling
from sim.sessions.binaryfile import write_messages
from sim.sessions.make import MADE_SYMBOLS, make_messages
from sim.verilated.build import ROOT, run_tool

__all__ = ["AROUND", "UNTOLD", "block_at", "shares"]

CONFIG = "demo"
WORK = ROOT / "build"
_MADE, _SEED = 300_000, 7
_SAMPLE = re.compile(r"^\s*[0-9a-f]+ (?P<symbol>\S+?)\+0x(?P<offset>[0-9a-f]+) \((?P<object>.*)\)$")
_SIGNAL = re.compile(r"top__DOT__(\w+)")
#: Lines of a statement that are looked at above a line that names no signal.
_ABOVE = 6
_DEPTH = 3
#: What is not in a block: what Verilator does in every cycle, and what no line is known of.
AROUND, UNTOLD = "Verilator's own work, and the C loop", "no line known"


def block_at(lines: Sequence[str], number: int, depth: int = _DEPTH) -> str:
    """Tell which block a line of the model's C++ works for.

    Parameters
    ----------
    lines : sequence of str
        The file.
    number : int
        The line's number, from 1.
    depth : int
        So many names of the path to the block are given.

    Returns
    -------
    str
        The block, as ``book.rows``; :data:`AROUND` if neither the line nor those just above it name a signal of one.
    """
    for at in range(number - 1, max(number - 1 - _ABOVE, -1), -1):
        if signal := _SIGNAL.search(lines[at]):
            return ".".join(signal[1].split("__DOT__")[:-1][:depth]) or "between blocks"
    return AROUND


def shares(samples: Iterable[str], symbols: dict[str, int], library: Path, model: Path) -> Counter[str]:
    """Count samples by block.

    Parameters
    ----------
    samples : iterable of str
        Lines of ``perf script -F ip,sym,symoff,dso``; those of other libraries are passed over.
    symbols : dict of str to int
        Addresses of the library's functions by name.
    library, model : Path
        The library, and the folder of the C++ that it is made of.
    """
    addresses: Counter[int] = Counter()
    for line in samples:
        sample = _SAMPLE.match(line)
        if sample and Path(sample["object"]).name == library.name and sample["symbol"] in symbols:
            addresses[symbols[sample["symbol"]] + int(sample["offset"], 16)] += 1
    asked = list(addresses)
    told = _output("addr2line", "-e", str(library), given="\n".join(map(hex, asked))).splitlines()
    files: dict[str, list[str]] = {}
    counts: Counter[str] = Counter()
    for address, place in zip(asked, told, strict=True):
        # The folder that it was compiled in is gone.
        path, _, number = place.partition(" ")[0].rpartition(":")
        name = Path(path).name
        if name not in files:
            source = model / name
            files[name] = source.read_text().splitlines() if source.exists() else []
        if not number.isdigit() or number == "0":
            block = UNTOLD
        else:
            block = block_at(files[name], int(number)) if files[name] else AROUND
        counts[block] += addresses[address]
    return counts


def _output(*command: str, given: str = "") -> str:
    return subprocess.run(command, input=given, capture_output=True, text=True, check=True).stdout


def _symbols(library: Path) -> dict[str, int]:
    fields = (line.split() for line in _output("nm", "--defined-only", str(library)).splitlines())
    return {name: int(address, 16) for address, _, name in fields}


def main() -> None:
    """Measure and print.

    Raises
    ------
    BuildError
        There is no ``perf`` here, or a tool failed.
    """
    parser = argparse.ArgumentParser(prog="python -m sim.bench.profile", description=__doc__)
    parser.add_argument("--play", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)  # library, session, symbols
    if played := parser.parse_args().play:
        with Replay(played[2:], CONFIG, library=Path(played[0])) as run:
            run.play(Path(played[1]))
        return
    WORK.mkdir(exist_ok=True)
    how = compiling(CONFIG)
    library = build_feed_half(CONFIG, print, compiled=replace(how, often=(*how.often, "-g1"), keeps_model=True))
    data = os.environ.get("PENNYWIRE_DATA")
    if data:
        day, symbols = recorded_day(Path(data), WORK), ["AMZN"]
    else:
        day, symbols = WORK / "profile.itch50", [made.symbol for made in MADE_SYMBOLS]
        write_messages(day, make_messages(_SEED, _MADE).messages)
    seen = WORK / "profile.perf"
    watch = ["perf", "record", "-q", "-e", "cpu-clock", "-F", "4000", "-o", str(seen), "--"]
    run_tool([*watch, sys.executable, "-m", "sim.bench.profile", "--play", str(library), str(day), *symbols], ROOT)
    samples = _output("perf", "script", "--no-demangle", "-i", str(seen), "-F", "ip,sym,symoff,dso").splitlines()
    counts = shares(samples, _symbols(library), library, library.parent / "model")
    table = Table(title=f"{day.stem} through the feed half, compiled by {how.compiler}: {counts.total():,} samples")
    table.add_column("block")
    table.add_column("share", justify="right")
    for block, count in counts.most_common():
        table.add_row(block, f"{100 * count / counts.total():.1f} %")
    Console().print(table)


if __name__ == "__main__":
    main()
