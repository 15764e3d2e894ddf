"""Frames kept until they are known to be right, and until someone has time for them."""

from amaranth import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.fifo import SyncFIFO
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from hdl.net.filter import FrameKind
from hdl.net.frame import Beat, frame_signature
from hdl.net.words import WORD

__all__ = ["Inbox"]


class Inbox(wiring.Component):
    """A ring of words that a frame enters as it comes, and stays in only if its end says that it may.

    Parameters
    ----------
    words : int
        Room, in words; a power of two.
    most_frames : int
        Frames that can wait.

    Ports
    -----
    rx, kind : In
        Frames, never waiting; ``error`` on the last word takes the frame back. ``kind`` counts beside the last word.
    frames : Out
        The frames that were kept, in order.
    frame_kind : Out
        What the frame is whose words are given.
    overflow : Out
        Pulse: a frame that should have been kept found no room.

    Latency: a frame's first word is offered 2 cycles after its last one came, if nothing waits before it.
    """

    def __init__(self, words: int = 512, most_frames: int = 16) -> None:
        self._words, self._most_frames = words, most_frames
        super().__init__(
            {
                "rx": In(frame_signature(WORD, always_ready=True)),
                "kind": In(FrameKind),
                "frames": Out(frame_signature(WORD)),
                "frame_kind": Out(FrameKind),
                "overflow": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        # What is read where a word is written is offered to nobody: it is not kept yet.
        m.submodules.ring = ring = Memory(shape=Beat(WORD), depth=self._words, init=[], attrs={"no_rw_check": 1})
        m.submodules.kinds = kinds = SyncFIFO(width=2, depth=self._most_frames)
        write, read = ring.write_port(), ring.read_port()
        # One bit more than the ring needs tells a full one from an empty one.
        written, kept, given = (Signal(range(2 * self._words), name=n) for n in ("written", "kept", "given"))
        full, torn = Signal(), Signal()
        keep = Signal()
        rx = self.rx
        m.d.comb += [
            full.eq((written - given)[: len(written)] == self._words),
            write.addr.eq(written),
            write.data.eq(rx.payload),
            write.en.eq(rx.valid & ~full & ~torn),
            keep.eq(rx.valid & rx.payload.last & ~rx.payload.error & ~full & ~torn & kinds.w_rdy),
            self.overflow.eq(rx.valid & rx.payload.last & ~rx.payload.error & ~keep),
            kinds.w_data.eq(self.kind),
            kinds.w_en.eq(keep),
        ]
        with m.If(rx.valid):
            with m.If(rx.payload.last):
                m.d.sync += [torn.eq(0), written.eq(Mux(keep, written + 1, kept))]
                with m.If(keep):
                    m.d.sync += kept.eq(written + 1)
            with m.Else():
                m.d.sync += [torn.eq(torn | full), written.eq(written + write.en)]

        following = Signal.like(given)
        taken = self.frames.valid & self.frames.ready
        m.d.comb += [
            following.eq(given + taken),
            read.addr.eq(following),
            read.en.eq(1),
            self.frames.payload.eq(read.data),
            self.frame_kind.eq(kinds.r_data),
            kinds.r_en.eq(taken & read.data.last),
        ]
        m.d.sync += [given.eq(following), self.frames.valid.eq(following != kept)]
        return m
