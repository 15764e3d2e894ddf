"""The card's counters: their totals as rows of a memory, and beside it what has come since in flip-flops."""

from collections import defaultdict
from collections.abc import Mapping

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from amaranth.utils import bits_for

from hdl.one_hot import select

__all__ = ["LOOK_DISTANCE", "Counters", "longest_round"]

#: Cycles from one look to the next at least: the bus is given the next access when the one before is answered.
LOOK_DISTANCE = 4
#: Low bits of a row's number that choose among the counters of one group.
_GROUP_BITS = 4


def longest_round(counters: int) -> int:
    """Give the cycles from a counter's turn to its next one at most, when every look that may come takes a turn.

    Parameters
    ----------
    counters : int
        How many take turns, at least 1.
    """
    cycles = counters
    while cycles - -(-cycles // LOOK_DISTANCE) < counters:
        cycles += 1
    return cycles


class Counters(wiring.Component):
    """Adds up increments, each counter for itself, and shows any total as it stands.

    Totals stop at their largest value. A total is a row of a memory. What comes is added in a few flip-flops a counter,
    which are so wide that they cannot overflow until it is the counter's turn: one counter a cycle, in order of the
    rows, has them added to its row and cleared. A look takes a turn: it adds likewise and changes nothing, so that
    nothing is counted twice. A reset does not clear the rows: until its turn in the first round after it a row is taken
    for zero.

    Latency: a turn or a look is 3 cycles from row to total, one begins in every cycle. In cycle 1 the row is read; in
    cycle 2 the flip-flops are, and are cleared if it is a turn; in cycle 3 both are added and, of a turn, written. Who
    reads a row in the two cycles after that of a turn on it is given what the turn writes.

    Bad input: a row without a counter shows zero. Looks that come faster than
    :data:`LOOK_DISTANCE` keep counters from their turns, and increments may be lost.

    Parameters
    ----------
    increments : Mapping
        Width of the increment in bits of each counter, by its row; at least one.
    rows : int
        Of the memory: how many there are, with and without a counter.
    width : int
        Of a total, in bits.

    Ports
    -----
    increment_N : In
        Of the counter in row N.
    look, row : In
        Cycle 1: a total is looked at, and whose.
    total : Out
        Cycle 3: what had come by the end of cycle 1, all told.
    """

    def __init__(self, increments: Mapping[int, int], *, rows: int, width: int = 32) -> None:
        #: Those with a counter, in the order of their turns.
        self.rows = sorted(increments)
        self._bits = bits_for(rows - 1)
        ports = {f"increment_{row}": In(increments[row]) for row in self.rows}
        super().__init__({**ports, "look": In(1), "row": In(self._bits), "total": Out(width)})
        self._width = width
        self.memory = Memory(shape=width, depth=1 << self._bits, init=[])
        cycles = longest_round(len(self.rows))
        #: What has come to each counter since its turn, by its row.
        self.pending = {
            row: Signal((cycles * ((1 << bits) - 1)).bit_length(), name=f"pending_{row}")
            for row, bits in sorted(increments.items())
        }
        #: The row whose turn is next, and whether this is the first round after a reset.
        self.turn, self.first = Signal(self._bits, init=self.rows[0]), Signal(init=1)

    def elaborate(self, platform):
        """Build the three cycles of a turn, then the flip-flops that count."""
        m = Module()
        m.submodules.memory = self.memory
        write = self.memory.write_port()
        read = self.memory.read_port(transparent_for=(write,))

        # Cycle 1: whose turn it is, or who is looked at.
        row = Signal(self._bits)
        m.d.comb += [row.eq(Mux(self.look, self.row, self.turn)), read.addr.eq(row)]
        with m.If(~self.look):
            m.d.sync += [self.turn.eq(self._following(m)), self.first.eq(self.first & (self.turn != self.rows[-1]))]
        taking, at, fresh = Signal(), Signal(self._bits), Signal()
        chosen, group = Signal(1 << min(_GROUP_BITS, self._bits)), Signal(1 << max(0, self._bits - _GROUP_BITS))
        m.d.sync += [
            taking.eq(~self.look),
            at.eq(row),
            # Before its turn in the first round a row still has what was there before the reset.
            fresh.eq(self.first & (row >= self.turn)),
            chosen.eq(Cat(row[:_GROUP_BITS] == i for i in range(len(chosen)))),
            group.eq(Cat(row[_GROUP_BITS:] == i for i in range(len(group)))),
        ]

        # Cycle 2: the row, also where the turn before is on it, and what has come since.
        writing, written = Signal(), Signal(self._bits)
        base, came = Signal(self._width), Signal(max(len(p) for p in self.pending.values()))
        same = Signal()
        m.d.comb += same.eq(writing & (written == at))
        m.d.sync += [
            writing.eq(taking),
            written.eq(at),
            base.eq(Mux(fresh, 0, Mux(same, self.total, read.data))),
            came.eq(self._came(chosen, group)),
        ]

        # Cycle 3: the sum.
        total = Signal(max(self._width, len(came)) + 1)
        m.d.comb += [
            total.eq(base + came),
            self.total.eq(Mux(total[self._width :].any(), ~0, total)),
            write.addr.eq(written),
            write.data.eq(self.total),
            write.en.eq(writing),
        ]

        for place, pending in self.pending.items():
            increment = getattr(self, f"increment_{place}")
            taken = taking & chosen[place % len(chosen)] & group[place >> _GROUP_BITS]
            m.d.sync += pending.eq(Mux(taken, increment, pending + increment))
        return m

    def _following(self, m: Module) -> Signal:
        """Give the row after that of the turn: only where rows are missing is it not simply the next one."""
        following = Signal(self._bits)
        m.d.comb += following.eq(self.turn + 1)
        with m.Switch(self.turn):
            for row, after in zip(self.rows, [*self.rows[1:], self.rows[0]], strict=True):
                if after != row + 1:
                    with m.Case(row):
                        m.d.comb += following.eq(after)
        return following

    def _came(self, chosen: Signal, group: Signal):
        """Choose in two steps, so that neither is wide."""
        members = defaultdict(list)
        for row in self.rows:
            members[row >> _GROUP_BITS].append(row)
        came = [
            select(Cat(chosen[row % len(chosen)] for row in rows), [self.pending[row] for row in rows])
            for rows in members.values()
        ]
        return select(Cat(group[number] for number in members), came)
