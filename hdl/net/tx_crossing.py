"""From the card's clock into the line's: what is to be sent."""

from amaranth import DomainRenamer, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.cdc import PulseSynchronizer
from amaranth.lib.fifo import AsyncFIFO
from amaranth.lib.wiring import In, Out, connect, flipped

from hdl.net.frame import Beat, frame_signature
from hdl.net.words import FromWords

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

    Latency: a byte is offered from the line's second edge on after the card's that took its beat.
    """

    def __init__(self, to_domain: str, *, width: int, depth: int = 8) -> None:
        self._to, self._width, self._depth = to_domain, width, depth
        super().__init__({"frames": In(frame_signature(width)), "tx": Out(frame_signature(1))})

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        m.submodules.queue = queue = AsyncFIFO(
            width=Beat(self._width).size, depth=self._depth, w_domain="sync", r_domain=self._to
        )
        m.submodules.bytes = cut = DomainRenamer(self._to)(FromWords(1, word=self._width))
        m.submodules.gone = gone = PulseSynchronizer(self._to, "sync")
        waits = Signal()
        accepted = self.frames.valid & self.frames.ready
        m.d.sync += waits.eq((waits & ~gone.o) | (accepted & self.frames.payload.last))
        connect(m, cut.tx, flipped(self.tx))
        m.d.comb += [
            queue.w_data.eq(self.frames.payload),
            queue.w_en.eq(self.frames.valid & ~waits),
            self.frames.ready.eq(queue.w_rdy & ~waits),
            cut.words.payload.eq(queue.r_data),
            cut.words.valid.eq(queue.r_rdy),
            queue.r_en.eq(cut.words.ready),
            gone.i.eq(self.tx.valid & self.tx.ready & self.tx.payload.last),
        ]
        return m
