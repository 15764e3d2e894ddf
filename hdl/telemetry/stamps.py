"""When records were valid, kept once for all that were valid in a cycle."""

from amaranth import Module, Mux, Signal, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

__all__ = ["STAMPS", "Stamp", "Stamps"]

#: Stamps that are kept: a block RAM has so many rows at its widest.
STAMPS = 512


class Stamp(data.Struct):
    """Card time and configuration epoch of the cycle in which a record was valid."""

    card_time: unsigned(64)
    epoch: unsigned(32)


class Stamps(wiring.Component):
    """A ring of stamps: the records of a cycle wait, each where its source's do, with the number of their stamp.

    A stamp must not be overwritten while a record waits that has it. Those written since a cycle in which none waited
    are counted: ``full`` says that so many are wanted, and then no record may be taken until none waits. Records have
    then come every cycle for as long as a link of one record in 10 cycles has no use for them.

    Latency: ``shown`` follows ``read`` by a cycle; a stamp may be read from the cycle after it was written.

    Parameters
    ----------
    rows : int
        Stamps that are kept, a power of two from 4 on.

    Ports
    -----
    now : In
        The stamp of this cycle.
    write : In(1)
        A record is valid.
    number : Out
        Number of this cycle's stamp.
    waits : In(1)
        A record waits.
    full : Out(1)
        No record may be taken.
    read : In, shown : Out
        Number of a stamp; the stamp.
    """

    def __init__(self, rows: int = STAMPS) -> None:
        if rows < 4 or rows & (rows - 1):
            raise ValueError(f"{rows!r} stamps cannot be kept: it must be a power of two from 4 on")
        self.rows = rows
        super().__init__(
            {
                "now": In(Stamp),
                "write": In(1),
                "number": Out(range(rows)),
                "waits": In(1),
                "full": Out(1),
                "read": In(range(rows)),
                "shown": Out(Stamp),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the ring and the count of what may be wanted."""
        m = Module()
        attributes: dict[str, str | int] = {"ram_style": "block", "no_rw_check": 1}
        m.submodules.ring = ring = Memory(shape=Stamp, depth=self.rows, init=[], attrs=attributes)
        write, read = ring.write_port(), ring.read_port()
        wanted = Signal(range(self.rows))
        m.d.comb += [
            write.en.eq(self.write & ~self.full),
            write.addr.eq(self.number),
            write.data.eq(self.now),
            # One is read in the cycle after its record's turn, when none waits any more and another may be written.
            self.full.eq(wanted == self.rows - 2),
            read.en.eq(1),
            read.addr.eq(self.read),
            self.shown.eq(read.data),
        ]
        m.d.sync += [
            self.number.eq(self.number + write.en),
            wanted.eq(Mux(self.waits, wanted, 0) + write.en),
        ]
        return m
