"""The bus between whoever speaks for the host and the register bank."""

from amaranth.lib import enum
from amaranth.lib.wiring import In, Out, Signature

__all__ = ["BusStatus", "bus_signature"]


class BusStatus(enum.Enum, shape=2):
    """What became of one access: the item status of docs/hostlink.md."""

    OK = 0
    #: No register at this address.
    NONE = 1
    NOT_WRITABLE = 2
    #: Dropped, in whole or in part: locked while armed.
    LOCKED = 3


def bus_signature() -> Signature:
    """One access at a time: ``read`` or ``write`` is high for one cycle, then nothing until ``ack``.

    ``status`` and, of a read, ``rdata`` are valid in the cycle of ``ack``; ``address`` and ``wdata`` in that of the
    strobe.
    """
    return Signature(
        {
            "address": Out(32),
            "wdata": Out(64),
            "read": Out(1),
            "write": Out(1),
            "ack": In(1),
            "rdata": In(64),
            "status": In(BusStatus),
        }
    )
