"""Messages that came before their turn, kept until it is."""

from amaranth import Const, Module, Mux, Signal, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

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
        Keep ``entry`` for ``number``, which is ``expected`` or less than ``depth`` above it.
    taken
        ``number`` has an entry already.
    present, head
        The expected number has an entry; it.
    drain
        That entry is taken out in this cycle.
    clear
        All entries are dropped.
    empty
        There is none.

    Latency: an entry can be taken out in the cycle after it was stored.
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
                "head": Out(WindowEntry),
                "drain": In(1),
                "clear": In(1),
                "empty": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        m.submodules.entries = entries = Memory(shape=WindowEntry, depth=self._depth, init=[])
        write = entries.write_port()
        read = entries.read_port(transparent_for=(write,))
        occupied = Signal(self._depth)
        place, head = self.number[: self._bits], self.expected[: self._bits]
        one = Const(1, self._depth)
        m.d.comb += [
            write.addr.eq(place),
            write.data.eq(self.entry),
            write.en.eq(self.store),
            read.addr.eq(self.following[: self._bits]),
            self.taken.eq(occupied.bit_select(place, 1)),
            self.present.eq(occupied.bit_select(head, 1)),
            self.head.eq(read.data),
            self.empty.eq(occupied == 0),
        ]
        m.d.sync += occupied.eq(
            (occupied & ~Mux(self.drain, (one << head)[: self._depth], 0))
            | Mux(self.store, (one << place)[: self._depth], 0)
        )
        with m.If(self.clear):
            m.d.sync += occupied.eq(0)
        return m
