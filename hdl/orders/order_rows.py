"""The card's own order table: one row a chain, changed by what leaves the card and by what the exchange answers."""

from amaranth import Array, Module, Signal
from amaranth.lib import enum, memory, stream, wiring
from amaranth.lib.wiring import In, Out

from hdl.orders.row_change import RowChange
from hdl.orders.structs import AnswerDetail, Command, ExchangeAnswer, RowIdentity, RowState
from hdl.types import OrderAnswer, OrderAnswerKind

__all__ = ["OrderRows"]


class _Step(enum.Enum, shape=2):
    """What the table does in a cycle; every change takes all four."""

    PICK = 0
    READ = 1
    CHANGE = 2
    WRITE = 3


class OrderRows(wiring.Component):
    """Rows of own orders, and the order of their changes.

    A row is a chain: the order that was entered and all its Replaces. It holds the number that lives and, while a
    Replace is not answered, the number that may come to live. Changes are made one at a time, commands before answers
    of the exchange, so an order is always told SENT before anything the exchange says of it. A row is free again once
    nothing more can fill on it, and rows are given out in turn: one freed a moment ago is the last to be reused.

    An answer that no row explains raises ``impossible`` and changes nothing; one that a row contradicts (more executed
    than is open, say) raises it too, and is booked as far as it makes sense: a fill is never lost
    (``hdl.orders.row_change``).

    Parameters
    ----------
    rows : int
        Own orders alive at once, 2 to 128.

    Ports
    -----
    commands : what left the card; taken before ``exchange``
    exchange : what the exchange answered
    settled : pulse, a command has changed its row: from the next cycle on, questions are answered by the new row
    answers, detail : one change, at most every 4 cycles; never waits
    query_row : row asked about; in the same cycle ``query_live``, ``query_replacing``, ``query_ref`` (the newest
        number of the chain) and ``query_identity``
    free_row, row_free : a row for the next ENTER, if ``row_free``; ``take`` claims it
    live : a bit a row
    freed, number_back : a strobe a row: dead; its Replace was rejected
    impossible, impossible_answer : strobe, and what was answered
    executed, rejected : pulses
    open_orders : rows alive
    busy : a change or the search for a free row is under way

    Latency: ``answers`` is valid 3 cycles after a command or an answer is taken.
    """

    def __init__(self, rows: int) -> None:
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
                "query_identity": Out(RowIdentity),
                "free_row": Out(range(rows)),
                "row_free": Out(1),
                "take": In(1),
                "live": Out(rows),
                "freed": Out(rows),
                "number_back": Out(rows),
                "impossible": Out(1),
                "impossible_answer": Out(ExchangeAnswer),
                "executed": Out(1),
                "rejected": Out(1),
                "open_orders": Out(8),
                "busy": Out(1),
            }
        )
        self.rows = rows

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        count = self.rows
        m.submodules.identities = identities = memory.Memory(shape=RowIdentity, depth=count, init=[])
        m.submodules.states = states = memory.Memory(shape=RowState, depth=count, init=[])
        m.submodules.change = change = RowChange()
        identity_write, state_write = identities.write_port(), states.write_port()
        identity_read, state_read = identities.read_port(), states.read_port()
        query_read = identities.read_port(domain="comb")

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
            self.query_ref.eq(current[asked_row]),
            query_read.addr.eq(asked_row),
            self.query_identity.eq(query_read.data),
        ]
        with m.If(self.query_replacing):
            m.d.comb += self.query_ref.eq(following[asked_row])

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
                    change.command.eq(self.commands.payload),
                    change.exchange.eq(self.exchange.payload),
                ]
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
                    m.d.comb += chosen.eq(change.command.row)
                m.d.sync += [row.eq(chosen), hit.eq(either.any()), next_hit.eq(next_hits.any()), step.eq(_Step.CHANGE)]
            with m.Case(_Step.CHANGE):
                m.d.sync += step.eq(_Step.WRITE)
            with m.Case(_Step.WRITE):
                m.d.sync += step.eq(_Step.PICK)

        m.d.comb += [
            change.is_command.eq(is_command),
            change.row.eq(row),
            change.hit.eq(hit),
            change.next_hit.eq(next_hit),
            change.live.eq(self.live.bit_select(row, 1) & (~is_command | (change.command.row < count))),
            change.replacing.eq(replacing.bit_select(row, 1)),
            change.current.eq(current[row]),
            change.following.eq(following[row]),
            change.identity.eq(identity_read.data),
            change.state.eq(state_read.data),
        ]

        writing = Signal()
        m.d.comb += [
            writing.eq(step == _Step.WRITE),
            self.settled.eq(writing & is_command),
            self.answers.valid.eq(writing & (change.answer.kind != OrderAnswerKind.NONE)),
            self.answers.payload.eq(change.answer),
            self.detail.eq(change.detail),
            self.impossible.eq(writing & change.impossible),
            self.impossible_answer.eq(change.exchange),
            self.executed.eq(self.answers.valid & (change.answer.kind == OrderAnswerKind.EXECUTED)),
            self.rejected.eq(self.answers.valid & (change.answer.kind == OrderAnswerKind.REJECTED)),
            identity_write.en.eq(writing & change.write_identity),
            identity_write.data.eq(change.new_identity),
            state_write.en.eq(writing & change.write_state),
            state_write.data.eq(change.new_state),
            self.freed.eq((writing & change.free) << row),
            self.number_back.eq((writing & change.number_back) << row),
        ]
        with m.If(writing & change.write_refs):
            m.d.sync += [
                current[row].eq(change.new_current),
                following[row].eq(change.new_following),
                replacing.bit_select(row, 1).eq(change.new_replacing),
            ]
        with m.If(writing & change.write_identity):
            m.d.sync += [self.live.bit_select(row, 1).eq(1), self.open_orders.eq(self.open_orders + 1)]
        with m.If(writing & change.free):
            m.d.sync += [
                self.live.bit_select(row, 1).eq(0),
                replacing.bit_select(row, 1).eq(0),
                used.bit_select(row, 1).eq(0),
                self.open_orders.eq(self.open_orders - 1),
            ]
        return m
