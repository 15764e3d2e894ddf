"""What the market maker wants to have at the exchange: a price and shares for each side, or nothing."""

from amaranth import Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.risk.judge import MAX_ORDER_PRICE
from hdl.strategy.fair_value import FAIR_BITS, FairValue
from hdl.strategy.maker_types import MakerConfig, MakerView, QuoteTarget

__all__ = ["QuoteTargets"]

#: Fair value, half-spread and lean with their signs, in 1/256 half-tick.
PLACE_BITS = FAIR_BITS + 3


class QuoteTargets(wiring.Component):
    """Works out the quotes of one slot from its view, its settings and its position.

    Both quotes stand ``half_spread`` half-ticks from the fair value, and lean against the position: ``skew`` times the
    position below it (above it, where the position is short). The bid is cut down to a whole tick, the offer up, and
    neither goes through the best price of the other side. So with a spread of one tick, a half-spread of one half-tick
    and no position the quotes stand at the best bid and the best offer.

    The bid is at most what the inventory limit leaves above the position, the offer what it leaves below: no bid at the
    limit, no offer at its negative. Nothing is wanted of either side where the view is not sound, or the spread wider
    than ``max_spread`` or no whole number of ticks; nothing of the bid where the offers outweigh the bids by more than
    ``ratio`` over five levels, and the mirror of it; nothing of a side whose price would be less than a tick or more
    than OUCH takes.

    Ports
    -----
    start : In(1)
        Begins; ignored while one is under way. The inputs below stay as they are until ``done``.
    view : In(MakerView), config : In(MakerConfig), position : In(signed 32)
        Of the slot.
    done : Out(1)
        Pulse: the outputs below are there, and stay until the next ``start``.
    bid, ask : Out(QuoteTarget)
        See above.

    Latency: ``done`` 12 cycles after ``start``.
    """

    start: In(1)
    view: In(MakerView)
    config: In(MakerConfig)
    position: In(signed(32))
    done: Out(1)
    bid: Out(QuoteTarget)
    ask: Out(QuoteTarget)

    def elaborate(self, platform):
        """Build the block."""
        m = Module()
        m.submodules.fair_value = fair = FairValue()
        view, config = self.view, self.config
        m.d.comb += [
            fair.start.eq(self.start),
            *(getattr(fair, name).eq(getattr(view, name)) for name in ("bid", "ask", "bid_size", "ask_size")),
            fair.tick.eq(config.tick),
            fair.weighted.eq(config.weighted),
        ]

        # While the fair value is divided: the products, a cycle each.
        held = Signal(32)  # the position without its sign
        leaned = Signal(48)
        lean = Signal(signed(FAIR_BITS + 1))
        bid_scaled, ask_scaled = Signal(51), Signal(51)
        ratio_set, bids_outweigh, asks_outweigh = Signal(), Signal(), Signal()
        distance = Signal(FAIR_BITS)
        most = (1 << FAIR_BITS) - 1
        m.d.sync += [
            held.eq(Mux(self.position < 0, -self.position, self.position)),
            leaned.eq(held * config.skew),
            distance.eq(Mux((leaned >> 8) > most, most, leaned >> 8)),
            lean.eq(Mux(self.position < 0, -distance, distance)),
            bid_scaled.eq(view.bid_volume * config.ratio),
            ask_scaled.eq(view.ask_volume * config.ratio),
            ratio_set.eq(config.ratio != 0),
            bids_outweigh.eq(ratio_set & ((view.bid_volume << 8) > ask_scaled)),
            asks_outweigh.eq(ratio_set & ((view.ask_volume << 8) > bid_scaled)),
        ]

        # Places in ticks above the best bid, then prices.
        centre = Signal(signed(PLACE_BITS))
        half = config.half_spread << 8
        below, above = Signal(signed(PLACE_BITS)), Signal(signed(PLACE_BITS))
        bid_ticks, ask_ticks = Signal(signed(PLACE_BITS - 8)), Signal(signed(PLACE_BITS - 8))
        quotable, stepped = Signal(), Signal()
        m.d.comb += [
            centre.eq(fair.fair - lean),
            below.eq((centre - half) >> 9),
            above.eq((centre + half + 511) >> 9),
        ]
        m.d.sync += [
            stepped.eq(fair.done),
            bid_ticks.eq(Mux(below >= fair.spread, fair.spread - 1, below)),
            ask_ticks.eq(Mux(above < 1, 1, above)),
            quotable.eq(view.sound & fair.whole & (fair.spread <= config.max_spread)),
            self.done.eq(stepped),
        ]
        for target, ticks, outweighed, room in (
            (self.bid, bid_ticks, asks_outweigh, config.inventory - self.position),
            (self.ask, ask_ticks, bids_outweigh, config.inventory + self.position),
        ):
            price = Signal(signed(len(ticks) + 33))
            left = Signal(signed(34))
            m.d.comb += [price.eq(view.bid + ticks * config.tick), left.eq(room)]
            m.d.sync += [
                target.price.eq(price),
                target.shares.eq(Mux(left <= 0, 0, Mux(left < config.size, left, config.size))),
                target.wanted.eq(
                    quotable
                    & ~outweighed
                    & (left > 0)
                    & (config.size != 0)
                    & (price >= config.tick)
                    & (price <= MAX_ORDER_PRICE)
                ),
            ]
        return m
