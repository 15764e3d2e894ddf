"""What is said of the states of symbols, by the feed, a snapshot and the host: one word at a time."""

from amaranth import Const, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from hdl.feed.itch import ItchMessage
from hdl.feed.live_states import LiveStates
from hdl.feed.snapshot_types import SnapshotWord

__all__ = ["SlotCommand", "SlotJoin", "StateWords", "TradingStates"]


class SlotCommand(data.Struct):
    """The host's pulses for a slot (register ``slot.join``)."""

    bind: 1
    trading: 1
    whole: 1
    stale: 1


class SlotJoin(data.Struct):
    """The host's word on a slot (register ``slot.join``): which one, a locate and pulses."""

    slot: 8
    locate: 16
    command: SlotCommand


class TradingStates(data.Struct):
    """A symbol's trading states, or which of them are meant.

    ``stopped``: by a Trading Action or a breaker. ``out_of_order``: by an operational halt of this market.
    ``restricted``: its short sales, by Reg SHO. ``opened``: by its cross.
    """

    stopped: 1
    out_of_order: 1
    restricted: 1
    opened: 1


class StateWords(wiring.Component):
    """Puts the feed's, a snapshot's and the host's words on symbols one behind the other.

    A message is heard as it comes. The words of a snapshot and of the host wait, that one first, for a cycle without a
    message: there is one soon, since the feed's messages are longer than a beat. So what a state becomes is worked out
    once for all slots, and one slot at most is bound in a cycle. A word that waits when the session changes is of the
    session before, and forgotten.

    Ports
    -----
    message_valid, message
        A decoded message.
    about_loading
        It is about the symbol that a snapshot is loaded for.
    snapshot
        The loader's word.
    begun_anew
        Pulse: the symbol that a snapshot is loaded for is another one from now on.
    slot_join
        The host's word, of which the next one is a few cycles away.
    session_changed
        Ahead of the new session's messages.
    said, states
        Which of the trading states are said now, and how they are: by the message, of the symbol that it is about; or
        of the snapshot's or the host's slot.
    breaker
        The message stops every symbol, and ``states`` says so.
    stated, market_stated
        The word is the snapshot's; it tells whether the market is open, of which the feed has said nothing newer.
    command, slot
        The word is the host's: pulses, and for which slot.
    locate
        The message's, or in a cycle without one the host's.
    waits
        A word waits.

    Latency: none for a message and, in a cycle without one, for a snapshot's word; at least one cycle for the host's.
    A code that the specification does not name stops, or restricts.

    Source: TotalView-ITCH 5.0, sections 1.1 to 1.2 (``hdl.wire.itch50``).
    """

    message_valid: In(1)
    message: In(ItchMessage)
    about_loading: In(1)
    snapshot: In(SnapshotWord)
    begun_anew: In(1)
    slot_join: In(SlotJoin)
    session_changed: In(1)
    said: Out(TradingStates)
    states: Out(TradingStates)
    breaker: Out(1)
    stated: Out(1)
    market_stated: Out(1)
    command: Out(SlotCommand)
    slot: Out(8)
    locate: Out(16)
    waits: Out(1)

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        message, snapshot, valid = self.message, self.snapshot, self.message_valid
        said, states = self.said, self.states

        # What the feed has said while a snapshot loads.
        m.submodules.live = live = LiveStates()
        m.d.comb += [
            live.message_valid.eq(valid),
            live.message.eq(message),
            live.about.eq(self.about_loading),
            live.begun.eq(snapshot.begun),
            live.sequence.eq(snapshot.sequence),
        ]

        stated, stated_waits, turn = self.stated, Signal(), Signal()
        word = Signal(SlotJoin)
        m.d.comb += [
            stated.eq((snapshot.stated | stated_waits) & ~valid),
            self.market_stated.eq(stated & snapshot.states.market_known & ~live.market),
            turn.eq(~valid & ~stated),
            self.command.eq(Mux(turn, word.command.as_value(), 0)),
            self.slot.eq(word.slot),
            self.locate.eq(Mux(valid, message.locate, word.locate)),
            self.waits.eq(stated_waits | word.command.as_value().any()),
        ]
        m.d.sync += stated_waits.eq((snapshot.stated | stated_waits) & valid & ~self.session_changed & ~self.begun_anew)
        with m.If(turn | self.session_changed):
            m.d.sync += word.command.eq(0)
        with m.If(self.slot_join.command.as_value().any()):
            m.d.sync += word.eq(self.slot_join)

        def says(letter):
            return message.type == ord(letter)

        m.d.comb += [self.breaker.eq(valid & says("W")), states.opened.eq(1)]
        with m.If(valid):
            m.d.comb += [
                said.stopped.eq(says("H")),
                said.out_of_order.eq(says("h") & (message.market == ord("Q"))),
                said.restricted.eq(says("Y")),
                said.opened.eq(says("Q") & (message.code == ord("O"))),
                states.stopped.eq((message.code != ord("T")) | says("W")),
                states.out_of_order.eq(message.code != ord("T")),
                states.restricted.eq(message.code != ord("0")),
            ]
        with m.Elif(stated):
            m.d.comb += [
                said.stopped.eq(~live.trading),
                said.out_of_order.eq(~live.operating),
                said.restricted.eq(~live.short_sale),
                said.opened.eq(snapshot.states.opened),
                states.stopped.eq(~snapshot.states.trading),
                states.out_of_order.eq(~snapshot.states.operating),
                states.restricted.eq(~snapshot.states.unrestricted),
            ]
        with m.Else():  # the host says that the symbol trades
            m.d.comb += said.eq(Const(-1, said.as_value().shape()))
        return m
