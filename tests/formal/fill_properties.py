"""What must hold of the own order table: each execution that the exchange tells is told on once, whole, or it kills.

It kills where its number never left the card, or left it too long ago; any other is told, whatever the row says.
"""

from amaranth import Module, ResetSignal, Signal
from amaranth.hdl import Assert
from amaranth.lib import wiring

from hdl.orders.order_rows import OrderRows
from hdl.orders.structs import ExchangeAnswer, ExchangeAnswerKind
from hdl.types import OrderAnswerKind

ROWS = 2
#: Numbers remembered: each place is like the others.
NUMBERS = 2


class FillProperties(wiring.Component):
    """The real :class:`~hdl.orders.order_rows.OrderRows` with two rows; commands, answers and questions are free.

    The proof ``stake`` goes on from here: an EXECUTED answer moves the position once, by its shares.
    """

    def __init__(self):
        super().__init__({})
        self.rows = OrderRows(ROWS, NUMBERS)
        self.free = [value for _, _, value in self.rows.signature.flatten(self.rows)]

    def elaborate(self, platform):
        m = Module()
        m.submodules.rows = rows = self.rows
        answers, exchange = rows.answers, rows.exchange
        # Where the table should be with what it took: nowhere, or one of the three steps after the taking.
        step = Signal(range(4))
        told = Signal()
        said = Signal(ExchangeAnswer)
        takes = (exchange.valid & exchange.ready) | (rows.commands.valid & rows.commands.ready)
        with m.If(step != 0):
            m.d.sync += step.eq(step + 1)  # the third is followed by none
        with m.Elif(takes):
            m.d.sync += [step.eq(1), told.eq(exchange.valid & exchange.ready), said.eq(exchange.payload)]

        executes = answers.valid & (answers.payload.kind == OrderAnswerKind.EXECUTED)
        due = (step == 3) & told & (said.kind == ExchangeAnswerKind.EXECUTED)
        past_reset = Signal(init=1, reset_less=True)
        m.d.sync += past_reset.eq(ResetSignal())
        m.d.comb += [
            Assert(rows.commands.ready == (step == 0)),
            Assert(rows.executed == executes),
            Assert(~answers.valid | (step == 3)),  # so at most one every 4 cycles
            Assert(~(exchange.ready & rows.commands.valid)),
        ]
        with m.If(due):
            m.d.comb += Assert(executes | (rows.impossible & ~rows.placed))
        with m.If(executes):
            m.d.comb += [
                Assert(due),
                Assert(answers.payload.shares == said.shares),
                Assert(answers.payload.price == said.price),
                Assert(answers.payload.match == said.match),
            ]
        return m
