"""Ethernet, IPv4 and UDP off a frame; its payload out, cut through, in the beats in which it came."""

from amaranth import Cat, Module, Mux, Signal, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from hdl.net.frame import Beat, frame_signature
from hdl.wire.ethernet import ETHERNET, ETHERTYPE_IPV4, ETHERTYPE_VLAN, IPV4, PROTOCOL_UDP, UDP, VLAN

__all__ = ["PayloadBeat", "UdpReceiver", "payload_lanes", "payload_signature"]

#: Bytes before the IPv4 header of a frame without a tag; a tag adds ``VLAN.length``, which is one 4-byte word.
_IP = ETHERNET.length
_WORD = VLAN.length


def payload_lanes(width: int) -> list[int]:
    """Lanes in which a payload can begin: a tag and each IPv4 option word move it by 4 bytes."""
    return sorted({(_IP + UDP.length + _WORD * words) % width for words in (0, 1)})


class PayloadBeat(data.StructLayout):
    """A beat of a frame that carries payload, its bytes in the lanes they had in the frame.

    The first one of a datagram is that with the payload's second beat: ``lead`` is the one before it, in which the
    payload begins at lane ``start``. (Not before is it known whether the frame's headers are right.) The others'
    ``lead`` and ``start`` mean nothing.

    Parameters
    ----------
    width : int
        Bytes in a beat: 1, 4 or 8.
    """

    def __init__(self, width: int = 8) -> None:
        super().__init__(
            {
                "data": data.ArrayLayout(unsigned(8), width),
                "count": range(width + 1),
                "last": 1,
                "error": 1,
                "first": 1,
                "lead": data.ArrayLayout(unsigned(8), width),
                "start": range(width),
                #: Card time at which it entered.
                "time": 64,
            }
        )
        self.width = width


def payload_signature(width: int = 8) -> stream.Signature:
    """Stream of :class:`PayloadBeat`, never waiting. ``count``, ``last`` and ``error`` are as in ``hdl.net.frame``."""
    return stream.Signature(PayloadBeat(width), always_ready=True)


