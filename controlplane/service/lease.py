"""The writer's lease: one holder at a time, for a while, with a number that is never used twice."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import grpc

from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.service.refusal import RefusedError

__all__ = ["DEFAULT_SECONDS", "MAX_SECONDS", "WriterLease"]

DEFAULT_SECONDS = 30.0
MAX_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class _Held:
    epoch: int
    role: int
    holder: str
    until: float


class WriterLease:
    """Who may write now.

    An operator takes the lease from an agent. Nobody takes it from an operator, nor an agent from another, before it
    expires; the holder itself may renew it, and gets a new epoch.

    Parameters
    ----------
    next_epoch : callable
        Gives a number above every one it gave before, across restarts; it is kept on the disk by then.
    clock : callable
        Monotonic seconds.
    """

    def __init__(self, next_epoch: Callable[[], Awaitable[int]], clock: Callable[[], float] = time.monotonic) -> None:
        self._next_epoch = next_epoch
        self._clock = clock
        self._held: _Held | None = None
        # A number takes a while: what was found out before it must hold after it.
        self._one_at_a_time = asyncio.Lock()

    @property
    def live(self) -> tuple[int, str]:
        """Epoch and holder of the lease, ``(0, "")`` when nobody has it."""
        held = self._current()
        return (held.epoch, held.holder) if held else (0, "")

    def _current(self) -> _Held | None:
        return self._held if self._held and self._clock() < self._held.until else None

    async def acquire(self, role: int, holder: str, seconds: float) -> tuple[int, float]:
        """Take or renew the lease.

        Parameters
        ----------
        role : int
            Number of ``pennywire.v1.Role``.
        holder : str
            Name for the audit log, 1 to 64 printable characters.
        seconds : float
            Wall-clock time, at most :data:`MAX_SECONDS`; 0 for :data:`DEFAULT_SECONDS`.

        Returns
        -------
        int, float
            Epoch, and seconds granted.

        Raises
        ------
        RefusedError
            INVALID_ARGUMENT for a bad name or time; FAILED_PRECONDITION when another holds it.
        AuditError
            The epoch could not be kept; the lease is as it was.
        """
        wrong = []
        if not (1 <= len(holder) <= 64 and holder.isprintable()):
            wrong.append(("holder", f"must be 1 to 64 printable characters, not {holder!r}"))
        if not (math.isfinite(seconds) and 0 <= seconds <= MAX_SECONDS):
            wrong.append(("seconds", f"must be 0 (the default) to {MAX_SECONDS:g}, not {seconds}"))
        if wrong:
            raise RefusedError(grpc.StatusCode.INVALID_ARGUMENT, "no such lease is given", fields=wrong)
        granted = seconds or DEFAULT_SECONDS
        async with self._one_at_a_time:
            self._refuse_taken(role, holder)
            epoch = await self._next_epoch()
            self._held = _Held(epoch, role, holder, self._clock() + granted)
        return epoch, granted

    def _refuse_taken(self, role: int, holder: str) -> None:
        held = self._current()
        own = held is not None and (held.role, held.holder) == (role, holder)
        takes = held is not None and role == pb.ROLE_OPERATOR and held.role == pb.ROLE_AGENT
        if held and not own and not takes:
            rest = held.until - self._clock()
            words = f"{held.holder} ({pb.Role.Name(held.role)}) holds it for another {rest:.1f} s; ask again then"
            raise RefusedError(
                grpc.StatusCode.FAILED_PRECONDITION,
                "the writer's lease is taken",
                preconditions=[("LEASE", "lease", words)],
            )

    def release(self, role: int, epoch: int) -> None:
        """Give the lease back. One that is not held any more is given back already: no error."""
        held = self._current()
        if held and (held.role, held.epoch) == (role, epoch):
            self._held = None

    def holder(self, role: int, epoch: int) -> str:
        """Give the name of the holder whose live lease has this epoch.

        Raises
        ------
        RefusedError
            FAILED_PRECONDITION: it expired, was taken, or never was.
        """
        held = self._current()
        if held is None or (held.role, held.epoch) != (role, epoch):
            words = (
                f"lease {epoch} is not the live one: it expired or an operator took it; acquire a lease and try again"
            )
            raise RefusedError(
                grpc.StatusCode.FAILED_PRECONDITION,
                "a write needs the writer's lease",
                preconditions=[("LEASE", "header.lease_epoch", words)],
            )
        return held.holder
