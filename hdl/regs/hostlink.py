"""The host link's request and response protocol, in gateware (docs/hostlink.md)."""

from amaranth import Cat, Const, Module, Mux, Signal
from amaranth.lib import enum, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from hdl.net.frame import frame_signature
from hdl.regs.bus import bus_signature

__all__ = ["HEADER_WORDS", "MAGIC", "MAX_ITEMS", "VERSION", "HostLink", "Kind", "Status"]

MAGIC = 0x5750
VERSION = 1
#: Most items a datagram may carry.
MAX_ITEMS = 64
#: 64-bit words of a datagram's header.
HEADER_WORDS = 2
#: Bit of ``kind`` that makes a request's kind its response's.
RESPONSE = 0x80


class Kind(enum.Enum, shape=8):
    """Kinds of datagram that the gateware knows; subscriptions are the socket owner's."""

    READ = 1
    WRITE = 2
    SUBSCRIBE = 3
    EVENTS = 0xC0


class Status(enum.Enum, shape=16):
    """What was wrong with a whole request."""

    OK = 0
    BAD_MAGIC = 1
    BAD_KIND = 2
    BAD_LENGTH = 3


class HostLink(wiring.Component):
    """Carries out READ and WRITE requests on the register bus and answers them.

    A request is stored whole before anything is done, because its length is known only at its end and a request of
    wrong length changes nothing. Items are carried out in order; the response leaves as they are.

    Latency: the first word of a response is offered 2 cycles after the last word of its request; each item takes 8
    cycles with a bank that acknowledges in 4. ``rx`` is not ready meanwhile.

    Bad input: a wrong magic or version, an unknown kind (SUBSCRIBE is one here), a count above 64 or a length that is
    not ``16 + 16 x count`` is answered with the status that says so and no items. A frame shorter than a header, or
    marked with ``error``, is not answered. Each of these raises ``error`` for a cycle and nothing else.

    Ports
    -----
    rx, tx : frame streams
        Requests in, responses out, one datagram a frame.
    bus : Out
        The register bank.
    error : Out
        One cycle for each request that made no sense.
    busy : Out
        A request is being received, carried out or answered.
    """

    rx: In(frame_signature(8))
    tx: Out(frame_signature(8))
    bus: Out(bus_signature())
    error: Out(1)
    busy: Out(1)

    def elaborate(self, platform):
        """Build the machine: receive, check, answer the header, then item by item."""
        m = Module()
        # It is written in one state and read in others.
        m.submodules.store = store = Memory(shape=64, depth=2 * MAX_ITEMS, init=[], attrs={"no_rw_check": 1})
        write, read = store.write_port(), store.read_port()
        word = Cat(self.rx.payload.data)
        out = Signal(64)
        m.d.comb += [
            Cat(self.tx.payload.data).eq(out),
            self.tx.payload.count.eq(8),
            self.tx.payload.error.eq(0),
        ]

        head = [Signal(64, name=f"head{i}") for i in range(HEADER_WORDS)]
        magic, version, kind, request = head[0][:16], head[0][16:24], head[0][24:32], head[0][32:]
        count = head[1][:16]
        words = Signal(range(HEADER_WORDS + 2 * MAX_ITEMS + 2))  # stays at its end: one too many is too many
        ragged, bad_frame = Signal(), Signal()
        status = Signal(Status)
        item = Signal(range(MAX_ITEMS + 1))
        items = Signal(range(MAX_ITEMS + 1))
        address = Signal(32)
        result, result_status = Signal(64), Signal(2)
        m.d.comb += [
            write.addr.eq(words - HEADER_WORDS),
            write.data.eq(word),
            read.en.eq(1),
            self.bus.address.eq(address),
            self.bus.wdata.eq(read.data),
        ]

        with m.FSM():
            with m.State("RECEIVE"):
                m.d.comb += [self.rx.ready.eq(1), self.busy.eq(self.rx.valid | (words != 0)), read.addr.eq(0)]
                with m.If(self.rx.valid):
                    with m.Switch(words):
                        for i in range(HEADER_WORDS):
                            with m.Case(i):
                                m.d.sync += head[i].eq(word)
                        with m.Default():
                            m.d.comb += write.en.eq(words < HEADER_WORDS + 2 * MAX_ITEMS)
                    with m.If(words != HEADER_WORDS + 2 * MAX_ITEMS + 1):
                        m.d.sync += words.eq(words + 1)
                    m.d.sync += [
                        ragged.eq(ragged | (self.rx.payload.count != 8)),
                        bad_frame.eq(self.rx.payload.error),
                    ]
                    with m.If(self.rx.payload.last):
                        m.next = "CHECK"
            with m.State("CHECK"):
                m.d.comb += self.busy.eq(1)
                with m.If((magic != MAGIC) | (version != VERSION)):
                    m.d.sync += status.eq(Status.BAD_MAGIC)
                with m.Elif((kind != Kind.READ.value) & (kind != Kind.WRITE.value)):
                    m.d.sync += status.eq(Status.BAD_KIND)
                with m.Elif(ragged | (count > MAX_ITEMS) | (words != HEADER_WORDS + 2 * count[:7])):
                    m.d.sync += status.eq(Status.BAD_LENGTH)
                with m.Else():
                    m.d.sync += status.eq(Status.OK)
                # A header with its last word cut short is not a header.
                with m.If(bad_frame | (words < HEADER_WORDS) | ((words == HEADER_WORDS) & ragged)):
                    m.d.comb += self.error.eq(1)
                    m.d.sync += [words.eq(0), ragged.eq(0)]
                    m.next = "RECEIVE"
                with m.Else():
                    m.next = "HEAD0"
            with m.State("HEAD0"):
                m.d.comb += [self.busy.eq(1), self.tx.valid.eq(1)]
                m.d.comb += out.eq(Cat(Const(MAGIC, 16), Const(VERSION, 8), kind | RESPONSE, request))
                m.d.sync += [items.eq(Mux(status == Status.OK, count, 0)), item.eq(0)]
                with m.If(self.tx.ready):
                    m.d.comb += self.error.eq(status != Status.OK)
                    m.next = "HEAD1"
            with m.State("HEAD1"):
                m.d.comb += [self.busy.eq(1), self.tx.valid.eq(1), self.tx.payload.last.eq(items == 0)]
                m.d.comb += [out.eq(Cat(Const(0, 16) | items, status)), read.addr.eq(0)]
                with m.If(self.tx.ready):
                    m.next = "ADDRESS"
                    with m.If(items == 0):
                        m.d.sync += [words.eq(0), ragged.eq(0)]
                        m.next = "RECEIVE"
            with m.State("ADDRESS"):
                m.d.comb += [self.busy.eq(1), read.addr.eq(Cat(Const(1, 1), item))]
                m.d.sync += address.eq(read.data)
                m.next = "STROBE"
            with m.State("STROBE"):
                m.d.comb += [
                    self.busy.eq(1),
                    self.bus.read.eq(kind == Kind.READ.value),
                    self.bus.write.eq(kind == Kind.WRITE.value),
                ]
                m.d.sync += result.eq(read.data)
                m.next = "WAIT"
            with m.State("WAIT"):
                m.d.comb += self.busy.eq(1)
                with m.If(self.bus.ack):
                    m.d.sync += result_status.eq(self.bus.status)
                    with m.If(kind == Kind.READ.value):
                        m.d.sync += result.eq(self.bus.rdata)
                    m.next = "ITEM0"
            with m.State("ITEM0"):
                m.d.comb += [self.busy.eq(1), self.tx.valid.eq(1), out.eq(Cat(address, result_status))]
                with m.If(self.tx.ready):
                    m.d.sync += item.eq(item + 1)
                    m.next = "ITEM1"
            with m.State("ITEM1"):
                m.d.comb += [self.busy.eq(1), self.tx.valid.eq(1), out.eq(result)]
                m.d.comb += [self.tx.payload.last.eq(item == items), read.addr.eq(Cat(Const(0, 1), item))]
                with m.If(self.tx.ready):
                    m.next = "ADDRESS"
                    with m.If(item == items):
                        m.d.sync += [words.eq(0), ragged.eq(0)]
                        m.next = "RECEIVE"
        return m
