"""``demo``, ``replay``, ``screen``, ``sweep``, ``session make``: everything that runs the gateware without hardware."""

import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

__all__ = ["add_to"]

_session = typer.Typer(help="Recorded and made sessions.", no_args_is_help=True)

_Seed = Annotated[int, typer.Option(help="One seed gives one session, byte for byte.", min=0)]
_Messages = Annotated[int, typer.Option(help="Messages of the session, at least.", min=1000)]
_Lose = Annotated[
    int, typer.Option(help="Packets of a thousand that the feed loses; the card asks for them again.", min=0, max=500)
]
_Out = Annotated[Path, typer.Option(help="Folder for the report.")]
_Regime = Annotated[str, typer.Option(help="calm, toxic, quiet, trending, informed, bursts or halts.")]
_Json = Annotated[
    bool, typer.Option("--json", help="Print the report as JSON; what is said on the way goes to stderr.")
]
_Export = Annotated[
    Path | None, typer.Option(help="Folder for fills, orders, markouts and bars as Parquet and CSV.", file_okay=False)
]


def _exchange(words: list[str] | None) -> dict[str, Any]:
    """Read the exchange's settings, and refuse what is none before anything is started."""
    from controlplane.config.text import value_of
    from sim.exchange.settings import venue_of

    settings = {name: value_of(value) for name, _, value in (word.partition("=") for word in words or [])}
    try:
        venue_of(settings)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--exchange") from error
    return settings


def _strategies(words: str) -> tuple[str, ...]:
    """Read names of strategies, and refuse what is none before anything is started."""
    from controlplane.service.envelope import MODULES

    names = tuple(name.strip() for name in words.split(",") if name.strip())
    for name in names:
        if name not in MODULES:
            raise typer.BadParameter(f"{name!r} is none of {', '.join(MODULES)}", param_hint="--strategies")
    return names


_Strategies = Annotated[
    str,
    typer.Option(help="On from the start, comma separated: imbalance,market_making. Without: the agent decides."),
]
_Exchange = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=VALUE",
        help="Of the exchange: latency_in=10000 (ns) or tail:8000-60000~3000, seed=1, halt_cancels=true, "
        "reject_enter=0.01 ...; docs/exchange.md has all. Again for more.",
    ),
]


def demo(
    seed: _Seed = 1,
    messages: _Messages = 220_000,
    out: _Out = Path("build/demo"),
    regime: _Regime = "calm",
    strategies: _Strategies = "",
    export: _Export = None,
    exchange: _Exchange = None,
    lose: _Lose = 0,
    as_json: _Json = False,
) -> None:
    """Play a made session through the real gateware, supervised by the keyless agent, and write a report."""
    from controlplane.cli.demo import run_demo

    status = run_demo(
        seed=seed,
        messages=messages,
        out=out,
        regime=regime,
        strategies=_strategies(strategies),
        export=export,
        exchange=_exchange(exchange),
        lose=lose,
        as_json=as_json,
    )
    raise typer.Exit(status)


def replay(
    file: Annotated[Path, typer.Argument(help="A BinaryFILE ITCH 5.0 session, plain or gzip.", exists=True)],
    symbols: Annotated[str, typer.Option(help="Symbols to follow, comma separated: AAPL,MSFT.")],
    join: Annotated[
        bool, typer.Option("--join", help="The file starts within a day: bind the locates and open the market.")
    ] = False,
    out: _Out = Path("build/replay"),
    config: Annotated[Path | None, typer.Option(help="Configuration of the service.", exists=True)] = None,
    strategies: _Strategies = "",
    export: _Export = None,
    exchange: _Exchange = None,
    lose: _Lose = 0,
    as_json: _Json = False,
) -> None:
    """Play a recorded session through the real gateware, and write a report.

    Our orders join the recorded book with a queue position by the model that docs/exchange.md states.
    NASDAQ publishes sample days as *.NASDAQ_ITCH50.gz (BinaryFILE) at emi.nasdaq.com/ITCH
    """
    from controlplane.cli.replay import run_replay

    names = [name.strip().upper() for name in symbols.split(",") if name.strip()]
    status = run_replay(
        file=file,
        symbols=names,
        join=join,
        out=out,
        config=config,
        strategies=_strategies(strategies),
        export=export,
        exchange=_exchange(exchange),
        lose=lose,
        as_json=as_json,
    )
    raise typer.Exit(status)


