"""Two lines of one feed to one: the first copy of each message wins, in order."""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from hdl.feed.blocks import ENDS
from hdl.feed.divergence import DivergenceWatch
from hdl.feed.line import LineItem, LineQueue
from hdl.feed.mold import FeedMessage, Gap
from hdl.feed.window import ReorderWindow

__all__ = ["LineArbiter"]

_SKIPPED_BITS = 16


class _Line:
    """What the arbiter knows of one line."""

    def __init__(self, m: Module, name: str, depth: int) -> None:
        m.submodules[f"queue_{name}"] = self.queue = LineQueue(depth)
        self.item = self.queue.outgoing.payload
        self.valid, self.ready = self.queue.outgoing.valid, self.queue.outgoing.ready
        self.heard = Signal(name=f"heard_{name}")
        self.session = Signal(80, name=f"session_{name}")  # of its last packet
        self.inside = Signal(name=f"inside_{name}")  # which is the session followed
        self.position = Signal(64, name=f"position_{name}")  # it has told, or jumped over, everything below
        self.before = Signal(64, name=f"before_{name}")  # the same before its last packet
        self.first = Signal(64, name=f"first_{name}")  # sequence number of its last packet
        self.gave = Signal(name=f"gave_{name}")  # that packet changed something that cannot be taken back
        self.joined = Signal(name=f"joined_{name}")  # that packet's sequence was taken as it came
        self.part = Signal(range(ENDS), name=f"part_{name}")  # blocks of the item that are in the window
        self.doubt = Signal(name=f"doubt_{name}")  # the word that a packet was spoiled was lost
        item = self.item
        self.name = item.content[:80]
        self.opening = self.valid & item.opens
        self.end = Signal(64, name=f"end_{name}")
        self.unit = Signal(64, name=f"unit_{name}")
        m.d.comb += [self.end.eq(item.sequence + item.blocks), self.unit.eq(item.sequence + self.part)]
        self.blocks = self.valid & (item.blocks != 0)


