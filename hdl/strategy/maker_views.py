"""The newest view of every slot, as far as the market maker needs it."""

from amaranth import Module, Mux, Signal, unsigned
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out

from hdl.strategy.maker_types import MakerView
from hdl.strategy.own_display import OwnShown, other_levels
from hdl.types import DEPTH, DepthView

__all__ = ["MakerViews"]


class MakerViews(wiring.Component):
    """Adds up the levels of every view and keeps the newest of each slot; an older one that nobody read is gone.

    Orders of ours that are displayed are taken out first: sizes and volumes are those of others, and the best price of
    a side is that of the best level on which others stand. So the maker does not follow its own quotes. A view is sound
    if others stand on both sides, none of their true top five may be missing, and the book is neither locked nor
    crossed.

    Parameters
    ----------
    slots : int
        Symbols followed.

    Ports
    -----
    view : In(stream, always ready)
        Views, at most one a cycle; of slots that do not exist: ignored.
    own : In(OwnShown)
        Displayed orders of ours in the view's slot, in the cycle of the view.
    kept : Out(array of 1)
        Pulse of a slot: from the next cycle on its view is the new one.
    read_slot : In(8), read : Out(MakerView)
        The newest view of a slot, in the same cycle; nothing that means anything before the slot's first.
    busy : Out(1)
        A view is on its way into the memory.

    Latency: ``kept`` 2 cycles after the view.
    """

    def __init__(self, slots: int) -> None:
        self.slots = slots
        super().__init__(
            {
                "view": In(stream.Signature(DepthView, always_ready=True)),
                "own": In(OwnShown),
                "kept": Out(data.ArrayLayout(1, slots)),
                "read_slot": In(8),
                "read": Out(MakerView),
                "busy": Out(1),
            }
        )

    def elaborate(self, platform):
        """Build the block."""
        m = Module()
        m.submodules.views = views = memory.Memory(shape=MakerView, depth=self.slots, init=[])
        read, write = views.read_port(domain="comb"), views.write_port()
        seen = self.view.payload

        # First cycle: what others have of each level.
        arrived, view = Signal(), Signal(DepthView)
        others = {
            side: Signal(data.ArrayLayout(unsigned(32), DEPTH), name=f"other_{side}") for side in ("bids", "asks")
        }
        m.d.sync += [arrived.eq(self.view.valid & (seen.slot < self.slots)), view.eq(seen)]
        for side, shares in others.items():
            of_others = other_levels(getattr(self.own, side), getattr(seen, side))
            m.d.sync += [shares[i].eq(value) for i, value in enumerate(of_others)]

        # Second cycle: the best of them, and their sum.
        slot, kept, writes = Signal(8), Signal(MakerView), Signal()
        best = {side: _best(m, side, view, shares) for side, shares in others.items()}
        (bid, bid_size), (ask, ask_size) = best["bids"], best["asks"]
        whole = ~(view.bid_incomplete | view.ask_incomplete)
        m.d.sync += [
            writes.eq(arrived),
            slot.eq(view.slot),
            kept.bid.eq(bid),
            kept.ask.eq(ask),
            kept.bid_size.eq(bid_size),
            kept.ask_size.eq(ask_size),
            kept.bid_volume.eq(sum(others["bids"][i] for i in range(DEPTH))),
            kept.ask_volume.eq(sum(others["asks"][i] for i in range(DEPTH))),
            kept.sound.eq((bid_size != 0) & (ask_size != 0) & whole & ~(view.locked | view.crossed) & (ask > bid)),
            kept.cause.eq(view.sequence),
            kept.trigger_time.eq(view.card_time),
            kept.exchange_time.eq(view.exchange_time),
        ]
        m.d.comb += [
            write.addr.eq(slot),
            write.data.eq(kept),
            write.en.eq(writes),
            self.busy.eq(arrived | writes),
            *(self.kept[i].eq(writes & (slot == i)) for i in range(self.slots)),
            read.addr.eq(self.read_slot),
            self.read.eq(read.data),
        ]
        return m


def _best(m, side, view, shares):
    """Price and shares of the best level of a side on which others stand; zero shares, and any price, for none.

    Levels have no gap, and ours are two at most: others stand on one of the first three if they stand on any.
    """
    price, size = Signal(32, name=f"{side}_price"), Signal(32, name=f"{side}_size")
    levels = getattr(view, side)
    on_first, on_second = shares[0] != 0, shares[1] != 0
    m.d.comb += [
        price.eq(Mux(on_first, levels[0].price, Mux(on_second, levels[1].price, levels[2].price))),
        size.eq(Mux(on_first, shares[0], Mux(on_second, shares[1], shares[2]))),
    ]
    return price, size
