"""``certs make``: certificates for callers on another machine."""

import sys
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["add_to"]

_certs = typer.Typer(help="Certificates for callers on another machine.", no_args_is_help=True)


@_certs.command("make")
def make(
    directory: Annotated[Path, typer.Argument(help="An empty or new folder.")],
    host: Annotated[list[str], typer.Option(help="A name or address of the server; give all by which it is reached.")],
    days: Annotated[float, typer.Option(help="For how many days they are good.", min=0.001, max=3650)] = 365.0,
) -> None:
    """Make an authority, a server certificate, and one certificate each for operator, agent and viewer.

    The server needs ca.pem, server.pem and server-key.pem. A caller needs ca.pem and the certificate and key of its
    role. Keep ca-key.pem elsewhere: whoever has it can make an operator.
    """
    from controlplane.service.certificates import CertificateError, make_certificates

    try:
        make_certificates(directory, host, days)
    except (CertificateError, OSError) as error:
        print(f"pennywire: {error}", file=sys.stderr)
        raise typer.Exit(1) from error
    print(f"made ca, server, operator, agent and viewer in {directory}; keep ca-key.pem elsewhere")


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(_certs, name="certs")
