"""Where the records of one source wait for their turn."""

from amaranth import Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from hdl.rams import SHALLOW
from hdl.telemetry.record import record_signature
from hdl.telemetry.source import Source

__all__ = ["SourceQueue"]


class SourceQueue(wiring.Component):
    """Keeps what the types of a source can have in a record, and the number of its stamp, until it has its turn.

    The rows have one more that is never written, and so stays zero: it is shown where no record had its turn, and what
    chooses among many queues need only take them together.

    Latency: a record waits from the cycle after it was valid, and is shown in the cycle after its turn. One may come
    and one may go every cycle.

    Parameters
    ----------
    source : Source
        What is kept, and for how many records.
    stamps : int
        Stamps there are.

    Ports
    -----
    records : In
        Records; one that finds the queue full is lost.
    stamp : In
        Number of the stamp of a record that is valid now.
    closed : In(1)
        A record that is valid now is lost.
    lost : Out(1)
        One is.
    waits : Out(1)
        A record waits for its turn.
    take : In(1)
        The first one has its turn; only while ``waits``.
    shown, shown_stamp : Out
        The record that had its turn in the cycle before, and its stamp; zero if none had.
    """

    def __init__(self, source: Source, stamps: int) -> None:
        self._depth = source.depth
        self._source = source
        self._row = data.StructLayout({"kept": source.layout, "stamp": range(stamps)})
        super().__init__(
            {
                "records": In(record_signature()),
                "stamp": In(range(stamps)),
                "closed": In(1),
                "lost": Out(1),
                "waits": Out(1),
                "take": In(1),
                "shown": Out(source.layout),
                "shown_stamp": Out(range(stamps)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the memory and its two ends."""
        m = Module()
        blank = self._depth
        shallow = blank < SHALLOW and not self._source.in_block_ram
        attributes: dict[str, str | int] = {"ram_style": "distributed"}
        if not shallow:
            # No row is read and written at once: what is read was written before, and a full queue takes nothing.
            attributes = {"ram_style": "block", "no_rw_check": 1}
        m.submodules.rows = rows = Memory(shape=self._row, depth=blank + 1, init=[], attrs=attributes)
        write, read = rows.write_port(), rows.read_port(domain="comb" if shallow else "sync")
        level = Signal(range(self._depth + 1))
        produce, consume = Signal(range(self._depth)), Signal(range(self._depth))
        m.d.comb += [
            self.waits.eq(level != 0),
            self.lost.eq(self.records.valid & (self.closed | (level == self._depth))),
            write.en.eq(self.records.valid & ~self.lost),
            write.addr.eq(produce),
            write.data.stamp.eq(self.stamp),
            *(write.data.kept[name].eq(value) for name, value in self._source.kept(self.records.payload).items()),
            self.shown.eq(read.data.kept),
            self.shown_stamp.eq(read.data.stamp),
        ]
        row = Mux(self.take, consume, blank)
        if shallow:
            m.d.sync += read.addr.eq(row)
        else:
            m.d.comb += [read.addr.eq(row), read.en.eq(1)]
        last = self._depth - 1
        with m.If(write.en):
            m.d.sync += produce.eq(Mux(produce == last, 0, produce + 1))
        with m.If(self.take):
            m.d.sync += consume.eq(Mux(consume == last, 0, consume + 1))
        m.d.sync += level.eq(level + write.en - self.take)
        return m
