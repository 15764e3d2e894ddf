"""The event stream: records from all over the card, numbered, queued and sent as datagrams."""

from collections.abc import Iterable, Mapping

from amaranth import Cat, Const, Module, Mux, Signal, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.fifo import SyncFIFO, SyncFIFOBuffered
from amaranth.lib.wiring import In, Out

from hdl.net.frame import frame_signature
from hdl.regs.hostlink import HEADER_WORDS, MAGIC, VERSION, Kind
from hdl.telemetry.record import Record, record_signature
from hdl.telemetry.records import RECORD_BYTES

__all__ = ["QUEUE_DEPTH", "SOURCE_DEPTH", "Telemetry"]

#: Records that wait for the host link.
QUEUE_DEPTH = 512
#: Records that wait for their turn, a source.
SOURCE_DEPTH = 4
#: 64-bit words of a record.
RECORD_WORDS = RECORD_BYTES // 8


class _Waiting(data.Struct):
    record: Record
    epoch: unsigned(32)


class Telemetry(wiring.Component):
    """Takes records from its sources, one a cycle, and sends each as an EVENTS datagram of its own.

    A source that comes earlier in ``sources`` goes first. So the source of HEARTBEAT records stands last: a heartbeat
    leaves after every record that was valid before it. A record's number is given as it takes its turn; a record that
    finds its source's queue or the common queue full is lost, counted in ``dropped``, and its number is used up, so
    that whoever reads the stream sees the hole.

    Latency: a datagram's first word is offered 3 cycles after the record was valid if nothing else waits; a datagram
    takes 10 cycles, so more than one record in 10 cycles for long fills the queue.

    Parameters
    ----------
    sources : iterable of str, or mapping of str to int
        Names of the sources, first served first; with a mapping, how many records each may have waiting.
    queue_depth : int
        Records that wait for the host link.

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

    def __init__(self, sources: Iterable[str] | Mapping[str, int], *, queue_depth: int = QUEUE_DEPTH) -> None:
        depths = dict(sources) if isinstance(sources, Mapping) else dict.fromkeys(sources, SOURCE_DEPTH)
        if not depths:
            raise ValueError("an event stream needs at least one source of records")
        self._depths = depths
        self._queue_depth = queue_depth
        super().__init__(
            {name: In(record_signature()) for name in depths}
            | {
                "tx": Out(frame_signature(8)),
                "card_time": In(64),
                "config_epoch": In(32),
                "sequence": Out(32),
                "dropped": Out(range(len(depths) + 2)),
                "busy": Out(1),
            }
        )

    def elaborate(self, platform):
        """Build the sources' queues, the choice between them, the common queue and the sender."""
        m = Module()
        queues = [self._source_queue(m, name, depth) for name, depth in self._depths.items()]
        lost_at_sources = Signal(range(len(queues) + 1))
        m.d.comb += lost_at_sources.eq(sum(overflow for _, overflow in queues))

        m.submodules.queue = queue = SyncFIFOBuffered(width=8 * RECORD_BYTES, depth=self._queue_depth)
        chosen = Signal(_Waiting)
        any_waiting = Signal()
        with m.If(0):
            pass
        for fifo, _ in queues:
            with m.Elif(fifo.r_rdy):
                m.d.comb += [chosen.as_value().eq(fifo.r_data), any_waiting.eq(1), fifo.r_en.eq(1)]
        lost_at_queue = Signal()
        number = Signal(32)
        m.d.comb += [
            number.eq(self.sequence + 1),
            lost_at_queue.eq(any_waiting & ~queue.w_rdy),
            queue.w_en.eq(any_waiting & queue.w_rdy),
            queue.w_data.eq(_layout(chosen, number)),
        ]
        # What was lost at a source comes after the record that takes its turn now: its number follows.
        m.d.sync += [
            self.sequence.eq(self.sequence + any_waiting + lost_at_sources),
            self.dropped.eq(lost_at_sources + lost_at_queue),
        ]
        m.d.comb += self.busy.eq(queue.r_rdy | Cat(fifo.r_rdy for fifo, _ in queues).any())
        self._send(m, queue)
        return m

    def _source_queue(self, m: Module, name: str, depth: int) -> tuple[SyncFIFO, Signal]:
        port = getattr(self, name)
        m.submodules[f"{name}_queue"] = fifo = SyncFIFO(width=_Waiting.as_shape().size, depth=depth)
        entry = Signal(_Waiting, name=f"{name}_entry")
        overflow = Signal(name=f"{name}_overflow")
        m.d.comb += [
            entry.record.eq(port.payload),
            entry.record.card_time.eq(Mux(port.payload.timed, port.payload.card_time, self.card_time)),
            entry.epoch.eq(self.config_epoch),
            fifo.w_data.eq(entry),
            fifo.w_en.eq(port.valid),
            overflow.eq(port.valid & ~fifo.w_rdy),
        ]
        return fifo, overflow

    def _send(self, m: Module, queue: SyncFIFOBuffered) -> None:
        beat = Signal(range(HEADER_WORDS + RECORD_WORDS))
        last = beat == HEADER_WORDS + RECORD_WORDS - 1
        words = [queue.r_data.word_select(i, 64) for i in range(RECORD_WORDS)]
        number = words[0][32:]
        header = [
            Cat(Const(MAGIC, 16), Const(VERSION, 8), Const(Kind.EVENTS.value, 8), number),
            Const(1, 64),  # one record
        ]
        with m.Switch(beat):
            for i, word in enumerate(header + words):
                with m.Case(i):
                    m.d.comb += Cat(self.tx.payload.data).eq(word)
        m.d.comb += [
            self.tx.valid.eq(queue.r_rdy),
            self.tx.payload.count.eq(8),
            self.tx.payload.last.eq(last),
            queue.r_en.eq(queue.r_rdy & self.tx.ready & last),
        ]
        with m.If(self.tx.valid & self.tx.ready):
            m.d.sync += beat.eq(Mux(last, 0, beat + 1))


def _layout(waiting, number):
    """Put a record into the 64 bytes that ``hdl.telemetry.records`` describes."""
    r = waiting.record
    return Cat(
        r.type, r.slot, r.side, r.detail, number, r.card_time, r.exchange_time, r.order, r.chain, r.cause,
        waiting.epoch, r.word0, r.word1, r.word2, r.word3, r.word4,
    )  # fmt: skip
