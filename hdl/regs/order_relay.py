"""The card's end of the order relay: OUCH messages to and from the host, each exactly once (docs/hostlink.md)."""

from amaranth import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import enum, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from hdl.net.frame import frame_signature
from hdl.regs.hostlink import HEADER_WORDS, MAGIC, VERSION
from hdl.wire import ouch50

__all__ = ["HEAD_WORDS", "RELAY", "RELAYED", "OrderRelay", "RelayStatus"]

#: Kinds of datagram: a request of the host, with ``RESPONSE`` added its answer, and a message of the card.
RELAY, RELAYED, RESPONSE = 5, 0xC1, 0x80
#: 64-bit words before the message: header, owner, numbers and flags, number of the exchange's message.
HEAD_WORDS = HEADER_WORDS + 3
#: Words of a message of the card, and of one of the exchange.
CARD_WORDS, EXCHANGE_WORDS = 8, 64
#: Flags, by bit.
OPEN, UP, RESEND, START, CLOSE, FORCE = range(6)

_LONGEST = max(message.length for message in ouch50.IN.values()) + 2 * len(ouch50.option(ouch50.TAG_POST_ONLY, b"P"))
if _LONGEST > 8 * CARD_WORDS:
    raise ValueError(f"the card's longest message has {_LONGEST} bytes; the relay keeps {8 * CARD_WORDS} of each")


class RelayStatus(enum.Enum, shape=16):
    """What became of a request."""

    OK = 0
    BAD_MAGIC = 1
    BAD_KIND = 2
    BAD_LENGTH = 3
    #: Another owner has the order session.
    TAKEN = 5
    #: The sender does not have it: it never opened it, closed it, was silent for too long, or another opened it since.
    NOT_OWNER = 6


def _after(number: Value, other: Value) -> Value:
    """How far a number of 32 bits, which wraps, is after another."""
    return (number - other)[:32]


