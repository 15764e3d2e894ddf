"""What one command or one answer of the exchange does to a row: the rules of OUCH 5.0, in one place."""

from amaranth import Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.orders.structs import AnswerDetail, Command, ExchangeAnswer, ExchangeAnswerKind, RowIdentity, RowState
from hdl.types import OrderAnswer, OrderAnswerKind, OrderIntentKind, Refusal, TimeInForce

__all__ = ["RowChange"]

#: Type letters of OUCH, in the ``flag`` of a SENT answer.
LETTERS = {OrderIntentKind.ENTER: ord("O"), OrderIntentKind.REPLACE: ord("U"), OrderIntentKind.CANCEL: ord("X")}
DEAD_ON_ARRIVAL = ord("D")


class RowChange(wiring.Component):
    """Old row and what happened in, new row and the answer to tell out.

    Inputs are held by the owner for two cycles; outputs are registered, valid in the cycle after the inputs.

    What the exchange may say, and what it does to the row (source: OUCH 5.0, sections 2 and 3):

    * Accepted: the shares accepted are open; order state ``D`` is dead at once.
    * Replaced: the new number lives, the old one is gone, the shares it carries are open; ``D`` as above.
    * Executed, Canceled: so many shares fewer are open; none left is dead, with a Replace under way too, because the
      exchange ignores a Replace of a dead order without a word.
    * Rejected: of an order not accepted yet, dead; of a Replace, the old order is as it was and the number is used up.
    * Never received, which the host says: as Rejected, and where that would be impossible nothing is wrong.
    * Broken: told on; the row is as it was, because the shares were executed and are not open again.

    Impossible, and nothing is changed: no row has the number; Accepted twice; Replaced without a Replace, or of another
    number; Rejected of an accepted order. Impossible, and booked all the same: more shares executed or canceled than
    are open, none executed, more accepted or replaced than was asked for, an execution before Accepted or of a number
    that does not live yet, a price beyond 32 bits.

    Ports
    -----
    command, exchange, is_command : what happened
    hit, next_hit : some row has the number; it is the number of a Replace under way
    row, live, replacing, current, following, identity, state : the row
    answer, detail : what to tell; kind NONE for nothing
    impossible : see above
    write_identity, write_state, write_refs, new_* : the row afterwards
    free : the row is dead; number_back : its Replace was rejected

    Latency: 1 cycle.
    """

    command: In(Command)
    exchange: In(ExchangeAnswer)
    is_command: In(1)
    hit: In(1)
    next_hit: In(1)
    row: In(8)
    live: In(1)
    replacing: In(1)
    current: In(32)
    following: In(32)
    identity: In(RowIdentity)
    state: In(RowState)
    answer: Out(OrderAnswer)
    detail: Out(AnswerDetail)
    impossible: Out(1)
    write_identity: Out(1)
    new_identity: Out(RowIdentity)
    write_state: Out(1)
    new_state: Out(RowState)
    write_refs: Out(1)
    new_current: Out(32)
    new_following: Out(32)
    new_replacing: Out(1)
    free: Out(1)
    number_back: Out(1)

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        state, new, answer = self.state, self.new_state, self.answer
        # Nothing happens unless a case below says so.
        m.d.sync += [
            self.impossible.eq(0),
            self.write_identity.eq(0),
            self.write_state.eq(0),
            self.write_refs.eq(0),
            self.free.eq(0),
            self.number_back.eq(0),
            new.eq(state),
            self.new_current.eq(self.current),
            self.new_following.eq(self.following),
            self.new_replacing.eq(self.replacing),
            answer.eq(0),
            answer.order.eq(self.row),
            answer.slot.eq(self.identity.slot),
            answer.module.eq(self.identity.module),
            answer.role.eq(self.identity.role),
            answer.side.eq(self.identity.side),
            answer.chain.eq(self.identity.chain),
            answer.price.eq(state.price),
            answer.open.eq(state.open),
            answer.chain_executed.eq(state.executed),
            self.detail.eq(0),
            self.detail.short.eq(self.identity.short),
            self.detail.immediate.eq(state.immediate),
        ]
        with m.If(self.is_command):
            self._command(m)
        with m.Else():
            self._exchange(m)
        return m

    def _command(self, m: Module) -> None:
        """A message left the card, or an intent was refused."""
        command, answer, new = self.command, self.answer, self.new_state
        immediate = command.time_in_force == TimeInForce.IMMEDIATE
        m.d.sync += [
            answer.kind.eq(OrderAnswerKind.SENT),
            answer.user_ref.eq(command.user_ref),
            answer.shares.eq(command.shares),
            answer.price.eq(command.price),
            answer.cause.eq(command.cause),
            answer.exchange_time.eq(command.exchange_time),
            answer.dead.eq(~self.live),
        ]
        with m.If(~self.live):
            m.d.sync += answer.open.eq(0)
        with m.Switch(command.kind):
            for kind, letter in LETTERS.items():
                with m.Case(kind):
                    m.d.sync += answer.flag.eq(letter)

        with m.If(command.refusal != Refusal.NONE):
            m.d.sync += [
                answer.kind.eq(OrderAnswerKind.REFUSED),
                answer.refusal.eq(command.refusal),
                answer.order.eq(command.row),
                answer.slot.eq(command.slot),
                answer.module.eq(command.module),
                answer.role.eq(command.role),
                answer.side.eq(command.side),
                self.detail.short.eq(command.short),
                self.detail.immediate.eq(immediate),
            ]
            # What is told of a live row is true, whoever asked: risk may count by it.
            with m.If((command.kind == OrderIntentKind.ENTER) | ~self.live):
                m.d.sync += [answer.dead.eq(1), answer.open.eq(0), answer.chain.eq(0), answer.chain_executed.eq(0)]
        with m.Elif(command.kind == OrderIntentKind.ENTER):
            m.d.sync += [
                self.write_identity.eq(1),
                self.new_identity.chain.eq(command.user_ref),
                self.new_identity.slot.eq(command.slot),
                self.new_identity.module.eq(command.module),
                self.new_identity.role.eq(command.role),
                self.new_identity.side.eq(command.side),
                self.new_identity.short.eq(command.short),
                self.write_state.eq(1),
                new.eq(0),
                new.immediate.eq(immediate),
                new.price.eq(command.price),
                new.asked.eq(command.shares),
                new.open.eq(command.shares),
                self.write_refs.eq(1),
                self.new_current.eq(command.user_ref),
                self.new_replacing.eq(0),
                answer.slot.eq(command.slot),
                answer.module.eq(command.module),
                answer.role.eq(command.role),
                answer.side.eq(command.side),
                answer.chain.eq(command.user_ref),
                answer.open.eq(command.shares),
                answer.chain_executed.eq(0),
                answer.dead.eq(0),
                self.detail.short.eq(command.short),
                self.detail.immediate.eq(immediate),
            ]
        # A row can have died while its Replace was leaving: the exchange will not say a word about it.
        with m.Elif((command.kind == OrderIntentKind.REPLACE) & self.live):
            m.d.sync += [
                self.write_state.eq(1),
                new.next_price.eq(command.price),
                new.next_asked.eq(command.shares),
                new.next_immediate.eq(immediate),
                self.write_refs.eq(1),
                self.new_following.eq(command.user_ref),
                self.new_replacing.eq(1),
                self.detail.immediate.eq(immediate),
            ]

    def _exchange(self, m: Module) -> None:
        """The exchange answered."""
        said, state, new, answer = self.exchange, self.state, self.new_state, self.answer
        taken = Signal(OrderAnswerKind)  # the answer to tell, NONE where nothing is changed
        odd = Signal()
        exposed = Signal(32)
        left = Signal(32)
        executed = Signal(33)
        over = Signal()
        priced = Signal()
        m.d.comb += [
            priced.eq(
                (said.kind == ExchangeAnswerKind.ACCEPTED)
                | (said.kind == ExchangeAnswerKind.REPLACED)
                | (said.kind == ExchangeAnswerKind.EXECUTED)
            ),
            over.eq(said.shares > state.open),
            left.eq(Mux(over, 0, state.open - said.shares)),
            executed.eq(state.executed + said.shares),
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
                self.write_state.eq(1),
                new.open.eq(shares),
                answer.open.eq(shares),
                answer.dead.eq(shares == 0),
                self.free.eq(shares == 0),
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
                    self.detail.reference.eq(said.reference),
                ]
            with m.Case(ExchangeAnswerKind.REPLACED), m.If(self.next_hit & (said.orig_user_ref == self.current)):
                m.d.comb += [
                    taken.eq(OrderAnswerKind.REPLACED),
                    odd.eq(state.executed + said.shares > state.next_asked),
                ]
                m.d.sync += [
                    *open_shares(exposed),
                    new.accepted.eq(1),
                    new.price.eq(said.price),
                    new.asked.eq(state.next_asked),
                    new.immediate.eq(state.next_immediate),
                    self.write_refs.eq(1),
                    self.new_current.eq(self.following),
                    self.new_replacing.eq(0),
                    answer.shares.eq(exposed),
                    answer.price.eq(said.price),
                    self.detail.reference.eq(said.reference),
                    self.detail.previous.eq(said.orig_user_ref),
                    self.detail.immediate.eq(state.next_immediate),
                ]
            with m.Case(ExchangeAnswerKind.EXECUTED), m.If(self.hit):
                m.d.comb += [
                    taken.eq(OrderAnswerKind.EXECUTED),
                    odd.eq(over | (said.shares == 0) | ~state.accepted | self.next_hit),
                ]
                m.d.sync += [
                    *open_shares(left),
                    new.executed.eq(executed[:32] | executed[32].replicate(32)),
                    answer.chain_executed.eq(executed[:32] | executed[32].replicate(32)),
                    answer.shares.eq(said.shares),
                    answer.price.eq(said.price),
                    answer.match.eq(said.match),
                ]
            with m.Case(ExchangeAnswerKind.CANCELED), m.If(self.hit):
                m.d.comb += [taken.eq(OrderAnswerKind.CANCELED), odd.eq(over | self.next_hit)]
                m.d.sync += [*open_shares(left), answer.shares.eq(said.shares)]
            with m.Case(ExchangeAnswerKind.REJECTED, ExchangeAnswerKind.NEVER_RECEIVED):
                m.d.sync += answer.reason.eq(said.reason)
                with m.If(self.next_hit):
                    m.d.comb += taken.eq(OrderAnswerKind.REJECTED)
                    m.d.sync += [
                        self.write_refs.eq(1),
                        self.new_replacing.eq(0),
                        self.number_back.eq(1),
                        answer.shares.eq(state.next_asked),
                        answer.price.eq(state.next_price),
                    ]
                with m.Elif(self.hit & ~state.accepted):
                    m.d.comb += taken.eq(OrderAnswerKind.REJECTED)
                    m.d.sync += [*open_shares(Const(0, 32)), answer.shares.eq(state.asked)]
            with m.Case(ExchangeAnswerKind.BROKEN), m.If(self.hit):
                m.d.comb += taken.eq(OrderAnswerKind.BROKEN)
                m.d.sync += answer.match.eq(said.match)
        m.d.sync += [
            answer.kind.eq(taken),
            self.impossible.eq((taken == OrderAnswerKind.NONE) | odd | (said.price_odd & priced)),
        ]
        with m.If(said.kind == ExchangeAnswerKind.NEVER_RECEIVED):
            m.d.sync += self.impossible.eq(0)
