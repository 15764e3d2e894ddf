"""Whether the gateware's views are those of a book in software, after every change of a session."""

from pathlib import Path

import numpy as np

from hdl.types import DEPTH
from sim.replay.replay import ASK_INCOMPLETE, BID_INCOMPLETE, Replay

__all__ = ["agreement"]


def agreement(config: str, path: Path, symbols: list[str], *, every: int = 1) -> int:
    """Play a session through the verilated feed half and through ``itch-book``, and compare five levels a side.

    Parameters
    ----------
    config : str
        Name of the configuration.
    path : Path
        The session, not packed; all of it is of these symbols.
    symbols : list of str
        Symbols to follow.
    every : int
        Compare one message in so many.

    Returns
    -------
    int
        Views compared.

    Raises
    ------
    RuntimeError
        A view is not as in the software's book, or incomplete; or a message was lost, or a book went stale.
    """
    import itch_book  # a development dependency: only the benchmark asks for it

    session = itch_book.Session([], DEPTH, [])
    session.feed(path.read_bytes())
    depth = session.take_depth()
    chosen = depth["seq"] % every == 0
    numbers = depth["seq"][chosen]  # of the message that made each change, from 1
    with Replay(symbols, config, keep_every=every) as run:
        run.play(path)
        counters, views = run.counters, run.views()
    for name in ("frames_bad", "gaps", "wrong_sizes", "unknown_types", "lost", "stale_books"):
        if counters[name]:
            raise RuntimeError(f"{path.name}: {name} is {counters[name]}")
    live = session.stats()["live_orders"]
    if counters["live_orders"] != live:
        raise RuntimeError(f"{path.name} ends with {counters['live_orders']} live orders, itch-book has {live}")
    views = views[views["sequence"] != 0]
    places = np.searchsorted(views["sequence"], numbers)
    if len(numbers) == 0 or places[-1] >= len(views) or (views["sequence"][places] != numbers).any():
        raise RuntimeError(f"{path.name}: not every one of {len(numbers)} changes has its view")
    views = views[places]
    if (views["flags"] & (BID_INCOMPLETE | ASK_INCOMPLETE)).any():
        first = int(numbers[np.flatnonzero(views["flags"] & (BID_INCOMPLETE | ASK_INCOMPLETE))[0]])
        raise RuntimeError(f"{path.name}: the view after message {first} says that it is incomplete")
    for level in range(DEPTH):
        for side, theirs in (("bids", "bid"), ("asks", "ask")):
            for column, (what, key) in enumerate((("price", "px"), ("shares", "sz"))):
                ours = views[side][:, level, column].astype(np.int64)
                wrong = np.flatnonzero(ours != depth[f"{theirs}_{key}_{level:02}"][chosen].astype(np.int64))
                if len(wrong):
                    at = int(wrong[0])
                    raise RuntimeError(
                        f"{path.name}, after message {int(numbers[at])}: {what} of level {level + 1} of {side} is "
                        f"{ours[at]}, itch-book says {depth[f'{theirs}_{key}_{level:02}'][chosen][at]}"
                    )
    return len(numbers)
