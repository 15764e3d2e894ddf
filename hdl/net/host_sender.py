"""Answers to hosts and event datagrams to those who subscribed, over UDP."""

from amaranth import Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from hdl.net.frame import frame_signature
from hdl.net.host_port import REQUEST_WORDS
from hdl.net.recency import RecencyList
from hdl.net.udp_framer import UdpFramer
from hdl.net.udp_sender import UdpAddress
from hdl.net.words import WORD
from hdl.regs.hostlink import HEADER_WORDS
from hdl.telemetry.records import RECORD_BYTES

__all__ = ["HostSender"]


class HostSender(wiring.Component):
    """Sends each answer to who asked, and each event datagram to every subscriber, in a frame of its own each.

    One framer serves both, a datagram at a time, answers first. An event's frame is 122 bytes long: what is more urgent
    never waits longer than for that. Without a subscriber event datagrams are taken and go nowhere. Nobody is waited
    for: what a host does not take in time is lost, and the numbers show it.

    Parameters
    ----------
    subscribers : int
        How many there can be; who subscribed longest ago is forgotten for a new one.

    Ports
    -----
    source : In
        The card's own address.
    subscribe : In
        A new subscriber; taken between two datagrams.
    answer, destination : In
        Answers, and to whom one goes: looked at as its first word is taken.
    events : In
        EVENTS datagrams of one record.
    tx : Out
        Frames.
    sent : Out
        Pulse: a frame with events was sent.
    busy : Out
        A datagram is in hand.

    Latency: a datagram's first frame is offered 4 cycles after its last word was taken.
    """

    def __init__(self, subscribers: int = 4) -> None:
        self._subscribers = subscribers
        super().__init__(
            {
                "source": In(UdpAddress),
                "subscribe": In(stream.Signature(UdpAddress)),
                "answer": In(frame_signature(WORD)),
                "destination": In(UdpAddress),
                "events": In(frame_signature(WORD)),
                "tx": Out(frame_signature(WORD)),
                "sent": Out(1),
                "busy": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        m.submodules.list = known = RecencyList(self._subscribers)
        m.submodules.framer = framer = UdpFramer(max(REQUEST_WORDS, HEADER_WORDS + RECORD_BYTES // WORD))
        connect(m, framer.tx, flipped(self.tx))
        to = Signal(range(self._subscribers))
        inside = Signal()  # a datagram has begun that goes nowhere
        heard = Signal()
        anyone = known.entries[0].valid
        answering, was_answering = Signal(), Signal()  # the datagram in hand is an answer
        asker = Signal(UdpAddress)  # the next request may have come before its answer has left
        m.d.comb += [
            answering.eq(Mux(framer.idle, self.answer.valid, was_answering)),
            known.address.eq(self.subscribe.payload),
            # Between two datagrams, also where they follow each other without a pause: hosts wait for this.
            self.subscribe.ready.eq(framer.idle & ~inside),
            known.touch.eq(self.subscribe.valid & self.subscribe.ready),
            framer.source.eq(self.source),
            heard.eq(anyone & ~inside),
            framer.datagram.payload.eq(Mux(answering, self.answer.payload, self.events.payload)),
            framer.datagram.valid.eq(Mux(answering, self.answer.valid, self.events.valid & heard)),
            self.answer.ready.eq(framer.datagram.ready & answering),
            self.events.ready.eq(Mux(heard, framer.datagram.ready & ~answering, 1)),
            self.sent.eq(framer.ended & ~answering),
            self.busy.eq(framer.busy | self.answer.valid | self.events.valid | inside),
        ]
        m.d.sync += was_answering.eq(answering)
        with m.If(framer.idle):
            m.d.sync += asker.eq(self.destination)
        with m.If(self.events.valid & self.events.ready & ~heard):
            m.d.sync += inside.eq(~self.events.payload.last)
        with m.If(answering):
            m.d.comb += framer.destination.eq(asker)
        with m.Else(), m.Switch(to):
            for i in range(self._subscribers):
                with m.Case(i):
                    m.d.comb += framer.destination.eq(known.entries[i].address)
                    if i + 1 < self._subscribers:
                        m.d.comb += framer.again.eq(known.entries[i + 1].valid)
        with m.If(self.sent):
            m.d.sync += to.eq(0)
            with m.If(framer.again):
                m.d.sync += to.eq(to + 1)
        return m
