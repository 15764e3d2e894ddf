"""Which frames are for the card itself, and whether they are right."""

from amaranth import Cat, Module, Mux, Signal, unsigned
from amaranth.lib import data, enum, wiring
from amaranth.lib.wiring import In, Out

from hdl.net.frame import Beat, frame_signature
from hdl.net.ipv4 import folded, multicast_mac, number
from hdl.net.words import WORD
from hdl.wire.ethernet import (
    ARP,
    BROADCAST,
    ETHERNET,
    ETHERTYPE_ARP,
    ETHERTYPE_IPV4,
    ICMP_ECHO,
    IGMP,
    IPV4,
    PROTOCOL_ICMP,
    PROTOCOL_IGMP,
    PROTOCOL_UDP,
    SHORTEST_FRAME,
    UDP,
)

__all__ = ["HEAD_BYTES", "HEAD_WORDS", "LONGEST_ECHO", "FrameKind", "Refusal", "StationFilter"]

#: Words, and bytes, of a frame in which everything lies that is looked at: Ethernet, IPv4 and UDP, or ARP.
HEAD_WORDS = 6
HEAD_BYTES = HEAD_WORDS * WORD
#: Longest IPv4 datagram with an echo request that is answered, in bytes: a reply is no longer than a telemetry frame.
LONGEST_ECHO = 100
#: Longest frame, without check sequence.
LONGEST_FRAME = 1514
_IP = ETHERNET.length
#: More words than a good frame has.
_MOST_WORDS = LONGEST_FRAME // WORD + 1
_ALL_SYSTEMS = 0xE000_0001
_QUERY = 0x11


class FrameKind(enum.Enum, shape=2):
    """What a frame for the card is."""

    ARP = 0
    ECHO = 1
    #: A membership query.
    IGMP = 2
    #: UDP to the host link's port.
    HOST = 3


class Refusal(enum.Enum, shape=3):
    """Why a frame goes no further; ``NONE``: it does."""

    NONE = 0
    #: For others, or of a protocol or port that the card does not speak: the feed is among these.
    FOREIGN = 1
    #: Check sequence, a runt or a giant.
    DAMAGED = 2
    #: Fields that cannot be, fragments, options, lengths that lie, echo requests that are too long.
    MALFORMED = 3
    #: A wrong sum of IPv4, ICMP, IGMP or UDP.
    CHECKSUM = 4


