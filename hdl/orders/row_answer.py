"""What an answer of the exchange does to a row: the rules of OUCH 5.0, in one place."""

from amaranth import Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.orders.structs import ExchangeAnswer, ExchangeAnswerKind, RowOutcome, RowSeen, SentNumber, left_alone
from hdl.types import Module as Who
from hdl.types import OrderAnswerKind, Role, Side

__all__ = ["RowAnswer"]

DEAD_ON_ARRIVAL = ord("D")
#: Messages with a price.
PRICED = (
    ExchangeAnswerKind.ACCEPTED,
    ExchangeAnswerKind.REPLACED,
    ExchangeAnswerKind.EXECUTED,
    ExchangeAnswerKind.BROKEN,
    ExchangeAnswerKind.SELF_MATCH,
    ExchangeAnswerKind.PRIORITY,
)
#: ``order`` of an answer that speaks of no row.
NO_ROW = 0xFF
#: Messages that change no shares and say something of one order: what is told of each.
TOLD_ON = {
    ExchangeAnswerKind.CANCEL_PENDING: OrderAnswerKind.CANCEL_PENDING,
    ExchangeAnswerKind.CANCEL_REJECTED: OrderAnswerKind.CANCEL_REJECTED,
    ExchangeAnswerKind.RESTATED: OrderAnswerKind.RESTATED,
}


