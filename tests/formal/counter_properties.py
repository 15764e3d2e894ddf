"""What must hold of the counters: a total is the sum of what came, and stops at its largest value."""

from amaranth import Module, Mux, Signal
from amaranth.hdl import Assert, Assume
from amaranth.lib import wiring

from hdl.regs.counters import LOOK_DISTANCE, Counters, longest_round

#: Width of each counter's increment by its row; the other rows have none.
INCREMENTS = {1: 1, 2: 2, 5: 1}
ROWS = 8
WIDTH = 4


class CounterProperties(wiring.Component):
    """The real :class:`~hdl.regs.counters.Counters`; increments, looks and resets are free.

    Looks come no faster than the bus asks. Beside each counter stands its sum, in a register as wide as a total: each
    total that leaves is that sum as it was two cycles before, whether it is looked at or it is the counter's turn. What
    is in the memory, on its way to it and in the flip-flops is that sum at any time.
    """

    def __init__(self):
        super().__init__({})
        self.counters = Counters(INCREMENTS, rows=ROWS, width=WIDTH)
        self.increments = {row: getattr(self.counters, f"increment_{row}") for row in INCREMENTS}
        self.free = [self.counters.look, self.counters.row, *self.increments.values()]

    def elaborate(self, platform):
        m = Module()
        m.submodules.counters = counters = self.counters
        largest = (1 << WIDTH) - 1
        since = Signal(range(LOOK_DISTANCE))  # cycles until the next look may come
        m.d.sync += since.eq(Mux(counters.look, LOOK_DISTANCE - 1, Mux(since > 0, since - 1, 0)))
        m.d.comb += Assume(~(counters.look & (since > 0)))

        # Cycles 2 and 3 of a turn or look, as far as no reset came between.
        rows, turns, alive = (
            [Signal.like(value, name=f"{name}_{k}") for k in (2, 3)]
            for name, value in (("row", counters.row), ("turn", Signal()), ("alive", Signal()))
        )
        m.d.sync += [
            rows[0].eq(Mux(counters.look, counters.row, counters.turn)),
            turns[0].eq(~counters.look),
            alive[0].eq(1),
        ]
        m.d.sync += [after[1].eq(after[0]) for after in (rows, turns, alive)]
        known = Signal()
        m.d.comb += known.eq(0)
        for number, row in enumerate(counters.rows):
            pending, increment = counters.pending[row], self.increments[row]
            sum_, past = Signal(WIDTH, name=f"sum_{row}"), Signal(WIDTH, name=f"past_{row}")
            wanted = Signal(WIDTH + 1, name=f"wanted_{row}")
            m.d.comb += wanted.eq(sum_ + increment)
            m.d.sync += [sum_.eq(Mux(wanted > largest, largest, wanted)), past.eq(sum_)]
            in_2, in_3 = (alive[k] & turns[k] & (rows[k] == row) for k in (0, 1))
            with m.If(alive[1] & (rows[1] == row)):
                m.d.comb += Assert(counters.total == past, f"row {row} shows its sum")

            port = counters.memory.read_port(domain="comb")
            m.d.comb += port.addr.eq(row)
            told = Signal(name=f"told_{row}")  # in this round after a reset
            m.d.sync += told.eq(told | (~counters.look & (counters.turn == row)))
            written = Signal(name=f"written_{row}")
            m.d.sync += written.eq(written | in_3)
            kept, all_ = Signal(WIDTH, name=f"kept_{row}"), Signal(WIDTH + len(pending) + 1, name=f"all_{row}")
            m.d.comb += [
                kept.eq(Mux(in_3, counters.total, Mux(written, port.data, 0))),
                all_.eq(kept + pending),
                Assert(Mux(all_ > largest, largest, all_) == sum_, f"row {row} has its sum"),
                Assert(told == ~(counters.first & (counters.turn <= row)), f"row {row} knows its first round"),
                Assert(told == (written | in_2 | in_3), f"row {row} is written when its turn was"),
            ]
            with m.If(counters.turn == row):
                m.d.comb += known.eq(1)
            self._bound(m, row, number, since, in_2)
        for row in set(range(ROWS)) - set(counters.rows):
            port = counters.memory.read_port(domain="comb")
            m.d.comb += [port.addr.eq(row), Assert(port.data == 0, f"row {row} has no counter")]
            with m.If(alive[1] & (rows[1] == row)):
                m.d.comb += Assert(counters.total == 0, f"row {row} shows nothing")
        m.d.comb += Assert(known, "it is the turn of one that is there")
        return m

    def _bound(self, m: Module, row: int, number: int, since: Signal, taken) -> None:
        """A counter's flip-flops hold what as many cycles can bring as a round lasts at most."""
        counters = self.counters
        pending, most = counters.pending[row], (1 << INCREMENTS[row]) - 1
        round_ = longest_round(len(INCREMENTS))
        age, left = Signal(range(2 * round_), name=f"age_{row}"), Signal(range(2 * round_), name=f"left_{row}")
        m.d.sync += age.eq(Mux(taken, 1, age + 1))
        with m.Switch(counters.turn):
            for place, other in enumerate(counters.rows):
                with m.Case(other), m.Switch(since):
                    turns = (number - place) % len(INCREMENTS) + 1
                    for wait in range(LOOK_DISTANCE):
                        with m.Case(wait):
                            m.d.comb += left.eq(_cycles(turns, wait))
        m.d.comb += [
            Assert(pending <= age * most, f"row {row} holds no more than came"),
            Assert(Mux(taken, age, age + left) <= round_, f"row {row} has its turn in time"),
            Assert(~taken | (pending <= round_ * most), f"row {row} does not overflow"),
        ]


def _cycles(turns: int, wait: int) -> int:
    """Cycles in which so many turns are had, if looks come as soon as they may, the first after ``wait`` cycles."""
    cycles = 0
    while turns:
        look = cycles >= wait and (cycles - wait) % LOOK_DISTANCE == 0
        turns -= not look
        cycles += 1
    return cycles
