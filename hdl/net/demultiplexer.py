"""Each frame for the card to the block that deals with its kind."""

from amaranth import Module, Signal, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from hdl.net.filter import HEAD_BYTES, HEAD_WORDS, FrameKind
from hdl.net.frame import frame_signature
from hdl.net.words import WORD

__all__ = ["Demultiplexer", "Head", "head_signature"]

#: The first bytes of a frame, of which it has at least 42.
Head = data.ArrayLayout(unsigned(8), HEAD_BYTES)


def head_signature() -> stream.Signature:
    """Stream of :data:`Head`, one a frame."""
    return stream.Signature(Head)


class Demultiplexer(wiring.Component):
    """Gives a frame's head, all bytes at once, to the block of its kind, and then what follows it to whom it matters.

    Ports
    -----
    frames, kind : In
        Good frames, and what each is.
    arp, igmp, echo, host : Out
        Heads. What follows the head of an ``arp`` or ``igmp`` frame is passed over.
    rest : Out
        What follows the head of an ``echo`` or ``host`` frame; it is taken before another head comes.
    has_rest : Out
        Beside the head of these: something follows.

    Latency: a head is offered in the cycle after its last word was taken; what follows it is passed on at once.
    """

    frames: In(frame_signature(WORD))
    kind: In(FrameKind)
    arp: Out(head_signature())
    igmp: Out(head_signature())
    echo: Out(head_signature())
    host: Out(head_signature())
    rest: Out(frame_signature(WORD))
    has_rest: Out(1)

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        frames = self.frames
        head = Signal(Head)
        at = Signal(range(HEAD_WORDS))
        kind = Signal(FrameKind)
        outputs = {FrameKind.ARP: self.arp, FrameKind.IGMP: self.igmp, FrameKind.ECHO: self.echo}
        outputs[FrameKind.HOST] = self.host
        for output in outputs.values():
            m.d.comb += output.payload.eq(head)
        m.d.comb += self.rest.payload.eq(frames.payload)
        with m.FSM():
            with m.State("HEAD"):
                m.d.comb += frames.ready.eq(1)
                with m.If(frames.valid):
                    for n in range(HEAD_WORDS):
                        with m.If(at == n):
                            m.d.sync += [head[n * WORD + i].eq(frames.payload.data[i]) for i in range(WORD)]
                    m.d.sync += [at.eq(at + 1), kind.eq(self.kind), self.has_rest.eq(~frames.payload.last)]
                    with m.If(frames.payload.last | (at == HEAD_WORDS - 1)):
                        m.d.sync += at.eq(0)
                        m.next = "OFFER"
            with m.State("OFFER"), m.Switch(kind):
                for of, output in outputs.items():
                    with m.Case(of):
                        m.d.comb += output.valid.eq(1)
                        with m.If(output.ready):
                            m.next = "HEAD"
                            with m.If(self.has_rest):
                                m.next = "REST"
            with m.State("REST"):
                wanted = (kind == FrameKind.ECHO) | (kind == FrameKind.HOST)
                m.d.comb += [self.rest.valid.eq(frames.valid & wanted), frames.ready.eq(self.rest.ready | ~wanted)]
                with m.If(frames.valid & frames.ready & frames.payload.last):
                    m.next = "HEAD"
        return m
