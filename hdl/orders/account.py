"""What belongs to the account and to no order: the next user reference number, Account Query, the exchange's day."""

from amaranth import Module, Mux, Signal, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["Account", "AccountReport"]

#: Letters of OUCH's System Event.
START_OF_DAY, END_OF_DAY = ord("S"), ord("E")


class AccountReport(data.Struct):
    """An ACCOUNT or an ORDER_EVENT record."""

    #: Letter of the System Event, zero for the answer to an Account Query.
    event: unsigned(8)
    #: Of an Account Query: the number that the exchange would take next, and the card's own after it.
    said: unsigned(32)
    own: unsigned(32)
    cause: unsigned(64)
    exchange_time: unsigned(64)


class Account(wiring.Component):
    """Keeps the next user reference number, and asks the exchange for it on the host's word.

    The number only rises, but for a value that the host writes. The answer to an Account Query raises it to what the
    exchange would take next, armed or not: a number below that would be ignored without a word. An answer that is
    lower says nothing new, because what the card has sent since may not have arrived.

    Every word of the host sends a query. One said again, because the answer may be lost, does no harm: the first answer
    ends ``pending``.

    System Event ``E`` (end of day) ends the session for orders: ``day_over`` until ``S`` (start of day) comes or the
    host says that the session is down.

    Ports
    -----
    write, value : In
        The host sets the number.
    use : In(1)
        The number leaves with an order; never while ``moving``.
    user_ref : Out(32), moving : Out(1)
        The next number; it may change in this cycle by itself.
    ask : In(1)
        Strobe of the host.
    due : Out(1), asking : In(1)
        An Account Query is to leave; it leaves.
    pending : Out(1)
        Asked and not answered.
    answered : In(1), said : In(32)
        Strobe: the answer, and the number in it.
    next_number : Out(32)
        Number of the last answer, 0 before the first.
    event : In(1), letter : In(8)
        Strobe: a System Event.
    session_up : In(1)
        The host's word.
    day_over : Out(1)
        See above.
    cause, exchange_time : In(64)
        Of the answer or the event.
    reports : Out(stream, always ready)
        Records, 2 cycles after the strobe.

    Latency: ``user_ref`` is raised 2 cycles after ``answered``, ``moving`` in the cycle between.
    """

    write: In(1)
    value: In(32)
    use: In(1)
    user_ref: Out(32, init=1)
    moving: Out(1)
    ask: In(1)
    due: Out(1)
    asking: In(1)
    pending: Out(1)
    answered: In(1)
    said: In(32)
    next_number: Out(32)
    event: In(1)
    letter: In(8)
    session_up: In(1)
    day_over: Out(1)
    cause: In(64)
    exchange_time: In(64)
    reports: Out(stream.Signature(AccountReport, always_ready=True))

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        report = self.reports.payload
        heard, told = Signal(), Signal(AccountReport)
        raised = Signal(32)
        m.d.comb += raised.eq(Mux(self.next_number > self.user_ref, self.next_number, self.user_ref))
        m.d.sync += [
            heard.eq(self.answered | self.event),
            self.moving.eq(self.answered),
            told.event.eq(Mux(self.event, self.letter, 0)),
            told.said.eq(Mux(self.answered, self.said, 0)),
            told.cause.eq(self.cause),
            told.exchange_time.eq(self.exchange_time),
            self.reports.valid.eq(heard),
            report.eq(told),
            report.own.eq(Mux(self.moving, raised, 0)),
        ]

        # Later statements win: a word of the host is never lost to what came in the same cycle.
        with m.If(self.asking):
            m.d.sync += self.due.eq(0)
        with m.If(self.answered):
            m.d.sync += self.pending.eq(0)
        with m.If(self.ask):
            m.d.sync += [self.due.eq(1), self.pending.eq(1)]

        with m.If(self.answered):
            m.d.sync += self.next_number.eq(self.said)
        with m.If(self.use):
            m.d.sync += self.user_ref.eq(self.user_ref + 1)
        with m.If(self.moving):
            m.d.sync += self.user_ref.eq(raised)
        with m.If(self.write):
            m.d.sync += self.user_ref.eq(self.value)

        with m.If(~self.session_up | (self.event & (self.letter == START_OF_DAY))):
            m.d.sync += self.day_over.eq(0)
        with m.Elif(self.event & (self.letter == END_OF_DAY)):
            m.d.sync += self.day_over.eq(1)
        return m
