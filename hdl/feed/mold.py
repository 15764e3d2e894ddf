"""MoldUDP64: packets in, messages out, with the sequence watched."""

from amaranth import Cat, Module, Mux, Signal, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from hdl.feed.blocks import ENDS, BlockFinder
from hdl.feed.capture import SHELVES, MessageCapture
from hdl.net.udp_receiver import payload_lanes, payload_signature
from hdl.wire.itch50 import LONGEST
from hdl.wire.moldudp64 import END_OF_SESSION, HEADER

__all__ = ["IN_SEQUENCE", "FeedMessage", "Gap", "MoldReceiver"]


class FeedMessage(data.Struct):
    """One message of the feed, undecoded."""

    #: First byte most significant; bytes past ``length`` mean nothing.
    content: unsigned(8 * LONGEST)
    #: As the block said; may be longer than any ITCH message.
    length: unsigned(16)
    sequence: unsigned(64)
    session_epoch: unsigned(16)
    #: Card time at which the last byte entered the card.
    card_time: unsigned(64)


class Gap(data.Struct):
    """Messages from ``expected`` up to, not including, ``received`` did not come, or came and are in ``doubt``."""

    expected: unsigned(64)
    received: unsigned(64)
    doubt: unsigned(1)


#: What is told of messages that are given in order.
IN_SEQUENCE = {
    "message_valid": Out(1),
    "message": Out(FeedMessage),
    "gap_valid": Out(1),
    "gap": Out(Gap),
    "session_changed": Out(1),
    "joined": Out(1),
    "joined_late": Out(1),
    "session": Out(80),
    "session_epoch": Out(16),
    "next_sequence": Out(64, init=1),
}


