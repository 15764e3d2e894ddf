"""The order relay over UDP: the card's orders to the host that holds the session, and its requests to the card."""

from amaranth import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from hdl.net.frame import frame_signature
from hdl.net.udp_framer import UdpFramer
from hdl.net.udp_sender import UdpAddress
from hdl.net.words import WORD
from hdl.regs.order_relay import CARD_WORDS, HEAD_WORDS, RELAYED

__all__ = ["RelayPort"]


class RelayPort(wiring.Component):
    """Joins the two ways to the order relay, and knows to whom over UDP its datagrams go.

    An answer goes to who asked. Messages of the card go to the host whom the relay told last that the session is his.
    What is right, late or forged is the relay's to judge: it has tokens and numbers for that (docs/hostlink.md).

    Ports
    -----
    request, sender : In
        Requests that came over UDP, and where from: to be kept while one is given.
    direct, direct_answer : In, Out
        The card's own streams for the relay; messages of the card leave there as well.
    relay_rx, relay_tx : Out, In
        The relay.
    source : In
        The card's own address.
    tx : Out
        Frames.
    busy : Out
        A datagram is under way.

    Latency: a request passes one cycle after it is offered; a frame's first word is offered 4 cycles after the last
    word of its datagram.
    """

    request: In(frame_signature(WORD))
    sender: In(UdpAddress)
    direct: In(frame_signature(WORD))
    direct_answer: Out(frame_signature(WORD))
    relay_rx: Out(frame_signature(WORD))
    relay_tx: In(frame_signature(WORD))
    source: In(UdpAddress)
    tx: Out(frame_signature(WORD))
    busy: Out(1)

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        m.submodules.framer = framer = UdpFramer(HEAD_WORDS + CARD_WORDS)
        connect(m, framer.tx, flipped(self.tx))
        # Requests, one at a time. The relay takes none before the one before it is answered or dropped.
        of_network, asked_by_network = Signal(), Signal()
        asker, owner, owned = Signal(UdpAddress), Signal(UdpAddress), Signal()
        first_in = Signal(init=1)
        with m.FSM():
            with m.State("IDLE"):
                m.d.comb += self.busy.eq(self.direct.valid | self.request.valid | self.relay_tx.valid | framer.busy)
                m.d.sync += of_network.eq(~self.direct.valid)
                with m.If(self.direct.valid | self.request.valid):
                    m.next = "REQUEST"
            with m.State("REQUEST"):
                m.d.comb += self.busy.eq(1)
                for number, source in enumerate((self.direct, self.request)):
                    with m.If(of_network == number):
                        m.d.comb += [
                            self.relay_rx.valid.eq(source.valid),
                            self.relay_rx.payload.eq(source.payload),
                            source.ready.eq(self.relay_rx.ready),
                        ]
                with m.If(self.relay_rx.valid & self.relay_rx.ready):
                    m.d.sync += first_in.eq(self.relay_rx.payload.last)
                    with m.If(first_in):
                        m.d.sync += [asked_by_network.eq(of_network), asker.eq(self.sender)]
                    with m.If(self.relay_rx.payload.last):
                        m.next = "IDLE"

        # What the relay says: an answer goes one way, a message of the card every way that somebody hears.
        out = self.relay_tx
        at = Signal(range(HEAD_WORDS + CARD_WORDS + 1))
        word = out.payload.data.as_value()
        message, message_now = Signal(), Signal()
        to_network, to_direct, right = Signal(), Signal(), Signal()
        step = Signal()
        m.d.comb += [
            message_now.eq(Mux(at == 0, word[24:32] == RELAYED, message)),
            to_network.eq(Mux(message_now, owned, asked_by_network)),
            to_direct.eq(message_now | ~asked_by_network),
            framer.source.eq(self.source),
            framer.datagram.payload.eq(out.payload),
            framer.datagram.valid.eq(out.valid & to_network & (self.direct_answer.ready | ~to_direct)),
            self.direct_answer.payload.eq(out.payload),
            self.direct_answer.valid.eq(out.valid & to_direct & (framer.datagram.ready | ~to_network)),
            out.ready.eq((framer.datagram.ready | ~to_network) & (self.direct_answer.ready | ~to_direct)),
            step.eq(out.valid & out.ready),
        ]
        destination = Signal(UdpAddress)
        m.d.comb += framer.destination.eq(destination)
        with m.If(step):
            m.d.sync += [at.eq(Mux(out.payload.last, 0, at + 1)), message.eq(message_now)]
            with m.If((at == 0) & to_network):
                m.d.sync += destination.eq(Mux(message_now, owner, asker))
            with m.If(at == 1):
                m.d.sync += right.eq(word[16:32] == 0)
            # Flag 0 of an answer that found nothing wrong: its reader has the session.
            with m.If((at == 3) & ~message_now):
                with m.If(right & word[32]):
                    m.d.sync += [owner.eq(asker), owned.eq(asked_by_network)]
                with m.Elif(asked_by_network & (asker.as_value() == owner.as_value())):
                    m.d.sync += owned.eq(0)
        return m
