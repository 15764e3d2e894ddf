"""``agent run`` and ``agent chat``: the supervising agent on a timer, and a person who talks to it."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from controlplane.cli.connection import DEFAULT_DIRECTORY, Directory

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


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(_agent, name="agent")
