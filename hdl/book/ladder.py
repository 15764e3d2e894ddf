"""A side of a book as one sorted row of price levels, and the two things that can happen to it.

A row holds *every* level whose key is not above its ``bound``, best first, and nothing beyond. The key of a price is
the price itself for asks and its complement for bids, so that the better level always has the smaller key and both
sides share one piece of logic. ``bound`` is all ones while the row holds the whole side. When a level is pushed off
the end of a full row the bound falls to just before it: what lies beyond is then known to the order table only, until
:mod:`hdl.book.refill` brings it back. A removed level does not lower the bound: that price is known to be empty.

``valid`` is a thermometer (levels 0 to n-1 exist), so "more than k levels" is one bit. Level shares are as wide as
the sum of every order the table can hold, so they never saturate here; a view saturates them at 32 bits.

Both units are combinational and take the same time for any row: all prices are compared at once. The caller puts a
register between them.
"""

from amaranth import Module, Mux, Signal, Value, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["KEY_MAX", "RowInsert", "RowReduce", "assign_row", "key_of", "row_layout", "row_signature"]

#: Bound of a row that holds its whole side.
KEY_MAX = 0xFFFFFFFF


def row_layout(levels: int, share_bits: int) -> data.StructLayout:
    """Give the layout of a row of ``levels`` levels in a memory."""
    return data.StructLayout(
        {
            "keys": data.ArrayLayout(unsigned(32), levels),
            "shares": data.ArrayLayout(unsigned(share_bits), levels),
            "valid": levels,
            "bound": 32,
        }
    )


def row_signature(levels: int, share_bits: int) -> wiring.Signature:
    """Give the same as :func:`row_layout` in signals of their own: a simulator is faster with many narrow ones."""
    return wiring.Signature(
        {
            "keys": Out(32).array(levels),
            "shares": Out(share_bits).array(levels),
            "valid": Out(levels),
            "bound": Out(32),
        }
    )


def assign_row(target: object, source: object) -> list:
    """Assign a row; each may be signals or a view of a memory's data."""
    levels = range(len(target.keys))
    return [
        *(target.keys[i].eq(source.keys[i]) for i in levels),
        *(target.shares[i].eq(source.shares[i]) for i in levels),
        target.valid.eq(source.valid),
        target.bound.eq(source.bound),
    ]


def key_of(price: Value, side: Value | int) -> Value:
    """Give the sort key of a price; also the price of a key. ``side``: 0 bids, 1 asks."""
    return price ^ Mux(side, 0, KEY_MAX)


class RowReduce(wiring.Component):
    """Takes shares from a level of a row; a level left with none is removed.

    A key that the row does not hold changes nothing: its level lies beyond the bound.

    Parameters
    ----------
    levels, share_bits : int
        As in :func:`row_signature`.

    Ports
    -----
    row, result
        The row before and after, in the same cycle.
    enable, key, shares
        What to take. The level must have at least as many shares: it has, they came from an order in it.
    """

    def __init__(self, levels: int, share_bits: int) -> None:
        self._levels = levels
        row = row_signature(levels, share_bits)
        super().__init__({"row": In(row), "enable": In(1), "key": In(32), "shares": In(share_bits), "result": Out(row)})

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        n = self._levels
        row = self.row
        equal = Signal(n)
        gone = Signal(n)
        shift = Signal(n)  # level i takes the place of its better neighbour's successor
        for i in range(n):
            m.d.comb += [
                equal[i].eq(self.enable & row.valid[i] & (row.keys[i] == self.key)),
                gone[i].eq(equal[i] & (row.shares[i] == self.shares)),
                shift[i].eq(gone[: i + 1].any()),
            ]
        for i in range(n):
            kept = Mux(equal[i], row.shares[i] - self.shares, row.shares[i])
            after_key = row.keys[i + 1] if i + 1 < n else 0
            after_shares = row.shares[i + 1] if i + 1 < n else 0
            after_valid = row.valid[i + 1] if i + 1 < n else 0
            m.d.comb += [
                self.result.keys[i].eq(Mux(shift[i], after_key, row.keys[i])),
                self.result.shares[i].eq(Mux(shift[i], after_shares, kept)),
                self.result.valid[i].eq(Mux(shift[i], after_valid, row.valid[i])),
            ]
        m.d.comb += self.result.bound.eq(row.bound)
        return m


class RowInsert(wiring.Component):
    """Adds shares to a level of a row, or puts a new level where it belongs.

    A key above the bound changes nothing. A new level in a full row pushes the worst one off the end (itself, if it
    is the worst): the bound falls to just before the one pushed off, and ``spilled`` says so.

    Parameters
    ----------
    levels, share_bits : int
        As in :func:`row_signature`.

    Ports
    -----
    row, result
        The row before and after, in the same cycle.
    enable, key, shares
        What to add; ``shares`` may be those of a whole level.
    spilled
        A level was pushed off the end.
    """

    def __init__(self, levels: int, share_bits: int) -> None:
        self._levels = levels
        row = row_signature(levels, share_bits)
        super().__init__(
            {
                "row": In(row),
                "enable": In(1),
                "key": In(32),
                "shares": In(share_bits),
                "result": Out(row),
                "spilled": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        n = self._levels
        row = self.row
        equal = Signal(n)
        behind = Signal(n)  # a thermometer from the other end: this level (or hole) comes after the key
        fresh = Signal()
        m.d.comb += fresh.eq(self.enable & (self.key <= row.bound) & ~equal.any())
        for i in range(n):
            m.d.comb += [
                equal[i].eq(row.valid[i] & (row.keys[i] == self.key)),
                behind[i].eq(~row.valid[i] | (row.keys[i] > self.key)),
            ]
        for i in range(n):
            here = behind[i] & ~(behind[i - 1] if i else 0)
            before_key = row.keys[i - 1] if i else 0
            before_shares = row.shares[i - 1] if i else 0
            before_valid = row.valid[i - 1] if i else 0
            grown = Mux(self.enable & equal[i], row.shares[i] + self.shares, row.shares[i])
            move = fresh & behind[i]
            m.d.comb += [
                self.result.keys[i].eq(Mux(move, Mux(here, self.key, before_key), row.keys[i])),
                self.result.shares[i].eq(Mux(move, Mux(here, self.shares, before_shares), grown)),
                self.result.valid[i].eq(Mux(move, Mux(here, 1, before_valid), row.valid[i])),
            ]
        pushed = Mux(behind[n - 1], row.keys[n - 1], self.key)
        m.d.comb += [
            self.spilled.eq(fresh & row.valid[n - 1]),
            self.result.bound.eq(Mux(self.spilled, pushed - 1, row.bound)),
        ]
        return m
