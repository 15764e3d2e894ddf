"""What the gate looks at beyond one symbol: order rate, open orders, gross inventory and the day's loss."""

from amaranth import Module, signed, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from hdl.risk.daily_loss import DailyLoss
from hdl.risk.gross import GROSS_BITS, GrossInventory
from hdl.risk.judge import CardStops
from hdl.risk.marks import Mark
from hdl.risk.order_rate import OrderRate
from hdl.risk.positions import PositionChange, held_signature
from hdl.types import OrderIntent, OrderIntentKind

__all__ = ["CardLimits", "CardWatch"]


class CardLimits(data.Struct):
    """Limits of the whole card; each is off at zero. Units as in ``hdl/regs/card.rdl``, block ``limits``."""

    order_burst: unsigned(16)
    order_interval: unsigned(40)
    open_orders: unsigned(8)
    gross: unsigned(GROSS_BITS)
    daily_loss: unsigned(63)


class CardWatch(wiring.Component):
    """Holds the card against its limits.

    Parameters
    ----------
    slots : int
        Symbols followed.

    Ports
    -----
    limits : In(CardLimits)
        Registers.
    grants : In(stream, always ready)
        Intents as they leave the gate.
    held : Out(held_signature), changes : In(stream, always ready)
        What :class:`~hdl.risk.positions.Positions` says of a slot, and what it tells.
    open_orders : In(8)
        Own orders that may still fill; a new one is counted before its SENT is told.
    viewed : In(1)
        Strobe: a mark may have changed.
    mark_slot : Out(8), mark : In(Mark)
        A look at the marks, in the same cycle.
    card_time : In(64), armed : In(1)
        Cycles; level.
    stops : Out(CardStops)
        For the gate.
    result : Out(signed 64)
        Today's, marked, in 1/1,000,000 dollar.
    busy : Out(1)
        Something that passed is not reckoned with yet.

    Latency: see ``OrderRate``, ``GrossInventory`` and ``DailyLoss``; open orders none.
    """

    def __init__(self, slots: int) -> None:
        self._slots = slots
        super().__init__(
            {
                "limits": In(CardLimits),
                "grants": In(stream.Signature(OrderIntent, always_ready=True)),
                "held": Out(held_signature()),
                "changes": In(stream.Signature(PositionChange, always_ready=True)),
                "open_orders": In(8),
                "viewed": In(1),
                "mark_slot": Out(8),
                "mark": In(Mark),
                "card_time": In(64),
                "armed": In(1),
                "stops": Out(CardStops),
                "result": Out(signed(64)),
                "busy": Out(1),
            }
        )

    def elaborate(self, platform):
        """Build the block."""
        m = Module()
        m.submodules.rate = rate = OrderRate()
        m.submodules.gross = gross = GrossInventory(self._slots)
        m.submodules.loss = loss = DailyLoss(self._slots)
        limits = self.limits
        wiring.connect(m, gross.held, wiring.flipped(self.held))
        m.d.comb += [
            rate.card_time.eq(self.card_time),
            rate.burst.eq(limits.order_burst),
            rate.interval.eq(limits.order_interval),
            rate.granted.eq(self.grants.valid & (self.grants.payload.kind != OrderIntentKind.CANCEL)),
            gross.granted.eq(self.grants.valid),
            gross.granted_slot.eq(self.grants.payload.slot),
            gross.changed.eq(self.changes.valid),
            gross.changed_slot.eq(self.changes.payload.slot),
            loss.changes.valid.eq(self.changes.valid),
            loss.changes.payload.eq(self.changes.payload),
            loss.viewed.eq(self.viewed),
            self.busy.eq(rate.busy | gross.busy | loss.busy),
            self.mark_slot.eq(loss.slot),
            loss.mark.eq(self.mark),
            loss.limit.eq(limits.daily_loss),
            loss.armed.eq(self.armed),
            self.result.eq(loss.result),
            self.stops.order_rate.eq(rate.empty),
            self.stops.open_orders.eq((limits.open_orders != 0) & (self.open_orders >= limits.open_orders)),
            self.stops.daily_loss.eq(loss.reached),
            self.stops.gross.eq(gross.gross),
            self.stops.max_gross.eq(limits.gross),
        ]
        return m
