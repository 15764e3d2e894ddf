"""A simulated run from end to end: soft card, control plane, exchange, agent and player, and the report at the end."""

import asyncio
import contextlib
import logging
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from controlplane.cli.processes import Child, ChildError, terminated_cleanly

if TYPE_CHECKING:
    from controlplane.cli.run_client import RunClient
    from controlplane.report.run_data import DecisionRow, RunData
    from sim.exchange.venue import Venue
    from sim.market_watch import MarketWatch
    from sim.player import RunLengths

__all__ = ["RunPlan", "finish", "run_session"]

_SECOND = 1_000_000_000
_READY_SECONDS = 60.0
#: What of the service's folder is worth keeping beside the report.
_KEPT = ("events.sqlite", "pennywire.sqlite")


@dataclass(frozen=True)
class RunPlan:
    """What to run.

    Attributes
    ----------
    title : str
        Heading of the report.
    session : mapping
        What is played, for the report: seed, regime, or the file's name.
    messages : iterable of bytes
        The session's messages, in order; read once.
    total : int or None
        How many there are, where that is known, for the progress bar.
    symbols : tuple of str
        Symbols to follow, in the order of the card's slots.
    config : Path
        The service's configuration.
    out : Path
        Folder for the report and the logs.
    card : str
        Configuration of the card.
    decide_seconds : int
        Exchange time between two decisions of the agent; 0: it is never asked.
    model : str
        The agent's model.
    arm : bool
        Whether the card is armed.
    export : Path, optional
        Folder for fills, orders, markouts and bars as Parquet and CSV.
    exchange : mapping
        Settings of the exchange, as :func:`sim.exchange.settings.venue_of` takes them.
    strategies : tuple of str
        Switched on by the operator right after arming, with the limits of the part signed for unattended use; without
        any it is the agent's to do.
    lose : int
        Packets of a thousand that the feed loses on their way to the card, chosen by ``lose_seed``.
    """

    title: str
    session: Mapping[str, Any]
    messages: Iterable[bytes]
    total: int | None
    symbols: tuple[str, ...]
    config: Path
    out: Path
    card: str = "demo"
    decide_seconds: int = 60
    model: str = "rules"
    arm: bool = True
    export: Path | None = None
    exchange: Mapping[str, Any] = field(default_factory=dict)
    strategies: tuple[str, ...] = ()
    lose: int = 0
    lose_seed: int = 1


@dataclass
class _Run:
    """What a run gathers on its way."""

    lengths: "RunLengths"
    watch: "MarketWatch"
    venue: "Venue"
    decisions: "list[DecisionRow]" = field(default_factory=list)
    seconds: float = 0.0


def run_session(plan: RunPlan, console: Console) -> dict[str, Any]:
    """Run a plan, write ``report.json`` and ``report.html`` into its folder, and give the report.

    Every process is ended when this returns or raises.

    Raises
    ------
    ChildError
        A process did not start or died; the text has its last words.
    RunClientError
        The control plane refused what a run needs.
    BuildError
        The gateware could not be built.
    """
    from controlplane.report.build import build_report
    from controlplane.report.write import write_report
    from sim.verilated.build import build_card

    begun = time.monotonic()
    plan.out.mkdir(parents=True, exist_ok=True)
    # The records of a decision are appended: those of an earlier run are not of this one.
    (plan.out / "decisions.jsonl").unlink(missing_ok=True)
    with console.status("looking for the verilated gateware") as status:
        build_card(plan.card, progress=lambda words: status.update(f"building the gateware (once): {words}"))
    built = time.monotonic()
    console.print(f"gateware at hand ({built - begun:.1f} s)")
    with terminated_cleanly(), _folder() as folder:
        data = _run_processes(plan, folder, console)
    seconds = {"build_seconds": round(built - begun, 1), "total_seconds": round(time.monotonic() - begun, 1)}
    data = replace(data, wall_clock={**data.wall_clock, **seconds})
    report = build_report(data)
    for path in write_report(report, data, plan.out):
        console.print(f"wrote {path}")
    if plan.export is not None:
        from controlplane.report.export import export_run

        for path in export_run(data, plan.export):
            console.print(f"wrote {path}")
    return report


