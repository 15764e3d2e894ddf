"""The rows of price levels of every slot, and the pipeline that changes one of them every second cycle."""

from amaranth import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import bits_for

from hdl.book.depth import top_layout
from hdl.book.ladder import KEY_MAX, RowChange, RowMatch, assign_row, row_signature
from hdl.book.row_memory import assign_top, row_memory
from hdl.types import DEPTH

__all__ = ["BookRows"]


class BookRows(wiring.Component):
    """The rows, bids and asks, and the steps of an operation on one of them.

    An operation may begin every second cycle. Its steps are those of its cycles 1, 3, 4, 5 and 6 in the book:

    ===== ===========================================================================================
    cycle what
    ===== ===========================================================================================
    1     ``read``: both rows of ``read_slot`` are read
    3     ``load``: the row of ``load_side`` is taken up
    4     the levels of ``reduce_key`` and ``insert_key`` are found; ``clear``: both rows become empty; ``set_bound``
    5     with ``reduce`` shares are taken from the one, with ``insert`` they are put on the other; with ``commit`` the
          row is written if it is ``changed``
    6     ``bids``, ``asks``, ``low``: the rows as the operation leaves them
    ===== ===========================================================================================

    An operation is given the rows as those before it leave them (:mod:`hdl.book.row_memory`).

    Parameters
    ----------
    slots, levels, share_bits : int
        Sizes; see :func:`hdl.book.ladder.row_layout`.

    Ports
    -----
    initialising
        Rows are emptied, one a cycle; it must last for all of them.
    read, read_slot, load, load_slot, load_side
        As above; ``load_slot`` equals the ``read_slot`` of two cycles before, and is there in cycle 4 as well.
    step_reduce, reduce_key, reduce_shares, insert_key, insert_shares, clear, set_bound, bound
        Cycle 4 (``step_reduce`` is high in it).
    step_insert, reduce, insert, commit, changed, cleared, put_slot, put_side
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
                "reduce_key": In(32),
                "reduce_shares": In(32),
                "insert_key": In(32),
                "insert_shares": In(share_bits),
                "clear": In(1),
                "set_bound": In(1),
                "bound": In(32),
                "step_insert": In(1),
                "reduce": In(1),
                "insert": In(1),
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
        rows = row_signature(self._levels, self._share_bits)
        top = top_layout(self._share_bits)
        m.submodules.memory = memory = row_memory(self._slot_bits, self._levels, self._share_bits)
        m.submodules.match = match = RowMatch(self._levels, self._share_bits)
        m.submodules.change = change = RowChange(self._levels, self._share_bits)
        row = rows.create(path=("row",))  # of the operation in cycle 4 or 5
        m.d.comb += [
            memory.initialising.eq(self.initialising),
            memory.read.eq(self.read),
            memory.read_slot.eq(self.read_slot),
            memory.load.eq(self.load),
            memory.load_slot.eq(self.load_slot),
            memory.load_side.eq(self.load_side),
            memory.step_reduce.eq(self.step_reduce),
            memory.clear.eq(self.clear),
            memory.step_insert.eq(self.step_insert),
            memory.commit.eq(self.commit),
            memory.changed.eq(self.changed),
            memory.cleared.eq(self.cleared),
            memory.put_slot.eq(self.put_slot),
            memory.put_side.eq(self.put_side),
            *assign_row(memory.result, change.result),
        ]

        # Cycle 3: the row is taken up.
        with m.If(self.load):
            m.d.sync += assign_row(row, memory.own)

        # Cycle 4: the levels are found.
        m.d.comb += [
            *assign_row(match.row, row),
            match.row.bound.eq(Mux(self.set_bound, self.bound, row.bound)),
            match.old_key.eq(self.reduce_key),
            match.taken.eq(self.reduce_shares),
            match.new_key.eq(self.insert_key),
            match.put.eq(self.insert_shares),
        ]
        with m.If(self.step_reduce):
            with m.If(self.clear):
                m.d.sync += [row.valid.eq(0), row.bound.eq(KEY_MAX)]
            with m.If(self.set_bound):
                m.d.sync += row.bound.eq(self.bound)

        wiring.connect(m, match.found, change.found)

        # Cycle 5: shares leave the one and come to the other, and the row is written.
        shown = rows.create(path=("shown",))
        shown_side = Signal()
        m.d.comb += [
            *assign_row(change.row, row),
            change.reduce.eq(self.reduce),
            change.insert.eq(self.insert),
            self.row_bound.eq(row.bound),
            self.spilled.eq(change.spilled),
        ]
        with m.If(self.commit):
            m.d.sync += [*assign_row(shown, change.result), shown_side.eq(self.put_side)]

        # Cycle 6: what the rows show.
        own_top = Signal(top)
        m.d.comb += [
            *assign_top(own_top, shown),
            self.bids.eq(Mux(shown_side, memory.other.as_value(), own_top.as_value())),
            self.asks.eq(Mux(shown_side, own_top.as_value(), memory.other.as_value())),
            self.low.eq((shown.bound != KEY_MAX) & ~shown.valid[max(self._levels // 2, DEPTH + 1)]),
        ]
        return m
