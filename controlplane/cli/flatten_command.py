"""``flatten``: an operator closes the position of a symbol, at a price no worse than the one given."""

import time
from typing import Annotated

import typer

from controlplane.cli.connection import DEADLINE, DEFAULT_DIRECTORY, Directory, connect, operator_write

__all__ = ["add_to"]

#: Seconds between two looks at where it stands.
_LOOK = 0.5


def _follow(directory) -> None:  # noqa: ANN001
    """Say each change until it has ended. Status 1: something is held all the same."""
    with connect(directory, "operator", "viewer", "agent") as channel:
        from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
        from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc
        from controlplane.watch.flatten_words import flatten_line

        said = ""
        while True:
            status = rpc.CardServiceStub(channel).GetFlatten(pb.GetFlattenRequest(), timeout=DEADLINE)
            if flatten_line(status) != said:
                said = flatten_line(status)
                print(said, flush=True)
            if status.step == pb.FLATTEN_STEP_IDLE:
                raise typer.Exit(1 if status.position_shares else 0)
            time.sleep(_LOOK)


def flatten(
    symbol: Annotated[str, typer.Argument(help="The symbol; not needed with --status and --give-up.")] = "",
    price: Annotated[
        str, typer.Option("--price", "--worst-price", help="Worst price at which to fill, in dollars.")
    ] = "",
    reason: Annotated[str, typer.Option("--reason", help="Why; kept in the audit log.")] = "",
    shares: Annotated[int, typer.Option(help="At most so many; 0: all that is held.")] = 0,
    directory: Directory = DEFAULT_DIRECTORY,
    status: Annotated[bool, typer.Option("--status", help="Only say where the last one stands.")] = False,
    give_up: Annotated[bool, typer.Option("--give-up", help="End the waiting of the one under way.")] = False,
) -> None:
    """Close the position of a symbol: cancel its own orders, await their death, then one order that only reduces.

    Operator only, on an armed card. Strategies stand aside while it runs; switch them off first if they are not to go
    on afterwards. Waits for the end and says each step; interrupted, the card goes on. Status 1: something is held.
    """
    if status:
        _follow(directory)
    if not reason:
        raise typer.BadParameter("say why; the audit log keeps it", param_hint="--reason")
    if not give_up and not (symbol and price):
        raise typer.BadParameter("give the symbol and the worst price", param_hint="SYMBOL --price")
    worst = 0
    if not give_up:
        from controlplane.watch.flatten_words import worst_price

        try:
            worst = worst_price(price)
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--price") from error

    def call(channel, header):  # noqa: ANN001, ANN202
        from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
        from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc

        stub = rpc.CardServiceStub(channel)
        if give_up:
            return stub.GiveUpFlatten(pb.GiveUpFlattenRequest(header=header), timeout=DEADLINE)
        request = pb.FlattenRequest(header=header, symbol=symbol, worst_price=worst, shares=shares)
        return stub.Flatten(request, timeout=DEADLINE)

    operator_write(directory, reason, call)
    _follow(directory)


def add_to(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command()(flatten)
