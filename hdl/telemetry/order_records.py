"""What the host hears of orders: sent, answered, refused, and the positions they leave."""

from amaranth import Cat, Const, Module, Mux
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from hdl.orders.account import AccountReport
from hdl.orders.structs import AnswerDetail, ExchangeAnswer, SentRecord
from hdl.risk.positions import PositionChange
from hdl.strategy.taker_types import AlarmCode
from hdl.telemetry.record import NO_SIDE, RecordType, record_signature
from hdl.types import SLOT_NONE, OrderAnswer, OrderAnswerKind

__all__ = ["OrderRecords"]

#: Record type of each answer that has one; SENT is told by ORDER_SENT, with its latency.
ANSWERS = {
    OrderAnswerKind.ACCEPTED: RecordType.ORDER_ACCEPTED,
    OrderAnswerKind.REPLACED: RecordType.ORDER_REPLACED,
    OrderAnswerKind.EXECUTED: RecordType.ORDER_EXECUTED,
    OrderAnswerKind.CANCELED: RecordType.ORDER_CANCELED,
    OrderAnswerKind.REJECTED: RecordType.ORDER_REJECTED,
    OrderAnswerKind.BROKEN: RecordType.ORDER_BROKEN,
    OrderAnswerKind.REFUSED: RecordType.GATE_REFUSED,
    OrderAnswerKind.SELF_MATCH: RecordType.ORDER_CANCELED,
    OrderAnswerKind.CANCEL_PENDING: RecordType.CANCEL_ANSWER,
    OrderAnswerKind.CANCEL_REJECTED: RecordType.CANCEL_ANSWER,
    OrderAnswerKind.MODIFIED: RecordType.ORDER_MODIFIED,
    OrderAnswerKind.RESTATED: RecordType.ORDER_RESTATED,
    OrderAnswerKind.PRIORITY: RecordType.ORDER_PRIORITY,
}
#: What ``detail`` is, where it is not the answer's letter; a reject has two bytes of reason, in word 0.
DETAILS = {
    OrderAnswerKind.REJECTED: 0,
    OrderAnswerKind.CANCEL_PENDING: 0,
    OrderAnswerKind.CANCEL_REJECTED: 1,
}