@_session.command("make")
def make(
    path: Annotated[Path, typer.Argument(help="File to write; gzip if it ends in .gz.")],
    seed: _Seed = 1,
    messages: _Messages = 220_000,
    regime: _Regime = "calm",
) -> None:
    """Make a session of three liquid symbols from a seed."""
    from sim.sessions.make import make_session

    try:
        make_session(path, seed, messages, regime)
    except (ValueError, OSError) as error:
        raise typer.BadParameter(str(error)) from error
    print(f"wrote {path}")


def screen(
    file: Annotated[Path, typer.Argument(help="A whole day, BinaryFILE ITCH 5.0, plain or gzip.", exists=True)],
    date: Annotated[
        datetime.datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Its day, if not told by its name.")
    ] = None,
    symbols: Annotated[str, typer.Option(help="Only these, comma separated.")] = "",
    volume: Annotated[
        list[str] | None,
        typer.Option(help="Average daily volume you vouch for: SYMBOL=SHARES@YYYY-MM-DD; again for more."),
    ] = None,
    hours: Annotated[str, typer.Option(help="For a file without System Events: 09:30-16:00.")] = "",
    store: Annotated[Path, typer.Option(help="Where screened days are kept.")] = Path("build/screen/days.sqlite"),
    out: Annotated[Path | None, typer.Option(help="Write \\[\\[symbols]] for the service's configuration.")] = None,
    config: Annotated[Path | None, typer.Option(help="Configuration with the fees in force.", exists=True)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
) -> None:
    """Say which symbols of a day meet the prerequisites: volume, spread at one tick, fees. What is not known fails.

    The average daily volume is the mean of at least five days that were screened, or a dated value given with --volume.
    """
    from controlplane.cli.demo import CONFIG
    from controlplane.cli.screen import run_screen
    from controlplane.config.load import ConfigError, load_config

    try:
        fees = load_config(config or CONFIG).fees
    except ConfigError as error:
        raise typer.BadParameter(str(error), param_hint="--config") from error
    names = [name.strip().upper() for name in symbols.split(",") if name.strip()]
    day = date.date() if date else None
    raise typer.Exit(run_screen(file, day, names, volume or [], hours, store, out, fees, as_json))


def sweep(
    files: Annotated[list[Path] | None, typer.Argument(help="Recorded sessions, BinaryFILE.", exists=True)] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="taker.stop=1,2,3 or exchange.latency_in=5000,50000; again for more."),
    ] = None,
    made: Annotated[list[str] | None, typer.Option(help="Made session, REGIME:SEED:MESSAGES; again for more.")] = None,
    symbols: Annotated[str, typer.Option(help="Symbols to follow in the files, comma separated.")] = "",
    join: Annotated[bool, typer.Option("--join", help="The files start within a day.")] = False,
    config: Annotated[Path | None, typer.Option(help="Configuration of the service.", exists=True)] = None,
    strategies: Annotated[
        str, typer.Option(help="On from the start, comma separated: imbalance,market_making.")
    ] = "imbalance",
    jobs: Annotated[int, typer.Option(help="Cells at a time.", min=1)] = 2,
    out: _Out = Path("build/sweep"),
) -> None:
    """Play a grid of settings over sessions through the real gateware, without an agent, and draw what came of it."""
    from controlplane.cli.cell import Session
    from controlplane.cli.sweep import made_session, run_sweep

    names = tuple(name.strip().upper() for name in symbols.split(",") if name.strip())
    if not settings or not (files or made):
        raise typer.BadParameter("give at least one --set, and a file or a --made session")
    if files and not names:
        raise typer.BadParameter("say with --symbols what to follow in the files")
    try:
        sessions = [made_session(words) for words in made or []]
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--made") from error
    sessions += [Session(file.name, file=file, symbols=names, join=join) for file in files or []]
    raise typer.Exit(run_sweep(settings, sessions, config, _strategies(strategies), jobs, out))


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command()(demo)
    app.command()(replay)
    app.command()(screen)
    app.command()(sweep)
    app.add_typer(_session, name="session")
