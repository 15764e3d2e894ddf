"""A short payload into UDP, IPv4 and Ethernet, and out as a frame."""

from amaranth import Cat, Const, Module, Mux, Signal, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from hdl.net.frame import frame_signature
from hdl.wire.ethernet import ETHERNET, ETHERTYPE_IPV4, IPV4, PROTOCOL_UDP, UDP
from hdl.wire.fields import MessageFormat

__all__ = ["UdpAddress", "UdpSender"]

#: Shortest Ethernet frame without its check sequence.
_SHORTEST = 60


class UdpAddress(data.Struct):
    """Where a datagram comes from or goes to."""

    mac: unsigned(48)
    ip: unsigned(32)
    port: unsigned(16)


def _octets(layout: MessageFormat, **values: object) -> list:
    """Give the bytes of a header, first one first."""
    out = []
    for field in layout:
        value = values.get(field.name, 0)
        bits = Const(value, 8 * field.width) if isinstance(value, int) else value
        out += [bits[8 * i : 8 * i + 8] for i in reversed(range(field.width))]
    return out


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
        W = self._width
        source, destination = self.source, self.destination
        fixed = {
            "version_ihl": 0x45,
            "total_length": IPV4.length + UDP.length + self._length,
            "flags_fragment": 0x4000,
            "time_to_live": 64,
            "protocol": PROTOCOL_UDP,
        }
        addresses = {"source": source.ip, "destination": destination.ip}

        # RFC 1071: the sum of the header's 16-bit words, its carries added back in, inverted.
        total, folded, checksum = Signal(20), Signal(17), Signal(16)
        octets = _octets(IPV4, **fixed, **addresses)
        m.d.sync += [
            total.eq(sum(Cat(octets[i + 1], octets[i]) for i in range(0, IPV4.length, 2))),
            checksum.eq(~(folded[:16] + folded[16])),
        ]
        m.d.comb += folded.eq(total[:16] + total[16:])
        frame = [
            *_octets(ETHERNET, destination=destination.mac, source=source.mac, ethertype=ETHERTYPE_IPV4),
            *_octets(IPV4, **fixed, **addresses, header_checksum=checksum),
            *_octets(UDP, source_port=source.port, destination_port=destination.port, length=UDP.length + self._length),
            *(self.payload.payload[i] for i in range(self._length)),
        ]
        size = max(_SHORTEST, len(frame))
        beats = -(-size // W)
        kept = Signal(8 * W * beats)
        left = Signal(range(beats + 1))
        tx = self.tx.payload
        m.d.comb += [
            self.payload.ready.eq(left == 0),
            self.tx.valid.eq(left != 0),
            tx.data.eq(kept[: 8 * W]),
            tx.last.eq(left == 1),
            tx.count.eq(Mux(tx.last, size - W * (beats - 1), W)),
        ]
        with m.If(self.payload.valid & self.payload.ready):
            m.d.sync += [kept.eq(Cat(frame)), left.eq(beats)]
        with m.Elif(self.tx.valid & self.tx.ready):
            m.d.sync += [kept.eq(kept >> 8 * W), left.eq(left - 1)]
        return m
