"""The host link over UDP: requests that are carried out once, however often and late their copies come."""

from amaranth import Cat, Const, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from hdl.net.demultiplexer import head_signature
from hdl.net.filter import HEAD_BYTES
from hdl.net.frame import frame_signature
from hdl.net.ipv4 import number
from hdl.net.recency import RecencyList
from hdl.net.udp_sender import UdpAddress
from hdl.net.words import WORD
from hdl.regs.hostlink import HEADER_WORDS, MAGIC, MAX_ITEMS, RESPONSE, VERSION, Kind, Status
from hdl.regs.order_relay import RELAY
from hdl.wire.ethernet import ETHERNET, IPV4, UDP

__all__ = ["HELLO", "REQUEST_WORDS", "STALE_WINDOW", "UNKNOWN_HOST", "HostPort"]

#: Kind by which a host says from which number on it counts.
HELLO = 4
#: Status of an answer to a host that said no HELLO.
UNKNOWN_HOST = 4
#: A request numbered this little behind its host's last one is late, and is not carried out.
STALE_WINDOW = 1 << 24
#: Words of the longest request or answer.
REQUEST_WORDS = HEADER_WORDS + 2 * MAX_ITEMS
#: One more is kept of a request, so that it is seen to be too long.
_KEPT_WORDS = REQUEST_WORDS + 1
_UDP_AT = ETHERNET.length + IPV4.length
_PAYLOAD_AT = _UDP_AT + UDP.length
#: Bytes of the payload in a frame's head: a word of it is these and the first ones of the next.
_EARLY = HEAD_BYTES - _PAYLOAD_AT


