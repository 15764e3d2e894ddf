"""From the PHY's receive clock into the card's: what was received, and what became of it."""

from amaranth import DomainRenamer, Module, Signal
from amaranth.lib import data, enum, wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.fifo import AsyncFIFO
from amaranth.lib.wiring import In, Out, connect, flipped

from hdl.net.frame import Beat, frame_signature
from hdl.net.words import ToWords

__all__ = ["OUTCOMES", "FrameCrossing", "Outcome", "StatusCrossing"]


class Outcome(enum.Enum, shape=4):
    """What became of a frame; a beat that is none's end carries ``NONE``."""

    NONE = 0
    GOOD = 1
    BAD_FCS = 2
    RUNT = 3
    GIANT = 4
    BROKEN = 5
    NO_PREAMBLE = 6
    OVERFLOW = 7


#: Names of the outcomes that are counted, as the receiver's ports and the crossing's are called.
OUTCOMES = tuple(outcome.name.lower() for outcome in Outcome if outcome is not Outcome.NONE)

#: Entries that the queue may have taken since its level was read for the word that there is room, and the one that the
#: word is given to: of the level's own cycle, of its register's, and of the entry's.
UNSEEN = 4


class FrameCrossing(wiring.Component):
    """Takes frames and their outcomes from the clock that they are heard in to the card's.

    Bytes are gathered to beats before they cross, so that the card's clock may be as many times slower as a beat has
    bytes. An outcome travels with its frame's last beat: frames and counts never disagree. Where the queue is full the
    frame that was on its way is ended with ``error``, the rest of it is left out, and every frame that was hurt or lost
    counts as an ``overflow`` (256 or more lost in one go count as 255). With a reader that takes 125 MB/s and a PHY
    within 100 ppm of it that does not happen: of 84 byte times of the shortest frame 60 are kept.

    Parameters
    ----------
    from_domain : str
        Clock domain of ``rx``; the other side is ``sync``.
    width : int
        Bytes of a beat of the card.
    depth : int
        Beats that may wait, of which the last three are kept free; a power of two, at least 8.

    Raises
    ------
    ValueError
        Too few beats may wait.

    Ports
    -----
    rx : In
        Frames a byte a beat, always ready, in ``from_domain``.
    heard : In(7)
        In ``from_domain``: pulses of the outcomes, in the order of ``OUTCOMES`` (the last one is not looked at), with
        the frame's last byte, or alone where nothing of the frame was given.
    frames : Out
        The same frames, never waiting, with holes where the other clock is slower.
    good, bad_fcs, runt, giant, broken, no_preamble, overflow : Out
        Pulses, one a frame.

    Latency: see docs/blocks/crossing.md; it varies by one cycle with the phase of the clocks.
    """

    def __init__(self, from_domain: str, *, width: int, depth: int = 16) -> None:
        if depth < 2 * UNSEEN:
            raise ValueError(f"at least {2 * UNSEEN} beats may wait, not {depth!r}: some are kept free")
        self._from, self._depth = from_domain, depth
        # What crosses at once: a beat, or only an outcome.
        self._entry = data.StructLayout({"beat": Beat(width), "has_beat": 1, "outcome": Outcome})
        super().__init__(
            {
                "rx": In(frame_signature(1, always_ready=True)),
                "heard": In(len(OUTCOMES)),
                "frames": Out(frame_signature(width, always_ready=True)),
            }
            | {name: Out(1) for name in OUTCOMES}
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        entry, out = Signal(self._entry), Signal(self._entry)
        m.submodules.gather = gather = DomainRenamer(self._from)(ToWords(1, word=out.beat.shape().width))
        connect(m, flipped(self.rx), gather.rx)
        m.submodules.queue = queue = AsyncFIFO(
            width=len(entry.as_value()), depth=self._depth, r_domain="sync", w_domain=self._from
        )
        enable, room = Signal(), Signal(init=1)
        self._write(m, gather.words, entry, enable, room)
        # What is gathered lies beside the pins and the queue beside the card's logic: a register on the way. What is
        # put in there is sure of a place: the queue's own word, which it works out anew in every cycle and counts its
        # next place by, is nothing that the outcome hangs on as well.
        m.d[self._from] += [
            queue.w_data.eq(entry),
            queue.w_en.eq(enable & room),
            room.eq(queue.w_level <= self._depth - UNSEEN),
        ]
        m.d.comb += [
            out.eq(queue.r_data),
            queue.r_en.eq(1),
            self.frames.valid.eq(queue.r_rdy & out.has_beat),
            self.frames.payload.eq(out.beat),
        ]
        for name in OUTCOMES:
            m.d.comb += getattr(self, name).eq(queue.r_rdy & (out.outcome == Outcome[name.upper()]))
        return m

    def _write(self, m: Module, frames, entry, enable: Signal, room: Signal) -> None:
        """Make an entry of what is heard, where there is room, and account for what does not fit."""
        sync = m.d[self._from]
        begun = Signal()  # of the frame on its way something is in the queue
        missed = Signal()  # while the last frame was being ended a beat of the next one was left out
        lost = Signal(8)  # frames that are still to be counted as overflows
        heard = self.heard[:-1]
        ended, lose = Signal(), Signal()
        m.d.comb += [
            ended.eq(heard.any()),
            entry.beat.eq(frames.payload),
            entry.has_beat.eq(frames.valid),
            entry.outcome.eq(0),
        ]
        for i, name in enumerate(OUTCOMES[:-1]):
            with m.If(heard[i]):
                m.d.comb += entry.outcome.eq(Outcome[name.upper()])
        with m.If(lose & ~lost.all()):
            sync += lost.eq(lost + 1)
        with m.FSM(domain=self._from):
            with m.State("PASS"):
                with m.If(frames.valid | ended):
                    m.d.comb += enable.eq(1)
                    with m.If(room), m.If(frames.valid):
                        sync += begun.eq(~frames.payload.last)
                    with m.Elif(~ended):
                        m.next = "DROP"
                    with m.Elif(begun):
                        m.next = "CLOSE"
                    with m.Else():
                        m.d.comb += lose.eq(1)
                with m.Elif(lost != 0):
                    m.d.comb += [enable.eq(1), entry.outcome.eq(Outcome.OVERFLOW)]
                    with m.If(room):
                        sync += lost.eq(lost - 1)
            with m.State("DROP"), m.If(ended):
                m.next = "CLOSE"
                with m.If(~begun):
                    m.d.comb += lose.eq(1)
                    m.next = "PASS"
            with m.State("CLOSE"):
                going_on = Signal()
                m.d.comb += [
                    enable.eq(1),
                    entry.has_beat.eq(1),
                    entry.beat.count.eq(1),
                    entry.beat.last.eq(1),
                    entry.beat.error.eq(1),
                    entry.outcome.eq(Outcome.OVERFLOW),
                    lose.eq(ended),
                    going_on.eq((missed | frames.valid) & ~ended),
                ]
                sync += missed.eq(going_on)
                with m.If(room):
                    sync += [begun.eq(0), missed.eq(0)]
                    m.next = "PASS"
                    with m.If(going_on):
                        m.next = "DROP"


class StatusCrossing(wiring.Component):
    """Takes a value that seldom changes from another clock into this one, bits that change together staying together.

    Parameters
    ----------
    width : int
        Bits.

    Ports
    -----
    other : In
        The value, from a register of the other clock.
    value : Out
        The value, in this clock.

    Latency: 4 cycles; a value that is there for less than that may never be seen.
    """

    def __init__(self, width: int) -> None:
        self._width = width
        super().__init__({"other": In(width), "value": Out(width)})

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        now, before = Signal(self._width), Signal(self._width)
        m.submodules.synchronizer = FFSynchronizer(self.other, now)
        m.d.sync += before.eq(now)
        with m.If(now == before):
            m.d.sync += self.value.eq(now)
        return m
