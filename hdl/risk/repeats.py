"""Whether an order that opens is the one that was just sent: the mark of a strategy that has lost its way."""

from amaranth import Module, Signal, unsigned
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out

from hdl.types import OrderIntent, OrderIntentKind, Role, Side

__all__ = ["LastEntry", "Repeats"]


class LastEntry(data.Struct):
    """The last order that opened in a slot; ``recent`` while an equal one would be a repetition."""

    recent: unsigned(1)
    side: Side
    shares: unsigned(32)
    price: unsigned(32)


class _Row(data.Struct):
    side: Side
    shares: unsigned(32)
    price: unsigned(32)
    at: unsigned(64)


class Repeats(wiring.Component):
    """Remembers the last ENTER of role ENTRY or QUOTE of every slot, and for how long it counts as the last.

    Parameters
    ----------
    slots : int
        Symbols followed.
    readers : int
        Rows shown at once.

    Ports
    -----
    grants : In(stream, always ready)
        Intents as they leave the gate.
    card_time : In(64)
        Cycles.
    slot : In(array of 8), window : In(array of 40), last : Out(array of LastEntry)
        What each reader asks for, in the same cycle: ``recent`` for less than ``window`` cycles after the grant.

    Latency: a grant is seen 1 cycle later.
    """

    def __init__(self, slots: int, readers: int) -> None:
        self._slots, self._readers = slots, readers
        super().__init__(
            {
                "grants": In(stream.Signature(OrderIntent, always_ready=True)),
                "card_time": In(64),
                "slot": In(data.ArrayLayout(unsigned(8), readers)),
                "window": In(data.ArrayLayout(unsigned(40), readers)),
                "last": Out(data.ArrayLayout(LastEntry, readers)),
            }
        )

    def elaborate(self, platform):
        """Build the block."""
        m = Module()
        m.submodules.rows = rows = memory.Memory(shape=_Row, depth=self._slots, init=[])
        write = rows.write_port()
        known = Signal(self._slots)
        grant = self.grants.payload
        opens = (grant.kind == OrderIntentKind.ENTER) & ((grant.role == Role.ENTRY) | (grant.role == Role.QUOTE))
        m.d.comb += [
            write.addr.eq(grant.slot),
            write.en.eq(self.grants.valid & opens & (grant.slot < self._slots)),
            *(write.data[name].eq(grant[name]) for name in ("side", "shares", "price")),
            write.data.at.eq(self.card_time),
        ]
        with m.If(write.en):
            m.d.sync += known.bit_select(grant.slot, 1).eq(1)
        for i in range(self._readers):
            read = rows.read_port(domain="comb")
            slot, last = self.slot[i], self.last[i]
            m.d.comb += [
                read.addr.eq(slot),
                *(last[name].eq(read.data[name]) for name in ("side", "shares", "price")),
                last.recent.eq(
                    (slot < self._slots)
                    & known.bit_select(slot, 1)
                    & ((self.card_time - read.data.at)[:64] < self.window[i])
                ),
            ]
        return m
