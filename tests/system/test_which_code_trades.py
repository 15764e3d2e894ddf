"""The Amaranth source trades, and nothing else does: change the taker's comparison there and the orders change."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = Path("hdl/strategy/imbalance.py")
COMPARISON = "bid_heavy.eq((bid_volume << 8) > ratio * ask_volume)"
CHANGED = "bid_heavy.eq((bid_volume << 8) < ratio * ask_volume)"

PLAY = """
import sys
sys.path.insert(0, "tests/system")
from bench_card import BenchCard
import hdl
from test_silence import SYMBOLS, play
from sim.sessions.make import make_messages

with BenchCard() as card:
    card.follow(SYMBOLS)
    card.arm()
    _, venue, _ = play(card, make_messages(7, 6000).messages)
    print(hdl.__path__[0], file=sys.stderr)
    for entry in venue.log.entries:
        if entry.kind == "accepted":
            print(entry.time_ns, entry.symbol, entry.side, entry.shares, entry.price)
"""


def orders_of(tree: Path) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", PLAY],
        cwd=tree,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin"},
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.split()[-1] == str(tree / "hdl"), "the other tree's gateware must be the one that was built"
    return done.stdout.splitlines()


def test_changing_the_comparison_changes_the_orders(tmp_path):
    for folder in ("hdl", "sim", "tests"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    source = tmp_path / SOURCE
    text = source.read_text()
    assert text.count(COMPARISON) == 1, f"{SOURCE} no longer holds the comparison {COMPARISON!r}"
    source.write_text(text.replace(COMPARISON, CHANGED))
    original, changed = orders_of(ROOT), orders_of(tmp_path)
    assert original
    assert changed != original