class UdpReceiver(wiring.Component):
    """Gives the payload of every good UDP datagram for this card, trimmed to the UDP length.

    Heard are Ethernet II frames, with or without one 802.1Q tag, that carry unfragmented IPv4 with UDP; options in the
    IPv4 header are passed over. Everything the headers say is checked before the payload leaves: version, header length
    and checksum, addresses, and that UDP and IPv4 agree on the length. The payload is neither stored nor moved to
    other lanes: either would cost time. A frame that turns out short or damaged at its end has been given out by then,
    and says so by ``error`` on its last beat. That last beat waits for the end of the frame where beats follow that
    carry none of the payload (padding, a trailer). The UDP checksum is not verified: feeds send it as zero, and the
    frame check sequence covers the same bytes.

    Parameters
    ----------
    width : int
        Bytes of a beat: 1, 4 or 8.
    least : int
        Shortest payload that makes sense, more than ``width`` bytes. A datagram with less, but not without any, is bad.

    Ports
    -----
    rx
        Whole frames without their check sequence; always ready. ``error`` on the last beat: the check failed.
    card_time
        Card time of this cycle, in cycles.
    ip, port
        Destination heard; 0 hears every one.
    own_ip, own_port
        A second destination, whose datagrams go to ``own_datagram``; none while ``own_ip`` is 0.
    check_ip_checksum
        Whether a wrong IPv4 header checksum makes a frame bad.
    datagram, own_datagram
        The payload's beats.
    frame_seen, frame_ignored, frame_bad
        Pulses, at most one of the latter two a frame, two cycles after its end. Ignored: other protocols, addresses
        and ports, fragments, datagrams without payload. Bad: ``error``, runts, wrong checksums and lengths that lie.
    busy
        A frame is in flight.

    Latency: none. A beat leaves in the cycle in which it enters, the payload's first beat with its second; a last beat
    that waits leaves in the cycle in which the frame ends.

    Sources: ``hdl.wire.ethernet``.
    """

    def __init__(self, width: int = 8, *, least: int) -> None:
        if least <= width:
            raise ValueError(f"the shortest payload is longer than a beat of {width} bytes, not {least!r}")
        self._width, self._least = width, least
        super().__init__(
            {
                "rx": In(frame_signature(width, always_ready=True)),
                "card_time": In(64),
                "ip": In(32),
                "port": In(16),
                "own_ip": In(32),
                "own_port": In(16),
                "check_ip_checksum": In(1),
                "datagram": Out(payload_signature(width)),
                "own_datagram": Out(payload_signature(width)),
                "frame_seen": Out(1),
                "frame_ignored": Out(1),
                "frame_bad": Out(1),
                "busy": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        W = self._width
        rx, rx_valid = self.rx.payload, self.rx.valid

        # Beat numbers count up to one that no header reaches. A tag is one word more, like an option.
        limit = (_IP + _WORD * 16 + UDP.length) // W + 2
        number = Signal(range(limit + 1))
        before = Signal(Beat(W))  # the beat before this one
        before_number = Signal.like(number)
        fresh = Signal()
        closing = Signal()  # ``before`` was the last beat of its frame, one cycle ago
        m.d.sync += [fresh.eq(rx_valid), closing.eq(rx_valid & rx.last)]
        with m.If(rx_valid):
            m.d.sync += [before.eq(rx), before_number.eq(number)]
            m.d.sync += number.eq(Mux(rx.last, 0, Mux(number == limit, limit, number + 1)))

        # Headers, byte by byte, as far as they lie at a fixed place with or without a tag.
        first = ETHERNET["ethertype"].offset
        header = {p: Signal(8, name=f"header_{p}") for p in range(first, _IP + _WORD + IPV4.length)}
        for p, byte in header.items():
            with m.If(rx_valid & (number == p // W)):
                m.d.sync += byte.eq(rx.data[p % W])

        tagged = Cat(header[first + 1], header[first]) == ETHERTYPE_VLAN

        def field(name):
            at = _IP + IPV4[name].offset
            plain, shifted = (
                Cat(header[at + shift + i] for i in reversed(range(IPV4[name].width))) for shift in (0, _WORD)
            )
            return Mux(tagged, shifted, plain)

        def ethertype(at):
            return Cat(header[at + 1], header[at])

        ip_header_words = field("version_ihl")[:4]
        words = Signal(5)  # 4-byte words of tag and IPv4 header: they decide where UDP starts
        m.d.comb += words.eq(tagged + ip_header_words)

        # UDP's destination port and length make one aligned word of the frame: taken as it passes.
        udp = [Signal(8, name=f"udp_{i}") for i in range(_WORD)]
        for i, byte in enumerate(udp):
            for lane in range(W):
                if W == 1 or lane % _WORD == i:
                    at = _IP + UDP["destination_port"].offset + i
                    with m.If(rx_valid & (number * W + lane == at + _WORD * words)):
                        m.d.sync += byte.eq(rx.data[lane])
        udp_port, udp_length = Cat(udp[1], udp[0]), Cat(udp[3], udp[2])

        # The checksum follows one beat behind: its verdict is ready with the payload's second beat.
        total = Signal(21)
        terms = []
        for lane in range(0, W, 2):
            position = before_number * W + lane
            inside = (position >= _IP + _WORD * tagged) & (((position - _IP) >> 2) < words)
            high = before.data[lane]
            if W == 1:
                terms.append(Mux(inside, Mux(before_number[0], high, high << 8), 0))
            else:
                terms.append(Mux(inside, Cat(before.data[lane + 1], high), 0))
        with m.If(fresh):
            m.d.sync += total.eq(Mux(before_number == 0, 0, total) + sum(terms))
        folded = Signal(17)
        m.d.comb += folded.eq(total[:16] + total[16:])

        not_ipv4 = Signal()
        malformed = Signal()
        foreign = Signal()
        lying = Signal()
        short = Signal()
        wrong_port = Signal()
        own_ip, own = Signal(), Signal()
        accept = Signal()
        fragment = field("flags_fragment")
        m.d.comb += [
            not_ipv4.eq(Mux(tagged, ethertype(first + _WORD), ethertype(first)) != ETHERTYPE_IPV4),
            malformed.eq(
                (field("version_ihl")[4:] != 4)
                | (ip_header_words < IPV4.length // _WORD)
                | (self.check_ip_checksum & ((folded[:16] + folded[16]) != 0xFFFF))
            ),
            foreign.eq(
                (fragment[:14] != 0)  # an offset, or more fragments to come
                | (field("protocol") != PROTOCOL_UDP)
                | ((self.ip != 0) & (self.ip != field("destination")) & ~own_ip)
            ),
            own_ip.eq((self.own_ip != 0) & (self.own_ip == field("destination"))),
            own.eq(own_ip & (self.own_port == udp_port)),
            lying.eq((udp_length < UDP.length) | (field("total_length") != udp_length + _WORD * ip_header_words)),
            short.eq(udp_length < UDP.length + self._least),
            wrong_port.eq(
                ~own
                & (((self.port != 0) & (self.port != udp_port)) | ((self.ip != 0) & (self.ip != field("destination"))))
            ),
            accept.eq(~(not_ipv4 | malformed | foreign | lying | short | wrong_port)),
        ]

        # Payload, from its second beat on.
        start = Signal(range(_IP + _WORD * 31 + UDP.length + 1))
        m.d.comb += start.eq(_IP + UDP.length + _WORD * words)
        lanes = payload_lanes(W)
        lane = lanes[0] if len(lanes) == 1 else Mux(words[0], *lanes)  # an odd number of words: the smaller one
        started = Signal()
        done = Signal()
        complete = Signal()
        left = Signal(16)
        left_now = Signal(16)
        ends_here, final, torn, take = Signal(), Signal(), Signal(), Signal()
        waiting, wait, given = Signal(), Signal(), Signal()
        beat, held = Signal(PayloadBeat(W)), Signal(PayloadBeat(W))
        m.d.comb += [
            left_now.eq(Mux(started, left, udp_length - UDP.length - (W - lane))),
            ends_here.eq(rx_valid & rx.last),
            take.eq(rx_valid & (number > start // W) & accept & ~done),
            final.eq(left_now <= rx.count),
            torn.eq(~final & ends_here),
            beat.data.eq(rx.data),
            beat.count.eq(Mux(final, left_now, rx.count)),
            beat.last.eq(final | torn),
            beat.error.eq(torn | (final & rx.error & rx.last)),
            beat.first.eq(~started),
            beat.lead.eq(before.data),
            beat.start.eq(lane),
            beat.time.eq(self.card_time),
            wait.eq(take & final & ~rx.last),
            given.eq((take & ~wait) | (waiting & ends_here)),
            self.datagram.valid.eq(given & ~own),
            self.own_datagram.valid.eq(given & own),
        ]
        for port in (self.datagram, self.own_datagram):
            m.d.comb += port.payload.eq(beat)
            with m.If(waiting):
                m.d.comb += [port.payload.eq(held), port.payload.error.eq(rx.error)]
        with m.If(take):
            m.d.sync += [started.eq(1), left.eq(left_now - rx.count)]
            m.d.sync += [done.eq(beat.last), complete.eq(final), waiting.eq(wait), held.eq(beat)]
        with m.Elif(ends_here):
            m.d.sync += waiting.eq(0)
        with m.If(closing):
            m.d.sync += [started.eq(0), done.eq(0), complete.eq(0), waiting.eq(0)]

        # What the frame was, once all of it is known.
        closed = Signal()
        error = Signal()
        whole = Signal()
        length = Signal(range((limit + 1) * W + 1))
        m.d.sync += [closed.eq(closing), self.frame_seen.eq(closing), self.frame_bad.eq(0), self.frame_ignored.eq(0)]
        with m.If(closing):
            m.d.sync += [
                length.eq(before_number * W + before.count),
                error.eq(before.error),
                whole.eq(complete),
            ]
        with m.If(closed):
            with m.If(error | (length < _IP + _WORD * tagged)):
                m.d.sync += self.frame_bad.eq(1)
            with m.Elif(not_ipv4):
                m.d.sync += self.frame_ignored.eq(1)
            with m.Elif((length < _IP + _WORD * tagged + IPV4.length) | malformed):
                m.d.sync += self.frame_bad.eq(1)
            with m.Elif(foreign):
                m.d.sync += self.frame_ignored.eq(1)
            with m.Elif((length < start) | lying):
                m.d.sync += self.frame_bad.eq(1)
            with m.Elif(wrong_port | (udp_length == UDP.length)):
                m.d.sync += self.frame_ignored.eq(1)
            with m.Elif(short | ~whole):
                m.d.sync += self.frame_bad.eq(1)
        m.d.comb += self.busy.eq(
            rx_valid | (number != 0) | closing | closed | self.frame_seen | self.frame_ignored | self.frame_bad
        )
        return m
