"""``python -m sim.replay.training CONFIG LIBRARY``: what a feed half is compiled for.

A model that counts what runs how often plays sessions in which everything happens that a market day has: trading in all
symbols, and a side so deep that its row runs low and is refilled, again and again. Which days are replayed later makes
no difference to what is computed, only to how fast.
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sim.replay.replay import Replay
from sim.sessions.binaryfile import write_messages
from sim.sessions.encode import add, delete, locate_of
from sim.sessions.make import MADE_SYMBOLS, make_messages

__all__ = ["train"]

_SEED, _MESSAGES = 11, 20_000
_LEVELS, _FIRST, _ROUNDS = 400, 10**9, 12


def _deep_side(locate: int, stock: bytes) -> Iterator[bytes]:
    """Buy at many prices; then the best of them go, a few a round, and come back behind the others."""
    tick, best = 100, 20_000
    reference = _FIRST
    lives: list[int] = []
    for level in range(_LEVELS):
        lives.append(reference)
        yield add(locate, 1, reference, b"B", 100, stock, (best - level) * tick)
        reference += 4
    for _ in range(_ROUNDS):
        gone, lives = lives[:24], lives[24:]
        best -= 24
        for order in gone:
            yield delete(locate, 1, order)
            lives.append(reference)
            yield add(locate, 1, reference, b"B", 100, stock, (best - len(lives)) * tick)
            reference += 4


def train(config: str, library: Path) -> None:
    """Play the sessions into a library.

    Raises
    ------
    RuntimeError
        Nothing was refilled: what is compiled would be slow where refills are.
    """
    names = [made.symbol for made in MADE_SYMBOLS]
    day = make_messages(_SEED, _MESSAGES).messages
    stock = names[0].encode().ljust(8)
    locate = next(locate_of(message) for message in day if message[:1] == b"A" and message[24:32] == stock)
    with tempfile.TemporaryDirectory() as work, Replay(names[:2], config, library=library) as run:
        for name, messages in (("day", day), ("deep", _deep_side(locate, stock))):
            path = Path(work) / name
            write_messages(path, messages)
            run.play(path)
        if run.counters["refills"] == 0:
            raise RuntimeError(f"{run.messages} messages and no refill: see {__name__}")


if __name__ == "__main__":
    train(sys.argv[1], Path(sys.argv[2]))
