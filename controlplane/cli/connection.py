"""A command's connection to the running service: the socket of a role, the lease, refusals in words."""

import getpass
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

if TYPE_CHECKING:
    import grpc

__all__ = ["DEFAULT_DIRECTORY", "Directory", "Json", "Reason", "connect", "operator_write"]

DEFAULT_DIRECTORY = Path("build/run")
#: Seconds that a call may take.
DEADLINE = 15.0

Directory = Annotated[
    Path, typer.Option("--dir", envvar="PENNYWIRE_DIR", help="Folder of the service's sockets.", show_default=True)
]
Json = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; the audit log keeps it.")]

_Answer = TypeVar("_Answer")


def _usable(directory: Path, names: tuple[str, ...]) -> Path:
    """Give the first of the sockets that this user may open."""
    present = [directory / name for name in names if (directory / name).exists()]
    if not present:
        print(f"pennywire: no service in {directory}: start one with `pennywire serve`, or give --dir", file=sys.stderr)
        raise typer.Exit(2)
    for path in present:
        if os.access(path, os.R_OK | os.W_OK):
            return path
    print(f"pennywire: you may not open {' or '.join(str(p) for p in present)}", file=sys.stderr)
    raise typer.Exit(2)


def _remote_channel(roles: tuple[str, ...]) -> "tuple[str, grpc.Channel]":
    import grpc

    from controlplane.service.certificates import CertificateError
    from controlplane.service.remote import remote_service

    try:
        remote = remote_service(roles)
        assert remote is not None  # PENNYWIRE_SERVER was looked at before
        return remote.address, grpc.secure_channel(remote.address, remote.credentials())
    except CertificateError as error:
        print(f"pennywire: {error}", file=sys.stderr)
        raise typer.Exit(2) from error


@contextmanager
def connect(directory: Path, *roles: str) -> Iterator:
    """Open a channel by the first role's socket that there is and that may be opened.

    Where the environment names a service on another machine (``controlplane/service/remote.py``), by TLS to that one.

    A refused or failed call ends the command with its words on standard error and exit status 1; without a service
    the status is 2.

    Parameters
    ----------
    directory : Path
        Folder of the sockets.
    *roles : str
        ``operator``, ``agent``, ``viewer``, in the order in which they are tried.
    """
    remote = bool(os.environ.get("PENNYWIRE_SERVER"))
    where = "" if remote else f"unix:{_usable(directory, tuple(f'{role}.sock' for role in roles)).absolute()}"
    import grpc

    from controlplane.service.refusal import words_of

    if remote:
        where, opened = _remote_channel(roles)
    else:
        opened = grpc.insecure_channel(where)
    with opened as channel:
        try:
            yield channel
        except grpc.RpcError as error:
            absent = error.code() == grpc.StatusCode.UNAVAILABLE and "onnect" in (error.details() or "")
            asked = "is it running, and does it know your certificate?" if remote else "is it running?"
            hint = f"no service answers at {where}: {asked}" if absent else words_of(error)
            print(f"pennywire: {hint}", file=sys.stderr)
            raise typer.Exit(2 if absent else 1) from error


def operator_write(directory: Path, reason: str, call: Callable) -> None:
    """Commit a write as the operator: take the lease, call, give the lease back, print what changed.

    Parameters
    ----------
    directory : Path
        Folder of the sockets.
    reason : str
        Why.
    call : callable
        Takes the channel and a ``WriteHeader``, gives a ``WriteResult``.
    """
    with connect(directory, "operator") as channel:
        from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
        from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc

        leases = rpc.LeaseServiceStub(channel)
        holder = f"{getpass.getuser()} at the command line"
        lease = leases.AcquireLease(pb.AcquireLeaseRequest(holder=holder), timeout=DEADLINE)
        try:
            header = pb.WriteHeader(lease_epoch=lease.lease_epoch, mode=pb.WRITE_MODE_COMMIT, reason=reason)
            result = call(channel, header)
        finally:
            leases.ReleaseLease(pb.ReleaseLeaseRequest(lease_epoch=lease.lease_epoch), timeout=DEADLINE)
        for change in result.changes:
            print(f"{change.register}: {change.before:#x} -> {change.after:#x}")
        print(f"done, audit row {result.audit_id}" if result.changes else "nothing changed: it was so already")
