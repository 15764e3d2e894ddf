"""StrategyService and RiskService: what the modules and limits are set to, and setting them."""

# ruff: noqa: N802  (the methods are named by the proto)

import grpc

from controlplane.config import models
from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc
from controlplane.service.card_link import CardRequests
from controlplane.service.envelope import (
    MODULES,
    Posture,
    check_limits,
    check_quotes,
    check_start,
    check_strategy,
    check_thresholds,
    ratio_to_card,
)
from controlplane.service.fields import pack, unpack
from controlplane.service.refusal import RefusedError
from controlplane.service.roles import caller_role
from controlplane.service.state import ServiceState

__all__ = ["RiskRpc", "StrategyRpc"]


def _refuse_the_others(request: pb.UpdateThresholdsRequest) -> None:
    """Refuse a threshold that the strategy does not have."""
    name = request.strategy_name
    check_strategy(name)
    field = "min_volume" if name == "market_making" else "half_spread"
    if getattr(request, field):
        words = f"{name} has no such threshold: leave it at 0"
        raise RefusedError(grpc.StatusCode.INVALID_ARGUMENT, "no such threshold", fields=[(field, words)])


class StrategyRpc(rpc.StrategyServiceServicer):
    """Modules and their thresholds."""

    def __init__(self, state: ServiceState) -> None:
        self._state = state

    async def ToggleModule(self, request: pb.ToggleModuleRequest, context: grpc.aio.ServicerContext) -> pb.WriteResult:
        """Switch a module on or off for the whole card. Off is never refused by the envelope."""

        def plan(role: int, card: CardRequests) -> dict[str, int]:
            register = check_strategy(request.strategy_name)
            if request.state:
                posture = self._state.posture(card, boldest=True)
                check_start(role, self._state.config, posture, request.strategy_name, self._state.link.identity)
            return {register: pack(register, enable=int(request.state))}

        return await self._state.writes.commit(caller_role(), "StrategyService.ToggleModule", request, plan)

    async def UpdateThresholds(
        self, request: pb.UpdateThresholdsRequest, context: grpc.aio.ServicerContext
    ) -> pb.WriteResult:
        """Set the thresholds of a strategy for every symbol."""

        def plan(role: int, card: CardRequests) -> dict[str, int]:
            _refuse_the_others(request)
            posture = self._state.posture(card)
            ratio, volume = request.imbalance_ratio, request.min_volume
            if request.strategy_name == "market_making":
                return self._quotes(card, role, posture, ratio, request.half_spread)
            check_thresholds(role, self._state.config, posture, ratio, volume)
            ratios = {n: pack(n, ratio=ratio_to_card(ratio)) for n in self._state.slot_names("taker_ratio")}
            return ratios | {n: pack(n, shares=volume) for n in self._state.slot_names("taker_min_volume")}

        return await self._state.writes.commit(caller_role(), "StrategyService.UpdateThresholds", request, plan)

    def _quotes(
        self, card: CardRequests, role: int, posture: Posture, ratio: float, half_spread: int
    ) -> dict[str, int]:
        """Registers of the market maker's thresholds; what else stands in them stays."""
        check_quotes(role, self._state.config, posture, ratio, half_spread)
        items = {n: pack(n, ratio=ratio_to_card(ratio)) for n in self._state.slot_names("maker.ratio")}
        now = card.read(self._state.slot_names("maker.prices"))
        return items | {n: pack(n, **unpack(n, v) | {"half_spread": half_spread}) for n, v in now.items()}

    async def GetThresholds(
        self, request: pb.GetThresholdsRequest, context: grpc.aio.ServicerContext
    ) -> pb.GetThresholdsResponse:
        """Read the thresholds of a strategy."""
        check_strategy(request.strategy_name)
        posture = await self._state.link.in_one_go(self._state.posture)
        if request.strategy_name == "market_making":
            ratio = posture.quote_ratio / 256
            return pb.GetThresholdsResponse(imbalance_ratio=ratio, half_spread=posture.half_spread)
        return pb.GetThresholdsResponse(imbalance_ratio=posture.ratio / 256, min_volume=posture.min_volume)


class RiskRpc(rpc.RiskServiceServicer):
    """Limits and the envelope."""

    def __init__(self, state: ServiceState) -> None:
        self._state = state

    async def GetLimits(self, request: pb.GetLimitsRequest, context: grpc.aio.ServicerContext) -> pb.GetLimitsResponse:
        """Read limits and ceilings; where symbols differ, the smallest."""
        inventory, size = self._state.slot_names("ceiling_inventory"), self._state.slot_names("ceiling_order_size")

        def look(card: CardRequests) -> tuple[Posture, dict[str, int]]:
            return self._state.posture(card), card.read([*inventory, *size])

        posture, values = await self._state.link.in_one_go(look)
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

        def plan(role: int, card: CardRequests) -> dict[str, int]:
            inventory, size = request.max_inventory, request.order_size
            check_limits(role, self._state.config, self._state.posture(card), inventory, size)
            items = {n: pack(n, shares=inventory) for n in self._state.slot_names("max_inventory")}
            items |= {n: pack(n, shares=size) for n in self._state.slot_names("max_order_size")}
            items |= {n: pack(n, shares=inventory) for n in self._state.slot_names("maker.inventory")}
            sizes = [n for name in ("taker_order_size", "maker.size") for n in self._state.slot_names(name)]
            return items | {n: pack(n, shares=size) for n in sizes}

        return await self._state.writes.commit(caller_role(), "RiskService.UpdateRiskParameters", request, plan)

    async def TakeUp(self, request: pb.TakeUpRequest, context: grpc.aio.ServicerContext) -> pb.WriteResult:
        """Take up the committed settings that a start held back; they were within the envelope then, and it stands."""

        def plan(role: int, card: CardRequests) -> dict[str, int]:
            items = dict(self._state.writes.held)
            if not items:
                words = "every setting was taken up at the start, or was set anew since"
                raise RefusedError(
                    grpc.StatusCode.FAILED_PRECONDITION, "nothing waits", preconditions=[("SETTINGS", "held", words)]
                )
            posture = self._state.posture(card, boldest=True)
            for name, register in MODULES.items():
                if items.get(register):
                    check_start(role, self._state.config, posture, name, self._state.link.identity)
            return items

        return await self._state.writes.commit(caller_role(), "RiskService.TakeUp", request, plan)

    async def GetEnvelope(
        self, request: pb.GetEnvelopeRequest, context: grpc.aio.ServicerContext
    ) -> pb.GetEnvelopeResponse:
        """Give the envelope in force and its unattended part."""

        def part(values: models.EnvelopePart) -> pb.EnvelopePart:
            return pb.EnvelopePart(**values.model_dump())

        config = self._state.config
        return pb.GetEnvelopeResponse(envelope=part(config.envelope), unattended=part(config.unattended))
