"""Symbols in which the exchange broke a trade: what the card holds of them is no longer known."""

from amaranth import Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from hdl.types import OrderAnswer, OrderAnswerKind

__all__ = ["BrokenTrades"]


class BrokenTrades(wiring.Component):
    """Stops a slot from the answer BROKEN on, until the host says that its books are right again.

    OUCH names the match that was broken, not its shares, so the card cannot put position and cash right itself. The
    host does (``trade[].adjust`` while disarmed), and that ends the stop. A trade broken in the same cycle as the
    host's word stops the slot again. So does a correction, and a trade of an order that is dead by now.

    Parameters
    ----------
    slots : int
        Symbols followed.

    Ports
    -----
    answers : In(stream, always ready)
        Answers of the order port.
    settled : In(array of 1)
        Strobes: the host has put the slot's position and cash right.
    broken : Out(array of 1)
        Nothing but a cancel may leave for the slot.

    Latency: 1 cycle.
    """

    def __init__(self, slots: int) -> None:
        self._slots = slots
        super().__init__(
            {
                "answers": In(stream.Signature(OrderAnswer, always_ready=True)),
                "settled": In(data.ArrayLayout(1, slots)),
                "broken": Out(data.ArrayLayout(1, slots)),
            }
        )

    def elaborate(self, platform):
        """Build the block."""
        m = Module()
        answer = self.answers.payload
        breaks = Signal()
        m.d.comb += breaks.eq(self.answers.valid & (answer.kind == OrderAnswerKind.BROKEN))
        for i in range(self._slots):
            with m.If(breaks & (answer.slot == i)):
                m.d.sync += self.broken[i].eq(1)
            with m.Elif(self.settled[i]):
                m.d.sync += self.broken[i].eq(0)
        return m
