"""The writing tools: switch a module, set limits, set thresholds. Each is checked here and again by the service."""

import grpc
from google.adk.tools.tool_context import ToolContext

from controlplane.agent.config import AgentSettings
from controlplane.agent.tools.checks import need_bool, need_half_ticks, need_ratio, need_shares, need_strategy
from controlplane.agent.tools.link import answer, write
from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc

__all__ = ["toggle_scalping_module", "update_quotes", "update_risk_parameters", "update_thresholds"]


async def toggle_scalping_module(tool_context: ToolContext, strategy_name: str, state: bool) -> dict:
    """Switch a scalping module on or off, for every symbol at once.

    Parameters
    ----------
    strategy_name : str
        "imbalance" or "market_making".
    state : bool
        True switches it on, false switches it off. Off is never refused.

    Returns
    -------
    dict
        status "done" with the registers that changed, "asked" where a person must confirm it first, or "refused" or
        "failed" with the words why.
    """

    async def work() -> dict:
        name, wanted = need_strategy(strategy_name), need_bool("state", state)

        async def call(channel: grpc.aio.Channel, header: pb.WriteHeader) -> pb.WriteResult:
            request = pb.ToggleModuleRequest(header=header, strategy_name=name, state=wanted)
            return await rpc.StrategyServiceStub(channel).ToggleModule(request, timeout=AgentSettings().call_seconds)

        return await write(tool_context, call)

    return await answer(work)


async def update_risk_parameters(tool_context: ToolContext, max_inventory: int, order_size: int) -> dict:
    """Set the limits of every symbol.

    Parameters
    ----------
    max_inventory : int
        Largest position in shares, either direction, counting open orders.
    order_size : int
        Shares of an order.

    Returns
    -------
    dict
        status "done" with the registers that changed, "asked" where a person must confirm it first, or "refused" or
        "failed" with the words why.
    """

    async def work() -> dict:
        inventory, size = need_shares("max_inventory", max_inventory), need_shares("order_size", order_size)

        async def call(channel: grpc.aio.Channel, header: pb.WriteHeader) -> pb.WriteResult:
            request = pb.UpdateRiskParametersRequest(header=header, max_inventory=inventory, order_size=size)
            stub = rpc.RiskServiceStub(channel)
            return await stub.UpdateRiskParameters(request, timeout=AgentSettings().call_seconds)

        return await write(tool_context, call)

    return await answer(work)


async def update_thresholds(
    tool_context: ToolContext, strategy_name: str, imbalance_ratio: float, min_volume: int
) -> dict:
    """Set when the imbalance module acts, for every symbol.

    Parameters
    ----------
    strategy_name : str
        "imbalance".
    imbalance_ratio : float
        How many times larger one side's five-level volume must be. Larger is more careful.
    min_volume : int
        Least five-level volume of the heavy side in shares. Larger is more careful.

    Returns
    -------
    dict
        status "done" with the registers that changed, "asked" where a person must confirm it first, or "refused" or
        "failed" with the words why.
    """

    async def work() -> dict:
        name = need_strategy(strategy_name)
        ratio, volume = need_ratio("imbalance_ratio", imbalance_ratio), need_shares("min_volume", min_volume)

        async def call(channel: grpc.aio.Channel, header: pb.WriteHeader) -> pb.WriteResult:
            request = pb.UpdateThresholdsRequest(
                header=header, strategy_name=name, imbalance_ratio=ratio, min_volume=volume
            )
            stub = rpc.StrategyServiceStub(channel)
            return await stub.UpdateThresholds(request, timeout=AgentSettings().call_seconds)

        return await write(tool_context, call)

    return await answer(work)


async def update_quotes(tool_context: ToolContext, imbalance_ratio: float, half_spread: int) -> dict:
    """Set how the market_making module quotes, for every symbol.

    Parameters
    ----------
    imbalance_ratio : float
        A quote is pulled when the other side's five-level volume is more than this times its own. Smaller is more
        careful.
    half_spread : int
        Distance of each quote from the fair value in half-ticks. Larger is more careful.

    Returns
    -------
    dict
        status "done" with the registers that changed, or "refused" or "failed" with the words why.
    """

    async def work() -> dict:
        ratio, distance = need_ratio("imbalance_ratio", imbalance_ratio), need_half_ticks("half_spread", half_spread)

        async def call(channel: grpc.aio.Channel, header: pb.WriteHeader) -> pb.WriteResult:
            request = pb.UpdateThresholdsRequest(
                header=header, strategy_name="market_making", imbalance_ratio=ratio, half_spread=distance
            )
            stub = rpc.StrategyServiceStub(channel)
            return await stub.UpdateThresholds(request, timeout=AgentSettings().call_seconds)

        return await write(tool_context, call)

    return await answer(work)
