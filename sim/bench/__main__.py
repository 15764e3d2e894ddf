"""``python -m sim.bench``: measure, print a table, write ``build/bench.json``."""

import argparse
import os
import platform
import subprocess
import time
from pathlib import Path

from rich.console import Console

from hdl.configs import CONFIGS
from sim.bench.figures import Figure, merge, show
from sim.bench.kill import kill
from sim.bench.line_rate import line_rate
from sim.bench.replay import replay
from sim.bench.stages import build_probe, stages
from sim.verilated.build import ROOT, build_card

CONFIG = "demo"
TARGET = ROOT / "build" / "bench.json"


def git_hash(root: Path) -> str:
    """Commit of the checkout, with ``+`` where ``hdl`` or ``sim`` differ from it; ``unknown`` outside one."""

    def git(*words: str) -> str | None:
        try:
            done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=False)
        except FileNotFoundError:
            return None
        return done.stdout.strip() if done.returncode == 0 else None

    commit = git("rev-parse", "HEAD")
    if commit is None:
        return "unknown"
    return commit + ("+" if git("status", "--porcelain", "--", "hdl", "sim") else "")


def main() -> None:
    """Measure everything.

    Raises
    ------
    FileNotFoundError
        ``PENNYWIRE_DATA`` is set and has not the session.
    """
    argparse.ArgumentParser(
        prog="python -m sim.bench",
        description=f"Measure the gateware of the configuration {CONFIG!r}: it takes minutes, and more the first time. "
        "Prints a table and writes build/bench.json.",
        epilog="PENNYWIRE_DATA names a folder with a recorded session to replay; without it one is made.",
    ).parse_args()
    console = Console(stderr=True)
    data = os.environ.get("PENNYWIRE_DATA")
    begun = time.monotonic()

    def say(what: str) -> None:
        console.print(f"[dim]{time.monotonic() - begun:5.0f} s[/dim] {what}")

    say("building the card, and the card with a tap (a few minutes the first time)")
    build_card(CONFIG)
    library = build_probe(CONFIG)
    figures: dict[str, Figure] = {}
    say("stages of the fast path")
    figures |= stages(CONFIG, library, seeds=range(1, 4), messages=40_000, burst=2_000)
    say("the feed at line rate")
    figures |= line_rate(CONFIG, 3_000)
    say("kill")
    figures |= kill(CONFIG, offsets=16)
    say("replay")
    figures |= replay(CONFIG, Path(data) if data else None, TARGET.parent, messages=20_000, made=2_000_000)
    config = CONFIGS[CONFIG]
    header = {
        "config": config.name,
        "clock_period_ps": config.clock_period_ps,
        "git_hash": git_hash(ROOT),
        "python": platform.python_version(),
        "note": "cycles are counted on the verilated gateware; no board has measured anything",
    }
    merge(TARGET, figures, header)
    show(figures)
    print(f"{len(figures)} figures of the configuration {config.name!r} in {TARGET.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
