"""Whether a quote is entered, moved, pulled or left alone."""

from amaranth import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.bounded import smaller
from hdl.risk.judge import MAX_ORDER_SHARES
from hdl.strategy.maker_types import QuoteAction, QuoteRow, QuoteState, QuoteTarget
from hdl.types import Side

__all__ = ["QuoteDecision"]


class QuoteDecision(wiring.Component):
    """Compares a quote with what is wanted of its side. Combinational.

    * No order: enter what is wanted.
    * An order that rests: cancel it if nothing is wanted. If its price is off by ``move`` ticks or more, or more of it
      is open than is wanted, replace it; OUCH's quantity of a Replace is what the chain has executed and what is wanted
      open. An order at its price is left alone, however much of it is filled: a Replace loses its place in the queue.
    * Anything under way: wait for its answer. One operation in flight a side.

    An offer covered by the position is a long sale, of at most the shares that are covered. A larger one is a short
    sale whole, if shorts are allowed and unrestricted and enough is located; else only what is covered is offered. A
    Replace cannot change the kind of sale. A long sale that has to be a short one, because it is to be larger than what
    is covered or because less is covered by now, is made one by Modify, in its place, and moved afterwards; where not
    enough is located for what is open it is cancelled. The other way OUCH does not have: where a short sale is to be a
    long one it is cancelled, and entered anew once it is dead. A short sale that is not allowed any more is cancelled
    at once. A chain that would outgrow what OUCH takes is cancelled too.

    A quote is never put at or through the other one of its slot: it waits until that has moved. ``waits`` (throttle or
    cool-down) holds back what enters or moves, never what cancels.

    Ports
    -----
    side, state, row, target : In
        The quote, and what is wanted.
    cancel_asked : In(1)
        A Cancel of it is under way.
    covered : In(32)
        Shares of a long position that no other sale counts on.
    short_ok : In(1), located : In(32)
        A short sale may be sent; shares located for it.
    other_live : In(1), other_price, other_asked : In(32)
        The slot's other quote: its price, and the one asked for.
    move : In(40)
        Least distance of a move in 1/10,000 dollar.
    waits : In(1)
        It is too early to enter or to move.
    action : Out(QuoteAction), shares : Out(32), short : Out(1)
        What to do: shares as the intent has them, and the kind of sale.
    """

    side: In(Side)
    state: In(QuoteState)
    row: In(QuoteRow)
    target: In(QuoteTarget)
    cancel_asked: In(1)
    covered: In(32)
    short_ok: In(1)
    located: In(32)
    other_live: In(1)
    other_price: In(32)
    other_asked: In(32)
    move: In(40)
    waits: In(1)
    action: Out(QuoteAction)
    shares: Out(32)
    short: Out(1)

    def elaborate(self, platform):
        """Build the block."""
        m = Module()
        row, target = self.row, self.target
        sells = self.side == Side.SELL
        open_short, wanted_open = Signal(32), Signal(32)
        chain = Signal(33)
        goes_short, wanted, crosses, off, recast = Signal(), Signal(), Signal(), Signal(), Signal()
        mismarked = Signal()  # a long sale that has to be a short one
        distance = Signal(32)
        m.d.comb += [
            open_short.eq(smaller(target.shares, self.located)),
            goes_short.eq(sells & (target.shares > self.covered) & self.short_ok & (open_short > self.covered)),
            wanted_open.eq(
                Mux(goes_short, open_short, Mux(sells, smaller(target.shares, self.covered), target.shares))
            ),
            wanted.eq(target.wanted & (wanted_open != 0)),
            chain.eq(row.executed + wanted_open),
            crosses.eq(
                self.other_live
                & Mux(
                    sells,
                    (target.price <= self.other_price) | (target.price <= self.other_asked),
                    (target.price >= self.other_price) | (target.price >= self.other_asked),
                )
            ),
            distance.eq(Mux(row.price > target.price, row.price - target.price, target.price - row.price)),
            off.eq(((distance != 0) & (distance >= self.move)) | (row.open > wanted_open)),
            mismarked.eq(goes_short & ~row.short & (off | (row.open > self.covered))),
            recast.eq(
                (off & row.short & ~goes_short)
                | (mismarked & (row.open > self.located))
                | (off & (chain > MAX_ORDER_SHARES))
            ),
            self.short.eq(goes_short),
            self.shares.eq(wanted_open),
        ]
        with m.Switch(self.state):
            with m.Case(QuoteState.EMPTY), m.If(wanted & ~self.waits & ~crosses):
                m.d.comb += self.action.eq(QuoteAction.ENTER)
            with m.Case(QuoteState.LIVE), m.If(~self.cancel_asked):
                with m.If(~wanted | recast | (row.short & ~self.short_ok)):
                    m.d.comb += self.action.eq(QuoteAction.CANCEL)
                with m.Elif(mismarked), m.If(~self.waits):
                    m.d.comb += [self.action.eq(QuoteAction.MODIFY), self.shares.eq(row.executed + row.open)]
                with m.Elif(off & ~self.waits & ~crosses):
                    m.d.comb += [self.action.eq(QuoteAction.REPLACE), self.shares.eq(chain), self.short.eq(row.short)]
        return m
