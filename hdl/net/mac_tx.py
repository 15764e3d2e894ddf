"""Ethernet transmission at GMII: preamble, padding, check sequence, and the gap behind."""

from amaranth import Cat, Module, Mux, Signal, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.crc.catalog import CRC32_ETHERNET
from amaranth.lib.wiring import In, Out

from hdl.net.frame import frame_signature
from hdl.net.mac_rx import FCS_BYTES, PREAMBLE, START_OF_FRAME
from hdl.wire.ethernet import SHORTEST_FRAME

__all__ = ["GAP_BYTES", "PREAMBLE_BYTES", "MacTransmitter"]

PREAMBLE_BYTES, GAP_BYTES = 7, 12


class _Chosen(data.Struct):
    """A byte of the line before the check sequence is taken over it, or laid over it."""

    byte: unsigned(8)
    enable: unsigned(1)
    error: unsigned(1)
    summed: unsigned(1)
    check: unsigned(1)
    step: unsigned(2)


class MacTransmitter(wiring.Component):
    """Puts each frame on the line with all that Ethernet wants around it.

    Frames shorter than 60 bytes are padded with zeros. Once a frame has begun a byte is wanted in every cycle: where
    none is there, or the frame ends with ``error``, it is ended by ``tx_er`` and a wrong check sequence, so that nobody
    takes it for good; what is left of it is taken and dropped.

    Ports
    -----
    frames : In
        Frames without check sequence, a byte a beat.
    txd, tx_en, tx_er : Out
        GMII, in this clock.
    sent, spoiled : Out
        Pulses: a frame was sent; one was spoiled.
    busy : Out
        A frame or its gap is on the line.

    Latency: 10 cycles from the first byte's being offered to the byte on ``txd``: the preamble, and two registers, one
    on either side of the check sequence: at 125 MHz the choice of a byte and the sum over it do not share a cycle. The
    next frame's preamble begins 12 cycles after the check sequence at the earliest.

    Sources: IEEE 802.3 clauses 3.2, 4.2.3 and 35.2; the sum is Amaranth's ``CRC32_ETHERNET``.
    """

    frames: In(frame_signature(1))
    txd: Out(8)
    tx_en: Out(1)
    tx_er: Out(1)
    sent: Out(1)
    spoiled: Out(1)
    busy: Out(1)

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        m.submodules.crc = crc = CRC32_ETHERNET().create()
        frames = self.frames
        at = Signal(range(SHORTEST_FRAME + 1))  # stays at its end: the frame is long enough
        step = Signal(range(max(PREAMBLE_BYTES, GAP_BYTES) + 1))
        spoil, over = Signal(), Signal()
        chosen, then = Signal(_Chosen), Signal(_Chosen)
        m.d.sync += [
            then.eq(chosen),
            self.txd.eq(then.byte ^ Mux(then.check, crc.crc.word_select(then.step, 8), 0)),
            self.tx_en.eq(then.enable),
            self.tx_er.eq(then.error),
        ]
        m.d.comb += [
            crc.data.eq(then.byte),
            crc.valid.eq(then.summed),
            crc.start.eq(~then.summed & ~then.check),
            chosen.step.eq(step),
            self.busy.eq(1),
        ]
        with m.FSM():
            with m.State("IDLE"):
                m.d.comb += self.busy.eq(frames.valid)
                m.d.sync += [at.eq(0), step.eq(0), spoil.eq(0), over.eq(0)]
                with m.If(frames.valid):
                    m.d.comb += [chosen.byte.eq(PREAMBLE), chosen.enable.eq(1)]
                    m.d.sync += step.eq(1)
                    m.next = "PREAMBLE"
            with m.State("PREAMBLE"):
                final = step == PREAMBLE_BYTES
                m.d.comb += [chosen.byte.eq(Mux(final, START_OF_FRAME, PREAMBLE)), chosen.enable.eq(1)]
                m.d.sync += step.eq(Mux(final, 0, step + 1))
                with m.If(final):
                    m.next = "FRAME"
            with m.State("FRAME"):
                m.d.comb += [
                    frames.ready.eq(1),
                    chosen.enable.eq(1),
                    chosen.summed.eq(1),
                    chosen.byte.eq(Cat(frames.payload.data)),
                    chosen.error.eq(~frames.valid),
                ]
                m.d.sync += at.eq(at + (at != SHORTEST_FRAME))
                with m.If(~frames.valid):
                    m.d.sync += spoil.eq(1)
                    m.next = "FCS"
                with m.Elif(frames.payload.last):
                    m.d.sync += [over.eq(1), spoil.eq(frames.payload.error)]
                    m.next = "FCS"
                    with m.If(at < SHORTEST_FRAME - 1):
                        m.next = "PAD"
            with m.State("PAD"):
                m.d.comb += [chosen.byte.eq(0), chosen.enable.eq(1), chosen.summed.eq(1)]
                m.d.sync += at.eq(at + 1)
                with m.If(at == SHORTEST_FRAME - 1):
                    m.next = "FCS"
            with m.State("FCS"):
                m.d.comb += [
                    chosen.check.eq(1),
                    chosen.byte.eq(spoil.replicate(8)),
                    chosen.enable.eq(1),
                    chosen.error.eq(spoil),
                ]
                m.d.sync += step.eq(step + 1)
                with m.If(step == FCS_BYTES - 1):
                    m.d.sync += step.eq(0)
                    m.d.comb += [self.sent.eq(~spoil), self.spoiled.eq(spoil)]
                    m.next = "GAP"
            with m.State("GAP"):
                # What is left of a frame that was spoiled is dropped here.
                m.d.comb += frames.ready.eq(~over)
                with m.If(frames.valid & ~over):
                    m.d.sync += over.eq(frames.payload.last)
                with m.If(step != GAP_BYTES - 1):
                    m.d.sync += step.eq(step + 1)
                with m.Elif(over):
                    m.next = "IDLE"
        return m
