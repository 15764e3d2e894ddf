# amaranth: UnusedElaboratable=no
# (On a card that does not trade most of them are not used.)
"""The engine: feed, book, strategy, risk and orders, wired to each other."""

from amaranth import Module, Mux
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from hdl.book.book import OrderBook
from hdl.book.queue import EventQueue
from hdl.configs import CardConfig
from hdl.feed.receiver import FeedReceiver
from hdl.feed.snapshot import SnapshotLoader
from hdl.net.frame import frame_signature
from hdl.orders.port import OrderPort
from hdl.risk.arming import Arming
from hdl.risk.broken_trades import BrokenTrades
from hdl.risk.card_watch import CardWatch
from hdl.risk.gate import RiskGate
from hdl.risk.locates import Locates
from hdl.risk.marks import Marks
from hdl.risk.own_resting import OwnResting
from hdl.risk.positions import Positions
from hdl.risk.repeats import Repeats
from hdl.risk.unexplained import Unexplained
from hdl.strategy.host_orders import HostOrders
from hdl.strategy.intents import IntentOrder
from hdl.strategy.maker import MarketMaker
from hdl.strategy.own_display import DISPLAYING, OwnDisplay
from hdl.strategy.taker import ImbalanceTaker
from hdl.strategy.taker_types import TakerState
from hdl.types import DepthView
from hdl.types import Module as Strategy

__all__ = ["Engine"]


