"""The book, with everything it forwards, shows what a book shows that takes one event after another."""

from amaranth import Cat, Module, Mux, ResetSignal, Signal
from amaranth.hdl import Assert, Assume
from amaranth.lib import data, wiring
from constant import stays

from hdl.book.book import OrderBook
from hdl.types import DEPTH, EventKind, MarketEvent, Side

LATENCY = 6
COUNTED = 4
SLOTS = 2
#: Orders that the events may speak of. 0b1011 is x**3 + x + 1, by which the first bank of the smallest table hashes:
#: references that differ by a multiple of it have the same row there.
REFERENCES = (0x0123_4567_89AB_CDE1, 0x0123_4567_89AB_CDE1 ^ 0b1011 << 33)
#: Shares and prices are below this: what is at stake here is what events forward to each other, not adders.
SMALL = 8


class Order(data.Struct):
    """An order of the serial book."""

    live: 1
    slot: 8
    side: Side
    shares: 32
    price: 32


class Expected(data.Struct):
    """What the serial book says of an event."""

    shares: 32
    unknown: 1
    over: 1
    zero: 1
    duplicate: 1
    trade_shares: 32
    trade_price: 32


class BookSerialProperties(wiring.Component):
    """The real :class:`~hdl.book.book.OrderBook` beside a serial one that holds a few orders and no levels.

    Which order is spoken of, kinds, slots, sides, shares, prices and the cycles between events are the solver's choice.
    One side and price is watched, its choice as well, so the view is right at every price. As there are fewer orders
    than levels in a row, nothing may spill, be incomplete or find no room.
    """

    def __init__(self):
        super().__init__({})
        self.book = OrderBook(SLOTS, 32, 8)
        self.spoken, self.new = Signal(range(len(REFERENCES))), Signal(range(len(REFERENCES)))
        self.watched_side, self.watched_price = Signal(), Signal(32)
        self.event, self.valid = Signal(MarketEvent), Signal()
        self.free = [self.valid, self.event.as_value(), self.spoken, self.new, self.watched_side, self.watched_price]

    def elaborate(self, platform):
        m = Module()
        m.submodules.book = book = self.book
        stays(m, self.watched_side, self.watched_price)
        event = book.events.payload
        references = data.ArrayLayout(64, len(REFERENCES)).const(REFERENCES)
        m.d.comb += [
            book.events.valid.eq(self.valid),
            event.eq(self.event),
            event.reference.eq(references[self.spoken]),
            event.new_reference.eq(references[self.new]),
        ]
        taken = book.events.valid & book.events.ready
        m.d.comb += [
            Assume(~ResetSignal()),
            Assume(self.watched_price != 0),
            Assume(event.shares < SMALL),
            Assume(event.price < SMALL),
            Assume(event.match == 0),
        ]

        # The serial book: the whole event in the cycle it is taken.
        orders = [Signal(Order, name=f"order_{i}") for i in range(len(REFERENCES))]
        kind = event.kind
        known = event.slot < SLOTS
        replaces = kind == EventKind.REPLACE
        whole = replaces | (kind == EventKind.DELETE)
        executes = (kind == EventKind.EXECUTE) | (kind == EventKind.EXECUTE_PRICE)
        takes = known & (whole | executes | (kind == EventKind.CANCEL))
        spoken = Cat(
            takes & order.live & (order.slot == event.slot) & (self.spoken == i) for i, order in enumerate(orders)
        )
        found = spoken.any()
        rests = Signal(Order)  # the order spoken of
        for i, order in enumerate(orders):
            with m.If(spoken[i]):
                m.d.comb += rests.eq(order)
        target = Mux(replaces, self.new, self.spoken)
        brings = (known & ((kind == EventKind.ADD) | (kind == EventKind.LOAD))) | (replaces & found)
        zero = (event.shares == 0) | (event.price == 0)
        duplicate = Cat(order.live & (target == i) & ~(replaces & spoken[i]) for i, order in enumerate(orders)).any()
        said = Signal(Expected)
        m.d.comb += [
            said.unknown.eq(takes & ~found),
            said.over.eq(found & ~whole & (event.shares > rests.shares)),
            said.zero.eq(brings & zero),
            said.duplicate.eq(brings & ~zero & duplicate),
        ]
        with m.If((kind == EventKind.EXECUTE) & found):
            m.d.comb += [said.trade_shares.eq(event.shares), said.trade_price.eq(rests.price)]
        with m.If(
            ((kind == EventKind.EXECUTE_PRICE) & found & event.printable)
            | (kind == EventKind.TRADE)
            | (kind == EventKind.CROSS)
        ):
            m.d.comb += [said.trade_shares.eq(event.shares), said.trade_price.eq(event.price)]
        for i, order in enumerate(orders):
            with m.If(taken & spoken[i]):
                m.d.sync += order.shares.eq(order.shares - event.shares)
                with m.If(whole | (event.shares >= order.shares)):
                    m.d.sync += order.live.eq(0)
            with m.If(taken & brings & ~zero & ~duplicate & (target == i)):
                m.d.sync += [
                    order.live.eq(1),
                    order.slot.eq(event.slot),
                    order.side.as_value().eq(Mux(replaces, rests.side.as_value(), event.side.as_value())),
                    order.shares.eq(event.shares),
                    order.price.eq(event.price),
                ]
            with m.If(taken & (kind == EventKind.CLEAR) & (order.slot == event.slot)):
                m.d.sync += order.live.eq(0)

        # What it says travels with the event; what rests at the watched price is added up one cycle later.
        valid = Signal(LATENCY)
        events = [Signal(MarketEvent, name=f"event_{k + 1}") for k in range(LATENCY)]
        expected = [Signal(Expected, name=f"expected_{k + 1}") for k in range(LATENCY)]
        m.d.sync += [valid.eq(Cat(taken, valid)), events[0].eq(event), expected[0].eq(said)]
        for k in range(1, LATENCY):
            m.d.sync += [events[k].eq(events[k - 1]), expected[k].eq(expected[k - 1])]
        here = [
            Mux(
                order.live
                & (order.slot == events[0].slot)
                & (order.side.as_value() == self.watched_side)
                & (order.price == self.watched_price),
                order.shares,
                0,
            )
            for order in orders
        ]
        total = sum(here)
        m.d.sync += expected[1].shares.eq(total)

        counted = expected[COUNTED - 1]
        m.d.comb += [
            Assert(~book.table_overflows & ~book.levels_spilled),
            Assert(book.unknown_references == (valid[COUNTED - 1] & counted.unknown)),
            Assert(book.over_executions == (valid[COUNTED - 1] & counted.over)),
            Assert(book.zero_adds == (valid[COUNTED - 1] & counted.zero)),
            Assert(book.duplicate_references == (valid[COUNTED - 1] & counted.duplicate)),
            Assert(book.view.valid == valid[LATENCY - 1]),
        ]
        view, due = book.view.payload, expected[LATENCY - 1]
        shown = 0
        for bid, ask in zip(view.bids, view.asks, strict=True):
            price, shares = (Mux(self.watched_side, getattr(ask, f), getattr(bid, f)) for f in ("price", "shares"))
            shown = shown | Mux(price == self.watched_price, shares, 0)
        with m.If(book.view.valid & (events[LATENCY - 1].slot < SLOTS)):
            m.d.comb += [
                Assert(~view.bid_incomplete & ~view.ask_incomplete),
                Assert(shown == due.shares),
                Assert(view.trade_shares == due.trade_shares),
                Assert((view.trade_shares == 0) | (view.trade_price == due.trade_price)),
            ]
            for i in range(DEPTH - 1):
                m.d.comb += [
                    Assert((view.bids[i + 1].shares == 0) | (view.bids[i + 1].price < view.bids[i].price)),
                    Assert((view.asks[i + 1].shares == 0) | (view.asks[i + 1].price > view.asks[i].price)),
                    Assert((view.bids[i].shares != 0) | (view.bids[i + 1].shares == 0)),
                    Assert((view.asks[i].shares != 0) | (view.asks[i + 1].shares == 0)),
                ]
        return m
