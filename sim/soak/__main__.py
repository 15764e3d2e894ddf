"""``python -m sim.soak``: play many short seeded sessions, and stop at nothing until the counts of all are told."""

import sys
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from sim.soak.session import SessionEnd, play_session
from sim.verilated.build import build_card

__all__ = ["main"]

#: Where no bar can be drawn, every so many sessions a line is said.
_TOLD_EVERY = 100


def _ends(seeds: range, jobs: int) -> Iterable[SessionEnd]:
    if jobs == 1:
        yield from map(play_session, seeds)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(play_session, seeds, chunksize=4)


def main(
    sessions: Annotated[int, typer.Option(help="How many.", min=1)] = 1000,
    first: Annotated[int, typer.Option(help="Seed of the first; the others follow it.", min=0)] = 0,
    jobs: Annotated[int, typer.Option(help="Processes, each with a card of its own.", min=1)] = 1,
) -> None:
    """Play seeded sessions against a troublesome exchange; card, exchange and the bytes between them must agree."""
    console = Console(stderr=True)
    with console.status("looking for the verilated gateware") as status:
        build_card("demo", progress=lambda words: status.update(f"building the gateware (once): {words}"))
    said: Counter[str] = Counter()
    sent: Counter[str] = Counter()
    bad: list[SessionEnd] = []
    put_right = 0
    columns = (TextColumn("sessions"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("sessions", total=sessions)
        for end in _ends(range(first, first + sessions), jobs):
            said += end.said
            sent += end.sent
            put_right += end.put_right
            if end.wrong:
                bad.append(end)
                bar.console.print(f"session {end.seed}: {'; '.join(end.wrong)}")
            bar.advance(task)
            if not console.is_terminal and end.seed % _TOLD_EVERY == 0:
                print(f"session {end.seed} is over, {len(bad)} differ", file=sys.stderr, flush=True)
    print(f"sessions: {sessions}, agreeing: {sessions - len(bad)}")
    print(f"sent by the card: {', '.join(f'{letter} {count}' for letter, count in sorted(sent.items()))}")
    print(f"said by the exchange: {', '.join(f'{kind} {count}' for kind, count in sorted(said.items()))}")
    print(f"slots that the host put right after a broken trade: {put_right}")
    if bad:
        numbers = ", ".join(str(end.seed) for end in bad)
        print(f"card, exchange and order bytes differ in {numbers}; one again: --first N --sessions 1", file=sys.stderr)
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
