"""Reading the order table from end to end in the background, a row a cycle, without ever being in the way."""

from amaranth import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["TableScan"]


class TableScan(wiring.Component):
    """Streams reads of consecutive rows, each when no operation on the book can make it old before it is dealt with.

    The consumer keeps ``position``, the first row it has not dealt with. Reads run ahead of it by the two cycles
    that a read takes; when the data of ``position`` are there, ``arrived`` is high for that cycle, and the consumer
    either moves ``position`` on by one, which keeps the stream flowing, or leaves ``run`` low in the next cycle, which
    ends it: the rows in flight are read again later.

    Parameters
    ----------
    address_bits : int
        Width of a row's number.

    Ports
    -----
    may_scan
        A row may be read: no operation is in its cycles 0 to 3.
    run
        Rows are wanted from ``position`` on.
    position, arrived
        As above.
    read_enable, read_address
        To the table's read ports.
    """

    def __init__(self, address_bits: int) -> None:
        super().__init__(
            {
                "may_scan": In(1),
                "run": In(1),
                "position": In(address_bits),
                "arrived": Out(1),
                "read_enable": Out(1),
                "read_address": Out(address_bits),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        first = Signal()
        second = Signal()
        m.d.comb += [
            self.arrived.eq(second & self.run),
            self.read_enable.eq(self.may_scan & self.run),
            self.read_address.eq(self.position + first + second),
        ]
        m.d.sync += [first.eq(self.read_enable), second.eq(first & self.run)]
        return m
