"""One cell of a sweep: one session under one setting, played by the real gateware behind the real service."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from controlplane.cli.demo import CONFIG
from controlplane.cli.replay import find_locates, replay_config
from controlplane.cli.session_run import RunPlan, run_session
from controlplane.config.load import load_config
from controlplane.config.text import changed

__all__ = ["Cell", "Session", "config_text", "exchange_of", "figures_of", "run_cell"]

#: Settings that begin so are the exchange's and not the service's.
_EXCHANGE = "exchange."


@dataclass(frozen=True, slots=True)
class Session:
    """What is played: a made session (``regime``, ``seed``, ``messages``), or a file with its symbols.

    ``name`` is how results call it.
    """

    name: str
    regime: str = ""
    seed: int = 0
    messages: int = 0
    file: Path | None = None
    symbols: tuple[str, ...] = ()
    join: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """A setting and a session; ``settings`` by dotted name, as pairs in the order in which they were asked for."""

    settings: tuple[tuple[str, Any], ...]
    session: Session
    config: Path | None
    strategies: tuple[str, ...]
    out: Path


def config_text(cell: Cell) -> str:
    """Give the text of the service's configuration for a cell.

    Raises
    ------
    ValueError
        A setting leads through what is no table, or a symbol is not in the file.
    OSError
        A file cannot be read.
    """
    session = cell.session
    if session.file is None:
        text = (cell.config or CONFIG).read_text(encoding="utf-8")
    else:
        locates = find_locates(session.file, session.symbols) if session.join else {}
        text = replay_config(session.symbols, locates, cell.config)
    return changed(text, {name: value for name, value in cell.settings if not name.startswith(_EXCHANGE)})


def exchange_of(cell: Cell) -> dict[str, Any]:
    """Give the exchange's settings of a cell, as :func:`sim.exchange.settings.venue_of` takes them."""
    return {name.removeprefix(_EXCHANGE): value for name, value in cell.settings if name.startswith(_EXCHANGE)}


def run_cell(cell: Cell) -> dict[str, Any]:
    """Play a cell and give its figures. The card's and the service's words, and the report, stay in its folder.

    Raises
    ------
    ChildError, RunClientError, PlayError, SoftCardError, ConfigError, ValueError
        Something failed, or was refused.
    """
    from sim.sessions.binaryfile import read_messages
    from sim.sessions.make import make_messages
    from sim.sessions.tracked import Tracked

    session = cell.session
    cell.out.mkdir(parents=True, exist_ok=True)
    path = cell.out / "config.toml"
    path.write_text(config_text(cell), encoding="utf-8")
    config = load_config(path)
    symbols = tuple(symbol.name for symbol in config.symbols)
    if session.file is None:
        messages: Any = make_messages(session.seed, session.messages, session.regime).messages
    else:
        kept = cell.out / "tracked.itch50"
        Tracked(symbols, config.join).filter_file(session.file, kept)
        messages = read_messages(kept)
    plan = RunPlan(
        title=f"Sweep: {session.name}",
        session={"session": session.name, **{name: str(value) for name, value in cell.settings}},
        messages=messages,
        total=None,
        symbols=symbols,
        config=path,
        out=cell.out,
        decide_seconds=0,
        strategies=cell.strategies,
        exchange=exchange_of(cell),
    )
    return figures_of(run_session(plan, Console(file=io.StringIO())))


def figures_of(report: Mapping[str, Any]) -> dict[str, Any]:
    """Give the figures of a report that a sweep compares; ``None`` for what is not known.

    Money in micro-dollars, markouts in 1/10,000 dollar a share, holding in ns of exchange time.
    """
    total = report["result"]["total"]
    entries = [row for row in report["hits"] if row["role"] in ("entry", "quote")]
    entered = sum(row["entered"] for row in entries)
    figures: dict[str, Any] = {name: total[name] for name in ("pnl", "fees", "fills", "shares")}
    figures |= {"round_trips": total["round_trips"], "won": total["round_trips_won"], "entries": entered}
    figures["hit_rate"] = sum(row["hit"] for row in entries) / entered if entered else None
    figures["pnl_a_share"] = total["pnl"] / total["shares"] if total["shares"] else None
    figures["holding_median_ns"] = report["holding_ns"]["median"]
    figures |= {f"markout_{row['milliseconds']}ms": row["average"] for row in report["markouts"]}
    figures["refused"] = sum(report["refusals"].values())
    figures["agree"] = (
        all(row["equal"] for row in report["cross_check"]) and not report["differences"] and not report["records_lost"]
    )
    return figures
