"""``status``, ``capabilities``, ``reconcile``, ``arm``, ``disarm``, ``kill``, ``release``: the card as a whole."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from controlplane.cli.connection import DEADLINE, DEFAULT_DIRECTORY, Directory, Json, Reason, connect, operator_write

if TYPE_CHECKING:
    from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb

__all__ = ["add_to"]


def status(directory: Directory = DEFAULT_DIRECTORY, as_json: Json = False) -> None:
    """Show what the card is doing."""
    with connect(directory, "viewer", "agent", "operator") as channel:
        from google.protobuf.json_format import MessageToJson

        from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
        from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc

        answer = rpc.CardServiceStub(channel).GetStatus(pb.GetStatusRequest(), timeout=DEADLINE)
        if as_json:
            print(MessageToJson(answer, always_print_fields_with_no_presence=True, preserving_proto_field_name=True))
            return
        from controlplane.cli.tables import print_status

        print_status(answer)


def capabilities(directory: Directory = DEFAULT_DIRECTORY) -> None:
    """Show, as JSON, what the card and the service are and can do, and which calls you may make."""
    with connect(directory, "operator", "agent", "viewer") as channel:
        from google.protobuf.json_format import MessageToJson

        from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
        from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc

        answer = rpc.CardServiceStub(channel).GetCapabilities(pb.GetCapabilitiesRequest(), timeout=DEADLINE)
        print(MessageToJson(answer, always_print_fields_with_no_presence=True, preserving_proto_field_name=True))


_Statement = Annotated[
    Path | None, typer.Option(help="JSON of what the exchange says is held and open; see docs/control.md.")
]
_FreshDay = Annotated[
    bool, typer.Option("--fresh-day", help="The exchange says: nothing held, nothing open, no order sent today.")
]


def _read_statement(file: Path | None, fresh_day: bool) -> "pb.ExchangeStatement":
    from google.protobuf.json_format import Parse, ParseError

    from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb

    if (file is not None) == fresh_day:
        print("pennywire: give either --statement FILE or --fresh-day", file=sys.stderr)
        raise typer.Exit(2)
    if file is None:
        return pb.ExchangeStatement(next_order_number=1)
    try:
        return Parse(file.read_text(encoding="utf-8"), pb.ExchangeStatement())
    except (OSError, UnicodeDecodeError, ParseError) as error:
        print(f"pennywire: {file} is no statement: {error}", file=sys.stderr)
        raise typer.Exit(2) from error


def _reconcile(directory: Path, statement: "pb.ExchangeStatement") -> bool:
    """Show what differs between card and exchange; true where nothing does."""
    with connect(directory, "viewer", "agent", "operator") as channel:
        from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
        from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc

        request = pb.ReconcileRequest(statement=statement)
        found = rpc.CardServiceStub(channel).Reconcile(request, timeout=DEADLINE).differences
        for row in found:
            print(f"{row.what}: card {row.card}, exchange {row.exchange}")
        if not found:
            print("card and exchange agree")
        return not found


def reconcile(
    directory: Directory = DEFAULT_DIRECTORY, statement: _Statement = None, fresh_day: _FreshDay = False
) -> None:
    """Compare positions, open orders and next order number with what the exchange says. Status 1: they differ."""
    raise typer.Exit(0 if _reconcile(directory, _read_statement(statement, fresh_day)) else 1)


def _command(name: str, directory: Directory, reason: str, **fields: object) -> None:
    def call(channel, header):  # noqa: ANN001, ANN202
        from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
        from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc

        request = getattr(pb, f"{name}Request")(header=header, **fields)
        return getattr(rpc.CardServiceStub(channel), name)(request, timeout=DEADLINE)

    operator_write(directory, reason, call)


def arm(
    reason: Reason,
    directory: Directory = DEFAULT_DIRECTORY,
    statement: _Statement = None,
    fresh_day: _FreshDay = False,
) -> None:
    """Reconcile with the exchange, then arm: from now on the card trades within its limits. Operator only."""
    said = _read_statement(statement, fresh_day)
    _reconcile(directory, said)
    _command("Arm", directory, reason, statement=said)


def disarm(reason: Reason, directory: Directory = DEFAULT_DIRECTORY) -> None:
    """Disarm the card: no new order; open orders stay as they are."""
    _command("Disarm", directory, reason)


def release(reason: Reason, directory: Directory = DEFAULT_DIRECTORY) -> None:
    """Release a kill; the card stays disarmed. Operator only."""
    _command("ReleaseKill", directory, reason)


def kill(
    directory: Directory = DEFAULT_DIRECTORY,
    reason: Annotated[str, typer.Option("--reason", help="Why, if there is time to say so.")] = "",
) -> None:
    """Kill: no new order from the next cycle on, one Cancel for every open one. Anyone may, and nothing is asked."""
    with connect(directory, "operator", "agent", "viewer") as channel:
        from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
        from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc

        result = rpc.CardServiceStub(channel).Kill(pb.KillRequest(reason=reason), timeout=DEADLINE)
        print(f"killed, audit row {result.audit_id}; positions are left as they are", file=sys.stdout)


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    for command in (status, capabilities, reconcile, arm, disarm, kill, release):
        app.command()(command)
