"""StrategyService and RiskService: what the modules and limits are set to, and setting them."""

# ruff: noqa: N802  (the methods are named by the proto)

import grpc

from controlplane.config import models
from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc
from controlplane.service.envelope import check_limits, check_start, check_strategy, check_thresholds, ratio_to_card
from controlplane.service.fields import pack
from controlplane.service.refusal import RefusedError
from controlplane.service.roles import caller_role
from controlplane.service.state import ServiceState

__all__ = ["RiskRpc", "StrategyRpc"]


def _only_imbalance(name: str) -> None:
    check_strategy(name)
    if name != "imbalance":
        words = f"only imbalance has thresholds in this gateware, {name} has none"
        raise RefusedError(grpc.StatusCode.INVALID_ARGUMENT, "no thresholds", fields=[("strategy_name", words)])


class StrategyRpc(rpc.StrategyServiceServicer):
    """Modules and their thresholds."""

    def __init__(self, state: ServiceState) -> None:
        self._state = state

    async def ToggleModule(self, request: pb.ToggleModuleRequest, context: grpc.aio.ServicerContext) -> pb.WriteResult:
        """Switch a module on or off for the whole card. Off is never refused by the envelope."""

        async def plan(role: int) -> dict[str, int]:
            register = check_strategy(request.strategy_name)
            if request.state:
                posture = await self._state.posture(boldest=True)
                check_start(role, self._state.config, posture, request.strategy_name)
            return {register: pack(register, enable=int(request.state))}

        return await self._state.writes.commit(caller_role(), "StrategyService.ToggleModule", request, plan)

    async def UpdateThresholds(
        self, request: pb.UpdateThresholdsRequest, context: grpc.aio.ServicerContext
    ) -> pb.WriteResult:
        """Set the thresholds of a strategy for every symbol."""

        async def plan(role: int) -> dict[str, int]:
            _only_imbalance(request.strategy_name)
            ratio, volume = request.imbalance_ratio, request.min_volume
            check_thresholds(role, self._state.config, await self._state.posture(), ratio, volume)
            ratios = {n: pack(n, ratio=ratio_to_card(ratio)) for n in self._state.slot_names("taker_ratio")}
            return ratios | {n: pack(n, shares=volume) for n in self._state.slot_names("taker_min_volume")}

        return await self._state.writes.commit(caller_role(), "StrategyService.UpdateThresholds", request, plan)

    async def GetThresholds(
        self, request: pb.GetThresholdsRequest, context: grpc.aio.ServicerContext
    ) -> pb.GetThresholdsResponse:
        """Read the thresholds of a strategy."""
        _only_imbalance(request.strategy_name)
        posture = await self._state.posture()
        return pb.GetThresholdsResponse(imbalance_ratio=posture.ratio / 256, min_volume=posture.min_volume)


class RiskRpc(rpc.RiskServiceServicer):
    """Limits and the envelope."""

    def __init__(self, state: ServiceState) -> None:
        self._state = state

    async def GetLimits(self, request: pb.GetLimitsRequest, context: grpc.aio.ServicerContext) -> pb.GetLimitsResponse:
        """Read limits and ceilings; where symbols differ, the smallest."""
        posture = await self._state.posture()
        inventory, size = self._state.slot_names("ceiling_inventory"), self._state.slot_names("ceiling_order_size")
        values = await self._state.link.read([*inventory, *size])
        return pb.GetLimitsResponse(
            max_inventory=posture.max_inventory,
            order_size=posture.order_size,
            ceiling_inventory=min(values[name] for name in inventory),
            ceiling_order_size=min(values[name] for name in size),
        )

    async def UpdateRiskParameters(
        self, request: pb.UpdateRiskParametersRequest, context: grpc.aio.ServicerContext
    ) -> pb.WriteResult:
        """Set the limits of every symbol."""

        async def plan(role: int) -> dict[str, int]:
            inventory, size = request.max_inventory, request.order_size
            check_limits(role, self._state.config, await self._state.posture(), inventory, size)
            items = {n: pack(n, shares=inventory) for n in self._state.slot_names("max_inventory")}
            items |= {n: pack(n, shares=size) for n in self._state.slot_names("max_order_size")}
            return items | {n: pack(n, shares=size) for n in self._state.slot_names("taker_order_size")}

        return await self._state.writes.commit(caller_role(), "RiskService.UpdateRiskParameters", request, plan)

    async def GetEnvelope(
        self, request: pb.GetEnvelopeRequest, context: grpc.aio.ServicerContext
    ) -> pb.GetEnvelopeResponse:
        """Give the envelope in force and its unattended part."""

        def part(values: models.EnvelopePart) -> pb.EnvelopePart:
            return pb.EnvelopePart(**values.model_dump())

        config = self._state.config
        return pb.GetEnvelopeResponse(envelope=part(config.envelope), unattended=part(config.unattended))
