"""What the taker knows of every slot, kept so that nothing is written but what changes."""

from amaranth import Module
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out

from hdl.strategy.taker_types import TakerRow, TakerWrites

__all__ = ["TakerRows"]


class TakerRows(wiring.Component):
    """A row for each slot, in a memory for each field, or for some that are written together.

    A field that stays as it is needs no choice between its old and its new value: it is not written.

    Parameters
    ----------
    slots : int
        Symbols followed.

    Ports
    -----
    slot : In(8)
        Which row is shown and written.
    row : Out(TakerRow)
        The row as it stands.
    following : In(TakerRow), writes : In(TakerWrites)
        New fields, and which of them are written.

    Latency: none to read, 1 cycle from a change.
    """

    slot: In(8)
    row: Out(TakerRow)
    following: In(TakerRow)
    writes: In(TakerWrites)

    def __init__(self, slots: int) -> None:
        self.slots = slots
        super().__init__()

    def elaborate(self, platform):
        """Build the block."""
        m = Module()
        row, following = self.row, self.following
        for name, fields in TakerWrites.fields().items():
            shape = data.StructLayout({field: row[field].shape() for field in fields})
            m.submodules[name] = rows = memory.Memory(shape=shape, depth=self.slots, init=[])
            read, write = rows.read_port(domain="comb"), rows.write_port()
            m.d.comb += [read.addr.eq(self.slot), write.addr.eq(self.slot), write.en.eq(self.writes[name])]
            for field in fields:
                m.d.comb += [row[field].eq(read.data[field]), write.data[field].eq(following[field])]
        return m