class OrderRecords(wiring.Component):
    """Writes the records about own orders, in the layout of ``hdl.telemetry.records``.

    Each record is valid one cycle after what it tells. Nothing here can be refused: a source that finds its queue full
    loses the record there, and it is counted.

    Ports
    -----
    sent : In
        The order port's record of an order's first byte.
    answers, detail : In
        The order port's answers, and beside them what only records want.
    refusals, refusal_short, refusal_immediate : In
        The gate's refusals.
    positions : In
        Changes of position, cash and open shares.
    reports : In
        What the exchange says of the account and of its day.
    impossible, placed, impossible_slot, impossible_answer : In
        The order port's strobe for what the exchange said and cannot be, and of what.
    order_sent, answered, refused, position, account, impossible_alarm : Out
        Records.
    """

    sent: In(stream.Signature(SentRecord, always_ready=True))
    answers: In(stream.Signature(OrderAnswer, always_ready=True))
    detail: In(AnswerDetail)
    refusals: In(stream.Signature(OrderAnswer, always_ready=True))
    refusal_short: In(1)
    refusal_immediate: In(1)
    positions: In(stream.Signature(PositionChange, always_ready=True))
    order_sent: Out(record_signature())
    answered: Out(record_signature())
    refused: Out(record_signature())
    reports: In(stream.Signature(AccountReport, always_ready=True))
    position: Out(record_signature())
    account: Out(record_signature())
    impossible: In(1)
    placed: In(1)
    impossible_slot: In(8)
    impossible_answer: In(ExchangeAnswer)
    impossible_alarm: Out(record_signature())

    def elaborate(self, platform):
        """Build one register stage a record."""
        m = Module()
        self._sent(m)
        self._answered(m)
        self._refused(m)
        self._position(m)
        self._account(m)
        self._impossible(m)
        return m

    def _sent(self, m: Module) -> None:
        sent, record = self.sent.payload, self.order_sent.payload
        m.d.sync += [
            self.order_sent.valid.eq(self.sent.valid),
            record.type.eq(RecordType.ORDER_SENT),
            record.slot.eq(sent.slot),
            record.side.eq(sent.side),
            record.detail.eq(sent.kind),
            record.exchange_time.eq(sent.exchange_time),
            record.order.eq(sent.user_ref),
            record.chain.eq(sent.chain),
            record.cause.eq(sent.cause),
            record.word0.eq(sent.price),
            record.word1.eq(sent.shares),
            record.word2.eq(sent.latency_cycles),
            record.word3.eq(sent.previous),
            record.word4.eq(_flags(sent, sent.immediate, sent.short)),
            record.card_time.eq(sent.card_time),
        ]

    def _answered(self, m: Module) -> None:
        answer, detail, record = self.answers.payload, self.detail, self.answered.payload
        m.d.sync += [
            self.answered.valid.eq(self.answers.valid & _any_of(answer.kind, ANSWERS)),
            *_common(record, answer),
        ]
        flags = _flags(answer, detail.immediate, detail.short)
        words = {
            OrderAnswerKind.ACCEPTED: (
                answer.price, answer.shares, detail.reference[:32], detail.reference[32:], flags,
            ),
            OrderAnswerKind.REPLACED: (
                answer.price, answer.shares, detail.reference[:32], detail.reference[32:], detail.previous,
            ),
            OrderAnswerKind.EXECUTED: (answer.price, answer.shares, answer.match[:32], answer.match[32:], answer.open),
            OrderAnswerKind.CANCELED: (answer.shares, answer.open, 0, 0, flags),
            OrderAnswerKind.REJECTED: (answer.reason, answer.shares, 0, 0, flags),
            OrderAnswerKind.BROKEN: (answer.match[:32], answer.match[32:], answer.shares, answer.price, 0),
            OrderAnswerKind.REFUSED: (answer.price, answer.shares, 0, 0, flags),
            OrderAnswerKind.SELF_MATCH: (answer.shares, answer.open, detail.prevented, answer.price, flags),
            OrderAnswerKind.CANCEL_PENDING: (answer.open, 0, 0, 0, flags),
            OrderAnswerKind.CANCEL_REJECTED: (answer.open, 0, 0, 0, flags),
            OrderAnswerKind.MODIFIED: (answer.open, 0, 0, 0, flags),
            OrderAnswerKind.RESTATED: (0, 0, 0, 0, 0),
            OrderAnswerKind.PRIORITY: (
                answer.price, answer.open, detail.reference[:32], detail.reference[32:], flags,
            ),
        }  # fmt: skip
        with m.Switch(answer.kind):
            for kind, values in words.items():
                with m.Case(kind):
                    m.d.sync += record.type.eq(ANSWERS[kind])
                    m.d.sync += [getattr(record, f"word{i}").eq(value) for i, value in enumerate(values)]
                    letter = answer.refusal if kind == OrderAnswerKind.REFUSED else answer.flag
                    m.d.sync += record.detail.eq(DETAILS.get(kind, letter))

    def _refused(self, m: Module) -> None:
        answer, record = self.refusals.payload, self.refused.payload
        m.d.sync += [
            self.refused.valid.eq(self.refusals.valid),
            *_common(record, answer),
            record.type.eq(RecordType.GATE_REFUSED),
            record.detail.eq(answer.refusal),
            record.word0.eq(answer.price),
            record.word1.eq(answer.shares),
            record.word4.eq(_flags(answer, self.refusal_immediate, self.refusal_short)),
        ]

    def _position(self, m: Module) -> None:
        change, record = self.positions.payload, self.position.payload
        m.d.sync += [
            self.position.valid.eq(self.positions.valid),
            record.type.eq(RecordType.POSITION),
            record.slot.eq(change.slot),
            record.side.eq(NO_SIDE),
            record.exchange_time.eq(change.exchange_time),
            record.cause.eq(change.cause),
            record.word0.eq(change.position),
            record.word1.eq(change.cash[:32]),
            record.word2.eq(change.cash[32:]),
            record.word3.eq(change.open_buy),
            record.word4.eq(change.open_sell),
        ]

    def _account(self, m: Module) -> None:
        report, record = self.reports.payload, self.account.payload
        m.d.sync += [
            self.account.valid.eq(self.reports.valid),
            record.type.eq(Mux(report.event == 0, RecordType.ACCOUNT, RecordType.ORDER_EVENT)),
            record.slot.eq(SLOT_NONE),
            record.side.eq(NO_SIDE),
            record.detail.eq(report.event),
            record.exchange_time.eq(report.exchange_time),
            record.cause.eq(report.cause),
            record.word0.eq(report.said),
            record.word1.eq(report.own),
        ]

    def _impossible(self, m: Module) -> None:
        said, record = self.impossible_answer, self.impossible_alarm.payload
        m.d.sync += [
            self.impossible_alarm.valid.eq(self.impossible),
            record.type.eq(RecordType.ALARM),
            record.slot.eq(Mux(self.placed, self.impossible_slot, SLOT_NONE)),
            record.side.eq(NO_SIDE),
            record.detail.eq(AlarmCode.IMPOSSIBLE),
            record.exchange_time.eq(said.timestamp),
            record.order.eq(said.user_ref),
            record.cause.eq(said.count | (1 << 63)),
            record.word0.eq(said.type),
            record.word1.eq(self.placed),
        ]


def _common(record, answer):
    """Fields of a record that every answer fills alike."""
    return [
        record.slot.eq(answer.slot),
        record.side.eq(answer.side),
        record.exchange_time.eq(answer.exchange_time),
        record.order.eq(answer.user_ref),
        record.chain.eq(answer.chain),
        record.cause.eq(answer.cause),
    ]


def _flags(order, immediate, short):
    """Bits 0-1 module, 2-3 role, 4 immediate, 5 short."""
    return Cat(order.module, order.role, immediate, short)


def _any_of(value, members):
    found = Const(0, 1)
    for member in members:
        found = Mux(value == member, 1, found)
    return found
