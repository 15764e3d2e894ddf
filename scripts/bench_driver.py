"""``python scripts/bench_driver.py``: what each way to a card costs, beside a plain socket, into ``build/bench.json``.

As root every way but ``unix:`` goes over the same wire, a veth pair between two network namespaces; otherwise over
the loopback address, and ``xdp:`` is left out, which is said. Each way is measured in three rounds, in turn with the
others, and the quickest counts.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from sim.bench.figures import Figure, merge, show

ROOT = Path(__file__).parents[1]
PROGRAM = ROOT / "build" / "host-driver" / "tests" / "bench_driver"
TARGET = ROOT / "build" / "bench.json"
ROUNDS = 3


class Way(NamedTuple):
    """A way to a card: its key, the fake card's transport, what is added to the URL, and what it is in words."""

    key: str
    transport: str
    options: str
    words: str


WAYS = [
    Way("plain", "udp", "plain", "a bare UDP socket without the driver"),
    Way("unix", "unix", "", "unix:"),
    Way("udp", "udp", "", "udp:"),
    Way("xdp", "xdp", "", "xdp:, which looks at its ring for 50 us before it sleeps"),
    Way("xdp_sleep", "xdp", "&spin=0", "xdp: with spin=0, which sleeps at once"),
]


def measure(way: Way) -> dict[str, Any]:
    """Run the program once.

    Raises
    ------
    subprocess.CalledProcessError
        It failed, and has said why.
    """
    environment = os.environ | {"PENNYWIRE_TEST_TRANSPORT": way.transport}
    with tempfile.TemporaryDirectory() as folder:
        command = [str(PROGRAM), folder, way.options]
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def figures_of(rounds: dict[Way, list[dict[str, Any]]], wire: str) -> dict[str, Figure]:
    """Make the figures of what was measured, and the ratios to the plain socket."""
    figures: dict[str, Figure] = {}
    values: dict[tuple[str, str], float] = {}
    kinds = {
        "round_trip_median_ns": ("median_ns", "ns", min, "register read and its answer, median of {round_trips:,}"),
        "round_trip_p99_ns": ("p99_ns", "ns", min, "the same, 99th percentile"),
        "events_per_second": ("events_per_second", "events/s", max, "{events:,} events of 64 bytes, 22 a datagram"),
        "cpu_ns_per_event": ("cpu_ns_per_event", "ns", min, "processor time of the reading thread for each of them"),
    }
    for way, found in rounds.items():
        for name, (field, unit, best, what) in kinds.items():
            value = best(one[field] for one in found)
            values[way.key, name] = value
            words = f"{what.format(**found[0])}; {way.words} ({found[0]['mode']}), {wire if way.key != 'unix' else ''}"
            figures[f"driver_{way.key}_{name}"] = Figure(value, unit, f"{words.rstrip(', ')}; best of {ROUNDS}")
    for way in rounds:
        if way.key == "plain":
            continue
        for name in kinds:
            ratio = round(values[way.key, name] / values["plain", name], 3)
            key = f"driver_{way.key}_{name.removesuffix('_ns')}_ratio_to_plain"
            figures[key] = Figure(ratio, "", f"driver_{way.key}_{name} over driver_plain_{name}, same run")
    return figures


def main() -> int:
    """Measure every way that this user may take."""
    root = os.geteuid() == 0
    if root and "PENNYWIRE_TEST_NETNS" not in os.environ:
        wire = ROOT / "scripts" / "veth_wire.py"
        return subprocess.run([sys.executable, str(wire), sys.executable, __file__], check=False).returncode
    ways = [way for way in WAYS if root or way.transport != "xdp"]
    rounds: dict[Way, list[dict[str, Any]]] = {way: [] for way in ways}
    for number in range(ROUNDS):
        for way in ways:
            print(f"round {number + 1} of {ROUNDS}: {way.words}", file=sys.stderr)
            rounds[way].append(measure(way))
    figures = figures_of(rounds, "over a veth pair" if root else "over the loopback address")
    merge(TARGET, figures, {"driver_host": f"{platform.system()} {platform.release()}, {os.cpu_count()} cores"})
    show(figures, title="Ways to a card: measured on this machine; the card is a thread of a test, not a board")
    print(f"{len(figures)} figures of the driver in {TARGET.relative_to(ROOT)}")
    if not root:
        print("xdp: was not measured: it takes root")
    return 0


if __name__ == "__main__":
    sys.exit(main())
