"""What the market last said of each symbol: the references of the price collar and the marks of the daily loss."""

from amaranth import Module, Mux, Signal, unsigned
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out

from hdl.types import DepthView, EventKind, Side

__all__ = ["Mark", "Marks", "in_band", "price_band"]


class Mark(data.Struct):
    """Best bid, best offer and last trade of a slot, in 1/10,000 dollar; zero where there is none."""

    bid: unsigned(32)
    ask: unsigned(32)
    last: unsigned(32)


class Marks(wiring.Component):
    """Keeps the mark of every slot, and shows it to some readers.

    A view replaces bid and offer, a side that is empty included; a print replaces the last trade. The views of a
    snapshot's orders are not looked at: the book is a part of one until all of them are in. What came before a
    reset, or before the slot's book was cleared, is forgotten.

    Parameters
    ----------
    slots : int
        Symbols followed.
    readers : int
        Rows shown at once.

    Ports
    -----
    view : In(stream, always ready)
        Every depth view.
    bound : In(array of 1)
        The slot has a symbol today; without one its mark is forgotten.
    slot : In(array of 8), mark : Out(array of Mark)
        What each reader asks for, in the same cycle: zero for a slot that does not exist.

    Latency: a view is seen 1 cycle later.
    """

    def __init__(self, slots: int, readers: int) -> None:
        self._slots, self._readers = slots, readers
        super().__init__(
            {
                "view": In(stream.Signature(DepthView, always_ready=True)),
                "bound": In(data.ArrayLayout(1, slots)),
                "slot": In(data.ArrayLayout(unsigned(8), readers)),
                "mark": Out(data.ArrayLayout(Mark, readers)),
            }
        )

    def elaborate(self, platform):
        """Build the block."""
        m = Module()
        m.submodules.rows = rows = memory.Memory(shape=Mark, depth=self._slots, init=[])
        write, before = rows.write_port(), rows.read_port(domain="comb")
        known = Signal(self._slots)
        view = self.view.payload
        seen = Signal()
        m.d.comb += [
            # The book that a snapshot is being loaded into shows no price yet.
            seen.eq(self.view.valid & (view.slot < self._slots) & (view.kind != EventKind.LOAD)),
            before.addr.eq(view.slot),
            write.addr.eq(view.slot),
            write.en.eq(seen),
            write.data.bid.eq(view.bids[0].price),
            write.data.ask.eq(view.asks[0].price),
            write.data.last.eq(Mux(known.bit_select(view.slot, 1), before.data.last, 0)),
        ]
        with m.If(view.trade_shares != 0):
            m.d.comb += write.data.last.eq(view.trade_price)
        with m.If(seen):
            m.d.sync += known.bit_select(view.slot, 1).eq(1)
        for i in range(self._slots):
            with m.If(~self.bound[i]):
                m.d.sync += known[i].eq(0)
        for i in range(self._readers):
            read = rows.read_port(domain="comb")
            slot = self.slot[i]
            m.d.comb += read.addr.eq(slot)
            with m.If((slot < self._slots) & known.bit_select(slot, 1)):
                m.d.comb += self.mark[i].eq(read.data)
        return m


def price_band(mark, side, collar):
    """Lowest and highest price that a collar lets pass, and whether there is a quote to hold a price against.

    Parameters
    ----------
    mark : Mark
        Of the slot.
    side : value
        ``Side`` of the order.
    collar : value
        Largest distance, in 1/10,000 dollar, from the best price of the other side, and from the last trade where
        there was one.
    """
    far = Mux(side == Side.BUY, mark.ask, mark.bid)
    traded = mark.last != 0
    lower = Mux(traded & (mark.last < far), mark.last, far)
    higher = Mux(traded & (mark.last > far), mark.last, far)
    lowest = higher - collar
    return Mux(lowest[-1], 0, lowest[:32]), lower + collar, far != 0


def in_band(mark, intent, collar):
    """Whether the price of an intent is within the band of :func:`price_band`, where there is a quote.

    Each bound is held against both prices at once, so that no comparison waits for the choice of the lower or the
    higher one.

    Parameters
    ----------
    mark, collar
        As of :func:`price_band`.
    intent : OrderIntent
        Its side and price.
    """
    far = Mux(intent.side == Side.BUY, mark.ask, mark.bid)
    reach = intent.price + collar
    below = (reach < far) | (reach < mark.last)
    return ~below & (intent.price <= far + collar) & ((mark.last == 0) | (intent.price <= mark.last + collar))
