"""Where the rows of every slot lie between two operations: look-up tables for a few slots, block RAM for many."""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.book.depth import top_layout, top_of
from hdl.book.ladder import KEY_MAX, assign_row, row_layout, row_signature
from hdl.book.memory import BookMemory
from hdl.rams import SHALLOW
from hdl.types import DEPTH

__all__ = ["DeepRows", "ShallowRows", "assign_top", "row_memory"]


def row_memory(slot_bits: int, levels: int, share_bits: int) -> wiring.Component:
    """Give the smaller one of the two for so many slots."""
    kind = ShallowRows if 2 << slot_bits <= SHALLOW else DeepRows
    return kind(slot_bits, levels, share_bits)


def assign_top(target: object, row: object) -> list:
    """Assign the part of a row that a view needs."""
    fields = top_of(row)
    return [
        *(target.keys[i].eq(fields["keys"][i]) for i in range(DEPTH)),
        *(target.shares[i].eq(fields["shares"][i]) for i in range(DEPTH)),
        target.valid.eq(fields["valid"]),
        target.incomplete.eq(fields["incomplete"]),
    ]


def _signature(slot_bits: int, levels: int, share_bits: int) -> dict[str, wiring.Member]:
    row = row_signature(levels, share_bits)
    return {
        "initialising": In(1),
        "read": In(1),
        "read_slot": In(slot_bits),
        "load": In(1),
        "load_slot": In(slot_bits),
        "load_side": In(1),
        "own": Out(row),
        "step_reduce": In(1),
        "clear": In(1),
        "step_insert": In(1),
        "commit": In(1),
        "changed": In(1),
        "cleared": In(1),
        "put_slot": In(slot_bits),
        "put_side": In(1),
        "result": In(row),
        "other": Out(top_layout(share_bits)),
    }


class ShallowRows(wiring.Component):
    """Rows in look-up tables, both sides in one memory: it is read once the side is known.

    Such a memory shows what was written in the cycle before, so of what earlier operations did only the row that is
    being written is passed on beside it. The other side is read in the next cycle, when nothing is on its way to it any
    more.

    A slot that is cleared has no rows until they are written: a bit a row says so, and that is how it is after a reset.

    Parameters
    ----------
    slot_bits, levels, share_bits : int
        Width of a slot's number; sizes of a row (:func:`hdl.book.ladder.row_layout`).

    Ports
    -----
    initialising
        Not needed here.
    read, read_slot, load, load_slot, load_side, step_reduce, clear, step_insert, commit, changed, cleared, put_slot,
    put_side
        As of :class:`hdl.book.rows.BookRows`.
    own
        Cycle 3: the row of ``load_slot`` and ``load_side`` as the operations before leave it.
    result
        Cycle 5: the row as the operation leaves it.
    other
        Cycles 5 and 6: the best of the other side of the operation's slot.
    """

    def __init__(self, slot_bits: int, levels: int, share_bits: int) -> None:
        self._sizes = (slot_bits, levels, share_bits)
        super().__init__(_signature(*self._sizes))

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        slot_bits, levels, share_bits = self._sizes
        depth = 2 << slot_bits
        m.submodules.rows = rows = BookMemory(row_layout(levels, share_bits), depth, latency=0)
        there = Signal(depth)  # rows that were written since their slot was cleared
        put_row, beside_it = Cat(self.put_side, self.put_slot), Cat(~self.put_side, self.put_slot)
        own_side = Signal()  # in cycle 4; cycles 3 and 4 of two operations never meet

        # Cycle 3. The row that is being written is that of an emptied slot as well if it was cleared.
        being_written = self.step_insert & (self.put_slot == self.load_slot)
        read_there = there.bit_select(rows.read_address, 1)
        m.d.comb += rows.read_address.eq(Cat(Mux(self.load, self.load_side, ~own_side), self.load_slot))
        m.d.sync += own_side.eq(self.load_side)
        with m.If(being_written & (self.cleared | (self.put_side == self.load_side))):
            m.d.comb += assign_row(self.own, self.result)
        with m.Else():
            m.d.comb += [
                *assign_row(self.own, rows.read_data),
                self.own.valid.eq(rows.read_data.valid & read_there.replicate(levels)),
                self.own.bound.eq(rows.read_data.bound | (~read_there).replicate(32)),
            ]

        # Cycle 4.
        with m.If(self.step_reduce):
            m.d.sync += assign_top(self.other, rows.read_data)
            with m.If(self.clear | ~read_there):
                m.d.sync += [self.other.valid.eq(0), self.other.incomplete.eq(0)]

        # Cycle 5.
        writes = self.commit & self.changed & ~self.cleared
        m.d.comb += [
            rows.write_enable.eq(writes),
            rows.write_address.eq(put_row),
            *assign_row(rows.write_data, self.result),
        ]
        with m.If(self.commit & self.cleared):
            m.d.sync += [there.bit_select(row, 1).eq(0) for row in (put_row, beside_it)]
        with m.Elif(writes):
            m.d.sync += there.bit_select(put_row, 1).eq(1)
        return m


