"""Joins the registers of the day's statistics to their block."""

from amaranth import Cat, Module

from hdl.engine import Engine
from hdl.regs.bank import RegisterBank
from hdl.telemetry.day_statistics import DayStatistics

__all__ = ["join_statistics"]

_SHOWN = (
    ("volume.shares", "volume"), ("last.price", "last_price"), ("last.shares", "last_shares"),
    ("last_time.value", "last_time"), ("continuous.cycles", "continuous"), ("one_tick.cycles", "one_tick"),
)  # fmt: skip


def join_statistics(m: Module, bank: RegisterBank, engine: Engine, statistics: DayStatistics) -> None:
    """Join the ``statistics`` registers. Writing ``select`` asks for a slot's row."""
    asked, slot = bank.written("statistics.select.slot")
    tick = bank.slot_port("tick")
    flags = list(engine.feed.flags)
    m.d.comb += [
        statistics.view.valid.eq(engine.view.valid),
        statistics.view.payload.eq(engine.view.payload),
        statistics.bound.eq(Cat(f.bound for f in flags)),
        statistics.trading.eq(Cat(f.bound & ~f.stale & ~f.halted & f.opened & f.market_open for f in flags)),
        tick.slot.eq(statistics.tick_slot),
        statistics.tick.eq(tick.row.tick),
        statistics.ask.eq(asked),
        statistics.asked.eq(slot),
        bank.drive("statistics.shown.slot").eq(statistics.shown_slot),
        *(bank.drive(f"statistics.{name}").eq(getattr(statistics.shown, part)) for name, part in _SHOWN),
    ]
