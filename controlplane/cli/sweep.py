"""``pennywire sweep``: a grid of settings over sessions, every cell played by the real gateware, the result drawn."""

import itertools
import multiprocessing
import re
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from controlplane.cli.cell import Cell, Session, config_text, exchange_of, run_cell
from controlplane.config.load import ConfigError
from controlplane.config.models import ServiceConfig
from controlplane.config.text import value_of

__all__ = ["grid_of", "made_session", "play_cells", "run_sweep", "setting_of"]

_MADE = re.compile(r"(?P<regime>[a-z]+):(?P<seed>\d+):(?P<messages>\d+)$")


def setting_of(words: str) -> tuple[str, list[Any]]:
    """Read ``taker.stop=1,2,3``: numbers where they are numbers, else text.

    Raises
    ------
    ValueError
        It is no setting.
    """
    name, equals, values = words.partition("=")
    if not equals or not name or not values:
        raise ValueError(f"{words!r} is no setting: give NAME=VALUE,VALUE, for example taker.stop=1,2,3")
    return name, [value_of(value) for value in values.split(",")]


def made_session(words: str) -> Session:
    """Read ``calm:1:30000``: regime, seed, messages.

    Raises
    ------
    ValueError
        It is no made session.
    """
    from sim.sessions.make import LEAST_MESSAGES
    from sim.sessions.regimes import regime_of

    found = _MADE.match(words)
    if not found:
        raise ValueError(f"{words!r} is no made session: give REGIME:SEED:MESSAGES, for example calm:1:30000")
    regime_of(found["regime"])
    if int(found["messages"]) < LEAST_MESSAGES:
        raise ValueError(f"{words!r} is too short: at least {LEAST_MESSAGES} messages")
    return Session(words, found["regime"], int(found["seed"]), int(found["messages"]))


def grid_of(
    settings: dict[str, list[Any]],
    sessions: Sequence[Session],
    config: Path | None,
    strategies: tuple[str, ...],
    out: Path,
) -> list[Cell]:
    """Give every combination of the settings' values, over every session; each has a folder of its own."""
    combinations = list(itertools.product(*settings.values()))
    return [
        Cell(tuple(zip(settings, values, strict=True)), session, config, strategies, out / f"cell-{number:04d}")
        for number, (session, values) in enumerate(itertools.product(sessions, combinations))
    ]


def play_cells(cells: Sequence[Cell], jobs: int, console: Console) -> Iterator[tuple[Cell, dict[str, Any]]]:
    """Play cells in processes of their own and yield each with its figures as it is done.

    Raises
    ------
    Exception
        What a cell raised: the others are not begun.
    """
    from sim.verilated.build import build_card

    with console.status("looking for the verilated gateware") as status:
        build_card("demo", progress=lambda words: status.update(f"building the gateware (once): {words}"))
    columns = (TextColumn("cells"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    # Started anew, not forked: gRPC and threads do not survive a fork.
    spawn = multiprocessing.get_context("spawn")
    with Progress(*columns, console=console, transient=True) as bar, ProcessPoolExecutor(jobs, spawn) as pool:
        task = bar.add_task("cells", total=len(cells))
        futures: dict[Future[dict[str, Any]], Cell] = {pool.submit(run_cell, cell): cell for cell in cells}
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
                bar.advance(task)
        finally:
            pool.shutdown(cancel_futures=True)


def run_sweep(
    sets: Sequence[str],
    sessions: Sequence[Session],
    config: Path | None,
    strategies: tuple[str, ...],
    jobs: int,
    out: Path,
) -> int:
    """Play the grid, write ``sweep.html``, ``sweep.csv`` and ``sweep.parquet``, print a line a cell.

    Returns
    -------
    int
        Exit status: 0; 1 when a cell failed or its counts do not agree; 2 for a wrong wish.
    """
    from controlplane.cli.processes import ChildError
    from controlplane.cli.run_client import RunClientError
    from controlplane.report.sweep_page import write_page
    from sim.player import PlayError
    from sim.softcard.client import SoftCardError
    from sim.verilated.build import BuildError

    console = Console(stderr=True)
    try:
        settings = dict(setting_of(words) for words in sets)
        if len(settings) < len(sets):
            raise ValueError("a setting is given twice: list its values after one name")
        cells = grid_of(settings, sessions, config, strategies, out)
        for cell in cells:
            _check(cell)
        out.mkdir(parents=True, exist_ok=True)
    except (ConfigError, ValueError, OSError) as error:
        print(f"pennywire sweep: {error}", file=sys.stderr)
        return 2
    done: dict[Path, dict[str, Any]] = {}
    try:
        for cell, figures in play_cells(cells, jobs, console):
            done[cell.out] = {"session": cell.session.name, **dict(cell.settings), **figures}
    except (BuildError, ChildError, PlayError, RunClientError, SoftCardError, ConfigError, TimeoutError) as error:
        print("\n".join([f"pennywire sweep: {error}", *getattr(error, "__notes__", ())]), file=sys.stderr)
        return 1
    rows = [done[cell.out] for cell in cells]
    write_page(rows, settings, out / "sweep.html")
    _write_tables(rows, out)
    for row in rows:
        words = ", ".join(f"{name} {row[name]}" for name in settings)
        print(f"{row['session']}, {words}: {row['pnl'] / 1e6:+.2f} dollars, {row['fills']} fills")
    print(f"wrote {out / 'sweep.html'}, sweep.csv and sweep.parquet beside it, a report for each cell below it")
    wrong = [str(cell.out) for cell in cells if not done[cell.out]["agree"]]
    if wrong:
        print(f"pennywire sweep: counts do not agree in {', '.join(wrong)}", file=sys.stderr)
    return 1 if wrong else 0


def _check(cell: Cell) -> None:
    """Refuse a setting before anything is played."""
    import tomllib

    from pydantic import ValidationError

    from sim.exchange.settings import venue_of

    venue_of(exchange_of(cell))
    try:
        ServiceConfig.model_validate(tomllib.loads(config_text(cell)))
    except ValidationError as error:
        words = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_url=False))
        raise ValueError(f"{dict(cell.settings)} make no configuration: {words}") from error


def _write_tables(rows: Sequence[dict[str, Any]], out: Path) -> None:
    import polars as pl

    frame = pl.DataFrame(rows, infer_schema_length=None)
    frame.write_csv(out / "sweep.csv")
    frame.write_parquet(out / "sweep.parquet")