class DeepRows(wiring.Component):
    """Rows in block RAM, a memory for each side: both are read before the side is known.

    In cycle 3 of an operation the one before it is in its cycle 5 or later, and the memories do not yet show what it
    wrote. If it was on the same row, its result is taken up instead: from ``result`` itself in its cycle 5, from the
    last row that was written after that. An operation before that one has been written and read back by then, or its
    row is still the last one.

    Parameters
    ----------
    slot_bits, levels, share_bits : int
        As of :class:`ShallowRows`.

    Ports
    -----
    initialising
        Rows are emptied, one a cycle; it must last for all of them.
    read, read_slot, load, load_slot, load_side, own, step_reduce, clear, step_insert, commit, changed, cleared,
    put_slot, put_side, result, other
        As of :class:`ShallowRows`; ``load_slot`` equals the ``read_slot`` of two cycles before.
    """

    def __init__(self, slot_bits: int, levels: int, share_bits: int) -> None:
        self._sizes = (slot_bits, levels, share_bits)
        super().__init__(_signature(*self._sizes))

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        slot_bits, levels, share_bits = self._sizes
        memories = [BookMemory(row_layout(levels, share_bits), 1 << slot_bits) for _ in range(2)]
        m.submodules.bid_rows, m.submodules.ask_rows = memories
        bids, asks = (memory.read_data for memory in memories)
        last = row_signature(levels, share_bits).create(path=("last",))
        last_slot, last_side, last_both, last_valid = Signal(slot_bits), Signal(), Signal(), Signal()
        with m.If(self.commit & self.changed):
            m.d.sync += [
                *assign_row(last, self.result),
                last_slot.eq(self.put_slot),
                last_side.eq(self.put_side),
                last_both.eq(self.cleared),
                last_valid.eq(1),
            ]

        # Cycles 1 and 3: read, and take up the rows and what operations before this one made of them.
        for memory in memories:
            m.d.comb += [memory.read_enable.eq(self.read), memory.read_address.eq(self.read_slot)]
        being_written = self.step_insert & (self.put_slot == self.load_slot)
        kept = last_valid & (last_slot == self.load_slot)
        opposite = row_signature(DEPTH, share_bits).create(path=("opposite",))
        for target, side in ((self.own, self.load_side), (opposite, ~self.load_side)):
            sources = [_parts(source, len(target.keys)) for source in (self.result, last, asks, bids)]
            from_result, from_last = Signal(), Signal()
            m.d.comb += [
                from_result.eq(being_written & (self.cleared | (self.put_side == side))),
                from_last.eq(kept & (last_both | (last_side == side))),
            ]
            for part, result, written, ask, bid in zip(_parts(target, len(target.keys)), *sources, strict=True):
                m.d.comb += part.eq(Mux(from_result, result, Mux(from_last, written, Mux(side, ask, bid))))
        best = Signal(top_layout(share_bits))
        with m.If(self.load):
            m.d.sync += assign_top(best, opposite)

        # Cycle 4: from here on it belongs to this operation's view, and no longer to that of the one before.
        with m.If(self.step_reduce):
            m.d.sync += self.other.eq(best)
            with m.If(self.clear):
                m.d.sync += [self.other.valid.eq(0), self.other.incomplete.eq(0)]

        # Cycle 5.
        first_slot = Signal(slot_bits)
        m.d.sync += first_slot.eq(first_slot + 1)
        for number, memory in enumerate(memories):
            own_side = self.cleared | (self.put_side == number)
            m.d.comb += [
                memory.write_enable.eq(self.initialising | (self.commit & self.changed & own_side)),
                memory.write_address.eq(Mux(self.initialising, first_slot, self.put_slot)),
                *assign_row(memory.write_data, self.result),
            ]
            with m.If(self.initialising):
                m.d.comb += [memory.write_data.valid.eq(0), memory.write_data.bound.eq(KEY_MAX)]
        return m


def _parts(row: object, levels: int) -> list:
    """Give every signal of the first levels of a row."""
    return [*(row.keys[i] for i in range(levels)), *(row.shares[i] for i in range(levels)), row.valid, row.bound]
