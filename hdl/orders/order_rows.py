"""The card's own order table: one row a chain, changed by what leaves the card and by what the exchange answers."""

from amaranth import Array, Module, Mux, Signal, unsigned
from amaranth.lib import data, enum, memory, stream, wiring
from amaranth.lib.wiring import In, Out

from hdl.orders.row_answer import RowAnswer
from hdl.orders.row_command import RowCommand
from hdl.orders.sent_numbers import SentNumbers
from hdl.orders.structs import (
    AnswerDetail,
    Command,
    ExchangeAnswer,
    ExchangeAnswerKind,
    RowIdentity,
    RowOutcome,
    RowSeen,
    RowState,
)
from hdl.types import OrderAnswer, OrderAnswerKind

__all__ = ["OrderRows"]


class _Step(enum.Enum, shape=2):
    """What the table does in a cycle; every change takes all four."""

    PICK = 0
    READ = 1
    CHANGE = 2
    WRITE = 3


class _Refs(data.Struct):
    current: unsigned(32)
    following: unsigned(32)


class OrderRows(wiring.Component):
    """Rows of own orders, and the order of their changes.

    A row is a chain: the order that was entered and all its Replaces. It holds the number that lives and, while a
    Replace is not answered, the number that may come to live. Changes are made one at a time, commands before answers
    of the exchange, so an order is always told SENT before anything the exchange says of it. A row is free again once
    nothing more can fill on it, and rows are given out in turn: one freed a moment ago is the last to be reused.

    An answer that no row explains raises ``impossible``; so does one that a row contradicts (more executed than is
    open, say), and is booked as far as it makes sense: a fill is never lost (``hdl.orders.row_answer``). Numbers whose
    order is dead are remembered with their slot, so that what is said of them has a symbol
    (``hdl.orders.sent_numbers``).

    Parameters
    ----------
    rows : int
        Own orders alive at once, 2 to 128.
    numbers : int
        User reference numbers remembered, a power of two.

    Ports
    -----
    commands : what left the card; taken before ``exchange``
    exchange : what the exchange answered
    settled : pulse, a command has changed its row: from the next cycle on, questions are answered by the new row
    answers, detail : one change, at most every 4 cycles; never waits
    query_row : row asked about; in the same cycle ``query_live``, ``query_replacing``, ``query_ref`` (the newest
        number of the chain), ``query_decremented`` (what self-match prevention took from it) and ``query_identity``
    free_row, row_free : a row for the next ENTER, if ``row_free``; ``take`` claims it
    live : a bit a row
    freed, number_back, cancel_refused : a strobe a row: dead; its Replace was rejected; so was its Cancel
    impossible, impossible_answer : strobe, and what was answered
    placed, impossible_slot : with ``impossible``: it was said of an order of this slot
    executed, rejected, self_matched : pulses
    open_orders : rows alive
    busy : a change or the search for a free row is under way

    Latency: ``answers`` is valid 3 cycles after a command or an answer is taken.
    """

    def __init__(self, rows: int, numbers: int = 1024) -> None:
        if not 2 <= rows <= 128:
            raise ValueError(f"own orders: {rows} is not 2 to 128")
        super().__init__(
            {
                "commands": In(stream.Signature(Command)),
                "exchange": In(stream.Signature(ExchangeAnswer)),
                "settled": Out(1),
                "answers": Out(stream.Signature(OrderAnswer, always_ready=True)),
                "detail": Out(AnswerDetail),
                "query_row": In(8),
                "query_live": Out(1),
                "query_replacing": Out(1),
                "query_ref": Out(32),
                "query_decremented": Out(32),
                "query_identity": Out(RowIdentity),
                "free_row": Out(range(rows)),
                "row_free": Out(1),
                "take": In(1),
                "live": Out(rows),
                "freed": Out(rows),
                "number_back": Out(rows),
                "cancel_refused": Out(rows),
                "impossible": Out(1),
                "placed": Out(1),
                "impossible_slot": Out(8),
                "impossible_answer": Out(ExchangeAnswer),
                "executed": Out(1),
                "rejected": Out(1),
                "self_matched": Out(1),
                "open_orders": Out(8),
                "busy": Out(1),
            }
        )
        self.rows = rows
        self._numbers = SentNumbers(numbers)

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        count = self.rows
        m.submodules.identities = identities = memory.Memory(shape=RowIdentity, depth=count, init=[])
        m.submodules.states = states = memory.Memory(shape=RowState, depth=count, init=[])
        m.submodules.refs = refs = memory.Memory(shape=_Refs, depth=count, init=[])
        m.submodules.decrements = decrements = memory.Memory(shape=32, depth=count, init=[])
        m.submodules.commanded = commanded = RowCommand()
        m.submodules.answered = answered = RowAnswer()
        m.submodules.numbers = numbers = self._numbers
        identity_write, state_write = identities.write_port(), states.write_port()
        identity_read, state_read = identities.read_port(), states.read_port()
        query_read = identities.read_port(domain="comb")
        decrement_write, decrement_read = decrements.write_port(), decrements.read_port(domain="comb")
        decrement_query = decrements.read_port(domain="comb")
        refs_write = refs.write_port()
        refs_read, refs_query = refs.read_port(domain="comb"), refs.read_port(domain="comb")

        # The numbers are there twice: in registers, all of which an answer's is compared with, and as rows to be read.
        current = Array(Signal(32, name=f"current{i}") for i in range(count))
        following = Array(Signal(32, name=f"following{i}") for i in range(count))
        replacing = Signal(count)
        used = Signal(count)

        # Questions of the port.
        in_table = Signal()
        row_bits = (count - 1).bit_length()
        asked_row = self.query_row[:row_bits]
        m.d.comb += [
            in_table.eq(self.query_row < count),
            self.query_live.eq(in_table & self.live.bit_select(asked_row, 1)),
            self.query_replacing.eq(replacing.bit_select(asked_row, 1)),
            refs_query.addr.eq(asked_row),
            self.query_ref.eq(Mux(self.query_replacing, refs_query.data.following, refs_query.data.current)),
            query_read.addr.eq(asked_row),
            self.query_identity.eq(query_read.data),
            decrement_query.addr.eq(asked_row),
            self.query_decremented.eq(decrement_query.data),
        ]

        # The row given out next: a pointer that goes round until it points at a free one.
        m.d.comb += self.row_free.eq(~used.bit_select(self.free_row, 1))
        with m.If(~self.row_free | self.take):
            m.d.sync += self.free_row.eq(self.free_row + 1)
            with m.If(self.free_row == count - 1):
                m.d.sync += self.free_row.eq(0)
        with m.If(self.take):
            m.d.sync += used.bit_select(self.free_row, 1).eq(1)

        step = Signal(_Step)
        is_command = Signal()
        hits, next_hits = Signal(count), Signal(count)
        row = Signal(row_bits)
        chosen = Signal(row_bits)
        hit, next_hit = Signal(), Signal()
        m.d.comb += [
            identity_read.addr.eq(chosen),
            state_read.addr.eq(chosen),
            identity_write.addr.eq(row),
            state_write.addr.eq(row),
            decrement_read.addr.eq(row),
            decrement_write.addr.eq(row),
            refs_read.addr.eq(row),
            refs_write.addr.eq(row),
            numbers.number.eq(answered.exchange.user_ref),
            # Looking for a free row is work too, while there is one.
            self.busy.eq(
                (step != _Step.PICK) | self.commands.valid | self.exchange.valid | (~self.row_free & ~used.all())
            ),
        ]

        with m.Switch(step):
            with m.Case(_Step.PICK):
                m.d.comb += [self.commands.ready.eq(1), self.exchange.ready.eq(~self.commands.valid)]
                m.d.sync += [
                    is_command.eq(self.commands.valid),
                    commanded.command.eq(self.commands.payload),
                    answered.exchange.eq(self.exchange.payload),
                ]
                with m.If(self.commands.valid):
                    # So what only an answer says is zero beside a command, without a choice between the two.
                    m.d.sync += answered.exchange.kind.eq(ExchangeAnswerKind.NOTHING)
                number = self.exchange.payload.user_ref
                for i in range(count):
                    m.d.sync += [
                        hits[i].eq(self.live[i] & (current[i] == number)),
                        next_hits[i].eq(self.live[i] & replacing[i] & (following[i] == number)),
                    ]
                with m.If(self.commands.valid | self.exchange.valid):
                    m.d.sync += step.eq(_Step.READ)
            with m.Case(_Step.READ):
                either = Signal(count)
                m.d.comb += either.eq(hits | next_hits)
                for i in range(count):
                    with m.If(either[i]):
                        m.d.comb += chosen.eq(i)
                with m.If(is_command):
                    m.d.comb += chosen.eq(commanded.command.row)
                m.d.sync += [row.eq(chosen), hit.eq(either.any()), next_hit.eq(next_hits.any()), step.eq(_Step.CHANGE)]
            with m.Case(_Step.CHANGE):
                m.d.sync += step.eq(_Step.WRITE)
            with m.Case(_Step.WRITE):
                m.d.sync += step.eq(_Step.PICK)

        seen = Signal(RowSeen)
        outcome = Signal(RowOutcome)
        m.d.comb += [
            seen.row.eq(row),
            seen.live.eq(self.live.bit_select(row, 1) & (~is_command | (commanded.command.row < count))),
            seen.replacing.eq(replacing.bit_select(row, 1)),
            seen.current.eq(refs_read.data.current),
            seen.following.eq(refs_read.data.following),
            seen.identity.eq(identity_read.data),
            seen.state.eq(state_read.data),
            seen.decremented.eq(decrement_read.data),
            commanded.seen.eq(seen),
            answered.seen.eq(seen),
            answered.hit.eq(hit),
            answered.next_hit.eq(next_hit),
            answered.known.eq(numbers.found),
            outcome.eq(Mux(is_command, commanded.outcome, answered.outcome)),
            *(outcome.answer[name].eq(answered.outcome.answer[name]) for name in ("match", "reason")),
            *(
                outcome.detail[name].eq(answered.outcome.detail[name])
                for name in ("reference", "prevented", "previous")
            ),
        ]

        writing = Signal()
        m.d.comb += [
            writing.eq(step == _Step.WRITE),
            self.settled.eq(writing & is_command),
            self.answers.valid.eq(writing & (outcome.answer.kind != OrderAnswerKind.NONE)),
            self.answers.payload.eq(outcome.answer),
            self.detail.eq(outcome.detail),
            self.impossible.eq(writing & outcome.impossible),
            self.placed.eq(outcome.placed),
            self.impossible_slot.eq(outcome.answer.slot),
            self.impossible_answer.eq(answered.exchange),
            self.executed.eq(self.answers.valid & (outcome.answer.kind == OrderAnswerKind.EXECUTED)),
            self.rejected.eq(self.answers.valid & (outcome.answer.kind == OrderAnswerKind.REJECTED)),
            self.self_matched.eq(self.answers.valid & (outcome.answer.kind == OrderAnswerKind.SELF_MATCH)),
            identity_write.en.eq(writing & outcome.write_identity),
            identity_write.data.eq(outcome.identity),
            state_write.en.eq(writing & outcome.write_state),
            state_write.data.eq(outcome.state),
            decrement_write.en.eq(writing & outcome.write_state),
            decrement_write.data.eq(outcome.decremented),
            refs_write.en.eq(writing & outcome.write_refs),
            refs_write.data.current.eq(outcome.current),
            refs_write.data.following.eq(outcome.following),
            numbers.note.eq(writing & outcome.note),
            numbers.note_number.eq(outcome.note_number),
            numbers.noted.known.eq(1),
            numbers.noted.slot.eq(outcome.identity.slot),
            numbers.noted.side.eq(outcome.identity.side),
            numbers.noted.short.eq(outcome.identity.short),
            self.freed.eq((writing & outcome.free) << row),
            self.number_back.eq((writing & outcome.number_back) << row),
        ]
        with m.If(self.answers.valid & (outcome.answer.kind == OrderAnswerKind.CANCEL_REJECTED)):
            m.d.comb += self.cancel_refused.bit_select(row, 1).eq(1)
        with m.If(writing & outcome.write_refs):
            m.d.sync += [
                current[row].eq(outcome.current),
                following[row].eq(outcome.following),
                replacing.bit_select(row, 1).eq(outcome.replacing),
            ]
        with m.If(writing & outcome.begins):
            m.d.sync += [self.live.bit_select(row, 1).eq(1), self.open_orders.eq(self.open_orders + 1)]
        with m.If(writing & outcome.free):
            m.d.sync += [
                self.live.bit_select(row, 1).eq(0),
                replacing.bit_select(row, 1).eq(0),
                used.bit_select(row, 1).eq(0),
                self.open_orders.eq(self.open_orders - 1),
            ]
        return m
