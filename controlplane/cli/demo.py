"""``pennywire demo``: a made session through the real gateware, supervised, with a report."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from controlplane.cli.session_run import RunPlan, finish, run_session

__all__ = ["CONFIG", "run_demo"]

#: The service's configuration for the made symbols.
CONFIG = Path(__file__).resolve().parents[1] / "config" / "demo.toml"


def run_demo(
    seed: int,
    messages: int,
    out: Path,
    regime: str = "calm",
    *,
    strategies: tuple[str, ...] = (),
    decide_seconds: int = 60,
    config: Path = CONFIG,
    export: Path | None = None,
    exchange: Mapping[str, Any] | None = None,
    lose: int = 0,
    as_json: bool = False,
    console: Console | None = None,
) -> int:
    """Make a session, play it, print and write the report.

    Parameters
    ----------
    seed : int
        One seed gives one session and one report, but for wall-clock times.
    messages : int
        Messages of the session.
    out : Path
        Folder for the session, the report and the logs; made where missing.
    regime : str
        One of :data:`sim.sessions.regimes.REGIMES`.
    strategies : tuple of str
        Strategies that are on from the start; none: the agent alone decides.
    decide_seconds : int
        Exchange time between two decisions of the agent.
    config : Path
        The service's configuration; its symbols are the made ones.
    export : Path, optional
        Folder for Parquet and CSV.
    exchange : mapping, optional
        Settings of the exchange.
    lose : int
        Packets of a thousand that the feed loses, always the same ones.
    as_json : bool
        The report goes to standard output as JSON, and what is said on the way to standard error.
    console : rich.console.Console, optional
        Where to print.

    Returns
    -------
    int
        Exit status: 0; 1 when something failed or the three counts of the report do not agree; 2 for a wrong wish.
    """
    from sim.sessions.binaryfile import read_messages
    from sim.sessions.make import MADE_SYMBOLS, make_session

    screen = console or Console(stderr=as_json)
    session = out / "session.itch50"
    try:
        out.mkdir(parents=True, exist_ok=True)
        with screen.status("making the session"):
            made = make_session(session, seed, messages, regime)
    except (ValueError, OSError) as error:
        print(f"pennywire demo: {error}", file=sys.stderr)
        return 2
    screen.print(f"made {made.messages:,} messages of {(made.closed - made.opened) // 60_000_000_000} exchange minutes")
    plan = RunPlan(
        title=f"Pennywire demo, seed {seed}, {regime}",
        session={"seed": seed, "regime": regime},
        messages=read_messages(session),
        total=made.messages,
        symbols=tuple(symbol.symbol for symbol in MADE_SYMBOLS),
        config=config,
        out=out,
        decide_seconds=decide_seconds,
        strategies=strategies,
        export=export,
        exchange=exchange or {},
        lose=lose,
        lose_seed=seed,
    )
    return finish("demo", lambda: run_session(plan, screen), screen, as_json=as_json)
