"""The newest view of every slot, as far as the market maker needs it."""

from amaranth import Module, Signal
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out

from hdl.strategy.maker_types import MakerView
from hdl.types import DEPTH, DepthView

__all__ = ["MakerViews"]


class MakerViews(wiring.Component):
    """Adds up the levels of every view and keeps the newest of each slot; an older one that nobody read is gone.

    A view is sound if both sides are there, none of their true top five may be missing, and the book is neither locked
    nor crossed.

    Parameters
    ----------
    slots : int
        Symbols followed.

    Ports
    -----
    view : In(stream, always ready)
        Views, at most one a cycle; of slots that do not exist: ignored.
    kept : Out(array of 1)
        Pulse of a slot: from the next cycle on its view is the new one.
    read_slot : In(8), read : Out(MakerView)
        The newest view of a slot, in the same cycle; nothing that means anything before the slot's first.
    busy : Out(1)
        A view is on its way into the memory.

    Latency: ``kept`` 1 cycle after the view.
    """

    def __init__(self, slots: int) -> None:
        self.slots = slots
        super().__init__(
            {
                "view": In(stream.Signature(DepthView, always_ready=True)),
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
        slot, kept = Signal(8), Signal(MakerView)
        both = (seen.bids[0].shares != 0) & (seen.asks[0].shares != 0)
        whole = ~(seen.bid_incomplete | seen.ask_incomplete)
        m.d.sync += [
            self.busy.eq(self.view.valid & (seen.slot < self.slots)),
            slot.eq(seen.slot),
            kept.bid.eq(seen.bids[0].price),
            kept.ask.eq(seen.asks[0].price),
            kept.bid_size.eq(seen.bids[0].shares),
            kept.ask_size.eq(seen.asks[0].shares),
            kept.bid_volume.eq(sum(seen.bids[i].shares for i in range(DEPTH))),
            kept.ask_volume.eq(sum(seen.asks[i].shares for i in range(DEPTH))),
            kept.sound.eq(both & whole & ~(seen.locked | seen.crossed) & (seen.asks[0].price > seen.bids[0].price)),
            kept.cause.eq(seen.sequence),
            kept.trigger_time.eq(seen.card_time),
            kept.exchange_time.eq(seen.exchange_time),
        ]
        m.d.comb += [
            write.addr.eq(slot),
            write.data.eq(kept),
            write.en.eq(self.busy),
            *(self.kept[i].eq(self.busy & (slot == i)) for i in range(self.slots)),
            read.addr.eq(self.read_slot),
            self.read.eq(read.data),
        ]
        return m