class HostPort(wiring.Component):
    """Judges each request by its sender and number (docs/hostlink.md, "Over UDP"), and answers it.

    HELLO and SUBSCRIBE are answered here, READ and WRITE by the gateware's host link; RELAY goes to the order relay,
    which has numbers of its own. Of each host the last request and
    its answer are kept: the same bytes again get that answer again. A host that is forgotten, because ``hosts`` others
    were heard since, is told so by status 4, as after a reset.

    Parameters
    ----------
    hosts : int
        Hosts that are remembered, at most 15.

    Ports
    -----
    heard, has_rest, rest : In
        Heads of UDP frames to the host link's port that were found right, and what follows them.
    request, response : Out, In
        What is to be carried out, as the host link wants it, and its answer, which always comes.
    relay : Out
        Requests for the order relay.
    destination, answer : Out
        Answers, and where they go. The destination stays until the answer after it.
    subscribe : Out
        Send events there from now on; it is answered once this is taken.
    carried, copied, stranger, short : Out
        Pulses: a request was carried out; it was a copy or late; its host said no HELLO; it was shorter than a header.
    busy : Out
        A request is in hand.

    Latency: the host link hears a request's first word 4 cycles after the last word of the frame was taken; an answer's
    first word is offered 2 cycles after the host link's last one.
    """

    def __init__(self, hosts: int = 4) -> None:
        self._hosts = hosts
        super().__init__(
            {
                "heard": In(head_signature()),
                "has_rest": In(1),
                "rest": In(frame_signature(WORD)),
                "request": Out(frame_signature(WORD)),
                "response": In(frame_signature(WORD)),
                "relay": Out(frame_signature(WORD)),
                "destination": Out(UdpAddress),
                "answer": Out(frame_signature(WORD)),
                "subscribe": Out(stream.Signature(UdpAddress)),
                "carried": Out(1),
                "copied": Out(1),
                "stranger": Out(1),
                "short": Out(1),
                "busy": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        m.submodules.hosts = hosts = RecencyList(self._hosts)
        at, following = Signal(range(_KEPT_WORDS + 1)), Signal(range(_KEPT_WORDS + 1))
        stride = 1 << len(at)  # words of a place: a power of two, so that places need no multiplication
        depth = stride * (self._hosts + 1)  # the last place is for what need not be remembered
        # A row is written before the state in which it is read, or behind the one that is read.
        attributes: dict[str, str | int] = {"no_rw_check": 1}
        m.submodules.incoming = incoming = Memory(shape=8 * WORD, depth=stride, init=[], attrs=attributes)
        m.submodules.requests = requests = Memory(shape=8 * WORD, depth=depth, init=[], attrs=attributes)
        m.submodules.answers = answers = Memory(shape=8 * WORD, depth=depth, init=[], attrs=attributes)
        in_write, in_read = incoming.write_port(), incoming.read_port()
        old_write, old_read = requests.write_port(), requests.read_port()
        answer_write, answer_read = answers.write_port(), answers.read_port()
        sizes = [Signal(range(_KEPT_WORDS * WORD + 1), name=f"size_{i}") for i in range(self._hosts + 1)]
        answer_sizes = [Signal(range(REQUEST_WORDS + 1), name=f"answer_size_{i}") for i in range(self._hosts + 1)]

        head = self.heard.payload
        sender = Signal(UdpAddress)
        size = Signal(16)  # bytes of the payload
        left = Signal(16)
        carry = Signal(8 * _EARLY)
        same, more = Signal(), Signal()
        words = [Signal(8 * WORD, name=f"header_{i}") for i in range(HEADER_WORDS)]
        magic, version, kind, request = words[0][:16], words[0][16:24], words[0][24:32], words[0][32:]
        count = words[1][:16]
        place = Signal(4)
        remember, carry_out, relayed = Signal(), Signal(), Signal()
        status = Signal(16)
        behind = Signal(32)
        word, take = Signal(8 * WORD), Signal()
        kept = Signal(range(_KEPT_WORDS + 1))
        final = Signal()
        m.d.comb += [
            hosts.address.eq(sender),
            hosts.number.eq(request),
            behind.eq(hosts.entry.number - request),
            self.destination.eq(sender),
            self.subscribe.payload.eq(sender),
            word.eq(Cat(carry, Cat(self.rest.payload.data)[: 8 * (WORD - _EARLY)])),
            in_write.addr.eq(at),
            in_write.data.eq(word),
            in_read.addr.eq(following),
            in_read.en.eq(1),
            old_read.addr.eq(Cat(following, hosts.entry.place)),
            old_read.en.eq(1),
            old_write.addr.eq(Cat(at, place)),
            old_write.data.eq(in_read.data),
            answer_write.addr.eq(Cat(at, place)),
            answer_read.addr.eq(Cat(following, place)),
            answer_read.en.eq(1),
            following.eq(at),
            Cat(self.request.payload.data).eq(in_read.data),
            self.request.payload.last.eq(final),
            self.request.payload.count.eq(Mux(final & (size[:3] != 0), size[:3], WORD)),
            self.relay.payload.eq(self.request.payload),
            final.eq(at == kept - 1),
            Cat(self.answer.payload.data).eq(answer_read.data),
            self.answer.payload.count.eq(WORD),
            self.busy.eq(1),
        ]
        with m.FSM():
            with m.State("IDLE"):
                m.d.comb += [self.heard.ready.eq(1), self.busy.eq(self.heard.valid)]
                udp_length = number(head, UDP, "length", _UDP_AT)
                m.d.sync += [
                    sender.mac.eq(number(head, ETHERNET, "source", 0)),
                    sender.ip.eq(number(head, IPV4, "source", ETHERNET.length)),
                    sender.port.eq(number(head, UDP, "source_port", _UDP_AT)),
                    size.eq(udp_length - UDP.length),
                    left.eq(udp_length - UDP.length),
                    carry.eq(Cat(head[i] for i in range(_PAYLOAD_AT, HEAD_BYTES))),
                    [at.eq(0), kept.eq(0), same.eq(1), more.eq(self.has_rest)],
                ]
                with m.If(self.heard.valid):
                    m.next = "LOOK"
            with m.State("LOOK"):
                # The first word of the sender's last request is read.
                m.next = "TAKE"
            with m.State("TAKE"):
                # The payload's end may lie in what is there already.
                enough = left <= _EARLY
                m.d.comb += [
                    take.eq((left != 0) & (enough | self.rest.valid)),
                    self.rest.ready.eq(more & ~((left != 0) & enough)),
                    following.eq(at + (take & (at != _KEPT_WORDS))),
                    in_write.en.eq(take & (at != _KEPT_WORDS)),
                ]
                with m.If(self.rest.valid & self.rest.ready):
                    m.d.sync += carry.eq(Cat(self.rest.payload.data)[8 * (WORD - _EARLY) :])
                    with m.If(self.rest.payload.last):
                        m.d.sync += more.eq(0)
                with m.If(take):
                    m.d.sync += [left.eq(Mux(left < WORD, 0, left - WORD)), at.eq(following)]
                    for i in range(HEADER_WORDS):
                        with m.If(at == i):
                            m.d.sync += words[i].eq(word)
                    # Of a last word that is cut short the rest is chance; its length is compared below.
                    unlike = Signal(8 * WORD)
                    m.d.comb += unlike.eq(word ^ old_read.data)
                    with m.If(left < WORD):
                        m.d.comb += unlike.eq((word ^ old_read.data) & ((Const(1) << (left[:3] << 3)) - 1))
                    with m.If((unlike != 0) & (at != _KEPT_WORDS)):
                        m.d.sync += same.eq(0)
                with m.If((left == 0) & ~more):
                    m.d.sync += kept.eq(at)
                    m.next = "JUDGE"
            with m.State("JUDGE"):
                m.next = "COPY"
                m.d.comb += following.eq(0)
                m.d.sync += [at.eq(0), place.eq(hosts.entry.place), remember.eq(1), carry_out.eq(1), status.eq(0)]
                m.d.sync += relayed.eq(0)
                good = (size == HEADER_WORDS * WORD) & (count == 0)
                lengths = Signal.like(sizes[0])
                with m.Switch(hosts.entry.place):
                    for i in range(self._hosts):
                        with m.Case(i):
                            m.d.comb += lengths.eq(sizes[i])
                ours = (magic == MAGIC) & (version == VERSION)
                with m.If(size < HEADER_WORDS * WORD):
                    m.d.comb += self.short.eq(1)
                    m.next = "IDLE"
                with m.Elif(ours & (kind == Kind.SUBSCRIBE.value)):
                    m.d.comb += self.subscribe.valid.eq(good)
                    m.d.sync += [status.eq(Mux(good, Status.OK.value, Status.BAD_LENGTH.value)), remember.eq(0)]
                    m.d.sync += [place.eq(self._hosts), carry_out.eq(0)]
                    m.next = "JUDGE"
                    with m.If(~good | self.subscribe.ready):
                        m.next = "FIRST"
                with m.Elif(ours & (kind == RELAY)):
                    m.d.sync += [relayed.eq(1), remember.eq(0), carry_out.eq(0)]
                with m.Elif(ours & ~hosts.known & (kind != HELLO)):
                    m.d.comb += self.stranger.eq(1)
                    m.d.sync += [status.eq(UNKNOWN_HOST), remember.eq(0), place.eq(self._hosts), carry_out.eq(0)]
                    m.next = "FIRST"
                with m.Elif(ours & hosts.known & (behind <= STALE_WINDOW)):
                    m.d.comb += self.copied.eq(1)
                    m.next = "IDLE"
                    with m.If((behind == 0) & same & (lengths == size)):
                        m.next = "ANSWER"
                with m.Elif(ours & (kind == HELLO)):
                    m.d.comb += hosts.touch.eq(1)
                    m.d.sync += [status.eq(Mux(good, Status.OK.value, Status.BAD_LENGTH.value)), carry_out.eq(0)]
                with m.Elif(ours):
                    m.d.comb += hosts.touch.eq(1)
                with m.Else():
                    # Of another version: answered by the host link, which changes nothing.
                    m.d.sync += [remember.eq(0), place.eq(self._hosts)]
            with m.State("COPY"):
                # The request goes where it is kept, and to the host link, which takes all of one before it acts.
                step = Mux(relayed, self.relay.ready, self.request.ready | ~carry_out)
                m.d.comb += [
                    self.request.valid.eq(carry_out),
                    self.relay.valid.eq(relayed),
                    old_write.en.eq(remember & step),
                    following.eq(at + step),
                ]
                with m.If(step):
                    m.d.sync += at.eq(following)
                    with m.If(final):
                        m.d.sync += at.eq(0)
                        m.d.comb += self.carried.eq(carry_out)
                        m.next = "FIRST"
                        with m.If(carry_out):
                            m.next = "RESPONSE"
                        with m.Elif(relayed):
                            m.next = "IDLE"
                        for i in range(self._hosts):
                            with m.If(remember & (place == i)):
                                m.d.sync += sizes[i].eq(size)
            with m.State("FIRST"):
                m.d.comb += answer_write.en.eq(1)
                m.d.comb += answer_write.data.eq(Cat(Const(MAGIC, 16), Const(VERSION, 8), kind | RESPONSE, request))
                m.d.sync += at.eq(1)
                m.next = "SECOND"
            with m.State("SECOND"):
                m.d.comb += [answer_write.en.eq(1), answer_write.data.eq(status << 16)]
                self._answered(m, answer_sizes, place, HEADER_WORDS)
                m.d.sync += at.eq(0)
                m.next = "ANSWER"
            with m.State("RESPONSE"):
                m.d.comb += [
                    self.response.ready.eq(1),
                    answer_write.en.eq(self.response.valid),
                    answer_write.data.eq(Cat(self.response.payload.data)),
                ]
                with m.If(self.response.valid):
                    m.d.sync += at.eq(at + 1)
                    with m.If(self.response.payload.last):
                        self._answered(m, answer_sizes, place, at + 1)
                        m.d.sync += at.eq(0)
                        m.next = "ANSWER"
            with m.State("ANSWER"):
                # The first word of the answer is read; it may have been written in the cycle before.
                for i in range(self._hosts + 1):
                    with m.If(place == i):
                        m.d.sync += kept.eq(answer_sizes[i])
                m.next = "SEND"
            with m.State("SEND"):
                m.d.comb += [
                    self.answer.valid.eq(1),
                    self.answer.payload.last.eq(final),
                    following.eq(at + self.answer.ready),
                ]
                m.d.sync += at.eq(following)
                with m.If(self.answer.ready & final):
                    m.next = "IDLE"
        return m

    def _answered(self, m: Module, answer_sizes, place, words) -> None:
        for i, answer_size in enumerate(answer_sizes):
            with m.If(place == i):
                m.d.sync += answer_size.eq(words)
