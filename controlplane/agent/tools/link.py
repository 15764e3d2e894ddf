"""The tools' way to the service: its agent socket, a lease for each write, refusals in words."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import grpc
from google.adk.tools.tool_context import ToolContext

from controlplane.agent.config import AgentSettings
from controlplane.agent.tools.checks import RefusedArgumentError
from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc
from controlplane.service.refusal import words_of
from controlplane.service.remote import open_channel

__all__ = ["DIRECTORY_KEY", "HOLDER", "SAID_KEY", "answer", "channel_of", "directory_of", "write"]

#: Where the session's state keeps the folder of the service's sockets.
DIRECTORY_KEY = "directory"
#: Where the state keeps what the model said with its calls: the reason of the audit log.
SAID_KEY = "temp:said"
#: Holder of the agent's leases.
HOLDER = "agent"

#: ADK carries the calls of one answer out side by side, and a lease that is renewed ends the one before it.
_WRITING: "WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock]" = WeakKeyDictionary()

_Write = Callable[[grpc.aio.Channel, pb.WriteHeader], Awaitable[pb.WriteResult]]


def directory_of(tool_context: ToolContext) -> Path:
    """Give the folder of the service's sockets."""
    return Path(tool_context.state.get(DIRECTORY_KEY) or AgentSettings().directory)


@asynccontextmanager
async def channel_of(directory: Path) -> AsyncIterator[grpc.aio.Channel]:
    """Open the service's agent socket, or the service that the environment names, for a while.

    Raises
    ------
    CertificateError
        The environment names a service on another machine, and the agent's certificate cannot be read.
    """
    async with open_channel(directory, ["agent"]) as channel:
        yield channel


async def answer(work: Callable[[], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
    """Do a tool's work and turn refusals into an answer in words."""
    try:
        return await work()
    except RefusedArgumentError as error:
        return {"status": "refused", "words": str(error)}
    except grpc.aio.AioRpcError as error:
        failed = error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
        return {"status": "failed" if failed else "refused", "words": words_of(error)}


async def write(tool_context: ToolContext, call: _Write) -> dict[str, Any]:
    """Take the lease, commit a write, give the lease back; one write after the other, in the order they were asked for.

    Parameters
    ----------
    tool_context : ToolContext
        Where the folder and the model's words are.
    call : callable
        Makes the call on a channel with a header.

    Returns
    -------
    dict
        ``status`` "done" and the registers that changed, or "asked" and the number of the request.
    """
    settings = AgentSettings()
    reason = str(tool_context.state.get(SAID_KEY) or "").strip()[:500] or "the agent gave no words"
    one_at_a_time = _WRITING.setdefault(asyncio.get_running_loop(), asyncio.Lock())
    async with one_at_a_time, channel_of(directory_of(tool_context)) as channel:
        leases = rpc.LeaseServiceStub(channel)
        lease = await leases.AcquireLease(
            pb.AcquireLeaseRequest(holder=HOLDER, seconds=settings.lease_seconds), timeout=settings.call_seconds
        )
        try:
            header = pb.WriteHeader(lease_epoch=lease.lease_epoch, mode=pb.WRITE_MODE_COMMIT, reason=reason)
            result = await call(channel, header)
        finally:
            await leases.ReleaseLease(
                pb.ReleaseLeaseRequest(lease_epoch=lease.lease_epoch), timeout=settings.call_seconds
            )
    if result.HasField("asked"):
        asked = result.asked
        words = (
            f"nothing was changed, a person is asked: {'; '.join(asked.beyond)}. Do not repeat the call; what lowers "
            "risk goes at once when it is asked for by itself"
        )
        return {"status": "asked", "confirmation": asked.id, "words": words}
    changed = {c.register: [c.before, c.after] for c in result.changes}
    return {"status": "done", "changed": changed, "audit_id": result.audit_id}
