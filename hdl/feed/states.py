"""What the feed says about each followed symbol: its locate number, and whether it may be traded."""

from amaranth import Cat, Const, Module, Mux, Signal, unsigned
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out

from hdl.feed.itch import ItchMessage
from hdl.feed.slot_state import SlotState, StaleCause
from hdl.feed.snapshot_types import SnapshotWord
from hdl.feed.state_words import SlotJoin, StateWords
from hdl.one_hot import first_of, number_of, select
from hdl.types import EventKind, MarketEvent, SlotFlags

__all__ = ["MarketStates", "StateChange", "SystemEvent"]


class StateChange(data.Struct):
    """A slot's flags or locate changed: how they are now, and after which message."""

    slot: unsigned(8)
    cause: StaleCause
    flags: SlotFlags
    locate: unsigned(16)
    sequence: unsigned(64)
    exchange_time: unsigned(48)


class SystemEvent(data.Struct):
    """A System Event message: its letter."""

    code: unsigned(8)
    sequence: unsigned(64)
    exchange_time: unsigned(48)


class MarketStates(wiring.Component):
    """Binds locates to slots, keeps each slot's trading state, and lets through the market events of bound slots.

    After reset and after every change of session a slot is unbound, stale, halted and short-restricted, not opened, and
    the market is closed. A Stock Directory message with the slot's symbol binds its locate; if no message of the
    session is missing by then the book is whole from there, and an event CLEAR says so. For an unbound symbol nothing
    passes. Only Trading Action ``T`` ends a halt that another Trading Action or a market-wide breaker began; an
    operational halt of this market has a bit of its own. Reg SHO ``0`` lifts the restriction, anything else sets it.
    System Event ``Q`` opens the market, ``M`` closes it. The symbol's opening cross opens the slot. Stale slots
    still pass their events on: who trades looks at the flags. A slot whose symbol register changes starts anew.

    Parameters
    ----------
    slots : int
        Symbols followed, 1 to 64.

    Ports
    -----
    message_valid, message
        From :class:`hdl.feed.itch.ItchDecoder`.
    card_time, next_sequence
        Now, and what the feed expects; put into events no message caused.
    symbols
        Symbol of each slot, first character lowest; 0: not used. Of two slots with one symbol only the lower is bound.
    symbol_changed
        One bit a slot: the first cycle of another symbol.
    slot_join
        The host's word on a slot, of which the next one is a few cycles away. It takes effect in the first cycle
        without a message, ``whole`` together with a CLEAR event, in the first free one.
    market_join, joined_late
        The host joins: the market counts as open. The session was joined after its first message.
    session_changed, joined
        From :class:`hdl.feed.joined.JoinedFeed`; ahead of the messages they speak of.
    gap, recovering
        From :class:`hdl.feed.recovery.GapRecovery`: messages are missing for good; they may still come, and no slot is
        whole before that.
    diverged
        The lines said different things under one number: nothing heard in this session is trusted.
    book_stale_valid, book_stale_slot, queue_overflow
        The book lost an order of this slot; events were lost, so every slot is stale.
    all_held_valid, all_held_slot
        Every order of this slot that the book lost is gone: the slot is whole again if nothing else was amiss with it.
    loading, holding, snapshot
        From :class:`hdl.feed.snapshot.SnapshotLoader`: the slot that a snapshot is loaded into, whether its events are
        held from the book, one bit a slot; the loader's word.
    events
        Market events, never waiting.
    held_valid
        The payload of ``events`` is an event of a slot in ``holding``; ``events`` is then not valid.
    upset_valid, upset
        What happens to the slot in ``loading`` that ends a load, and why.
    healed
        Pulse: a slot is whole again of itself.
    flags
        State of each slot.
    shown_slot, shown_locate
        A slot, and in the same cycle the locate bound to it, or 0.
    state_change
        One element for each slot that changed, lowest first, two cycles after the change at the earliest; changes while
        one waits are told as one, a stale cause being kept.
    system_event_valid, system_event
        System Event messages.
    tracked
        Pulse: the message is about a bound slot.
    busy
        A CLEAR, a state change or a word of the host or a snapshot waits.

    Latency: an event is valid 1 cycle after its message; flags follow in the same cycle as the event.

    Source: TotalView-ITCH 5.0, sections 1.1 to 1.2 (``hdl.wire.itch50``).
    """

    def __init__(self, slots: int) -> None:
        if not 1 <= slots <= 64:
            raise ValueError(f"a card has 1 to 64 slots, not {slots!r}")
        self._slots = slots
        super().__init__(
            {
                "message_valid": In(1),
                "message": In(ItchMessage),
                "card_time": In(64),
                "next_sequence": In(64),
                "symbols": In(data.ArrayLayout(unsigned(64), slots)),
                "symbol_changed": In(slots),
                "slot_join": In(SlotJoin),
                "market_join": In(1),
                "joined": In(1),
                "joined_late": In(1),
                "gap": In(1),
                "recovering": In(1),
                "diverged": In(1),
                "session_changed": In(1),
                "session_epoch": In(16),
                "book_stale_valid": In(1),
                "book_stale_slot": In(8),
                "queue_overflow": In(1),
                "all_held_valid": In(1),
                "all_held_slot": In(8),
                "healed": Out(1),
                "loading": In(slots),
                "holding": In(slots),
                "snapshot": In(SnapshotWord),
                "held_valid": Out(1),
                "upset_valid": Out(1),
                "upset": Out(StaleCause),
                "events": Out(stream.Signature(MarketEvent, always_ready=True)),
                "flags": Out(data.ArrayLayout(SlotFlags, slots)),
                "shown_slot": In(8),
                "shown_locate": Out(16),
                "state_change": Out(stream.Signature(StateChange)),
                "system_event_valid": Out(1),
                "system_event": Out(SystemEvent),
                "tracked": Out(1),
                "busy": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        message, valid = self.message, self.message_valid

        def says(letter, code=None):
            hit = valid & (message.type == ord(letter))
            return hit if code is None else hit & (message.code == ord(code))

        m.submodules.words = words = StateWords()
        snapshot = self.snapshot
        m.d.comb += [
            words.message_valid.eq(valid),
            words.message.eq(message),
            words.snapshot.eq(snapshot),
            words.begun_anew.eq((self.symbol_changed & self.loading).any()),
            words.slot_join.eq(self.slot_join),
            words.session_changed.eq(self.session_changed),
        ]

        # Of the whole session. What a lost gap has swallowed may have been the end of the market.
        missed = Signal()  # messages of this session did not come, or came before the card listened
        market_open = Signal()
        with m.If(words.market_stated):
            m.d.sync += market_open.eq(snapshot.states.market_open)
        with m.If(self.gap):
            m.d.sync += market_open.eq(0)
        with m.If(says("S", "Q")):
            m.d.sync += market_open.eq(1)
        with m.If(says("S", "M")):
            m.d.sync += market_open.eq(0)
        with m.If(self.session_changed):
            m.d.sync += [market_open.eq(0), missed.eq(0)]
        with m.If(self.market_join | self.joined):
            m.d.sync += market_open.eq(1)
        with m.If(self.gap | self.diverged | self.joined_late):
            m.d.sync += missed.eq(1)
        m.d.sync += [
            self.system_event_valid.eq(says("S")),
            self.system_event.code.eq(message.code),
            self.system_event.sequence.eq(message.source.sequence),
            self.system_event.exchange_time.eq(message.exchange_time),
        ]
        exchange_time = Signal(48)  # of the last message
        with m.If(valid):
            m.d.sync += exchange_time.eq(message.exchange_time)

        was_recovering = Signal()
        m.d.sync += was_recovering.eq(self.recovering)

        # What befalls all slots; of two at once the later one here is told.
        lost_cause = Signal(StaleCause)
        for condition, why in (
            (self.queue_overflow, StaleCause.QUEUE_OVERFLOW),
            (self.gap, StaleCause.GAP),
            (self.diverged, StaleCause.DIVERGENCE),
            (self.session_changed, StaleCause.SESSION),
        ):
            with m.If(condition):
                m.d.comb += lost_cause.eq(why)

        # Of each slot. Its locate is compared with the message's, all at once. A slot without a symbol has zero for it:
        # a Stock Directory message whose text is zero binds nothing.
        directory = Signal()
        m.d.comb += directory.eq((message.type == ord("R")) & (message.stock != 0))
        states = [SlotState() for _ in range(self._slots)]
        named = Signal(self._slots)
        clear_sent = Signal(self._slots)
        told = Signal(self._slots)
        about = Cat(state.about for state in states)
        binds_whole = Cat(state.binds_whole for state in states)
        clear_waits = Cat(state.clear_waits for state in states)
        changed = Cat(state.changed for state in states)
        binds = Cat(state.binds for state in states)
        m.d.comb += self.healed.eq(Cat(state.heals for state in states).any())
        upset = Cat(state.upset_valid for state in states) & self.loading
        m.d.comb += [
            words.about_loading.eq((about & self.loading).any()),
            self.upset_valid.eq(upset.any()),
            self.upset.eq(select(upset, [state.upset for state in states])),
        ]
        m.d.comb += named.eq(first_of(Cat(state.names for state in states)))
        for i, state in enumerate(states):
            m.submodules[f"slot_{i}"] = state
            m.d.comb += [
                state.message_valid.eq(valid),
                state.locate_heard.eq(message.locate),
                state.stock.eq(message.stock),
                state.directory.eq(directory),
                state.breaker.eq(words.breaker),
                state.said.eq(words.said),
                state.states.eq(words.states),
                state.addressed.eq((words.stated & self.loading[i]) | state.command.trading),
                state.symbol.eq(self.symbols[i]),
                state.symbol_changed.eq(self.symbol_changed[i]),
                state.command.eq(Mux(words.slot == i, words.command.as_value(), 0)),
                state.locate.eq(words.locate),
                *(getattr(state.snapshot, pulse).eq(getattr(snapshot, pulse) & self.loading[i]) for pulse in _PULSES),
                state.named.eq(named[i]),
                state.missed.eq(missed),
                state.market_open.eq(market_open),
                state.lost.eq(lost_cause != StaleCause.NONE),
                state.lost_cause.eq(lost_cause),
                state.recovering.eq(self.recovering),
                state.gap_opened.eq(self.recovering & ~was_recovering),
                state.session_changed.eq(self.session_changed),
                state.book_stale.eq(self.book_stale_valid & (self.book_stale_slot == i)),
                state.all_held.eq(self.all_held_valid & (self.all_held_slot == i)),
                state.clear_sent.eq(clear_sent[i]),
                state.told.eq(told[i]),
                self.flags[i].eq(state.flags),
            ]

        # Events. A message's own event comes first; there is a free cycle after it, since no two messages of kinds that
        # make one end in two beats on end. Which slot it is, is found behind the register, and what it says is loaded
        # whether it concerns a slot or not: the comparison with all locates before it takes most of a cycle.
        events, event = self.events, Signal(MarketEvent)
        hot = Signal(self._slots)  # slots that the event may be of, of which it is the lowest one's
        below = Signal(self._slots)  # slots below the one in ``holding``
        m.d.comb += [
            below.eq(Mux(self.holding.any(), ~self.holding & (self.holding - 1)[: self._slots], 0)),
            events.payload.eq(event),
            events.payload.slot.eq(number_of(first_of(hot))),
        ]
        held = (about & self.holding).any() & ~(about & below).any()
        m.d.sync += [self.tracked.eq(valid & (about.any() | named.any())), self.held_valid.eq(0)]
        with m.If(valid & (message.kind != EventKind.NONE)):
            m.d.sync += [
                events.valid.eq(about.any() & ~held),
                self.held_valid.eq(held),
                hot.eq(about),
                event.session_epoch.eq(message.source.session_epoch),
                event.sequence.eq(message.source.sequence),
                event.card_time.eq(message.source.card_time),
            ]
            m.d.sync += [
                event[name].eq(message[name])
                for name in (
                    "kind",
                    "side",
                    "reference",
                    "new_reference",
                    "shares",
                    "price",
                    "printable",
                    "match",
                    "exchange_time",
                )
            ]
        with m.Else():
            # A Stock Directory message makes its own event; every other CLEAR waits for a cycle without one.
            m.d.comb += clear_sent.eq(Mux(binds_whole.any(), binds_whole, first_of(clear_waits)))
            m.d.sync += [
                events.valid.eq(binds_whole.any() | clear_waits.any()),
                event.eq(Const(0, MarketEvent)),
                event.kind.eq(EventKind.CLEAR),
                hot.eq(clear_sent),
                event.session_epoch.eq(self.session_epoch),
                event.sequence.eq(Mux(valid, message.source.sequence, self.next_sequence - 1)),
                event.exchange_time.eq(Mux(valid, message.exchange_time, exchange_time)),
                event.card_time.eq(Mux(valid, message.source.card_time, self.card_time)),
            ]

        # The locates once more, for those who ask for one; what a slot's row says counts while it is bound.
        m.submodules.locates = locates = memory.Memory(shape=unsigned(16), depth=max(self._slots, 2), init=[])
        write, told_of, shown = locates.write_port(), locates.read_port(domain="comb"), locates.read_port(domain="comb")
        m.d.comb += [write.addr.eq(number_of(binds)), write.data.eq(words.locate), write.en.eq(binds.any())]
        m.d.comb += [
            shown.addr.eq(self.shown_slot),
            self.shown_locate.eq(Mux(self.flags[self.shown_slot].bound, shown.data, 0)),
        ]

        # One change after the other to whoever records them: found in one cycle, told from the next one on.
        first, telling = Signal(self._slots), Signal()
        change = self.state_change.payload
        with m.If(~telling):
            m.d.sync += [first.eq(first_of(changed)), telling.eq(changed.any())]
        with m.Elif(self.state_change.ready):
            m.d.sync += telling.eq(0)
        m.d.comb += [
            self.state_change.valid.eq(telling),
            told.eq(Mux(telling & self.state_change.ready, first, 0)),
            change.slot.eq(number_of(first)),
            told_of.addr.eq(change.slot),
            change.cause.eq(select(first, [state.cause for state in states])),
            change.flags.eq(select(first, [state.flags for state in states])),
            change.locate.eq(Mux(change.flags.bound, told_of.data, 0)),
            change.sequence.eq(self.next_sequence - 1),
            change.exchange_time.eq(exchange_time),
        ]
        m.d.comb += self.busy.eq(
            clear_waits.any()
            | changed.any()
            | telling
            | events.valid
            | self.held_valid
            | self.system_event_valid
            | words.waits
        )
        return m


_PULSES = ("begun", "failed", "whole")
