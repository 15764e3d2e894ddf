"""``module``, ``limits``, ``threshold``, ``resume``: what the operator sets on a running card."""

from typing import Annotated

import typer

from controlplane.cli.connection import DEADLINE, DEFAULT_DIRECTORY, Directory, Json, Reason, connect, operator_write

__all__ = ["add_to"]

_module = typer.Typer(help="Switch strategies on and off.", no_args_is_help=True)
_limits = typer.Typer(help="Inventory and order size.", no_args_is_help=True)
_threshold = typer.Typer(help="When a strategy acts.", no_args_is_help=True)

_Name = Annotated[str, typer.Argument(help="imbalance or market_making.")]


def _toggle(name: str, state: bool, reason: str, directory: Directory) -> None:
    def call(channel, header):  # noqa: ANN001, ANN202
        from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
        from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc

        request = pb.ToggleModuleRequest(header=header, strategy_name=name, state=state)
        return rpc.StrategyServiceStub(channel).ToggleModule(request, timeout=DEADLINE)

    operator_write(directory, reason, call)


@_module.command("on")
def module_on(name: _Name, reason: Reason, directory: Directory = DEFAULT_DIRECTORY) -> None:
    """Switch a strategy on."""
    _toggle(name, True, reason, directory)


@_module.command("off")
def module_off(name: _Name, reason: Reason, directory: Directory = DEFAULT_DIRECTORY) -> None:
    """Switch a strategy off."""
    _toggle(name, False, reason, directory)


@_limits.command("show")
def limits_show(directory: Directory = DEFAULT_DIRECTORY, as_json: Json = False) -> None:
    """Show the limits in force, the card's ceilings and the envelope."""
    with connect(directory, "viewer", "agent", "operator") as channel:
        import json

        from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
        from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc

        stub = rpc.RiskServiceStub(channel)
        now = stub.GetLimits(pb.GetLimitsRequest(), timeout=DEADLINE)
        envelope = stub.GetEnvelope(pb.GetEnvelopeRequest(), timeout=DEADLINE)
        rows = {
            "now": {"max_inventory": now.max_inventory, "order_size": now.order_size},
            "ceiling": {"max_inventory": now.ceiling_inventory, "order_size": now.ceiling_order_size},
            "envelope": {
                "max_inventory": envelope.envelope.max_inventory,
                "order_size": envelope.envelope.max_order_size,
            },
            "unattended": {
                "max_inventory": envelope.unattended.max_inventory,
                "order_size": envelope.unattended.max_order_size,
            },
        }
        if as_json:
            print(json.dumps(rows))
            return
        print(f"{'shares':<12}{'max inventory':>14}{'order size':>12}")
        for name, row in rows.items():
            print(f"{name:<12}{row['max_inventory']:>14}{row['order_size']:>12}")


@_limits.command("set")
def limits_set(
    max_inventory: Annotated[int, typer.Option(help="Largest position in shares, either direction.")],
    order_size: Annotated[int, typer.Option(help="Shares of an order.")],
    reason: Reason,
    directory: Directory = DEFAULT_DIRECTORY,
) -> None:
    """Set the limits of every symbol, within the envelope."""

    def call(channel, header):  # noqa: ANN001, ANN202
        from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
        from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc

        request = pb.UpdateRiskParametersRequest(header=header, max_inventory=max_inventory, order_size=order_size)
        return rpc.RiskServiceStub(channel).UpdateRiskParameters(request, timeout=DEADLINE)

    operator_write(directory, reason, call)


@_threshold.command("set")
def threshold_set(
    name: _Name,
    ratio: Annotated[float, typer.Option(help="How many times larger one side must be.")],
    reason: Reason,
    min_volume: Annotated[
        int | None, typer.Option(help="imbalance: least five-level volume of the heavy side, in shares.")
    ] = None,
    half_spread: Annotated[
        int | None, typer.Option(help="market_making: distance of the quotes from the fair value, in half-ticks.")
    ] = None,
    directory: Directory = DEFAULT_DIRECTORY,
) -> None:
    """Set the thresholds of a strategy for every symbol, within the envelope."""
    needed = "--half-spread" if name == "market_making" else "--min-volume"
    if (half_spread if name == "market_making" else min_volume) is None:
        raise typer.BadParameter(f"{name} needs it as well", param_hint=needed)

    def call(channel, header):  # noqa: ANN001, ANN202
        from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
        from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc

        request = pb.UpdateThresholdsRequest(
            header=header,
            strategy_name=name,
            imbalance_ratio=ratio,
            min_volume=min_volume or 0,
            half_spread=half_spread or 0,
        )
        return rpc.StrategyServiceStub(channel).UpdateThresholds(request, timeout=DEADLINE)

    operator_write(directory, reason, call)


def resume(reason: Reason, directory: Directory = DEFAULT_DIRECTORY) -> None:
    """Take up the settings of before the last start that would have made the card bolder than it was found."""

    def call(channel, header):  # noqa: ANN001, ANN202
        from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
        from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc

        return rpc.RiskServiceStub(channel).TakeUp(pb.TakeUpRequest(header=header), timeout=DEADLINE)

    operator_write(directory, reason, call)


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(_module, name="module")
    app.add_typer(_limits, name="limits")
    app.add_typer(_threshold, name="threshold")
    app.command()(resume)
