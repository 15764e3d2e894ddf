"""Shares located for short sales: what the host has set, less what was sold short."""

from amaranth import Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from hdl.bounded import less
from hdl.slot_numbers import SlotNumbers
from hdl.types import OrderAnswer, OrderAnswerKind

__all__ = ["Locates"]


class Locates(wiring.Component):
    """Counts each slot's located shares down with every execution of a short sale.

    What is open at the exchange is not counted here: whoever judges a short sale asks for the balance to cover all of
    the slot's open sales as well. Executions beyond what was located leave a balance of zero. The count of shares used
    saturates.

    One subtraction serves an execution, which has it at once, and what the host locates, which has it in the first
    cycle without one: a slot's balance is reckoned when the host has written it, and not looked at again.

    Parameters
    ----------
    slots : int
        Symbols followed.
    readers : int
        Slots shown at once.

    Ports
    -----
    locate : In(1), locate_slot : In(8), located : In(32)
        Strobe of the host: so many shares of the slot are located for the day. At most one every 4 cycles.
    answers : In(stream, always ready), short : In(1)
        Answers of the order port, at most one every 4 cycles; the order answered is a short sale.
    slot : In(array of 8), balance : Out(array of 32)
        What each reader asks for, and its shares that are still located, in the same cycle.
    busy : Out(1)
        What the host located is not in the balance yet.

    Latency: 1 cycle for an execution, 2 or 3 for the host.
    """

    def __init__(self, slots: int, readers: int) -> None:
        if not 1 <= slots <= 64:
            raise ValueError(f"a card has 1 to 64 slots, not {slots!r}")
        self.slots, self.readers = slots, readers
        super().__init__(
            {
                "locate": In(1),
                "locate_slot": In(8),
                "located": In(32),
                "answers": In(stream.Signature(OrderAnswer, always_ready=True)),
                "short": In(1),
                "slot": In(data.ArrayLayout(8, readers)),
                "balance": Out(data.ArrayLayout(32, readers)),
                "busy": Out(1),
            }
        )

    def elaborate(self, platform):
        """Build the block."""
        m = Module()
        answer = self.answers.payload
        m.submodules.used = used = SlotNumbers(32, self.slots, readers=1)
        m.submodules.balances = balances = SlotNumbers(32, self.slots, readers=self.readers + 1)
        waits, waiting, located = Signal(), Signal(8), Signal(32)
        sold, slot = Signal(), Signal(8)
        total = Signal(33)
        m.d.comb += [
            sold.eq(
                self.answers.valid & (answer.kind == OrderAnswerKind.EXECUTED) & self.short & (answer.slot < self.slots)
            ),
            slot.eq(Mux(sold, answer.slot, waiting)),
            total.eq(used.number[0] + answer.shares),
            used.row[0].eq(slot),
            used.write.eq(sold),
            used.write_row.eq(slot),
            used.write_number.eq(total[:32] | total[32].replicate(32)),
            *(balances.row[i].eq(self.slot[i]) for i in range(self.readers)),
            *(self.balance[i].eq(balances.number[i]) for i in range(self.readers)),
            balances.row[self.readers].eq(slot),
            balances.write.eq(sold | waits),
            balances.write_row.eq(slot),
            balances.write_number.eq(
                less(
                    m,
                    Mux(sold, balances.number[self.readers], located),
                    Mux(sold, answer.shares, used.number[0]),
                )
            ),
            self.busy.eq(waits),
        ]
        with m.If(self.locate & (self.locate_slot < self.slots)):
            m.d.sync += [waits.eq(1), waiting.eq(self.locate_slot), located.eq(self.located)]
        with m.Elif(~sold):
            m.d.sync += waits.eq(0)
        return m
