"""The market maker: keeps a bid and an offer around a fair value, and moves or pulls them."""

from amaranth import Cat, Module, Mux, Signal, signed
from amaranth.lib import data, enum, stream, wiring
from amaranth.lib.wiring import In, Out

from hdl import types
from hdl.bounded import less
from hdl.risk.positions import held_signature
from hdl.strategy.maker_turns import MakerTurns
from hdl.strategy.maker_types import (
    MakerConfig,
    MakerTurn,
    MakerView,
    QuoteAction,
    QuoteRow,
    QuoteState,
    TurnKind,
)
from hdl.strategy.own_display import OwnShown
from hdl.strategy.quote_decision import QuoteDecision
from hdl.strategy.quote_rows import QuoteRows
from hdl.strategy.quote_targets import QuoteTargets
from hdl.types import DepthView, OrderAnswer, OrderIntent, OrderIntentKind, Role, Side, SlotFlags, TimeInForce

__all__ = ["MarketMaker"]

#: What is sent for an action.
KINDS = {
    QuoteAction.ENTER: OrderIntentKind.ENTER,
    QuoteAction.REPLACE: OrderIntentKind.REPLACE,
    QuoteAction.CANCEL: OrderIntentKind.CANCEL,
    QuoteAction.MODIFY: OrderIntentKind.MODIFY,
}


class _Step(enum.Enum, shape=3):
    """What the maker does in a cycle."""

    #: Takes a turn.
    PICK = 0
    #: Books an answer.
    ANSWER = 1
    #: Reads settings, view and position of the slot.
    READ = 2
    #: Waits for what is wanted.
    TARGETS = 3
    #: Reads both quotes.
    ROWS = 4
    #: Decides on a side, then acts on it.
    DECIDE = 5
    ACT = 6


