"""The feed side of the card in one block: frames in, market events and states out."""

from amaranth import Cat, Module, Mux, Signal, Value, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from hdl.configs import CardConfig
from hdl.feed.blocks import ENDS
from hdl.feed.itch import ItchDecoder, ItchMessage
from hdl.feed.joined import JoinedFeed
from hdl.feed.line import line_item
from hdl.feed.mold import MoldReceiver
from hdl.feed.recovery import GapRecovery, GapReport
from hdl.feed.slot_state import StaleCause
from hdl.feed.snapshot_types import SnapshotWord
from hdl.feed.state_words import SlotJoin
from hdl.feed.states import MarketStates, StateChange, SystemEvent
from hdl.net.frame import frame_signature
from hdl.net.udp_receiver import UdpReceiver
from hdl.net.udp_sender import UdpAddress, UdpSender
from hdl.types import MarketEvent, SlotFlags
from hdl.wire.moldudp64 import HEADER, REQUEST

__all__ = ["FeedReceiver"]


class FeedReceiver(wiring.Component):
    """A ``UdpReceiver`` a line, ``JoinedFeed``, ``GapRecovery``, ``ItchDecoder`` and ``MarketStates``, wired.

    Parameters
    ----------
    config : CardConfig
        ``width``, ``slots``, ``lines`` and ``hosts_apart`` are used. Built for one line, nothing of the feed is heard
        on ``rx_b``.
    recovers : bool
        Built without what asks for missing messages, every gap is a loss at once, as where ``request_address`` is zero.

    Ports
    -----
    rx, rx_b, card_time
        Ethernet frames of lines A and B without check sequence, always ready; card time of this cycle. With
        ``hosts_apart`` answers to requests come on ``rx_b``.
    dest_ip, dest_port, dest_b_ip, dest_b_port, check_ip_checksum
        As registers ``feed.destination``, ``feed.destination_b`` and ``feed.checks``.
    tx
        Requests for missing messages, as frames without check sequence.
    own_address, request_address, request_timeout, request_tries
        As registers ``requests.own`` to ``requests.pacing``: where answers come, on the port of the station, and
        requests go.
    book_settled
        Nothing waits before the book.
    two_lines, reorder, timeout
        As register ``feed.arbitration``.
    join
        Pulse of ``feed.command.join``: the next packet's session and sequence are taken as they come, and the market
        counts as open.
    symbols, symbol_changed, slot_join
        Register ``slot.symbol`` of each slot, and what the host writes into a register ``slot.join``.
    book_stale_valid, book_stale_slot, queue_overflow, all_held_valid, all_held_slot
        What the book lost; that all it lost of a slot is gone.
    healed
        Pulse: a slot is whole again of itself.
    loading, holding, snapshot, held_valid, upset_valid, upset
        Between :class:`hdl.feed.states.MarketStates` and the loader of snapshots.
    events
        Market events of bound slots, and CLEAR; never waiting.
    flags, shown_slot, shown_locate
        State of each slot; a slot, and in the same cycle the locate bound to it.
    gap_valid, gap
        A loss was found, filled or given up.
    recovering, next_missing
        A gap is open; the lowest number missing.
    session, session_epoch, session_changed, next_sequence
        The MoldUDP64 session (first character lowest), number of changes, pulse of a change, sequence expected next.
    frames ... given_up, requests_sent ... answers_useless
        What to add to the counter of that name this cycle.
    system_event_valid, system_event, state_change
        For telemetry; ``state_change`` waits until it is taken.
    decoded_valid, decoded
        Every message of known type and right length, a cycle before its event: for tests and taps.
    busy
        A frame, a message, an event or a state change is in flight.

    Latency: an event is valid 3 cycles after the beat with the message's last byte is on ``rx``, whatever its lane;
    with ``two_lines`` 4 cycles. Only where a frame goes on behind its datagram (a trailer) does the datagram's last
    beat wait for the frame's end (``docs/blocks/udp.md``).
    """

    def __init__(self, config: CardConfig, *, recovers: bool = True) -> None:
        self._width, self._slots, self._lines = config.width, config.slots, config.lines
        self._apart, self._recovers = config.hosts_apart, recovers
        super().__init__(
            {
                "rx": In(frame_signature(config.width, always_ready=True)),
                "rx_b": In(frame_signature(config.width, always_ready=True)),
                "tx": Out(frame_signature(config.width)),
                "own_address": In(UdpAddress),
                "request_address": In(UdpAddress),
                "request_timeout": In(32),
                "request_tries": In(8),
                "book_settled": In(1),
                "card_time": In(64),
                "dest_ip": In(32),
                "dest_port": In(16),
                "dest_b_ip": In(32),
                "dest_b_port": In(16),
                "two_lines": In(1),
                "reorder": In(8),
                "timeout": In(32),
                "check_ip_checksum": In(1),
                "join": In(1),
                "symbols": In(data.ArrayLayout(unsigned(64), config.slots)),
                "symbol_changed": In(config.slots),
                "slot_join": In(SlotJoin),
                "book_stale_valid": In(1),
                "book_stale_slot": In(8),
                "queue_overflow": In(1),
                "all_held_valid": In(1),
                "all_held_slot": In(8),
                "healed": Out(1),
                "loading": In(config.slots),
                "holding": In(config.slots),
                "snapshot": In(SnapshotWord),
                "held_valid": Out(1),
                "upset_valid": Out(1),
                "upset": Out(StaleCause),
                "events": Out(stream.Signature(MarketEvent, always_ready=True)),
                "flags": Out(data.ArrayLayout(SlotFlags, config.slots)),
                "shown_slot": In(8),
                "shown_locate": Out(16),
                "gap_valid": Out(1),
                "gap": Out(GapReport),
                "recovering": Out(1),
                "next_missing": Out(64),
                "session": Out(80),
                "session_epoch": Out(16),
                "session_changed": Out(1),
                "next_sequence": Out(64),
                "frames": Out(1),
                "frames_ignored": Out(1),
                "frames_bad": Out(1),
                "packets": Out(1),
                "messages": Out(1),
                "unknown_types": Out(1),
                "wrong_sizes": Out(range(ENDS + 3)),
                "gaps": Out(1),
                "duplicates": Out(range(2 * ENDS + 2)),
                "tracked": Out(1),
                "b_frames": Out(1),
                "b_frames_ignored": Out(1),
                "b_frames_bad": Out(1),
                "b_packets": Out(1),
                "b_wrong_sizes": Out(range(ENDS + 2)),
                "a_first": Out(1),
                "b_first": Out(1),
                "a_skipped": Out(16),
                "b_skipped": Out(16),
                "a_overflows": Out(1),
                "b_overflows": Out(1),
                "foreign": Out(range(2 * ENDS + 1)),
                "divergences": Out(1),
                "given_up": Out(2),
                "requests_sent": Out(1),
                "recovered": Out(1),
                "gaps_filled": Out(1),
                "gaps_lost": Out(1),
                "not_held": Out(1),
                "answers_useless": Out(1),
                "system_event_valid": Out(1),
                "system_event": Out(SystemEvent),
                "state_change": Out(stream.Signature(StateChange)),
                "decoded_valid": Out(1),
                "decoded": Out(ItchMessage),
                "busy": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        m.submodules.udp = udp = UdpReceiver(self._width, least=HEADER.length)
        m.submodules.lines = mold = JoinedFeed(self._width, lines=self._lines)
        m.submodules.itch = itch = ItchDecoder()
        m.submodules.states = states = MarketStates(self._slots)

        connect(m, flipped(self.rx), udp.rx)
        connect(m, udp.datagram, mold.packet_a)
        connect(m, states.events, flipped(self.events))
        connect(m, states.state_change, flipped(self.state_change))
        m.d.comb += [
            udp.card_time.eq(self.card_time),
            udp.ip.eq(self.dest_ip),
            udp.port.eq(self.dest_port),
            udp.check_ip_checksum.eq(self.check_ip_checksum),
            mold.card_time.eq(self.card_time),
            mold.two_lines.eq(self.two_lines),
            mold.reorder.eq(self.reorder),
            mold.timeout.eq(self.timeout),
            mold.join.eq(self.join),
            states.message_valid.eq(itch.decoded_valid),
            states.message.eq(itch.decoded),
            states.card_time.eq(self.card_time),
            states.next_sequence.eq(mold.next_sequence),
            states.symbols.eq(self.symbols),
            states.symbol_changed.eq(self.symbol_changed),
            states.slot_join.eq(self.slot_join),
            states.market_join.eq(self.join),
            states.joined.eq(mold.joined),
            states.joined_late.eq(mold.joined_late),
            states.diverged.eq(mold.diverged),
            states.session_changed.eq(mold.session_changed),
            states.session_epoch.eq(mold.session_epoch),
            states.book_stale_valid.eq(self.book_stale_valid),
            states.book_stale_slot.eq(self.book_stale_slot),
            states.queue_overflow.eq(self.queue_overflow),
            *(getattr(states, name).eq(getattr(self, name)) for name in _TO_STATES),
            *(
                getattr(self, name).eq(getattr(states, name))
                for name in ("held_valid", "upset_valid", "upset", "healed")
            ),
        ]
        m.d.comb += [
            self.flags.eq(states.flags),
            states.shown_slot.eq(self.shown_slot),
            self.shown_locate.eq(states.shown_locate),
            self.session.eq(mold.session),
            self.session_epoch.eq(mold.session_epoch),
            self.session_changed.eq(mold.session_changed),
            self.next_sequence.eq(mold.next_sequence),
            self.frames.eq(udp.frame_seen),
            self.frames_ignored.eq(udp.frame_ignored),
            self.frames_bad.eq(udp.frame_bad),
            self.packets.eq(mold.packets[0]),
            self.messages.eq(itch.messages),
            self.unknown_types.eq(itch.unknown_types),
            self.wrong_sizes.eq(mold.wrong_sizes[0] + itch.wrong_sizes),
            self.gaps.eq(mold.gap_valid),
            self.duplicates.eq(mold.duplicates),
            self.tracked.eq(states.tracked),
            self.b_packets.eq(mold.packets[1]),
            self.b_wrong_sizes.eq(mold.wrong_sizes[1]),
            self.a_first.eq(mold.won[0]),
            self.b_first.eq(mold.won[1]),
            self.a_skipped.eq(mold.skipped[0]),
            self.b_skipped.eq(mold.skipped[1]),
            self.a_overflows.eq(mold.overflows[0]),
            self.b_overflows.eq(mold.overflows[1]),
            self.foreign.eq(mold.foreign),
            self.divergences.eq(mold.diverged),
            self.given_up.eq(mold.timed_out + mold.exceeded),
            self.system_event_valid.eq(states.system_event_valid),
            self.system_event.eq(states.system_event),
            self.decoded_valid.eq(itch.decoded_valid),
            self.decoded.eq(itch.decoded),
        ]
        b_busy = self._hear_line_b(m, mold) if self._lines == 2 else 0
        recovery_busy = (self._recover if self._recovers else self._lose)(m, udp, mold, itch, states)
        m.d.comb += self.busy.eq(udp.busy | b_busy | mold.busy | states.busy | recovery_busy)
        return m

    def _hear_line_b(self, m: Module, mold) -> Signal:
        """Put line B's receiver before the lines; give whether it is busy."""
        m.submodules.udp_b = udp_b = UdpReceiver(self._width, least=HEADER.length)
        connect(m, flipped(self.rx_b), udp_b.rx)
        connect(m, udp_b.datagram, mold.packet_b)
        m.d.comb += [
            udp_b.card_time.eq(self.card_time),
            udp_b.ip.eq(self.dest_b_ip),
            udp_b.port.eq(self.dest_b_port),
            udp_b.check_ip_checksum.eq(self.check_ip_checksum),
            self.b_frames.eq(udp_b.frame_seen),
            self.b_frames_ignored.eq(udp_b.frame_ignored),
            self.b_frames_bad.eq(udp_b.frame_bad),
        ]
        return udp_b.busy

    def _lose(self, m: Module, udp: UdpReceiver, mold: JoinedFeed, itch: ItchDecoder, states: MarketStates) -> int:
        """Put the lines before the decoder, with nothing between that fills gaps; give that it is never busy."""
        m.d.comb += [
            itch.message_valid.eq(mold.message_valid),
            itch.message.eq(mold.message),
            states.gap.eq(mold.gap_valid),
            self.gap_valid.eq(mold.gap_valid),
            self.gap.expected.eq(mold.gap.expected),
            self.gap.received.eq(mold.gap.received),
        ]
        return 0

    def _recover(self, m: Module, udp: UdpReceiver, mold: JoinedFeed, itch: ItchDecoder, states: MarketStates) -> Value:
        """Put what fills gaps between the lines and the decoder, and out to the server; give whether it is busy."""
        m.submodules.answers = answers = MoldReceiver(self._width)
        m.submodules.recovery = recovery = GapRecovery()
        m.submodules.sender = sender = UdpSender(self._width, REQUEST.length)
        request = recovery.requests.payload
        heard = udp
        if self._apart:
            m.submodules.udp_own = heard = UdpReceiver(self._width, least=HEADER.length)
            connect(m, flipped(self.rx_b), heard.rx)
            m.d.comb += [heard.card_time.eq(self.card_time), heard.check_ip_checksum.eq(self.check_ip_checksum)]
        connect(m, heard.own_datagram, answers.packet)
        connect(m, sender.tx, flipped(self.tx))
        line_item(m, answers, self._asks(), recovery.answers)
        m.d.comb += [
            heard.own_ip.eq(Mux(self._asks(), self.own_address.ip, 0)),
            heard.own_port.eq(self.own_address.port),
            answers.free.eq(1),
            answers.write_shelf.eq(recovery.write_shelf),
            answers.read_shelf.eq(recovery.read_shelf),
            recovery.answer_content.eq(answers.message.content),
            recovery.enable.eq(self._asks()),
            *(getattr(recovery, name).eq(getattr(mold, name)) for name in _FROM_LINES),
            recovery.packet.eq(mold.packets[0]),
            recovery.settled.eq(self.book_settled),
            recovery.timeout.eq(self.request_timeout),
            recovery.tries.eq(self.request_tries),
            recovery.card_time.eq(self.card_time),
            sender.source.eq(self.own_address),
            sender.destination.eq(self.request_address),
            sender.payload.valid.eq(recovery.requests.valid),
            recovery.requests.ready.eq(sender.payload.ready),
            Cat(sender.payload.payload[i] for i in range(REQUEST.length)).eq(
                Cat(request.session, _big_endian(request.sequence), _big_endian(request.count))
            ),
            itch.message_valid.eq(recovery.out_valid),
            itch.message.eq(recovery.out),
            states.gap.eq(recovery.lost),
            states.recovering.eq(recovery.recovering),
            self.gap_valid.eq(recovery.report_valid),
            self.gap.eq(recovery.report),
            self.recovering.eq(recovery.recovering),
            self.next_missing.eq(recovery.next_missing),
            self.requests_sent.eq(sender.payload.valid & sender.payload.ready),
            self.recovered.eq(recovery.recovered),
            self.gaps_filled.eq(recovery.filled),
            self.gaps_lost.eq(recovery.lost & recovery.enable),
            self.not_held.eq(recovery.overflowed),
            self.answers_useless.eq(recovery.strangers),
        ]
        busy = answers.busy | recovery.busy | sender.tx.valid
        return busy | heard.busy if self._apart else busy

    def _asks(self):
        """Whether requests can be sent and answers come."""
        return (self.own_address.ip != 0) & (self.request_address.ip != 0)


def _big_endian(value):
    """Bytes of a number, the highest lowest."""
    return Cat(value.word_select(i, 8) for i in reversed(range(len(value) // 8)))


_FROM_LINES = (
    *("message_valid", "message", "gap_valid", "gap", "session_changed", "joined"),
    *("session", "session_epoch", "next_sequence"),
)
_TO_STATES = ("loading", "holding", "snapshot", "all_held_valid", "all_held_slot")
