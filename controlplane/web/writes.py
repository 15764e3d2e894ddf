"""What somebody who logged in may do at the page: calls of the control API, by the socket of the session's role.

Nothing here decides: role, lease, envelope and audit are the service's, which sees the page's process as one more
caller at its sockets.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import grpc

from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc
from controlplane.watch.flatten_words import worst_price
from controlplane.web.sessions import Session

__all__ = ["BadRequestError", "NotAllowedError", "PageWrites"]

_DEADLINE = 15.0
#: Seconds for which a write of the page holds the writer's lease, at most.
_LEASE = 15.0

_Call = Callable[[pb.WriteHeader], Awaitable[pb.WriteResult]]


class BadRequestError(Exception):
    """The request is not what the page sends; the text says what was wrong."""


class NotAllowedError(Exception):
    """The session may not do this; the text says who may."""


def _need(body: dict[str, Any], name: str, kind: type) -> Any:
    value = body.get(name)
    # bool is a kind of int in Python: exactly the kind that is wanted.
    if type(value) is not kind:
        raise BadRequestError(f"{name} must be a {kind.__name__}, not {value!r:.40}")
    return value


class PageWrites:
    """Carries out what a session asks for.

    Parameters
    ----------
    viewer : grpc.aio.Channel
        To the service, as a viewer.
    operator : grpc.aio.Channel or None
        As an operator; None where the page's process may not open that socket.
    """

    def __init__(self, viewer: grpc.aio.Channel, operator: grpc.aio.Channel | None) -> None:
        self._viewer = viewer
        self._operator = operator
        #: What may be asked for, by name.
        self.known: dict[str, Callable[[Session, dict[str, Any]], Awaitable[dict[str, Any]]]] = {
            "kill": self._kill,
            "flatten": self._flatten,
            "disarm": self._disarm,
            "toggle": self._toggle,
            "approve": self._approve,
            "deny": self._deny,
        }

    async def redeem(self, code: str) -> pb.RedeemLoginCodeResponse:
        """Spend a login code.

        Raises
        ------
        grpc.aio.AioRpcError
            It is not good.
        NotAllowedError
            It is an operator's and this process may not act as one.
        """
        request = pb.RedeemLoginCodeRequest(code=code)
        found = await rpc.LoginServiceStub(self._viewer).Redeem(request, timeout=_DEADLINE)
        if found.role == pb.ROLE_OPERATOR and self._operator is None:
            raise NotAllowedError(
                "the page's process may not open the operator's socket, so it cannot act for one; a code of a viewer "
                "is taken"
            )
        return found

    def _as_operator(self, session: Session) -> grpc.aio.Channel:
        if session.role != pb.ROLE_OPERATOR or self._operator is None:
            raise NotAllowedError("an operator may do this; you logged in as a viewer, who may kill")
        return self._operator

    async def _kill(self, session: Session, body: dict[str, Any]) -> dict[str, Any]:
        if _need(body, "confirm", str) != "kill":
            raise BadRequestError("kill is confirmed by the word kill")
        channel = self._operator if session.role == pb.ROLE_OPERATOR and self._operator else self._viewer
        request = pb.KillRequest(reason=f"{session.name} at the web page")
        return _done(await rpc.CardServiceStub(channel).Kill(request, timeout=_DEADLINE))

    async def _flatten(self, session: Session, body: dict[str, Any]) -> dict[str, Any]:
        stub = rpc.CardServiceStub(self._as_operator(session))
        if _need(body, "confirm", str) != "flatten":
            raise BadRequestError("flatten is confirmed by the word flatten")
        symbol = _need(body, "symbol", str)
        try:
            worst = worst_price(_need(body, "worst_price", str))
        except ValueError as error:
            raise BadRequestError(f"the worst price {error}") from error

        async def call(header: pb.WriteHeader) -> pb.WriteResult:
            request = pb.FlattenRequest(header=header, symbol=symbol, worst_price=worst)
            return await stub.Flatten(request, timeout=_DEADLINE)

        return await self._write(session, body, call)

    async def _disarm(self, session: Session, body: dict[str, Any]) -> dict[str, Any]:
        stub = rpc.CardServiceStub(self._as_operator(session))
        return await self._write(
            session, body, lambda header: stub.Disarm(pb.DisarmRequest(header=header), timeout=_DEADLINE)
        )

    async def _toggle(self, session: Session, body: dict[str, Any]) -> dict[str, Any]:
        stub = rpc.StrategyServiceStub(self._as_operator(session))
        name, state = _need(body, "strategy", str), _need(body, "state", bool)

        async def call(header: pb.WriteHeader) -> pb.WriteResult:
            request = pb.ToggleModuleRequest(header=header, strategy_name=name, state=state)
            return await stub.ToggleModule(request, timeout=_DEADLINE)

        return await self._write(session, body, call)

    async def _approve(self, session: Session, body: dict[str, Any]) -> dict[str, Any]:
        stub = rpc.ConfirmationServiceStub(self._as_operator(session))
        number, method = _need(body, "id", int), _need(body, "method", str)

        async def call(header: pb.WriteHeader) -> pb.WriteResult:
            return await stub.Approve(pb.ApproveRequest(header=header, id=number, method=method), timeout=_DEADLINE)

        return await self._write(session, body, call)

    async def _deny(self, session: Session, body: dict[str, Any]) -> dict[str, Any]:
        stub = rpc.ConfirmationServiceStub(self._as_operator(session))
        words = f"{_need(body, 'reason', str)} ({session.name} at the web page)"
        request = pb.DenyRequest(id=_need(body, "id", int), reason=words)
        denied = await stub.Deny(request, timeout=_DEADLINE)
        return {"words": f"denied {denied.id}"}

    async def _write(self, session: Session, body: dict[str, Any], call: _Call) -> dict[str, Any]:
        """Take the lease, commit, give the lease back."""
        reason = _need(body, "reason", str)
        leases = rpc.LeaseServiceStub(self._as_operator(session))
        request = pb.AcquireLeaseRequest(holder=f"{session.name:.40} at the web page", seconds=_LEASE)
        lease = await leases.AcquireLease(request, timeout=_DEADLINE)
        try:
            header = pb.WriteHeader(lease_epoch=lease.lease_epoch, mode=pb.WRITE_MODE_COMMIT, reason=reason)
            return _done(await call(header))
        finally:
            await leases.ReleaseLease(pb.ReleaseLeaseRequest(lease_epoch=lease.lease_epoch), timeout=_DEADLINE)


def _done(result: pb.WriteResult) -> dict[str, Any]:
    what = "done" if result.changes else "nothing changed: it was so already"
    return {"words": f"{what}, audit row {result.audit_id}"}
