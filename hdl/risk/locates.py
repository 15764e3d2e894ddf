"""Shares located for short sales: what the host has set, less what was sold short."""

from amaranth import Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from hdl.types import OrderAnswer, OrderAnswerKind

__all__ = ["Locates"]


class Locates(wiring.Component):
    """Counts each slot's located shares down with every execution of a short sale.

    What is open at the exchange is not counted here: whoever judges a short sale asks for the balance to cover all of
    the slot's open sales as well. Executions beyond what was located leave a balance of zero. The count of shares used
    saturates.

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
        Shares that are still located; new 1 cycle after their cause.

    Latency: 1 cycle.
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
            }
        )

    def elaborate(self, platform):
        """Build the block."""
        m = Module()
        answer = self.answers.payload
        sold = self.answers.valid & (answer.kind == OrderAnswerKind.EXECUTED) & self.short
        for i in range(self.slots):
            used = Signal(32, name=f"used{i}")
            total, now = Signal(33, name=f"total{i}"), Signal(32, name=f"now{i}")
            m.d.comb += [
                total.eq(used + answer.shares),
                now.eq(Mux(sold & (answer.slot == i), total[:32] | total[32].replicate(32), used)),
            ]
            m.d.sync += [
                used.eq(now),
                self.balance[i].eq(Mux(self.located[i] > now, self.located[i] - now, 0)),
            ]
        return m
