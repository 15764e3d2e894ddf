"""What a message that leaves the card does to a row."""

from amaranth import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.orders.structs import Command, RowOutcome, RowSeen, left_alone
from hdl.types import OrderAnswerKind, OrderIntentKind, Refusal, TimeInForce

__all__ = ["RowCommand"]

#: Type letters of OUCH, in the ``flag`` of a SENT answer.
LETTERS = {
    OrderIntentKind.ENTER: ord("O"),
    OrderIntentKind.REPLACE: ord("U"),
    OrderIntentKind.CANCEL: ord("X"),
    OrderIntentKind.MODIFY: ord("M"),
}


class RowCommand(wiring.Component):
    """Old row and what left in, new row and the answer to tell out.

    Enter begins a row, Replace notes what it asks for beside what lives, Cancel and Modify change nothing before they
    are answered. What could not leave is told REFUSED and changes nothing.

    Inputs are held by the owner for two cycles; the outcome is registered, valid in the cycle after the inputs.

    Ports
    -----
    command : In(Command)
        What left, or could not.
    seen : In(RowSeen)
        Its row.
    outcome : Out(RowOutcome)
        The row afterwards, and what to tell.

    Latency: 1 cycle.
    """

    command: In(Command)
    seen: In(RowSeen)
    outcome: Out(RowOutcome)

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        m.d.sync += left_alone(self.outcome, self.seen)
        m.d.sync += self.outcome.note_number.eq(self.command.user_ref)
        self._told(m)
        return m

    def _told(self, m: Module) -> None:
        """A message left the card, or an intent was refused."""
        command, seen, out = self.command, self.seen, self.outcome
        answer, new = out.answer, out.state
        immediate = command.time_in_force == TimeInForce.IMMEDIATE
        m.d.sync += [
            answer.kind.eq(OrderAnswerKind.SENT),
            answer.user_ref.eq(command.user_ref),
            answer.shares.eq(command.shares),
            answer.price.eq(command.price),
            answer.cause.eq(command.cause),
            answer.exchange_time.eq(command.exchange_time),
            answer.dead.eq(~seen.live),
        ]
        with m.If(~seen.live):
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
                out.detail.short.eq(command.short),
                out.detail.immediate.eq(immediate),
            ]
            # What is told of a live row is true, whoever asked: risk may count by it.
            with m.If((command.kind == OrderIntentKind.ENTER) | ~seen.live):
                m.d.sync += [answer.dead.eq(1), answer.open.eq(0), answer.chain.eq(0), answer.chain_executed.eq(0)]
        with m.Elif(command.kind == OrderIntentKind.ENTER):
            m.d.sync += [
                out.begins.eq(1),
                out.note.eq(1),
                out.write_identity.eq(1),
                out.decremented.eq(0),
                out.identity.chain.eq(command.user_ref),
                out.identity.slot.eq(command.slot),
                out.identity.module.eq(command.module),
                out.identity.role.eq(command.role),
                out.identity.side.eq(command.side),
                out.identity.short.eq(command.short),
                out.write_state.eq(1),
                new.eq(0),
                new.immediate.eq(immediate),
                new.price.eq(command.price),
                new.asked.eq(command.shares),
                new.open.eq(command.shares),
                out.write_refs.eq(1),
                out.current.eq(command.user_ref),
                out.replacing.eq(0),
                answer.slot.eq(command.slot),
                answer.module.eq(command.module),
                answer.role.eq(command.role),
                answer.side.eq(command.side),
                answer.chain.eq(command.user_ref),
                answer.open.eq(command.shares),
                answer.chain_executed.eq(0),
                answer.dead.eq(0),
                out.detail.short.eq(command.short),
                out.detail.immediate.eq(immediate),
            ]
        with m.Elif(command.kind == OrderIntentKind.REPLACE):
            m.d.sync += out.note.eq(1)
            # A row can have died while its Replace was leaving: the exchange will not say a word about it.
            with m.If(seen.live):
                self._replace(m, immediate)

    def _replace(self, m: Module, immediate) -> None:
        """A Replace left."""
        command, out, new = self.command, self.outcome, self.outcome.state
        m.d.sync += [
            out.write_state.eq(1),
            new.next_price.eq(command.price),
            new.next_asked.eq(command.shares),
            new.next_immediate.eq(immediate),
            out.write_refs.eq(1),
            out.following.eq(command.user_ref),
            out.replacing.eq(1),
            out.detail.immediate.eq(immediate),
        ]
