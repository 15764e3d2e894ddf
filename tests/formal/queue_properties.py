"""What must hold of the queue before the book: each event comes out once, whole and in order, or is said to be lost."""

from amaranth import Module, Mux, ResetSignal, Signal
from amaranth.hdl import Assert, Assume
from amaranth.lib import wiring
from constant import stays

from hdl.book.queue import EventQueue
from hdl.types import MarketEvent

DEPTH = 3


class QueueProperties(wiring.Component):
    """The real :class:`~hdl.book.queue.EventQueue`, three deep; events come from both sides and are taken in any cycle.

    One event is watched, the solver says which: the n-th that was not lost must be the n-th that comes out, bit by bit.
    """

    def __init__(self):
        super().__init__({})
        self.queue = EventQueue(DEPTH)
        self.watched = Signal(4)
        incoming = self.queue.incoming
        self.stamp = Signal(4)  # the event, over and over: each of its bits is one of the stamp's
        self.free = [
            *(incoming.valid, self.queue.background.valid, self.stamp, self.queue.outgoing.ready, self.watched),
        ]

    def elaborate(self, platform):
        m = Module()
        m.submodules.queue = queue = self.queue
        stays(m, self.watched)
        incoming, background, outgoing = queue.incoming, queue.background, queue.outgoing
        bits = len(incoming.payload.as_value())
        m.d.comb += [
            Assume(~ResetSignal()),
            incoming.payload.as_value().eq(self.stamp.replicate(bits // 4 + 1)),
            background.payload.as_value().eq(~self.stamp.replicate(bits // 4 + 1)),
        ]
        added = background.valid & background.ready
        kept = (incoming.valid & ~queue.overflow) | added
        what = Mux(added, background.payload.as_value(), incoming.payload.as_value())
        leaves = outgoing.valid & outgoing.ready
        came, left = Signal(4), Signal(4)  # events kept, events gone
        m.d.sync += [came.eq(came + kept), left.eq(left + leaves)]
        waiting = Signal(4)
        m.d.comb += waiting.eq(came - left)

        item = Signal(MarketEvent)
        with m.If(kept & (came == self.watched)):
            m.d.sync += item.eq(what)
        due = leaves & (left == self.watched)
        with m.If(due):
            m.d.comb += [
                Assert(self.watched <= came),
                Assert(outgoing.payload.as_value() == Mux(came == self.watched, what, item.as_value())),
            ]
        m.d.comb += [
            Assert(queue.level == waiting),
            Assert(waiting <= DEPTH),
            Assert(~queue.overflow | (incoming.valid & (waiting == DEPTH))),
            Assert(~leaves | kept | (waiting != 0)),
            # The second source never takes a cycle of the feed's, nor the last half of the queue.
            Assert(~added | (~incoming.valid & (waiting < DEPTH // 2))),
            Assert(~outgoing.valid | (waiting != 0) | incoming.valid),
        ]
        # Empty, it passes an event on at once; what waits is offered in the second cycle after it came or became next.
        with m.If((waiting == 0) & incoming.valid):
            m.d.comb += [Assert(outgoing.valid), Assert(outgoing.payload.as_value() == incoming.payload.as_value())]
        waited = Signal(2)
        m.d.sync += waited.eq(Mux((waiting == 0) | leaves, 0, Mux(waited == 2, 2, waited + 1)))
        with m.If((waiting != 0) & (waited != 0)):
            m.d.comb += Assert(outgoing.valid)
        # The largest number that ever waited.
        most = Signal(4)
        with m.If(waiting > most):
            m.d.sync += most.eq(waiting)
        m.d.comb += Assert(queue.max_level == most)
        return m
