"""Which orders of the stash are moved, whose place they take, and for how long that is tried."""

from amaranth import Array, Cat, Module, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from hdl.book.mixing import BANKS

__all__ = ["StashMove"]

#: Moves of stashed orders that are tried before waiting for the table to change.
ATTEMPTS = 255


class StashMove(wiring.Component):
    """Holds the numbers of the stashed orders that are being moved, as others come into the stash and leave it.

    What is to be moved is read in a move's cycle 0 and written in its cycle 5. An operation before it, or the event
    that it rides on, may still write that order in between, or clear its slot: then the move is ``disturbed``, and
    whoever walks it through the table drops it.

    An operation two or three cycles behind reads before the move writes. Where it speaks of an order that may lie in
    the row in which the one lies that would be pushed out, as the order that is moved itself may, nothing is written;
    nor where the event that the move rides on does, or an operation two cycles before has just filled it. Rows are
    compared, not orders: that takes less, and a move in vain, one of so many as a bank has rows, is tried again.

    A move begins two cycles behind another or later, with another order.

    A move ends in a free place, or pushes out the order that has one of the four, each time in another bank. After 255
    moves none of which found a place free none is tried again before an order leaves the table.

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
    orders : In
        Bit i: the stash holds an order with the number i.
    written, written_index : In(1), In
        The stash is written, and where.
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
        In cycle 3: places that the operation two cycles before fills.
    wanted : Out(1)
        A move may help.
    victim : Out
        In cycle 3: the bank whose order a move pushes out.
    pushes : Out
        The same in cycles 4 and 5.
    index : Out
        Number of the order that a move would begin with. Same cycle.
    index_5 : Out
        In cycle 5: number of the order that is moved.
    disturbed : Out(4)
        Bit k: the move in its cycle k + 1 must not go on. Same cycle, but for what happens in cycle 0, which is told
        in 1.
    relocates : Out(1)
        In cycle 5: the move is written.
    """

    def __init__(self, size: int, address_bits: int) -> None:
        self._size = size
        rows = data.ArrayLayout(address_bits, BANKS)
        super().__init__(
            {
                "move": In(6),
                "orders": In(size),
                "written": In(1),
                "written_index": In(range(size)),
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
                "pushes": Out(range(BANKS)),
                "index": Out(range(size)),
                "index_5": Out(range(size)),
                "disturbed": Out(4),
                "relocates": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        attempts = Signal(range(ATTEMPTS + 1))
        index_1, index_3 = Signal.like(self.index), Signal.like(self.index)
        before = Signal()

        # Not those that are moved already.
        under_way = ((self.move[2], index_1), (self.move[3:5].any(), index_3), (self.move[5], self.index_5))
        there = [
            self.orders[i] & ~Cat(is_it & (index == i) for is_it, index in under_way).any() for i in range(self._size)
        ]
        for i, is_there in reversed(list(enumerate(there))):
            with m.If(is_there):
                m.d.comb += self.index.eq(i)

        def touched(index: Value) -> Value:
            return self.clear | (self.written & (self.written_index == index))

        m.d.comb += [
            self.wanted.eq(Cat(there).any() & (attempts != ATTEMPTS)),
            self.disturbed.eq(
                self.move[1:5] & Cat(touched(index_1) | before, touched(index_1), touched(index_3).replicate(2))
            ),
        ]
        m.d.sync += before.eq(touched(self.index))
        with m.If(self.move[0]):
            m.d.sync += index_1.eq(self.index)
        with m.If(self.move[2]):
            m.d.sync += index_3.eq(index_1)
        with m.If(self.move[4]):
            m.d.sync += self.index_5.eq(index_3)
        with m.If(self.move[3]):
            m.d.sync += [self.victim.eq(self.victim + 1), self.pushes.eq(self.victim)]

        # What the event that a move rides on has is told in the move's cycle 4; what one two cycles behind has, in 5.
        def alike(rows: data.View) -> Value:
            return Array(mine == spoken for mine, spoken in zip(self.rows, rows, strict=True))[self.pushes]

        spoiled = Signal()
        with m.If(self.move[3]):
            m.d.sync += spoiled.eq(Array(self.filled)[self.victim])
        with m.If(self.move[4]):
            m.d.sync += spoiled.eq(spoiled | alike(self.rows_3))
        clashes = spoiled | (self.step[2] & alike(self.rows_2)) | (self.step[3] & alike(self.rows_3))
        m.d.comb += self.relocates.eq(self.move[5] & ~clashes)
        with m.If(self.clear | self.leaves | (self.relocates & self.settles)):
            m.d.sync += attempts.eq(0)
        # Not beyond: one more may be on its way when the last has been tried.
        with m.Elif(self.move[5] & (attempts != ATTEMPTS)):
            m.d.sync += attempts.eq(attempts + 1)
        return m