class RowAnswer(wiring.Component):
    """Old row and what the exchange said in, new row and the answer to tell out.

    Inputs are held by the owner for two cycles; the outcome is registered, valid in the cycle after the inputs.

    What the exchange may say, and what it does to the row (source: OUCH 5.0, sections 2 and 3):

    * Accepted: the shares accepted are open; order state ``D`` is dead at once.
    * Replaced: the new number lives, the old one is gone, the shares it carries are open; ``D`` as above.
    * Executed, Canceled, AIQ Canceled: so many shares fewer are open; none left is dead, with a Replace under way too,
      because the exchange ignores a Replace of a dead order without a word. What self-match prevention took is added
      up apart from what was executed: a Replace has to count both.
    * Rejected: of an order not accepted yet, dead; of a Replace, the old order is as it was and the number is used up.
    * Never received, which the host says: as Rejected, and where that would be impossible nothing is wrong.
    * Modified: the shares it says are open, and the kind of sale it says is the order's.
    * Priority Update: the order has another reference number and price.
    * Cancel Pending, Cancel Reject, Restated: told on.
    * Broken, Trade Correction: told on; the row is as it was, because the shares were executed and are not open again.

    Impossible, and nothing is changed: no row has the number; Accepted twice; Replaced without a Replace, or of another
    number; Rejected of an accepted order. Impossible, and booked all the same: more shares executed, canceled or
    decremented than are open, none executed, more accepted, replaced or modified than was asked for, another side, an
    answer before Accepted or of a number that does not live yet, a price beyond 32 bits.

    Of a number that no row has but that left the card (``known``), a fill is told and impossible, a Broken or a
    correction is told, and what is said of a Cancel means nothing: the order is dead. All that is ``placed``: its slot
    can be told. What is impossible and not placed is somebody else's, or a fill that nobody can book.

    Ports
    -----
    exchange : In(ExchangeAnswer)
        What was said.
    hit, next_hit : In(1)
        Some row has the number; it is the number of a Replace under way.
    seen : In(RowSeen)
        That row.
    known : In(SentNumber)
        The number left the card, and for which slot.
    outcome : Out(RowOutcome)
        The row afterwards, and what to tell.

    Latency: 1 cycle.
    """

    exchange: In(ExchangeAnswer)
    hit: In(1)
    next_hit: In(1)
    seen: In(RowSeen)
    known: In(SentNumber)
    outcome: Out(RowOutcome)

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        m.d.sync += left_alone(self.outcome, self.seen)
        m.d.sync += self.outcome.placed.eq(self.hit | self.known.known)
        self._answered(m)
        return m

    def _answered(self, m: Module) -> None:
        """What each message does."""
        said, seen, out = self.exchange, self.seen, self.outcome
        state, new, answer = seen.state, out.state, out.answer
        taken = Signal(OrderAnswerKind)  # the answer to tell, NONE where nothing is changed
        odd = Signal()
        idle = Signal()  # it means nothing, and is no wonder
        exposed = Signal(32)
        left = Signal(32)
        executed, decremented = Signal(33), Signal(33)
        over = Signal()
        priced = Signal()
        m.d.comb += [
            priced.eq(_one_of(said.kind, PRICED)),
            over.eq(said.shares > state.open),
            left.eq(Mux(over, 0, state.open - said.shares)),
            executed.eq(state.executed + said.shares),
            decremented.eq(seen.decremented + said.shares),
            exposed.eq(Mux(said.letter == DEAD_ON_ARRIVAL, 0, said.shares)),
        ]
        m.d.sync += [
            answer.user_ref.eq(said.user_ref),
            answer.flag.eq(said.letter),
            answer.cause.eq(said.count | (1 << 63)),
            answer.exchange_time.eq(said.timestamp),
        ]

        def open_shares(shares) -> list:
            """Statements for a row with so many shares open from now on."""
            return [
                out.write_state.eq(1),
                new.open.eq(shares),
                answer.open.eq(shares),
                answer.dead.eq(shares == 0),
                out.free.eq(shares == 0),
            ]

        with m.Switch(said.kind):
            with m.Case(ExchangeAnswerKind.ACCEPTED), m.If(self.hit & ~self.next_hit & ~state.accepted):
                m.d.comb += [taken.eq(OrderAnswerKind.ACCEPTED), odd.eq(said.shares > state.asked)]
                m.d.sync += [
                    *open_shares(exposed),
                    new.accepted.eq(1),
                    new.price.eq(said.price),
                    answer.shares.eq(exposed),
                    answer.price.eq(said.price),
                    out.detail.reference.eq(said.reference),
                ]
            with m.Case(ExchangeAnswerKind.REPLACED), m.If(self.next_hit & (said.orig_user_ref == seen.current)):
                m.d.comb += [
                    taken.eq(OrderAnswerKind.REPLACED),
                    odd.eq(state.executed + seen.decremented + said.shares > state.next_asked),
                ]
                m.d.sync += [
                    *open_shares(exposed),
                    new.accepted.eq(1),
                    new.price.eq(said.price),
                    new.asked.eq(state.next_asked),
                    new.immediate.eq(state.next_immediate),
                    out.write_refs.eq(1),
                    out.current.eq(seen.following),
                    out.replacing.eq(0),
                    answer.shares.eq(exposed),
                    answer.price.eq(said.price),
                    out.detail.reference.eq(said.reference),
                    out.detail.previous.eq(said.orig_user_ref),
                    out.detail.immediate.eq(state.next_immediate),
                ]
            with m.Case(ExchangeAnswerKind.EXECUTED):
                m.d.sync += [answer.shares.eq(said.shares), answer.price.eq(said.price), answer.match.eq(said.match)]
                with m.If(self.hit):
                    m.d.comb += [
                        taken.eq(OrderAnswerKind.EXECUTED),
                        odd.eq(over | (said.shares == 0) | ~state.accepted | self.next_hit),
                    ]
                    m.d.sync += [
                        *open_shares(left),
                        new.executed.eq(executed[:32] | executed[32].replicate(32)),
                        answer.chain_executed.eq(executed[:32] | executed[32].replicate(32)),
                    ]
                with m.Elif(self.known.known):
                    m.d.comb += [taken.eq(OrderAnswerKind.EXECUTED), odd.eq(1)]
            with m.Case(ExchangeAnswerKind.CANCELED), m.If(self.hit):
                m.d.comb += [taken.eq(OrderAnswerKind.CANCELED), odd.eq(over | self.next_hit)]
                m.d.sync += [*open_shares(left), answer.shares.eq(said.shares)]
            with m.Case(ExchangeAnswerKind.SELF_MATCH), m.If(self.hit):
                m.d.comb += [taken.eq(OrderAnswerKind.SELF_MATCH), odd.eq(over | self.next_hit | ~state.accepted)]
                m.d.sync += [
                    *open_shares(left),
                    out.decremented.eq(decremented[:32] | decremented[32].replicate(32)),
                    answer.shares.eq(said.shares),
                    answer.price.eq(said.price),
                    out.detail.prevented.eq(said.prevented),
                ]
            with m.Case(ExchangeAnswerKind.REJECTED, ExchangeAnswerKind.NEVER_RECEIVED):
                m.d.sync += answer.reason.eq(said.reason)
                m.d.comb += idle.eq(said.kind == ExchangeAnswerKind.NEVER_RECEIVED)
                with m.If(self.next_hit):
                    m.d.comb += taken.eq(OrderAnswerKind.REJECTED)
                    m.d.sync += [
                        out.write_refs.eq(1),
                        out.replacing.eq(0),
                        out.number_back.eq(1),
                        answer.shares.eq(state.next_asked),
                        answer.price.eq(state.next_price),
                    ]
                with m.Elif(self.hit & ~state.accepted):
                    m.d.comb += taken.eq(OrderAnswerKind.REJECTED)
                    m.d.sync += [*open_shares(Const(0, 32)), answer.shares.eq(state.asked)]
            with m.Case(ExchangeAnswerKind.BROKEN), m.If(self.hit | self.known.known):
                m.d.comb += taken.eq(OrderAnswerKind.BROKEN)
                m.d.sync += [answer.match.eq(said.match), answer.shares.eq(said.shares), answer.price.eq(said.price)]
            with m.Case(ExchangeAnswerKind.MODIFIED), m.If(self.hit):
                self._modified(m, taken, odd, open_shares)
            with m.Case(ExchangeAnswerKind.PRIORITY), m.If(self.hit):
                m.d.comb += [taken.eq(OrderAnswerKind.PRIORITY), odd.eq(self.next_hit | ~state.accepted)]
                m.d.sync += [
                    out.write_state.eq(1),
                    new.price.eq(said.price),
                    answer.price.eq(said.price),
                    out.detail.reference.eq(said.reference),
                ]
            for kind, told in TOLD_ON.items():
                with m.Case(kind):
                    with m.If(self.hit):
                        m.d.comb += [taken.eq(told), odd.eq(self.next_hit)]
                    with m.Else():
                        m.d.comb += idle.eq(self.known.known & (kind != ExchangeAnswerKind.RESTATED))
        m.d.sync += [
            answer.kind.eq(taken),
            out.impossible.eq(((taken == OrderAnswerKind.NONE) & ~idle) | odd | (said.price_odd & priced)),
        ]
        with m.If(~self.hit):
            # No row: nobody's but the books'. A strategy that heard of it would take it for its order of today.
            m.d.sync += [
                answer.order.eq(NO_ROW),
                answer.slot.eq(self.known.slot),
                answer.module.eq(Who.HOST),
                answer.role.eq(Role.ENTRY),
                answer.side.eq(self.known.side),
                answer.chain.eq(0),
                answer.open.eq(0),
                answer.chain_executed.eq(0),
                answer.dead.eq(1),
                out.detail.short.eq(self.known.short),
                out.detail.immediate.eq(0),
            ]

    def _modified(self, m: Module, taken, odd, open_shares) -> None:
        """The order has another size, or is another kind of sale."""
        said, seen, out = self.exchange, self.seen, self.outcome
        identity = seen.identity
        buys, long = said.letter == ord("B"), said.letter == ord("S")
        short = (said.letter == ord("T")) | (said.letter == ord("E"))
        # What a partial Cancel took may come back, where a Modify left before it was heard of.
        more = seen.state.executed + seen.decremented + said.shares > seen.state.asked
        other_side = Mux(identity.side == Side.BUY, ~buys, ~(short | (long & ~identity.short)))
        m.d.comb += [
            taken.eq(OrderAnswerKind.MODIFIED),
            odd.eq(more | other_side | self.next_hit | ~seen.state.accepted),
        ]
        m.d.sync += [
            *open_shares(said.shares),
            out.answer.shares.eq(said.shares),
            out.write_identity.eq(1),
            out.identity.short.eq(identity.short | short),
            out.detail.short.eq(identity.short | short),
            out.note.eq(1),
            out.note_number.eq(seen.current),
        ]


def _one_of(value, kinds):
    """Whether a value is one of some."""
    found = Const(0, 1)
    for kind in kinds:
        found = found | (value == kind)
    return found
