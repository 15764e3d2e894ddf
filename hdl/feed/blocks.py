"""Finding where message blocks begin and end in the beats of a MoldUDP64 packet."""

from functools import reduce
from operator import or_

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.net.frame import Beat
from hdl.wire.itch50 import LONGEST
from hdl.wire.moldudp64 import LENGTH_BYTES

__all__ = ["ENDS", "SHORT_BITS", "BlockFinder"]

#: Most blocks that can end in one beat: the message under way and three empty blocks after it, or four empty ones.
ENDS = 4
#: Ends of a beat that may be those of a message lying whole in that beat: every one of them.
SHORT_BITS = ENDS


def _any(terms):
    return reduce(or_, terms, 0)


class BlockFinder(wiring.Component):
    """Walks a packet's blocks (a length of two bytes, so many bytes) at a beat a cycle, whatever their lengths.

    Each lane is asked, one cycle ahead, where the next block would be if one began there. Marking the lanes in which
    blocks do begin is then a short chain from lane to lane, so any number of small blocks fits in a beat. A block
    that lies whole in one beat is too short for any ITCH message: it is only reported. Others are the *open* block,
    of which there is at most one.

    Parameters
    ----------
    width : int
        Bytes of a beat: 1, 4 or 8.

    Ports
    -----
    beat_valid, beat
        Beats of the packet, header included; the packet may begin in any lane.
    begin, body, blocks
        With the beat that carries the header's last byte: the packet is good; lane after that byte, 1 to ``width``;
        it holds so many blocks.
    now_valid, now, before
        One cycle later: that beat, and the one before it.
    active
        ``now`` is of a packet that began.
    ends
        Blocks that end in ``now``.
    shorts
        Bit k: the (k+1)-th of these ends is of a message that lies whole in this beat (not of an empty block).
    message_end
        The open block ends in ``now``; it is the first of ``ends``.
    length
        Its length in bytes.
    open, shift, word
        A block is under way in ``now``; the lane its first byte was in; beats since that one.
    left
        Blocks that have not ended after ``now``; on its last beat these run past the packet.
    trailing
        Bytes follow the last block, in ``now``.

    Latency: one cycle. On a last beat with ``error`` nothing ends.

    Source: MoldUDP64 1.00, "Message block".
    """

    def __init__(self, width: int = 8) -> None:
        self._width = width
        self.words = -(-LONGEST // width)
        super().__init__(
            {
                "beat_valid": In(1),
                "beat": In(Beat(width)),
                "begin": In(1),
                "body": In(range(width + 1)),
                "blocks": In(16),
                "now_valid": Out(1),
                "now": Out(Beat(width)),
                "before": Out(Beat(width)),
                "active": Out(1),
                "ends": Out(range(ENDS + 1)),
                "shorts": Out(SHORT_BITS),
                "message_end": Out(1),
                "length": Out(16),
                "open": Out(1),
                "shift": Out(range(width)),
                "word": Out(range(self.words + 2)),
                "left": Out(16),
                "trailing": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        W = self._width
        now = self.now
        headers = range(-1, W - 1)  # lane of a length's first byte; -1: it was the last byte of the beat before

        # One cycle ahead: where each header would lead. ``hops[i][q]``: from lane i to lane q of the same beat.
        sizes = {i: Signal(16, name=f"size_{i + 1}") for i in headers}
        beyond = {i: Signal(17, name=f"beyond_{i + 1}") for i in headers}
        hops = {i: {q: Signal(name=f"hop_{i + 1}_{q}") for q in range(i + LENGTH_BYTES, W + 1)} for i in headers}
        m.d.sync += self.now_valid.eq(self.beat_valid)
        with m.If(self.beat_valid):
            m.d.sync += [now.eq(self.beat), self.before.eq(now)]
            for i in headers:
                high = now.data[W - 1] if i < 0 else self.beat.data[i]
                size = Cat(self.beat.data[i + 1], high)
                m.d.sync += [sizes[i].eq(size), beyond[i].eq(size + (i + LENGTH_BYTES - W))]
                m.d.sync += [hop.eq(size == q - i - LENGTH_BYTES) for q, hop in hops[i].items()]

        # The walk. ``ahead``: bytes from lane 0 to the next header. ``split``: its first byte has passed.
        ahead = Signal(17)
        split = Signal()
        left = Signal(16)
        at = [Signal(name=f"at_{q}") for q in range(W + 1)]
        end = [Signal(name=f"end_{q}") for q in range(W + 1)]
        short = [Signal(name=f"short_{q}") for q in range(W + 1)]
        ordinal = [Signal(range(ENDS + 3), name=f"ordinal_{q}") for q in range(W + 1)]
        for q in range(W + 1):
            reached = self.active & ~split & (ahead == q)
            hopped = {i: (split if i < 0 else at[i]) & hops[i][q] for i in headers if i + LENGTH_BYTES <= q}
            m.d.comb += [
                at[q].eq(reached | _any(hopped.values())),
                end[q].eq((reached & self.open) | _any(hopped.values())),
                short[q].eq(_any(term for i, term in hopped.items() if i + LENGTH_BYTES < q)),
                ordinal[q].eq(end[q] + (ordinal[q - 1] if q else 0)),
            ]

        # A packet may end, in blocks or in bytes, before the walk does.
        few = Signal(range(ENDS + 4))
        m.d.comb += few.eq(Mux(left > ENDS + 2, ENDS + 3, left))
        ended = [Signal(name=f"ended_{q}") for q in range(W + 1)]
        begins = [Signal(name=f"begins_{q}") for q in range(W + 1)]
        counted = self.now_valid & ~(now.last & now.error)
        for q in range(W + 1):
            m.d.comb += [
                ended[q].eq(end[q] & (ordinal[q] <= few) & (q <= now.count) & counted),
                begins[q].eq(at[q] & (ordinal[q] < few)),
            ]
        reaches = Signal()
        m.d.comb += [
            self.ends.eq(sum(ended)),
            self.shorts.eq(
                Cat(_any(ended[q] & short[q] & (ordinal[q] == k + 1) for q in range(W + 1)) for k in range(ENDS))
            ),
            reaches.eq(ahead <= now.count),
            self.message_end.eq(self.active & self.open & reaches & counted),
            self.left.eq(left - self.ends),
            self.trailing.eq(
                self.now_valid & self.active & _any(at[q] & ~begins[q] & (q < now.count) for q in range(W))
            ),
        ]

        # A header that leads to none in the same beat is the last of it: there is one at most.
        opens = {i: Signal(name=f"opens_{i + 1}") for i in headers}
        for i, opened in opens.items():
            m.d.comb += opened.eq((split if i < 0 else begins[i]) & ~_any(hops[i].values()))
        with m.If(self.now_valid & self.active):
            m.d.sync += left.eq(self.left)
            with m.If(now.last):
                m.d.sync += [self.active.eq(0), self.open.eq(0), split.eq(0), ahead.eq(0)]
            with m.Elif(self.left == 0):  # whatever follows is no block
                m.d.sync += [self.open.eq(0), split.eq(0), ahead.eq(0)]
            with m.Elif(begins[W - 1]):
                m.d.sync += [self.open.eq(0), split.eq(1)]
            with m.Elif(at[W]):
                m.d.sync += [self.open.eq(0), split.eq(0), ahead.eq(0)]
            with m.Elif(_any(opens.values())):
                m.d.sync += [self.open.eq(1), split.eq(0)]
                firsts = {i: i + LENGTH_BYTES for i in headers}  # lane of a message's first byte
                m.d.sync += [
                    ahead.eq(_any(Mux(opens[i], beyond[i], 0) for i in headers)),
                    self.length.eq(_any(Mux(opens[i], sizes[i], 0) for i in headers)),
                    self.shift.eq(_any(Mux(opens[i], first % W, 0) for i, first in firsts.items())),
                    self.word.eq(_any(opens[i] for i, first in firsts.items() if first < W)),
                ]
            with m.Else():
                m.d.sync += ahead.eq(ahead - W)
                with m.If(self.word != self.words + 1):
                    m.d.sync += self.word.eq(self.word + 1)
        with m.If(self.begin):
            m.d.sync += [
                self.active.eq(1),
                left.eq(self.blocks),
                ahead.eq(self.body),
                self.open.eq(0),
                split.eq(0),
            ]
        return m
