"""The engine's feed half on its own: frames in, five-level views out, nothing that trades."""

from amaranth import ClockDomain, DomainRenamer, Module, Signal, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect

from hdl.book.book import OrderBook
from hdl.book.queue import EventQueue
from hdl.configs import CardConfig
from hdl.feed.receiver import FeedReceiver
from hdl.net.frame import frame_signature
from hdl.types import DepthView

__all__ = ["COUNTERS", "FeedHalf"]

#: What is counted.
COUNTERS = ("messages", "frames_bad", "gaps", "wrong_sizes", "unknown_types", "lost", "stale_books", "refills")


class FeedHalf(wiring.Component):
    """Feed, event queue and book, wired to each other as in :class:`hdl.engine.Engine`.

    Made to be simulated fast. There is no reset, whose value every register would have to choose anew in every cycle:
    registers begin with their initial values, which are those of a reset. Inputs go through a register, so that a
    simulator has nothing to work out when an input changes, but only at the clock's edge.

    Parameters
    ----------
    config : CardConfig
        Sizes.

    Ports
    -----
    clk, feed_clk, pipeline_clk : In(1)
        One clock by three ports, so that a simulator need not work out what stands still: that of the queue and of what
        the book does between events, which has every cycle; that of the feed and its inputs; that of the book's
        pipeline. The two may be left out of cycles in which ``feed_moves`` and ``pipeline_moves`` are low.
    rx : In
        Ethernet frames without check sequence; never waits. Every destination is heard.
    symbols : In
        Symbol of each slot, first character lowest.
    view : Out
        Every depth view. Its card time counts the cycles since the start.
    messages ... refills : Out(32)
        Counters of what the feed and the book say under that name; ``lost`` counts events that found the queue
        full, ``stale_books`` orders that the table could not hold. They run over.
    live_orders : Out(32)
        Orders in the table.
    stale : Out
        A bit a slot.
    feed_moves : Out(1)
        A beat enters the feed, an event leaves it or waits behind it, or it is told of something lost. What is inside
        it does not count: ``kOnTheWay`` of ``replay.cpp`` says for how many cycles after a beat it may move.
    pipeline_moves : Out(1)
        An operation is in the book's pipeline or enters it.
    book_wants_rest : Out(1)
        As the book's ``wants_rest``.
    book_busy : Out(1)
        An event waits or is in the book, or the book does background work.

    Latency: one cycle more than the engine's.
    """

    def __init__(self, config: CardConfig) -> None:
        self._config = config
        super().__init__(
            {
                "clk": In(1),
                "feed_clk": In(1),
                "pipeline_clk": In(1),
                "rx": In(frame_signature(config.width, always_ready=True)),
                "symbols": In(data.ArrayLayout(unsigned(64), config.slots)),
                "view": Out(stream.Signature(DepthView, always_ready=True)),
                **{name: Out(32) for name in COUNTERS},
                "live_orders": Out(32),
                "stale": Out(config.slots),
                "feed_moves": Out(1),
                "pipeline_moves": Out(1),
                "book_wants_rest": Out(1),
                "book_busy": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Wire the blocks to each other."""
        m = Module()
        config = self._config
        m.domains.sync = sync = ClockDomain(reset_less=True)
        m.domains.feed = feed_domain = ClockDomain(reset_less=True)
        m.domains.pipeline = pipeline = ClockDomain(reset_less=True)
        feed = FeedReceiver(config, recovers=False)
        queue = EventQueue()
        book = OrderBook(config.slots, config.table_orders, config.row_levels, background="background")
        m.submodules.feed = DomainRenamer("feed")(feed)
        m.submodules.queue = queue
        m.submodules.book = DomainRenamer({"sync": "pipeline", "background": "sync"})(book)

        rx_valid = Signal()
        rx = Signal.like(self.rx.payload)
        symbols = Signal.like(self.symbols)
        card_time = Signal(64)
        m.d.feed += [
            rx_valid.eq(self.rx.valid),
            rx.eq(self.rx.payload),
            symbols.eq(self.symbols),
            card_time.eq(card_time + 1),
        ]
        connect(m, feed.events, queue.incoming)
        connect(m, queue.outgoing, book.events)
        m.d.comb += [
            sync.clk.eq(self.clk),
            feed_domain.clk.eq(self.feed_clk),
            pipeline.clk.eq(self.pipeline_clk),
            feed.rx.valid.eq(rx_valid),
            feed.rx.payload.eq(rx),
            feed.symbols.eq(symbols),
            feed.card_time.eq(card_time),
            feed.check_ip_checksum.eq(1),
            feed.state_change.ready.eq(1),
            feed.book_stale_valid.eq(book.stale.valid),
            feed.book_stale_slot.eq(book.stale.payload.slot),
            feed.queue_overflow.eq(queue.overflow),
            self.view.valid.eq(book.view.valid),
            self.view.payload.eq(book.view.payload),
            self.live_orders.eq(book.live_orders),
            self.book_busy.eq((queue.level != 0) | book.busy),
            self.book_wants_rest.eq(book.wants_rest),
            self.feed_moves.eq(rx_valid | feed.events.valid | (queue.level != 0) | queue.overflow | book.stale.valid),
            self.pipeline_moves.eq(book.operating),
        ]
        m.d.comb += [self.stale[i].eq(feed.flags[i].stale) for i in range(config.slots)]
        amounts = {"lost": queue.overflow, "stale_books": book.stale.valid, "refills": book.refills}
        for name in COUNTERS:
            counter = getattr(self, name)
            amount = amounts[name] if name in amounts else getattr(feed, name)
            m.d["sync" if name in amounts else "feed"] += counter.eq(counter + amount)
        return m
