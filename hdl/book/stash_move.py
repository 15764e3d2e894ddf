"""Which order of the stash is moved, whose place it takes, and for how long that is tried."""

from amaranth import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.book.mixing import BANKS

__all__ = ["StashMove"]

#: Moves of a stashed order that are tried before waiting for the table to change.
ATTEMPTS = 255


class StashMove(wiring.Component):
    """Holds the number of a stashed order while it is moved, as others come into the stash and leave it.

    What is to be moved is read in a move's cycle 0 and written in its cycle 5. An operation three cycles before it, or
    earlier, may still write that order in between, or clear its slot: then the move is ``disturbed``, and whoever walks
    it through the table drops it.

    A move ends in a free place, or pushes out the order that has one of the four, each time in another bank. After 255
    moves none of which found a place free it is not tried again before an order leaves the table.

    Parameters
    ----------
    size : int
        Orders that the stash holds.

    Ports
    -----
    move : In(6)
        Bit k: a move is in its cycle k.
    oldest : In
        Number of the order that a move would begin with.
    written, written_index : In(1), In
        The stash is written, and where.
    occupied : In(1)
        The stash holds an order.
    clear, leaves : In(1)
        A slot's orders are dropped; an order is.
    settles : In(1)
        In a move's cycle 5: it found a place free.
    wanted : Out(1)
        A move may help.
    victim : Out
        The bank whose order a move pushes out.
    index : Out
        Number of the order: the one that is moved from cycle 0 to 5, otherwise ``oldest``. Same cycle.
    disturbed : Out(1)
        In cycles 1 to 4: the move must not go on. Same cycle, but for what happens in cycle 0, which is told in 1.
    """

    def __init__(self, size: int) -> None:
        super().__init__(
            {
                "move": In(6),
                "oldest": In(range(size)),
                "written": In(1),
                "written_index": In(range(size)),
                "occupied": In(1),
                "clear": In(1),
                "leaves": In(1),
                "settles": In(1),
                "wanted": Out(1),
                "victim": Out(range(BANKS)),
                "index": Out(range(size)),
                "disturbed": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        attempts = Signal(range(ATTEMPTS + 1))
        kept = Signal.like(self.oldest)
        now, before = Signal(), Signal()
        m.d.comb += [
            self.wanted.eq(self.occupied & (attempts != ATTEMPTS)),
            self.index.eq(Mux(self.move[1:].any(), kept, self.oldest)),
            now.eq(self.clear | (self.written & (self.written_index == self.index))),
            self.disturbed.eq((self.move[1:5].any() & now) | (self.move[1] & before)),
        ]
        m.d.sync += before.eq(now)
        with m.If(self.move[0]):
            m.d.sync += kept.eq(self.oldest)
        with m.If(self.move[5]):
            m.d.sync += self.victim.eq(self.victim + 1)
        with m.If(self.clear | self.leaves | (self.move[5] & self.settles)):
            m.d.sync += attempts.eq(0)
        with m.Elif(self.move[5]):
            m.d.sync += attempts.eq(attempts + 1)
        return m
