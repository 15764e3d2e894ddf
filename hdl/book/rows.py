"""The rows of price levels of every slot, and the pipeline that changes one of them every second cycle."""

from amaranth import Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import bits_for

from hdl.book.depth import top_layout, top_of
from hdl.book.ladder import KEY_MAX, RowInsert, RowReduce, assign_row, row_layout, row_signature
from hdl.book.memory import BookMemory
from hdl.types import DEPTH

__all__ = ["BookRows"]


class BookRows(wiring.Component):
    """Two memories of rows, bids and asks, and the steps of an operation on one of them.

    An operation may begin every second cycle. Its steps are those of its cycles 1, 3, 4, 5 and 6 in the book:

    ===== ===========================================================================================
    cycle what
    ===== ===========================================================================================
    1     ``read``: both rows of ``read_slot`` are read
    3     ``load``: the row of ``load_side`` is taken up, and the best of the other
    4     ``reduce``: shares are taken from a level; ``clear``: both rows become empty; ``set_bound``
    5     ``insert``: shares are put on a level; with ``commit`` the row is written if it is ``changed``
    6     ``bids``, ``asks``, ``low``: the rows as the operation leaves them
    ===== ===========================================================================================

    Hazards: in cycle 3 of an operation the one before it is in its cycle 5 or later, and the memories do not yet
    show what it wrote. If it was on the same row, its result is taken up instead: from the adder itself in its cycle 5,
    from ``shown``, the last row that was written, after that. An operation before that one has been written and read
    back by then, or its row is still the one in ``shown``.

    Parameters
    ----------
    slots, levels, share_bits : int
        Sizes; see :func:`hdl.book.ladder.row_layout`.

    Ports
    -----
    initialising
        Rows are emptied, one a cycle; it must last for all of them.
    read, read_slot, load, load_slot, load_side
        As above; ``load_slot`` equals the ``read_slot`` of two cycles before.
    step_reduce, reduce, reduce_key, reduce_shares, clear, set_bound, bound
        Cycle 4 (``step_reduce`` is high in it).
    step_insert, insert, insert_key, insert_shares, commit, changed, cleared, put_slot, put_side
        Cycle 5 (``step_insert`` is high in it); ``cleared`` tells that ``clear`` was.
    row_bound, spilled
        Cycle 5: bound of the row; a level is pushed off its end.
    bids, asks, low
        Cycle 6: what a view needs of the rows; whether the row is half empty and not whole.
    """

    def __init__(self, slots: int, levels: int, share_bits: int) -> None:
        self._levels = levels
        self._share_bits = share_bits
        self._slot_bits = slot = bits_for(slots - 1)
        super().__init__(
            {
                "initialising": In(1),
                "read": In(1),
                "read_slot": In(slot),
                "load": In(1),
                "load_slot": In(slot),
                "load_side": In(1),
                "step_reduce": In(1),
                "reduce": In(1),
                "reduce_key": In(32),
                "reduce_shares": In(32),
                "clear": In(1),
                "set_bound": In(1),
                "bound": In(32),
                "step_insert": In(1),
                "insert": In(1),
                "insert_key": In(32),
                "insert_shares": In(share_bits),
                "commit": In(1),
                "changed": In(1),
                "cleared": In(1),
                "put_slot": In(slot),
                "put_side": In(1),
                "row_bound": Out(32),
                "spilled": Out(1),
                "bids": Out(top_layout(share_bits)),
                "asks": Out(top_layout(share_bits)),
                "low": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        layout = row_layout(self._levels, self._share_bits)
        rows = row_signature(self._levels, self._share_bits)
        top = top_layout(self._share_bits)
        memories = [BookMemory(layout, 1 << self._slot_bits) for _ in range(2)]
        m.submodules.bid_rows, m.submodules.ask_rows = memories
        m.submodules.reduce = reduce = RowReduce(self._levels, self._share_bits)
        m.submodules.insert = insert = RowInsert(self._levels, self._share_bits)
        row = rows.create(path=("row",))  # of the operation in cycle 4 or 5
        shown = rows.create(path=("shown",))  # of the last operation that was committed
        shown_slot, shown_side, shown_both = Signal(self._slot_bits), Signal(), Signal()
        shown_valid = Signal()
        other = Signal(top)  # the best of the other side, in cycles 4 and 5
        shown_other = Signal(top)

        # Cycles 1 and 3: read, and take up the row and what operations before this one made of it.
        for memory in memories:
            m.d.comb += [memory.read_enable.eq(self.read), memory.read_address.eq(self.read_slot)]
        bids, asks = (memory.read_data for memory in memories)
        adder_slot, kept_slot = Signal(), Signal()
        own_in_adder, own_kept, other_in_adder, other_kept = Signal(), Signal(), Signal(), Signal()
        m.d.comb += [
            adder_slot.eq(self.step_insert & (self.put_slot == self.load_slot)),
            kept_slot.eq(shown_valid & (shown_slot == self.load_slot)),
            own_in_adder.eq(adder_slot & (self.cleared | (self.put_side == self.load_side))),
            other_in_adder.eq(adder_slot & (self.cleared | (self.put_side != self.load_side))),
            own_kept.eq(kept_slot & (shown_both | (shown_side == self.load_side))),
            other_kept.eq(kept_slot & (shown_both | (shown_side != self.load_side))),
        ]

        own = rows.create(path=("own",))
        opposite = row_signature(DEPTH, self._share_bits).create(path=("opposite",))
        for target, side, in_adder, kept in (
            (own, self.load_side, own_in_adder, own_kept),
            (opposite, ~self.load_side, other_in_adder, other_kept),
        ):
            sources = [_parts(source, len(target.keys)) for source in (insert.result, shown, asks, bids)]
            for part, adder, last, ask, bid in zip(_parts(target, len(target.keys)), *sources, strict=True):
                m.d.comb += part.eq(Mux(in_adder, adder, Mux(kept, last, Mux(side, ask, bid))))
        with m.If(self.load):
            m.d.sync += [*assign_row(row, own), *_assign_top(other, opposite)]

        # Cycle 4: shares leave a level.
        m.d.comb += [
            *assign_row(reduce.row, row),
            reduce.enable.eq(self.reduce),
            reduce.key.eq(self.reduce_key),
            reduce.shares.eq(self.reduce_shares),
        ]
        with m.If(self.step_reduce):
            m.d.sync += assign_row(row, reduce.result)
            with m.If(self.clear):
                m.d.sync += [row.valid.eq(0), row.bound.eq(KEY_MAX), other.valid.eq(0), other.incomplete.eq(0)]
            with m.If(self.set_bound):
                m.d.sync += row.bound.eq(self.bound)

        # Cycle 5: shares come to a level, and the row is written.
        m.d.comb += [
            *assign_row(insert.row, row),
            insert.enable.eq(self.insert),
            insert.key.eq(self.insert_key),
            insert.shares.eq(self.insert_shares),
            self.row_bound.eq(row.bound),
            self.spilled.eq(insert.spilled),
        ]
        with m.If(self.commit):
            m.d.sync += [
                *assign_row(shown, insert.result),
                shown_other.eq(other),
                shown_slot.eq(self.put_slot),
                shown_side.eq(self.put_side),
                shown_both.eq(self.cleared),
                shown_valid.eq(1),
            ]
        first_slot = Signal(self._slot_bits)
        m.d.sync += first_slot.eq(first_slot + 1)
        for number, memory in enumerate(memories):
            with m.If(self.initialising):
                m.d.comb += [
                    memory.write_enable.eq(1),
                    memory.write_address.eq(first_slot),
                    memory.write_data.bound.eq(KEY_MAX),
                ]
            with m.Else():
                m.d.comb += [
                    memory.write_enable.eq(self.commit & self.changed & (self.cleared | (self.put_side == number))),
                    memory.write_address.eq(self.put_slot),
                    *assign_row(memory.write_data, insert.result),
                ]

        # Cycle 6: what the rows show.
        own_top = Signal(top)
        m.d.comb += [
            *_assign_top(own_top, shown),
            self.bids.eq(Mux(shown_side, shown_other.as_value(), own_top.as_value())),
            self.asks.eq(Mux(shown_side, own_top.as_value(), shown_other.as_value())),
            self.low.eq((shown.bound != KEY_MAX) & ~shown.valid[max(self._levels // 2, DEPTH + 1)]),
        ]
        return m


def _parts(row: object, levels: int) -> list:
    """Give every signal of the first levels of a row."""
    return [*(row.keys[i] for i in range(levels)), *(row.shares[i] for i in range(levels)), row.valid, row.bound]


def _assign_top(target: data.View, row: object) -> list:
    """Assign the part of a row that a view needs."""
    fields = top_of(row)
    return [
        *(target.keys[i].eq(fields["keys"][i]) for i in range(DEPTH)),
        *(target.shares[i].eq(fields["shares"][i]) for i in range(DEPTH)),
        target.valid.eq(fields["valid"]),
        target.incomplete.eq(fields["incomplete"]),
    ]
