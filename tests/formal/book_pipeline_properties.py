"""What must hold between the events a book takes and the views it gives: one each, in order, six cycles later."""

from amaranth import Cat, Module, Signal
from amaranth.hdl import Assert
from amaranth.lib import wiring

from hdl.book.book import OrderBook
from hdl.types import EventKind, MarketEvent

#: As docs/blocks/book.md promises.
LATENCY = 6
#: Cycle of an event in which it is counted, and in which an order that does not fit is told.
COUNTED, TOLD = 4, 5
KEPT = ("slot", "kind", "exchange_time", "sequence", "session_epoch", "card_time")


class BookPipelineProperties(wiring.Component):
    """The real :class:`~hdl.book.book.OrderBook`, the smallest there is; every input free, memories hold anything."""

    def __init__(self):
        super().__init__({})
        self.book = OrderBook(2, 32, 8)
        self.free = [self.book.events.valid, self.book.events.payload.as_value()]

    def elaborate(self, platform):
        m = Module()
        m.submodules.book = book = self.book
        taken = book.events.valid & book.events.ready
        valid = Signal(LATENCY)  # bit k: an event is in its cycle k + 1
        event = [Signal(MarketEvent, name=f"event_{k + 1}") for k in range(LATENCY)]
        m.d.sync += [valid.eq(Cat(taken, valid)), event[0].eq(book.events.payload)]
        m.d.sync += [event[k].eq(event[k - 1]) for k in range(1, LATENCY)]

        # No event is lost, doubled, delayed or overtaken.
        view, shown = book.view.payload, event[LATENCY - 1]
        m.d.comb += [Assert(book.view.valid == valid[LATENCY - 1]), Assert(~(taken & valid[0]))]
        with m.If(book.view.valid):
            m.d.comb += [Assert(view[name] == shown[name]) for name in KEPT]
            m.d.comb += Assert(view.trade_match == shown.match)

        # Each is counted once, as what it can be.
        counted, kind = valid[COUNTED - 1], event[COUNTED - 1].kind
        known = event[COUNTED - 1].slot < 2
        brings = known & _brings(kind)
        takes = known & (
            (kind == EventKind.EXECUTE)
            | (kind == EventKind.EXECUTE_PRICE)
            | (kind == EventKind.CANCEL)
            | (kind == EventKind.DELETE)
            | (kind == EventKind.REPLACE)
        )
        whole = (kind == EventKind.DELETE) | (kind == EventKind.REPLACE)
        changes = (kind != EventKind.NONE) & (kind != EventKind.REFRESH)
        m.d.comb += [
            Assert(book.events_applied == (counted & changes)),
            Assert(~book.unknown_references | (counted & takes)),
            Assert(~book.over_executions | (counted & takes & ~whole)),
            Assert(~(book.zero_adds | book.duplicate_references) | (counted & brings)),
            Assert(~(book.zero_adds & book.duplicate_references)),
            Assert(~(book.unknown_references & (book.zero_adds | book.duplicate_references | book.over_executions))),
            Assert(book.stale.valid == book.table_overflows),
        ]
        with m.If(book.stale.valid):
            told = event[TOLD - 1]
            m.d.comb += [
                Assert(valid[TOLD - 1]),
                Assert(_brings(told.kind)),
                Assert(book.stale.payload.slot == told.slot),
                Assert(book.stale.payload.cause == told.sequence),
            ]
        return m


def _brings(kind):
    """Whether an event of this kind may bring an order."""
    return (kind == EventKind.ADD) | (kind == EventKind.LOAD) | (kind == EventKind.REPLACE)
