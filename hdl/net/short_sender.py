"""A short frame of fixed size, given whole, out beat by beat."""

from amaranth import Cat, Module, Mux, Signal, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from hdl.net.frame import frame_signature
from hdl.wire.ethernet import SHORTEST_FRAME

__all__ = ["ShortSender"]


class ShortSender(wiring.Component):
    """Sends frames of one size; one shorter than Ethernet's 60 bytes is padded with zeros.

    Parameters
    ----------
    width : int
        Bytes of a beat: 1, 4 or 8.
    size : int
        Bytes of a frame, without check sequence.

    Ports
    -----
    frame : In
        A frame, first byte first; taken while none is being sent.
    tx : Out
        Frames.

    Latency: the first beat is offered in the cycle after the frame was taken.
    """

    def __init__(self, width: int, size: int) -> None:
        self._width, self._size = width, size
        super().__init__(
            {"frame": In(stream.Signature(data.ArrayLayout(unsigned(8), size))), "tx": Out(frame_signature(width))}
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        W, size = self._width, max(SHORTEST_FRAME, self._size)
        beats = -(-size // W)
        kept = Signal(8 * W * beats)
        left = Signal(range(beats + 1))
        tx = self.tx.payload
        m.d.comb += [
            self.frame.ready.eq(left == 0),
            self.tx.valid.eq(left != 0),
            Cat(tx.data).eq(kept[: 8 * W]),
            tx.last.eq(left == 1),
            tx.count.eq(Mux(tx.last, size - W * (beats - 1), W)),
        ]
        with m.If(self.frame.valid & self.frame.ready):
            m.d.sync += [kept.eq(Cat(self.frame.payload)), left.eq(beats)]
        with m.Elif(self.tx.valid & self.tx.ready):
            m.d.sync += [kept.eq(kept >> 8 * W), left.eq(left - 1)]
        return m