class OrderRelay(wiring.Component):
    """Hands the card's messages to one host and the host's to the card, over datagrams that are lost, doubled, late.

    * **From the card**: a message is kept, under the next number, until the owner says that it has it. It is sent by
      itself once, when it is whole, and again on ``RESEND``, from the oldest that is not taken. While ``depth`` of them
      are kept, ``card`` waits.
    * **To the card**: a message is let through when its number is the one that is wanted, and then the next one is.
      The numbers are those of the exchange's session, so whoever relays next knows where to go on.
    * **One owner**: ``OPEN`` with a token above every earlier one makes its sender the owner if there is none, or with
      ``FORCE``. Requests with another token change nothing. Within an owner's requests, one whose number is not above
      the last one's is late, and is dropped.
    * **Down unless somebody says otherwise**: ``up`` is what the owner's last request said, and low without an owner.
      An owner who is silent for longer than ``silence`` has lost the session.

    Parameters
    ----------
    depth : int
        Messages of the card that are kept, a power of two.

    Ports
    -----
    rx, tx : frames
        Datagrams of the relay: requests; answers and the card's messages.
    card : In, exchange : Out
        Messages of the card, and to it: one a frame.
    card_time, silence : In
        Cycles; a silence of 0 is none.
    opened, up : Out(1)
        There is an owner; the order session is up.
    owner, wanted, number, taken : Out
        Token of the last owner; number of the exchange's message that is wanted, 0 before ``START``; number of the
        card's next message, and of the oldest that is not taken.
    heard, late, refused, bad, repeated, delivered, resent, vanished : Out(1)
        Pulses: a request of the owner; one that came late; of somebody else; that made no sense; a message of the
        exchange whose number was not wanted; one let through; a message of the card sent again; an owner's silence.
    busy : Out(1)
        A datagram is being received or sent.

    Latency: a message of the card is offered on ``tx`` 2 cycles after its last beat if nothing else is sent, and takes
    5 cycles more than it has words. A message to the card is offered on ``exchange`` 2 cycles after the last word of
    its request. ``rx`` is not ready from the last word of a request until its answer has left.

    Bad input: see ``RelayStatus``; a frame shorter than the five words, or with an error, is not answered.
    """

    def __init__(self, depth: int = 32) -> None:
        if depth < 2 or depth & (depth - 1):
            raise ValueError(f"the relay keeps {depth} messages; it must be a power of two from 2 on")
        self._depth = depth
        pulses = ("heard", "late", "refused", "bad", "repeated", "delivered", "resent", "vanished")
        super().__init__(
            {
                "rx": In(frame_signature(8)),
                "tx": Out(frame_signature(8)),
                "card": In(frame_signature(8)),
                "exchange": Out(frame_signature(8)),
                "card_time": In(64),
                "silence": In(48),
                "opened": Out(1),
                "up": Out(1),
                "owner": Out(64),
                "wanted": Out(64),
                "number": Out(32),
                "taken": Out(32),
                "busy": Out(1),
                **{name: Out(1) for name in pulses},
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the keeper of the card's messages, and the machine that receives, judges, lets through and sends."""
        m = Module()
        # A message is read when it is whole, and its place is written again when it is done with.
        attributes: dict[str, str | int] = {"no_rw_check": 1}
        m.submodules.kept = kept = Memory(shape=64, depth=self._depth * CARD_WORDS, init=[], attrs=attributes)
        m.submodules.store = store = Memory(shape=64, depth=EXCHANGE_WORDS, init=[], attrs=attributes)
        m.submodules.lengths = lengths = Memory(shape=range(8 * CARD_WORDS + 1), depth=self._depth, init=[])
        slot_bits = self._depth.bit_length() - 1
        coming = self._keep(m, kept, lengths, slot_bits)

        write, read, kept_read = store.write_port(), store.read_port(), kept.read_port()
        word, out = Cat(self.rx.payload.data), Signal(64)
        head = [Signal(64, name=f"head{i}") for i in range(HEAD_WORDS)]
        magic, version, kind, request = head[0][:16], head[0][16:24], head[0][24:32], head[0][32:]
        count, token, has, sequence = head[1][:16], head[2], head[3][:32], head[4]
        flags, length = head[3][32:48], head[3][48:64]
        words = Signal(range(HEAD_WORDS + EXCHANGE_WORDS + 2))  # stays at its end: one too many is too many
        ragged, broken = Signal(), Signal()
        status = Signal(RelayStatus)
        last_request, sent = Signal(32), Signal(32)  # number of the card's message that is to be sent next
        started, lets = Signal(), Signal()
        beat = Signal(range(HEAD_WORDS + EXCHANGE_WORDS + 1))
        message_words = Signal(range(EXCHANGE_WORDS + 1))
        pushed, pushed_words = Signal(range(8 * CARD_WORDS + 1)), Signal(range(CARD_WORDS + 1))
        first_sends = Signal(32)  # below this number every message was sent before
        due = Signal()
        length_read = lengths.read_port()
        m.d.comb += [
            # Of the message that would be sent next; there is always a cycle between a change of `sent` and that.
            length_read.en.eq(1),
            length_read.addr.eq(sent[:slot_bits]),
            pushed.eq(length_read.data),
            message_words.eq((length + 7)[3:]),
            pushed_words.eq((pushed + 7)[3:]),
            due.eq(self.opened & (sent != self.number)),
            write.addr.eq(words - HEAD_WORDS),
            write.data.eq(word),
            read.en.eq(1),
            kept_read.en.eq(1),
            Cat(self.tx.payload.data).eq(out),
            self.tx.payload.count.eq(8),
        ]

        heard_at, over, grace = Signal(64), Signal(), Signal(range(3))
        m.d.sync += over.eq(self.card_time - heard_at > self.silence)
        m.d.sync += grace.eq(Mux(self.heard, 2, Mux(grace != 0, grace - 1, 0)))  # `over` is of what was before
        with m.If(self.opened & (self.silence != 0) & over & (grace == 0)):
            m.d.comb += self.vanished.eq(1)
            m.d.sync += [self.opened.eq(0), self.up.eq(0)]

        opens, mine, fits = Signal(), Signal(), Signal()
        m.d.comb += [
            # A token is used once: what is doubled or late on its way opens nothing.
            opens.eq(flags[OPEN] & (token > self.owner) & (~self.opened | flags[FORCE])),
            mine.eq(self.opened & (token == self.owner)),
            fits.eq(
                ~ragged
                & (count <= 1)
                & ((length != 0) == (count != 0))
                & (length <= 8 * EXCHANGE_WORDS)
                & (words == HEAD_WORDS + message_words)
            ),
        ]

        with m.FSM():
            with m.State("RECEIVE"):
                m.d.comb += [self.rx.ready.eq(1), self.busy.eq(self.rx.valid | (words != 0) | due)]
                with m.If(self.rx.valid):
                    with m.Switch(words):
                        for i in range(HEAD_WORDS):
                            with m.Case(i):
                                m.d.sync += head[i].eq(word)
                        with m.Default():
                            m.d.comb += write.en.eq(words < HEAD_WORDS + EXCHANGE_WORDS)
                    with m.If(words != HEAD_WORDS + EXCHANGE_WORDS + 1):
                        m.d.sync += words.eq(words + 1)
                    m.d.sync += [ragged.eq(ragged | (self.rx.payload.count != 8)), broken.eq(self.rx.payload.error)]
                    with m.If(self.rx.payload.last):
                        m.next = "JUDGE"
                with m.Elif((words == 0) & due):
                    m.d.sync += beat.eq(0)
                    m.next = "PUSH"
            with m.State("JUDGE"):
                m.d.comb += self.busy.eq(1)
                m.d.sync += [beat.eq(0), lets.eq(0), words.eq(0), ragged.eq(0), status.eq(RelayStatus.OK)]
                m.next = "ANSWER"
                with m.If(broken | (words < HEAD_WORDS) | ((words == HEAD_WORDS) & ragged)):
                    m.d.comb += self.bad.eq(1)
                    m.next = "RECEIVE"
                with m.Elif((magic != MAGIC) | (version != VERSION)):
                    m.d.comb += self.bad.eq(1)
                    m.d.sync += status.eq(RelayStatus.BAD_MAGIC)
                with m.Elif(kind != RELAY):
                    m.d.comb += self.bad.eq(1)
                    m.d.sync += status.eq(RelayStatus.BAD_KIND)
                with m.Elif(~fits):
                    m.d.comb += self.bad.eq(1)
                    m.d.sync += status.eq(RelayStatus.BAD_LENGTH)
                with m.Elif(opens):
                    m.d.comb += self.heard.eq(1)
                    m.d.sync += [
                        self.owner.eq(token),
                        self.opened.eq(1),
                        self.up.eq(0),
                        started.eq(0),
                        sent.eq(self.taken),
                        last_request.eq(request),
                        heard_at.eq(self.card_time),
                    ]
                with m.Elif(~mine):
                    m.d.comb += self.refused.eq(1)
                    m.d.sync += status.eq(Mux(flags[OPEN] & self.opened, RelayStatus.TAKEN, RelayStatus.NOT_OWNER))
                with m.Elif(_after(request, last_request + 1)[31]):
                    m.d.comb += self.late.eq(1)
                    m.next = "RECEIVE"
                with m.Else():
                    m.d.comb += self.heard.eq(1)
                    m.d.sync += [last_request.eq(request), heard_at.eq(self.card_time)]
                    m.d.sync += [self.up.eq(flags[UP] & ~flags[CLOSE]), self.opened.eq(~flags[CLOSE])]
                    # A number that the card has not used yet says nothing.
                    with m.If(_after(has, self.taken) <= _after(self.number, self.taken)):
                        m.d.sync += self.taken.eq(has)
                        with m.If(flags[RESEND] | (_after(has, self.taken) > _after(sent, self.taken))):
                            m.d.sync += sent.eq(has)
                    with m.If(flags[START] & ~started):
                        m.d.sync += [self.wanted.eq(sequence), started.eq(1)]
                    with m.Elif(length != 0):
                        m.d.comb += self.repeated.eq((sequence != self.wanted) | (self.wanted == 0))
                        with m.If(~self.repeated):
                            m.d.sync += lets.eq(1)
                            m.next = "LET_THROUGH"
            with m.State("LET_THROUGH"):
                m.d.comb += [
                    self.busy.eq(1),
                    self.exchange.valid.eq(beat != 0),
                    Cat(self.exchange.payload.data).eq(read.data),
                    self.exchange.payload.last.eq(beat == message_words),
                    self.exchange.payload.count.eq(Mux(self.exchange.payload.last & length[:3].any(), length[:3], 8)),
                    read.addr.eq(beat - (self.exchange.valid & ~self.exchange.ready)),
                ]
                with m.If(~self.exchange.valid | self.exchange.ready):
                    m.d.sync += beat.eq(beat + 1)
                    with m.If(self.exchange.valid & self.exchange.payload.last):
                        m.d.comb += self.delivered.eq(1)
                        m.d.sync += [self.wanted.eq(self.wanted + 1), beat.eq(0)]
                        m.next = "ANSWER"
            with m.State("ANSWER"):
                m.d.comb += [self.busy.eq(1), self.tx.valid.eq(1), self.tx.payload.last.eq(beat == HEAD_WORDS - 1)]
                with m.Switch(beat):
                    with m.Case(0):
                        m.d.comb += out.eq(Cat(Const(MAGIC, 16), Const(VERSION, 8), kind | RESPONSE, request))
                    with m.Case(1):
                        m.d.comb += out.eq(Cat(Const(0, 16), status, self.taken))
                    with m.Case(2):
                        m.d.comb += out.eq(self.owner)
                    with m.Case(3):
                        m.d.comb += out.eq(Cat(self.number, self.opened, self.up, coming))
                    with m.Default():
                        m.d.comb += out.eq(self.wanted)
                with m.If(self.tx.ready):
                    m.d.sync += beat.eq(beat + 1)
                    with m.If(self.tx.payload.last):
                        m.d.sync += beat.eq(0)
                        m.next = "RECEIVE"
                        with m.If(due):
                            m.next = "PUSH"
            with m.State("PUSH"):
                m.d.comb += [
                    self.busy.eq(1),
                    self.tx.valid.eq(1),
                    self.tx.payload.last.eq(beat == HEAD_WORDS - 1 + pushed_words),
                    kept_read.addr.eq(Cat((beat - (HEAD_WORDS - 1) - ~self.tx.ready)[:3], sent[:slot_bits])),
                ]
                with m.Switch(beat):
                    with m.Case(0):
                        m.d.comb += out.eq(Cat(Const(MAGIC, 16), Const(VERSION, 8), Const(RELAYED, 8), sent))
                    with m.Case(1):
                        m.d.comb += out.eq(1)  # one message
                    with m.Case(2):
                        m.d.comb += out.eq(self.owner)
                    with m.Case(3):
                        m.d.comb += out.eq(Cat(sent, self.opened, self.up, Const(0, 14), pushed))
                    with m.Case(4):
                        m.d.comb += out.eq(self.wanted)
                    with m.Default():
                        m.d.comb += out.eq(kept_read.data)
                with m.If(self.tx.ready):
                    m.d.sync += beat.eq(beat + 1)
                    with m.If(self.tx.payload.last):
                        m.d.comb += self.resent.eq(_after(sent, first_sends)[31])
                        m.d.sync += sent.eq(sent + 1)
                        with m.If(~self.resent):
                            m.d.sync += first_sends.eq(sent + 1)
                        m.next = "RECEIVE"
        return m

    def _keep(self, m: Module, kept: Memory, lengths: Memory, slot_bits: int) -> Value:
        """Take the card's messages into their places, each with a number when it is whole; give whether one is coming.

        The order port begins no order once the session is down. So an answer with ``up`` low and nothing coming tells
        the last number there is: its word is sent four cycles after ``up`` fell.
        """
        write, length = kept.write_port(), lengths.write_port()
        index, bytes_in = Signal(range(CARD_WORDS)), Signal(range(8 * CARD_WORDS + 1))
        m.d.comb += [
            self.card.ready.eq(_after(self.number, self.taken) < self._depth),
            write.addr.eq(Cat(index, self.number[:slot_bits])),
            write.data.eq(Cat(self.card.payload.data)),
            write.en.eq(self.card.valid & self.card.ready),
            length.addr.eq(self.number[:slot_bits]),
            length.data.eq(bytes_in + self.card.payload.count),
            length.en.eq(write.en & self.card.payload.last),
        ]
        with m.If(write.en):
            m.d.sync += [index.eq(index + 1), bytes_in.eq(bytes_in + self.card.payload.count)]
            with m.If(self.card.payload.last):
                m.d.sync += [
                    index.eq(0),
                    bytes_in.eq(0),
                    self.number.eq(self.number + 1),
                ]
        return self.card.valid | (index != 0)
