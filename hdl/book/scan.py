"""Reading the order table from end to end in the background, a row a cycle, without ever being in the way."""

from amaranth import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["TableScan"]


class TableScan(wiring.Component):
    """Streams reads of consecutive rows and throws away what an operation on the book may have made old.

    The consumer keeps ``position``, the first row it has not dealt with. Reads run ahead of it by the two cycles
    that a read takes; when the data of ``position`` are there, ``arrived`` is high for that cycle, and the consumer
    either moves ``position`` on by one (``take``), which keeps the stream flowing, or does not, which ends it. Any
    cycle without ``quiet`` ends it as well: the rows in flight are read again later.

    Parameters
    ----------
    address_bits : int
        Width of a row's number.

    Ports
    -----
    quiet
        No operation is in the book's pipeline and none enters it in this cycle.
    run
        Rows are wanted from ``position`` on.
    position, arrived, take
        As above. ``take`` is heeded only with ``arrived``.
    read_enable, read_address
        To the table's read ports.
    """

    def __init__(self, address_bits: int) -> None:
        super().__init__(
            {
                "quiet": In(1),
                "run": In(1),
                "position": In(address_bits),
                "arrived": Out(1),
                "take": In(1),
                "read_enable": Out(1),
                "read_address": Out(address_bits),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        first = Signal()
        second = Signal()
        going = Signal()
        m.d.comb += [
            going.eq(self.quiet & self.run),
            self.arrived.eq(second & going),
            self.read_enable.eq(going),
            self.read_address.eq(self.position + first + second),
        ]
        keep = going & ~(self.arrived & ~self.take)
        m.d.sync += [first.eq(keep), second.eq(first & keep)]
        return m
