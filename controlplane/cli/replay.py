"""``pennywire replay``: a recorded session through the real gateware, supervised, with a report."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from controlplane.cli.demo import CONFIG
from controlplane.cli.session_run import RunPlan, finish, run_session

__all__ = ["find_locates", "replay_config", "run_replay"]

#: Where the symbol stands in the messages that name one.
_STOCK_AT = {"R": 11, "H": 11, "Y": 11, "A": 24, "F": 24, "P": 24, "Q": 19}
_SYMBOLS = "\n[[symbols]]"
_COLUMNS = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())


def run_replay(
    file: Path,
    symbols: Sequence[str],
    join: bool,
    out: Path,
    config: Path | None = None,
    *,
    strategies: tuple[str, ...] = (),
    decide_seconds: int = 60,
    export: Path | None = None,
    exchange: Mapping[str, Any] | None = None,
    lose: int = 0,
    as_json: bool = False,
    console: Console | None = None,
) -> int:
    """Play a recorded session, print and write the report.

    Parameters
    ----------
    file : Path
        BinaryFILE, plain or gzip.
    symbols : sequence of str
        Symbols to follow.
    join : bool
        The file starts in the middle of a day: the host binds the locates and opens the market.
    out : Path
        Folder for the report, the logs, and the messages of these symbols (``tracked.itch50``).
    config : Path, optional
        The service's configuration; without it the demo's, for these symbols, with their prerequisites taken as met.
    strategies : tuple of str
        Strategies that are on from the start; none: the agent alone decides.
    decide_seconds : int
        Exchange time between two decisions of the agent.
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
        Exit status: 0; 1 when something failed, the file is cut off or the report's counts do not agree; 2 for a
        wrong wish.
    """
    from sim.sessions.binaryfile import SessionFileError, read_messages
    from sim.sessions.tracked import Tracked

    screen = console or Console(stderr=as_json)
    try:
        locates = find_locates(file, symbols) if join else {}
        tracked = Tracked(symbols, locates)
        out.mkdir(parents=True, exist_ok=True)
        chosen = replay_config(symbols, locates, config)
    except (ValueError, OSError) as error:
        print(f"pennywire replay: {error}", file=sys.stderr)
        return 2
    (out / "config.toml").write_text(chosen, encoding="utf-8")
    session: dict[str, Any] = {"file": file.name, "joined_late": "yes" if join else "no"}
    if config is None:
        session["prerequisites"] = "taken as met"
    kept = out / "tracked.itch50"
    damage = None
    try:
        with Progress(*_COLUMNS, console=screen, transient=True) as bar:
            task = bar.add_task(f"filtering {file.name}", total=None)
            tracked.filter_file(file, kept, lambda done, size: bar.update(task, completed=done, total=size))
    except SessionFileError as error:
        # What was read is played and reported; the exit status tells of the rest.
        damage = str(error)
        session["cut_off"] = "the file is not whole"
    screen.print(f"kept {tracked.passed:,} messages of {tracked.passed + tracked.skipped:,} in {kept}")
    if not tracked.passed:
        print(f"pennywire replay: {damage or file.name + ' holds no message'}: nothing is played", file=sys.stderr)
        return 1

    plan = RunPlan(
        title=f"Pennywire replay of {file.name}",
        session=session,
        messages=read_messages(kept),
        total=tracked.passed,
        symbols=tuple(symbols),
        config=out / "config.toml",
        out=out,
        decide_seconds=decide_seconds,
        strategies=strategies,
        export=export,
        exchange=exchange or {},
        lose=lose,
    )
    status = finish("replay", lambda: run_session(plan, screen), screen, as_json=as_json)
    for symbol in set(symbols) - set(tracked.locates):
        print(
            f"pennywire replay: {file.name} has no Stock Directory message of {symbol}, so nothing of it was played: "
            "is the symbol right? For a file that starts in the middle of a day give --join",
            file=sys.stderr,
        )
        status = status or 1
    if damage is not None:
        print(f"pennywire replay: {damage}", file=sys.stderr)
        status = status or 1
    return status


def find_locates(file: Path, symbols: Sequence[str]) -> dict[str, int]:
    """Find the day's locate numbers of symbols by the first message that names each.

    Raises
    ------
    ValueError
        The file does not name one of them.
    """
    from sim.sessions.binaryfile import read_messages
    from sim.sessions.encode import locate_of

    wanted = {symbol.encode("ascii", "replace").ljust(8): symbol for symbol in symbols}
    found: dict[str, int] = {}
    places = {ord(kind): at for kind, at in _STOCK_AT.items()}
    for message in read_messages(file):
        at = places.get(message[0])
        if at is not None and (symbol := wanted.get(message[at : at + 8])) is not None:
            found.setdefault(symbol, locate_of(message))
            if len(found) == len(wanted):
                return found
    missing = ", ".join(symbol for symbol in symbols if symbol not in found)
    raise ValueError(f"{file.name} never names {missing}: is the symbol right?")


def replay_config(symbols: Sequence[str], locates: dict[str, int], config: Path | None) -> str:
    """Give the text of the service's configuration for a replay.

    Without a file of the user's the demo's envelope, fees and taker are kept, and the symbols are these.

    Raises
    ------
    ValueError
        The user's file has a ``[join]`` table of its own, and ``--join`` was given as well.
    OSError
        It cannot be read.
    """
    if config is not None:
        text = config.read_text(encoding="utf-8")
        if locates and "\n[join]" in text:
            raise ValueError(f"{config} has a [join] table already: leave it out, or leave --join out")
    else:
        text = CONFIG.read_text(encoding="utf-8").partition(_SYMBOLS)[0]
        for symbol in symbols:
            text += (
                f'{_SYMBOLS}\nname = "{symbol}"\nmay_sell_short = true\nlocated_shares = 1000000\n'
                "# Taken as met: a replay trades with nobody.\n[symbols.prerequisites]\ndated = 1970-01-01\n"
                "average_daily_volume = 5000001\nspread_at_one_tick = 1.0\nper_share_commission = 0\nrebate = 2000\n"
            )
    if locates:
        text += "\n[join]\n" + "".join(f'"{symbol}" = {locate}\n' for symbol, locate in locates.items())
    return text
