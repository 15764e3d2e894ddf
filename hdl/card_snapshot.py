"""Joins the registers of the loader of snapshots to it."""

from amaranth import Module

from hdl.engine import Engine
from hdl.regs.bank import RegisterBank
from hdl.types import Side

__all__ = ["join_snapshot"]

_COUNTERS = ("loaded", "failed", "refused", "kept", "dropped", "applied")
_STATUS = ("state", "failure", "slot", "orders")
_END = ("orders", "trading", "operating", "unrestricted", "opened", "market_known", "market_open")


def join_snapshot(m: Module, bank: RegisterBank, engine: Engine) -> None:
    """Join the ``snapshot`` registers. Writing ``bid`` or ``ask`` brings an order, writing ``commit`` the end."""
    loader = engine.snapshot
    begin, abort = (bank.strobe(f"snapshot.command.{name}") for name in ("begin", "abort"))
    end_valid, _ = bank.written("snapshot.commit.orders")
    order, end = loader.order, loader.end
    m.d.comb += [
        loader.command_valid.eq(begin | abort),
        loader.command.begin.eq(begin),
        loader.command.abort.eq(abort),
        loader.command.slot.eq(bank.value("snapshot.command.slot")),
        order.reference.eq(bank.value("snapshot.reference.value")),
        loader.end_valid.eq(end_valid),
        *(getattr(end, name).eq(bank.value(f"snapshot.commit.{name}")) for name in _END),
        loader.sequence.eq(bank.value("snapshot.sequence.value")),
        *(bank.drive(f"snapshot.status.{name}").eq(getattr(loader, name)) for name in _STATUS),
        bank.drive("snapshot.first_sequence.value").eq(loader.first_sequence),
        bank.drive("snapshot.ring_max.value").eq(loader.ring_max),
        *(bank.count(f"snapshot.{name}").eq(getattr(loader, name)) for name in _COUNTERS),
    ]
    for side, name in ((Side.BUY, "bid"), (Side.SELL, "ask")):
        written, price = bank.written(f"snapshot.{name}.price")
        with m.If(written):
            m.d.comb += [
                loader.order_valid.eq(1),
                order.side.eq(side),
                order.price.eq(price),
                order.shares.eq(bank.value(f"snapshot.{name}.shares")),
            ]
