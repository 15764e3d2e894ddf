"""Who may call what: one table, and the interceptor that enforces it and turns refusals into gRPC statuses.

One server a socket, one socket a role (decision 0004). A method that is not in the table is denied to everybody.
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextvars import ContextVar
from dataclasses import replace
from typing import Any

import grpc
import structlog

from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.service.refusal import RefusedError
from controlplane.store.audit import AuditError

__all__ = ["ALLOWED", "PUBLIC", "WRITES", "RoleInterceptor", "caller_role", "method_name"]

_EVERYBODY = frozenset({pb.ROLE_VIEWER, pb.ROLE_AGENT, pb.ROLE_OPERATOR})
_WRITERS = frozenset({pb.ROLE_AGENT, pb.ROLE_OPERATOR})
_OPERATOR = frozenset({pb.ROLE_OPERATOR})

#: Roles that may call each method.
ALLOWED: dict[str, frozenset[int]] = {
    "LeaseService.AcquireLease": _WRITERS,
    "LeaseService.ReleaseLease": _WRITERS,
    "CardService.GetStatus": _EVERYBODY,
    "CardService.GetCapabilities": _EVERYBODY,
    "CardService.ReadRegisters": _EVERYBODY,
    "CardService.Reconcile": _EVERYBODY,
    "CardService.Arm": _OPERATOR,
    "CardService.Disarm": _WRITERS,
    "CardService.Kill": _EVERYBODY,
    "CardService.ReleaseKill": _OPERATOR,
    "CardService.Flatten": _OPERATOR,
    "CardService.GetFlatten": _EVERYBODY,
    "CardService.GiveUpFlatten": _OPERATOR,
    "StrategyService.ToggleModule": _WRITERS,
    "StrategyService.UpdateThresholds": _WRITERS,
    "StrategyService.GetThresholds": _EVERYBODY,
    "RiskService.GetLimits": _EVERYBODY,
    "RiskService.UpdateRiskParameters": _WRITERS,
    "RiskService.TakeUp": _OPERATOR,
    "RiskService.GetEnvelope": _EVERYBODY,
    "PerformanceService.GetReport": _EVERYBODY,
    "PerformanceService.GetFills": _EVERYBODY,
    "MarketService.StreamDepth": _EVERYBODY,
    "MarketService.GetBars": _EVERYBODY,
    "MarketService.GetDayStatistics": _EVERYBODY,
    "MarketService.GetPrerequisites": _EVERYBODY,
    "AuditService.Query": _EVERYBODY,
    "ConfirmationService.List": _EVERYBODY,
    "ConfirmationService.Approve": _OPERATOR,
    "ConfirmationService.Deny": _OPERATOR,
    # No agent sits at a browser. The code itself is what Redeem asks for.
    "LoginService.MakeCode": frozenset({pb.ROLE_VIEWER, pb.ROLE_OPERATOR}),
    "LoginService.Redeem": _EVERYBODY,
}
#: Methods whose refusals leave an audit row.
WRITES = frozenset(
    {
        "CardService.Arm",
        "CardService.Disarm",
        "CardService.Kill",
        "CardService.ReleaseKill",
        "CardService.Flatten",
        "CardService.GiveUpFlatten",
        "StrategyService.ToggleModule",
        "StrategyService.UpdateThresholds",
        "RiskService.UpdateRiskParameters",
        "RiskService.TakeUp",
        "ConfirmationService.Approve",
        "ConfirmationService.Deny",
    }
)
#: Services that every role may use and that change nothing.
PUBLIC = ("/grpc.health.v1.Health/", "/grpc.reflection.v1alpha.ServerReflection/")

#: Each call is a task of its own, so what is set in one is not seen in another.
_CALLER: ContextVar[int] = ContextVar("caller_role")

_Refuse = Callable[[int, str, Any, RefusedError], Awaitable[None]]


def method_name(path: str) -> str:
    """Give ``Service.Method`` of a gRPC path ``/pennywire.v1.Service/Method``; other paths as they are."""
    package = "/pennywire.v1."
    return path.removeprefix(package).replace("/", ".") if path.startswith(package) else path


def caller_role() -> int:
    """Give the role of whoever made the call that is being answered; to be asked inside a call only."""
    return _CALLER.get()


class RoleInterceptor(grpc.aio.ServerInterceptor):
    """Lets through what the role may call.

    Parameters
    ----------
    role_of : callable
        Gives the number of ``pennywire.v1.Role`` of a caller by the call's context, or raises `RefusedError`.
    on_refusal : callable
        Called with role, method, request and refusal of every write that is refused, before the caller hears of it.
    on_end : callable
        Called with method, outcome and seconds of every unary call.
    """

    def __init__(
        self,
        role_of: Callable[[grpc.aio.ServicerContext], int],
        on_refusal: _Refuse,
        on_end: Callable[[str, str, float], None],
    ) -> None:
        self._role_of = role_of
        self._on_refusal = on_refusal
        self._on_end = on_end
        self._log = structlog.get_logger()

    async def intercept_service(self, continuation: Any, handler_call_details: Any) -> Any:
        """Wrap the handler of a call; see ``grpc.aio.ServerInterceptor``."""
        handler = await continuation(handler_call_details)
        path = handler_call_details.method
        if handler is None or path.startswith(PUBLIC):
            return handler
        method = method_name(path)

        def admit(context: grpc.aio.ServicerContext) -> None:
            role = self._role_of(context)
            _CALLER.set(role)
            if role not in ALLOWED.get(method, ()):
                words = f"the role {pb.Role.Name(role)} of this caller may not call {method}"
                raise RefusedError(grpc.StatusCode.PERMISSION_DENIED, words)

        async def answer(request: Any, context: grpc.aio.ServicerContext) -> Any:
            began, outcome = time.perf_counter(), "UNKNOWN"
            try:
                admit(context)
                found = await handler.unary_unary(request, context)
                outcome = "OK"
                return found
            except RefusedError as refusal:
                outcome = refusal.code.name
                await self._refuse(method, request, context, refusal)
            except AuditError as error:
                outcome = grpc.StatusCode.INTERNAL.name
                await context.abort(grpc.StatusCode.INTERNAL, f"this was not done: {error}")
            finally:
                self._on_end(method, outcome, time.perf_counter() - began)

        async def stream(request: Any, context: grpc.aio.ServicerContext) -> AsyncIterator[Any]:
            try:
                admit(context)
                async for message in handler.unary_stream(request, context):
                    yield message
            except RefusedError as refusal:
                await self._refuse(method, request, context, refusal)

        parts = handler.request_deserializer, handler.response_serializer
        if handler.unary_stream is not None:
            return grpc.unary_stream_rpc_method_handler(stream, *parts)
        return grpc.unary_unary_rpc_method_handler(answer, *parts)

    async def _refuse(
        self, method: str, request: Any, context: grpc.aio.ServicerContext, refusal: RefusedError
    ) -> None:
        role = _CALLER.get(pb.ROLE_UNSPECIFIED)
        self._log.info("refused", method=method, role=pb.Role.Name(role), words=str(refusal))
        # Where a row itself is what failed, the service's log has it, and there is no second try.
        if method in WRITES and not isinstance(refusal.__cause__, AuditError):
            try:
                await self._on_refusal(role, method, request, refusal)
            except AuditError as error:
                refusal = replace(refusal, message=f"{refusal.message} (and no audit row says so: {error})")
        await context.abort_with_status(refusal.status())
