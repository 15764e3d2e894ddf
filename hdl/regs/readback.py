"""What the host wrote, kept once more in a memory, from which it is read back."""

from collections.abc import Collection
from dataclasses import dataclass

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from amaranth.utils import bits_for

from hdl.one_hot import number_of
from hdl.regs.description import Register

__all__ = ["Readback", "Row", "rows_of"]


@dataclass(frozen=True, slots=True)
class Row:
    """One register that can be read back.

    Attributes
    ----------
    mask : int
        Bits that keep what is written.
    reset : int
        Their value before the first write.
    lasts : bool
        A reset does not clear it.
    """

    mask: int
    reset: int
    lasts: bool


def rows_of(register: Register, fixed: Collection[tuple[str, str]] = ()) -> list[Row]:
    """Give a row for each of a register, none if nothing of it, but ``fixed`` fields, is only the host's to change."""
    fields = [f for f in register.fields if f.kept and (register.key, f.name) not in fixed]
    mask, reset = sum(f.mask for f in fields), sum(f.reset << f.low for f in fields)
    return [Row(mask, reset, lasts=register.memory)] * (register.count if fields else 0)


class Readback(wiring.Component):
    """Gives back the words that were written, so that no choice among all registers is needed.

    A memory has two halves: the values after a reset, which are never written, and the words that were. A bit a row,
    which a reset clears where it clears the register, says in which half a row is. A second memory has the rows' masks.

    Latency: a write can be read from the next cycle on; a value comes 1 cycle after its hit.

    Parameters
    ----------
    registers : list of Row
        What is read back, in the order of the hits.

    Ports
    -----
    hit : In
        Which row the access is of; at most one bit is high.
    write : In
        The access writes.
    taken : In
        Of each row: the write is taken.
    wdata : In
        What is written; bits beyond the row's mask do not matter.
    value : Out
        The row that was hit by a read, zero otherwise.
    """

    def __init__(self, registers: list[Row]) -> None:
        self.rows = rows = registers
        count = len(rows)
        super().__init__({"hit": In(count), "write": In(1), "taken": In(count), "wdata": In(64), "value": Out(64)})
        self._bits = bits_for(count - 1)
        half = [row.reset & row.mask for row in rows] + [0] * ((1 << self._bits) - count)
        #: A read never meets a write of the same cycle: there is one access at a time, and a write shows nothing.
        self.words = Memory(shape=64, depth=2 << self._bits, init=half, attrs={"no_rw_check": 1})
        self.masks = Memory(shape=64, depth=1 << self._bits, init=[row.mask for row in rows])
        #: Written since the reset, or ever where it lasts.
        self.written = [Signal(reset_less=row.lasts, name=f"written_{i}") for i, row in enumerate(rows)]

    def elaborate(self, platform):
        """Read both memories, write one."""
        m = Module()
        m.submodules.words, m.submodules.masks = self.words, self.masks
        write, read, masks = self.words.write_port(), self.words.read_port(), self.masks.read_port()
        row, shown = number_of(self.hit), Signal()
        m.d.comb += [
            masks.addr.eq(row),
            read.addr.eq(Cat(row, (self.hit & Cat(self.written)).any())),
            write.addr.eq(Cat(row, 1)),
            write.data.eq(self.wdata),
            write.en.eq(self.taken.any()),
            self.value.eq(Mux(shown, read.data & masks.data, 0)),
        ]
        m.d.sync += shown.eq(self.hit.any() & ~self.write)
        for bit, taken in zip(self.written, self.taken, strict=True):
            with m.If(taken):
                m.d.sync += bit.eq(1)
        return m
