"""Messages that came before their turn, kept until it is."""

from amaranth import Module, Mux, Signal, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from hdl.feed.occupancy import Occupancy
from hdl.wire.itch50 import LONGEST

__all__ = ["ReorderWindow", "WindowEntry"]


class WindowEntry(data.Struct):
    """What one sequence number stands for: a message, or an empty block."""

    has_message: unsigned(1)
    length: unsigned(16)
    card_time: unsigned(64)
    content: unsigned(8 * LONGEST)


class ReorderWindow(wiring.Component):
    """Keeps one entry for each of the next ``depth`` sequence numbers.

    Parameters
    ----------
    depth : int
        Sequence numbers, from the expected one on, that have a place; a power of two.

    Ports
    -----
    following
        The number expected in the next cycle.
    expected
        The number expected in this one.
    store, number, entry
        Keep ``entry`` for ``number``, which is free and is ``expected`` or less than ``depth`` above it.
    taken
        ``number`` has an entry already.
    present, head
        The expected number has an entry; it.
    ready
        ``head`` is that entry. It is not in the one cycle after an entry was stored for the number that followed.
    drain
        That entry is taken out in this cycle; only where it is ``ready``.
    clear
        All entries are dropped.
    empty
        There is none.

    Latency: an entry can be taken out in the cycle after it was stored, or in the second where its number came to be
    expected in the cycle of storing.
    """

    def __init__(self, depth: int = 256) -> None:
        self._bits = ceil_log2(depth)
        if depth != 1 << self._bits:
            raise ValueError(f"the window is a power of two, not {depth!r}")
        self._depth = depth
        super().__init__(
            {
                "following": In(64),
                "expected": In(64),
                "store": In(1),
                "number": In(64),
                "entry": In(WindowEntry),
                "taken": Out(1),
                "present": Out(1),
                "ready": Out(1),
                "head": Out(WindowEntry),
                "drain": In(1),
                "clear": In(1),
                "empty": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        # What is read of a row that is written in the same cycle is not used (``late``).
        attributes: dict[str, str | int] = {"no_rw_check": 1}
        m.submodules.entries = entries = Memory(shape=WindowEntry, depth=self._depth, init=[], attrs=attributes)
        m.submodules.occupancy = occupancy = Occupancy(self._depth)
        write, read = entries.write_port(), entries.read_port()
        place, head, next_head = (number[: self._bits] for number in (self.number, self.expected, self.following))
        late = Signal()  # what is at the head was written while it was read
        level = Signal(range(self._depth + 1))
        m.d.comb += [
            write.addr.eq(place),
            write.data.eq(self.entry),
            write.en.eq(self.store),
            read.addr.eq(next_head),
            occupancy.put_place.eq(place),
            occupancy.put.eq(self.store),
            occupancy.take_place.eq(head),
            occupancy.take.eq(self.drain),
            occupancy.clear.eq(self.clear),
            self.taken.eq(occupancy.put_taken),
            self.present.eq(occupancy.take_taken),
            self.ready.eq(self.present & ~late),
            self.head.eq(read.data),
            self.empty.eq(level == 0),
        ]
        m.d.sync += [
            late.eq(self.store & (place == next_head)),
            level.eq(Mux(self.clear, 0, level + self.store - self.drain)),
        ]
        return m
