"""Ethernet reception at GMII: preamble off, check sequence checked, frames out."""

from amaranth import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.crc.catalog import CRC32_ETHERNET
from amaranth.lib.wiring import In, Out

from hdl.net.frame import frame_signature
from hdl.wire.ethernet import SHORTEST_FRAME

__all__ = ["FCS_BYTES", "LONGEST_FRAME", "PREAMBLE", "START_OF_FRAME", "MacReceiver"]

START_OF_FRAME, PREAMBLE = 0xD5, 0x55
FCS_BYTES = 4
#: Longest frame with one tag, without check sequence.
LONGEST_FRAME = 1518


class MacReceiver(wiring.Component):
    """Gives each frame without preamble and check sequence, byte by byte, and says at its end whether it was right.

    A frame is ``error`` on its last byte where the check sequence is wrong, the PHY reported an error, or it is shorter
    than 64 or longer than 1,522 bytes with its check sequence. What is longer than that is cut off there. A preamble
    may be of any length, also of none but the delimiter, as a PHY may have lost some of it. What does not begin like
    one is passed over until the line is idle.

    Ports
    -----
    rxd, rx_dv, rx_er : In
        GMII, in this clock.
    frames : Out
        Frames a byte a beat, never waiting.
    good, bad_fcs, runt, giant, broken, no_preamble : Out
        Pulses, one a frame, the first that holds of: giant, runt, broken (``rx_er``), bad check sequence, good. A frame
        of less than five bytes is a runt and gives nothing. ``no_preamble``: what came was no frame.

    Latency: 6 cycles from a byte on ``rxd`` to the same byte in ``frames``: only when five more have come is it known
    that a byte is not of the check sequence and not the last.

    Sources: IEEE 802.3 clauses 3.2, 4.2.4 and 35.2; the sum is Amaranth's ``CRC32_ETHERNET``.
    """

    rxd: In(8)
    rx_dv: In(1)
    rx_er: In(1)
    frames: Out(frame_signature(1, always_ready=True))
    good: Out(1)
    bad_fcs: Out(1)
    runt: Out(1)
    giant: Out(1)
    broken: Out(1)
    no_preamble: Out(1)

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        m.submodules.crc = crc = CRC32_ETHERNET().create()
        data, valid, error = Signal(8), Signal(), Signal()
        m.d.sync += [data.eq(self.rxd), valid.eq(self.rx_dv), error.eq(self.rx_er)]
        line = Signal(8 * (FCS_BYTES + 1))  # the last bytes, the oldest lowest
        count = Signal(range(LONGEST_FRAME + FCS_BYTES + 2))  # stays at its end: one too many is too many
        reported = Signal()
        whole = count > FCS_BYTES
        too_long = count == LONGEST_FRAME + FCS_BYTES + 1
        out = self.frames.payload
        m.d.comb += [
            crc.data.eq(data),
            Cat(out.data).eq(line[:8]),
            out.count.eq(1),
        ]
        with m.FSM():
            with m.State("IDLE"):
                m.d.comb += crc.start.eq(1)
                m.d.sync += [count.eq(0), reported.eq(0)]
                with m.If(valid):
                    with m.If((data == START_OF_FRAME) & ~error):
                        m.next = "FRAME"
                    with m.Elif((data != PREAMBLE) | error):
                        m.d.comb += self.no_preamble.eq(1)
                        m.next = "SKIP"
            with m.State("SKIP"), m.If(~valid):
                m.next = "IDLE"
            with m.State("FRAME"):
                with m.If(valid):
                    m.d.comb += crc.valid.eq(1)
                    m.d.sync += reported.eq(reported | error)
                    with m.If(~too_long):
                        m.d.sync += [line.eq(Cat(line[8:], data)), count.eq(count + 1)]
                    m.d.comb += self.frames.valid.eq(whole & ~too_long)
                with m.Else():
                    m.next = "IDLE"
                    wrong = Signal()
                    m.d.comb += [
                        out.last.eq(1),
                        out.error.eq(wrong),
                        self.frames.valid.eq(whole),
                        wrong.eq(1),
                    ]
                    with m.If(too_long):
                        m.d.comb += self.giant.eq(1)
                    with m.Elif(count < SHORTEST_FRAME + FCS_BYTES):
                        m.d.comb += self.runt.eq(1)
                    with m.Elif(reported):
                        m.d.comb += self.broken.eq(1)
                    with m.Elif(~crc.match_detected):
                        m.d.comb += self.bad_fcs.eq(1)
                    with m.Else():
                        m.d.comb += [self.good.eq(1), wrong.eq(0)]
        return m
