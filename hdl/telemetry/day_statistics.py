"""What a day has been for each symbol: volume, last trade, and how long the spread was one tick."""

from amaranth import Cat, Module, Mux, Signal, unsigned
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out

from hdl.one_hot import number_of
from hdl.rams import SHALLOW
from hdl.types import DepthView, EventKind

__all__ = ["DayRow", "DayStatistics"]


class DayRow(data.Struct):
    """One slot's day. Times are card time in cycles, but for the exchange time of the last trade."""

    volume: unsigned(64)
    last_price: unsigned(32)
    last_shares: unsigned(32)
    last_time: unsigned(48)
    #: In continuous trading; of that, with best bid and offer one tick apart.
    continuous: unsigned(64)
    one_tick: unsigned(64)
    #: Up to when the two are counted, and what is counted from then on.
    since: unsigned(64)
    trades: unsigned(1)
    tight: unsigned(1)


class DayStatistics(wiring.Component):
    """Keeps a row for each slot in a memory, and shows the one that the host asks for.

    Volume is what the specification of ITCH calls so: executions (E), printable ones at another price (C), trades of
    hidden orders (P) and crosses (Q), in shares, as the views' prints have them. The last trade is the last of these.
    Time counts while the slot is in ``trading``; the spread is one tick while both sides show a price and offer less
    bid is the tick, in the last view. A row begins anew when its slot is unbound: a new session, a new symbol. Views of
    a snapshot's orders are not looked at. Prints of a book that has missed something are missing here too.

    Parameters
    ----------
    slots : int
        Symbols followed at once.

    Ports
    -----
    view : In
        Views of the book, two cycles apart or more.
    trading, bound : In(slots)
        One bit a slot: continuous trading (bound, whole, not halted, opened, market open); bound.
    tick_slot : Out(8), tick : In(32)
        Tick size of a slot, in the same cycle.
    card_time : In(64)
        Cycles.
    ask, asked : In
        Pulse: show this slot, as of now.
    shown, shown_slot : Out
        The row asked for last, and whose it is.
    busy : Out
        A row is being changed or fetched, or is to be.

    Latency: a row is changed 4 cycles after its view; ``shown`` follows ``ask`` by 4 cycles if no view comes between. A
    question and a change of ``trading`` wait for two cycles on end without a view; the latter is counted from then on.
    """

    def __init__(self, slots: int) -> None:
        self._slots = slots
        super().__init__(
            {
                "view": In(stream.Signature(DepthView, always_ready=True)),
                "trading": In(slots),
                "bound": In(slots),
                "tick_slot": Out(8),
                "tick": In(32),
                "card_time": In(64),
                "ask": In(1),
                "asked": In(8),
                "shown": Out(DayRow),
                "shown_slot": Out(8),
                "busy": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        slots = self._slots
        # One row more than slots: never written, and so zero, for a slot that has none yet.
        style = "distributed" if slots < SHALLOW else "block"
        m.submodules.rows = rows = memory.Memory(shape=DayRow, depth=slots + 1, init=[], attrs={"ram_style": style})
        write = rows.write_port()
        read = rows.read_port(transparent_for=(write,))
        known = Signal(slots)

        # What is to be done: a view, else a slot whose trading has changed, else the host's question. A register first:
        # a view comes late in its cycle.
        view, viewed = Signal(DepthView), Signal()
        m.d.sync += [view.eq(self.view.payload), viewed.eq(self.view.valid)]
        told = Signal(slots)  # trading as the rows have it
        changed = Signal(slots)
        waits = Signal()
        m.d.comb += changed.eq(told ^ self.trading)
        turn, first = Signal(8), Signal(8)
        m.d.comb += first.eq(number_of(changed & -changed))
        sees, turns, shows = Signal(), Signal(), Signal()
        known_next, slot_2 = Signal(slots), Signal(8)
        does = Signal(2)  # a row is in its cycle 1, 2
        m.d.comb += [
            sees.eq(viewed & (view.slot < slots) & (view.kind != EventKind.LOAD)),
            # Not in the cycle after another one, whose row is not written in time to be read.
            turns.eq(~sees & ~does[0] & changed.any()),
            shows.eq(~sees & ~does[0] & ~changed.any() & waits),
            turn.eq(Mux(sees, view.slot, Mux(turns, first, self.shown_slot))),
            read.addr.eq(Mux((known_next & self.bound).bit_select(turn, 1), turn, slots)),
            read.en.eq(1),
            self.tick_slot.eq(view.slot),
        ]
        with m.If(shows):
            m.d.sync += waits.eq(0)
        with m.If(self.ask & (self.asked < slots)):
            m.d.sync += [waits.eq(1), self.shown_slot.eq(self.asked)]
        with m.If(sees | turns | shows):
            m.d.sync += told.bit_select(turn, 1).eq(self.trading.bit_select(turn, 1))

        # Cycle 1: the row is read, the spread known.
        bid, ask = view.bids[0], view.asks[0]
        sees_1, shows_1 = Signal(), Signal()
        slot_1 = Signal(8)
        time, trades, tight = Signal(64), Signal(), Signal()
        shares, price, exchange_time = Signal(32), Signal(32), Signal(48)
        m.d.sync += [
            does.eq(does << 1 | (sees | turns | shows)),
            sees_1.eq(sees),
            shows_1.eq(shows),
            slot_1.eq(turn),
            time.eq(self.card_time),
            trades.eq(self.trading.bit_select(turn, 1)),
            tight.eq((bid.shares != 0) & (ask.shares != 0) & (ask.price == bid.price + self.tick)),
            shares.eq(Mux(sees, view.trade_shares, 0)),
            price.eq(view.trade_price),
            exchange_time.eq(view.exchange_time),
        ]

        # Cycle 2: how long it has been so. Cycle 3: the row is written. A row that begins has not been in trading.
        old, row, shows_2 = read.data, Signal(DayRow), Signal()
        elapsed, continuous, one_tick = Signal(64), Signal(64), Signal(64)
        m.d.comb += elapsed.eq(time - old.since)
        m.d.sync += [
            row.eq(old),
            continuous.eq(Mux(old.trades, elapsed, 0)),
            one_tick.eq(Mux(old.trades & old.tight, elapsed, 0)),
            row.since.eq(time),
            row.trades.eq(trades),
            row.volume.eq(old.volume + shares),
            slot_2.eq(slot_1),
            shows_2.eq(shows_1),
        ]
        with m.If(sees_1):
            m.d.sync += row.tight.eq(tight)
        with m.If(shares != 0):
            m.d.sync += [row.last_price.eq(price), row.last_shares.eq(shares), row.last_time.eq(exchange_time)]
        m.d.comb += [
            write.addr.eq(slot_2),
            write.data.eq(row),
            write.data.continuous.eq(row.continuous + continuous),
            write.data.one_tick.eq(row.one_tick + one_tick),
            write.en.eq(does[1]),
            known_next.eq(known | Cat(does[1] & (slot_2 == i) for i in range(slots))),
        ]
        m.d.sync += known.eq(known_next & self.bound)
        with m.If(does[1] & shows_2):
            m.d.sync += self.shown.eq(write.data)
        m.d.comb += self.busy.eq(viewed | changed.any() | waits | does.any())
        return m
