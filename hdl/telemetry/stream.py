"""The event stream: records from all over the card, numbered, queued and sent as datagrams."""

from collections.abc import Mapping
from functools import reduce
from operator import or_

from amaranth import Cat, Const, Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import bits_for

from hdl.net.frame import frame_signature
from hdl.one_hot import select
from hdl.regs.hostlink import HEADER_WORDS, MAGIC, VERSION, Kind
from hdl.telemetry.record import record_signature
from hdl.telemetry.record_queue import Content, RecordQueue
from hdl.telemetry.records import RECORD_BYTES
from hdl.telemetry.source import Source
from hdl.telemetry.source_queue import SourceQueue
from hdl.telemetry.stamps import STAMPS, Stamps

__all__ = ["QUEUE_DEPTH", "Telemetry"]

#: Records that wait for the host link.
QUEUE_DEPTH = 512
#: 64-bit words of a record.
RECORD_WORDS = RECORD_BYTES // 8


class Telemetry(wiring.Component):
    """Takes records from its sources, one a cycle, and sends each as an EVENTS datagram of its own.

    A source that comes earlier in ``sources`` goes first. So the source of HEARTBEAT records stands last: a heartbeat
    leaves after every record that was valid before it. A record's number is given as it takes its turn; a record that
    finds its source's queue or the common queue full is lost, counted in ``dropped``, and its number is used up, so
    that whoever reads the stream sees the hole. It is lost as well after records have come in ``stamps`` cycles, less
    two, without one among them in which none waited: until none waits.

    Of a record goes on what its source's types can have (``Source``), whatever else the source says.

    Latency: a datagram's first word is offered 3 cycles after the record was valid if nothing else waits; a datagram
    takes 10 cycles, so more than one record in 10 cycles for long fills the queue. A record is chosen in the cycle
    after its turn, not in it: the datagram's header is sent first, and says nothing of it but its number.

    Parameters
    ----------
    sources : mapping of str to Source
        What each source sends, by its name, first served first.
    queue_depth : int
        Records that wait for the host link, a power of two.
    stamps : int
        Cycles with records of which the time is kept while a record waits, a power of two.

    Ports
    -----
    one record stream a source, named as it is
    tx : frame stream
        EVENTS datagrams of docs/hostlink.md, one record each.
    card_time : In
        Stamped on a record that brings no time of its own, in the cycle in which it is valid.
    config_epoch : In
        Stamped likewise.
    sequence : Out
        Number of the last record, sent or lost; the first is 1. It wraps.
    dropped : Out
        Records lost in this cycle.
    busy : Out
        A record waits or is being sent.
    """

    def __init__(self, sources: Mapping[str, Source], *, queue_depth: int = QUEUE_DEPTH, stamps: int = STAMPS) -> None:
        if not sources:
            raise ValueError("an event stream needs at least one source of records")
        self._sources = dict(sources)
        self._queue_depth = queue_depth
        self._stamps = stamps
        super().__init__(
            {name: In(record_signature()) for name in sources}
            | {
                "tx": Out(frame_signature(8)),
                "card_time": In(64),
                "config_epoch": In(32),
                "sequence": Out(32),
                "dropped": Out(range(len(sources) + 2)),
                "busy": Out(1),
            }
        )

    def elaborate(self, platform):
        """Build the sources' queues, the choice between them, the common queue and the sender."""
        m = Module()
        m.submodules.stamps = stamps = Stamps(self._stamps)
        m.submodules.queue = queue = RecordQueue(self._queue_depth)
        queues = [self._source_queue(m, name, source, stamps) for name, source in self._sources.items()]
        waiting, turn, chosen = (Signal(len(queues), name=name) for name in ("waiting", "turn", "chosen"))
        waits, lost_at_queue = Signal(), Signal()
        lost_at_sources = Signal(range(len(queues) + 1))
        m.d.comb += [
            waiting.eq(Cat(source.waits for source in queues)),
            waits.eq(waiting.any()),
            turn.eq(waiting & -waiting),  # the first of them
            *(source.take.eq(takes) for source, takes in zip(queues, turn, strict=True)),
            lost_at_sources.eq(sum(source.lost for source in queues)),
            lost_at_queue.eq(waits & ~queue.room),
            queue.write.eq(waits & queue.room),
            queue.number.eq(self.sequence + 1),
        ]
        m.d.sync += [
            # What was lost at a source comes after the record that takes its turn now: its number follows.
            self.sequence.eq(self.sequence + waits + lost_at_sources),
            self.dropped.eq(lost_at_sources + lost_at_queue),
            chosen.eq(turn),
        ]
        m.d.comb += [
            stamps.now.card_time.eq(self.card_time),
            stamps.now.epoch.eq(self.config_epoch),
            stamps.write.eq(Cat(getattr(self, name).valid for name in self._sources).any()),
            stamps.waits.eq(waits),
            self.busy.eq(queue.valid | waits),
        ]
        self._choose(m, queues, chosen, stamps, queue)
        self._send(m, queue)
        return m

    def _source_queue(self, m: Module, name: str, source: Source, stamps: Stamps) -> SourceQueue:
        port = getattr(self, name)
        m.submodules[f"{name}_queue"] = queue = SourceQueue(source, self._stamps)
        m.d.comb += [
            queue.records.valid.eq(port.valid),
            queue.records.payload.eq(port.payload),
            queue.stamp.eq(stamps.number),
            queue.closed.eq(stamps.full),
        ]
        return queue

    def _choose(self, m: Module, queues: list[SourceQueue], chosen: Signal, stamps: Stamps, queue: RecordQueue) -> None:
        """Put together the record that had its turn, and find its stamp."""
        sources = list(self._sources.values())
        restored = [source.restored(waiting.shown) for source, waiting in zip(sources, queues, strict=True)]
        for name in Content.members:
            field = Value.cast(getattr(queue.content, name))
            # What a queue shows is zero unless it is chosen, but a constant is there whatever it shows.
            choices = [_of(fields[name], chosen[i]) for i, fields in enumerate(restored)]
            m.d.comb += field.eq(reduce(or_, choices))
        m.d.comb += stamps.read.eq(reduce(or_, (waiting.shown_stamp for waiting in queues)))

        brings_time, own_time = Signal(), Signal(64)
        bringing = [i for i, source in enumerate(sources) if source.brings_time]
        m.d.sync += [
            brings_time.eq(Cat(chosen[i] for i in bringing).any()),
            own_time.eq(reduce(or_, (queues[i].shown.card_time for i in bringing), Const(0))),
            queue.stamp.eq(stamps.shown),
        ]
        with m.If(brings_time):
            m.d.sync += queue.stamp.card_time.eq(own_time)

    def _send(self, m: Module, queue: RecordQueue) -> None:
        beats = Signal(HEADER_WORDS + RECORD_WORDS, init=1)  # one of them
        last = beats[-1]
        record = _layout(queue)
        header = [
            Cat(Const(MAGIC, 16), Const(VERSION, 8), Const(Kind.EVENTS.value, 8), queue.head_number),
            Const(1, 64),  # one record
        ]
        m.d.comb += [
            Cat(self.tx.payload.data).eq(
                select(beats, [*header, *(record.word_select(i, 64) for i in range(RECORD_WORDS))])
            ),
            self.tx.valid.eq(queue.valid),
            self.tx.payload.count.eq(8),
            self.tx.payload.last.eq(last),
            queue.take.eq(queue.valid & self.tx.ready & last),
        ]
        with m.If(self.tx.valid & self.tx.ready):
            m.d.sync += beats.eq(beats.rotate_left(1))


def _layout(queue: RecordQueue) -> Value:
    """Put a record into the 64 bytes that ``hdl.telemetry.records`` describes."""
    r, stamp = queue.head, queue.head_stamp
    return Cat(
        r.type, r.slot, r.side, r.detail, queue.head_number, stamp.card_time, r.exchange_time, r.order, r.chain,
        r.cause, stamp.epoch, r.word0, r.word1, r.word2, r.word3, r.word4,
    )  # fmt: skip


def _of(said: Value | int, chosen: Value) -> Value:
    return Const(said) & chosen.replicate(bits_for(said)) if isinstance(said, int) else said
