"""What must hold of the memories of rows: each operation is given the rows as those before it leave them."""

from amaranth import Cat, Module, Mux, ResetSignal, Signal
from amaranth.hdl import Assert, Assume
from amaranth.lib import wiring
from constant import stays

from hdl.book.ladder import KEY_MAX, row_signature
from hdl.book.row_memory import DeepRows, ShallowRows
from hdl.types import DEPTH

SLOT_BITS, LEVELS, SHARE_BITS = 1, 5, 1
#: Bits of a key that are free: what is at stake is which row is given, not what is in it.
KEY_BITS = 1


class RowMemoryProperties(wiring.Component):
    """The real :class:`~hdl.book.row_memory.ShallowRows` and :class:`~hdl.book.row_memory.DeepRows`, side by side.

    Operations begin two cycles from each other or more; which slot and side each is on, whether it clears the slot,
    what it makes of the row and whether that is written is the solver's choice. One row is watched, its choice as well.
    """

    def __init__(self):
        super().__init__({})
        self.memories = [kind(SLOT_BITS, LEVELS, SHARE_BITS) for kind in (ShallowRows, DeepRows)]
        self.begins, self.slot, self.side = Signal(), Signal(SLOT_BITS), Signal()
        self.commits, self.changed, self.cleared = Signal(), Signal(), Signal()
        self.result = row_signature(LEVELS, SHARE_BITS).create(path=("result",))
        self.watched_slot, self.watched_side = Signal(SLOT_BITS), Signal()
        self.keys, self.whole = [Signal(KEY_BITS, name=f"key_{i}") for i in range(LEVELS)], Signal()
        chosen = [self.begins, self.slot, self.side, self.commits, self.changed, self.cleared]
        results = [*self.keys, *self.result.shares, self.result.valid, self.whole]
        self.free = [*chosen, *results, self.watched_slot, self.watched_side]

    def elaborate(self, platform):
        m = Module()
        m.submodules.shallow, m.submodules.deep = self.memories
        stays(m, self.watched_slot, self.watched_side)
        m.d.comb += [to.eq(key) for to, key in zip(self.result.keys, self.keys, strict=True)]
        m.d.comb += self.result.bound.eq(Mux(self.whole, KEY_MAX, 1))
        first = Signal(SLOT_BITS + 1)  # rows are emptied as after reset
        emptied = first[-1]
        with m.If(~emptied):
            m.d.sync += first.eq(first + 1)

        # Cycles 0 to 5 of each operation; its slot is there from cycle 1 on, its side from cycle 3 on.
        stage = Signal(5)  # bit k: an operation is in its cycle k + 1
        slots = [Signal(SLOT_BITS, name=f"slot_{k + 1}") for k in range(5)]
        side_4, side_5, clears = Signal(), Signal(), Signal()
        m.d.sync += [stage.eq(Cat(self.begins, stage)), slots[0].eq(self.slot), side_4.eq(self.side), side_5.eq(side_4)]
        m.d.sync += [slots[k].eq(slots[k - 1]) for k in range(1, 5)]
        commit = stage[4] & self.commits
        clear = self.cleared & stage[3]
        m.d.sync += clears.eq(clear)
        m.d.comb += [
            Assume(~ResetSignal()),
            Assume(~self.begins | (emptied & ~stage[0])),
            # One that is dropped has none behind it; one that changes nothing has the row as it is for a result.
            Assume(~(stage[4] & stage[2]) | (self.commits & self.changed)),
            Assume(~clears | self.changed),
            Assume(~clears | ((self.result.valid == 0) & (self.result.bound == KEY_MAX))),
        ]
        for memory in self.memories:
            m.d.comb += [
                memory.initialising.eq(~emptied),
                memory.read.eq(stage[0]),
                memory.read_slot.eq(slots[0]),
                memory.load.eq(stage[2]),
                memory.load_slot.eq(Mux(stage[2], slots[2], slots[3])),
                memory.load_side.eq(self.side),
                memory.step_reduce.eq(stage[3]),
                memory.clear.eq(clear),
                memory.step_insert.eq(stage[4]),
                memory.commit.eq(commit),
                memory.changed.eq(self.changed),
                memory.cleared.eq(clears),
                memory.put_slot.eq(slots[4]),
                memory.put_side.eq(side_5),
            ]
            members = zip(*(row.signature.flatten(row) for row in (memory.result, self.result)), strict=True)
            m.d.comb += [to.eq(value) for (_, _, to), (_, _, value) in members]

        # The watched row as the operations before leave it: one that will not be written is dropped with all after it.
        held = row_signature(LEVELS, SHARE_BITS).create(path=("held",))
        begun = Signal()
        now = row_signature(LEVELS, SHARE_BITS).create(path=("now",))
        on_it = (slots[4] == self.watched_slot) & (clears | (side_5 == self.watched_side))
        pairs = [row.signature.flatten(row) for row in (now, self.result, held)]
        for (_, _, to), (_, _, written), (_, _, kept) in zip(*pairs, strict=True):
            m.d.comb += to.eq(Mux(commit & self.changed & on_it, written, kept))
            m.d.sync += kept.eq(to)
        m.d.sync += begun.eq(1)
        with m.If(~begun):
            m.d.comb += [now.valid.eq(0), now.bound.eq(KEY_MAX)]
        with m.If(stage[2] & (slots[2] == self.watched_slot) & (self.side == self.watched_side)):
            for memory in self.memories:
                m.d.comb += [Assert(memory.own.valid == now.valid), Assert(memory.own.bound == now.bound)]
                m.d.comb += _same_levels(memory.own, now)
        shown = Signal()  # cycle 6: the view shows both sides
        m.d.sync += shown.eq(commit & (slots[4] == self.watched_slot) & (side_5 != self.watched_side))
        with m.If(shown):
            for memory in self.memories:
                m.d.comb += [
                    Assert(memory.other.valid == held.valid[:DEPTH]),
                    Assert(memory.other.incomplete == (~held.valid[DEPTH - 1] & (held.bound != KEY_MAX))),
                    *_same_levels(memory.other, held),
                ]
        return m


def _same_levels(row, expected):
    """Only levels that are there have a price and shares."""
    return [
        Assert(~expected.valid[i] | ((row.keys[i] == expected.keys[i]) & (row.shares[i] == expected.shares[i])))
        for i in range(DEPTH)
    ]
