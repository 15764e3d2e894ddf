"""The one way by which a write reaches the card: lease, mode, reason, check, write, read back, audit, answer."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import grpc
from google.protobuf.json_format import MessageToDict

from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.service.card_link import CardLink
from controlplane.service.lease import WriterLease
from controlplane.service.refusal import RefusedError
from controlplane.store.audit import AuditEntry, AuditLog

__all__ = ["MAX_REASON", "WritePath"]

#: Characters of a reason.
MAX_REASON = 500

_Plan = Callable[[], Awaitable[Mapping[str, int]]]
_Confirm = Callable[[], Awaitable[None]]


def _text(values: Mapping[str, int]) -> str:
    return json.dumps(dict(values), separators=(",", ":"))


def _check_reason(reason: str, field: str) -> None:
    if not reason.strip() or len(reason) > MAX_REASON:
        words = f"say why in 1 to {MAX_REASON} characters; the audit log keeps it"
        raise RefusedError(grpc.StatusCode.INVALID_ARGUMENT, "a write needs a reason", fields=[(field, words)])


class WritePath:
    """Carries writes out, one after the other.

    Parameters
    ----------
    link : CardLink
        The card.
    lease : WriterLease
        Who may write.
    audit : AuditLog
        Where every write is noted.
    """

    def __init__(self, link: CardLink, lease: WriterLease, audit: AuditLog) -> None:
        self._link = link
        self._lease = lease
        self._audit = audit
        self._one_at_a_time = asyncio.Lock()

    async def commit(
        self,
        role: int,
        method: str,
        header: pb.WriteHeader,
        plan: _Plan,
        *,
        watched: Sequence[str] = (),
        confirm: _Confirm | None = None,
    ) -> pb.WriteResult:
        """Carry out a write, or in VERIFY all of it but the writing.

        Parameters
        ----------
        role : int
            Role of the caller.
        method : str
            Name of the call.
        header : WriteHeader
            Lease, mode and reason.
        plan : callable
            Reads what it needs, raises `RefusedError`, and gives the registers to write.
        watched : sequence of str
            Registers to report before and after, where those written cannot be read; default: those written.
        confirm : callable, optional
            Raises `RefusedError` when the write did not take effect.

        Returns
        -------
        WriteResult
            What changed, with the audit row's number.

        Raises
        ------
        RefusedError
            The lease, the header or the plan forbids it, or the card did not do it.
        """
        holder = self._lease.holder(role, header.lease_epoch)
        if header.mode not in (pb.WRITE_MODE_VERIFY, pb.WRITE_MODE_COMMIT):
            words = "must be WRITE_MODE_VERIFY or WRITE_MODE_COMMIT"
            raise RefusedError(grpc.StatusCode.INVALID_ARGUMENT, "what to do?", fields=[("header.mode", words)])
        _check_reason(header.reason, "header.reason")
        async with self._one_at_a_time:
            # An operator may have taken the lease while this call waited for the one before it.
            self._lease.holder(role, header.lease_epoch)
            items = await plan()
            names = list(watched) or list(items)
            before = await self._link.read(names)
            if header.mode == pb.WRITE_MODE_VERIFY:
                after, result = (before if watched else dict(items)), "verified"
            else:
                await self._link.write(items)
                if confirm is not None:
                    await confirm()
                after, result = await self._link.read(names), "committed"
            status = await self._link.status()
            entry = AuditEntry(
                holder, role, method, status.card_time, _text(before), _text(after), header.reason, result
            )
            row = self._audit.append(entry)
        changes = [
            pb.RegisterChange(register=name, before=before[name], after=after[name])
            for name in names
            if before[name] != after[name]
        ]
        return pb.WriteResult(audit_id=row, mode=header.mode, changes=changes, config_epoch=status.config_epoch)

    async def kill(self, role: int, reason: str) -> pb.WriteResult:
        """Kill at once: no lease, no waiting for other writes, no reason needed.

        Raises
        ------
        RefusedError
            UNAVAILABLE: the card did not answer. INTERNAL: it answered and is not killed.
        """
        before = await self._link.read(["control.status"])
        await self._link.command("kill")
        status = await self._link.status()
        after = await self._link.read(["control.status"])
        if not status.killed:
            raise RefusedError(grpc.StatusCode.INTERNAL, "the card took the kill and does not say that it is killed")
        words = reason[:MAX_REASON]
        who = f"anyone at the {pb.Role.Name(role).removeprefix('ROLE_').lower()} socket"
        entry = AuditEntry(
            who, role, "CardService.Kill", status.card_time, _text(before), _text(after), words, "committed"
        )
        row = self._audit.append(entry)
        change = pb.RegisterChange(
            register="control.status", before=before["control.status"], after=after["control.status"]
        )
        return pb.WriteResult(
            audit_id=row, mode=pb.WRITE_MODE_COMMIT, changes=[change], config_epoch=status.config_epoch
        )

    async def note_refusal(self, role: int, method: str, request: Any, refusal: RefusedError) -> None:
        """Leave the audit row of a write that was refused."""
        header = getattr(request, "header", None)
        epoch, holder = self._lease.live
        who = holder if header is not None and epoch and header.lease_epoch == epoch else ""
        asked = json.dumps(MessageToDict(request), separators=(",", ":"), sort_keys=True)
        reason = header.reason if header is not None else request.reason
        self._audit.append(
            AuditEntry(
                who or pb.Role.Name(role),
                role,
                method,
                self._link.last_card_time,
                "",
                asked[:4000],
                reason[:MAX_REASON],
                f"refused: {refusal}",
            )
        )
