"""From two rows and an event to the five-level view that everyone after the book sees."""

from amaranth import Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from hdl.book.ladder import KEY_MAX, key_of
from hdl.types import DEPTH, DepthView, MarketEvent, Side

__all__ = ["DepthAssembly", "top_layout", "top_of"]


def top_layout(share_bits: int) -> data.StructLayout:
    """Give the layout of the part of a row that a view needs."""
    return data.StructLayout(
        {
            "keys": data.ArrayLayout(32, DEPTH),
            "shares": data.ArrayLayout(share_bits, DEPTH),
            "valid": DEPTH,
            "incomplete": 1,
        }
    )


def top_of(row: data.View) -> dict[str, object]:
    """Give the fields of :func:`top_layout` for a row.

    A side is incomplete while it shows fewer than five levels and there may be more beyond the row's bound.
    """
    return {
        "keys": [row.keys[i] for i in range(DEPTH)],
        "shares": [row.shares[i] for i in range(DEPTH)],
        "valid": row.valid[:DEPTH],
        "incomplete": ~row.valid[DEPTH - 1] & (row.bound != KEY_MAX),
    }


class DepthAssembly(wiring.Component):
    """Puts a view together, in the same cycle.

    Shares of a level saturate at 2**32 - 1; an absent level has price and shares zero. ``locked`` and ``crossed`` are
    clear where a side shows nothing. For a slot that the card does not have, nothing is shown and both sides say
    incomplete.

    Parameters
    ----------
    share_bits : int
        Of the rows.

    Ports
    -----
    bids, asks
        The best of the two rows.
    event, known_slot
        The event, and whether its slot exists.
    trade_shares, trade_price
        Of the print this event made; zero shares for none.
    view
        The view.
    """

    def __init__(self, share_bits: int) -> None:
        super().__init__(
            {
                "bids": In(top_layout(share_bits)),
                "asks": In(top_layout(share_bits)),
                "event": In(MarketEvent),
                "known_slot": In(1),
                "trade_shares": In(32),
                "trade_price": In(32),
                "view": Out(DepthView),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        view = self.view
        for top, levels, side in ((self.bids, view.bids, Side.BUY), (self.asks, view.asks, Side.SELL)):
            for i in range(DEPTH):
                shares = top.shares[i]
                with m.If(top.valid[i] & self.known_slot):
                    m.d.comb += [
                        levels[i].price.eq(key_of(top.keys[i], side.value)),
                        levels[i].shares.eq(Mux(shares[32:].any(), 0xFFFFFFFF, shares[:32])),
                    ]
        both = Signal()
        m.d.comb += [
            both.eq(self.bids.valid[0] & self.asks.valid[0] & self.known_slot),
            view.bid_incomplete.eq(self.bids.incomplete | ~self.known_slot),
            view.ask_incomplete.eq(self.asks.incomplete | ~self.known_slot),
            view.locked.eq(both & (~self.bids.keys[0] == self.asks.keys[0])),
            view.crossed.eq(both & (~self.bids.keys[0] > self.asks.keys[0])),
            view.slot.eq(self.event.slot),
            view.kind.eq(self.event.kind),
            view.trade_shares.eq(self.trade_shares),
            view.trade_price.eq(Mux(self.trade_shares.any(), self.trade_price, 0)),
            view.trade_match.eq(self.event.match),
            view.exchange_time.eq(self.event.exchange_time),
            view.sequence.eq(self.event.sequence),
            view.session_epoch.eq(self.event.session_epoch),
            view.card_time.eq(self.event.card_time),
        ]
        return m
