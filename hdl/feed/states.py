"""What the feed says about each followed symbol: its locate number, and whether it may be traded."""

from amaranth import Array, Const, Module, Mux, Signal, unsigned
from amaranth.lib import data, enum, stream, wiring
from amaranth.lib.wiring import In, Out

from hdl.feed.itch import ItchMessage
from hdl.types import EventKind, MarketEvent, SlotFlags

__all__ = ["MarketStates", "SlotJoin", "StaleCause", "StateChange", "SystemEvent"]


class StaleCause(enum.Enum, shape=3):
    """Why a slot went stale; numbers as in the STALE record. NONE: something else changed."""

    NONE = 0
    GAP = 1
    TABLE_FULL = 2
    QUEUE_OVERFLOW = 3
    HOST = 4
    SESSION = 5


class SlotJoin(data.Struct):
    """The host's word on a slot (register ``slot.join``): a locate and pulses."""

    locate: unsigned(16)
    bind: unsigned(1)
    trading: unsigned(1)
    whole: unsigned(1)
    stale: unsigned(1)


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
    slot_join
        The host's word on each slot; ``whole`` takes effect together with a CLEAR event, in the first free cycle.
    market_join, joined_late
        The host joins: the market counts as open. The session was joined after its first message.
    gap, session_changed, joined
        From :class:`hdl.feed.mold.MoldReceiver`; ahead of the messages they speak of.
    book_stale_valid, book_stale_slot, queue_overflow
        The book lost an order of this slot; events were lost, so every slot is stale.
    events
        Market events, never waiting.
    flags, locates
        State of each slot, and the locate bound to it.
    state_change
        One element for each slot that changed, lowest first; changes while one waits are told as one, a stale
        cause being kept. ``system_event_valid``, ``system_event``: System Event messages.
    tracked
        Pulse: the message is about a bound slot.
    busy
        A CLEAR or a state change waits.

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
                "slot_join": In(data.ArrayLayout(SlotJoin, slots)),
                "market_join": In(1),
                "joined": In(1),
                "joined_late": In(1),
                "gap": In(1),
                "session_changed": In(1),
                "session_epoch": In(16),
                "book_stale_valid": In(1),
                "book_stale_slot": In(8),
                "queue_overflow": In(1),
                "events": Out(stream.Signature(MarketEvent, always_ready=True)),
                "flags": Out(data.ArrayLayout(SlotFlags, slots)),
                "locates": Out(data.ArrayLayout(unsigned(16), slots)),
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
        slots = range(self._slots)
        message, valid = self.message, self.message_valid

        def says(letter, code=None):
            hit = valid & (message.type == ord(letter))
            return hit if code is None else hit & (message.code == ord(code))

        # Of the whole session.
        missed = Signal()  # messages of this session did not come, or came before the card listened
        market_open = Signal()
        with m.If(says("S", "Q")):
            m.d.sync += market_open.eq(1)
        with m.If(says("S", "M")):
            m.d.sync += market_open.eq(0)
        with m.If(self.session_changed):
            m.d.sync += [market_open.eq(0), missed.eq(0)]
        with m.If(self.market_join | self.joined):
            m.d.sync += market_open.eq(1)
        with m.If(self.gap | self.joined_late):
            m.d.sync += missed.eq(1)
        m.d.sync += [
            self.system_event_valid.eq(says("S")),
            self.system_event.code.eq(message.code),
            self.system_event.sequence.eq(message.source.sequence),
            self.system_event.exchange_time.eq(message.exchange_time),
        ]

        # Which slot a message is about: a compare for each slot.
        bound = Signal(self._slots)
        about = Signal(self._slots)
        named = Signal(self._slots)
        named_so = Signal(self._slots)
        followed = Array(Signal(64, name=f"followed_{i}") for i in slots)
        exchange_time = Signal(48)
        with m.If(valid):
            m.d.sync += exchange_time.eq(message.exchange_time)
        for i in slots:
            m.d.comb += [
                about[i].eq(bound[i] & (message.locate == self.locates[i])),
                named_so[i].eq((followed[i] != 0) & (message.stock == followed[i]) & (message.type == ord("R"))),
            ]
        m.d.comb += named.eq(_lowest(named_so))

        # Each slot.
        whole_waits = Signal(self._slots)  # the host said whole
        clear_waits = Signal(self._slots)  # the session changed
        fresh_binds = Signal(self._slots)  # this message makes the slot's book whole and empty
        waits_served = Signal(self._slots)
        changed = Signal(self._slots)
        change_taken = Signal(self._slots)
        causes = Array(Signal(StaleCause, name=f"cause_{i}") for i in slots)
        for i in slots:
            flags, join, locate = self.flags[i], self.slot_join[i], self.locates[i]
            bound_i = bound[i]
            stale = Signal(init=1, name=f"stale_{i}")
            stopped = Signal(init=1, name=f"stopped_{i}")  # by Trading Action or a market-wide breaker
            out_of_order = Signal(name=f"out_of_order_{i}")  # by an operational halt of this market
            restricted = Signal(init=1, name=f"restricted_{i}")
            opened = Signal(name=f"opened_{i}")
            m.d.comb += [
                flags.bound.eq(bound_i),
                flags.stale.eq(stale),
                flags.halted.eq(stopped | out_of_order),
                flags.short_restricted.eq(restricted),
                flags.opened.eq(opened),
                flags.market_open.eq(market_open),
            ]
            news = Signal(name=f"news_{i}")
            cause = Signal(StaleCause, name=f"new_cause_{i}")

            with m.If(about[i]):
                with m.If(says("H")):
                    m.d.sync += stopped.eq(message.code != ord("T"))
                with m.If(says("h") & (message.market == ord("Q"))):
                    m.d.sync += out_of_order.eq(message.code != ord("T"))
                with m.If(says("Y")):
                    m.d.sync += restricted.eq(message.code != ord("0"))
                with m.If(says("Q", "O")):
                    m.d.sync += opened.eq(1)
            with m.If(says("W")):
                m.d.sync += stopped.eq(1)

            with m.If(valid & named[i] & ~about[i]):  # a repeated R changes nothing
                m.d.sync += [bound_i.eq(1), locate.eq(message.locate)]
                with m.If(~bound_i & ~missed):
                    m.d.comb += fresh_binds[i].eq(1)
                    m.d.sync += stale.eq(0)
                with m.Else():  # too late, or a second locate in one day: what the book holds is not this symbol's
                    m.d.sync += stale.eq(1)
            with m.If(join.bind):
                m.d.sync += [bound_i.eq(1), locate.eq(join.locate)]
            with m.If(join.trading):
                m.d.sync += [stopped.eq(0), out_of_order.eq(0), opened.eq(1), restricted.eq(0)]
            with m.If(join.whole):
                m.d.sync += whole_waits[i].eq(1)
            with m.If(waits_served[i]):
                m.d.sync += [whole_waits[i].eq(0), clear_waits[i].eq(0)]
                with m.If(whole_waits[i]):
                    m.d.sync += stale.eq(0)

            for condition, why in (
                (join.stale, StaleCause.HOST),
                (self.queue_overflow, StaleCause.QUEUE_OVERFLOW),
                (self.book_stale_valid & (self.book_stale_slot == i), StaleCause.TABLE_FULL),
                (self.gap, StaleCause.GAP),
            ):
                with m.If(condition):
                    m.d.sync += [stale.eq(1), whole_waits[i].eq(0)]
                    with m.If(~stale):
                        m.d.comb += cause.eq(why)
            m.d.sync += followed[i].eq(self.symbols[i])
            anew = Signal(name=f"anew_{i}")
            m.d.comb += anew.eq(self.session_changed | (followed[i] != self.symbols[i]))
            with m.If(anew):
                m.d.sync += [
                    bound_i.eq(0),
                    locate.eq(0),
                    stale.eq(1),
                    stopped.eq(1),
                    out_of_order.eq(0),
                    restricted.eq(1),
                    opened.eq(0),
                    whole_waits[i].eq(0),
                    clear_waits[i].eq(1),
                ]
                with m.If(~stale):
                    m.d.comb += cause.eq(Mux(self.session_changed, StaleCause.SESSION, StaleCause.HOST))

            # Tell of it, once, when it has happened: the flags are compared with those told last.
            told = Signal(SlotFlags, name=f"told_{i}", init=_RESET_FLAGS)
            told_locate = Signal(16, name=f"told_locate_{i}")
            m.d.comb += [
                news.eq((told.as_value() != flags.as_value()) | (told_locate != locate)),
                changed[i].eq(news | (causes[i].as_value() != 0)),
            ]
            with m.If(change_taken[i]):
                m.d.sync += [told.eq(flags), told_locate.eq(locate), causes[i].eq(StaleCause.NONE)]
            with m.If(cause != StaleCause.NONE):
                m.d.sync += causes[i].eq(cause)

        # Events. A message's own event comes first; there is a free cycle after it, since no two messages that
        # concern a slot end in two beats on end.
        events, event = self.events, self.events.payload
        hit = about.any()
        m.d.sync += [
            self.tracked.eq(valid & (hit | named.any())),
            events.valid.eq(0),
            event.session_epoch.eq(self.session_epoch),
        ]
        lowest = Signal(8)
        with m.If(valid & hit & (message.kind != EventKind.NONE)):
            for i in reversed(slots):
                with m.If(about[i]):
                    m.d.comb += lowest.eq(i)
            m.d.sync += [
                events.valid.eq(1),
                event.slot.eq(lowest),
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
            waiting = Signal(self._slots)
            m.d.comb += waiting.eq(whole_waits | clear_waits | fresh_binds)
            with m.If(waiting.any()):
                # A Stock Directory message makes its own event; every other waits for a cycle without a message.
                chosen = Signal(self._slots)
                m.d.comb += chosen.eq(Mux(fresh_binds.any(), _lowest(fresh_binds), _lowest(waiting)))
                for i in slots:
                    with m.If(chosen[i]):
                        m.d.comb += lowest.eq(i)
                m.d.comb += waits_served.eq(chosen)
                m.d.sync += [
                    events.valid.eq(1),
                    event.eq(Const(0, MarketEvent)),
                    event.kind.eq(EventKind.CLEAR),
                    event.slot.eq(lowest),
                    event.session_epoch.eq(self.session_epoch),
                    event.sequence.eq(Mux(valid, message.source.sequence, self.next_sequence - 1)),
                    event.exchange_time.eq(Mux(valid, message.exchange_time, exchange_time)),
                    event.card_time.eq(Mux(valid, message.source.card_time, self.card_time)),
                ]

        # One change a cycle to whoever records them.
        first = Signal(self._slots)
        change = self.state_change.payload
        m.d.comb += [
            first.eq(_lowest(changed)),
            self.state_change.valid.eq(changed.any()),
            change_taken.eq(Mux(self.state_change.ready, first, 0)),
            change.sequence.eq(self.next_sequence - 1),
            change.exchange_time.eq(exchange_time),
        ]
        for i in slots:
            with m.If(first[i]):
                m.d.comb += [
                    change.slot.eq(i),
                    change.cause.eq(causes[i]),
                    change.flags.eq(self.flags[i]),
                    change.locate.eq(self.locates[i]),
                ]
        m.d.comb += self.busy.eq((whole_waits | clear_waits | changed).any() | events.valid)
        return m


_RESET_FLAGS = {"stale": 1, "halted": 1, "short_restricted": 1}


def _lowest(bits):
    """Keep the lowest set bit of ``bits``."""
    return bits & (~bits + 1)[: len(bits)]
