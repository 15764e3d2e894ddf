"""The one way by which a write reaches the card: lease, mode, reason, check, write, read back, audit, answer.

Checking, reading before, writing, reading back and appending the audit row are one piece of work on the card's thread.
So the card is written as it was when the write was found to be in order, rows stand in the order in which it was
written, kills among them, and a caller who goes away leaves either no write or one with its row. The disk is waited for
afterwards: no write is acknowledged before its row is on it, nor the next one begun. A kill waits for the disk with its
answer only.
"""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any

import grpc
from google.protobuf.json_format import MessageToDict

from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.service.card_link import CardLink, CardRequests, CardStatus
from controlplane.service.confirmations import Confirmations, Plan, Question
from controlplane.service.lease import WriterLease
from controlplane.service.refusal import ConfirmationNeededError, RefusedError
from controlplane.store.audit import AuditEntry, AuditError, AuditLog

__all__ = ["MAX_REASON", "WritePath"]

#: Characters of a reason.
MAX_REASON = 500
_ROWLESS = ", and no audit row says so"

_Confirm = Callable[[CardRequests], None]


def _text(values: Mapping[str, int]) -> str:
    return json.dumps(dict(values), separators=(",", ":"))


def _asked_for(request: Any) -> str:
    fields = MessageToDict(request, preserving_proto_field_name=True)
    fields.pop("header", None)
    return json.dumps(fields, separators=(",", ":"), sort_keys=True)


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
    confirmations : Confirmations
        What waits for a person.
    """

    def __init__(self, link: CardLink, lease: WriterLease, audit: AuditLog, confirmations: Confirmations) -> None:
        self._link = link
        self._lease = lease
        self._audit = audit
        self.confirmations = confirmations
        #: Settings committed before the service started that wait for an operator's word; what is written anew goes.
        self.held: dict[str, int] = {}
        self._one_at_a_time = asyncio.Lock()

    async def commit(
        self,
        role: int,
        method: str,
        request: Any,
        plan: Plan,
        *,
        watched: Sequence[str] = (),
        confirm: _Confirm | None = None,
        note: str = "",
    ) -> pb.WriteResult:
        """Carry out a write, or in VERIFY all of it but the writing. What needs a person is asked of one in COMMIT.

        Parameters
        ----------
        role : int
            Role of the caller.
        method : str
            Name of the call.
        request : message
            The request; its ``header`` has lease, mode and reason.
        plan : callable
            Takes the role, reads what it needs on the card's thread, raises `RefusedError`, and gives the registers to
            write.
        watched : sequence of str
            Registers to report before and after, where those written cannot be read; default: those written.
        confirm : callable, optional
            Called on the card's thread after the write; raises `RefusedError` when it did not take effect.
        note : str
            Put before the reason in the audit row.

        Returns
        -------
        WriteResult
            What changed, with the audit row's number; or what was asked of a person, and nothing changed.

        Raises
        ------
        RefusedError
            The lease, the header or the plan forbids it, or the card did not do it. INTERNAL: it did, and the audit
            row could not be put on the disk.
        """
        header: pb.WriteHeader = request.header
        holder = self._lease.holder(role, header.lease_epoch)
        if header.mode not in (pb.WRITE_MODE_VERIFY, pb.WRITE_MODE_COMMIT):
            words = "must be WRITE_MODE_VERIFY or WRITE_MODE_COMMIT"
            raise RefusedError(grpc.StatusCode.INVALID_ARGUMENT, "what to do?", fields=[("header.mode", words)])
        _check_reason(header.reason, "header.reason")
        async with self._one_at_a_time:
            # An operator may have taken the lease while this call waited for the one before it.
            self._lease.holder(role, header.lease_epoch)
            verify = header.mode == pb.WRITE_MODE_VERIFY

            def carry_out(card: CardRequests) -> tuple[dict[str, int], dict[str, int], CardStatus, Future[int]]:
                items = plan(role, card)
                names = list(watched) or list(items)
                before = card.read(names)
                if verify:
                    after, result = (before if watched else dict(items)), "verified"
                else:
                    card.write(items)
                    for name in items:
                        self.held.pop(name, None)
                    if confirm is not None:
                        confirm(card)
                    after, result = card.read(names), "committed"
                status = card.status()
                entry = AuditEntry(
                    holder, role, method, status.card_time, _text(before), _text(after), note + header.reason, result
                )
                return before, after, status, self._audit.append(entry)

            try:
                before, after, status, row = await self._link.in_one_go(carry_out)
            except ConfirmationNeededError as needed:
                if verify:
                    raise
                beyond = tuple(f"{subject}: {words}" for _kind, subject, words in needed.preconditions)
                question = Question(method, _asked_for(request), holder, header.reason, beyond, plan)
                return await self._ask(role, question)
            number = await self._on_disk(row, ("all was in order" if verify else "the card did it") + _ROWLESS)
        changes = [
            pb.RegisterChange(register=name, before=before[name], after=after[name])
            for name in before
            if before[name] != after[name]
        ]
        return pb.WriteResult(audit_id=number, mode=header.mode, changes=changes, config_epoch=status.config_epoch)

    async def _on_disk(self, row: "Future[int]", done: str) -> int:
        """Wait until a row is on the disk; give its number. ``done`` says what has happened by now, if it fails."""
        try:
            return await asyncio.wrap_future(row)
        except AuditError as error:
            raise RefusedError(grpc.StatusCode.INTERNAL, f"{done}: {error}") from error

    async def _ask(self, role: int, question: Question) -> pb.WriteResult:
        """Keep a question for a person and say so; the same question while it waits is the same request."""
        status = await self._link.status()
        number = self.confirmations.waiting(question, status)
        words = f"asked of a person{f' again, as {number}' if number else ''}: {'; '.join(question.beyond)}"
        entry = AuditEntry(
            question.asked_by, role, question.method, status.card_time, "", question.asked_for, question.reason, words
        )
        row = await self._on_disk(self._audit.append(entry), "nothing was asked of a person")
        if not number:
            number = row
            self.confirmations.keep(number, question, status)
        asked = self.confirmations.message(number, status)
        return pb.WriteResult(audit_id=row, mode=pb.WRITE_MODE_COMMIT, config_epoch=status.config_epoch, asked=asked)

    async def approve(self, role: int, request: pb.ApproveRequest) -> pb.WriteResult:
        """Carry out what an agent asked for, once, as the operator's own write; in VERIFY only check it.

        Raises
        ------
        RefusedError
            It may not be approved (any more), or goes beyond the envelope, or the card did not do it.
        """

        def plan(role: int, card: CardRequests) -> Mapping[str, int]:
            question = self.confirmations.find(request.id, request.method, card.status())
            items = question.plan(role, card)
            if request.header.mode == pb.WRITE_MODE_COMMIT:
                # Before the card is written: an approval that fails half-way is not good for a second try.
                self.confirmations.answer(request.id, pb.CONFIRMATION_STATE_APPROVED)
            return items

        note = f"confirms {request.id}: "
        return await self.commit(role, "ConfirmationService.Approve", request, plan, note=note)

    async def deny(self, role: int, request: pb.DenyRequest) -> pb.Confirmation:
        """Deny what an agent asked for.

        Raises
        ------
        RefusedError
            INVALID_ARGUMENT: no reason. FAILED_PRECONDITION: nothing of this number waits.
        """
        _check_reason(request.reason, "reason")
        async with self._one_at_a_time:
            status = await self._link.status()
            waiting = {c.id: c for c in self.confirmations.messages(status)}
            question = self.confirmations.find(
                request.id, waiting[request.id].method if request.id in waiting else "", status
            )
            self.confirmations.answer(request.id, pb.CONFIRMATION_STATE_DENIED)
            entry = AuditEntry(
                "operator", role, "ConfirmationService.Deny", status.card_time, "", question.asked_for, request.reason,
                f"denied {request.id}, asked by {question.asked_by}",
            )  # fmt: skip
            await self._on_disk(self._audit.append(entry), "it was denied" + _ROWLESS)
            return self.confirmations.message(request.id, status)

    async def kill(self, role: int, reason: str) -> pb.WriteResult:
        """Kill at once: no lease, no waiting for other writes or for a disk, no reason needed.

        Raises
        ------
        RefusedError
            UNAVAILABLE: the card did not answer. INTERNAL: it answered and is not killed; or it is killed, and the
            audit row could not be put on the disk.
        """
        words = reason[:MAX_REASON]
        who = f"anyone as {pb.Role.Name(role).removeprefix('ROLE_').lower()}"
        register = "control.status"

        def carry_out(card: CardRequests) -> tuple[int, int, CardStatus, Future[int]]:
            before = card.read([register])
            card.command("kill")
            status = card.status()
            after = card.read([register])
            if not status.killed:
                said = "the card took the kill and does not say that it is killed"
                raise RefusedError(grpc.StatusCode.INTERNAL, said)
            entry = AuditEntry(
                who, role, "CardService.Kill", status.card_time, _text(before), _text(after), words, "committed"
            )
            return before[register], after[register], status, self._audit.append(entry)

        before, after, status, row = await self._link.in_one_go(carry_out)
        number = await self._on_disk(row, "the card is killed" + _ROWLESS)
        change = pb.RegisterChange(register=register, before=before, after=after)
        return pb.WriteResult(
            audit_id=number, mode=pb.WRITE_MODE_COMMIT, changes=[change], config_epoch=status.config_epoch
        )

    async def note_refusal(self, role: int, method: str, request: Any, refusal: RefusedError) -> None:
        """Leave the audit row of a write that was refused.

        Raises
        ------
        AuditError
            It could not be put on the disk.
        """
        header = getattr(request, "header", None)
        epoch, holder = self._lease.live
        who = holder if header is not None and epoch and header.lease_epoch == epoch else ""
        asked = json.dumps(MessageToDict(request), separators=(",", ":"), sort_keys=True)
        reason = header.reason if header is not None else request.reason
        entry = AuditEntry(
            who or pb.Role.Name(role),
            role,
            method,
            self._link.last_card_time,
            "",
            asked[:4000],
            reason[:MAX_REASON],
            f"refused: {refusal}",
        )
        await asyncio.wrap_future(self._audit.append(entry))
