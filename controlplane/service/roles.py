"""Who may call what: one table, and the interceptor that enforces it and turns refusals into gRPC statuses.

One server a socket, one socket a role (decision 0004). A method that is not in the table is denied to everybody.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import structlog

from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.service.refusal import RefusedError

__all__ = ["ALLOWED", "PUBLIC", "WRITES", "RoleInterceptor", "method_name"]

_EVERYBODY = frozenset({pb.ROLE_VIEWER, pb.ROLE_AGENT, pb.ROLE_OPERATOR})
_WRITERS = frozenset({pb.ROLE_AGENT, pb.ROLE_OPERATOR})
_OPERATOR = frozenset({pb.ROLE_OPERATOR})

#: Roles that may call each method.
ALLOWED: dict[str, frozenset[int]] = {
    "LeaseService.AcquireLease": _WRITERS,
    "LeaseService.ReleaseLease": _WRITERS,
    "CardService.GetStatus": _EVERYBODY,
    "CardService.ReadRegisters": _EVERYBODY,
    "CardService.Arm": _OPERATOR,
    "CardService.Disarm": _WRITERS,
    "CardService.Kill": _EVERYBODY,
    "CardService.ReleaseKill": _OPERATOR,
    "StrategyService.ToggleModule": _WRITERS,
    "StrategyService.UpdateThresholds": _WRITERS,
    "StrategyService.GetThresholds": _EVERYBODY,
    "RiskService.GetLimits": _EVERYBODY,
    "RiskService.UpdateRiskParameters": _WRITERS,
    "RiskService.GetEnvelope": _EVERYBODY,
    "PerformanceService.GetReport": _EVERYBODY,
    "AuditService.Query": _EVERYBODY,
}
#: Methods whose refusals leave an audit row.
WRITES = frozenset(
    {
        "CardService.Arm",
        "CardService.Disarm",
        "CardService.Kill",
        "CardService.ReleaseKill",
        "StrategyService.ToggleModule",
        "StrategyService.UpdateThresholds",
        "RiskService.UpdateRiskParameters",
    }
)
#: Services that every role may use and that change nothing.
PUBLIC = ("/grpc.health.v1.Health/", "/grpc.reflection.v1alpha.ServerReflection/")

_Refuse = Callable[[int, str, Any, RefusedError], Awaitable[None]]


def method_name(path: str) -> str:
    """Give ``Service.Method`` of a gRPC path ``/pennywire.v1.Service/Method``; other paths as they are."""
    package = "/pennywire.v1."
    return path.removeprefix(package).replace("/", ".") if path.startswith(package) else path


class RoleInterceptor(grpc.aio.ServerInterceptor):
    """Lets through what the role may call.

    Parameters
    ----------
    role : int
        Number of ``pennywire.v1.Role`` of everybody who comes by this server's socket.
    on_refusal : callable
        Called with role, method, request and refusal of every write that is refused, before the caller hears of it.
    """

    def __init__(self, role: int, on_refusal: _Refuse) -> None:
        self._role = role
        self._on_refusal = on_refusal
        self._log = structlog.get_logger().bind(role=pb.Role.Name(role))

    async def intercept_service(self, continuation: Any, handler_call_details: Any) -> Any:
        """Wrap the handler of a call; see ``grpc.aio.ServerInterceptor``."""
        handler = await continuation(handler_call_details)
        path = handler_call_details.method
        if handler is None or path.startswith(PUBLIC):
            return handler
        method = method_name(path)
        inner = handler.unary_unary

        async def answer(request: Any, context: grpc.aio.ServicerContext) -> Any:
            try:
                if inner is None or self._role not in ALLOWED.get(method, ()):
                    words = f"the role {pb.Role.Name(self._role)} of this socket may not call {method}"
                    raise RefusedError(grpc.StatusCode.PERMISSION_DENIED, words)
                return await inner(request, context)
            except RefusedError as refusal:
                self._log.info("refused", method=method, words=str(refusal))
                if method in WRITES:
                    await self._on_refusal(self._role, method, request, refusal)
                await context.abort_with_status(refusal.status())

        return grpc.unary_unary_rpc_method_handler(answer, handler.request_deserializer, handler.response_serializer)
