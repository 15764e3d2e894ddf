"""A side of a book as one sorted row of price levels, and the two things that can happen to it.

A row holds *every* level whose key is not above its ``bound``, best first, and nothing beyond. The key of a price is
the price itself for asks and its complement for bids, so that the better level always has the smaller key and both
sides share one piece of logic. ``bound`` is all ones while the row holds the whole side. When a level is pushed off
the end of a full row the bound falls to just before it: what lies beyond is then known to the order table only, until
:mod:`hdl.book.refill` brings it back. A removed level does not lower the bound: that price is known to be empty.

``valid`` is a thermometer (levels 0 to n-1 exist), so "more than k levels" is one bit. Level shares are as wide as
the sum of every order the table can hold, so they never saturate here; a view saturates them at 32 bits.

An operation may take shares from one level and put shares on another. Both prices are compared with all levels at
once, whatever the row, and what is found is kept in a register (:class:`RowMatch`); in the next cycle every level moves
once, to where it is after both (:class:`RowChange`). Moving it twice, once for each, would be half as much again.
"""

from amaranth import Cat, Module, Mux, Signal, Value, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from hdl.one_hot import select

__all__ = ["KEY_MAX", "RowChange", "RowMatch", "assign_row", "key_of", "row_layout", "row_signature"]

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


def found_signature(levels: int, share_bits: int) -> wiring.Signature:
    """Give what is known of an operation on a row once its prices were compared.

    ``old`` and ``new``: which level has the price that shares are taken from and put on, one-hot, none if no level has
    it; ``old_shares`` and ``new_shares``: its shares, zero if there is none; ``behind``: which levels or holes come
    after the new price; ``within``: the new price is not above the row's bound.
    """
    return wiring.Signature(
        {
            "old": Out(levels),
            "old_shares": Out(share_bits),
            "taken": Out(share_bits),
            "new": Out(levels),
            "new_shares": Out(share_bits),
            "behind": Out(levels),
            "key": Out(32),
            "put": Out(share_bits),
            "put_less_taken": Out(share_bits),
            "within": Out(1),
        }
    )


