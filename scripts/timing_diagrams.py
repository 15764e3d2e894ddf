"""Draw the timing diagrams of the blocks from runs of the blocks themselves, or check that none is stale.

Usage: ``python scripts/timing_diagrams.py [--check] [NAME ...]``. With ``--check`` nothing is written: exit status 1
and a list if a diagram is not what its block does now. The runs are in ``wave_feed.py``, ``wave_snapshot.py``,
``wave_states.py``, ``wave_book.py``, ``wave_relay.py``, ``wave_trade.py`` and ``wave_net.py``; they use Amaranth's own
simulator, so no compiler is needed.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import wave_book
import wave_feed
import wave_net
import wave_relay
import wave_snapshot
import wave_states
import wave_trade
from wave_record import Scene, record
from wave_svg import draw

ROOT = Path(__file__).resolve().parents[1]
FOLDER = Path("docs/blocks/timing")
#: By the name of the block's page.
SCENES: dict[str, Callable[[], Scene]] = {
    "udp": wave_feed.udp,
    "mold": wave_feed.mold,
    "itch": wave_feed.itch,
    "snapshot": wave_snapshot.snapshot,
    "states": wave_states.states,
    "order_table": wave_book.order_table,
    "ladder": wave_book.ladder,
    "book": wave_book.book,
    "taker": wave_trade.taker,
    "gate": wave_trade.gate,
    "order_port": wave_trade.order_port,
    "crossing": wave_net.crossing,
    "network": wave_net.network,
    "relay": wave_relay.relay,
}


def diagram(name: str) -> str:
    """Run a block and draw what it did.

    Parameters
    ----------
    name : str
        Of :data:`SCENES`.

    Returns
    -------
    str
        The SVG file.
    """
    scene = SCENES[name]()
    return draw(scene.title, record(scene))


def main() -> int:
    """Write or check the diagrams.

    Returns
    -------
    int
        Exit status: 0, or 1 if ``--check`` found a stale diagram.
    """
    parser = argparse.ArgumentParser(description="Draw the timing diagrams of the blocks.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a diagram is stale")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which ones (all): {', '.join(SCENES)}")
    options = parser.parse_args()
    unknown = set(options.names) - set(SCENES)
    if unknown:
        parser.error(f"there is no diagram {', '.join(sorted(unknown))}: there are {', '.join(SCENES)}")
    stale = []
    for name in options.names or SCENES:
        target = ROOT / FOLDER / f"{name}.svg"
        text = diagram(name)
        if target.exists() and target.read_text() == text:
            continue
        stale.append(f"{FOLDER / name}.svg")
        if not options.check:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
    for path in stale:
        print(f"{'stale' if options.check else 'written'}: {path}")
    if options.check and stale:
        print("run `make diagrams`, look at what changed, and commit it", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
