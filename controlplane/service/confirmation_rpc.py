"""ConfirmationService: what waits for a person, and the person's answer."""

# ruff: noqa: N802  (the methods are named by the proto)

import grpc

from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc
from controlplane.service.roles import caller_role
from controlplane.service.state import ServiceState

__all__ = ["ConfirmationRpc"]


class ConfirmationRpc(rpc.ConfirmationServiceServicer):
    """Requests that wait for a person."""

    def __init__(self, state: ServiceState) -> None:
        self._state = state

    async def List(
        self, request: pb.ListConfirmationsRequest, context: grpc.aio.ServicerContext
    ) -> pb.ListConfirmationsResponse:
        """Give the requests, with the state they are in now."""
        status = await self._state.link.status()
        return pb.ListConfirmationsResponse(confirmations=self._state.writes.confirmations.messages(status))

    async def Approve(self, request: pb.ApproveRequest, context: grpc.aio.ServicerContext) -> pb.WriteResult:
        """Carry a request out: operator only."""
        return await self._state.writes.approve(caller_role(), request)

    async def Deny(self, request: pb.DenyRequest, context: grpc.aio.ServicerContext) -> pb.Confirmation:
        """Deny a request: operator only."""
        return await self._state.writes.deny(caller_role(), request)
