"""What an answer makes of a quote."""

from amaranth import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.risk.positions import ENTER_LETTER, MODIFY_LETTER, REPLACE_LETTER
from hdl.strategy.maker_types import MakerAnswer, QuoteState
from hdl.types import OrderAnswerKind

__all__ = ["QuoteAnswer"]

#: Reasons of Canceled: a post-only order would have taken, or would have been moved by the exchange.
POST_ONLY_REASONS = (ord("F"), ord("G"))


#: Side letters of Modified that are short sales.
SHORT_SALES = (ord("T"), ord("E"))


class QuoteAnswer(wiring.Component):
    """Books an answer on its quote. Combinational.

    An order that is dead leaves the quote EMPTY, whatever was under way: a Replace that finds its order dead is never
    answered. ``rests`` asks for the cool-down: after a refusal that is not for want of time, a Rejected, and a death
    that was neither asked for nor a fill, a post-only order refused by the exchange among them. A Modify that is under
    way is answered by a Modified that makes the quote a short sale; a Modified that does not was not asked for.

    Ports
    -----
    answer : In(MakerAnswer), state : In(QuoteState), short : In(1), cancel_asked : In(1)
        The answer, and the quote as it stands; a Cancel of it was asked for.
    next_state : Out(QuoteState)
        The quote afterwards.
    named, priced, asked, reverts, counted, sold_short : Out(1)
        What the answer says of the quote: its row of the order table; its price, at the exchange and asked for; that
        the price asked for is the one at the exchange again; what is open and executed; that it is a short sale.
    rests : Out(1), post_only : Out(1), cancel_refused : Out(1)
        See above; the exchange refused a post-only order; it refused a Cancel.
    """

    answer: In(MakerAnswer)
    state: In(QuoteState)
    short: In(1)
    cancel_asked: In(1)
    next_state: Out(QuoteState)
    named: Out(1)
    priced: Out(1)
    asked: Out(1)
    reverts: Out(1)
    counted: Out(1)
    sold_short: Out(1)
    rests: Out(1)
    post_only: Out(1)
    cancel_refused: Out(1)

    def elaborate(self, platform):
        """Build the block."""
        m = Module()
        answer = self.answer
        enters = (answer.flag == ENTER_LETTER) & (self.state == QuoteState.ENTERING)
        canceled = answer.kind == OrderAnswerKind.CANCELED
        refused_post_only = Signal()
        m.d.comb += [
            self.next_state.eq(self.state),
            refused_post_only.eq(
                canceled & ((answer.flag == POST_ONLY_REASONS[0]) | (answer.flag == POST_ONLY_REASONS[1]))
            ),
            self.post_only.eq(refused_post_only),
            self.cancel_refused.eq(answer.kind == OrderAnswerKind.CANCEL_REJECTED),
        ]
        with m.Switch(answer.kind):
            with m.Case(OrderAnswerKind.SENT):
                m.d.comb += self.named.eq(enters)
            with m.Case(OrderAnswerKind.REFUSED):
                # A Cancel that came too late is refused too: its order is dead, and has said so.
                with m.If(enters):
                    m.d.comb += [self.next_state.eq(QuoteState.EMPTY), self.rests.eq(~answer.busy)]
                changes = (answer.flag == REPLACE_LETTER) | (answer.flag == MODIFY_LETTER)
                with m.If(changes & (self.state == QuoteState.REPLACING)):
                    m.d.comb += [self.next_state.eq(QuoteState.LIVE), self.reverts.eq(1), self.rests.eq(~answer.busy)]
            with m.Case(
                OrderAnswerKind.ACCEPTED,
                OrderAnswerKind.REPLACED,
                OrderAnswerKind.EXECUTED,
                OrderAnswerKind.CANCELED,
                OrderAnswerKind.REJECTED,
                OrderAnswerKind.SELF_MATCH,
                OrderAnswerKind.MODIFIED,
                OrderAnswerKind.PRIORITY,
            ):
                m.d.comb += self.counted.eq(1)
                with m.If(answer.dead):
                    m.d.comb += [
                        self.next_state.eq(QuoteState.EMPTY),
                        self.rests.eq((answer.kind != OrderAnswerKind.EXECUTED) & ~(canceled & self.cancel_asked)),
                    ]
                with m.Elif((answer.kind == OrderAnswerKind.ACCEPTED) | (answer.kind == OrderAnswerKind.REPLACED)):
                    m.d.comb += [self.next_state.eq(QuoteState.LIVE), self.priced.eq(1), self.asked.eq(1)]
                with m.Elif(answer.kind == OrderAnswerKind.REJECTED):
                    # The Replace was rejected: the order is where it was.
                    m.d.comb += [self.next_state.eq(QuoteState.LIVE), self.reverts.eq(1), self.rests.eq(1)]
                with m.Elif(answer.kind == OrderAnswerKind.MODIFIED):
                    m.d.comb += self.sold_short.eq((answer.flag == SHORT_SALES[0]) | (answer.flag == SHORT_SALES[1]))
                    with m.If((self.state == QuoteState.REPLACING) & self.sold_short & ~self.short):
                        m.d.comb += self.next_state.eq(QuoteState.LIVE)
                with m.Elif(answer.kind == OrderAnswerKind.PRIORITY):
                    m.d.comb += [self.priced.eq(1), self.asked.eq(self.state == QuoteState.LIVE)]
        return m
