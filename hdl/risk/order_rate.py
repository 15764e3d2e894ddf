"""How many orders the card may send in a stretch of time: a token bucket."""

from amaranth import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["OrderRate"]


class OrderRate(wiring.Component):
    """Counts every ENTER and REPLACE that is granted against a bucket of tokens.

    The bucket holds at most ``burst`` tokens and gets one every ``interval`` cycles of card time. After reset it is
    empty. An order that is granted to an empty bucket, because it raises no exposure, takes nothing. Where card time
    leaps, as in a simulation, one token comes each cycle until what is due is there.

    Ports
    -----
    card_time : In(64)
        Cycles.
    burst : In(16), interval : In(40)
        Tokens, and cycles; a burst of zero turns the check off.
    granted : In(1)
        Strobe: an ENTER or a REPLACE leaves the gate.
    empty : Out(1)
        Nothing that raises exposure may leave.
    busy : Out(1)
        A token is due.

    Latency: ``empty`` follows a grant by 1 cycle.
    """

    card_time: In(64)
    burst: In(16)
    interval: In(40)
    granted: In(1)
    empty: Out(1)
    busy: Out(1)

    def elaborate(self, platform):
        """Build the block."""
        m = Module()
        tokens = Signal(16)
        since = Signal(64)  # card time up to which tokens were given
        due, full = Signal(), Signal()
        m.d.comb += [
            full.eq(tokens >= self.burst),
            due.eq((self.card_time - since)[:64] >= self.interval),
            self.empty.eq((self.burst != 0) & (tokens == 0)),
        ]
        gains, spends = Signal(), Signal()
        m.d.comb += self.busy.eq((self.burst != 0) & due & ~full)
        m.d.comb += [gains.eq(due & ~full), spends.eq(self.granted & (tokens != 0))]
        m.d.sync += tokens.eq(Mux(tokens > self.burst, self.burst, tokens + gains - spends))
        with m.If(full):
            m.d.sync += since.eq(self.card_time)
        with m.Elif(due):
            m.d.sync += since.eq(since + self.interval)
        return m