def finish(command: str, run: Callable[[], Mapping[str, Any]], console: Console, *, as_json: bool = False) -> int:
    """Run, print the report, and give the exit status: 1, with words on standard error, where something went wrong.

    ``as_json``: the report goes to standard output as in ``report.json``, in place of the tables.
    """
    from controlplane.cli.run_client import RunClientError
    from controlplane.report.terminal import print_report
    from controlplane.report.write import json_of
    from sim.player import PlayError
    from sim.softcard.client import SoftCardError
    from sim.verilated.build import BuildError

    try:
        report = run()
    except (BuildError, ChildError, PlayError, RunClientError, SoftCardError, TimeoutError) as error:
        print("\n".join([f"pennywire {command}: {error}", *getattr(error, "__notes__", ())]), file=sys.stderr)
        return 1
    if as_json:
        print(json_of(report), end="")
    else:
        print_report(report, console)
    wrong = [f"{row['symbol']} {row['what']}" for row in report["cross_check"] if not row["equal"]]
    wrong += sorted({f"{row['symbol']} at a mark on the way" for row in report["differences"]})
    wrong += [f"{report['records_lost']} event records lost"] if report["records_lost"] else []
    if not wrong:
        return 0
    words = "exchange, card and control plane do not agree"
    print(f"pennywire {command}: {words} ({', '.join(wrong)}); see above", file=sys.stderr)
    return 1


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """Give a folder with a short name: a Unix socket's path has at most 107 bytes."""
    folder = Path(tempfile.mkdtemp(prefix="pennywire-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _run_processes(plan: RunPlan, folder: Path, console: Console) -> "RunData":
    from controlplane.cli.run_client import RunClient
    from sim.exchange.statement import statement_of

    card_arguments = ["-m", "sim.softcard", "--dir", str(folder), "--config", plan.card]
    serve = ["serve", "--device", f"unix:{folder / 'link.sock'}", "--config", str(plan.config), "--dir", str(folder)]
    with Child("the soft card", card_arguments, plan.out / "softcard.log") as card:
        with console.status("starting the soft card"):
            card.wait_ready("soft card ready", _READY_SECONDS)
        with Child("the control plane", ["-m", "controlplane.cli.main", *serve], plan.out / "service.log") as service:
            with console.status("starting the control plane"):
                service.wait_ready("serving", _READY_SECONDS)
            client = RunClient(folder)
            if plan.arm:
                client.arm(f"{plan.title}: armed for a simulated session", plan.strategies)
            console.print("soft card and control plane run" + (", the card is armed" if plan.arm else ""))
            console.print(
                f"look on with `pennywire web --dir {folder}` or `pennywire watch --dir {folder}`", style="dim"
            )
            try:
                run = _play(plan, folder, client, console)
                registers = client.registers(_registers(plan))
                ends = client.status(), client.report()
                differs = client.reconcile(statement_of(run.venue.log.entries))
            except Exception as error:
                # A child that died is the cause; what it led to here is not.
                card.check()
                service.check()
                for child in (card, service):
                    error.add_note(f"{child.name} still ran. {child.last_words()}")
                raise
    words = f"card and exchange differ: {'; '.join(differs)}" if differs else "card and exchange agree"
    console.print(f"positions, open orders, next order number: {words}")
    for name in _KEPT:
        shutil.copyfile(folder / name, plan.out / name)
    run.venue.log.write(plan.out / "exchange.jsonl")
    return _data(plan, run, registers, *ends)


def _registers(plan: RunPlan) -> list[str]:
    from controlplane.cli.gather import COUNTERS

    return [*COUNTERS, *(f"slot[{slot}].triggers" for slot in range(len(plan.symbols)))]


def _play(plan: RunPlan, folder: Path, client: "RunClient", console: Console) -> _Run:
    """Play the session, asking the agent at its times."""
    from controlplane.agent.run import append_record, decide
    from controlplane.cli.gather import decision_row
    from controlplane.config.load import load_config
    from sim.exchange.log import Fees
    from sim.exchange.settings import venue_of
    from sim.market_watch import MarketWatch
    from sim.player import Player, PlayerSettings, RunLengths
    from sim.rerequest import HostAddress, RerequestServer
    from sim.softcard.client import MarketClient

    # ADK warns at every call that a model without a price gave no token counts.
    logging.getLogger("google_adk").setLevel(logging.ERROR)
    config = load_config(plan.config)
    fees, server, loser = config.fees, None, random.Random(plan.lose_seed)
    if config.requests is not None:
        host = config.requests.server
        server = RerequestServer(HostAddress(host.mac_number, int(host.ip), host.port))
    venue = venue_of(plan.exchange, Fees(fees.remove, fees.add, fees.commission))
    run = _Run(RunLengths(), MarketWatch(plan.symbols), venue)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with (
        Progress(*columns, console=console, transient=True) as bar,
        asyncio.Runner() as loop,
        MarketClient(folder / "market.sock") as port,
    ):
        task = bar.add_task("playing", total=plan.total)

        def on_boundary(now: int) -> None:
            if plan.decide_seconds and now % (plan.decide_seconds * _SECOND) == 0 and client.status().market_open:
                record = loop.run(decide(folder, model=plan.model))
                append_record(plan.out, record)
                row = decision_row(now, record)
                if not run.decisions or run.decisions[-1].said != row.said:
                    bar.console.print(f"{_clock(now)}  {row.said}", style="dim")
                run.decisions.append(row)

        settings = PlayerSettings(clock_period_ps=client.status().clock_period_ps)
        player = Player(
            port,
            venue,
            settings,
            on_boundary=on_boundary,
            progress=lambda done: bar.update(task, completed=done),
            drop=(lambda _: loser.randrange(1000) < plan.lose) if plan.lose else None,
            server=server,
        )
        begun = time.monotonic()
        run.lengths = player.play(run.watch.watch(plan.messages))
        run.seconds = time.monotonic() - begun
    return run


def _clock(now: int) -> str:
    from controlplane.report.words import clock

    return clock(now, 0)


def _data(
    plan: RunPlan,
    run: _Run,
    registers: Mapping[str, int],
    status: Any,
    report: Any,
) -> "RunData":
    from controlplane.cli import gather
    from controlplane.report.run_data import RunData

    lengths = run.lengths
    return RunData(
        title=plan.title,
        session=plan.session,
        symbols=plan.symbols,
        first_time=lengths.first_time,
        last_time=lengths.last_time,
        market_ended=run.watch.ended,
        messages=lengths.messages,
        play={
            "frames": lengths.frames,
            "frames_lost_on_purpose": lengths.dropped_frames,
            "requests": lengths.requests,
            "orders": lengths.orders.total(),
            "answers": lengths.answers,
            "grants_of_time": lengths.boundaries,
            "cycles": lengths.last_cycle - lengths.first_cycle,
        },
        config_name=status.config_name,
        clock_period_ps=status.clock_period_ps,
        fills=gather.fill_rows(run.venue.log.fills()),
        mids=run.watch.mids,
        books=gather.books_of(run.watch, plan.symbols),
        card=gather.card_rows(status, registers),
        ledger=gather.ledger_rows(report),
        sent=gather.sent_rows(plan.out / "events.sqlite", plan.symbols),
        counters={name: registers[name] for name in gather.COUNTERS},
        refusals=dict(report.refusals_by_reason),
        bars=gather.bar_rows(report),
        records_lost=status.records_lost,
        differences=gather.difference_rows(report),
        decisions=run.decisions,
        wall_clock={
            "play_seconds": round(run.seconds, 1),
            "messages_per_second": round(lengths.messages.total() / max(run.seconds, 1e-9)),
        },
    )
