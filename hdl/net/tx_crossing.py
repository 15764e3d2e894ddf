"""From the card's clock into the line's: what is to be sent."""

from amaranth import Array, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.cdc import PulseSynchronizer
from amaranth.lib.fifo import AsyncFIFO
from amaranth.lib.wiring import In, Out

from hdl.net.frame import Beat, frame_signature

__all__ = ["TransmitCrossing"]


class TransmitCrossing(wiring.Component):
    """Takes frames from the card's clock into the line's, and their beats apart into bytes.

    The line takes as many bytes as the card gives where both clocks come from one PLL, so a frame that has no hole has
    none behind it: the first byte is taken when the preamble has been sent, and by then two beats wait.

    A frame is taken only when the last byte of the one before has gone: what is more urgent than it may still come
    meanwhile, and goes first. That is known again before the check sequence and the gap are over.

    Parameters
    ----------
    to_domain : str
        Clock domain of ``tx``; the other side is ``sync``.
    width : int
        Bytes of a beat.
    depth : int
        Beats that may wait; a power of two.

    Ports
    -----
    frames : In
        Frames, a beat a cycle once they have begun.
    tx : Out
        The same, a byte a beat, in ``to_domain``.

    Latency: docs/blocks/crossing.md; it varies by one cycle of the line with the phase of the clocks.
    """

    def __init__(self, to_domain: str, *, width: int, depth: int = 8) -> None:
        self._to, self._width, self._depth = to_domain, width, depth
        super().__init__({"frames": In(frame_signature(width)), "tx": Out(frame_signature(1))})

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        layout = Beat(self._width)
        m.submodules.queue = queue = AsyncFIFO(width=layout.size, depth=self._depth, w_domain="sync", r_domain=self._to)
        beat = Signal(layout)
        lane = Signal(range(self._width))
        ends = lane == (beat.count - 1)[: len(lane)]
        out = self.tx.payload
        gone = out.last & self.tx.valid & self.tx.ready
        m.submodules.gone = last_gone = PulseSynchronizer(self._to, "sync")
        waits = Signal()
        accepted = self.frames.valid & self.frames.ready
        m.d.sync += waits.eq((waits & ~last_gone.o) | (accepted & self.frames.payload.last))
        m.d.comb += [
            last_gone.i.eq(gone),
            queue.w_data.eq(self.frames.payload),
            queue.w_en.eq(self.frames.valid & ~waits),
            self.frames.ready.eq(queue.w_rdy & ~waits),
            beat.eq(queue.r_data),
            self.tx.valid.eq(queue.r_rdy),
            out.data[0].eq(Array(beat.data)[lane]),
            out.count.eq(1),
            out.last.eq(beat.last & ends),
            out.error.eq(beat.error & ends),
            queue.r_en.eq(self.tx.ready & ends),
        ]
        with m.If(self.tx.valid & self.tx.ready):
            m.d[self._to] += lane.eq(lane + 1)
            with m.If(ends):
                m.d[self._to] += lane.eq(0)
        return m
