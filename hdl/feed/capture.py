"""Bringing the bytes of a message to their places, wherever in a beat it began."""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.net.frame import Beat
from hdl.wire.itch50 import LONGEST

__all__ = ["MessageCapture"]


class MessageCapture(wiring.Component):
    """Collects the open block's bytes in a register, first byte first.

    Two byte rotators turn the beat and the one before it by the lane in which the message began; together they make
    the word that this beat completes, and the start of the next. So the register is whole in the cycle after the
    beat with the message's last byte, and stays so for that one cycle at least. Bytes past the end of the message are
    whatever followed it; bytes past the longest ITCH message are not kept.

    Parameters
    ----------
    width : int
        Bytes of a beat: 1, 4 or 8.

    Ports
    -----
    valid, now, before, shift, word
        As :class:`hdl.feed.blocks.BlockFinder` gives them, ``valid`` where a block is open.
    content
        The message; its first byte is the most significant, so that a big-endian field is one slice.

    Latency: one cycle.
    """

    def __init__(self, width: int = 8) -> None:
        self._width = width
        self._words = -(-LONGEST // width)
        super().__init__(
            {
                "valid": In(1),
                "now": In(Beat(width)),
                "before": In(Beat(width)),
                "shift": In(range(width)),
                "word": In(range(self._words + 2)),
                "content": Out(8 * LONGEST),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        W = self._width

        def turned(beat, name):
            out = [Signal(8, name=f"{name}_{lane}") for lane in range(W)]
            with m.Switch(self.shift):
                for shift in range(W):
                    with m.Case(shift):
                        m.d.comb += [out[lane].eq(beat.data[(lane + shift) % W]) for lane in range(W)]
            return out

        new, old = turned(self.now, "new"), turned(self.before, "old")
        kept = [Signal(8, name=f"byte_{i}") for i in range(self._words * W)]
        for word in range(self._words):
            for lane in range(W):
                with m.If(self.valid & (self.word == word)):
                    m.d.sync += kept[word * W + lane].eq(new[lane])
                with m.If(self.valid & (self.word == word + 1)):
                    # What this beat completes: lanes from ``width - shift`` on are its own.
                    m.d.sync += kept[word * W + lane].eq(Mux(lane + self.shift < W, old[lane], new[lane]))
        m.d.comb += self.content.eq(Cat(reversed(kept[:LONGEST])))
        return m