class StationFilter(wiring.Component):
    """Looks at every frame, whole, and says what it is, or why it is refused.

    Frames are judged in this order: damaged, foreign, malformed, wrong sums. A frame with a tag is foreign. While
    ``ip`` is 0 the card is no station: every frame that is not damaged is foreign.

    Ports
    -----
    words : In
        Frames in words, never waiting.
    mac, ip, port : In
        The card's own addresses, and the port of the host link.
    frames : Out
        The same frames, never waiting; ``error`` on the last word: refused.
    kind : Out
        Beside a frame's last word: what it is.
    refusal : Out
        Beside a frame's last word: why it is refused. ``NONE`` at all other times.

    Latency: 2 cycles.

    Sources: ``hdl.wire.ethernet``; RFC 1071 for the sums. A UDP checksum of 0 was not computed, and is right.
    """

    words: In(frame_signature(WORD, always_ready=True))
    mac: In(48)
    ip: In(32)
    port: In(16)
    frames: Out(frame_signature(WORD, always_ready=True))
    kind: Out(FrameKind)
    refusal: Out(Refusal)

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        # Stage 0: the head is kept, word by word. A short frame leaves what an earlier one left: its length says so.
        words = self.words
        at = Signal(range(_MOST_WORDS + 1))  # stays at its end, which no good frame reaches
        head = Signal(data.ArrayLayout(unsigned(8), HEAD_BYTES))
        with m.If(words.valid):
            m.d.sync += at.eq(Mux(words.payload.last, 0, at + (at != _MOST_WORDS)))
            for n in range(HEAD_WORDS):
                with m.If(at == n):
                    m.d.sync += [head[n * WORD + i].eq(words.payload.data[i]) for i in range(WORD)]

        # Stage 1: the sums, of a word whose own bytes are in the head already.
        beat, beat_valid, beat_at = Signal(Beat(WORD)), Signal(), Signal.like(at)
        m.d.sync += [beat.eq(words.payload), beat_valid.eq(words.valid), beat_at.eq(at)]
        ip_words = number(head, IPV4, "version_ihl", _IP)[:4]
        total_length = number(head, IPV4, "total_length", _IP)
        header_end, end = Signal(8), Signal(17)
        m.d.comb += [header_end.eq(_IP + 4 * ip_words), end.eq(_IP + total_length)]
        header_terms, payload_terms = [], []
        for lane in range(0, WORD, 2):
            place = beat_at * WORD + lane
            high, low = beat.data[lane], beat.data[lane + 1]
            in_header = place < header_end
            header_terms.append(Mux((place >= _IP) & in_header, Cat(low, high), 0))
            within = Cat(Mux(place + 1 < end, low, 0), Mux(place < end, high, 0))
            payload_terms.append(Mux(in_header, 0, within))
        header_sum, payload_sum = Signal(21), Signal(26)
        with m.If(beat_valid):
            first = beat_at == 0
            m.d.sync += header_sum.eq(Mux(first, 0, header_sum) + sum(header_terms))
            m.d.sync += payload_sum.eq(Mux(first, 0, payload_sum) + sum(payload_terms))

        # Stage 2: the verdict, before the next frame's head comes by: that takes longer than a frame's end.
        last, length, error = Signal(), Signal(12), Signal()
        given, given_valid = Signal(Beat(WORD)), Signal()
        m.d.sync += [given.eq(beat), given_valid.eq(beat_valid), last.eq(beat_valid & beat.last)]
        m.d.sync += [length.eq(beat_at * WORD + beat.count), error.eq(beat.error)]
        judged = Signal(data.ArrayLayout(unsigned(8), HEAD_BYTES))
        m.d.sync += judged.eq(head)
        kind, refusal = Signal(FrameKind), Signal(Refusal)
        self._judge(m, judged, length, header_sum, payload_sum, kind, refusal)
        with m.If(error | (length < _IP + ARP.length) | (length > LONGEST_FRAME)):
            m.d.comb += self.refusal.eq(Mux(last, Refusal.DAMAGED, Refusal.NONE))
        with m.Else():
            m.d.comb += self.refusal.eq(Mux(last, refusal, Refusal.NONE))
        m.d.comb += [
            self.kind.eq(kind),
            self.frames.valid.eq(given_valid),
            self.frames.payload.eq(given),
            self.frames.payload.error.eq(self.refusal != Refusal.NONE),
        ]
        return m

    def _judge(self, m: Module, head, length, header_sum, payload_sum, kind, refusal) -> None:
        """Say what an undamaged frame is."""
        destination = number(head, ETHERNET, "destination", 0)
        ethertype = number(head, ETHERNET, "ethertype", 0)

        def ip(name):
            return number(head, IPV4, name, _IP)

        to_us = (destination == self.mac) & (ip("destination") == self.ip)
        protocol, total_length = ip("protocol"), ip("total_length")
        ihl = ip("version_ihl")[:4]
        payload = _IP + IPV4.length  # where it lies without options
        udp_length = number(head, UDP, "length", payload)
        # An IGMP message lies behind one option, or behind none.
        group_at = [payload + IGMP["group"].offset, payload + 4 + IGMP["group"].offset]
        igmp_type = Mux(ihl == 6, head[payload + 4], head[payload])
        group = Mux(ihl == 6, *(Cat(head[i + 3], head[i + 2], head[i + 1], head[i]) for i in reversed(group_at)))
        query = (ip("destination") == _ALL_SYSTEMS) | (ip("destination") == group)

        # 16 bits, once more folded than the sum is long.
        header_once, payload_all, payload_once = Signal(17), Signal(27), Signal(17)
        pseudo = ip("source")[:16] + ip("source")[16:] + ip("destination")[:16] + ip("destination")[16:]
        is_udp = protocol == PROTOCOL_UDP
        m.d.comb += [
            header_once.eq(folded(header_sum)),
            payload_all.eq(payload_sum + Mux(is_udp, pseudo + PROTOCOL_UDP + udp_length, 0)),
            payload_once.eq(folded(payload_all)),
        ]
        unchecked = is_udp & (number(head, UDP, "checksum", payload) == 0)
        sums_right = (folded(header_once) == 0xFFFF) & (unchecked | (folded(payload_once) == 0xFFFF))

        cannot_be = Signal()
        arp = {name: number(head, ARP, name, _IP) for name in ("hardware_type", "protocol_type", "operation")}
        lengths = number(head, ARP, "hardware_length", _IP), number(head, ARP, "protocol_length", _IP)
        lying = (
            (ip("version_ihl")[4:] != 4)
            | (ip("flags_fragment")[:14] != 0)  # an offset, or more fragments to come
            | (total_length < (ihl << 2) + UDP.length)
            | (total_length + _IP > length)
        )
        m.d.comb += refusal.eq(Refusal.FOREIGN)
        with m.If(self.ip == 0):
            pass
        with m.Elif(ethertype == ETHERTYPE_ARP):
            m.d.comb += kind.eq(FrameKind.ARP)
            with m.If((destination == self.mac) | (destination == BROADCAST)):
                m.d.comb += [
                    cannot_be.eq(
                        (arp["hardware_type"] != 1)
                        | (arp["protocol_type"] != ETHERTYPE_IPV4)
                        | (lengths[0] != 6)
                        | (lengths[1] != 4)
                        | ~arp["operation"].matches(1, 2)
                    ),
                    refusal.eq(Mux(cannot_be, Refusal.MALFORMED, Refusal.NONE)),
                ]
        with m.Elif(ethertype == ETHERTYPE_IPV4):
            ours = Signal()
            with m.If(protocol == PROTOCOL_ICMP):
                is_echo = number(head, ICMP_ECHO, "type", payload) == 8
                m.d.comb += [
                    kind.eq(FrameKind.ECHO),
                    ours.eq(to_us & is_echo),
                    cannot_be.eq(
                        lying
                        | (ihl != 5)
                        | (number(head, ICMP_ECHO, "code", payload) != 0)
                        | (total_length > LONGEST_ECHO)
                        | ((length > SHORTEST_FRAME) & (length != total_length + _IP))
                    ),
                ]
            with m.Elif(protocol == PROTOCOL_IGMP):
                m.d.comb += [
                    kind.eq(FrameKind.IGMP),
                    ours.eq(query & (igmp_type == _QUERY) & (destination == multicast_mac(ip("destination")))),
                    cannot_be.eq(lying | ~ihl.matches(5, 6)),
                ]
            with m.Elif(is_udp):
                m.d.comb += [
                    kind.eq(FrameKind.HOST),
                    ours.eq(to_us & (number(head, UDP, "destination_port", payload) == self.port)),
                    cannot_be.eq(lying | (ihl != 5) | (udp_length != total_length - IPV4.length)),
                ]
            with m.If(ours):
                with m.If(cannot_be):
                    m.d.comb += refusal.eq(Refusal.MALFORMED)
                with m.Else():
                    m.d.comb += refusal.eq(Mux(sums_right, Refusal.NONE, Refusal.CHECKSUM))
