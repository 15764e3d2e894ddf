"""Joins the order port to the registers of the order session and of the account, and to the records of orders."""

from amaranth import Module

from hdl.engine import Engine
from hdl.regs.bank import RegisterBank
from hdl.telemetry.order_records import OrderRecords
from hdl.types import OrderAnswerKind

__all__ = ["join_order_records", "join_orders", "join_refusals"]

_COUNTERS = (
    "entered", "replaced", "canceled", "modified", "unknown_answers", "executions", "rejects", "self_matched",
    "cancels_refused",
)  # fmt: skip

_BESIDE_ANSWERS = ("detail", "impossible", "placed", "impossible_slot", "impossible_answer")


def join_orders(m: Module, bank: RegisterBank, engine: Engine) -> None:
    """Join the ``orders`` and ``account`` registers, and the slots' symbols, to the order port."""
    orders = engine.orders
    written, value = bank.written("orders.user_ref.next")
    moved, following = bank.write_back("orders.user_ref.next")
    m.d.comb += [
        orders.user_ref_write.eq(written),
        orders.user_ref_value.eq(value),
        # The host's number reaches the port in the cycle it is written; from the next on the port's own counts, where
        # there is one.
        moved.eq(~written & int(engine.trades)),
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
    symbol = bank.slot_port("symbol")
    m.d.comb += [symbol.slot.eq(orders.symbol_slot), orders.symbol.eq(symbol.row.as_value())]


def join_order_records(m: Module, records: OrderRecords, engine: Engine) -> None:
    """Tell ``records`` what the order port, the gate and the positions say."""
    orders, gate = engine.orders, engine.gate
    for source, listener in (
        (orders.sent, records.sent),
        (orders.answers, records.answers),
        (orders.reports, records.reports),
        (gate.refusals, records.refusals),
        (engine.positions.changes, records.positions),
    ):
        m.d.comb += [listener.valid.eq(source.valid), listener.payload.eq(source.payload)]
    m.d.comb += [
        *(getattr(records, name).eq(getattr(orders, name)) for name in _BESIDE_ANSWERS),
        records.refusal_short.eq(gate.refusal_short),
        records.refusal_immediate.eq(gate.refusal_immediate),
    ]


def join_refusals(m: Module, bank: RegisterBank, engine: Engine) -> None:
    """Count the gate's refusals by their number, and the order port's, where a state changed between the two."""
    at_gate, at_port = engine.gate.refusals, engine.orders.answers
    late = at_port.valid & (at_port.payload.kind == OrderAnswerKind.REFUSED)
    counters = bank.count_array("risk.refused", 2) + bank.count_array("limits.refused", 2)
    for number, increment in enumerate(counters):
        refused = at_gate.valid & (at_gate.payload.refusal.as_value() == number)
        m.d.comb += increment.eq(refused + (late & (at_port.payload.refusal.as_value() == number)))
