"""What must hold of a row of price levels when shares leave it or come to it, whatever row, price and shares."""

from amaranth import Module, Mux, Signal
from amaranth.hdl import Assert, Assume
from amaranth.lib import wiring

from hdl.book.ladder import RowInsert, RowReduce

#: Levels of the row: each is made of the same parts as its neighbours.
LEVELS = 4
#: As for two orders: the sum of two shares of 32 bits.
SHARE_BITS = 33


def well_formed(row):
    """The promise of docs/blocks/ladder.md: levels without a hole, sorted, none empty, none beyond the bound."""
    told = (row.valid & (row.valid + 1)) == 0
    for i in range(LEVELS):
        told &= ~row.valid[i] | ((row.shares[i] != 0) & (row.keys[i] <= row.bound))
        if i:
            told &= ~row.valid[i] | (row.keys[i - 1] < row.keys[i])
    return told


def shares_at(row, key):
    """Shares that a row shows at a key; its keys differ."""
    shares = 0
    for i in range(LEVELS):
        shares = shares | Mux(row.valid[i] & (row.keys[i] == key), row.shares[i], 0)
    return shares


class RowProperties(wiring.Component):
    """The real :class:`~hdl.book.ladder.RowReduce` and :class:`~hdl.book.ladder.RowInsert`, one price watched.

    They keep nothing, so one cycle is all cycles: a row that is right goes in, one that is right comes out. What
    the solver chooses as the watched key stands for every key.
    """

    def __init__(self):
        super().__init__({})
        self.reduce, self.insert = RowReduce(LEVELS, SHARE_BITS), RowInsert(LEVELS, SHARE_BITS)
        self.watched = Signal(32)
        rows = [value for unit in (self.reduce, self.insert) for _, _, value in unit.row.signature.flatten(unit.row)]
        inputs = [value for unit in (self.reduce, self.insert) for value in (unit.enable, unit.key, unit.shares)]
        self.free = [*rows, *inputs, self.watched]

    def elaborate(self, platform):
        m = Module()
        m.submodules.reduce, m.submodules.insert = reduce, insert = self.reduce, self.insert
        watched = self.watched
        for unit in (reduce, insert):
            m.d.comb += [Assume(well_formed(unit.row)), Assert(well_formed(unit.result))]

        # Shares leave a level: no more than it has, since they come from an order in it.
        before, after = shares_at(reduce.row, watched), shares_at(reduce.result, watched)
        at_level = shares_at(reduce.row, reduce.key)
        m.d.comb += [
            Assume((at_level == 0) | (reduce.shares <= at_level)),
            Assume(reduce.shares != 0),
            Assert(reduce.result.bound == reduce.row.bound),
        ]
        with m.If(reduce.enable & (watched == reduce.key) & (at_level != 0)):
            m.d.comb += Assert(after == before - reduce.shares)
        with m.Else():
            m.d.comb += Assert(after == before)

        # Shares come to a level; sums are kept in bits enough. What is beyond the bound is not for this row.
        before, after = shares_at(insert.row, watched), shares_at(insert.result, watched)
        fits = insert.enable & (insert.key <= insert.row.bound)
        fresh = fits & (shares_at(insert.row, insert.key) == 0)
        m.d.comb += [
            Assume((insert.shares != 0) & ~insert.shares[-1]),
            Assume(shares_at(insert.row, insert.key) < 1 << (SHARE_BITS - 1)),
            Assert(insert.spilled == (fresh & insert.row.valid.all())),
            Assert(insert.result.bound <= insert.row.bound),
            Assert(insert.spilled | (insert.result.bound == insert.row.bound)),
        ]
        with m.If(watched > insert.result.bound):
            m.d.comb += Assert(after == 0)
        with m.Elif(fits & (watched == insert.key)):
            m.d.comb += Assert(after == before + insert.shares)
        with m.Else():
            m.d.comb += Assert(after == before)
        # What is pushed off is the worst, alone: every other level of the full row is within the new bound.
        with m.If(insert.spilled):
            m.d.comb += Assert(insert.result.valid.all())
        return m
