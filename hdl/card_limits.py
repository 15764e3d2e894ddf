"""Joins registers to blocks: the gate's further limits, what puts a slot right, and the host's orders."""

from amaranth import Module

from hdl.engine import Engine
from hdl.regs.bank import RegisterBank

__all__ = ["join_adjustments", "join_card_limits", "join_host_orders", "join_slot_limits"]

_SLOT_LIMITS = (
    ("max_notional", "max_notional", "value"), ("collar", "collar", "distance"), ("repeat_window", "repeat", "window"),
)  # fmt: skip
_CARD_LIMITS = (
    ("order_burst", "order_rate.burst"), ("order_interval", "order_rate.interval"),
    ("open_orders", "open_orders.count"), ("gross", "gross.shares"), ("daily_loss", "daily_loss.value"),
)  # fmt: skip
_HOST_ORDER = ("slot", "side", "role", "shares")
_HOST_STATE = ("step", "outcome", "refusal", "executed")


def join_slot_limits(m: Module, bank: RegisterBank, slot, config) -> None:
    """Give ``config``, a ``GateConfig``, what the ``trade`` registers of ``slot`` say, in the same cycle."""
    for name, register, field in _SLOT_LIMITS:
        port = bank.slot_port(f"trade.{register}")
        m.d.comb += [port.slot.eq(slot), getattr(config, name).eq(getattr(port.row, field))]


def join_card_limits(m: Module, bank: RegisterBank, engine: Engine) -> None:
    """Join the ``limits`` registers, and the day's result, to the card's watch."""
    limits = engine.watch.limits
    m.d.comb += [getattr(limits, name).eq(bank.value(f"limits.{path}")) for name, path in _CARD_LIMITS]
    m.d.comb += bank.drive("limits.result.value").eq(engine.watch.result)


def join_adjustments(m: Module, bank: RegisterBank, engine: Engine) -> None:
    """Join the host's way to put a slot right after a broken trade or an answer that nothing explains."""
    positions, broken, unexplained = engine.positions, engine.broken, engine.unexplained
    strobes, shown = bank.slot_strobe("trade.adjust", "apply"), bank.slot_drive("trade.state", "broken")
    stopped = bank.slot_drive("trade.state", "unexplained")
    shares, money = bank.slot_port("trade.adjust_position"), bank.slot_port("trade.adjust_cash")
    m.d.comb += [
        shares.slot.eq(positions.adjust_slot),
        money.slot.eq(positions.adjust_slot),
        positions.adjust_position.eq(shares.row.shares),
        positions.adjust_cash.eq(money.row.value),
    ]
    for i, strobe in enumerate(strobes):
        m.d.comb += [
            positions.adjust[i].eq(strobe),
            broken.settled[i].eq(strobe),
            unexplained.settled[i].eq(strobe),
            shown[i].eq(broken.broken[i]),
            stopped[i].eq(unexplained.stopped[i]),
        ]


def join_host_orders(m: Module, bank: RegisterBank, engine: Engine) -> None:
    """Join the host's way to order, and what became of its order."""
    host = engine.host
    m.d.comb += [
        *(getattr(host.order, name).eq(bank.value(f"host_order.what.{name}")) for name in _HOST_ORDER),
        host.order.price.eq(bank.value("host_order.price.limit")),
        host.go.eq(bank.strobe("host_order.command.go")),
        host.give_up.eq(bank.strobe("host_order.command.give_up")),
        *(bank.drive(f"host_order.state.{name}").eq(getattr(host, name)) for name in _HOST_STATE),
        bank.drive("host_order.user_ref.value").eq(host.user_ref),
        bank.count("host_order.not_taken").eq(host.not_taken),
    ]
