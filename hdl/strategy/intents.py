"""Two ways to the gate, made one."""

from amaranth import Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from hdl.types import OrderIntent, OrderIntentKind

__all__ = ["IntentOrder"]


class IntentOrder(wiring.Component):
    """Passes a CANCEL first, whoever has it, else the first's intent, else the second's. Nothing is kept or lost.

    So no order that the gate does not take keeps a CANCEL waiting. What is offered may change before it is taken;
    whoever takes looks at it only in the cycle in which it does.

    Ports
    -----
    first, second : In(stream)
        Intents; each stays until it is taken.
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
        first = Signal()
        m.d.comb += [
            self.outgoing.valid.eq(self.first.valid | self.second.valid),
            first.eq(self.first.valid & (_cancels(self.first) | ~_cancels(self.second))),
            self.outgoing.payload.eq(Mux(first, self.first.payload, self.second.payload)),
            self.first.ready.eq(self.outgoing.ready & first),
            self.second.ready.eq(self.outgoing.ready & ~first),
        ]
        return m


def _cancels(source):
    """Whether a source offers a CANCEL."""
    return source.valid & (source.payload.kind == OrderIntentKind.CANCEL)