class MoldReceiver(wiring.Component):
    """Gives each message of a MoldUDP64 session once, in order, and says when some are missing.

    The first packet's session is taken as it comes and expected to begin at sequence 1, as is every later session.
    A packet that starts above the expected number is a gap; decoding goes on behind it. One that starts below is
    heard again: its known messages are skipped and counted, the new ones delivered. Heartbeats and ends of session
    carry the next number and so show a loss too. An empty block uses up a number and delivers nothing.

    Nothing is stored: messages go out before the end of their frame is seen. Where a packet says more than it holds,
    what was there is delivered, the rest counted as a wrong size and reported as a gap; the count is not believed
    for the next expected number, and the jump that follows is not reported twice. Where a frame ends in ``error``, all
    of its messages are in doubt: if any was delivered, that is a gap, and the expected number is as before the frame.

    Parameters
    ----------
    width : int
        Bytes of a beat: 1, 4 or 8.
    shelves : int
        As of :class:`hdl.feed.capture.MessageCapture`.

    Ports
    -----
    packet
        UDP payloads, none shorter than the header.
    join
        Pulse: the next packet's session and sequence are taken as they come.
    free
        Every packet's sequence is taken as it comes, nothing is skipped and no loss is reported: for a line whose
        messages are put in order elsewhere (:mod:`hdl.feed.arbiter`).
    write_shelf, read_shelf
        As of :class:`hdl.feed.capture.MessageCapture`; equal where nothing keeps messages. ``content`` of ``message``
        is whatever lies on the ``read_shelf``.
    message_valid, message
        One message; at most one a cycle, and one every second cycle on average at the most.
    gap_valid, gap
        Messages are missing.
    session_changed
        A new session took the place of another; ``session_epoch`` counts these.
    joined, joined_late
        A packet was taken as it came; it did not begin with message 1.
    session, session_epoch, next_sequence
        Session name, first character lowest; number of changes; sequence number expected next.
    session_ended
        Pulse: end of session.
    blocks, block_sequence
        How many sequence numbers were used up in the beat of ``message_valid``, or in one that ends empty blocks only;
        the first of them. A message is the first of its beat.
    packet_ended, packet_spoiled
        Pulses, in the cycle of the last ``blocks``: a packet is over; it was damaged.
    packets, duplicates, wrong_sizes
        How much to count this cycle: packets with a whole header; messages skipped because known; blocks that lie
        whole in a beat (too short for any message) or run past their packet, bytes behind the last block.
    busy
        A beat is in flight.

    Latency: ``message_valid`` 2 cycles after the beat with the message's last byte, always. Gap, session and join
    pulses come 1 cycle after the beat that carries the header's last byte; gaps found at a packet's end 2 cycles
    after it.

    Source: MoldUDP64 1.00 (``hdl.wire.moldudp64``).
    """

    def __init__(self, width: int = 8, shelves: int = SHELVES) -> None:
        self._width, self._shelves = width, shelves
        super().__init__(
            {
                "packet": In(payload_signature(width)),
                "join": In(1),
                "free": In(1),
                "write_shelf": In(range(shelves)),
                "read_shelf": In(range(shelves)),
                **IN_SEQUENCE,
                "session_ended": Out(1),
                "blocks": Out(range(ENDS + 1)),
                "block_sequence": Out(64),
                "packet_ended": Out(1),
                "packet_spoiled": Out(1),
                "packets": Out(1),
                "duplicates": Out(range(ENDS + 1)),
                "wrong_sizes": Out(range(ENDS + 2)),
                "busy": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        W = self._width
        m.submodules.finder = finder = BlockFinder(W)
        m.submodules.capture = capture = MessageCapture(W, self._shelves)
        beat, beat_valid = self.packet.payload, self.packet.valid

        # The header, as its last beat comes by. It begins in one of a few lanes.
        lanes = payload_lanes(W)
        finals = {lane: (lane + HEADER.length - 1) // W for lane in lanes}  # number of that beat
        limit = max(finals.values()) + 1
        number, following = Signal(range(limit + 1)), Signal(range(limit + 1))
        lane, kept_lane = Signal(range(W)), Signal(range(W))
        m.d.comb += [
            number.eq(Mux(beat.first, 1, following)),
            lane.eq(Mux(beat.first, beat.start, kept_lane)),
        ]
        with m.If(beat_valid):
            m.d.sync += [following.eq(Mux(beat.last, 0, Mux(number == limit, limit, number + 1))), kept_lane.eq(lane)]

        def by_lane(values):
            return values[lanes[0]] if len(lanes) == 1 else Mux(lane == lanes[0], *(values[n] for n in lanes))

        header = []
        for p in range(HEADER.length):
            byte, sources = Signal(8, name=f"header_{p}"), {}
            for first in lanes:
                of_beat, at = divmod(first + p, W)
                sources[first] = beat.data[at] if of_beat == finals[first] else byte
                early = (beat.first, beat.lead[at]) if of_beat == 0 else (number == of_beat, beat.data[at])
                with m.If(beat_valid & early[0] & (lane == first)):
                    m.d.sync += byte.eq(early[1])
            header.append(by_lane(sources))

        def field(name, *, text=False):
            part = header[HEADER[name].offset : HEADER[name].end]
            return Cat(part if text else reversed(part))

        session, sequence, count = field("session", text=True), field("sequence_number"), field("message_count")
        body = Signal(range(W + 1))
        begin = Signal()
        m.d.comb += [
            body.eq(by_lane({n: (n + HEADER.length - 1) % W + 1 for n in lanes})),
            begin.eq(beat_valid & (number == by_lane(finals)) & (beat.count >= body) & ~(beat.last & beat.error)),
            finder.beat_valid.eq(beat_valid),
            *(finder.beat[name].eq(beat[name]) for name in ("data", "count", "last", "error")),
            finder.begin.eq(begin),
            finder.body.eq(body),
            finder.blocks.eq(Mux(count == END_OF_SESSION, 0, count)),
        ]

        # Where the packet stands in the sequence.
        known = Signal()
        joining = Signal()
        expected = self.next_sequence
        fallback = Signal(64)  # what to expect if this packet turns out spoiled
        skip = Signal(17)  # messages of this packet that are known
        reported = Signal()  # a loss was reported at the end of a packet: the jump over it is no second one
        delivered = Signal()  # this packet changed something that cannot be taken back
        joined_here = Signal()
        same = Signal()
        base = Signal(64)
        behind = Signal(64)
        lost = Signal()
        m.d.comb += [
            same.eq(known & (session == self.session)),
            base.eq(Mux(joining | self.free, sequence, Mux(same, expected, 1))),
            behind.eq(base - sequence),
            lost.eq(sequence > base),
        ]
        m.d.sync += [
            self.gap_valid.eq(0),
            self.session_changed.eq(0),
            self.joined.eq(0),
            self.joined_late.eq(0),
            self.packets.eq(begin),
            self.session_ended.eq(begin & (count == END_OF_SESSION)),
        ]

        # Blocks, one cycle behind.
        ending = finder.now_valid & finder.active & finder.now.last
        repeats = Signal(range(ENDS + 1))
        fresh_ends = Signal(range(ENDS + 1))
        missing = Signal(17)
        torn = Signal()
        few = Signal(range(ENDS + 1))
        short_count = Signal(range(ENDS + 1))
        deliver = Signal()
        after = Signal(64)
        m.d.comb += [
            few.eq(Mux(skip > ENDS, ENDS, skip)),
            repeats.eq(Mux(finder.ends < few, finder.ends, few)),
            fresh_ends.eq(finder.ends - repeats),
            short_count.eq(sum(finder.shorts[k] & (few <= k) for k in range(ENDS))),
            deliver.eq(finder.message_end & (skip == 0)),
            after.eq(expected + fresh_ends),
            missing.eq(Mux(finder.left > skip - repeats, finder.left - (skip - repeats), 0)),
            torn.eq(ending & ~finder.now.error & (finder.left != 0)),
        ]
        trailing = Signal()
        m.d.sync += [
            self.duplicates.eq(repeats),
            self.blocks.eq(Mux(finder.now_valid & finder.active, fresh_ends, 0)),
            self.block_sequence.eq(expected),
            self.packet_ended.eq(ending & ~finder.now.error),
            self.packet_spoiled.eq(ending & finder.now.error),
            self.wrong_sizes.eq(short_count + torn + (ending & ~finder.now.error & (trailing | finder.trailing))),
        ]
        with m.If(finder.now_valid):
            m.d.sync += trailing.eq(~finder.now.last & (trailing | finder.trailing))
        with m.If(finder.now_valid & finder.active):
            m.d.sync += [expected.eq(after), skip.eq(skip - repeats)]
            with m.If(fresh_ends != 0):
                m.d.sync += delivered.eq(1)
        with m.If(ending & finder.now.error):
            m.d.sync += [
                self.gap_valid.eq(delivered),
                self.gap.expected.eq(fallback),
                self.gap.received.eq(expected),
                self.gap.doubt.eq(1),
                expected.eq(fallback),
                joining.eq(joining | joined_here),
            ]
            with m.If(delivered):
                m.d.sync += reported.eq(1)
        with m.Elif(torn & (missing != 0)):
            m.d.sync += [
                self.gap_valid.eq(1),
                self.gap.expected.eq(after),
                self.gap.received.eq(after + missing),
                self.gap.doubt.eq(0),
                reported.eq(1),
            ]

        with m.If(begin):
            m.d.sync += [
                known.eq(1),
                self.session.eq(session),
                fallback.eq(base),
                expected.eq(Mux(lost, sequence, base)),
                skip.eq(Mux(lost, 0, Mux(behind >> len(skip), ~0, behind))),
                delivered.eq(lost | (known & ~same)),
                reported.eq(0),
                joining.eq(0),
                joined_here.eq(joining),
                self.joined.eq(joining),
                self.joined_late.eq(joining & (sequence != 1)),
                self.gap_valid.eq(lost & ~(reported & same)),
                self.gap.expected.eq(base),
                self.gap.received.eq(sequence),
                self.gap.doubt.eq(0),
            ]
            with m.If(known & ~same):
                m.d.sync += [self.session_changed.eq(1), self.session_epoch.eq(self.session_epoch + 1)]
        with m.If(self.join):
            m.d.sync += joining.eq(1)

        # The message, and when the beat with its last byte came in.
        time = Signal(64)
        with m.If(beat_valid):
            m.d.sync += time.eq(beat.time)
        m.d.comb += [
            capture.valid.eq(finder.now_valid & finder.open),
            capture.now.eq(finder.now),
            capture.before.eq(finder.before),
            capture.shift.eq(finder.shift),
            capture.word.eq(finder.word),
            capture.write_shelf.eq(self.write_shelf),
            capture.read_shelf.eq(self.read_shelf),
            self.message.content.eq(capture.content),
        ]
        m.d.sync += self.message_valid.eq(deliver)
        with m.If(deliver):
            m.d.sync += [
                self.message.length.eq(finder.length),
                self.message.sequence.eq(expected),
                self.message.session_epoch.eq(self.session_epoch),
                self.message.card_time.eq(time),
            ]
        news = self.message_valid | self.gap_valid | self.session_changed | self.joined
        m.d.comb += self.busy.eq(beat_valid | (following != 0) | finder.now_valid | news)
        return m
