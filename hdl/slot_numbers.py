"""A number for every slot, in a small memory instead of flip-flops."""

from amaranth import Module, Signal
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import bits_for

__all__ = ["SlotNumbers"]


class SlotNumbers(wiring.Component):
    """Keeps a number a row, zero from a reset until it is written.

    The rows are a memory of look-up tables for each reader, which is read in the cycle of its address. A reset does not
    clear a memory, so a bit a row says whether it was written since. There is one way to write.

    Parameters
    ----------
    shape : shape
        Of a number.
    rows : int
        Rows: a slot each, or a few a slot.
    readers : int
        Rows shown at once.

    Ports
    -----
    row : In(array of 8), number : Out(array)
        What each reader asks for, in the same cycle. A row that there is none of is any other, or zero.
    write, write_row, write_number : In
        Strobe, an existing row and its new number, which is shown from the next cycle on.

    Latency: none to read, 1 cycle from a write.
    """

    def __init__(self, shape, rows: int, readers: int) -> None:
        self._shape, self._rows, self._readers = shape, rows, readers
        super().__init__(
            {
                "row": In(data.ArrayLayout(8, readers)),
                "number": Out(data.ArrayLayout(shape, readers)),
                "write": In(1),
                "write_row": In(8),
                "write_number": In(shape),
            }
        )

    def elaborate(self, platform):
        """Build the block."""
        m = Module()
        bits = max(bits_for(self._rows - 1), 1)
        m.submodules.numbers = numbers = memory.Memory(shape=self._shape, depth=max(self._rows, 2), init=[])
        write = numbers.write_port()
        written = Signal(self._rows)
        m.d.comb += [
            write.addr.eq(self.write_row),
            write.data.eq(self.write_number),
            write.en.eq(self.write),
        ]
        with m.If(self.write):
            m.d.sync += written.bit_select(self.write_row[:bits], 1).eq(1)
        for i in range(self._readers):
            read = numbers.read_port(domain="comb")
            m.d.comb += read.addr.eq(self.row[i])
            with m.If(written.bit_select(self.row[i][:bits], 1)):
                m.d.comb += self.number[i].eq(read.data)
        return m
