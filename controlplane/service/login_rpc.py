"""LoginService: one-time codes, by which a person who may open a socket takes that socket's role to a browser.

A code is 80 random bits, good once and for two minutes; only its digest is kept, in memory. Making and spending one
leaves an audit row. A wrong one is refused and leaves none: nobody fills the audit log from the page.
"""

# ruff: noqa: N802  (the methods are named by the proto)

import asyncio
import base64
import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

import grpc

from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc
from controlplane.service.refusal import RefusedError
from controlplane.service.roles import caller_role
from controlplane.service.state import ServiceState
from controlplane.store.audit import AuditEntry

__all__ = ["CODE_SECONDS", "MOST_CODES", "LoginRpc"]

#: Wall-clock seconds for which a code may be spent.
CODE_SECONDS = 120.0
#: Codes that are good at once; when more are made the oldest is void.
MOST_CODES = 16
_CODE_BYTES = 10


@dataclass(frozen=True, slots=True)
class _Made:
    name: str
    role: int
    until: float


def _digest(code: str) -> bytes:
    # As a person may type it: without dashes, in either case.
    return hashlib.sha256("".join(code.upper().replace("-", "").split()).encode()).digest()


class LoginRpc(rpc.LoginServiceServicer):
    """Makes codes and takes them back, once.

    Parameters
    ----------
    state : ServiceState
        The service; its audit log is written.
    clock : callable
        Monotonic seconds.
    """

    def __init__(self, state: ServiceState, clock: Callable[[], float] = time.monotonic) -> None:
        self._state = state
        self._clock = clock
        self._codes: dict[bytes, _Made] = {}

    async def _note(self, name: str, role: int, method: str, result: str) -> None:
        card_time = self._state.link.last_card_time
        row = self._state.audit.append(AuditEntry(name, role, f"LoginService.{method}", card_time, "", "", "", result))
        await asyncio.wrap_future(row)

    async def MakeCode(
        self, request: pb.MakeLoginCodeRequest, context: grpc.aio.ServicerContext
    ) -> pb.MakeLoginCodeResponse:
        """Make a code of the caller's role."""
        name, role = request.name, caller_role()
        if not (1 <= len(name) <= 64 and name.isprintable()):
            words = f"must be 1 to 64 printable characters, not {name!r:.80}"
            raise RefusedError(grpc.StatusCode.INVALID_ARGUMENT, "no code is made", fields=[("name", words)])
        letters = base64.b32encode(secrets.token_bytes(_CODE_BYTES)).decode()
        while len(self._codes) >= MOST_CODES:
            del self._codes[next(iter(self._codes))]
        self._codes[_digest(letters)] = _Made(name, role, self._clock() + CODE_SECONDS)
        await self._note(name, role, "MakeCode", f"a login code was made, good once and for {CODE_SECONDS:g} s")
        code = "-".join(letters[start : start + 4] for start in range(0, len(letters), 4))
        return pb.MakeLoginCodeResponse(code=code, seconds=CODE_SECONDS, role=pb.Role.Name(role))

    async def Redeem(
        self, request: pb.RedeemLoginCodeRequest, context: grpc.aio.ServicerContext
    ) -> pb.RedeemLoginCodeResponse:
        """Take a code; it is void afterwards, whatever comes of it."""
        made = self._codes.pop(_digest(request.code), None)
        if made is None or self._clock() >= made.until:
            words = "it is wrong, was used before, or its time ran out; `pennywire web login` makes another"
            raise RefusedError(
                grpc.StatusCode.FAILED_PRECONDITION, "this code is not good", preconditions=[("LOGIN", "code", words)]
            )
        await self._note(made.name, made.role, "Redeem", "logged in at the web page")
        return pb.RedeemLoginCodeResponse(name=made.name, role=pb.Role.Name(made.role))
