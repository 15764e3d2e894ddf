"""The trading state of one followed symbol."""

from amaranth import Module, Mux, Signal
from amaranth.lib import data, enum, wiring
from amaranth.lib.wiring import In, Out

from hdl.feed.state_words import SlotCommand, TradingStates
from hdl.types import SlotFlags

__all__ = ["SlotSnapshot", "SlotState", "StaleCause"]


class StaleCause(enum.Enum, shape=3):
    """Why a slot went stale; numbers as in the STALE record. NONE: something else changed."""

    NONE = 0
    GAP = 1
    TABLE_FULL = 2
    QUEUE_OVERFLOW = 3
    HOST = 4
    SESSION = 5
    DIVERGENCE = 6
    #: A snapshot did not load; the slot was stale before.
    SNAPSHOT = 7


#: A slot's flags and states after reset and after a change of session.
_RESET_FLAGS = {"stale": 1, "halted": 1, "short_restricted": 1}
_RESET_STATES = {"stopped": 1, "restricted": 1}


class SlotSnapshot(data.Struct):
    """A snapshot's word on a slot, pulses.

    ``begun``: the slot is stale from now on, if it only showed so for a gap that is open. ``failed``: it stays stale.
    ``whole``: it no longer is.
    """

    begun: 1
    failed: 1
    whole: 1


