"""What the host hears of the book: DEPTH records now and then with their levels, a TRADE_PRINT for every print."""

from amaranth import Cat, Module, Mux, Signal, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from hdl.telemetry.depth_levels import DepthLevels
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

    Five DEPTH_LEVEL records follow a DEPTH record whose flag bit 4 says so, all of one view and with its ``cause``;
    DEPTH records of other views may come between them. They do not follow while those of an earlier view are on their
    way, nor at a trigger whose view another slot's has replaced since.

    Latency: ``tops`` and DEPTH records follow their view by 3 cycles, TRADE_PRINT records by 2. A view may come every
    cycle. DEPTH_LEVEL records come ``hdl.telemetry.depth_levels.PACE`` cycles apart.

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
    busy : Out
        Something is yet to be told.
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
                "busy": Out(1),
            }
        )

    def elaborate(self, platform):
        """Build the volume adders, the tops and the two sources of records."""
        m = Module()
        # Cycle 0: whether a record of this view is due.
        counts = Signal()
        m.d.comb += counts.eq(
            self.view.valid & (self.view.payload.slot < self._slots) & (self.view.payload.kind != EventKind.LOAD)
        )
        due = self._due(m, counts)
        # Cycles 1 and 2: volumes by a tree of adders, beside what else is needed of the view.
        view, view_valid, view_counts, view_due = Signal(DepthView), Signal(), Signal(), Signal()
        m.d.sync += [
            view.eq(self.view.payload),
            view_valid.eq(self.view.valid),
            view_counts.eq(counts),
            view_due.eq(due),
        ]
        top, slot, top_valid, periodic = Signal(SlotTop), Signal(8), Signal(), Signal()
        m.d.sync += [
            top.bid.eq(view.bids[0].price),
            top.ask.eq(view.asks[0].price),
            top.bid_volume.eq(_saturated(view.bids)),
            top.ask_volume.eq(_saturated(view.asks)),
            top.flags.eq(Cat(view.bid_incomplete, view.ask_incomplete, view.locked, view.crossed)),
            top.exchange_time.eq(view.exchange_time),
            top.sequence.eq(view.sequence),
            slot.eq(view.slot),
            top_valid.eq(view_counts),
            periodic.eq(view_due),
        ]
        for i in range(self._slots):
            with m.If(top_valid & (slot == i)):
                m.d.sync += self.tops[i].eq(top)
        # The same once more, to be read by number: a choice among many registers costs more than a memory.
        m.submodules.shown = shown = Memory(shape=SlotTop, depth=self._slots, init=[])
        shown_now, shown_write = shown.read_port(domain="comb"), shown.write_port()
        m.d.comb += [shown_write.addr.eq(slot), shown_write.data.eq(top), shown_write.en.eq(top_valid)]
        self._tell_prints(m, view, view_valid)

        m.submodules.levels = levels = DepthLevels()
        trigger_waits, trigger_slot = Signal(), Signal(8)
        tells_trigger, shows_levels, with_levels = Signal(), Signal(), Signal()
        m.d.comb += [
            levels.view.valid.eq(counts),
            levels.view.payload.eq(self.view.payload),
            tells_trigger.eq(trigger_waits & ~periodic),
            # The view that is held is the one that the slot's top shows: none is on its way there.
            shows_levels.eq(tells_trigger & (levels.slot == trigger_slot) & ~view_counts & ~top_valid),
            levels.begin.eq(view_due | shows_levels),
        ]
        # Of a view the levels are promised a cycle before its record, as the volumes are not summed yet.
        m.d.sync += with_levels.eq(levels.whole)
        told, flags = Signal(SlotTop), Signal(5)
        m.d.comb += [
            shown_now.addr.eq(trigger_slot),
            told.eq(Mux(periodic, top, shown_now.data)),
            flags.eq(Cat(told.flags, Mux(periodic, with_levels, shows_levels & levels.whole))),
        ]
        with m.If(tells_trigger):
            m.d.sync += trigger_waits.eq(0)
        with m.If(self.trigger):
            m.d.sync += [trigger_waits.eq(1), trigger_slot.eq(self.trigger_slot)]
        tells_top = Signal()
        pair = levels.levels.payload
        record = self.depth.payload
        m.d.comb += [
            tells_top.eq(periodic | trigger_waits),
            levels.levels.ready.eq(~tells_top),
            self.busy.eq(view_valid | top_valid | trigger_waits | levels.busy | self.depth.valid | self.prints.valid),
        ]
        m.d.sync += [
            self.depth.valid.eq(tells_top | levels.levels.valid),
            record.type.eq(Mux(tells_top, RecordType.DEPTH, RecordType.DEPTH_LEVEL)),
            record.slot.eq(Mux(tells_top, Mux(periodic, slot, trigger_slot), levels.slot)),
            record.side.eq(NO_SIDE),
            record.detail.eq(Mux(tells_top, ~periodic, pair.number)),
            record.exchange_time.eq(Mux(tells_top, told.exchange_time, levels.exchange_time)),
            record.cause.eq(Mux(tells_top, told.sequence, levels.sequence)),
            record.word0.eq(Mux(tells_top, told.bid, pair.bid.price)),
            record.word1.eq(Mux(tells_top, told.ask, pair.bid.shares)),
            record.word2.eq(Mux(tells_top, told.bid_volume, pair.ask.price)),
            record.word3.eq(Mux(tells_top, told.ask_volume, pair.ask.shares)),
            record.word4.eq(Mux(tells_top, flags, 0)),
        ]
        return m

    def _due(self, m: Module, counts):
        """Keep when each slot was told last; give whether this view is to be."""
        m.submodules.told_at = told_at = Memory(shape=unsigned(64), depth=self._slots, init=[])
        read, write = told_at.read_port(domain="comb"), told_at.write_port()
        # A memory is not reset: what it says counts once it has been written.
        told_once = Signal(self._slots)
        once = told_once.bit_select(self.view.payload.slot, 1)
        due, age = Signal(), Signal(64)
        m.d.comb += [
            read.addr.eq(self.view.payload.slot),
            age.eq(self.card_time - read.data),
            due.eq(counts & (self.interval != 0) & (~once | (age >= self.interval))),
            write.addr.eq(self.view.payload.slot),
            write.data.eq(self.card_time),
            write.en.eq(due),
        ]
        with m.If(due):
            m.d.sync += once.eq(1)
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
