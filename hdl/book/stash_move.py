"""Which order of the stash is moved, whose place it takes, and for how long that is tried."""

from amaranth import Array, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from hdl.book.mixing import BANKS

__all__ = ["StashMove"]

#: Moves of a stashed order that are tried before waiting for the table to change.
ATTEMPTS = 255


class StashMove(wiring.Component):
    """Holds the number of a stashed order while it is moved, as others come into the stash and leave it.

    What is to be moved is read in a move's cycle 0 and written in its cycle 5. An operation before it, or the event
    that it rides on, may still write that order in between, or clear its slot: then the move is ``disturbed``, and
    whoever walks it through the table drops it.

    An operation two or three cycles behind reads before the move writes. Where it speaks of an order that may lie in
    the row in which the one lies that would be pushed out, as the order that is moved itself may, nothing is written;
    nor where the event that the move rides on does, or the operation before has just filled it. Rows are compared, not
    orders: that takes less, and a move in vain, one of so many as a bank has rows, is tried again.

    A move ends in a free place, or pushes out the order that has one of the four, each time in another bank. After 255
    moves none of which found a place free it is not tried again before an order leaves the table.

    Parameters
    ----------
    size : int
        Orders that the stash holds.
    address_bits : int
        Of a row's number.

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
    step : In(7)
        Bit k: an operation is in its cycle k.
    rows
        Where the order that is moved may lie, by bank; in a move's cycles 4 and 5.
    rows_2, rows_3
        The same of the order that an operation speaks of, in the operation's cycle 2, and in cycles 3 and 4.
    filled
        In cycle 3: places that the operation before fills.
    wanted : Out(1)
        A move may help.
    victim : Out
        The bank whose order a move pushes out.
    index : Out
        Number of the order: the one that is moved from cycle 0 to 5, otherwise ``oldest``. Same cycle.
    disturbed : Out(1)
        In cycles 1 to 4: the move must not go on. Same cycle, but for what happens in cycle 0, which is told in 1.
    relocates : Out(1)
        In cycle 5: the move is written.
    """

    def __init__(self, size: int, address_bits: int) -> None:
        rows = data.ArrayLayout(address_bits, BANKS)
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
                "step": In(7),
                "rows": In(rows),
                "rows_2": In(rows),
                "rows_3": In(rows),
                "filled": In(BANKS),
                "wanted": Out(1),
                "victim": Out(range(BANKS)),
                "index": Out(range(size)),
                "disturbed": Out(1),
                "relocates": Out(1),
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
        # What the event that a move rides on has is told in the move's cycle 4; what one two cycles behind has, in 5.
        alike_2, alike_3, filled = (
            Array(bits)[self.victim]
            for bits in (
                [mine == spoken for mine, spoken in zip(self.rows, self.rows_2, strict=True)],
                [mine == spoken for mine, spoken in zip(self.rows, self.rows_3, strict=True)],
                self.filled,
            )
        )
        spoiled = Signal()
        with m.If(self.move[3]):
            m.d.sync += spoiled.eq(filled)
        with m.If(self.move[4]):
            m.d.sync += spoiled.eq(spoiled | alike_3)
        clashes = spoiled | (self.step[2] & alike_2) | (self.step[3] & alike_3)
        m.d.comb += self.relocates.eq(self.move[5] & ~clashes)
        with m.If(self.move[5]):
            m.d.sync += self.victim.eq(self.victim + 1)
        with m.If(self.clear | self.leaves | (self.relocates & self.settles)):
            m.d.sync += attempts.eq(0)
        with m.Elif(self.move[5]):
            m.d.sync += attempts.eq(attempts + 1)
        return m
