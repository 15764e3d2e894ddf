"""``audit show`` and ``audit verify``: who did what, and whether the log is what was written. No service need run."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from controlplane.cli.connection import DEFAULT_DIRECTORY, Directory, Json

__all__ = ["add_to"]

_audit = typer.Typer(help="The audit log: who did what, and whether it was tampered with.", no_args_is_help=True)


@contextmanager
def _file_of(directory: Path) -> Iterator[Path]:
    import sqlite3

    path = directory / "pennywire.sqlite"
    if not path.exists():
        print(f"pennywire: no audit log in {directory}: give the service's folder with --dir", file=sys.stderr)
        raise typer.Exit(2)
    try:
        yield path
    except sqlite3.Error as error:
        print(f"pennywire: {path} is no audit log: {error}", file=sys.stderr)
        raise typer.Exit(2) from error


@_audit.command("verify")
def verify(
    directory: Directory = DEFAULT_DIRECTORY,
    head: Annotated[str, typer.Option(help="A head that an earlier check printed, kept elsewhere.")] = "",
) -> None:
    """Check that no row was changed, taken out, put in, or cut off at the end; exit status 1 if one was."""
    from controlplane.store.audit_check import check_audit

    with _file_of(directory) as path:
        verdict = check_audit(path, head)
    if verdict.found:
        print(f"NOT what was written: {verdict.found}; {verdict.rows} rows before that stand")
        raise typer.Exit(1)
    print(f"{verdict.rows} rows, all as they were written" + (f"; head {verdict.head}" if verdict.head else ""))


@_audit.command("show")
def show(
    directory: Directory = DEFAULT_DIRECTORY,
    last: Annotated[int, typer.Option(help="How many rows, the newest ones.", min=1)] = 20,
    as_json: Json = False,
) -> None:
    """Show the newest rows, oldest first."""
    import datetime
    import json
    from dataclasses import asdict

    from controlplane.store.audit_check import read_audit

    with _file_of(directory) as path:
        rows = read_audit(path, last)
    for number, wall, entry in rows:
        when = datetime.datetime.fromtimestamp(wall / 1e9, datetime.UTC).isoformat(timespec="milliseconds")
        if as_json:
            print(json.dumps({"id": number, "when": when, **asdict(entry)}))
            continue
        # The words come from models and other programs: no control character reaches the terminal.
        words = f"{number} {when} {entry.who}, {entry.method}: {entry.result}; why: {entry.reason or 'not said'}"
        print("".join(c if c.isprintable() else "?" for c in words))


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(_audit, name="audit")
