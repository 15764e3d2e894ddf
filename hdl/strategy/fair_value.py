"""Fair value of a book above its best bid: the mid, or the mid weighted by the sizes of the best levels."""

from amaranth import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["FAIR_BITS", "FairValue"]

#: Bits of the spread in ticks, and steps of both divisions.
STEPS = 8
#: Twice 255 ticks in 1/256 half-tick.
FAIR_BITS = 17


class FairValue(wiring.Component):
    """Divides, a bit a cycle: the spread by the tick, and the best bid's shares by those of both best levels.

    The mid is half a spread above the bid. The weighted mid is the spread times the bid's part of the shares above the
    bid, so that it lies nearer to the side with fewer shares; the part is cut to 1/256.

    Ports
    -----
    start : In(1)
        Takes the inputs below and begins; ignored while one is under way.
    bid, ask : In(32)
        Best prices, ``ask`` above ``bid``.
    bid_size, ask_size : In(32)
        Shares of the best levels, neither zero.
    tick : In(32), weighted : In(1)
        1/10,000 dollar; which of the two.
    done : Out(1)
        Pulse: the outputs below are there, and stay until the next ``start``.
    spread : Out(8), whole : Out(1)
        Spread in ticks; low ``whole`` says that it is no number of ticks from 1 to 255, and the others mean nothing.
    fair : Out(17)
        Fair value above the best bid, in 1/256 half-tick.

    Latency: ``done`` 10 cycles after ``start``.
    """

    start: In(1)
    bid: In(32)
    ask: In(32)
    bid_size: In(32)
    ask_size: In(32)
    tick: In(32)
    weighted: In(1)
    done: Out(1)
    spread: Out(STEPS)
    whole: Out(1)
    fair: Out(FAIR_BITS)

    def elaborate(self, platform):
        """Build the block."""
        m = Module()
        under_way, left = Signal(), Signal(range(STEPS + 1))
        rest, divisor = Signal(32), Signal(32 + STEPS)  # of the spread; the tick, shifted to the bit tried now
        part, total = Signal(33), Signal(33)  # of the shares
        weight, weighted = Signal(STEPS), Signal()
        fits, heavier, doubled = Signal(), Signal(), Signal(34)
        m.d.comb += [
            fits.eq(rest >= divisor),
            doubled.eq(part << 1),
            heavier.eq(doubled >= total),
        ]
        m.d.sync += self.done.eq(0)
        with m.If(~under_way & self.start):
            m.d.sync += [
                under_way.eq(1),
                left.eq(STEPS),
                rest.eq(self.ask - self.bid),
                divisor.eq(self.tick << (STEPS - 1)),
                part.eq(self.bid_size),
                total.eq(self.bid_size + self.ask_size),
                weighted.eq(self.weighted),
            ]
        with m.Elif(under_way & (left != 0)):
            m.d.sync += [
                left.eq(left - 1),
                self.spread.eq(self.spread << 1 | fits),
                rest.eq(Mux(fits, rest - divisor, rest)),
                divisor.eq(divisor >> 1),
                weight.eq(weight << 1 | heavier),
                part.eq(Mux(heavier, doubled - total, doubled)),
            ]
        with m.Elif(under_way):
            m.d.sync += [
                under_way.eq(0),
                self.done.eq(1),
                # A spread beyond 255 ticks leaves a rest as well.
                self.whole.eq((rest == 0) & (self.spread != 0)),
                self.fair.eq(Mux(weighted, (self.spread * weight) << 1, self.spread << 8)),
            ]
        return m
