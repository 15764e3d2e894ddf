"""How many orders the table holds."""

from amaranth import Array, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import bits_for

__all__ = ["LiveCount"]


class LiveCount(wiring.Component):
    """Counts orders by slot, because a slot that is cleared takes all of its own along at once.

    Parameters
    ----------
    slots : int
        Symbols.
    most : int
        Orders that may be held, over all of them.

    Ports
    -----
    added, added_slot : In(1), In
        An order comes.
    removed, cleared, slot : In(1), In(1), In
        An order goes; all of ``slot`` do. Neither together with ``added``.
    total : Out
        Orders held, from the next cycle on.
    """

    def __init__(self, slots: int, most: int) -> None:
        self._slots = slots
        slot = bits_for(slots - 1)
        super().__init__(
            {
                "added": In(1),
                "added_slot": In(slot),
                "removed": In(1),
                "cleared": In(1),
                "slot": In(slot),
                "total": Out(range(most + 1)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        counts = Array(Signal.like(self.total, name=f"count_{s}") for s in range(self._slots))
        count, after = Signal.like(self.total), Signal.like(self.total)
        slot = Mux(self.added, self.added_slot, self.slot)
        m.d.comb += [
            count.eq(counts[slot]),
            after.eq(Mux(self.cleared, 0, count + self.added - self.removed)),
        ]
        with m.If(self.cleared):
            m.d.sync += self.total.eq(self.total - count)
        with m.Else():
            m.d.sync += self.total.eq(self.total + self.added - self.removed)
        for s in range(self._slots):
            with m.If((slot == s) & (self.cleared | self.added | self.removed)):
                m.d.sync += counts[s].eq(after)
        return m
