"""Which slot a user reference number was sent for, long after its order is dead."""

from amaranth import Module, Signal, unsigned
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out

from hdl.orders.structs import SentNumber

__all__ = ["SentNumbers"]


class SentNumbers(wiring.Component):
    """Remembers the last numbers that left, so that what the exchange says of a dead order still has a symbol.

    A number has one place, by its low bits; since numbers rise, the last ``depth`` of them are there, fewer where the
    host or an Account Query made the count jump. After reset the places are emptied one by one, in as many cycles.
    What is noted meanwhile may be emptied again: then it is not known, which is the careful side.

    Parameters
    ----------
    depth : int
        Numbers remembered, a power of two.

    Ports
    -----
    note : In(1), note_number : In(32), noted : In(SentNumber)
        Keep this.
    number : In(32), found : Out(SentNumber)
        What is known of the number of the cycle before; ``known`` is low where it is nothing.

    Latency: 1 cycle; what is noted is found from the next question on.
    """

    def __init__(self, depth: int) -> None:
        if depth < 2 or depth & (depth - 1):
            raise ValueError(f"numbers remembered: {depth} is no power of two above 1")
        super().__init__(
            {
                "note": In(1),
                "note_number": In(32),
                "noted": In(SentNumber),
                "number": In(32),
                "found": Out(SentNumber),
            }
        )
        self.depth = depth

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        bits = (self.depth - 1).bit_length()
        place = data.StructLayout({"rest": unsigned(32 - bits), "sent": SentNumber})
        m.submodules.places = places = memory.Memory(shape=place, depth=self.depth, init=[])
        write, read = places.write_port(), places.read_port()
        swept = Signal(range(self.depth + 1))
        asked = Signal(32)
        m.d.sync += asked.eq(self.number)
        m.d.comb += [
            write.addr.eq(self.note_number),
            write.data.rest.eq(self.note_number[bits:]),
            write.data.sent.eq(self.noted),
            write.en.eq(self.note),
            read.addr.eq(self.number),
            self.found.eq(read.data.sent),
            self.found.known.eq(read.data.sent.known & (read.data.rest == asked[bits:])),
        ]
        with m.If(~self.note & (swept != self.depth)):
            m.d.comb += [write.addr.eq(swept), write.data.eq(0), write.en.eq(1)]
            m.d.sync += swept.eq(swept + 1)
        return m
