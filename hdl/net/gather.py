"""Bytes of a line, gathered to the beats of the card."""

from amaranth import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.net.frame import frame_signature

__all__ = ["Gather"]


class Gather(wiring.Component):
    """Puts ``width`` bytes into a beat; a frame's last beat has what is left.

    Parameters
    ----------
    width : int
        Bytes of a beat.

    Ports
    -----
    rx : In
        Frames a byte a beat, never waiting, with holes or without.
    frames : Out
        The same, never waiting.

    Latency: a beat is there with its last byte, in the same cycle.
    """

    def __init__(self, width: int) -> None:
        self._width = width
        super().__init__(
            {
                "rx": In(frame_signature(1, always_ready=True)),
                "frames": Out(frame_signature(width, always_ready=True)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        byte, beat = self.rx.payload, self.frames.payload
        waiting = [Signal(8, name=f"waiting_{i}") for i in range(self._width - 1)]
        level = Signal(range(self._width))  # bytes that wait
        full = level == self._width - 1
        # A byte that does not wait is at the place behind those that do.
        lanes = [*waiting, byte.data[0]]
        m.d.comb += [
            self.frames.valid.eq(self.rx.valid & (full | byte.last)),
            Cat(beat.data).eq(Cat(lanes)),
            beat.count.eq(level + 1),
            beat.last.eq(byte.last),
            beat.error.eq(byte.error),
        ]
        for i, lane in enumerate(waiting):
            with m.If(level == i):
                m.d.comb += beat.data[i].eq(byte.data[0])
            with m.If(self.rx.valid & (level == i)):
                m.d.sync += lane.eq(byte.data[0])
        with m.If(self.rx.valid):
            m.d.sync += level.eq(level + 1)
            with m.If(full | byte.last):
                m.d.sync += level.eq(0)
        return m
