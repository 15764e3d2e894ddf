"""What must hold of a row of price levels when shares leave it and come to it, whatever row, prices and shares."""

from amaranth import Module, Mux, ResetSignal, Signal
from amaranth.hdl import Assert, Assume
from amaranth.lib import wiring
from constant import stays

from hdl.book.ladder import RowChange, RowMatch

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
    """The real :class:`~hdl.book.ladder.RowMatch` and :class:`~hdl.book.ladder.RowChange`, one price watched.

    Row and operation stay what they are; in the second cycle the prices are found. A row that is right goes in, one
    that is right comes out, with what was taken gone before what was put came. What the solver chooses as the watched
    key stands for every key.
    """

    def __init__(self):
        super().__init__({})
        self.match, self.change = RowMatch(LEVELS, SHARE_BITS), RowChange(LEVELS, SHARE_BITS)
        self.watched, self.reduce, self.insert = Signal(32), Signal(), Signal()
        match = self.match
        rows = [value for _, _, value in match.row.signature.flatten(match.row)]
        inputs = [match.old_key, match.taken, match.new_key, match.put]
        self.free = [*rows, *inputs, self.watched, self.reduce, self.insert]

    def elaborate(self, platform):
        m = Module()
        m.submodules.match, m.submodules.change = match, change = self.match, self.change
        stays(m, *self.free)
        row, result, watched = match.row, change.result, self.watched
        wiring.connect(m, match.found, change.found)
        row_members = zip(row.signature.flatten(change.row), row.signature.flatten(row), strict=True)
        m.d.comb += [to.eq(value) for (_, _, to), (_, _, value) in row_members]
        m.d.comb += [change.reduce.eq(self.reduce), change.insert.eq(self.insert)]
        found = Signal()
        m.d.sync += found.eq(1)

        # No more is taken than the level has, since it comes from an order in it; sums are kept in bits enough.
        taken_from, put_on = shares_at(row, match.old_key), shares_at(row, match.new_key)
        takes = self.reduce & (taken_from != 0)
        m.d.comb += [
            Assume(~ResetSignal()),
            Assume(well_formed(row)),
            Assume((taken_from == 0) | (match.taken <= taken_from)),
            Assume((match.taken != 0) & (match.put != 0) & ~match.put[-1]),
            Assume(put_on < 1 << (SHARE_BITS - 1)),
        ]
        # What is beyond the bound is not for this row.
        left = shares_at(row, watched) - Mux(takes & (watched == match.old_key), match.taken, 0)
        left_at_new = put_on - Mux(takes & (match.new_key == match.old_key), match.taken, 0)
        fits = self.insert & (match.new_key <= row.bound)
        full = row.valid.all() & ~(takes & (match.taken == taken_from))
        after = shares_at(result, watched)
        with m.If(found):
            m.d.comb += [
                Assert(well_formed(result)),
                Assert(change.spilled == (fits & (left_at_new[:SHARE_BITS] == 0) & full)),
                Assert(result.bound <= row.bound),
                Assert(change.spilled | (result.bound == row.bound)),
            ]
            with m.If(watched > result.bound):
                m.d.comb += Assert(after == 0)
            with m.Elif(fits & (watched == match.new_key)):
                m.d.comb += Assert(after == (left + match.put)[:SHARE_BITS])
            with m.Else():
                m.d.comb += Assert(after == left[:SHARE_BITS])
            # What is pushed off is the worst, alone: every other level of the full row is within the new bound.
            with m.If(change.spilled):
                m.d.comb += Assert(result.valid.all())
        return m