class LineArbiter(wiring.Component):
    """Joins two lines' items to one sequence of messages.

    A message that is expected passes; one that is known is skipped; one that is ahead waits in the window until what is
    before it has come from either line. What is missing is a gap once both lines have passed it by more than
    ``reorder`` messages, once it has been missed for ``timeout`` cycles, or once the window cannot hold what follows.
    Two copies with different bytes are a divergence. Neither line is ever held up.

    A line moves the session on when it changes its own: one that lags behind in the old session does not move it back.
    Packets of a session that is not followed are skipped and counted.

    Parameters
    ----------
    window : int
        Sequence numbers that can wait, and digests kept for each line; a power of two.
    queue : int
        Items of a line that can wait.

    Ports
    -----
    enable
        Low: every item is dropped and nothing known; going low within a session is told as a gap.
    join
        Pulse: the next packet's session and sequence, of either line, are taken as they come.
    reorder
        How many messages a line must be ahead of a missing one for the line to have passed it.
    timeout, card_time
        Longest wait for a missing message in cycles; card time of this cycle.
    a, b
        Items of the lines, always taken.
    message_valid, message, gap_valid, gap, session_changed, joined, joined_late, session, session_epoch, next_sequence
        As of :class:`hdl.feed.mold.MoldReceiver`.
    duplicates, foreign
        Messages skipped this cycle because known; because of a session that is not followed.
    won, skipped, overflows
        By line: a first copy; messages it jumped over, at most 65,535 at once; an item lost because its queue was full.
    diverged, timed_out, exceeded
        Pulses: same number, different bytes; a gap because of the timeout; a gap because of the window's size.
    busy
        Something moves. Waiting for a missing message is not moving.

    Latency: one cycle for a message that is expected, if its queue is empty.
    """

    def __init__(self, window: int = 256, queue: int = 16) -> None:
        self._window, self._queue = window, queue
        item = stream.Signature(LineItem, always_ready=True)
        super().__init__(
            {
                "enable": In(1),
                "join": In(1),
                "reorder": In(8),
                "timeout": In(32),
                "card_time": In(64),
                "a": In(item),
                "b": In(item),
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
                "duplicates": Out(range(2 * ENDS + 2)),
                "foreign": Out(range(2 * ENDS + 1)),
                "won": Out(2),
                "skipped": Out(data.ArrayLayout(_SKIPPED_BITS, 2)),
                "overflows": Out(2),
                "diverged": Out(1),
                "timed_out": Out(1),
                "exceeded": Out(1),
                "busy": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        m.submodules.window = window = ReorderWindow(self._window)
        m.submodules.watch = watch = DivergenceWatch(self._window)
        lines = [_Line(m, name, self._queue) for name in "ab"]
        expected, following = self.next_sequence, Signal(64)
        known, joining = Signal(), Signal()
        deliver = Signal()
        repeats = [Signal(range(ENDS + 1), name=f"repeats_{name}") for name in "ab"]
        strangers = [Signal(range(ENDS + 1), name=f"strangers_{name}") for name in "ab"]
        held_already = Signal()
        skipped = [Signal(64, name=f"skipped_{name}") for name in "ab"]
        jumped, jumper, jumped_from = Signal(), Signal(), Signal(64)
        losing, by_time, lost_from = Signal(), Signal(), Signal(64)
        m.d.comb += [
            following.eq(expected),
            window.expected.eq(expected),
            window.following.eq(following),
            watch.epoch.eq(self.session_epoch),
        ]
        m.d.sync += [
            expected.eq(following),
            self.message_valid.eq(deliver),
            self.gap_valid.eq(0),
            self.session_changed.eq(0),
            self.joined.eq(0),
            self.joined_late.eq(0),
            self.timed_out.eq(0),
            self.exceeded.eq(0),
            self.won.eq(0),
            self.diverged.eq(watch.diverged),
            self.duplicates.eq(repeats[0] + repeats[1] + held_already),
            self.foreign.eq(strangers[0] + strangers[1]),
        ]
        with m.If(self.join):
            m.d.sync += joining.eq(1)

        # What each line's item asks for.
        same, special, spoils, current, ahead, far = [], [], [], [], [], []
        for i, (line, port) in enumerate(zip(lines, (self.a, self.b), strict=True)):
            connect(m, flipped(port), line.queue.incoming)
            item = line.item
            followed = Signal(name=f"followed_{'ab'[i]}")
            m.d.comb += followed.eq(known & ~joining & (line.name == self.session))
            moved = line.heard & (line.name != line.session)
            mine = line.blocks & line.inside
            same.append(followed)
            special.append(line.opening & ~followed & (joining | ~known | moved))
            spoils.append((line.valid & item.spoiled & line.gave) | line.doubt)
            current.append(mine & (item.sequence <= expected) & (line.end > expected))
            ahead.append(mine & (item.sequence > expected))
            far.append(ahead[i] & ((line.unit - expected)[:64] >= self._window))
            m.d.sync += [self.skipped[i].eq(Mux(skipped[i] >> _SKIPPED_BITS != 0, ~0, skipped[i]))]
            m.d.sync += self.overflows[i].eq(line.queue.overflow)
            with m.If(line.queue.doubt):
                m.d.sync += line.doubt.eq(1)

        branch = m.If
        for i, line in enumerate(lines):
            with branch(special[i]):
                self._open(m, line, lines[1 - i], known, joining, following, skipped[i])
                m.d.comb += window.clear.eq(1)
                m.d.sync += [losing.eq(0), jumped.eq(0)]
            branch = m.Elif
        for i, line in enumerate(lines):
            with m.Elif(spoils[i]):
                m.d.comb += line.ready.eq(line.valid & line.item.spoiled)
                m.d.sync += [
                    self.gap_valid.eq(1),
                    self.gap.expected.eq(line.first),
                    self.gap.received.eq(expected),
                    self.gap.doubt.eq(1),
                    line.position.eq(line.before),
                    line.gave.eq(0),
                    line.doubt.eq(0),
                    joining.eq(joining | self.join | line.joined),
                ]
                with m.If(jumped & (jumper == i)):  # the number jumped to was as wrong as the rest of the packet
                    m.d.comb += [following.eq(jumped_from), window.clear.eq(1)]
                    m.d.sync += [jumped.eq(0), losing.eq(0)]
        for i, line in enumerate(lines):
            with m.Elif(far[i]):
                m.d.comb += [following.eq(line.unit), window.clear.eq(1)]
                m.d.sync += [
                    *(other.part.eq(0) for other in lines),
                    self.gap_valid.eq(1),
                    self.gap.expected.eq(Mux(losing, lost_from, expected)),
                    self.gap.received.eq(line.unit),
                    self.gap.doubt.eq(0),
                    self.exceeded.eq(1),
                    losing.eq(0),
                    jumped.eq(1),
                    jumper.eq(i),
                    jumped_from.eq(expected),
                ]
        with m.Else():
            self._locally(m, lines, same, expected, repeats, strangers, skipped)
            for i, line in enumerate(lines):
                with m.If(line.opening & (jumper == i)):
                    m.d.sync += jumped.eq(0)
            jumps = self._lose(m, lines, window, known, current, ahead, following, losing, by_time, lost_from)

            # What waited goes first: it came first.
            with m.If(window.present & ~losing):
                m.d.comb += [window.drain.eq(1), following.eq(expected + 1), deliver.eq(window.head.has_message)]
                m.d.sync += [
                    getattr(self.message, name).eq(getattr(window.head, name))
                    for name in ("content", "length", "card_time")
                ]
            for i, line in enumerate(lines):
                item = line.item
                step = Mux(window.empty, line.end, expected + 1)
                with m.Elif(current[i] & ~losing):
                    m.d.comb += [
                        following.eq(step),
                        deliver.eq(item.has_message & (item.sequence == expected)),
                        line.ready.eq(step == line.end),
                    ]
                    m.d.sync += [
                        *(
                            getattr(self.message, name).eq(getattr(item, name))
                            for name in ("content", "length", "card_time")
                        ),
                        line.gave.eq(1),
                        self.won[i].eq(deliver),
                    ]
            with m.If(deliver):
                m.d.sync += [self.message.sequence.eq(expected), self.message.session_epoch.eq(self.session_epoch)]

            # What is ahead is put by.
            branch = m.If
            for i, line in enumerate(lines):
                item = line.item
                message = item.has_message & (line.part == 0)
                with branch(ahead[i] & ~jumps):
                    m.d.comb += [
                        window.number.eq(line.unit),
                        window.store.eq(~window.taken),
                        held_already.eq(window.taken),
                        window.entry.has_message.eq(message),
                        window.entry.length.eq(item.length),
                        window.entry.card_time.eq(item.card_time),
                        window.entry.content.eq(item.content),
                        line.ready.eq((line.unit + 1)[:64] == line.end),
                    ]
                    m.d.sync += line.part.eq(line.part + 1)
                    with m.If(~window.taken):
                        m.d.sync += [line.gave.eq(1), self.won[i].eq(message)]
                branch = m.Elif

        for i, line in enumerate(lines):
            item, copy = line.item, watch.copies[i]
            went = line.valid & line.ready
            with m.If(went):
                m.d.sync += line.part.eq(0)
                with m.If(line.blocks & line.inside & (line.end > line.position)):
                    m.d.sync += line.position.eq(line.end)
            m.d.comb += [
                copy.valid.eq(went & line.blocks & line.inside & item.has_message),
                copy.sequence.eq(item.sequence),
                copy.length.eq(item.length),
                copy.content.eq(item.content),
                copy.ends.eq(went & item.ends),
                copy.spoiled.eq(went & item.spoiled),
            ]

        with m.If(~self.enable):
            m.d.comb += [following.eq(1), window.clear.eq(1), deliver.eq(0)]
            m.d.comb += [line.ready.eq(1) for line in lines]
            m.d.sync += [known.eq(0), joining.eq(0), losing.eq(0), jumped.eq(0)]
            m.d.sync += [self.gap_valid.eq(known), self.gap.expected.eq(expected), self.gap.received.eq(expected)]
            m.d.sync += self.gap.doubt.eq(1)
            for line in lines:
                m.d.sync += [s.eq(0) for s in (line.heard, line.inside, line.part, line.doubt, line.gave)]
        news = self.message_valid | self.gap_valid | self.session_changed | self.joined | losing | window.present
        m.d.comb += self.busy.eq(news | watch.busy | Cat(line.valid | (line.queue.level != 0) for line in lines).any())
        return m

    def _open(self, m, line, other, known, joining, following, skipped):
        """A packet that begins a session, or joins one."""
        name, sequence = line.name, line.item.sequence
        base = Mux(joining, sequence, 1)
        change = known & (name != self.session)
        m.d.comb += [line.ready.eq(1), following.eq(base)]
        m.d.sync += [
            known.eq(1),
            joining.eq(self.join),
            self.session.eq(name),
            self.session_epoch.eq(self.session_epoch + change),
            self.session_changed.eq(change),
            self.joined.eq(joining),
            self.joined_late.eq(joining & (sequence != 1)),
            line.heard.eq(1),
            line.session.eq(name),
            line.inside.eq(1),
            line.position.eq(Mux(sequence > base, sequence, base)),
            line.before.eq(base),
            line.first.eq(sequence),
            line.gave.eq(change),
            line.joined.eq(joining),
            other.inside.eq(other.heard & (other.session == name)),
            other.position.eq(base),
            other.before.eq(base),
            other.part.eq(0),
        ]
        with m.If(sequence > base):
            m.d.comb += skipped.eq(sequence - base)

    def _locally(self, m, lines, same, expected, repeats, strangers, skipped):
        """What an item asks for that is nobody else's concern: both lines at once."""
        for i, line in enumerate(lines):
            item = line.item
            with m.If(line.opening):
                m.d.comb += line.ready.eq(1)
                m.d.sync += [line.heard.eq(1), line.session.eq(line.name), line.inside.eq(same[i])]
                m.d.sync += [line.gave.eq(0), line.joined.eq(0)]
                with m.If(same[i]):
                    m.d.sync += [line.before.eq(line.position), line.first.eq(item.sequence)]
                    with m.If(item.sequence > line.position):
                        m.d.sync += line.position.eq(item.sequence)
                        m.d.comb += skipped[i].eq(item.sequence - line.position)
            with m.Elif(line.valid & item.spoiled):
                m.d.comb += line.ready.eq(1)
                m.d.sync += line.position.eq(line.before)
            with m.Elif(line.blocks & ~line.inside):
                m.d.comb += [line.ready.eq(1), strangers[i].eq(item.blocks)]
            with m.Elif(line.blocks & (line.end <= expected)):
                m.d.comb += [line.ready.eq(1), repeats[i].eq(item.blocks)]
            with m.Elif(~line.blocks):
                m.d.comb += line.ready.eq(1)

    def _lose(self, m, lines, window, known, current, ahead, following, losing, by_time, lost_from):
        """Give up what neither line will bring; returns whether numbers are passed over in one step."""
        a, b = lines
        expected = self.next_sequence
        reach = Signal(64)  # the line that is further on has reached so far
        both = Signal(64)  # and both of them
        hopeful, waiting, passed, fired = Signal(), Signal(), Signal(), Signal()
        since = Signal(64)
        jumps = Signal()
        place_a, place_b = Mux(a.inside, a.position, 0), Mux(b.inside, b.position, 0)
        m.d.comb += [
            reach.eq(Mux(place_a > place_b, place_a, place_b)),
            both.eq(Mux(place_a > place_b, place_b, place_a)),
            hopeful.eq(current[0] | current[1] | window.present),
            waiting.eq(known & (reach > expected) & ~hopeful),
            passed.eq(both > expected + self.reorder),
            fired.eq((self.card_time - since)[:64] >= self.timeout),
        ]
        with m.If(~waiting | (following != expected)):
            m.d.sync += since.eq(self.card_time)
        with m.If(losing):
            with m.If(hopeful | Mux(by_time, expected >= reach, ~passed)):
                m.d.sync += [
                    losing.eq(0),
                    self.gap_valid.eq(1),
                    self.gap.expected.eq(lost_from),
                    self.gap.received.eq(expected),
                    self.gap.doubt.eq(0),
                ]
            with m.Elif(window.empty & ~ahead[0] & ~ahead[1]):
                m.d.comb += [jumps.eq(1), following.eq(Mux(by_time, reach, both - self.reorder))]
            with m.Else():
                m.d.comb += following.eq(expected + 1)
        with m.Elif(waiting & (passed | fired)):
            m.d.sync += [losing.eq(1), by_time.eq(~passed), lost_from.eq(expected), self.timed_out.eq(~passed)]
        return jumps
