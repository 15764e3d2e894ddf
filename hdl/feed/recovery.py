"""Filling gaps: nothing after a gap is used before what is missing has been asked for and has come."""

from amaranth import Module, Mux, Signal, unsigned
from amaranth.lib import data, enum, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from hdl.feed.capture import SHELVES
from hdl.feed.line import LineItem, LineQueue
from hdl.feed.mold import FeedMessage, Gap
from hdl.feed.requests import FeedRequest, RequestPacing
from hdl.feed.window import ReorderWindow, WindowEntry
from hdl.wire.itch50 import LONGEST

__all__ = ["GapOutcome", "GapRecovery", "GapReport"]


class GapOutcome(enum.Enum, shape=2):
    """What is told of a gap; numbers as in the GAP record."""

    FOUND = 0
    FILLED = 1
    LOST = 2


class GapReport(data.Struct):
    """Messages from ``expected`` up to, not including, ``received``: found missing, come after all, or given up."""

    expected: unsigned(64)
    received: unsigned(64)
    outcome: GapOutcome


class GapRecovery(wiring.Component):
    """Stands between the feed and the decoder; holds messages back from a gap on, until it is filled or given up.

    While a gap is open, what the feed brings waits in a window of sequence numbers, and what does not fit the window is
    dropped and counted; it will be asked for like the gap itself. Answers are put in the same window. A message goes on
    when everything before it has; an answer's messages not before its packet has ended well. The gap is closed once
    the feed is caught up with and the book has taken all of it. A damaged frame that had brought messages past the
    point reached empties the window: all of it is asked for again.

    A gap that cannot be filled (no answer after the last try, a damaged frame whose messages have gone on, recovery
    switched off) is ``lost``: the feed goes on at where it is.

    Parameters
    ----------
    window : int
        Sequence numbers that can wait; a power of two.

    Ports
    -----
    enable
        Low: every gap is lost at once, and nothing is held back.
    message_valid, message, gap_valid, gap, session_changed, joined, session, session_epoch, next_sequence
        From :class:`hdl.feed.joined.JoinedFeed`.
    packet
        Pulse: a packet of the feed began, by which the numbers told since a packet that lied are known to be true.
    answers
        Items of the packets that came as answers; always taken.
    answer_content, write_shelf, read_shelf
        Of their :class:`hdl.feed.mold.MoldReceiver`: the bytes on the shelf that is read, and the shelves.
    settled
        Nothing waits before the book.
    timeout, tries, card_time
        As of :class:`hdl.feed.requests.RequestPacing`.
    requests
        Requests to send.
    out_valid, out
        Messages for the decoder.
    recovering
        A gap is open: no book is whole.
    lost
        Pulse: messages are missing for good.
    report_valid, report
        For telemetry.
    next_missing
        Lowest number that has not gone on; means something while ``recovering``.
    recovered, strangers, overflowed, filled
        Pulses to count: a message of an answer was put in its place; an answer's block is of another session or of no
        use; a message of the feed did not fit the window; a gap was filled.
    busy
        Something moves. Waiting for an answer is not moving.

    Latency: none without a gap. After one a message leaves every second cycle, the pace of the book, three cycles at
    the earliest after it was put in the window.
    """

    def __init__(self, window: int = 256) -> None:
        self._window = window
        super().__init__(
            {
                "enable": In(1),
                "message_valid": In(1),
                "message": In(FeedMessage),
                "gap_valid": In(1),
                "gap": In(Gap),
                "session_changed": In(1),
                "joined": In(1),
                "session": In(80),
                "session_epoch": In(16),
                "next_sequence": In(64),
                "packet": In(1),
                "answers": In(stream.Signature(LineItem, always_ready=True)),
                "answer_content": In(8 * LONGEST),
                "write_shelf": Out(range(SHELVES)),
                "read_shelf": Out(range(SHELVES)),
                "settled": In(1),
                "timeout": In(32),
                "tries": In(8),
                "card_time": In(64),
                "requests": Out(stream.Signature(FeedRequest)),
                "out_valid": Out(1),
                "out": Out(FeedMessage),
                "recovering": Out(1),
                "lost": Out(1),
                "report_valid": Out(1),
                "report": Out(GapReport),
                "next_missing": Out(64),
                "recovered": Out(1),
                "strangers": Out(1),
                "overflowed": Out(1),
                "filled": Out(1),
                "busy": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        m.submodules.window = window = ReorderWindow(self._window)
        m.submodules.queue = queue = LineQueue()
        m.submodules.pacing = pacing = RequestPacing(self._window)
        connect(m, flipped(self.answers), queue.incoming)
        connect(m, pacing.requests, flipped(self.requests))
        m.d.comb += [self.write_shelf.eq(queue.write_shelf), self.read_shelf.eq(queue.read_shelf)]
        recovering, due = self.recovering, self.next_missing
        following = Signal(64)
        first = Signal(64)  # where this gap began, for the report
        unsure = Signal()  # a packet lied: what the feed is at is known with the next one
        inside = Signal()  # an answer of this session is under way: nothing goes on before it has ended well
        brought = Signal()  # it brought something
        rest = Signal()  # a message went on in the last cycle
        opens, soils, ends_gap = Signal(), Signal(), Signal()
        m.d.comb += [
            opens.eq(self.enable & self.gap_valid & ~self.gap.doubt & (~recovering | self.session_changed)),
            # A damaged frame harms what went on; what waits can be asked for again.
            soils.eq(self.gap_valid & self.gap.doubt & recovering & (self.gap.expected > due)),
            self.lost.eq(
                (self.gap_valid & ~opens & (~recovering | (self.gap.doubt & ~soils)))
                | (recovering & (pacing.give_up | ~self.enable))
            ),
            window.expected.eq(due),
            window.following.eq(following),
            following.eq(due),
        ]

        # On to the decoder: as it comes, or in order from the window. Nobody waits for what was kept, and the decoder
        # and the states of all slots come behind it in the same cycle: a register behind the block RAM.
        goes_on = Signal()
        head, head_ready = Signal(WindowEntry), Signal()  # of the number that is due, unless it was taken out
        m.d.comb += goes_on.eq(recovering & head_ready & window.present & ~inside & ~soils)
        m.d.sync += [rest.eq(goes_on), head.eq(window.head), head_ready.eq(window.ready & ~goes_on)]
        with m.If(recovering):
            m.d.comb += [
                self.out_valid.eq(goes_on & head.has_message),
                self.out.sequence.eq(due),
                self.out.session_epoch.eq(self.session_epoch),
                *(self.out[name].eq(head[name]) for name in ("content", "length", "card_time")),
            ]
        with m.Else():
            m.d.comb += [self.out_valid.eq(self.message_valid), self.out.eq(self.message)]
        with m.If(goes_on):
            m.d.comb += [window.drain.eq(1), following.eq(due + 1)]

        # Into the window: the feed before answers.
        item, message = queue.outgoing.payload, self.message
        part = Signal.like(item.blocks)
        number, entry = window.number, window.entry
        fits, useful = Signal(), Signal()
        m.d.comb += [
            number.eq(Mux(self.message_valid, message.sequence, item.sequence + part)),
            fits.eq(~(number - due)[self._window.bit_length() - 1 : 64].any()),
            useful.eq(inside & fits & ~window.taken & ~(self.next_sequence + ~number)[63]),
        ]
        with m.If(self.message_valid):
            m.d.comb += [
                window.store.eq(recovering & fits & ~window.taken),
                self.overflowed.eq(recovering & ~fits),
                entry.has_message.eq(1),
                *(entry[name].eq(message[name]) for name in ("content", "length", "card_time")),
            ]
        with m.Else():
            m.d.comb += [
                entry.has_message.eq(item.has_message & (part == 0)),
                entry.content.eq(self.answer_content),
                *(entry[name].eq(item.detail.message[name]) for name in ("length", "card_time")),
            ]
        answer_ends = Signal()
        with m.If(queue.outgoing.valid & ((item.blocks == 0) | ~self.message_valid)):
            m.d.comb += queue.outgoing.ready.eq(part + 1 >= item.blocks)
            m.d.sync += part.eq(Mux(queue.outgoing.ready, 0, part + 1))
            with m.If(item.opens):
                m.d.sync += [inside.eq(recovering & (item.detail.session == self.session)), brought.eq(0)]
            with m.If(item.blocks != 0):
                m.d.comb += [
                    window.store.eq(recovering & useful),
                    self.recovered.eq(window.store & entry.has_message),
                    self.strangers.eq(~window.store),
                ]
                with m.If(window.store):
                    m.d.sync += brought.eq(1)
            with m.If(queue.outgoing.ready & item.ends):
                m.d.comb += answer_ends.eq(inside)
                m.d.sync += inside.eq(0)

        # An answer that is not whole may have put anything in the window.
        with m.If(soils | (inside & ((queue.outgoing.valid & item.spoiled) | queue.overflow))):
            m.d.comb += window.clear.eq(1)
            m.d.sync += inside.eq(0)

        m.d.comb += [
            pacing.begin.eq(opens),
            pacing.horizon.eq(self.next_sequence),
            pacing.active.eq(recovering),
            pacing.next_missing.eq(due),
            pacing.missing.eq(
                (due != self.next_sequence) & ~window.present & ~inside & (queue.level == 0) & ~self.message_valid
            ),
            pacing.answered.eq(answer_ends & (brought | window.store)),
            *(getattr(pacing, name).eq(getattr(self, name)) for name in ("session", "timeout", "tries", "card_time")),
            ends_gap.eq(
                recovering & (due == self.next_sequence) & window.empty & ~unsure & self.settled & ~rest & ~self.lost
            ),
            self.filled.eq(ends_gap),
        ]
        m.d.sync += due.eq(following)
        with m.If(self.packet):
            m.d.sync += unsure.eq(0)
        with m.If(ends_gap | self.lost | self.session_changed | self.joined):
            m.d.comb += window.clear.eq(1)
            m.d.sync += [recovering.eq(0), inside.eq(0)]
        with m.If(opens):
            m.d.sync += [
                recovering.eq(1),
                due.eq(self.gap.expected),
                first.eq(self.gap.expected),
                unsure.eq(self.gap.received != self.next_sequence),
            ]

        report = self.report
        m.d.comb += self.report_valid.eq(self.gap_valid | ends_gap | self.lost)
        with m.If(recovering & (ends_gap | self.lost)):
            m.d.comb += [
                report.expected.eq(Mux(ends_gap, first, due)),
                report.received.eq(self.next_sequence),
                report.outcome.eq(Mux(ends_gap, GapOutcome.FILLED, GapOutcome.LOST)),
            ]
        with m.Else():
            m.d.comb += [report.expected.eq(self.gap.expected), report.received.eq(self.gap.received)]
        m.d.comb += self.busy.eq(
            queue.outgoing.valid
            | (recovering & (window.present | rest | pacing.asking | ((due == self.next_sequence) & ~unsure)))
        )
        return m
