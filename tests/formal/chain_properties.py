"""What must hold of one answer and one row: fills and self-match decrements are never taken for each other."""

from amaranth import Module, Mux, ResetSignal, Signal
from amaranth.hdl import Assert, Assume
from amaranth.lib import wiring

from hdl.orders.row_answer import NO_ROW, RowAnswer
from hdl.orders.structs import ExchangeAnswer, ExchangeAnswerKind, RowSeen, SentNumber
from hdl.types import Module as Who
from hdl.types import OrderAnswerKind


class ChainProperties(wiring.Component):
    """The real :class:`~hdl.orders.row_answer.RowAnswer`; the answer, the row and what is known of the number are free.

    The number of a Replace under way is always some row's. The outcome is registered, so it is held against the inputs
    of the cycle before.
    """

    def __init__(self):
        super().__init__({})
        self.answer = answer = RowAnswer()
        self.free = [answer.exchange, answer.hit, answer.next_hit, answer.seen, answer.known]

    def elaborate(self, platform):
        m = Module()
        m.submodules.answer = block = self.answer
        said, row = Signal(ExchangeAnswer, reset_less=True), Signal(RowSeen, reset_less=True)
        known = Signal(SentNumber, reset_less=True)
        hit, past_reset = Signal(reset_less=True), Signal(init=1, reset_less=True)
        m.d.sync += [
            said.eq(block.exchange),
            row.eq(block.seen),
            known.eq(block.known),
            hit.eq(block.hit),
            past_reset.eq(ResetSignal()),
        ]
        m.d.comb += Assume(block.next_hit <= block.hit)
        out = block.outcome
        told = out.answer
        executes = said.kind == ExchangeAnswerKind.EXECUTED
        decrements = said.kind == ExchangeAnswerKind.SELF_MATCH
        wrote = Signal()
        m.d.comb += wrote.eq(out.write_state | out.write_refs | out.write_identity | out.free | out.begins)

        def added(before):
            """Both, or as much as 32 bits hold."""
            total = before + said.shares
            return Mux(total[32], 0xFFFF_FFFF, total[:32])

        with m.If(~past_reset):
            m.d.comb += [
                # A fill is told as one, or it kills; nothing else is.
                Assert((told.kind == OrderAnswerKind.EXECUTED) <= executes),
                Assert(~executes | (told.kind == OrderAnswerKind.EXECUTED) | (out.impossible & ~out.placed)),
                # What a chain has executed moves with fills alone, what self-match prevention took with that alone.
                Assert(out.state.executed == Mux(executes & hit, added(row.state.executed), row.state.executed)),
                Assert(out.decremented == Mux(decrements & hit, added(row.decremented), row.decremented)),
                Assert(out.placed == (hit | known.known)),
            ]
            with m.If(hit & (executes | decrements | (said.kind == ExchangeAnswerKind.CANCELED))):
                m.d.comb += [Assert(out.write_state), Assert(out.state.open <= row.state.open)]
            with m.If(hit & (told.kind != OrderAnswerKind.NONE)):
                m.d.comb += Assert(told.chain_executed == out.state.executed)
            # What is of no row changes none, and no strategy takes it for its own.
            with m.If(~hit):
                m.d.comb += Assert(~wrote)
                with m.If(told.kind != OrderAnswerKind.NONE):
                    m.d.comb += [
                        Assert(told.order == NO_ROW),
                        Assert(told.module == Who.HOST),
                        Assert(told.slot == known.slot),
                        Assert(known.known),
                    ]
        return m