class MarketMaker(wiring.Component):
    """Quotes both sides of every slot it is switched on for, one slot at a time.

    A slot is looked at after a view of it, after an answer to one of its quotes, and when its quotes must be pulled
    (:class:`~hdl.strategy.maker_turns.MakerTurns`). What is wanted: :class:`~hdl.strategy.quote_targets.QuoteTargets`.
    What is done about it, one operation in flight a side: :class:`~hdl.strategy.quote_decision.QuoteDecision`.
    docs/blocks/maker.md has the rules.

    Quotes are pulled, each with a Cancel, when the module, the slot or its maker switch is off, when an order would not
    pass the levels and flags of the slot (disarmed, session, stale, halted, closed), and while another strategy or the
    host has the slot. The kill cancels them itself. What waits for a throttle or a cool-down is looked at again at the
    slot's next view or answer.

    Parameters
    ----------
    slots : int
        Symbols followed.
    built : bool
        Without it nothing is behind the ports: no intent, no slot engaged, nothing counted.

    Ports
    -----
    view : In(stream, always ready)
        Views, at most one a cycle.
    own : In(OwnShown)
        Displayed orders of ours in the view's slot, in the cycle of the view.
    answers : In(stream, always ready), refusals : In(stream, always ready)
        Answers of the order port, and refusals of the gate; those of other modules are ignored.
    intents : Out(stream)
        ENTER, REPLACE, MODIFY and CANCEL of role QUOTE, day orders; each stays until it is taken.
    way_free : In(1)
        Gate and order port have nothing to do: what needs a verdict is begun only then.
    enable : In(1), slot_enabled, maker_enabled : In(array of 1)
        The module, the slots, and the maker's own switch of each.
    stand_aside : In(array of 1)
        Another strategy has the slot, or the host.
    flags : In(array of SlotFlags), permits : In(array of 1), killed, session_up : In(1)
        Of the feed, of the gate, and levels.
    asks : Out(1), held : Out(held_signature), held_ready : In(1)
        What the positions say of a slot, while ``asks``; in a cycle in which they do not, the maker waits.
    located : In(32)
        Shares located for short sales, of the slot of ``config_slot``, in the same cycle.
    card_time : In(64)
        Cycles.
    config_slot : Out(8), config : In(MakerConfig)
        Settings of the slot, in the same cycle.
    bid_state, ask_state : Out(array of QuoteState)
        State of each slot's quotes.
    engaged : Out(array of 1)
        The maker has the slot: it is switched on there, or a quote is not known to be dead.
    entered, moved, pulled, post_only_refused : Out(1)
        Pulses for the counters.
    busy : Out(1)
        Something is inside that does not wait for the market.

    Latency: ``intents`` 21 cycles after a view (23 for the offer), 5 after a pull is due, where nothing is in the way;
    the turns of others take up to 20 each. An answer is booked 2 cycles after it came.
    """

    def __init__(self, slots: int, *, built: bool = True) -> None:
        if not 1 <= slots <= 64:
            raise ValueError(f"a card has 1 to 64 slots, not {slots!r}")
        self.slots, self._built = slots, built
        switches = data.ArrayLayout(1, slots)
        super().__init__(
            {
                "view": In(stream.Signature(DepthView, always_ready=True)),
                "answers": In(stream.Signature(OrderAnswer, always_ready=True)),
                "refusals": In(stream.Signature(OrderAnswer, always_ready=True)),
                "own": In(OwnShown),
                "intents": Out(stream.Signature(OrderIntent)),
                "way_free": In(1),
                "enable": In(1),
                "slot_enabled": In(switches),
                "maker_enabled": In(switches),
                "stand_aside": In(switches),
                "flags": In(data.ArrayLayout(SlotFlags, slots)),
                "permits": In(switches),
                "killed": In(1),
                "session_up": In(1),
                "asks": Out(1),
                "held": Out(held_signature()),
                "held_ready": In(1, init=1),
                "located": In(32),
                "card_time": In(64),
                "config_slot": Out(8),
                "config": In(MakerConfig),
                "bid_state": Out(data.ArrayLayout(QuoteState, slots)),
                "ask_state": Out(data.ArrayLayout(QuoteState, slots)),
                "engaged": Out(switches),
                "entered": Out(1),
                "moved": Out(1),
                "pulled": Out(1),
                "post_only_refused": Out(1),
                "busy": Out(1),
            }
        )

    def elaborate(self, platform):
        """Build the block."""
        m = Module()
        if not self._built:
            return m
        m.submodules.turns = turns = MakerTurns(self.slots)
        m.submodules.quotes = quotes = QuoteRows(self.slots)
        m.submodules.targets = targets = QuoteTargets()
        step, turn, side = Signal(_Step), Signal(MakerTurn), Signal(Side)
        settings, view, position = Signal(MakerConfig), Signal(MakerView), Signal(signed(32))
        trigger_time = Signal(64)
        may_quote, pulls = self._levels(m, quotes)
        for name in ("view", "answers", "refusals"):
            source, listener = getattr(self, name), getattr(turns, name)
            m.d.comb += [listener.valid.eq(source.valid), listener.payload.eq(source.payload)]
        m.d.comb += [
            turns.own.eq(self.own),
            turns.flags.eq(self.flags),
            turns.may_quote.eq(may_quote),
            turns.pulls.eq(pulls),
            turns.room.eq(~self.intents.valid),
            turns.way_free.eq(self.way_free),
            turns.turn.ready.eq(step == _Step.PICK),
            turns.again_slot.eq(turn.slot),
            turns.read_slot.eq(turn.slot),
            self.config_slot.eq(turn.slot),
            self.asks.eq((step == _Step.READ) | (step == _Step.ROWS)),
            self.held.slot.eq(turn.slot),
            targets.view.eq(view),
            targets.config.eq(settings),
            targets.position.eq(position),
            quotes.slot.eq(turn.slot),
            quotes.side.eq(Mux(step == _Step.ANSWER, turn.answer.side, side)),
            quotes.now.eq(self.card_time),
            quotes.answer.eq(turn.answer),
            quotes.cooldown.eq(self.config.cooldown),
            quotes.session_up.eq(self.session_up),
            self.bid_state.eq(quotes.bid_state),
            self.ask_state.eq(quotes.ask_state),
            self.post_only_refused.eq(quotes.post_only),
            self.busy.eq(turns.busy | (step != _Step.PICK) | self.intents.valid),
        ]
        with m.If(self.intents.ready):
            m.d.sync += self.intents.valid.eq(0)

        decision = self._decision(m, step, side, turn, settings, position, may_quote, quotes, targets)
        action, shares, short = Signal(QuoteAction), Signal(32), Signal()
        m.d.sync += targets.start.eq(0)
        with m.Switch(step):
            with m.Case(_Step.PICK):
                m.d.sync += [turn.eq(turns.turn.payload), side.eq(Side.BUY)]
                with m.If(turns.turn.valid):
                    answered = turns.turn.payload.kind == TurnKind.ANSWER
                    m.d.sync += step.eq(Mux(answered, _Step.ANSWER, _Step.READ))
            with m.Case(_Step.ANSWER):
                m.d.comb += [quotes.book.eq(1), turns.again.eq(1)]
                m.d.sync += step.eq(_Step.PICK)
            with m.Case(_Step.READ), m.If(self.held_ready):
                looks = turn.kind == TurnKind.LOOK
                m.d.comb += quotes.seen.eq(looks & turn.by_view)
                m.d.sync += [
                    settings.eq(self.config),
                    view.eq(turns.read),
                    position.eq(self.held.position),
                    trigger_time.eq(Mux(looks & turn.by_view, turns.read.trigger_time, self.card_time)),
                    targets.start.eq(looks),
                    side.eq(Side.SELL),
                    step.eq(Mux(looks, _Step.TARGETS, _Step.ROWS)),
                ]
            with m.Case(_Step.TARGETS), m.If(targets.done):
                m.d.sync += step.eq(_Step.ROWS)
            with m.Case(_Step.ROWS), m.If(self.held_ready):
                m.d.sync += [side.eq(Side.BUY), step.eq(_Step.DECIDE)]
            with m.Case(_Step.DECIDE):
                m.d.sync += [
                    action.eq(decision.action),
                    shares.eq(decision.shares),
                    short.eq(decision.short),
                    step.eq(_Step.ACT),
                ]
            with m.Case(_Step.ACT):
                m.d.sync += [side.eq(Side.SELL), step.eq(Mux(side == Side.BUY, _Step.DECIDE, _Step.PICK))]
                with m.If(action != QuoteAction.NONE):
                    # The other side has its turn once this operation is out of the way.
                    m.d.comb += [quotes.act.eq(1), turns.again.eq(1)]
                    m.d.sync += [self.intents.valid.eq(1), step.eq(_Step.PICK)]
        row, target = decision.row, decision.target
        m.d.comb += [
            quotes.action.eq(action),
            quotes.price.eq(target.price),
            quotes.shares.eq(shares),
            quotes.short.eq(short),
            quotes.throttle.eq(settings.throttle),
            self.entered.eq(quotes.act & (action == QuoteAction.ENTER)),
            self.moved.eq(quotes.act & (action == QuoteAction.REPLACE)),
            self.pulled.eq(quotes.act & (action == QuoteAction.CANCEL)),
        ]
        with m.If(quotes.act):
            intent = self.intents.payload
            m.d.sync += [
                intent.slot.eq(turn.slot),
                intent.module.eq(types.Module.MAKER),
                intent.role.eq(Role.QUOTE),
                intent.side.eq(side),
                intent.short.eq(
                    Mux(action == QuoteAction.ENTER, short, row.short | (action == QuoteAction.MODIFY)),
                ),
                intent.shares.eq(Mux(action == QuoteAction.CANCEL, 0, shares)),
                intent.price.eq(
                    Mux(action == QuoteAction.CANCEL, 0, Mux(action == QuoteAction.MODIFY, row.asked, target.price))
                ),
                intent.time_in_force.eq(TimeInForce.DAY),
                intent.order.eq(row.order),
                intent.cause.eq(view.cause),
                intent.trigger_time.eq(trigger_time),
                intent.exchange_time.eq(view.exchange_time),
            ]
            with m.Switch(action):
                for meant, kind in KINDS.items():
                    with m.Case(meant):
                        m.d.sync += intent.kind.eq(kind)
        return m

    def _levels(self, m, quotes):
        """Slots that may be quoted, and slots with a quote to be pulled."""
        may_quote, pulls = Signal(self.slots), Signal(self.slots)
        rests = quotes.bid_rests | quotes.ask_rests
        for i in range(self.slots):
            switched = self.enable & self.maker_enabled[i]
            quoted = (self.bid_state[i] != QuoteState.EMPTY) | (self.ask_state[i] != QuoteState.EMPTY)
            m.d.comb += [
                may_quote[i].eq(switched & self.slot_enabled[i] & self.permits[i] & ~self.stand_aside[i]),
                pulls[i].eq(rests[i] & ~may_quote[i] & ~self.killed & self.session_up),
                self.engaged[i].eq(switched | quoted),
            ]
        return may_quote, pulls

    def _decision(self, m, step, side, turn, settings, position, may_quote, quotes, targets) -> QuoteDecision:
        """Latch both quotes and what is wanted of them by step ROWS; the decision is on ``side``.

        The bid is read in step READ and the offer in ROWS; nothing changes a quote between the two. The one that is
        decided on is in front; the two change places with the side.
        """
        m.submodules.decision = decision = QuoteDecision()
        front, back = Signal(QuoteRow, name="front"), Signal(QuoteRow, name="back")
        rests = Signal(2)  # bit k: the quote of that side has an ``until``
        looked_at = Signal(64)
        sides = ((Side.BUY, "bid", self.bid_state), (Side.SELL, "ask", self.ask_state))
        state = {s: Signal(QuoteState, name=f"{name}_row_state") for s, name, _ in sides}
        asked = {s: Signal(name=f"{name}_asked") for s, name, _ in sides}
        held = {s: Signal(name=f"{name}_held") for s, name, _ in sides}
        slot = turn.slot
        wants = Signal()  # else there are no targets
        others, other_sales = Signal(32), Signal(32)  # on sale beside the quote itself
        own_open = Signal(32)
        m.d.comb += [
            own_open.eq(Mux(self.ask_state[slot] == QuoteState.EMPTY, 0, quotes.row.open)),
            other_sales.eq(less(m, self.held.open_sell, own_open)),
        ]
        latches = (step == _Step.ROWS) & self.held_ready
        reads = self.asks & self.held_ready
        changes_places = step == _Step.ACT
        with m.If(latches | changes_places):
            m.d.sync += front.eq(back)
        with m.If(reads | changes_places):
            m.d.sync += back.eq(quotes.row)
            # What is asked of the other quote; the rest of it has been decided on.
            m.d.sync += [
                back[name].eq(Mux(changes_places, front[name], quotes.row[name])) for name in ("price", "asked")
            ]
        with m.If(reads):
            m.d.sync += rests.eq(Cat(rests[1], quotes.resting))
        with m.If(latches):
            m.d.sync += [
                looked_at.eq(self.card_time),
                wants.eq(may_quote.bit_select(slot, 1) & (turn.kind == TurnKind.LOOK)),
                others.eq(other_sales),
                decision.move.eq(settings.move * settings.tick),
                decision.located.eq(self.located),
                decision.short_ok.eq(settings.short_allowed & ~self.flags[slot].short_restricted),
            ]
            for s, name, states in sides:
                m.d.sync += [
                    state[s].eq(states[slot]),
                    asked[s].eq(getattr(quotes, f"{name}_asked")),
                    held[s].eq(getattr(quotes, f"{name}_held")),
                ]
        buys = side == Side.BUY
        target = Mux(buys, targets.bid, targets.ask)
        m.d.comb += [
            decision.side.eq(side),
            decision.row.eq(front),
            decision.target.eq(target),
            decision.target.wanted.eq(Mux(buys, targets.bid.wanted, targets.ask.wanted) & wants),
            decision.state.eq(Mux(buys, state[Side.BUY], state[Side.SELL])),
            decision.cancel_asked.eq(Mux(buys, asked[Side.BUY], asked[Side.SELL])),
            decision.waits.eq(
                Mux(buys, held[Side.BUY], held[Side.SELL]) | (Mux(buys, rests[0], rests[1]) & (looked_at < front.until))
            ),
            decision.covered.eq(Mux(position > others, position - others, 0)),
            decision.other_live.eq(Mux(buys, state[Side.SELL], state[Side.BUY]) != QuoteState.EMPTY),
            decision.other_price.eq(back.price),
            decision.other_asked.eq(back.asked),
        ]
        return decision
