"""``confirm list``, ``confirm approve``, ``confirm deny``: what the agent asked for, and a person's answer to it."""

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from controlplane.cli.connection import (
    DEADLINE,
    DEFAULT_DIRECTORY,
    Directory,
    Json,
    Reason,
    connect,
    operator_write,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb

__all__ = ["add_to"]

_confirm = typer.Typer(help="What the agent asked for beyond its part, and your answer.", no_args_is_help=True)

_Number = Annotated[int, typer.Argument(help="Number of the request, as `confirm list` shows it.", min=1)]


def _state(confirmation: "pb.Confirmation") -> str:
    from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb

    return pb.ConfirmationState.Name(confirmation.state).removeprefix("CONFIRMATION_STATE_").lower()


def _show(confirmation: "pb.Confirmation") -> None:
    left = f", {confirmation.seconds_left:.0f} s left" if confirmation.seconds_left else ""
    lines = [
        f"{confirmation.id} {_state(confirmation)}{left}: {confirmation.method} {confirmation.asked_for}",
        *(f"    {words}" for words in confirmation.beyond),
        f"    asked by {confirmation.asked_by}: {confirmation.reason}",
    ]
    # The words are a model's: no control character reaches the terminal.
    for line in lines:
        print("".join(c if c.isprintable() else "?" for c in line))


def _all(directory: Directory) -> "Sequence[pb.Confirmation]":
    with connect(directory, "viewer", "agent", "operator") as channel:
        from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
        from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc

        stub = rpc.ConfirmationServiceStub(channel)
        return list(stub.List(pb.ListConfirmationsRequest(), timeout=DEADLINE).confirmations)


@_confirm.command("list")
def list_(
    directory: Directory = DEFAULT_DIRECTORY,
    everything: Annotated[bool, typer.Option("--all", help="Those that do not wait any more as well.")] = False,
    as_json: Json = False,
) -> None:
    """Show what waits for your answer."""
    found = [c for c in _all(directory) if everything or _state(c) == "pending"]
    if as_json:
        from google.protobuf.json_format import MessageToDict

        rows = [MessageToDict(c, preserving_proto_field_name=True) | {"state": _state(c)} for c in found]
        print(json.dumps(rows))
        return
    for confirmation in found:
        _show(confirmation)
    if not found:
        print("nothing waits for an answer")


@_confirm.command("approve")
def approve(
    number: _Number,
    reason: Reason,
    directory: Directory = DEFAULT_DIRECTORY,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask again before it is carried out.")] = False,
) -> None:
    """Carry out what the agent asked for: once, in time, and only while the card is as it was. Operator only."""
    asked = next((c for c in _all(directory) if c.id == number), None)
    if asked is None:
        print(f"pennywire: nothing was asked under {number}: see `pennywire confirm list`", file=sys.stderr)
        raise typer.Exit(1)
    _show(asked)
    if not yes and not typer.confirm("Carry this out?"):
        raise typer.Exit(1)

    def call(channel, header):  # noqa: ANN001, ANN202
        from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
        from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc

        request = pb.ApproveRequest(header=header, id=number, method=asked.method)
        return rpc.ConfirmationServiceStub(channel).Approve(request, timeout=DEADLINE)

    operator_write(directory, reason, call)


@_confirm.command("deny")
def deny(number: _Number, reason: Reason, directory: Directory = DEFAULT_DIRECTORY) -> None:
    """Deny what the agent asked for. Operator only."""
    with connect(directory, "operator") as channel:
        from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
        from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc

        rpc.ConfirmationServiceStub(channel).Deny(pb.DenyRequest(id=number, reason=reason), timeout=DEADLINE)
        print(f"denied {number}")


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(_confirm, name="confirm")
