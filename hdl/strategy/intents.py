"""Two strategies' ways to the gate, made one."""

from amaranth import Module, Mux
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from hdl.types import OrderIntent

__all__ = ["IntentOrder"]


class IntentOrder(wiring.Component):
    """Passes the first strategy's intent whenever it has one, else the second's. Nothing is kept and nothing lost.

    What is offered may change from the second's to the first's before it is taken; whoever takes looks at it only in
    the cycle in which it does.

    Ports
    -----
    first, second : In(stream)
        Intents of the strategies; each stays until it is taken.
    outgoing : Out(stream)
        To the gate.

    Latency: none.
    """

    first: In(stream.Signature(OrderIntent))
    second: In(stream.Signature(OrderIntent))
    outgoing: Out(stream.Signature(OrderIntent))

    def elaborate(self, platform):
        """Build the block."""
        m = Module()
        m.d.comb += [
            self.outgoing.valid.eq(self.first.valid | self.second.valid),
            self.outgoing.payload.eq(Mux(self.first.valid, self.first.payload, self.second.payload)),
            self.first.ready.eq(self.outgoing.ready),
            self.second.ready.eq(self.outgoing.ready & ~self.first.valid),
        ]
        return m
