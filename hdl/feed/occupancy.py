"""Which places of a memory are taken, kept in small memories of look-up tables instead of flip-flops."""

from amaranth import Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

__all__ = ["Occupancy"]

_ROW_BITS = 4


class Occupancy(wiring.Component):
    """One bit for each of ``depth`` places; puts one place and takes another out in one cycle, and clears all at once.

    A small memory has one write port, so there are two of them: a place is taken where their bits differ. Putting turns
    the bit of one, taking out the bit of the other. A row that was not written since all was cleared, or since reset
    (which memories outlive), counts as free.

    Parameters
    ----------
    depth : int
        Places; a power of two.

    Ports
    -----
    put_place, put
        A place, and that it is taken from the next cycle on.
    put_taken
        It is already.
    take_place, take
        Another place, and that it is free from the next cycle on. Only a place that is taken may be taken out.
    take_taken
        It is taken.
    clear
        All are free from the next cycle on, whatever else is said.

    Latency: one cycle.
    """

    def __init__(self, depth: int) -> None:
        self._bits = ceil_log2(depth)
        if depth != 1 << self._bits:
            raise ValueError(f"the places are a power of two, not {depth!r}")
        super().__init__(
            {
                "put_place": In(self._bits),
                "put": In(1),
                "put_taken": Out(1),
                "take_place": In(self._bits),
                "take": In(1),
                "take_taken": Out(1),
                "clear": In(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        columns = min(_ROW_BITS, self._bits)
        width, rows = 1 << columns, 1 << (self._bits - columns)
        alive = Signal(rows)  # rows written since all was cleared

        def memory(name):
            m.submodules[name] = rows_of = Memory(shape=width, depth=rows, init=[])
            reads = [rows_of.read_port(domain="comb") for _ in range(2)]
            return rows_of.write_port(), *reads

        puts, puts_at_put, puts_at_take = memory("puts")
        takes, takes_at_put, takes_at_take = memory("takes")
        row, column = self.put_place[columns:], self.put_place[:columns]
        from_row, from_column = self.take_place[columns:], self.take_place[:columns]
        for port in (puts, puts_at_put, takes_at_put):
            m.d.comb += port.addr.eq(row)
        for port in (takes, puts_at_take, takes_at_take):
            m.d.comb += port.addr.eq(from_row)
        same = takes_at_put.data  # a row like that of the other memory is free throughout
        before = Mux(alive.bit_select(row, 1), puts_at_put.data, same)
        one = Const(1, width)
        m.d.comb += [
            self.put_taken.eq((before ^ same).bit_select(column, 1)),
            self.take_taken.eq(
                alive.bit_select(from_row, 1) & (puts_at_take.data ^ takes_at_take.data).bit_select(from_column, 1)
            ),
            puts.en.eq(self.put),
            puts.data.eq(before ^ Mux(self.put_taken, 0, (one << column)[:width])),
            takes.en.eq(self.take),
            takes.data.eq(takes_at_take.data ^ (one << from_column)[:width]),
        ]
        with m.If(self.put):
            m.d.sync += alive.bit_select(row, 1).eq(1)
        with m.If(self.clear):
            m.d.sync += alive.eq(0)
        return m
