"""The queue between the decoder, which never waits, and the book, which takes an event every few cycles."""

from amaranth import Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import bits_for

from hdl.block_queue import BlockQueue
from hdl.types import MarketEvent

__all__ = ["EventQueue"]


class EventQueue(wiring.Component):
    """Holds market events while the book is at work; the feed is never held up.

    An event that finds the queue empty passes in the same cycle: latency 0 cycles. One that has to wait is there two
    cycles after it came, at the earliest. An event that finds the queue full is lost and said to be lost.

    A second source may put events in, behind what waits, in cycles in which none comes from the decoder; it has to wait
    itself, and never takes more than half the queue.

    Parameters
    ----------
    depth : int
        Events that can wait.

    Ports
    -----
    incoming
        Events from the decoder, always taken.
    background
        Events of the second source.
    outgoing
        Events for the book.
    overflow
        Pulse: an event was lost in this cycle. Every book it could have been for is no longer true.
    level, max_level
        Events waiting, and the largest number that ever were since reset.
    """

    def __init__(self, depth: int = 512) -> None:
        self._depth = depth
        super().__init__(
            {
                "incoming": In(stream.Signature(MarketEvent, always_ready=True)),
                "background": In(stream.Signature(MarketEvent)),
                "outgoing": Out(stream.Signature(MarketEvent)),
                "overflow": Out(1),
                "level": Out(bits_for(depth)),
                "max_level": Out(16),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        m.submodules.fifo = fifo = BlockQueue(width=MarketEvent.as_shape().size, depth=self._depth)
        empty = Signal()
        passes = Signal()
        added = Signal()
        m.d.comb += [
            empty.eq(fifo.level == 0),
            self.outgoing.valid.eq(fifo.r_rdy | (empty & self.incoming.valid)),
            passes.eq(empty & self.outgoing.ready),
            fifo.r_en.eq(self.outgoing.ready),
            self.background.ready.eq(~self.incoming.valid & (fifo.level < self._depth // 2)),
            added.eq(self.background.valid & self.background.ready),
            # Beside the way through the queue, not in it: a second source costs an event of the feed nothing.
            fifo.w_data.eq(Mux(self.incoming.valid, self.incoming.payload, self.background.payload)),
            fifo.w_en.eq((self.incoming.valid & ~passes) | added),
            self.overflow.eq(fifo.w_en & ~fifo.w_rdy),
            self.level.eq(fifo.level),
        ]
        with m.If(empty):
            m.d.comb += self.outgoing.payload.eq(self.incoming.payload)
        with m.Else():
            m.d.comb += self.outgoing.payload.eq(fifo.r_data)
        with m.If(fifo.level > self.max_level):
            m.d.sync += self.max_level.eq(fifo.level)
        return m
