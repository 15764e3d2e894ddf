"""What must hold of the taker's exit: one live order at most, and its quantity is all that its chain is to close."""

from amaranth import Module, Mux, ResetSignal, Signal
from amaranth.hdl import Assert, Assume
from amaranth.lib import wiring

from hdl.risk.positions import ENTER_LETTER
from hdl.strategy.taker_exit import TakerExit
from hdl.strategy.taker_types import TakerEvent, TakerRow, TakerState, TakerWrites
from hdl.types import OrderAnswerKind, OrderIntentKind, Role

#: States in which :class:`~hdl.strategy.taker_entry.TakerEntry` decides.
ENTRY_STATES = (TakerState.IDLE, TakerState.ENTERING, TakerState.COOLDOWN)
#: States in which the exit lives at the exchange, as far as the card has heard.
LIVE_STATES = (TakerState.RESTING, TakerState.STOP_WANTED, TakerState.STOP_SENT, TakerState.STOPPING)


class ExitProperties(wiring.Component):
    """The real :class:`~hdl.strategy.taker_exit.TakerExit` over the state and row of one slot, every event free.

    What the order port promises is assumed, and no more: an ENTER is answered SENT or REFUSED before anything else is
    said of it, nothing but that is said of an order that is not alive, and SENT of a dead order says that it is dead.
    An entry hands over what :class:`~hdl.strategy.taker_entry.TakerEntry` leaves: nothing closed, nothing alive.
    """

    def __init__(self):
        super().__init__({})
        self.exit = TakerExit()
        self.begins = Signal()
        inputs = ("event", "view", "answer", "distances", "retries", "cooldown", "patience", "bid_heavy", "ask_heavy")
        inputs += ("slot", "now", "age", "flat", "stale", "permits", "cancel_exit", "free", "cancel_free")
        self.filled = Signal(32)
        self.free = [self.begins, self.filled, *(getattr(self.exit, name) for name in inputs)]

    def elaborate(self, platform):
        m = Module()
        m.submodules.exit = exit = self.exit
        state, row = Signal(TakerState, init=TakerState.IDLE), Signal(TakerRow)
        sent_for, alive = Signal(), Signal()  # an ENTER left and was not answered; an exit lives
        closed = Signal(32)  # by the chains that are over
        answer, intent = exit.answer, exit.intent
        in_entry, lives = Signal(), Signal()
        m.d.comb += [
            exit.state.eq(state),
            exit.row.eq(row),
            in_entry.eq(_one_of(state, ENTRY_STATES)),
            lives.eq(_one_of(state, LIVE_STATES)),
        ]

        answers = (exit.event == TakerEvent.ANSWER) & (answer.role == Role.EXIT) & ~in_entry
        sent, refused = answer.kind == OrderAnswerKind.SENT, answer.kind == OrderAnswerKind.REFUSED
        of_enter = answer.flag == ENTER_LETTER
        told = answers & ~sent & ~refused
        with m.If(answers):
            with m.If((sent | refused) & of_enter):
                m.d.comb += [Assume(sent_for), Assume(refused | ~answer.dead)]
            with m.Elif(sent):
                m.d.comb += Assume(answer.dead == ~alive)
            with m.Elif(told):
                m.d.comb += Assume(alive)
        dies = told & answer.dead
        # The host closes a part only once no exit lives and none is on its way.
        flattened = (exit.event == TakerEvent.ANSWER) & (answer.role == Role.FLATTEN) & ~in_entry
        with m.If(flattened):
            m.d.comb += Assume(~alive & ~sent_for)

        with m.If(in_entry), m.If(self.begins):
            m.d.sync += [
                state.eq(TakerState.EXIT_WANTED),
                row.eq(0),
                row.filled.eq(self.filled),
                closed.eq(0),
            ]
        with m.Else():
            m.d.sync += state.eq(exit.next_state)
            # As the taker's rows are written: what is not said to change stays.
            for name, fields in TakerWrites.fields().items():
                with m.If(exit.writes[name]):
                    m.d.sync += [row[field].eq(exit.next_row[field]) for field in fields]
        issues = exit.issues & ~in_entry
        enters = issues & (intent.kind == OrderIntentKind.ENTER)
        with m.If(enters):
            m.d.sync += sent_for.eq(1)
        with m.If(answers & of_enter & (sent | refused)):
            m.d.sync += [sent_for.eq(0), alive.eq(sent)]
        with m.If(dies):
            m.d.sync += [alive.eq(0), closed.eq(closed + answer.chain_executed)]

        rest = (row.filled - closed)[:32]
        with m.If(flattened):
            m.d.sync += closed.eq(Mux(answer.shares < rest, closed + answer.shares, row.filled))

        past_reset = Signal(init=1, reset_less=True)
        m.d.sync += past_reset.eq(ResetSignal())
        # What keeps it so, from one event to the next.
        m.d.comb += [
            Assert(Mux(in_entry, 0, row.live) == alive),
            Assert(~(alive & sent_for)),
            Assert(sent_for <= (state == TakerState.EXIT_SENT)),
            Assert(lives <= alive),
            Assert((state == TakerState.EXIT_SENT) <= (alive | sent_for)),
            Assert((state == TakerState.EXIT_WANTED) <= ~alive),
            Assert(in_entry | (row.closed == closed)),
        ]
        with m.If(enters):
            m.d.comb += Assert(~alive & ~sent_for)
        with m.If(issues & (intent.kind != OrderIntentKind.ENTER)):
            m.d.comb += [Assert(alive), Assert(intent.order == row.order)]
        with m.If(issues & (intent.kind != OrderIntentKind.CANCEL)):
            m.d.comb += [
                Assert((intent.shares + closed)[:32] == row.filled),
                Assert(intent.role == Role.EXIT),
                Assert(intent.side != row.side),
            ]
        return m


def _one_of(state, states):
    """Whether a state is one of some."""
    result = 0
    for one in states:
        result = result | (state == one)
    return result
