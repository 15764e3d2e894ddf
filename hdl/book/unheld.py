"""How many orders of each slot live without a place in the table."""

from amaranth import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

__all__ = ["Unheld"]

#: More are not told apart: a slot that has ever had so many is not counted down.
_MOST = 255


class Unheld(wiring.Component):
    """Counts orders that did not fit, and says when the last of them is gone.

    An order that did not fit is counted. A Delete of an order that is not in the table takes one away: in a book that
    has missed nothing it can only be one of these. Executions and cancels take none away, because how much was left of
    such an order is not known; so the number is never too small, and at zero every live order is in the table. Whether
    the book has missed nothing is for whoever listens to know.

    Parameters
    ----------
    slots : int
        Symbols.

    Ports
    -----
    overflow, gone, clear
        Never two of them in one cycle: an order of ``slot`` did not fit; one that is not in the table was deleted; the
        slot's orders are all gone.
    slot
        Of these.
    all_held
        Pulse, in the cycle of ``gone``: no order of ``slot`` is without a place any more.

    Latency: none. A slot is counted from its first ``clear`` on, since the counts outlive a reset.
    """

    def __init__(self, slots: int) -> None:
        self._slots = slots
        super().__init__(
            {
                "overflow": In(1),
                "gone": In(1),
                "clear": In(1),
                "slot": In(8),
                "all_held": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        m.submodules.counts = counts = Memory(shape=8, depth=self._slots, init=[])
        write, now = counts.write_port(), counts.read_port(domain="comb")
        counted = Signal(self._slots)
        known = Signal()
        m.d.comb += [
            known.eq((self.slot < self._slots) & counted.bit_select(self.slot, 1)),
            now.addr.eq(self.slot),
            write.addr.eq(self.slot),
            write.en.eq((self.slot < self._slots) & (self.overflow | self.gone | self.clear)),
        ]
        with m.If(self.clear):
            m.d.comb += write.data.eq(0)
            with m.If(self.slot < self._slots):
                m.d.sync += counted.bit_select(self.slot, 1).eq(1)
        with m.Elif(self.overflow):
            m.d.comb += write.data.eq(Mux(now.data == _MOST, _MOST, now.data + 1))
        with m.Elif((now.data != 0) & (now.data != _MOST)):
            m.d.comb += [write.data.eq(now.data - 1), self.all_held.eq(self.gone & known & (now.data == 1))]
        with m.Else():
            m.d.comb += write.data.eq(now.data)
        return m
