"""Which rows of price levels ask to be filled again, and which of them is next."""

from amaranth import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from amaranth.utils import bits_for

__all__ = ["RefillRequests"]


class RefillRequests(wiring.Component):
    """Keeps a bit a row, in memories of look-up tables, and goes round them: every row has its turn.

    A flip-flop a row and the choice of one among 128 take several times the look-up tables, and more wires still.

    Parameters
    ----------
    slots : int
        Symbols; two rows each.

    Ports
    -----
    initialising
        The bits are cleared, those of a slot a cycle; it must last for all of them.
    written, written_slot, written_side, low
        A row has been written; whether it asks.
    cleared, cleared_slot
        Neither row of this slot asks any more; the slot holds for another cycle, in which no row is ``written``.
    looks
        Where a row asks, look at the next one.
    found, slot, side
        While ``looks``: the row looked at asks; which one it is.
    pending
        Some row asks.

    Latency: a row asks from the cycle after it was written on, and is found at most ``2 * slots`` cycles (``slots``
    rounded up to a power of two) after that, if none is found before it.
    """

    def __init__(self, slots: int) -> None:
        self._slot_bits = slot = bits_for(slots - 1)
        super().__init__(
            {
                "initialising": In(1),
                "written": In(1),
                "written_slot": In(slot),
                "written_side": In(1),
                "low": In(1),
                "cleared": In(1),
                "cleared_slot": In(slot),
                "looks": In(1),
                "found": Out(1),
                "slot": Out(slot),
                "side": Out(1),
                "pending": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        place = Signal(self._slot_bits + 1)  # the row looked at: its slot lowest, so that one side follows the other
        clears = Signal()  # a cycle late: a row may be written beside ``cleared``, but not in the next cycle
        m.d.sync += clears.eq(self.cleared)
        m.d.comb += [
            self.slot.eq(place[:-1]),
            self.side.eq(place[-1]),
        ]
        changed = Signal(self._slot_bits)
        m.d.comb += changed.eq(Mux(self.initialising, self.slot, Mux(clears, self.cleared_slot, self.written_slot)))
        asked, asks = Signal(2), Signal(2)  # bids and asks: of the slot that is changed, of the one looked at
        for side, name in enumerate(("bids", "asks")):
            m.submodules[name] = memory = Memory(shape=1, depth=1 << self._slot_bits, init=[])
            write, before, look = memory.write_port(), memory.read_port(domain="comb"), memory.read_port(domain="comb")
            m.d.comb += [
                write.addr.eq(changed),
                write.en.eq(self.initialising | clears | (self.written & (self.written_side == side))),
                write.data.eq(self.low & ~clears & ~self.initialising),
                before.addr.eq(changed),
                asked[side].eq(before.data),
                look.addr.eq(self.slot),
                asks[side].eq(look.data),
            ]
        count = Signal(self._slot_bits + 2)  # of rows that ask
        with m.If(clears):
            m.d.sync += count.eq(count - (asked[0] + asked[1]))
        with m.Elif(self.written):
            m.d.sync += count.eq(count + self.low - asked.bit_select(self.written_side, 1))
        m.d.comb += [
            self.pending.eq(count != 0),
            self.found.eq(self.looks & self.pending & asks.bit_select(self.side, 1)),
        ]
        with m.If(self.initialising | (self.looks & self.pending)):
            m.d.sync += place.eq(place + 1)
        return m
