"""ICMP echo: answers a ping."""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.net.demultiplexer import Head, head_signature
from hdl.net.filter import HEAD_WORDS
from hdl.net.frame import frame_signature
from hdl.net.ipv4 import Ipv4Header, number, octets
from hdl.net.words import WORD
from hdl.wire.ethernet import ETHERNET, ETHERTYPE_IPV4, ICMP_ECHO, IPV4, PROTOCOL_ICMP

__all__ = ["EchoResponder"]

_ICMP = ETHERNET.length + IPV4.length


class EchoResponder(wiring.Component):
    """Sends an echo request back as a reply: new headers, the same data, and padding where there was some.

    Ports
    -----
    mac, ip : In
        The card's own addresses.
    heard, has_rest, rest : In
        Heads of echo requests that were found right, and what follows them.
    tx : Out
        Frames.
    replied : Out
        Pulse: a reply was sent.
    busy : Out
        One is being made or sent.

    Latency: a reply's first word is offered 3 cycles after the request's head.

    Sources: RFC 792; RFC 1624 for the checksum, which only the type's change touches.
    """

    mac: In(48)
    ip: In(32)
    heard: In(head_signature())
    has_rest: In(1)
    rest: In(frame_signature(WORD))
    tx: Out(frame_signature(WORD))
    replied: Out(1)
    busy: Out(1)

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        m.submodules.ipv4 = ipv4 = Ipv4Header(PROTOCOL_ICMP)
        head, more = Signal(Head), Signal()
        checksum = Signal(17)
        at = Signal(range(HEAD_WORDS))
        m.d.comb += [
            ipv4.source.eq(self.ip),
            ipv4.destination.eq(number(head, IPV4, "source", ETHERNET.length)),
            ipv4.total_length.eq(number(head, IPV4, "total_length", ETHERNET.length)),
            # The type goes from 8 to 0.
            checksum.eq(number(head, ICMP_ECHO, "checksum", _ICMP) + 0x0800),
        ]
        reply = [
            *octets(
                ETHERNET,
                destination=number(head, ETHERNET, "source", 0),
                source=self.mac,
                ethertype=ETHERTYPE_IPV4,
            ),
            *ipv4.header,
            *octets(ICMP_ECHO, checksum=checksum[:16] + checksum[16])[:4],
        ]
        words = Cat(*reply, *(head[i] for i in range(len(reply), HEAD_WORDS * WORD)))
        tx = self.tx
        m.d.comb += [self.busy.eq(1), tx.payload.count.eq(WORD)]
        with m.FSM():
            with m.State("IDLE"):
                m.d.comb += [self.heard.ready.eq(1), self.busy.eq(self.heard.valid)]
                with m.If(self.heard.valid):
                    m.d.sync += [head.eq(self.heard.payload), more.eq(self.has_rest), at.eq(0)]
                    m.next = "SUM"
            with m.State("SUM"):
                m.next = "CHECKSUM"
            with m.State("CHECKSUM"):
                m.next = "HEAD"
            with m.State("HEAD"):
                final = at == HEAD_WORDS - 1
                m.d.comb += [
                    tx.valid.eq(1),
                    Cat(tx.payload.data).eq(words.word_select(at, 8 * WORD)),
                    tx.payload.last.eq(final & ~more),
                ]
                # A frame that ends in its head is a request without data, or with up to 6 bytes of it.
                with m.If(tx.payload.last):
                    m.d.comb += tx.payload.count.eq(ipv4.total_length + ETHERNET.length - (HEAD_WORDS - 1) * WORD)
                with m.If(tx.ready):
                    m.d.sync += at.eq(Mux(final, 0, at + 1))
                    with m.If(final):
                        m.next = "REST"
                        with m.If(~more):
                            m.d.comb += self.replied.eq(1)
                            m.next = "IDLE"
            with m.State("REST"):
                m.d.comb += [tx.valid.eq(self.rest.valid), tx.payload.eq(self.rest.payload)]
                m.d.comb += self.rest.ready.eq(tx.ready)
                with m.If(tx.valid & tx.ready & tx.payload.last):
                    m.d.comb += self.replied.eq(1)
                    m.next = "IDLE"
        return m