class SlotState(wiring.Component):
    """Keeps one slot's locate and flags, and what of them has not been told yet.

    The rules are those of :class:`hdl.feed.states.MarketStates`, which holds one of these for each slot and works out
    what is the same for all of them.

    Ports
    -----
    message_valid, locate_heard, stock
        A decoded message, its locate and text.
    directory
        It is a Stock Directory message.
    symbol, symbol_changed
        Symbol register; 0: not used. Pulse in the first cycle of another symbol: the slot starts anew.
    command
        The host's pulses; never beside a message.
    snapshot
        The word of a snapshot that is loaded into this slot.
    addressed
        The states are said of this slot; never beside a message, which says of which slot by its locate.
    said, states
        Which of the trading states are said now, and how they are.
    breaker
        Every slot is stopped, and ``states`` says so.
    heals
        Pulse: the slot was stale for orders without a place alone, and they are gone: it is whole.
    upset_valid, upset
        The slot begins anew, or its book is no longer what it was, by anything but a snapshot; and why.
    named
        The message is a Stock Directory message with this slot's symbol, and no lower slot has that (see ``names``).
    missed, market_open
        Of the whole session.
    all_held
        Pulse: every order of the slot that the table could not hold is gone again.
    lost, lost_cause
        Pulse: something befalls the books of all slots, and why this one is stale for it. ``session_changed`` comes
        with it and starts the slot anew.
    book_stale
        Pulse: the table could not hold an order of this slot.
    recovering, gap_opened
        A gap is open, which makes the slot stale for so long; pulse: it is since now.
    about, names
        The message carries this slot's locate; its text is this slot's symbol.
    binds, locate
        The slot is bound, to this locate, in this cycle.
    binds_whole
        This message binds the slot at the start of its book: an event CLEAR goes with it.
    clear_waits, clear_sent
        An event CLEAR is to be sent for this slot; it is being sent. A host's ``whole`` takes effect with it.
    flags
        The state.
    changed, cause, told
        State, locate or cause have not been told since they changed, or the slot was bound again; why it went stale;
        they are being told.

    Latency: state follows a message in 1 cycle.
    """

    message_valid: In(1)
    locate_heard: In(16)
    stock: In(64)
    directory: In(1)
    symbol: In(64)
    symbol_changed: In(1)
    command: In(SlotCommand)
    snapshot: In(SlotSnapshot)
    addressed: In(1)
    said: In(TradingStates)
    states: In(TradingStates)
    breaker: In(1)
    named: In(1)
    missed: In(1)
    market_open: In(1)
    lost: In(1)
    lost_cause: In(StaleCause)
    session_changed: In(1)
    recovering: In(1)
    gap_opened: In(1)
    book_stale: In(1)
    all_held: In(1)
    about: Out(1)
    names: Out(1)
    binds: Out(1)
    locate: In(16)
    binds_whole: Out(1)
    clear_waits: Out(1)
    clear_sent: In(1)
    flags: Out(SlotFlags)
    changed: Out(1)
    cause: Out(StaleCause)
    told: In(1)
    upset_valid: Out(1)
    upset: Out(StaleCause)
    heals: Out(1)

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        command, snapshot = self.command, self.snapshot
        bound = Signal()
        locate = Signal(16)  # means nothing unless bound
        stale = Signal(init=1)
        states = Signal(TradingStates, init=_RESET_STATES)
        exact = Signal()  # nothing is amiss with the book but orders that the table could not hold
        whole_waits = Signal()  # the host said whole
        anew_waits = Signal()  # the slot began anew: the book is to be emptied
        rebound = Signal()  # a repeated Stock Directory message changes nothing
        m.d.comb += [
            self.flags.bound.eq(bound),
            self.flags.stale.eq(stale | self.recovering),
            self.flags.halted.eq(states.stopped | states.out_of_order),
            self.flags.short_restricted.eq(states.restricted),
            self.flags.opened.eq(states.opened),
            self.flags.market_open.eq(self.market_open),
            self.about.eq(bound & (self.locate_heard == locate)),
            self.names.eq(self.directory & (self.stock == self.symbol) & ~self.symbol_changed),
            self.clear_waits.eq(whole_waits | anew_waits),
            rebound.eq(self.message_valid & self.named & ~self.about),
            self.binds.eq(rebound | command.bind),
        ]

        meant = (self.message_valid & self.about) | self.addressed
        for name in ("stopped", "out_of_order", "restricted", "opened"):
            said = meant & self.said[name]
            with m.If(said | self.breaker if name == "stopped" else said):
                m.d.sync += states[name].eq(self.states[name])
        with m.If(rebound):
            # Bound late, or with a second locate in one day: what the book holds is not all of this symbol.
            m.d.sync += [stale.eq(bound | self.missed), exact.eq(~bound & ~self.missed)]
            m.d.comb += self.binds_whole.eq(~bound & ~self.missed)
        with m.If(self.binds):
            m.d.sync += [bound.eq(1), locate.eq(self.locate)]

        with m.If(command.bind):
            m.d.sync += exact.eq(0)
        with m.If(command.whole):
            m.d.sync += whole_waits.eq(1)
        with m.If(self.clear_sent):
            m.d.sync += [whole_waits.eq(0), anew_waits.eq(0)]
            with m.If(whole_waits):
                # Empty by the host's word: orders from before it may live, and a Delete may be theirs.
                m.d.sync += [stale.eq(0), exact.eq(0)]

        m.d.comb += self.heals.eq(self.all_held & exact & stale)
        with m.If(self.heals):
            m.d.sync += stale.eq(0)
        with m.If(snapshot.whole):
            m.d.sync += [stale.eq(0), exact.eq(1)]

        # Going stale comes last, so that it wins.
        cause = Signal(StaleCause)
        with m.If(snapshot.begun):
            m.d.sync += [stale.eq(1), exact.eq(0), whole_waits.eq(0)]
        with m.If(self.book_stale):
            m.d.sync += [stale.eq(1), whole_waits.eq(0)]
            m.d.comb += cause.eq(StaleCause.TABLE_FULL)
        for condition, why in (
            (command.stale | self.symbol_changed, StaleCause.HOST),
            (self.lost, self.lost_cause),
        ):
            with m.If(condition):
                m.d.sync += [stale.eq(1), whole_waits.eq(0), exact.eq(0)]
                m.d.comb += cause.eq(why)
        with m.If(self.session_changed | self.symbol_changed):
            m.d.sync += [bound.eq(0), states.eq(TradingStates.const(_RESET_STATES)), anew_waits.eq(1)]

        m.d.comb += [
            self.upset_valid.eq((cause != StaleCause.NONE) | self.binds | command.whole),
            self.upset.eq(Mux(cause != StaleCause.NONE, cause.as_value(), StaleCause.HOST.value)),
        ]
        told = Signal(SlotFlags, init=_RESET_FLAGS)
        bound_anew = Signal()  # since the locate was told
        m.d.comb += self.changed.eq(
            (told.as_value() != self.flags.as_value()) | bound_anew | (self.cause.as_value() != StaleCause.NONE.value)
        )
        with m.If(self.told):
            m.d.sync += [told.eq(self.flags), bound_anew.eq(0), self.cause.eq(StaleCause.NONE)]
        with m.If(self.binds):
            m.d.sync += bound_anew.eq(1)
        with m.If(~stale & (cause != StaleCause.NONE)):
            m.d.sync += self.cause.eq(cause)
        with m.Elif(~stale & self.gap_opened):
            m.d.sync += self.cause.eq(StaleCause.GAP)
        with m.If(snapshot.failed):
            m.d.sync += self.cause.eq(StaleCause.SNAPSHOT)
        return m
