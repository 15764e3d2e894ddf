"""An order book with its counters joined on, as the card has it, so that a test reads them once at the end."""

from amaranth import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.book.book import OrderBook
from hdl.book.queue import EventQueue
from hdl.types import DepthView, MarketEvent

PULSES = (
    "unknown_references",
    "duplicate_references",
    "zero_adds",
    "over_executions",
    "table_overflows",
    "levels_spilled",
    "refills",
    "events_applied",
)


class BookBench(wiring.Component):
    """``OrderBook``, optionally behind an ``EventQueue``; every pulse counted under its own name."""

    def __init__(self, slots: int, table_orders: int, row_levels: int, *, queue: int = 0) -> None:
        self._sizes = (slots, table_orders, row_levels)
        self._queue = queue
        super().__init__(
            {
                "event_payload": In(MarketEvent),
                "event_valid": In(1),
                "event_ready": Out(1),
                "view_payload": Out(DepthView),
                "view_valid": Out(1),
                "view_overflowed": Out(1),
                **{name: Out(32) for name in PULSES},
                "stale_slots": Out(64),
                "live_orders": Out(32),
                "busy": Out(1),
                "lost": Out(32),
                "max_level": Out(16),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the bench."""
        m = Module()
        m.submodules.book = book = OrderBook(*self._sizes)
        if self._queue:
            m.submodules.queue = queue = EventQueue(self._queue)
            wiring.connect(m, queue.outgoing, book.events)
            m.d.comb += [
                queue.incoming.payload.eq(self.event_payload),
                queue.incoming.valid.eq(self.event_valid),
                self.event_ready.eq(1),
                self.max_level.eq(queue.max_level),
            ]
            m.d.sync += self.lost.eq(self.lost + queue.overflow)
        else:
            m.d.comb += [
                book.events.payload.eq(self.event_payload),
                book.events.valid.eq(self.event_valid),
                self.event_ready.eq(book.events.ready),
            ]
        m.d.comb += [
            self.view_payload.eq(book.view.payload),
            self.view_valid.eq(book.view.valid),
            self.live_orders.eq(book.live_orders),
            self.busy.eq(book.busy),
        ]
        for name in PULSES:
            m.d.sync += getattr(self, name).eq(getattr(self, name) + getattr(book, name))
        m.d.sync += self.view_overflowed.eq(book.stale.valid)  # a cycle before the view of the same event
        with m.If(book.stale.valid):
            m.d.sync += self.stale_slots.eq(self.stale_slots | (1 << book.stale.payload.slot[:6]))
        return m
