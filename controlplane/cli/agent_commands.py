"""``agent run``, ``chat`` and ``replay``: the agent on a timer, in talk with a person, and over recorded days."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from controlplane.cli.connection import DEFAULT_DIRECTORY, Directory, Json

if TYPE_CHECKING:
    from controlplane.agent.run import DecisionRecord

__all__ = ["add_to"]

_agent = typer.Typer(help="The supervising agent.", no_args_is_help=True)


_Model = Annotated[str, typer.Option(help="rules, a model name that ADK knows, or litellm:PROVIDER/NAME.")]


def _need_service(directory: Path) -> None:
    if not os.environ.get("PENNYWIRE_SERVER") and not (directory / "agent.sock").exists():
        print(f"pennywire: no service in {directory}: start one with `pennywire serve`, or give --dir", file=sys.stderr)
        raise typer.Exit(2)


def _show(record: "DecisionRecord") -> None:
    # The words are a model's: no control character reaches the terminal.
    print("".join(c if c.isprintable() or c == "\n" else "?" for c in record.said))
    for call in record.calls:
        result = call["result"] or {}
        why = f", {result['words']}" if result.get("status") in ("asked", "refused", "failed") else ""
        print(f"  {call['tool']} {call['args']}: {result.get('status', 'no answer')}{why}")
    if record.error:
        print(f"  the decision broke off: {record.error}", file=sys.stderr)


async def _decide_every(directory: Path, model: str, every: float, once: bool) -> int:
    import asyncio

    import grpc

    from controlplane.agent.prompts import clock
    from controlplane.agent.run import append_record, decide

    while True:
        try:
            record = await decide(directory, model=model)
        except grpc.RpcError as error:
            print(f"pennywire: no service answers in {directory}: {error.details()}", file=sys.stderr)
            return 2
        append_record(directory, record)
        print(f"{clock(record.exchange_time)} ", end="")
        _show(record)
        if once:
            return 1 if record.error else 0
        await asyncio.sleep(every)


@_agent.command("run")
def run(
    directory: Directory = DEFAULT_DIRECTORY,
    every: Annotated[float, typer.Option(help="Seconds between decisions.", min=1)] = 60.0,
    once: Annotated[bool, typer.Option("--once", help="Decide once and end.")] = False,
    model: _Model = "rules",
) -> None:
    """Let the agent decide, again and again, within the part of the envelope signed for unattended use."""
    import asyncio

    _need_service(directory)
    raise typer.Exit(asyncio.run(_decide_every(directory, model, every, once)))


async def _chat(directory: Path, model: str) -> int:
    import asyncio

    import grpc

    from controlplane.agent.run import append_record, converse

    async def messages():  # noqa: ANN202
        while True:
            print("> ", end="", flush=True)
            line = await asyncio.to_thread(sys.stdin.readline)
            if not line:
                return
            if line.strip():
                yield line.strip()

    try:
        async for record in converse(directory, model, messages()):
            append_record(directory, record)
            _show(record)
    except grpc.RpcError as error:
        print(f"pennywire: no service answers in {directory}: {error.details()}", file=sys.stderr)
        return 2
    return 0


@_agent.command("chat")
def chat(directory: Directory = DEFAULT_DIRECTORY, model: _Model = "rules") -> None:
    """Talk to the agent, a line at a time, until the end of input. It has the same tools and the same leash.

    What goes beyond the part signed for unattended use is asked of the operator here as well: `pennywire confirm list`.
    """
    import asyncio

    _need_service(directory)
    raise typer.Exit(asyncio.run(_chat(directory, model)))


def _words(writes: "list[tuple[str, dict[str, Any]]]") -> str:
    shown = "; ".join(f"{name}({', '.join(f'{k}={v}' for k, v in args.items())})" for name, args in writes)
    return "".join(c if c.isprintable() else "?" for c in shown) or "nothing"


@_agent.command("replay")
def replay(
    file: Annotated[Path, typer.Argument(help="decisions.jsonl of a service's folder, or of a demo's.")],
    model: _Model = "rules",
    policy: Annotated[Path | None, typer.Option(help="Another written policy for it.")] = None,
    against: Annotated[str, typer.Option(help="Model to compare with; without it, what was recorded.")] = "",
    against_policy: Annotated[Path | None, typer.Option(help="Another written policy for that one.")] = None,
    as_json: Json = False,
) -> None:
    """Put recorded decision points to a model or policy, and compare it with another or with what was done then.

    Nothing is written and no service is needed: the tools give back what was seen then.
    """
    import asyncio
    import json
    from dataclasses import asdict

    from controlplane.agent.config import AgentSettings
    from controlplane.agent.prompts import clock
    from controlplane.agent.replay import RecordError, compare, read_records, writes_of
    from controlplane.agent.replay import replay as put

    try:
        records = read_records(file)
        one = asyncio.run(put(records, AgentSettings(model=model, policy=policy)))
        recorded = not against and against_policy is None
        settings = AgentSettings(model=against or "rules", policy=against_policy)
        other = records if recorded else asyncio.run(put(records, settings))
    except (RecordError, OSError, ImportError) as error:
        print(f"pennywire: {error}", file=sys.stderr)
        raise typer.Exit(2) from error
    found = compare(one, other)
    if as_json:
        pairs = [[asdict(a), asdict(b)] for a, b in zip(one, other, strict=True)]
        print(json.dumps(asdict(found) | {"decisions": pairs}))
        return
    for place in found.differs:
        print(clock(one[place].exchange_time))
        for name, record in (("this", one[place]), ("that", other[place])):
            broke = f" (broke off: {record.error})" if record.error else ""
            print(f"  {name}: {_words(writes_of(record))}{broke}")
    print(
        f"{found.points} decision points, the same calls at {found.same}; writing calls {found.writes[0]} and "
        f"{found.writes[1]}, broken off {found.errors[0]} and {found.errors[1]}"
    )


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(_agent, name="agent")
