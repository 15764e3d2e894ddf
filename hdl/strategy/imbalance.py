"""Five-level imbalance of a book: which side is heavy, two cycles after the view."""

from amaranth import Module, Mux, Signal, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from hdl.bounded import less
from hdl.strategy.own_display import OwnShown, own_shares
from hdl.types import DEPTH, DepthView

__all__ = ["VOLUME_BITS", "Imbalance", "ImbalanceConfig", "saturated"]

#: Five saturated 32-bit levels add up to 35 bits.
VOLUME_BITS = 35


class ImbalanceConfig(data.Struct):
    """Thresholds of one slot. ``ratio`` is Q8.8, ``max_spread`` in ticks, ``tick`` in 1/10,000 dollar."""

    tick: unsigned(32)
    ratio: unsigned(16)
    min_volume: unsigned(32)
    max_spread: unsigned(8)


class Imbalance(wiring.Component):
    """Compares the volumes of the two sides of each view.

    A side is heavy if its volume is more than ``ratio`` times the other's and at least ``min_volume``. Neither side is
    where the view cannot be trusted or traded: one of the true top five may be missing, a side is empty, the book is
    locked or crossed, or the spread is wider than ``max_spread`` ticks.

    Orders of ours that are displayed are taken out of the volumes. Where the best level of a side is ours alone, the
    price that others offer is not known to this block, and neither side is heavy.

    Ports
    -----
    view : In(stream, always ready)
        Views, at most one a cycle.
    own : In(OwnShown)
        Displayed orders of ours in the view's slot, in the cycle of the view.
    config : In(ImbalanceConfig)
        Thresholds of the view's slot, in the cycle after the view.
    valid : Out(1)
        The outputs below speak of the view of two cycles ago.
    bid_heavy, ask_heavy : Out(1)
        See above.
    bid_volume, ask_volume : Out(35)
        Shares on the five levels of each side that are not ours.

    Latency: 2 cycles, whatever the view.
    """

    view: In(stream.Signature(DepthView, always_ready=True))
    own: In(OwnShown)
    config: In(ImbalanceConfig)
    valid: Out(1)
    bid_heavy: Out(1)
    ask_heavy: Out(1)
    bid_volume: Out(VOLUME_BITS)
    ask_volume: Out(VOLUME_BITS)

    def elaborate(self, platform):
        """Build the block."""
        m = Module()
        view, config = self.view.payload, self.config

        # First cycle: add up the sides, and see whether the view is sound.
        summed, sound = Signal(), Signal()
        bid_volume, ask_volume = Signal(VOLUME_BITS), Signal(VOLUME_BITS)
        spread = Signal(32)
        both = (view.bids[0].shares != 0) & (view.asks[0].shares != 0)
        whole = ~(view.bid_incomplete | view.ask_incomplete)
        own_bids, bid_alone = own_shares(m, self.own.bids, view.bids)
        own_asks, ask_alone = own_shares(m, self.own.asks, view.asks)
        others = ~(bid_alone | ask_alone)
        m.d.sync += [
            summed.eq(self.view.valid),
            sound.eq(both & whole & others & ~(view.locked | view.crossed) & (view.asks[0].price > view.bids[0].price)),
            spread.eq(view.asks[0].price - view.bids[0].price),
            bid_volume.eq(less(m, sum(view.bids[i].shares for i in range(DEPTH)), own_bids)),
            ask_volume.eq(less(m, sum(view.asks[i].shares for i in range(DEPTH)), own_asks)),
        ]

        # Second cycle: the comparison that decides.
        ratio, min_volume = config.ratio, config.min_volume
        bid_heavy, ask_heavy, narrow = Signal(), Signal(), Signal()
        m.d.comb += [
            bid_heavy.eq((bid_volume << 8) > ratio * ask_volume),
            ask_heavy.eq((ask_volume << 8) > ratio * bid_volume),
            narrow.eq(spread <= config.max_spread * config.tick),
        ]
        m.d.sync += [
            self.valid.eq(summed),
            self.bid_heavy.eq(summed & sound & narrow & bid_heavy & (bid_volume >= min_volume)),
            self.ask_heavy.eq(summed & sound & narrow & ask_heavy & (ask_volume >= min_volume)),
            self.bid_volume.eq(bid_volume),
            self.ask_volume.eq(ask_volume),
        ]
        return m


def saturated(volume):
    """A five-level volume in 32 bits."""
    return Mux(volume[32:VOLUME_BITS].any(), 0xFFFF_FFFF, volume[:32])
