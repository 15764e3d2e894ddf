"""A short payload into UDP, IPv4 and Ethernet, and out as a frame."""

from amaranth import Cat, Module, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from hdl.net.frame import frame_signature
from hdl.net.ipv4 import Ipv4Header, octets
from hdl.net.short_sender import ShortSender
from hdl.wire.ethernet import ETHERNET, ETHERTYPE_IPV4, IPV4, PROTOCOL_UDP, UDP

__all__ = ["UdpAddress", "UdpSender"]


class UdpAddress(data.Struct):
    """Where a datagram comes from or goes to."""

    mac: unsigned(48)
    ip: unsigned(32)
    port: unsigned(16)


class UdpSender(wiring.Component):
    """Sends payloads of one length to one address, each in a frame of its own.

    IPv4 without options, not to be fragmented, time to live 64; the UDP checksum is 0: not computed, as RFC 768 allows.
    Shorter frames than Ethernet's 60 bytes are padded with zeros. The Ethernet check sequence is the MAC's to add.

    Parameters
    ----------
    width : int
        Bytes of a beat: 1, 4 or 8.
    length : int
        Bytes of a payload.

    Ports
    -----
    source, destination
        Addresses; to be set 2 cycles before a payload is taken, or earlier.
    payload
        A payload, first byte first; taken while no frame is being sent.
    tx
        Frames, without check sequence.

    Latency: the first beat is offered in the cycle after the payload was taken.

    Sources: ``hdl.wire.ethernet``.
    """

    def __init__(self, width: int, length: int) -> None:
        self._width, self._length = width, length
        super().__init__(
            {
                "source": In(UdpAddress),
                "destination": In(UdpAddress),
                "payload": In(stream.Signature(data.ArrayLayout(unsigned(8), length))),
                "tx": Out(frame_signature(width)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        source, destination = self.source, self.destination
        m.submodules.ip = ip = Ipv4Header(PROTOCOL_UDP)
        m.d.comb += [
            ip.source.eq(source.ip),
            ip.destination.eq(destination.ip),
            ip.total_length.eq(IPV4.length + UDP.length + self._length),
        ]
        frame = [
            *octets(ETHERNET, destination=destination.mac, source=source.mac, ethertype=ETHERTYPE_IPV4),
            *ip.header,
            *octets(UDP, source_port=source.port, destination_port=destination.port, length=UDP.length + self._length),
            *(self.payload.payload[i] for i in range(self._length)),
        ]
        m.submodules.sender = sender = ShortSender(self._width, len(frame))
        connect(m, sender.tx, flipped(self.tx))
        m.d.comb += [
            Cat(sender.frame.payload).eq(Cat(frame)),
            sender.frame.valid.eq(self.payload.valid),
            self.payload.ready.eq(sender.frame.ready),
        ]
        return m
