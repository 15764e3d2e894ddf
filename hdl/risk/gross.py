"""The exposure of the whole card: all that is held or could fill, over all symbols."""

from amaranth import Module, Mux, Signal, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["GROSS_BITS", "GrossInventory"]

#: 64 slots of at most 2**31 shares held and 2**32 that could fill.
GROSS_BITS = 40


class GrossInventory(wiring.Component):
    """Adds up, over the slots, the largest position in either direction that the open orders could bring about.

    Of one slot that is the larger of position + open buys and open sells - position, and never less than zero.

    An order is counted 3 cycles after its grant, in time for the next one: after a grant the gate waits for the order
    port's SENT, which takes 4 cycles or more. An answer of the exchange moves shares from open to position and never
    raises the sum, so a sum that is some cycles old is never too small.

    Parameters
    ----------
    slots : int
        Symbols followed.

    Ports
    -----
    position, open_buy, open_sell : In(arrays)
        Of :class:`~hdl.risk.positions.Positions`.
    gross : Out(40)
        Shares.

    Latency: 2 cycles.
    """

    def __init__(self, slots: int) -> None:
        self._slots = slots
        super().__init__(
            {
                "position": In(data.ArrayLayout(signed(32), slots)),
                "open_buy": In(data.ArrayLayout(32, slots)),
                "open_sell": In(data.ArrayLayout(32, slots)),
                "gross": Out(GROSS_BITS),
            }
        )

    def elaborate(self, platform):
        """Build the block."""
        m = Module()
        worst = [Signal(33, name=f"worst{i}") for i in range(self._slots)]
        for i, stake in enumerate(worst):
            long = Signal(signed(34), name=f"long{i}")
            short = Signal(signed(34), name=f"short{i}")
            larger = Signal(signed(34), name=f"larger{i}")
            m.d.comb += [
                long.eq(self.position[i] + self.open_buy[i]),
                short.eq(self.open_sell[i] - self.position[i]),
                larger.eq(Mux(long > short, long, short)),
            ]
            m.d.sync += stake.eq(Mux(larger < 0, 0, larger))
        m.d.sync += self.gross.eq(sum(worst))
        return m
