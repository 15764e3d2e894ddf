"""Two lines of one feed to one: the first copy of each message wins, in order."""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from hdl.feed.blocks import ENDS
from hdl.feed.capture import SHELVES
from hdl.feed.divergence import DivergenceWatch
from hdl.feed.line import LineItem
from hdl.feed.line_place import LinePlace
from hdl.feed.mold import IN_SEQUENCE
from hdl.feed.window import ReorderWindow
from hdl.wire.itch50 import LONGEST

__all__ = ["JOINED", "LineArbiter"]

_SKIPPED_BITS = 16
#: What comes of the lines, but for ``busy``.
JOINED = {
    **IN_SEQUENCE,
    "duplicates": Out(range(2 * ENDS + 2)),
    "foreign": Out(range(2 * ENDS + 1)),
    "won": Out(2),
    "skipped": Out(data.ArrayLayout(_SKIPPED_BITS, 2)),
    "overflows": Out(2),
    "diverged": Out(1),
    "timed_out": Out(1),
    "exceeded": Out(1),
}


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
    contents, write_shelves, read_shelves
        By line, of its :class:`hdl.feed.mold.MoldReceiver`: the bytes on the shelf that is read, and the shelves.
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

    def __init__(self, window: int = 256, queue: int = SHELVES - 1) -> None:
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
                "contents": In(data.ArrayLayout(8 * LONGEST, 2)),
                "write_shelves": Out(data.ArrayLayout(range(SHELVES), 2)),
                "read_shelves": Out(data.ArrayLayout(range(SHELVES), 2)),
                **JOINED,
                "busy": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        m.submodules.window = window = ReorderWindow(self._window)
        m.submodules.watch = watch = DivergenceWatch(self._window)
        a, b = lines = [LinePlace(m, name, self._queue, self._window) for name in "ab"]
        expected, following = self.next_sequence, Signal(64)
        known, joining = Signal(), Signal()
        deliver = Signal()
        repeats = [Signal(range(ENDS + 1), name=f"repeats_{name}") for name in "ab"]
        strangers = [Signal(range(ENDS + 1), name=f"strangers_{name}") for name in "ab"]
        held_already = Signal()
        jumped, jumper, jumped_from = Signal(), Signal(), Signal(64)
        losing, stops, lost_from = Signal(), Signal(), Signal(64)
        step = Signal(range(ENDS + 1))  # the number expected goes on by so many,
        begins, leaps, returns, passes = Signal(), Signal(), Signal(), Signal()  # or to one of these
        leap, target = Signal(64), Signal(64)
        m.d.comb += [
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

        # What each line's item asks for; of what is for one line at a time, the first.
        for i, (line, port) in enumerate(zip(lines, (self.a, self.b), strict=True)):
            connect(m, flipped(port), line.queue.incoming)
            line.compare(m, expected, self.reorder)
            moved = line.heard & (line.name != line.session)
            m.d.comb += [
                line.same.eq(known & ~joining & (line.name == self.session)),
                line.special.eq(line.opening & ~line.same & (joining | ~known | moved)),
                line.spoils.eq((line.valid & line.item.spoiled & line.gave) | line.doubt),
            ]
            m.d.comb += [
                self.write_shelves[i].eq(line.queue.write_shelf),
                self.read_shelves[i].eq(line.queue.read_shelf),
            ]
            m.d.sync += self.overflows[i].eq(line.queue.overflow)
            with m.If(line.queue.doubt):
                m.d.sync += line.doubt.eq(1)
        asked = Cat(a.special, b.special, a.spoils, b.spoils, a.far, b.far)
        turns = [asked[i] & ~asked[:i].any() for i in range(len(asked))]
        opened, spoilt, beyond = turns[:2], turns[2:4], turns[4:]

        # Wide values are chosen by what is asked for, not by everything else that decides whether they matter.
        base = Mux(joining, leap, 1)
        m.d.comb += [
            leap.eq(Mux(opened[0] | beyond[0], a.item.sequence, b.item.sequence)),
            following.eq(
                begins
                | Mux(leaps, leap, 0)
                | Mux(returns, jumped_from, 0)
                | Mux(passes, target, 0)
                | Mux(begins | leaps | returns | passes, 0, (expected + step)[:64])
            ),
        ]
        # What waited goes first, for it came first; then what is expected, of one line; then what is ahead.
        free = ~window.present & ~losing
        delivers = [a.current & free, b.current & ~a.current & free]
        stores = [a.ahead & ~delivers[1], b.ahead & ~a.ahead & ~delivers[0]]
        b_served = delivers[1] | stores[1]
        of_a, of_b = ({**_fields(line.item), "content": self.contents[i]} for i, line in enumerate(lines))
        for name in of_a:
            served = Mux(b_served, of_b[name], of_a[name])
            m.d.comb += window.entry[name].eq(served)
            m.d.sync += self.message[name].eq(Mux(window.present, window.head[name], served))
        m.d.comb += [
            window.number.eq(Mux(b_served, b.item.sequence + b.part, a.item.sequence + a.part)),
            window.entry.has_message.eq(
                Mux(b_served, b.item.has_message & (b.part == 0), a.item.has_message & (a.part == 0))
            ),
        ]
        m.d.sync += [
            self.message.sequence.eq(expected),
            self.message.session_epoch.eq(self.session_epoch),
            self.gap.expected.eq(Mux(spoilt[0], a.first, Mux(spoilt[1], b.first, lost_from))),
            self.gap.received.eq(Mux(leaps, leap, expected)),
        ]
        with m.If(~losing | stops):
            m.d.sync += lost_from.eq(following)
        for i, line in enumerate(lines):
            line.follow(m, opened[i], opened[1 - i], joining, base)
            past_one = Mux(joining | (line.item.sequence == 0), 0, line.item.sequence - 1)
            past = Mux(opened[i], past_one, Mux(line.opens_on & ~line.growth[64], line.growth[:64], 0))
            m.d.sync += self.skipped[i].eq(Mux(past[_SKIPPED_BITS:].any(), ~0, past))

        branch = m.If
        for i, line in enumerate(lines):
            with branch(line.special):
                self._open(m, line, lines[1 - i], known, joining)
                m.d.comb += [leaps.eq(joining), begins.eq(~joining), window.clear.eq(1), stops.eq(1)]
                m.d.sync += [losing.eq(0), jumped.eq(0)]
            branch = m.Elif
        for i, line in enumerate(lines):
            with m.Elif(line.spoils):
                m.d.comb += [line.ready.eq(line.valid & line.item.spoiled), line.falls.eq(1)]
                m.d.sync += [
                    self.gap_valid.eq(1),
                    self.gap.doubt.eq(1),
                    line.gave.eq(0),
                    line.doubt.eq(0),
                    joining.eq(joining | self.join | line.joined),
                ]
                with m.If(jumped & (jumper == i)):  # the number jumped to was as wrong as the rest of the packet
                    m.d.comb += [returns.eq(1), window.clear.eq(1), stops.eq(1)]
                    m.d.sync += [jumped.eq(0), losing.eq(0)]
        for i, line in enumerate(lines):
            with m.Elif(line.far):
                m.d.comb += [leaps.eq(1), window.clear.eq(1), stops.eq(1)]
                m.d.sync += [
                    *(other.part.eq(0) for other in lines),
                    self.gap_valid.eq(1),
                    self.gap.doubt.eq(0),
                    self.exceeded.eq(1),
                    losing.eq(0),
                    jumped.eq(1),
                    jumper.eq(i),
                    jumped_from.eq(expected),
                ]
        with m.Else():
            self._locally(m, lines, repeats, strangers)
            for i, line in enumerate(lines):
                with m.If(line.opening & (jumper == i)):
                    m.d.sync += jumped.eq(0)
            self._lose(m, lines, window, known, step, passes, losing, stops, target)
            self._serve(m, lines, window, losing, delivers, stores, step, deliver, held_already)
        for i, (line, copy) in enumerate(zip(lines, watch.copies, strict=True)):
            item = line.item
            went = line.valid & line.ready
            with m.If(went):
                m.d.sync += line.part.eq(0)
            m.d.comb += [
                line.tells.eq(went & line.mine),
                copy.valid.eq(line.tells & item.has_message),
                copy.sequence.eq(item.sequence),
                copy.length.eq(item.detail.message.length),
                copy.content.eq(self.contents[i]),
                copy.ends.eq(went & item.ends),
                copy.spoiled.eq(went & item.spoiled),
            ]

        with m.If(~self.enable):
            m.d.comb += [begins.eq(1), leaps.eq(0), returns.eq(0), passes.eq(0)]
            m.d.comb += [window.clear.eq(1), stops.eq(1), deliver.eq(0)]
            m.d.comb += [line.ready.eq(1) for line in lines]
            m.d.sync += [known.eq(0), joining.eq(0), losing.eq(0), jumped.eq(0)]
            m.d.sync += [self.gap_valid.eq(known), self.gap.doubt.eq(1)]
            for line in lines:
                m.d.sync += [s.eq(0) for s in (line.heard, line.inside, line.part, line.doubt, line.gave)]
        news = self.message_valid | self.gap_valid | self.session_changed | self.joined | losing | window.present
        m.d.comb += self.busy.eq(news | watch.busy | Cat(line.valid | (line.queue.level != 0) for line in lines).any())
        return m

    def _open(self, m, line, other, known, joining):
        """A packet that begins a session, or joins one."""
        change = known & (line.name != self.session)
        m.d.comb += line.ready.eq(1)
        m.d.sync += [
            known.eq(1),
            joining.eq(self.join),
            self.session.eq(line.name),
            self.session_epoch.eq(self.session_epoch + change),
            self.session_changed.eq(change),
            self.joined.eq(joining),
            self.joined_late.eq(joining & (line.item.sequence != 1)),
            line.heard.eq(1),
            line.session.eq(line.name),
            line.inside.eq(1),
            line.gave.eq(change),
            line.joined.eq(joining),
            other.inside.eq(other.heard & (other.session == line.name)),
            other.part.eq(0),
        ]

    def _locally(self, m, lines, repeats, strangers):
        """What an item asks for that is nobody else's concern: both lines at once."""
        for i, line in enumerate(lines):
            item = line.item
            with m.If(line.opening):
                m.d.comb += [line.ready.eq(1), line.opens_on.eq(line.same)]
                m.d.sync += [line.heard.eq(1), line.session.eq(line.name), line.inside.eq(line.same)]
                m.d.sync += [line.gave.eq(0), line.joined.eq(0)]
            with m.Elif(line.valid & item.spoiled):
                m.d.comb += [line.ready.eq(1), line.falls.eq(1)]
            with m.Elif(line.blocks & ~line.inside):
                m.d.comb += [line.ready.eq(1), strangers[i].eq(item.blocks)]
            with m.Elif(line.blocks & ~line.current & ~line.ahead):
                m.d.comb += [line.ready.eq(1), repeats[i].eq(item.blocks)]
            with m.Elif(~line.blocks):
                m.d.comb += line.ready.eq(1)

    def _lose(self, m, lines, window, known, step, passes, losing, stops, target):
        """Give up what neither line will bring.

        Where nothing waits in the window, numbers are passed over in one step, to a ``target`` that was worked out in a
        cycle in which nothing moved.
        """
        a, b = lines
        hopeful, waiting, passed, fired = Signal(), Signal(), Signal(), Signal()
        by_time, further, steady = Signal(), Signal(), Signal()
        since = Signal(64)
        leads = a.leads | b.leads
        m.d.comb += [
            hopeful.eq(a.current | b.current | window.present),
            waiting.eq(known & leads & ~hopeful),
            passed.eq(a.passes & b.passes),
            fired.eq((self.card_time - since)[:64] >= self.timeout),
            further.eq(a.inside & (~b.inside | (a.position > b.position))),
        ]
        # The line that is further on where time is up, else what both have passed.
        m.d.sync += target.eq(Mux(further == by_time, a.position, b.position) - Mux(by_time, 0, self.reorder))
        goes_on = (step != 0) | passes
        m.d.sync += steady.eq(losing & ~(a.moves | b.moves | a.opening | b.opening | goes_on))
        with m.If(~waiting | goes_on):
            m.d.sync += since.eq(self.card_time)
        with m.If(losing):
            with m.If(hopeful | Mux(by_time, ~leads, ~passed)):
                m.d.comb += stops.eq(1)
                m.d.sync += [losing.eq(0), self.gap_valid.eq(1), self.gap.doubt.eq(0)]
            with m.Elif(~window.empty | a.ahead | b.ahead):
                m.d.comb += step.eq(1)
            with m.Elif(steady):
                m.d.comb += passes.eq(1)
        with m.Elif(waiting & (passed | fired)):
            m.d.sync += [losing.eq(1), by_time.eq(~passed), self.timed_out.eq(~passed)]

    def _serve(self, m, lines, window, losing, delivers, stores, step, deliver, held_already):
        """Deliver, or put by, what was chosen."""
        with m.If(window.ready & ~losing):
            m.d.comb += [window.drain.eq(1), step.eq(1), deliver.eq(window.head.has_message)]
        for i, line in enumerate(lines):
            item, told = line.item, Mux(window.empty, line.rest, 1)
            with m.If(delivers[i]):
                m.d.comb += [
                    step.eq(told),
                    deliver.eq(item.has_message & line.exact),
                    line.ready.eq(told == line.rest),
                ]
                m.d.sync += [line.gave.eq(1), self.won[i].eq(deliver)]
            with m.If(stores[i]):
                m.d.comb += [
                    window.store.eq(~window.taken),
                    held_already.eq(window.taken),
                    line.ready.eq(line.part + 1 == item.blocks),
                ]
                m.d.sync += line.part.eq(line.part + 1)
                with m.If(~window.taken):
                    m.d.sync += [line.gave.eq(1), self.won[i].eq(window.entry.has_message)]


def _fields(item):
    """What an item says of its message."""
    return {name: item.detail.message[name] for name in ("length", "card_time")}
