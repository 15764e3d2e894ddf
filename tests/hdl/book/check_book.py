"""``make check-book``: the long form of the comparison with books that nobody here wrote.

Many seeds, longer streams, and the real and recorded sessions where ``PENNYWIRE_DATA`` names them. It says how many
views were compared, and fails at the first that differs. ``python tests/hdl/book/check_book.py``
"""

import os
import struct
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from independent_books import ItchBook, Meatpy
from itch_events import messages
from test_book_independent import compare, run_all, run_made, run_only_meatpy, run_shared

#: Recorded sessions: file, and the order of the books; meatpy looks through its lists one by one, so not a whole day.
RECORDED = (
    ("itch/aapl_20200130_first10k.itch50", (ItchBook, Meatpy)),
    ("itch/amzn_20120621_fullday.itch50.gz", (ItchBook,)),
)


def run_recorded(path: Path, kinds: tuple, work: Path) -> dict:
    """A recorded session of one or more symbols, as it is."""
    found = list(messages(path))
    symbols = {struct.unpack_from(">H", m, 1)[0]: m[11:19] for m in found if m[:1] == b"R"}
    books = [ItchBook() if kind is ItchBook else Meatpy(symbols) for kind in kinds]
    return compare(found, [[m] for m in found], books, symbols, work)


def main() -> int:
    begun = time.monotonic()
    views = 0

    def say(what: str, run: Callable[[Path], dict]) -> None:
        nonlocal views
        with tempfile.TemporaryDirectory() as folder:
            result = run(Path(folder))
        views += len(result["views"])
        print(f"{time.monotonic() - begun:5.0f} s  {len(result['views']):7} views equal  {what}", flush=True)

    for seed in range(100, 104):
        for regime in ("calm", "toxic"):
            say(
                f"made session, {regime}, seed {seed}",
                lambda work, s=seed, r=regime: run_made(s, 30_000, r, work),
            )
    for seed in range(200, 212):
        say(f"hostile messages as they are, seed {seed}", lambda work, s=seed: run_shared(s, 30_000, work))
        say(f"every hostile message, seed {seed}", lambda work, s=seed: run_all(s, 20_000, work))
        say(f"reference 0 and huge levels, seed {seed}", lambda work, s=seed: run_only_meatpy(s, 10_000, work))
    data = os.environ.get("PENNYWIRE_DATA")
    for name, kinds in RECORDED if data else ():
        say(name, lambda work, n=name, k=kinds: run_recorded(Path(data) / n, k, work))
    print(f"book: {views} views equal to those of independent books")
    return 0


if __name__ == "__main__":
    sys.exit(main())
