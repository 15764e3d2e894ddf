"""``web`` and ``web login``: the page in a browser, and a code to log in with."""

import getpass
import os
from typing import Annotated

import typer

from controlplane.cli.connection import DEADLINE, DEFAULT_DIRECTORY, Directory, connect

__all__ = ["add_to"]

_web = typer.Typer(help="The web page on the loopback address: charts, audit trail, kill.", invoke_without_command=True)

_Port = Annotated[int, typer.Option(help="Port of the page.", min=0, max=65535)]
_PORT = 8321


@_web.callback()
def web(
    context: typer.Context,
    directory: Directory = DEFAULT_DIRECTORY,
    port: _Port = _PORT,
    read_only: Annotated[bool, typer.Option("--read-only", help="Never act as an operator, whoever logs in.")] = False,
) -> None:
    """Serve the page at http://127.0.0.1:PORT/ until interrupted; it needs a running service.

    Everybody on this machine may look. To kill one logs in, as a viewer or an operator; an operator may also disarm,
    switch modules and answer what the agent asked for.
    """
    if context.invoked_subcommand:
        return
    from controlplane.web.run import run_page

    raise typer.Exit(run_page(directory, port, read_only=read_only))


@_web.command("login")
def login(
    directory: Directory = DEFAULT_DIRECTORY,
    port: _Port = _PORT,
    as_viewer: Annotated[bool, typer.Option("--viewer", help="A viewer's code: to kill, and nothing else.")] = False,
) -> None:
    """Print a code that logs one browser in, once, within two minutes."""
    roles = ("viewer",) if as_viewer else ("operator", "viewer")
    with connect(directory, *roles) as channel:
        from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
        from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc

        request = pb.MakeLoginCodeRequest(name=getpass.getuser())
        made = rpc.LoginServiceStub(channel).MakeCode(request, timeout=DEADLINE)
        role = pb.Role.Name(made.role).removeprefix("ROLE_").lower()
        print(f"{made.code}   {role}, good once within {made.seconds:.0f} s")
        if not os.environ.get("PENNYWIRE_SERVER"):
            print(f"http://127.0.0.1:{port}/#{made.code}")


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(_web, name="web")
