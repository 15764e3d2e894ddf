"""Joins the registers of the order session and of the account to the order port."""

from amaranth import Module

from hdl.engine import Engine
from hdl.regs.bank import RegisterBank

__all__ = ["join_orders"]

_COUNTERS = ("entered", "replaced", "canceled", "unknown_answers", "executions", "rejects")


def join_orders(m: Module, bank: RegisterBank, engine: Engine) -> None:
    """Join the ``orders`` and ``account`` registers, and the slots' symbols, to the order port."""
    orders = engine.orders
    written, value = bank.written("orders.user_ref.next")
    moved, following = bank.write_back("orders.user_ref.next")
    m.d.comb += [
        orders.user_ref_write.eq(written),
        orders.user_ref_value.eq(value),
        # The host's number reaches the port in the cycle it is written; from the next on the port's own counts.
        moved.eq(~written),
        following.eq(orders.user_ref),
        orders.capacity.eq(bank.value("orders.account.capacity")),
        bank.drive("orders.open_orders.count").eq(orders.open_orders),
        bank.count("orders.impossible_answers").eq(orders.impossible),
        bank.count("orders.answers").eq(orders.answered),
        orders.query.eq(bank.strobe("account.command.query")),
        bank.drive("account.status.pending").eq(orders.query_pending),
        bank.drive("account.status.day_over").eq(orders.day_over),
        bank.drive("account.next.value").eq(orders.next_number),
        bank.count("account.answers").eq(orders.query_answered),
    ]
    for name in _COUNTERS:
        m.d.comb += bank.count(f"orders.{name}").eq(getattr(orders, name))
    for i, symbol in enumerate(bank.slot_value("symbol")):
        m.d.comb += orders.symbols[i].eq(symbol)
