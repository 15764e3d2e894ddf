"""``status``, ``arm``, ``disarm``, ``kill``, ``release``: the card as a whole."""

import sys
from typing import Annotated

import typer

from controlplane.cli.connection import DEADLINE, DEFAULT_DIRECTORY, Directory, Json, Reason, connect, operator_write

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


def _command(name: str, directory: Directory, reason: str) -> None:
    def call(channel, header):  # noqa: ANN001, ANN202
        from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
        from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc

        request = getattr(pb, f"{name}Request")(header=header)
        return getattr(rpc.CardServiceStub(channel), name)(request, timeout=DEADLINE)

    operator_write(directory, reason, call)


def arm(reason: Reason, directory: Directory = DEFAULT_DIRECTORY) -> None:
    """Arm the card: from now on it trades within its limits. Operator only."""
    _command("Arm", directory, reason)


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
    for command in (status, arm, disarm, kill, release):
        app.command()(command)
