"""Several transmitters on one port, a frame at a time."""

from amaranth import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.net.frame import frame_signature

__all__ = ["TransmitArbiter"]


class TransmitArbiter(wiring.Component):
    """Lets the first of several transmitters that has a frame send it, whole.

    A transmitter that comes earlier in ``sources`` never waits for more than the frame that is on its way. So what is
    urgent comes first, and what comes behind it keeps its frames short.

    Parameters
    ----------
    width : int
        Bytes of a beat: 1, 4 or 8.
    sources : list of str
        Names of the transmitters, the most urgent first.

    Ports
    -----
    one frame stream a transmitter, named as it is : In
        Once a frame has begun its beats are expected one a cycle: a gap is passed on as a gap.
    tx : Out
        Their frames.

    Latency: none while no other frame is on its way.
    """

    def __init__(self, width: int, sources: list[str]) -> None:
        self._sources = sources
        super().__init__({name: In(frame_signature(width)) for name in sources} | {"tx": Out(frame_signature(width))})

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        tx = self.tx
        sources = [getattr(self, name) for name in self._sources]
        sending = Signal()  # a frame has begun and not ended
        kept, chosen = Signal(range(len(sources))), Signal(range(len(sources)))
        m.d.comb += chosen.eq(kept)
        with m.If(~sending):
            for number, source in reversed(list(enumerate(sources))):
                with m.If(source.valid):
                    m.d.comb += chosen.eq(number)
        with m.Switch(chosen):
            for number, source in enumerate(sources):
                with m.Case(number):
                    m.d.comb += [
                        tx.valid.eq(source.valid),
                        tx.payload.eq(source.payload),
                        source.ready.eq(tx.ready),
                    ]
        # What was offered and not taken stays offered: a stream may not change its mind.
        with m.If(tx.valid):
            m.d.sync += [kept.eq(chosen), sending.eq(~(tx.ready & tx.payload.last))]
        return m
