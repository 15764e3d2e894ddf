"""Event datagrams over UDP, to those who subscribed."""

from amaranth import Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from hdl.net.frame import frame_signature
from hdl.net.recency import RecencyList
from hdl.net.udp_framer import UdpFramer
from hdl.net.udp_sender import UdpAddress
from hdl.net.words import WORD
from hdl.regs.hostlink import HEADER_WORDS
from hdl.telemetry.records import RECORD_BYTES

__all__ = ["EventPort"]


class EventPort(wiring.Component):
    """Sends each datagram to every subscriber, in a frame of its own each.

    A frame is 122 bytes long: what is more urgent never waits longer than for that. Without a subscriber datagrams are
    taken and go nowhere. Nobody is waited for: what a host does not take in time is lost, and the numbers show it.

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
    datagram : In
        EVENTS datagrams of one record.
    tx : Out
        Frames.
    sent : Out
        Pulse: a frame was sent.
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
                "datagram": In(frame_signature(WORD)),
                "tx": Out(frame_signature(WORD)),
                "sent": Out(1),
                "busy": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        m.submodules.list = known = RecencyList(self._subscribers)
        m.submodules.framer = framer = UdpFramer(HEADER_WORDS + RECORD_BYTES // WORD)
        connect(m, framer.tx, flipped(self.tx))
        to = Signal(range(self._subscribers))
        inside = Signal()  # a datagram has begun that goes nowhere
        heard = Signal()
        anyone = known.entries[0].valid
        entering = self.datagram.valid & self.datagram.ready
        m.d.comb += [
            known.address.eq(self.subscribe.payload),
            # Between two datagrams, also where they follow each other without a pause: hosts wait for this.
            self.subscribe.ready.eq(framer.idle & ~inside),
            known.touch.eq(self.subscribe.valid & self.subscribe.ready),
            framer.source.eq(self.source),
            heard.eq(anyone & ~inside),
            framer.datagram.payload.eq(self.datagram.payload),
            framer.datagram.valid.eq(self.datagram.valid & heard),
            self.datagram.ready.eq(framer.datagram.ready | ~heard),
            self.sent.eq(framer.ended),
            self.busy.eq(framer.busy | self.datagram.valid | inside),
        ]
        with m.If(entering & ~heard):
            m.d.sync += inside.eq(~self.datagram.payload.last)
        with m.Switch(to):
            for i in range(self._subscribers):
                with m.Case(i):
                    m.d.comb += framer.destination.eq(known.entries[i].address)
                    if i + 1 < self._subscribers:
                        m.d.comb += framer.again.eq(known.entries[i + 1].valid)
        with m.If(framer.ended):
            m.d.sync += to.eq(0)
            with m.If(framer.again):
                m.d.sync += to.eq(to + 1)
        return m
