"""``agent run``: the supervising agent on a timer."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from controlplane.cli.connection import DEFAULT_DIRECTORY, Directory

__all__ = ["add_to"]

_agent = typer.Typer(help="The supervising agent.", no_args_is_help=True)


@_agent.callback()
def _group() -> None:
    """Keep ``run`` a command of its own, though it is the only one."""


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
        print(f"{clock(record.exchange_time)} {record.said}")
        for call in record.calls:
            print(f"  {call['tool']} {call['args']}: {(call['result'] or {}).get('status', 'no answer')}")
        if record.error:
            print(f"  the decision broke off: {record.error}", file=sys.stderr)
        if once:
            return 1 if record.error else 0
        await asyncio.sleep(every)


@_agent.command("run")
def run(
    directory: Directory = DEFAULT_DIRECTORY,
    every: Annotated[float, typer.Option(help="Seconds between decisions.", min=1)] = 60.0,
    once: Annotated[bool, typer.Option("--once", help="Decide once and end.")] = False,
    model: Annotated[str, typer.Option(help="rules, a model name that ADK knows, or litellm:PROVIDER/NAME.")] = "rules",
) -> None:
    """Let the agent decide, again and again, within the part of the envelope signed for unattended use."""
    import asyncio

    if not (directory / "agent.sock").exists():
        print(f"pennywire: no service in {directory}: start one with `pennywire serve`, or give --dir", file=sys.stderr)
        raise typer.Exit(2)
    raise typer.Exit(asyncio.run(_decide_every(directory, model, every, once)))


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(_agent, name="agent")
