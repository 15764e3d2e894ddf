"""Do both lines say the same? A digest of each message, kept for the other line's copy."""

from functools import reduce
from operator import xor

from amaranth import Cat, Const, Module, Signal, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from hdl.feed.occupancy import Occupancy
from hdl.wire.itch50 import LONGEST

__all__ = ["DivergenceWatch", "LineCopy", "digest"]

_BITS = 64
#: Each word of a message is turned by so many bits more than the one before it, so that words cannot change places.
_TURN = 9


def digest(content, length):
    """Fold a message's bytes and its length to 64 bits; bytes past the length do not count.

    Messages of one length that differ only within 55 bits on end never have the same digest.
    """
    inside = _below(length)
    kept = Cat(content[8 * i : 8 * i + 8] & inside[LONGEST - 1 - i].replicate(8) for i in range(LONGEST))
    words = [Cat(kept[at : at + _BITS], Const(0, _BITS))[:_BITS] for at in range(0, len(kept), _BITS)]
    turned = [word.rotate_left(_TURN * i) for i, word in enumerate(words)]
    return reduce(xor, turned) ^ (length << (_BITS - len(length)))


def _below(length):
    """For each byte of a message, whether it is one of its first ``length``; without a comparison for each."""
    high, low, more = length[3:6], length[:3], length[6:].any()
    return [
        more
        | Const(0xFF << at // 8 + 1 & 0xFF, 8).bit_select(high, 1)
        | ((high == at // 8) & Const(0xFF << at % 8 + 1 & 0xFF, 8).bit_select(low, 1))
        for at in range(LONGEST)
    ]


class LineCopy(data.Struct):
    """A line's copy of one message, and how its packet ended."""

    valid: unsigned(1)
    sequence: unsigned(64)
    length: unsigned(16)
    content: unsigned(8 * LONGEST)
    ends: unsigned(1)
    spoiled: unsigned(1)


class DivergenceWatch(wiring.Component):
    """Compares each line's copy of a message with the other line's, whichever comes first.

    Each line keeps the digests of its last messages, by sequence number, and looks for its number in the other line's
    memory. A difference is told once the later copy's packet has ended well: a damaged frame proves nothing. Copies
    more than ``depth`` sequence numbers apart are not compared.

    Parameters
    ----------
    depth : int
        Digests kept for each line; a power of two.

    Ports
    -----
    copies
        Line A's and line B's.
    epoch
        Number of the session; copies of two sessions are not compared.
    diverged
        Pulse: one sequence number, different bytes.
    busy
        A comparison is under way.

    Latency: 2 cycles after ``ends``.
    """

    def __init__(self, depth: int = 256) -> None:
        self._bits = ceil_log2(depth)
        if depth != 1 << self._bits:
            raise ValueError(f"the digests of a line are a power of two, not {depth!r}")
        self._depth = depth
        super().__init__(
            {
                "copies": In(data.ArrayLayout(LineCopy, 2)),
                "epoch": In(16),
                "diverged": Out(1),
                "busy": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        row = data.StructLayout({"epoch": 16, "tag": 64 - self._bits, "digest": _BITS})
        memories, written = [], []
        for name in "ab":
            m.submodules[f"digests_{name}"] = memory = Memory(shape=row, depth=self._depth, init=[])
            write = memory.write_port()
            memories.append((write, memory.read_port()))
            m.submodules[f"written_{name}"] = occupancy = Occupancy(self._depth)
            written.append(occupancy)
        differs, over, held = [], [], []
        compared = Signal(2)
        mine = [Signal(row, name=f"mine_{name}") for name in "ab"]
        numbers = [Signal(64, name=f"number_{name}") for name in "ab"]
        for i, name in enumerate("ab"):
            copy = self.copies[i]
            own, _ = memories[i]
            _, others = memories[1 - i]
            ended = Signal(name=f"ended_{name}")
            waits = Signal(name=f"waits_{name}")
            m.d.comb += [
                own.en.eq(copy.valid),
                own.addr.eq(copy.sequence[: self._bits]),
                own.data.epoch.eq(self.epoch),
                own.data.tag.eq(copy.sequence[self._bits :]),
                own.data.digest.eq(digest(copy.content, copy.length)),
                others.en.eq(copy.valid),
                others.addr.eq(copy.sequence[: self._bits]),
            ]
            m.d.sync += [compared[i].eq(copy.valid), mine[i].eq(own.data), ended.eq(copy.ends)]
            m.d.sync += numbers[i].eq(copy.sequence)
            place = copy.sequence[: self._bits]
            other = self.copies[1 - i]
            seen = Signal(name=f"seen_{name}")
            m.d.comb += [
                written[i].put_place.eq(place),
                written[i].put.eq(copy.valid),
                written[1 - i].take_place.eq(place),
            ]
            # What the other line writes in this cycle is not read, but compared as it is.
            meets = other.valid & (other.sequence[: self._bits] == place)
            m.d.sync += seen.eq(written[1 - i].take_taken & ~meets)
            found = others.data
            unlike = (
                compared[i]
                & seen
                & (found.epoch == mine[i].epoch)
                & (found.tag == mine[i].tag)
                & (found.digest != mine[i].digest)
            )
            if not i:  # two copies of one moment that differ are one difference
                unlike |= compared.all() & (numbers[0] == numbers[1]) & (mine[0].digest != mine[1].digest)
            m.d.sync += waits.eq((waits | unlike) & ~ended & ~copy.spoiled)
            differs.append(waits | unlike)
            over.append(ended)
            held.append(compared[i] | ended)
        m.d.sync += self.diverged.eq((differs[0] & over[0]) | (differs[1] & over[1]))
        m.d.comb += self.busy.eq(self.diverged | reduce(lambda a, b: a | b, held))
        return m
