"""The one wrapper around every memory of the book: one read port, one write port, a stated read latency."""

from amaranth import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from amaranth.utils import bits_for

__all__ = ["BookMemory"]


class BookMemory(wiring.Component):
    """A memory that is read by one port and written by another.

    A block RAM is slow from clock to output unless its output register is used, so the default read takes two
    cycles: an address given with ``read_enable`` in cycle 0 has its data on ``read_data`` from cycle 2 until the data
    of a later read replace them. With ``latency=1`` the output register is left out.

    A read in the cycle of a write to the same address, or in an earlier one, gives what was there before; a read in
    any later cycle gives what was written. Because block RAMs differ in what such a collision returns, callers keep
    reads and writes of one address at least a cycle apart.

    Parameters
    ----------
    shape : ShapeLike
        What a row holds.
    depth : int
        Rows.
    latency : int
        Cycles from address to data: 1 or 2.

    Ports
    -----
    read_enable, read_address, read_data
        The read port.
    write_enable, write_address, write_data
        The write port.
    """

    def __init__(self, shape: object, depth: int, *, latency: int = 2) -> None:
        if latency not in (1, 2):
            raise ValueError(f"a read takes 1 or 2 cycles, not {latency!r}")
        self._shape = shape
        self._depth = depth
        self._latency = latency
        address = bits_for(depth - 1)
        super().__init__(
            {
                "read_enable": In(1),
                "read_address": In(address),
                "read_data": Out(shape),
                "write_enable": In(1),
                "write_address": In(address),
                "write_data": In(shape),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        m.submodules.memory = memory = Memory(shape=self._shape, depth=self._depth, init=[])
        write = memory.write_port()
        read = memory.read_port()
        m.d.comb += [
            write.en.eq(self.write_enable),
            write.addr.eq(self.write_address),
            write.data.eq(self.write_data),
            read.en.eq(self.read_enable),
            read.addr.eq(self.read_address),
        ]
        if self._latency == 1:
            m.d.comb += self.read_data.eq(read.data)
            return m
        arrived = Signal()
        output = Signal.like(self.read_data)
        m.d.sync += arrived.eq(self.read_enable)
        with m.If(arrived):
            m.d.sync += output.eq(read.data)
        m.d.comb += self.read_data.eq(output)
        return m