class Engine(wiring.Component):
    """Hears frames and sends orders.

    On a card that does not trade the blocks from the strategies on are there as ports only, which stay as a reset
    leaves them: the order session is not open, so nothing arms the card, and it takes nothing from ``ouch_rx``.

    The blocks are attributes. What connects one block to another is wired here; what configures a block, or is counted
    or reported, is for whoever holds the registers (``hdl/card.py``) to wire to the block's own ports.

    Parameters
    ----------
    config : CardConfig
        Sizes.

    Ports
    -----
    rx, rx_b : In
        Ethernet frames of the feed's lines, without check sequence; never wait.
    tx : Out
        Ethernet frames without check sequence: requests for missing messages.
    ouch_tx, ouch_rx : Out, In
        One OUCH message a frame, no session framing.
    card_time : In(64)
        Cycles.
    session_up : In(1)
        The order session is up.
    view : Out
        Every depth view, for telemetry and tests.
    busy : Out(1)
        Something moves that no input is awaited for.

    Latency: see ``docs/performance.md``; the stages' own are in their docstrings.
    """

    def __init__(self, config: CardConfig) -> None:
        self.feed = FeedReceiver(config)
        self.snapshot = SnapshotLoader(config.slots)
        self.queue = EventQueue()
        self.book = OrderBook(config.slots, config.table_orders, config.row_levels)
        self.taker = ImbalanceTaker(config.slots)
        # The host's orders are immediate: they neither rest nor are displayed.
        resting = DISPLAYING if config.maker else (Strategy.TAKER,)
        self.display = OwnDisplay(config.slots, resting)
        self.maker = MarketMaker(config.slots, built=config.maker)
        self.host = HostOrders(config.slots, config.own_orders)
        self.quotes_or_host, self.intents = IntentOrder(), IntentOrder()
        self.gate = RiskGate(config.slots)
        self.marks = Marks(config.slots, readers=3)
        self.repeats = Repeats(config.slots, readers=2)
        self.resting = OwnResting(config.slots, readers=2, strategies=resting)
        self.watch = CardWatch(config.slots)
        self.broken = BrokenTrades(config.slots)
        self.unexplained = Unexplained(config.slots)
        self.positions = Positions(config.slots, config.own_orders)
        self.locates = Locates(config.slots, readers=4)
        self.orders = OrderPort(config.own_orders)
        self.arming = Arming()
        self.trades = config.trades
        self._own_orders = config.own_orders
        super().__init__(
            {
                "rx": In(frame_signature(config.width, always_ready=True)),
                "rx_b": In(frame_signature(config.width, always_ready=True)),
                "tx": Out(frame_signature(config.width)),
                "ouch_tx": Out(frame_signature(8)),
                "ouch_rx": In(frame_signature(8)),
                "card_time": In(64),
                "session_up": In(1),
                "view": Out(stream.Signature(DepthView, always_ready=True)),
                "busy": Out(1),
            }
        )

    def elaborate(self, platform):
        """Wire the blocks to each other."""
        m = Module()
        for name in (*_LISTENING, *(_TRADING if self.trades else ())):
            m.submodules[name] = getattr(self, name)
        feed, queue, book, taker, maker = self.feed, self.queue, self.book, self.taker, self.maker
        gate, positions, orders, arming = self.gate, self.positions, self.orders, self.arming

        # Feed to book to strategy.
        connect(m, flipped(self.rx), feed.rx)
        connect(m, flipped(self.rx_b), feed.rx_b)
        connect(m, feed.tx, flipped(self.tx))
        connect(m, self.snapshot.outgoing, queue.background)
        connect(m, queue.outgoing, book.events)
        m.d.comb += [
            queue.incoming.valid.eq(feed.events.valid | self.snapshot.passes),
            queue.incoming.payload.eq(feed.events.payload),
            feed.book_stale_valid.eq(book.stale.valid),
            feed.book_stale_slot.eq(book.stale.payload.slot),
            feed.queue_overflow.eq(queue.overflow),
            feed.all_held_valid.eq(book.all_held.valid),
            feed.all_held_slot.eq(book.all_held.payload),
            feed.book_settled.eq(queue.level == 0),
            taker.view.valid.eq(book.view.valid),
            taker.view.payload.eq(book.view.payload),
            self.display.slot.eq(book.view.payload.slot),
            taker.own.eq(self.display.shown),
            maker.view.valid.eq(book.view.valid),
            maker.view.payload.eq(book.view.payload),
            maker.own.eq(self.display.shown),
            self.display.event.valid.eq(book.events.valid & book.events.ready),
            self.display.event.payload.eq(book.events.payload),
            self.display.reference.eq(orders.detail.reference),
            self.view.valid.eq(book.view.valid),
            self.view.payload.eq(book.view.payload),
        ]

        # Strategy to gate to exchange.
        connect(m, taker.intents, self.intents.first)
        connect(m, maker.intents, self.quotes_or_host.first)
        connect(m, self.host.intents, self.quotes_or_host.second)
        connect(m, self.quotes_or_host.outgoing, self.intents.second)
        connect(m, self.intents.outgoing, gate.intents)
        connect(m, taker.entries, gate.entries)
        connect(m, gate.granted, orders.intents)
        connect(m, gate.judged, positions.judged)
        connect(m, gate.standing_held, positions.standing)
        connect(m, self.watch.held, positions.watched)
        connect(m, orders.tx, flipped(self.ouch_tx))
        connect(m, flipped(self.ouch_rx), orders.rx)
        m.d.comb += [
            gate.standing.eq(taker.standing),
            taker.gate_holding.eq(gate.holding),
            taker.flags.eq(feed.flags),
            taker.position.eq(gate.standing_held.position),
            taker.permits.eq(gate.permits),
            gate.flags.eq(feed.flags),
            positions.lookup_order.eq(gate.lookup_order),
            gate.lookup.eq(positions.lookup),
            gate.unsent.eq(positions.unsent),
            gate.table_full.eq(orders.open_orders >= self._own_orders),
            positions.grants.valid.eq(gate.granted.valid & gate.granted.ready),
            positions.grants.payload.eq(gate.granted.payload),
        ]

        located = ((gate.config_slot, gate.located), (gate.standing.slot, gate.standing_located))
        for i, (slot, balance) in enumerate((*located, (maker.config_slot, maker.located))):
            m.d.comb += [self.locates.slot[i].eq(slot), balance.eq(self.locates.balance[i])]

        self._snapshot(m)
        self._watch(m)
        self._maker(m)
        self._host(m)

        # What becomes of orders.
        strategies, risk = (taker, maker, self.host, self.display), (positions, self.locates, self.broken, self.resting)
        for listener in (block.answers for block in (*strategies, *risk)):
            m.d.comb += [listener.valid.eq(orders.answers.valid), listener.payload.eq(orders.answers.payload)]
        for listener in (taker.refusals, maker.refusals, self.host.refusals):
            m.d.comb += [listener.valid.eq(gate.refusals.valid), listener.payload.eq(gate.refusals.payload)]
        m.d.comb += self.locates.short.eq(orders.detail.short)

        # May it trade at all?
        m.d.comb += [
            # What speaks of a symbol stops that symbol; what does not, or cannot be read, may have been of any.
            self.unexplained.impossible.eq(orders.impossible & orders.placed),
            self.unexplained.slot.eq(orders.impossible_slot),
            arming.impossible.eq((orders.impossible & ~orders.placed) | orders.unknown_answers),
            arming.session_up.eq(orders.session_open),
            arming.card_time.eq(self.card_time),
            gate.armed.eq(arming.armed),
            gate.killed.eq(arming.killed),
            gate.lease_alive.eq(arming.lease_alive),
            gate.session_up.eq(orders.session_open),
            orders.killed.eq(arming.killed),
            orders.session_up.eq(self.session_up),
            orders.spare_exits.eq(arming.lapsed & ~taker.cancel_exit),
            feed.card_time.eq(self.card_time),
            taker.card_time.eq(self.card_time),
            orders.card_time.eq(self.card_time),
        ]
        m.d.comb += self.busy.eq(
            feed.busy
            | self.snapshot.busy
            | (queue.level != 0)
            | book.busy
            | taker.busy
            | maker.busy
            | self.host.busy
            | gate.busy
            | positions.busy
            | self.locates.busy
            | orders.busy
            | self.watch.busy
        )
        return m

    def _snapshot(self, m: Module) -> None:
        """Join the loader of snapshots to the feed and the book on both sides of it."""
        feed, snapshot, book = self.feed, self.snapshot, self.book
        m.d.comb += [
            feed.loading.eq(snapshot.chosen),
            feed.holding.eq(snapshot.holding),
            feed.snapshot.eq(snapshot.word),
            snapshot.live.eq(feed.events.payload),
            *(getattr(snapshot, name).eq(getattr(feed, name)) for name in _FEED_TO_SNAPSHOT),
            snapshot.card_time.eq(self.card_time),
            snapshot.sweeping.eq(book.sweeping),
            snapshot.view.valid.eq(book.view.valid),
            snapshot.view.payload.eq(book.view.payload),
            snapshot.killed.eq(self.arming.killed),
        ]

    def _watch(self, m: Module) -> None:
        """Join what the gate looks at beside positions and flags: marks, repetitions, the whole card."""
        gate, positions, marks, repeats, watch = self.gate, self.positions, self.marks, self.repeats, self.watch
        view = self.book.view
        m.d.comb += [
            marks.view.valid.eq(view.valid),
            marks.view.payload.eq(view.payload),
            *(bound.eq(flags.bound) for bound, flags in zip(marks.bound, self.feed.flags, strict=True)),
            *(marks.slot[i].eq(slot) for i, slot in enumerate((gate.config_slot, gate.standing.slot, watch.mark_slot))),
            *(mark.eq(marks.mark[i]) for i, mark in enumerate((gate.mark, gate.standing_mark, watch.mark))),
            *(repeats.slot[i].eq(slot) for i, slot in enumerate((gate.config_slot, gate.standing.slot))),
            repeats.window[0].eq(gate.config.repeat_window),
            repeats.window[1].eq(gate.standing_config.repeat_window),
            repeats.card_time.eq(self.card_time),
            gate.last.eq(repeats.last[0]),
            gate.standing_last.eq(repeats.last[1]),
            gate.stops.eq(watch.stops),
            gate.broken.eq(self.broken.broken.as_value() | self.unexplained.stopped.as_value()),
            watch.changes.valid.eq(positions.changes.valid),
            watch.changes.payload.eq(positions.changes.payload),
            watch.open_orders.eq(self.orders.open_orders),
            watch.viewed.eq(view.valid),
            watch.card_time.eq(self.card_time),
            watch.armed.eq(self.arming.armed),
        ]
        for i, (slot, own) in enumerate(((gate.config_slot, gate.own), (gate.standing.slot, gate.standing_own))):
            m.d.comb += [self.resting.slot[i].eq(slot), own.eq(self.resting.prices[i])]
        for listener in (repeats.grants, watch.grants, self.resting.grants):
            m.d.comb += [
                listener.valid.eq(gate.granted.valid & gate.granted.ready),
                listener.payload.eq(gate.granted.payload),
            ]

    def _maker(self, m: Module) -> None:
        """Show the maker the other blocks. A slot is one strategy's at a time: it stands aside for the taker."""
        maker, taker, gate, positions = self.maker, self.taker, self.gate, self.positions
        m.d.comb += [
            maker.way_free.eq(~gate.busy & ~positions.unsent & ~self.orders.busy),
            maker.flags.eq(self.feed.flags),
            maker.permits.eq(gate.permits),
            maker.killed.eq(self.arming.killed),
            maker.session_up.eq(self.orders.session_open),
            maker.card_time.eq(self.card_time),
        ]
        for i, state in enumerate(taker.taker_state):
            has = self.host.taker_has[i]
            m.d.comb += [
                has.eq((state != TakerState.IDLE) & (state != TakerState.COOLDOWN)),
                maker.stand_aside[i].eq(has | self.host.claims[i]),
            ]

    def _host(self, m: Module) -> None:
        """Show the host's orders the other blocks. A slot they claim is nobody else's."""
        host, taker, maker, gate, positions = self.host, self.taker, self.maker, self.gate, self.positions
        m.d.comb += [
            host.way_free.eq(
                ~(taker.intents.valid | maker.intents.valid | gate.busy | positions.unsent | self.orders.busy)
            ),
            # The maker and the host's orders ask in turn: either can wait.
            positions.asked.slot.eq(Mux(maker.asks, maker.held.slot, host.held.slot)),
            maker.held_ready.eq(~positions.asked_taken),
            host.held_ready.eq(~positions.asked_taken & ~maker.asks),
            *(
                getattr(listener.held, name).eq(getattr(positions.asked, name))
                for listener in (maker, host)
                for name in ("position", "open_buy", "open_sell")
            ),
            positions.seek_order.eq(host.seek_order),
            host.seek.eq(positions.seek),
            host.card_time.eq(self.card_time),
            taker.stand_aside.eq(host.claims),
        ]


_LISTENING = ("feed", "queue", "book", "snapshot", "arming")
_TRADING = (
    "taker", "maker", "host", "display", "quotes_or_host", "intents", "gate", "marks", "repeats", "resting", "watch",
    "broken", "positions", "locates", "orders", "unexplained",
)  # fmt: skip
_FEED_TO_SNAPSHOT = (
    "flags", "held_valid", "upset_valid", "upset", "next_sequence", "recovering", "session_epoch",
)  # fmt: skip
