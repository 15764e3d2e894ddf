"""The trading state of one followed symbol."""

from amaranth import Module, Mux, Signal
from amaranth.lib import data, enum, wiring
from amaranth.lib.wiring import In, Out

from hdl.feed.itch import ItchMessage
from hdl.types import SlotFlags

__all__ = ["SlotJoin", "SlotSnapshot", "SlotState", "StaleCause"]


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


class SlotJoin(data.Struct):
    """The host's word on a slot (register ``slot.join``): a locate and pulses."""

    locate: 16
    bind: 1
    trading: 1
    whole: 1
    stale: 1


#: A slot's flags after reset and after a change of session.
_RESET_FLAGS = {"stale": 1, "halted": 1, "short_restricted": 1}


class SlotSnapshot(data.Struct):
    """A snapshot's word on a slot: pulses, and with ``stated`` its states, where the feed has said nothing newer.

    ``begun``: the slot is stale from now on, if it only showed so for a gap that is open. ``failed``: it stays stale.
    ``whole``: it no longer is.
    """

    begun: 1
    failed: 1
    stated: 1
    whole: 1
    trading: 1
    trading_newer: 1
    operating: 1
    operating_newer: 1
    unrestricted: 1
    unrestricted_newer: 1
    opened: 1


class SlotState(wiring.Component):
    """Keeps one slot's locate and flags, and what of them has not been told yet.

    The rules are those of :class:`hdl.feed.states.MarketStates`, which holds one of these for each slot.

    Ports
    -----
    message_valid, message
        A decoded message.
    symbol, symbol_changed
        Symbol register; 0: not used. Pulse in the first cycle of another symbol: the slot starts anew.
    join
        The host's word.
    snapshot
        The word of a snapshot that is loaded into this slot.
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
    gap, diverged, session_changed, queue_overflow, book_stale
        What makes the slot stale; ``session_changed`` starts it anew.
    recovering, gap_opened
        A gap is open, which makes the slot stale for so long; pulse: it is since now.
    about, names
        The message carries this slot's locate; its text is this slot's symbol.
    binds_whole
        This message binds the slot at the start of its book: an event CLEAR goes with it.
    clear_waits, clear_sent
        An event CLEAR is to be sent for this slot; it is being sent. A host's ``whole`` takes effect with it.
    flags, locate
        The state.
    changed, cause, told
        State or cause have not been told since they changed; why it went stale; they are being told.

    Latency: state follows a message in 1 cycle.
    """

    message_valid: In(1)
    message: In(ItchMessage)
    symbol: In(64)
    symbol_changed: In(1)
    join: In(SlotJoin)
    snapshot: In(SlotSnapshot)
    named: In(1)
    missed: In(1)
    market_open: In(1)
    gap: In(1)
    recovering: In(1)
    gap_opened: In(1)
    diverged: In(1)
    session_changed: In(1)
    queue_overflow: In(1)
    book_stale: In(1)
    all_held: In(1)
    about: Out(1)
    names: Out(1)
    binds_whole: Out(1)
    clear_waits: Out(1)
    clear_sent: In(1)
    flags: Out(SlotFlags)
    locate: Out(16)
    changed: Out(1)
    cause: Out(StaleCause)
    told: In(1)
    upset_valid: Out(1)
    upset: Out(StaleCause)
    heals: Out(1)

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        message, join, snapshot, locate = self.message, self.join, self.snapshot, self.locate
        bound = Signal()
        stale = Signal(init=1)
        stopped = Signal(init=1)  # by a Trading Action or a market-wide breaker
        out_of_order = Signal()  # by an operational halt of this market
        restricted = Signal(init=1)
        opened = Signal()
        exact = Signal()  # nothing is amiss with the book but orders that the table could not hold
        whole_waits = Signal()  # the host said whole
        anew_waits = Signal()  # the slot began anew: the book is to be emptied
        m.d.comb += [
            self.flags.bound.eq(bound),
            self.flags.stale.eq(stale | self.recovering),
            self.flags.halted.eq(stopped | out_of_order),
            self.flags.short_restricted.eq(restricted),
            self.flags.opened.eq(opened),
            self.flags.market_open.eq(self.market_open),
            self.about.eq(bound & (message.locate == locate)),
            self.names.eq(
                ((self.symbol != 0) & (message.stock == self.symbol))
                & ((message.type == ord("R")) & ~self.symbol_changed)
            ),
            self.clear_waits.eq(whole_waits | anew_waits),
        ]

        def says(letter):
            return self.message_valid & (message.type == ord(letter))

        # Ahead of the message that comes now: that one is newer.
        with m.If(snapshot.stated):
            with m.If(~snapshot.trading_newer):
                m.d.sync += stopped.eq(~snapshot.trading)
            with m.If(~snapshot.operating_newer):
                m.d.sync += out_of_order.eq(~snapshot.operating)
            with m.If(~snapshot.unrestricted_newer):
                m.d.sync += restricted.eq(~snapshot.unrestricted)
            with m.If(snapshot.opened):
                m.d.sync += opened.eq(1)
        with m.If(self.about):
            with m.If(says("H")):
                m.d.sync += stopped.eq(message.code != ord("T"))
            with m.If(says("h") & (message.market == ord("Q"))):
                m.d.sync += out_of_order.eq(message.code != ord("T"))
            with m.If(says("Y")):
                m.d.sync += restricted.eq(message.code != ord("0"))
            with m.If(says("Q") & (message.code == ord("O"))):
                m.d.sync += opened.eq(1)
        with m.If(says("W")):
            m.d.sync += stopped.eq(1)
        with m.If(self.message_valid & self.named & ~self.about):  # a repeated Stock Directory message changes nothing
            m.d.sync += [bound.eq(1), locate.eq(message.locate)]
            # Bound late, or with a second locate in one day: what the book holds is not all of this symbol.
            m.d.sync += stale.eq(bound | self.missed)
            m.d.sync += exact.eq(~bound & ~self.missed)
            m.d.comb += self.binds_whole.eq(~bound & ~self.missed)

        with m.If(join.bind):
            m.d.sync += [bound.eq(1), locate.eq(join.locate), exact.eq(0)]
        with m.If(join.trading):
            m.d.sync += [stopped.eq(0), out_of_order.eq(0), opened.eq(1), restricted.eq(0)]
        with m.If(join.whole):
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
        for condition, why in (
            (join.stale, StaleCause.HOST),
            (self.queue_overflow, StaleCause.QUEUE_OVERFLOW),
            (self.book_stale, StaleCause.TABLE_FULL),
            (self.gap, StaleCause.GAP),
            (self.diverged, StaleCause.DIVERGENCE),
        ):
            with m.If(condition):
                m.d.sync += [stale.eq(1), whole_waits.eq(0)]
                m.d.comb += cause.eq(why)
                if why is not StaleCause.TABLE_FULL:
                    m.d.sync += exact.eq(0)
        with m.If(self.session_changed | self.symbol_changed):
            m.d.sync += [
                bound.eq(0),
                locate.eq(0),
                stale.eq(1),
                stopped.eq(1),
                out_of_order.eq(0),
                restricted.eq(1),
                opened.eq(0),
                exact.eq(0),
                whole_waits.eq(0),
                anew_waits.eq(1),
            ]
            with m.If(self.session_changed):
                m.d.comb += cause.eq(StaleCause.SESSION)
            with m.Else():
                m.d.comb += cause.eq(StaleCause.HOST)

        rebound = self.message_valid & self.named & ~self.about
        m.d.comb += [
            self.upset_valid.eq((cause != StaleCause.NONE) | join.bind | join.whole | rebound),
            self.upset.eq(Mux(cause != StaleCause.NONE, cause.as_value(), StaleCause.HOST.value)),
        ]
        told = Signal(SlotFlags, init=_RESET_FLAGS)
        told_locate = Signal(16)
        m.d.comb += self.changed.eq(
            (told.as_value() != self.flags.as_value())
            | (told_locate != locate)
            | (self.cause.as_value() != StaleCause.NONE.value)
        )
        with m.If(self.told):
            m.d.sync += [told.eq(self.flags), told_locate.eq(locate), self.cause.eq(StaleCause.NONE)]
        with m.If(~stale & (cause != StaleCause.NONE)):
            m.d.sync += self.cause.eq(cause)
        with m.Elif(~stale & self.gap_opened):
            m.d.sync += self.cause.eq(StaleCause.GAP)
        with m.If(snapshot.failed):
            m.d.sync += self.cause.eq(StaleCause.SNAPSHOT)
        return m
