"""Shares located for short sales: what the host has set, less what was sold short."""

from amaranth import Array, Cat, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from hdl.bounded import less
from hdl.types import OrderAnswer, OrderAnswerKind

__all__ = ["Locates"]


class Locates(wiring.Component):
    """Counts each slot's located shares down with every execution of a short sale.

    What is open at the exchange is not counted here: whoever judges a short sale asks for the balance to cover all of
    the slot's open sales as well. Executions beyond what was located leave a balance of zero. The count of shares used
    saturates.

    One subtraction serves all slots: that of an execution is made at once, and in between the slots are gone through
    one by one for what the host has located anew.

    Parameters
    ----------
    slots : int
        Symbols followed.

    Ports
    -----
    located : In(array of 32)
        Shares that the host has located for the day.
    answers : In(stream, always ready), short : In(1)
        Answers of the order port; the order answered is a short sale.
    balance : Out(array of 32)
        Shares that are still located.
    busy : Out(1)
        What the host located is not in the balance yet.

    Latency: 1 cycle for an execution, at most ``slots`` + 4 cycles for the host.
    """

    def __init__(self, slots: int) -> None:
        self.slots = slots
        shares = data.ArrayLayout(32, slots)
        super().__init__(
            {
                "located": In(shares),
                "answers": In(stream.Signature(OrderAnswer, always_ready=True)),
                "short": In(1),
                "balance": Out(shares),
                "busy": Out(1),
            }
        )

    def elaborate(self, platform):
        """Build the block."""
        m = Module()
        answer = self.answers.payload
        used = Array(Signal(32, name=f"used{i}") for i in range(self.slots))
        followed = [Signal(32, name=f"followed{i}") for i in range(self.slots)]  # what the balance was reckoned from
        m.d.comb += self.busy.eq(Cat(now != then for now, then in zip(self.located, followed, strict=True)).any())

        # An execution.
        sold = Signal()
        total, now, left = Signal(33), Signal(32), Signal(32)
        m.d.comb += [
            sold.eq(self.answers.valid & (answer.kind == OrderAnswerKind.EXECUTED) & self.short),
            total.eq(used[answer.slot] + answer.shares),
            now.eq(total[:32] | total[32].replicate(32)),
            left.eq(less(m, self.balance[answer.slot], answer.shares)),
        ]

        # The host: a slot is read, its balance worked out, and written unless shares of some slot were sold meanwhile.
        slot = [Signal(range(max(self.slots, 2)), name=f"slot_{k}") for k in range(3)]
        valid = Signal(2)
        located, gone, fresh, located_then = Signal(32), Signal(32), Signal(32), Signal(32)
        m.d.sync += [
            slot[0].eq(Mux(slot[0] == self.slots - 1, 0, slot[0] + 1)),
            slot[1].eq(slot[0]),
            slot[2].eq(slot[1]),
            valid.eq(Mux(sold, 0, valid << 1 | 1)),
            located.eq(self.located[slot[0]]),
            gone.eq(used[slot[0]]),
            located_then.eq(located),
            fresh.eq(less(m, located, gone)),
        ]
        for i in range(self.slots):
            with m.If(sold & (answer.slot == i)):
                m.d.sync += [used[i].eq(now), self.balance[i].eq(left)]
            with m.Elif(~sold & valid[1] & (slot[2] == i)):
                m.d.sync += [self.balance[i].eq(fresh), followed[i].eq(located_then)]
        return m
