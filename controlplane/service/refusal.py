"""Refusals in words, as gRPC carries them, and the words of a refusal as a client reads them."""

from dataclasses import dataclass, field

import grpc
from google.protobuf import any_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status

__all__ = ["ConfirmationNeededError", "RefusedError", "words_of"]

_CODES = {
    grpc.StatusCode.INVALID_ARGUMENT: code_pb2.INVALID_ARGUMENT,
    grpc.StatusCode.FAILED_PRECONDITION: code_pb2.FAILED_PRECONDITION,
    grpc.StatusCode.PERMISSION_DENIED: code_pb2.PERMISSION_DENIED,
    grpc.StatusCode.UNAVAILABLE: code_pb2.UNAVAILABLE,
    grpc.StatusCode.INTERNAL: code_pb2.INTERNAL,
}


@dataclass
class RefusedError(Exception):
    """A call that is not carried out.

    Attributes
    ----------
    code : grpc.StatusCode
        INVALID_ARGUMENT, FAILED_PRECONDITION, PERMISSION_DENIED, UNAVAILABLE or INTERNAL.
    message : str
        What was wrong, in a sentence.
    fields : list of (str, str)
        Fields of the request that were wrong, and what would be accepted.
    preconditions : list of (str, str, str)
        Type, subject and words of what must hold first.
    """

    code: grpc.StatusCode
    message: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    preconditions: list[tuple[str, str, str]] = field(default_factory=list)

    def __str__(self) -> str:
        """Give all the words in one line, as the audit log keeps them."""
        parts = [self.message]
        parts += [f"{name}: {words}" for name, words in self.fields]
        parts += [f"{subject}: {words}" for _type, subject, words in self.preconditions]
        return "; ".join(parts)

    def status(self) -> grpc.Status:
        """Give the gRPC status with ``google.rpc`` details."""
        details = []
        if self.fields:
            bad = error_details_pb2.BadRequest()
            for name, words in self.fields:
                bad.field_violations.add(field=name, description=words)
            details.append(bad)
        if self.preconditions:
            failure = error_details_pb2.PreconditionFailure()
            for kind, subject, words in self.preconditions:
                failure.violations.add(type=kind, subject=subject, description=words)
            details.append(failure)
        packed = []
        for detail in details:
            wrapped = any_pb2.Any()
            wrapped.Pack(detail)
            packed.append(wrapped)
        return rpc_status.to_status(status_pb2.Status(code=_CODES[self.code], message=self.message, details=packed))


class ConfirmationNeededError(RefusedError):
    """A write within the envelope and beyond the part signed for unattended use: only a person may grant it."""


def words_of(error: grpc.RpcError) -> str:
    """Give the words of a failed call: its message and every violation it names, in one line."""
    parts = [error.details() or error.code().name]
    for key, value in error.trailing_metadata() or ():
        if key != "grpc-status-details-bin":
            continue
        for detail in status_pb2.Status.FromString(value).details:
            bad, failure = error_details_pb2.BadRequest(), error_details_pb2.PreconditionFailure()
            if detail.Is(bad.DESCRIPTOR):
                detail.Unpack(bad)
                parts += [f"{v.field}: {v.description}" for v in bad.field_violations]
            elif detail.Is(failure.DESCRIPTOR):
                detail.Unpack(failure)
                parts += [f"{v.subject}: {v.description}" for v in failure.violations]
    return "; ".join(parts)
