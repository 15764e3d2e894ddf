"""What the host hears of the book: DEPTH records now and then, and a TRADE_PRINT for every print."""

from amaranth import Array, Cat, Module, Mux, Signal, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from hdl.telemetry.record import NO_SIDE, RecordType, record_signature
from hdl.types import DEPTH, DepthView, EventKind

__all__ = ["DepthSampler", "SlotTop"]


class SlotTop(data.Struct):
    """The top of a slot's book as its last view showed it; volumes are over five levels and saturate."""

    bid: unsigned(32)
    ask: unsigned(32)
    bid_volume: unsigned(32)
    ask_volume: unsigned(32)
    #: As the DEPTH record: bid incomplete, ask incomplete, locked, crossed.
    flags: unsigned(4)
    exchange_time: unsigned(48)
    sequence: unsigned(64)


class DepthSampler(wiring.Component):
    """Turns depth views into records for the host, and keeps the top of each slot's book.

    A DEPTH record is sent for a view if the slot's last one is ``interval`` cycles old or older, or there was none;
    with an ``interval`` of 0, at triggers only. A DEPTH record at a trigger (``detail`` 1) shows the slot's top as it
    is when it is sent and does not shift the interval. It may wait for records of views; of two triggers that wait at
    once the later one is told. Views of a snapshot's orders (kind LOAD) are left out: they show a part of a book.

    Latency: ``tops`` and DEPTH records follow their view by 3 cycles, TRADE_PRINT records by 2. A view may come every
    cycle.

    Parameters
    ----------
    slots : int
        Symbols followed at once.

    Ports
    -----
    view : In
        Views of the book.
    interval : In
        Least card time between two DEPTH records of a slot, in cycles; 0: none but at triggers.
    trades : In
        TRADE_PRINT records are wanted.
    trigger, trigger_slot : In
        A strategy has decided to act on a slot.
    card_time : In
        Cycles.
    depth, prints : Out
        Records for ``hdl.telemetry.stream.Telemetry``.
    tops : Out
        Top of the book, a slot each.
    """

    def __init__(self, slots: int) -> None:
        self._slots = slots
        super().__init__(
            {
                "view": In(stream.Signature(DepthView, always_ready=True)),
                "interval": In(40),
                "trades": In(1),
                "trigger": In(1),
                "trigger_slot": In(8),
                "card_time": In(64),
                "depth": Out(record_signature()),
                "prints": Out(record_signature()),
                "tops": Out(data.ArrayLayout(SlotTop, slots)),
            }
        )

    def elaborate(self, platform):
        """Build the volume adders, the tops and the two sources of records."""
        m = Module()
        # Cycles 1 and 2: volumes by a tree of adders, beside what else is needed of the view.
        view, view_valid = Signal(DepthView), Signal()
        m.d.sync += [view.eq(self.view.payload), view_valid.eq(self.view.valid)]
        top, slot, top_valid = Signal(SlotTop), Signal(8), Signal()
        m.d.sync += [
            top.bid.eq(view.bids[0].price),
            top.ask.eq(view.asks[0].price),
            top.bid_volume.eq(_saturated(view.bids)),
            top.ask_volume.eq(_saturated(view.asks)),
            top.flags.eq(Cat(view.bid_incomplete, view.ask_incomplete, view.locked, view.crossed)),
            top.exchange_time.eq(view.exchange_time),
            top.sequence.eq(view.sequence),
            slot.eq(view.slot),
            top_valid.eq(view_valid & (view.slot < self._slots) & (view.kind != EventKind.LOAD)),
        ]
        self._tell_prints(m, view, view_valid)
        due = self._keep(m, top, slot, top_valid)

        trigger_waits, trigger_slot = Signal(), Signal(8)
        told = Signal(SlotTop)
        periodic = top_valid & due
        m.d.comb += told.eq(top)
        with m.If(~periodic):
            m.d.comb += told.eq(Array(self.tops)[trigger_slot])
            m.d.sync += trigger_waits.eq(0)
        with m.If(self.trigger):
            m.d.sync += [trigger_waits.eq(1), trigger_slot.eq(self.trigger_slot)]
        record = self.depth.payload
        m.d.sync += [
            self.depth.valid.eq(periodic | trigger_waits),
            record.type.eq(RecordType.DEPTH),
            record.slot.eq(Mux(periodic, slot, trigger_slot)),
            record.side.eq(NO_SIDE),
            record.detail.eq(~periodic),
            record.exchange_time.eq(told.exchange_time),
            record.cause.eq(told.sequence),
            record.word0.eq(told.bid),
            record.word1.eq(told.ask),
            record.word2.eq(told.bid_volume),
            record.word3.eq(told.ask_volume),
            record.word4.eq(told.flags),
        ]
        return m

    def _keep(self, m: Module, top, slot, top_valid):
        """Keep each slot's top; give whether a periodic record is due for ``slot``."""
        due = Signal()
        for i in range(self._slots):
            told_at, told_once = Signal(64, name=f"told_at_{i}"), Signal(name=f"told_once_{i}")
            with m.If(slot == i):
                age = self.card_time - told_at
                m.d.comb += due.eq((self.interval != 0) & (~told_once | (age[:64] >= self.interval)))
                with m.If(top_valid):
                    m.d.sync += self.tops[i].eq(top)
                    with m.If(due):
                        m.d.sync += [told_at.eq(self.card_time), told_once.eq(1)]
        return due

    def _tell_prints(self, m: Module, view, view_valid) -> None:
        record = self.prints.payload
        m.d.sync += [
            self.prints.valid.eq(view_valid & self.trades & (view.trade_shares != 0)),
            record.type.eq(RecordType.TRADE_PRINT),
            record.slot.eq(view.slot),
            record.side.eq(NO_SIDE),
            record.detail.eq(view.kind),
            record.exchange_time.eq(view.exchange_time),
            record.cause.eq(view.sequence),
            record.word0.eq(view.trade_price),
            record.word1.eq(view.trade_shares),
            record.word2.eq(view.trade_match[:32]),
            record.word3.eq(view.trade_match[32:]),
        ]


def _saturated(levels):
    """Sum of the shares of five levels, at most 2**32 - 1."""
    total = sum((levels[i].shares for i in range(1, DEPTH)), start=levels[0].shares)
    return Mux(total[32:].any(), 0xFFFF_FFFF, total[:32])
