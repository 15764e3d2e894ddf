"""What must hold of the way from the strategies and the host to the gate: no order keeps a CANCEL waiting."""

from amaranth import Module
from amaranth.hdl import Assert
from amaranth.lib import wiring

from hdl.strategy.intents import IntentOrder
from hdl.types import OrderIntentKind


class WayProperties(wiring.Component):
    """The real :class:`~hdl.strategy.intents.IntentOrder` twice, wired as in the engine, all offers free."""

    def __init__(self):
        super().__init__({})
        self.inner, self.outer = IntentOrder(), IntentOrder()
        self.sources = (self.outer.first, self.inner.first, self.inner.second)
        self.free = [self.outer.outgoing.ready]
        for source in self.sources:
            self.free += [source.valid, source.payload.as_value()]

    def elaborate(self, platform):
        m = Module()
        m.submodules.inner, m.submodules.outer = self.inner, self.outer
        wiring.connect(m, self.inner.outgoing, self.outer.second)
        out = self.outer.outgoing
        offered, cancels, taken = 0, 0, 0
        for source in self.sources:
            leaves = source.valid & source.ready
            offered = offered | source.valid
            cancels = cancels | (source.valid & (source.payload.kind == OrderIntentKind.CANCEL))
            taken = taken + leaves
            with m.If(leaves):
                m.d.comb += Assert(out.payload.as_value() == source.payload.as_value())
        m.d.comb += [Assert(out.valid == offered), Assert(taken == (out.valid & out.ready))]
        with m.If(cancels):
            m.d.comb += Assert(out.payload.kind == OrderIntentKind.CANCEL)
        return m
