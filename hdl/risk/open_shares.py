"""Shares that could still fill, of every slot and side: a total that a grant and an answer may change in one cycle."""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from hdl.slot_numbers import SlotNumbers
from hdl.types import Side

__all__ = ["OpenChange", "OpenShares"]


class OpenChange(data.Struct):
    """A change of a slot's total on one side: so many shares more, and so many fewer."""

    slot: 8
    side: Side
    more: 32
    fewer: 32


class OpenShares(wiring.Component):
    """Keeps the totals in a memory with one way to write it, which a grant has in its cycle.

    An answer's total waits in a register for the first cycle without a grant, and is read from there meanwhile: nothing
    but the choice of the two is behind the memory, where the gate reads. A grant of the total that waits is added to
    it, and takes its place. Only the next grant could keep an answer's total waiting again, and that comes after the
    next answer: an order waits for the SENT of the one before.

    Parameters
    ----------
    slots : int
        Symbols followed.
    readers : int
        Totals shown at once.

    Ports
    -----
    granted : In(1), grant : In(OpenChange)
        An order was granted; it takes nothing away.
    answered : In(1), answer : In(OpenChange)
        What an answer makes of a total; at most one every 4 cycles.
    slot : In(array of 8), side : In(array of Side), total : Out(array of 32)
        What each reader asks for, in the same cycle.

    Latency: 1 cycle.
    """

    def __init__(self, slots: int, readers: int) -> None:
        self._slots, self._readers = slots, readers
        super().__init__(
            {
                "granted": In(1),
                "grant": In(OpenChange),
                "answered": In(1),
                "answer": In(OpenChange),
                "slot": In(data.ArrayLayout(8, readers)),
                "side": In(data.ArrayLayout(Side, readers)),
                "total": Out(data.ArrayLayout(32, readers)),
            }
        )

    def elaborate(self, platform):
        """Build the block."""
        m = Module()
        m.submodules.totals = totals = SlotNumbers(32, 2 * self._slots, readers=self._readers + 2)
        waits, waiting, waiting_total = Signal(), Signal(8), Signal(32)
        grant, answer = self.grant, self.answer

        def row(of):
            return Cat(of.side, of.slot[:7])

        def read(reader, asked):
            total = Signal(32, name=f"total_{reader}")
            m.d.comb += [
                totals.row[reader].eq(asked),
                total.eq(Mux(waits & (waiting == asked), waiting_total, totals.number[reader])),
            ]
            return total

        of_grant, of_answer = read(self._readers, row(grant)), read(self._readers + 1, row(answer))
        for i in range(self._readers):
            m.d.comb += self.total[i].eq(read(i, Cat(self.side[i], self.slot[i][:7])))
        grants, answers, both = Signal(), Signal(), Signal()
        after_grant, after_answer = Signal(32), Signal(32)
        m.d.comb += [
            grants.eq(self.granted & (grant.slot < self._slots)),
            answers.eq(self.answered & (answer.slot < self._slots)),
            both.eq(grants & (row(grant) == row(answer))),
            after_grant.eq(of_grant + grant.more),
            # What is known last is added last.
            after_answer.eq(of_answer - answer.fewer + answer.more + Mux(both, grant.more, 0)),
            totals.write.eq(grants | waits),
            totals.write_row.eq(Mux(grants, row(grant), waiting)),
            totals.write_number.eq(Mux(grants, after_grant, waiting_total)),
        ]
        with m.If(answers):
            m.d.sync += [waits.eq(1), waiting.eq(row(answer)), waiting_total.eq(after_answer)]
        with m.Elif(~grants | (waiting == row(grant))):
            m.d.sync += waits.eq(0)
        return m
