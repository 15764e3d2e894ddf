"""Symbols of which the exchange said what cannot be: what the card knows of them is not what the exchange knows."""

from amaranth import Module
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["Unexplained"]


class Unexplained(wiring.Component):
    """Stops a slot from an impossible answer on, until the host says that its books are right again.

    What can be booked of such an answer has been booked: see :class:`~hdl.orders.row_answer.RowAnswer`. The host
    compares with the exchange and puts the slot right (``trade[].adjust`` while disarmed; an adjustment of nothing is
    one too). An impossible answer in the cycle of the host's word stops the slot again.

    Parameters
    ----------
    slots : int
        Symbols followed.

    Ports
    -----
    impossible : In(1), slot : In(8)
        Strobe: an impossible answer that speaks of this slot.
    settled : In(array of 1)
        Strobes: the host has put the slot right.
    stopped : Out(array of 1)
        Nothing but a cancel may leave for the slot.

    Latency: 1 cycle.
    """

    def __init__(self, slots: int) -> None:
        self._slots = slots
        super().__init__(
            {
                "impossible": In(1),
                "slot": In(8),
                "settled": In(data.ArrayLayout(1, slots)),
                "stopped": Out(data.ArrayLayout(1, slots)),
            }
        )

    def elaborate(self, platform):
        """Build the block."""
        m = Module()
        for i in range(self._slots):
            with m.If(self.impossible & (self.slot == i)):
                m.d.sync += self.stopped[i].eq(1)
            with m.Elif(self.settled[i]):
                m.d.sync += self.stopped[i].eq(0)
        return m
