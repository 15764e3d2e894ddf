"""Takes back what the exchange never received: orders that waited for an answer when the order session was lost."""

from amaranth import Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from hdl.orders.structs import ExchangeAnswer, ExchangeAnswerKind

__all__ = ["MOST_NUMBERS", "NeverReceived"]

#: Numbers that are looked at, at most: what is older cannot be waiting for an answer.
MOST_NUMBERS = 1 << 16


class NeverReceived(wiring.Component):
    """Says of every number from one on, up to the last one used, that it was never received.

    A word of the host, who has it from the answer to an Account Query. What was received keeps its state, and what is
    said twice does nothing the second time, so a host who does not know whether it was said says it again. It is only
    listened to while the order session is down: nothing is sent that could make it wrong meanwhile.

    Ports
    -----
    session_up : In(1)
        Level.
    start, number : In
        Strobe, and the lowest number.
    user_ref : In(32)
        Number of the next order.
    incoming, outgoing : streams of ExchangeAnswer
        Answers of the exchange, which go first, and both.
    busy : Out(1)
        It has not said all.

    Latency: none for answers; a number takes the row table's time for an answer.
    """

    session_up: In(1)
    start: In(1)
    number: In(32)
    user_ref: In(32)
    incoming: In(stream.Signature(ExchangeAnswer))
    outgoing: Out(stream.Signature(ExchangeAnswer))
    busy: Out(1)

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        following = Signal(32)
        connect(m, flipped(self.incoming), flipped(self.outgoing))
        with m.If(self.busy & ~self.incoming.valid):
            answer = self.outgoing.payload
            m.d.comb += [
                self.outgoing.valid.eq(1),
                # What is told on of it. The other fields mean nothing in such an answer and stay as they are.
                *(answer[name].eq(0) for name in ("letter", "reason", "timestamp", "count")),
                answer.kind.eq(ExchangeAnswerKind.NEVER_RECEIVED),
                answer.user_ref.eq(following),
            ]
            with m.If(self.outgoing.ready):
                m.d.sync += following.eq(following + 1)
                with m.If(following + 1 >= self.user_ref):
                    m.d.sync += self.busy.eq(0)
        with m.If(self.start & ~self.session_up & (self.number < self.user_ref)):
            m.d.sync += [self.busy.eq(1), following.eq(self.number)]
            with m.If(self.user_ref - self.number > MOST_NUMBERS):
                m.d.sync += following.eq(self.user_ref - MOST_NUMBERS)
        with m.If(self.session_up):
            m.d.sync += self.busy.eq(0)
        return m
