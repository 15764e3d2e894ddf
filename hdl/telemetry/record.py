"""An event record inside the gateware, before it has a number."""

from amaranth import unsigned
from amaranth.lib import data, enum, stream

from hdl.telemetry.records import RECORDS

__all__ = ["NO_SIDE", "Record", "RecordType", "record_signature"]

#: ``side`` of a record that speaks of none.
NO_SIDE = 0xFF


class RecordType(enum.Enum, shape=8):
    """Number of each record type, as ``hdl.telemetry.records`` lists them; ``NONE`` is never sent."""

    NONE = 0
    vars().update({r.name: r.number for r in RECORDS})


class Record(data.Struct):
    """What a block says happened. Number, configuration epoch and, mostly, card time are added by ``Telemetry``.

    The meaning of ``detail`` and the five words by type is in ``hdl/telemetry/records.py``; words a type does not use
    are zero.
    """

    type: RecordType
    slot: unsigned(8)
    side: unsigned(8)
    detail: unsigned(8)
    exchange_time: unsigned(64)
    order: unsigned(32)
    chain: unsigned(32)
    cause: unsigned(64)
    word0: unsigned(32)
    word1: unsigned(32)
    word2: unsigned(32)
    word3: unsigned(32)
    word4: unsigned(32)
    #: Of a type that brings its own; of any other it is the cycle in which the record is valid.
    card_time: unsigned(64)


def record_signature() -> stream.Signature:
    """Stream of :class:`Record`. A source never waits: what cannot be kept is dropped and counted."""
    return stream.Signature(Record, always_ready=True)
