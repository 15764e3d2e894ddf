"""Bringing the bytes of a message to their places, wherever in a beat it began."""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from hdl.net.frame import Beat
from hdl.wire.itch50 import LONGEST

__all__ = ["SHELVES", "MessageCapture"]

#: Messages that are kept: the one under way and those that wait. A small memory of look-up tables has so many rows.
SHELVES = 16


class MessageCapture(wiring.Component):
    """Collects the open block's bytes on a shelf, first byte first.

    A byte rotator turns the beat by the lane in which the message began: its low lanes begin a word of the message, its
    high ones end the word before. The beat in which the message began is seen only with the next one, so another
    rotator brings it after; it is needed for the first word alone. The shelf is whole in the cycle after the beat with
    the message's last byte. Bytes past the end of the message are whatever followed it or lay there; bytes past the
    longest ITCH message are not kept.

    Shelves are rows of small memories: a message that waits (:class:`hdl.feed.line.LineQueue`) stays where it was
    written, and nothing copies it.

    Parameters
    ----------
    width : int
        Bytes of a beat: 1, 4 or 8.
    shelves : int
        1 where no message waits: it is in flip-flops then, which one message takes fewer look-up tables to be kept in.

    Ports
    -----
    valid, now, before, shift, word
        As :class:`hdl.feed.blocks.BlockFinder` gives them, ``valid`` where a block is open.
    write_shelf, read_shelf
        Where the message under way is put; which one ``content`` is of.
    content
        The message; its first byte is the most significant, so that a big-endian field is one slice.

    Latency: one cycle.
    """

    def __init__(self, width: int = 8, shelves: int = SHELVES) -> None:
        if shelves not in (1, SHELVES):
            raise ValueError(f"a receiver has 1 shelf or {SHELVES}, not {shelves!r}")
        self._width, self._shelves = width, shelves
        self._words = -(-LONGEST // width)
        super().__init__(
            {
                "valid": In(1),
                "now": In(Beat(width)),
                "before": In(Beat(width)),
                "shift": In(range(width)),
                "word": In(range(self._words + 2)),
                "write_shelf": In(range(shelves)),
                "read_shelf": In(range(shelves)),
                "content": Out(8 * LONGEST),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        W = self._width

        def turned(beat, name):
            lanes = [beat.data[lane] for lane in range(W)]
            for bit, by in enumerate(1 << n for n in range(len(self.shift))):
                out = [Signal(8, name=f"{name}_by_{by}_{lane}") for lane in range(W)]
                m.d.comb += [out[i].eq(Mux(self.shift[bit], lanes[(i + by) % W], lanes[i])) for i in range(W)]
                lanes = out
            return lanes

        new, old = turned(self.now, "new"), turned(self.before, "old")
        # Lanes of the word before that this beat brings: from ``width - shift`` on.
        ends = [Signal(name=f"ends_{lane}") for lane in range(W)]
        m.d.comb += [ends[lane].eq(Cat(self.shift == s for s in range(W) if lane + s >= W).any()) for lane in range(W)]
        begun = [self.valid & (self.word == word) for word in range(self._words + 1)]
        kept = []
        attributes: dict[str, str | int] = {"ram_style": "logic"} if self._shelves == 1 else {}
        for word in range(self._words):
            lanes = range(min(W, LONGEST - word * W))
            m.submodules[f"word_{word}"] = shelves = Memory(
                shape=8 * len(lanes), depth=self._shelves, init=[], attrs=attributes
            )
            write, read = shelves.write_port(granularity=8), shelves.read_port(domain="comb")
            m.d.comb += [write.addr.eq(self.write_shelf), read.addr.eq(self.read_shelf)]
            for lane in lanes:
                late = begun[1] & ~ends[lane] if word == 0 else 0
                m.d.comb += [
                    write.data.word_select(lane, 8).eq(Mux(late, old[lane], new[lane])),
                    write.en[lane].eq(begun[word] | (begun[word + 1] & ((word == 0) | ends[lane]))),
                ]
                kept.append(read.data.word_select(lane, 8))
        m.d.comb += self.content.eq(Cat(reversed(kept)))
        return m