class RowChange(wiring.Component):
    """Takes shares from a level of a row and puts shares on one, as if the first came before the second.

    A level left with none is removed. A new level is put where it belongs; in a row that is still full it pushes the
    worst one off the end (itself, if it is the worst): the bound falls to just before the one pushed off, and
    ``spilled`` says so. A price beyond the bound changes nothing: its level is not this row's.

    Parameters
    ----------
    levels, share_bits : int
        As in :func:`row_signature`.

    Ports
    -----
    row, found
        The row, and what :class:`RowMatch` found in it.
    reduce, insert
        Whether shares are taken, and put. The level that they are taken from has at least as many: they came from an
        order in it.
    result, spilled
        The row after it; a level was pushed off the end. Same cycle.
    """

    def __init__(self, levels: int, share_bits: int) -> None:
        self._levels = levels
        row = row_signature(levels, share_bits)
        super().__init__(
            {
                "row": In(row),
                "found": In(found_signature(levels, share_bits)),
                "reduce": In(1),
                "insert": In(1),
                "result": Out(row),
                "spilled": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        n = self._levels
        row, found = self.row, self.found

        # Shares: at one price they are put on what is left, even if nothing is.
        at_one_price = Signal()
        less, more = Signal.like(found.put), Signal.like(found.put)
        takes, emptied, fresh = Signal(), Signal(), Signal()
        m.d.comb += [
            at_one_price.eq(self.insert & (found.old & found.new).any()),
            takes.eq(self.reduce & ~at_one_price),
            emptied.eq(takes & (found.old_shares == found.taken)),
            fresh.eq(self.insert & found.within & ~found.new.any()),
            less.eq(found.old_shares - found.taken),
            more.eq(found.new_shares + Mux(self.reduce & at_one_price, found.put_less_taken, found.put)),
        ]

        # Places: what lies behind a removed level moves up, what lies behind a new one moves down, between the two.
        removed, fresh_at = Signal(n), Signal(n + 1)  # at this place or before it; the new one may come after all
        for i in range(n):
            m.d.comb += [
                removed[i].eq(emptied & found.old[: i + 1].any()),
                fresh_at[i].eq(fresh & found.behind[i]),
            ]
        m.d.comb += fresh_at[n].eq(fresh)
        for i in range(n):
            worse = (row.keys[i + 1], row.shares[i + 1]) if i + 1 < n else (0, 0)
            better = (row.keys[i - 1], row.shares[i - 1]) if i else (0, 0)
            gone_before, new_before = (removed[i - 1], fresh_at[i - 1]) if i else (0, 0)
            old_before = found.old[i - 1] if i else 0
            new_behind = found.new[i + 1] if i + 1 < n else 0
            up, down, puts, lessened = (Signal(name=f"{name}_{i}") for name in ("up", "down", "puts", "lessened"))
            m.d.comb += [
                up.eq(removed[i] & ~fresh_at[i + 1] & ~puts),
                down.eq(new_before & ~gone_before & ~puts),
                puts.eq(
                    (fresh_at[i] & ~new_before & ~gone_before)
                    | (fresh_at[i + 1] & ~fresh_at[i] & removed[i])
                    | (self.insert & Mux(removed[i], new_behind, found.new[i]))
                ),
                lessened.eq(takes & ~emptied & Mux(new_before, old_before, found.old[i] & ~fresh_at[i])),
                self.result.keys[i].eq(_one_of(puts, up, down, (found.key, worse[0], better[0], row.keys[i]))),
                self.result.shares[i].eq(
                    Mux(lessened, less, _one_of(puts, up, down, (more, worse[1], better[1], row.shares[i])))
                ),
            ]
        pushed = Mux(found.behind[n - 1], row.keys[n - 1], found.key)
        m.d.comb += [
            self.spilled.eq(fresh & row.valid[n - 1] & ~removed[n - 1]),
            self.result.bound.eq(Mux(self.spilled, pushed - 1, row.bound)),
            self.result.valid.eq(row.valid),
        ]
        with m.If(fresh & ~removed[n - 1]):
            m.d.comb += self.result.valid.eq(Cat(1, row.valid[:-1]))
        with m.Elif(~fresh & removed[n - 1]):
            m.d.comb += self.result.valid.eq(row.valid[1:])
        return m


class RowMatch(wiring.Component):
    """Finds two prices in a row.

    Parameters
    ----------
    levels, share_bits : int
        As in :func:`row_signature`.

    Ports
    -----
    row
        The row; it has to hold still until the next cycle.
    old_key, taken
        Price of the level that shares may be taken from, and how many.
    new_key, put
        Price of the level that shares may be put on, and how many; may be those of a whole level.
    found
        What :class:`RowChange` needs to know, in the next cycle.

    Latency: 1 cycle, always.
    """

    def __init__(self, levels: int, share_bits: int) -> None:
        self._levels = levels
        super().__init__(
            {
                "row": In(row_signature(levels, share_bits)),
                "old_key": In(32),
                "taken": In(share_bits),
                "new_key": In(32),
                "put": In(share_bits),
                "found": Out(found_signature(levels, share_bits)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        row, found = self.row, self.found
        old, new = Signal(self._levels), Signal(self._levels)
        other_way = Signal(32)
        m.d.comb += other_way.eq(~self.new_key)
        for i in range(self._levels):
            m.d.comb += [
                old[i].eq(row.valid[i] & (row.keys[i] == self.old_key)),
                new[i].eq(row.valid[i] & (row.keys[i] == self.new_key)),
            ]
            # Greater, as the carry of an adder: so no key of the row has to be inverted, only the other.
            m.d.sync += found.behind[i].eq(~row.valid[i] | (row.keys[i] + other_way)[-1])
        m.d.sync += [
            found.old.eq(old),
            found.old_shares.eq(select(old, list(row.shares))),
            found.taken.eq(self.taken),
            found.new.eq(new),
            found.new_shares.eq(select(new, list(row.shares))),
            found.key.eq(self.new_key),
            found.put.eq(self.put),
            found.put_less_taken.eq(self.put - self.taken),
            found.within.eq(self.new_key <= row.bound),
        ]
        return m


def _one_of(first: Value, second: Value, third: Value, choices: tuple) -> Value:
    """Give the one of the first three choices that is asked for, at most one, else the fourth.

    Written so that each bit takes two look-up tables of four inputs: the first tells the second, by a constant, which
    of the two that it does not know it is.
    """
    width = len(choices[3])
    high, low = first | third, first | second
    told = Mux(high, low.replicate(width), Mux(low, choices[1], choices[3]))
    return Mux(high, (told & choices[0]) | (~told & choices[2]), told)
