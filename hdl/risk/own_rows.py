"""The card's own orders, as far as risk cares: rows that an answer and a grant may change in the same cycle."""

from amaranth import Module, Mux, Signal, unsigned
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out

from hdl.types import Side

__all__ = ["OwnOrder", "OwnRows", "RowAnswered", "RowGranted"]


class OwnOrder(data.Struct):
    """One row of the card's own orders, as far as risk cares.

    ``counted``: shares that could still fill. ``asked``: liability of the chain that a Replace under way asks for,
    executions included; zero when none is under way. Until it is answered the order counts with the larger of the two.
    """

    live: unsigned(1)
    slot: unsigned(8)
    side: Side
    counted: unsigned(32)
    executed: unsigned(32)
    asked: unsigned(32)


class _Identity(data.Struct):
    slot: unsigned(8)
    side: Side


class RowAnswered(data.Struct):
    """What an answer makes of a row."""

    order: unsigned(8)
    #: The order begins: its slot and side; they are not written otherwise.
    begins: unsigned(1)
    slot: unsigned(8)
    side: Side
    live: unsigned(1)
    counted: unsigned(32)
    #: ``executed`` is written.
    counts: unsigned(1)
    executed: unsigned(32)
    #: No Replace is under way.
    settles: unsigned(1)


class RowGranted(data.Struct):
    """What the grant of a Replace makes of a row that lives."""

    order: unsigned(8)
    counted: unsigned(32)
    asked: unsigned(32)


class OwnRows(wiring.Component):
    """Keeps the rows in memories, one for what is written together; what both an answer and a grant write is in two.

    A memory has one way to write it, and an answer and a grant may come in one cycle. A bit a row says which of the two
    wrote ``counted`` last; where both do in one cycle it is the grant. ``asked`` is the grant's alone, and a bit a row
    says whether it means something. Reset leaves no row alive; what a row without life says means nothing.

    Parameters
    ----------
    rows : int
        Rows of the card's own order table.
    readers : int
        Rows shown at once.

    Ports
    -----
    order : In(array of 8), row : Out(array of OwnOrder)
        What each reader asks for, in the same cycle; all zero for a row that there is none of.
    answered, answered_row, granted, granted_row : In
        Strobes, and the changes.

    Latency: none to read, 1 cycle from a change.
    """

    def __init__(self, rows: int, readers: int) -> None:
        self._rows, self._readers = rows, readers
        super().__init__(
            {
                "order": In(data.ArrayLayout(unsigned(8), readers)),
                "row": Out(data.ArrayLayout(OwnOrder, readers)),
                "answered": In(1),
                "answered_row": In(RowAnswered),
                "granted": In(1),
                "granted_row": In(RowGranted),
            }
        )

    def elaborate(self, platform):
        """Build the block."""
        m = Module()
        answer, grant = self.answered_row, self.granted_row
        kept = {}
        for name, shape, order, value, writes in (
            ("identity", _Identity, answer.order, None, self.answered & answer.begins),
            ("executed", unsigned(32), answer.order, answer.executed, self.answered & answer.counts),
            ("counted", unsigned(32), answer.order, answer.counted, self.answered),
            ("raised", unsigned(32), grant.order, grant.counted, self.granted),
            ("asked", unsigned(32), grant.order, grant.asked, self.granted),
        ):
            m.submodules[name] = kept[name] = memory.Memory(shape=shape, depth=self._rows, init=[])
            write = kept[name].write_port()
            m.d.comb += [write.addr.eq(order), write.en.eq(writes)]
            if value is None:
                m.d.comb += [write.data.slot.eq(answer.slot), write.data.side.eq(answer.side)]
            else:
                m.d.comb += write.data.eq(value)

        live, by_grant, asking = Signal(self._rows), Signal(self._rows), Signal(self._rows)
        with m.If(self.answered):
            m.d.sync += [
                live.bit_select(answer.order, 1).eq(answer.live),
                by_grant.bit_select(answer.order, 1).eq(0),
            ]
            with m.If(answer.settles):
                m.d.sync += asking.bit_select(answer.order, 1).eq(0)
        # Later statements win: a grant that meets an answer goes by what that left.
        with m.If(self.granted):
            m.d.sync += [
                by_grant.bit_select(grant.order, 1).eq(1),
                asking.bit_select(grant.order, 1).eq(1),
            ]

        for i in range(self._readers):
            order, row = self.order[i], self.row[i]
            read = {name: rows.read_port(domain="comb") for name, rows in kept.items()}
            m.d.comb += [port.addr.eq(order) for port in read.values()]
            with m.If(order < self._rows):
                m.d.comb += [
                    row.live.eq(live.bit_select(order, 1)),
                    row.slot.eq(read["identity"].data.slot),
                    row.side.eq(read["identity"].data.side),
                    row.executed.eq(read["executed"].data),
                    row.counted.eq(Mux(by_grant.bit_select(order, 1), read["raised"].data, read["counted"].data)),
                    row.asked.eq(Mux(asking.bit_select(order, 1), read["asked"].data, 0)),
                ]
        return m
