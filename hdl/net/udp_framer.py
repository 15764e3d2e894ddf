"""A datagram's payload, of any length, into UDP, IPv4 and Ethernet, with every checksum."""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from hdl.net.frame import frame_signature
from hdl.net.ipv4 import Ipv4Header, folded, octets
from hdl.net.udp_sender import UdpAddress
from hdl.net.words import WORD
from hdl.wire.ethernet import ETHERNET, ETHERTYPE_IPV4, IPV4, PROTOCOL_UDP, SHORTEST_FRAME, UDP

__all__ = ["UdpFramer"]

_HEADERS = ETHERNET.length + IPV4.length + UDP.length
#: Words of a frame with nothing but headers in them, and bytes of headers in the word behind.
_HEADER_WORDS, _OVER = divmod(_HEADERS, WORD)


class UdpFramer(wiring.Component):
    """Keeps a payload whole, because its length and sum stand before it, and then sends it.

    Parameters
    ----------
    words : int
        Longest payload, in words. What is longer is cut off there.

    Ports
    -----
    source, destination : In
        Addresses; to be kept while a payload is taken and sent.
    datagram : In
        Payloads of whole words, at least 2; taken while nothing is sent.
    again : In
        In the cycle in which a frame ends: send the payload once more, to the address that ``destination`` then has.
    ended : Out
        Pulse of that cycle.
    tx : Out
        Frames, one word a cycle as they are taken.
    busy, idle : Out
        A payload is being taken or sent; neither has begun.

    Latency: a frame's first word is offered 4 cycles after its payload's last word was taken.

    Sources: ``hdl.wire.ethernet``. A UDP checksum that comes out as 0 is sent as 0xFFFF (RFC 768).
    """

    def __init__(self, words: int) -> None:
        self._words = words
        super().__init__(
            {
                "source": In(UdpAddress),
                "destination": In(UdpAddress),
                "datagram": In(frame_signature(WORD)),
                "again": In(1),
                "ended": Out(1),
                "tx": Out(frame_signature(WORD)),
                "busy": Out(1),
                "idle": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        # It is written in one state and read in another.
        m.submodules.kept = kept = Memory(shape=8 * WORD, depth=self._words, init=[], attrs={"no_rw_check": 1})
        m.submodules.ipv4 = ipv4 = Ipv4Header(PROTOCOL_UDP)
        write, read = kept.write_port(), kept.read_port()
        source, destination = self.source, self.destination
        length = Signal(range(self._words + 1))  # of the payload, in words
        bytes_ = Signal(16)
        total, whole, once, checksum = Signal(25), Signal(26), Signal(17), Signal(16)
        incoming = self.datagram.payload
        m.d.comb += [
            bytes_.eq(UDP.length + length * WORD),
            ipv4.source.eq(source.ip),
            ipv4.destination.eq(destination.ip),
            ipv4.total_length.eq(bytes_ + IPV4.length),
            write.addr.eq(length),
            write.data.eq(Cat(incoming.data)),
            write.en.eq(self.datagram.valid & self.datagram.ready & (length != self._words)),
            once.eq(folded(whole)),
        ]
        m.d.sync += [
            # The length counts twice: in the pseudo-header and in the header.
            whole.eq(
                total
                + sum((ip[:16] + ip[16:] for ip in (source.ip, destination.ip)), PROTOCOL_UDP)
                + (source.port + destination.port + (bytes_ << 1))
            ),
            checksum.eq(Mux(folded(once)[:16] == 0xFFFF, 0xFFFF, ~folded(once)[:16])),
        ]
        header = Cat(
            *octets(ETHERNET, destination=destination.mac, source=source.mac, ethertype=ETHERTYPE_IPV4),
            *ipv4.header,
            *octets(
                UDP,
                source_port=source.port,
                destination_port=destination.port,
                length=bytes_,
                checksum=checksum,
            ),
        )
        at = Signal(range(_HEADER_WORDS + self._words + 2))
        carry = Signal(8 * _OVER)
        tx = self.tx
        step = Signal()
        place = Signal(range(self._words + 1))  # of the payload's word that is read
        following = Signal.like(place)
        beyond = Signal()  # the payload is over: only what the word before left is sent
        frame_bytes = Signal(16)
        shortest = Signal(16)
        m.d.comb += [
            read.en.eq(1),
            read.addr.eq(following),
            following.eq(place + (step & (at >= _HEADER_WORDS))),
            beyond.eq(place == length),
            frame_bytes.eq(bytes_ + (_HEADERS - UDP.length)),
            shortest.eq(Mux(frame_bytes < SHORTEST_FRAME, SHORTEST_FRAME, frame_bytes)),
            tx.payload.count.eq(Mux(tx.payload.last, shortest - (at << 3), WORD)),
            tx.payload.last.eq(at == _HEADER_WORDS + length),
            self.busy.eq(1),
        ]
        with m.If(at < _HEADER_WORDS):
            m.d.comb += Cat(tx.payload.data).eq(header.word_select(at, 8 * WORD))
        with m.Else():
            m.d.comb += Cat(tx.payload.data).eq(Cat(carry, Mux(beyond, 0, read.data)))
        with m.FSM():
            with m.State("TAKE"):
                m.d.comb += [self.datagram.ready.eq(1), self.idle.eq(length == 0)]
                m.d.comb += self.busy.eq(self.datagram.valid | ~self.idle)
                with m.If(self.datagram.valid):
                    halves = (Cat(incoming.data[i + 1], incoming.data[i]) for i in range(0, WORD, 2))
                    m.d.sync += [length.eq(length + write.en), total.eq(total + Mux(write.en, sum(halves), 0))]
                    with m.If(incoming.last):
                        m.next = "SUM"
            with m.State("SUM"):
                m.next = "FOLD"
            with m.State("FOLD"):
                m.next = "CHECKSUM"
            with m.State("CHECKSUM"):
                m.d.sync += [at.eq(0), place.eq(0), carry.eq(header[8 * WORD * _HEADER_WORDS :])]
                m.next = "SEND"
            with m.State("SEND"):
                m.d.comb += [tx.valid.eq(1), step.eq(tx.ready)]
                with m.If(step):
                    m.d.sync += [at.eq(at + 1), place.eq(following)]
                    with m.If(at >= _HEADER_WORDS):
                        m.d.sync += carry.eq(read.data[8 * (WORD - _OVER) :])
                    with m.If(tx.payload.last):
                        m.d.comb += self.ended.eq(1)
                        m.next = "SUM"
                        with m.If(~self.again):
                            m.d.sync += [length.eq(0), total.eq(0)]
                            m.next = "TAKE"
        return m
