"""Making rows of the order table empty: all of them after reset, dead orders after a slot was cleared."""

from amaranth import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.book.scan import TableScan

__all__ = ["Sweep"]


class Sweep(wiring.Component):
    """Erases orders of generations gone by, in the background.

    A slot is cleared by raising its generation, which takes one cycle: orders of an older one are dead and count as
    free places. Generations are few, so before one comes round again the dead must be out of the table. Memories also
    keep their contents through a reset, so the first thing after one is to erase every row.

    Parameters
    ----------
    address_bits : int
        Rows are numbered with so many bits.
    banks : int
        Banks erased side by side.

    Ports
    -----
    may_scan
        As :class:`hdl.book.scan.TableScan` has it.
    request
        A slot was cleared: begin, or begin again.
    dead
        Which banks hold a dead order at the row whose data are there.
    initialising
        The first pass after reset: nothing else may use the table. It takes a cycle a row.
    active
        A pass is due or running.
    done
        A pass came to its end: no dead order is left.
    read_enable, read_address, erase, erase_address
        To the table; ``erase`` has a bit a bank.
    """

    def __init__(self, address_bits: int, banks: int) -> None:
        self._address_bits = address_bits
        super().__init__(
            {
                "may_scan": In(1),
                "request": In(1),
                "dead": In(banks),
                "initialising": Out(1, init=1),
                "active": Out(1),
                "done": Out(1),
                "read_enable": Out(1),
                "read_address": Out(address_bits),
                "erase": Out(banks),
                "erase_address": Out(address_bits),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        m.submodules.scan = scan = TableScan(self._address_bits)
        position = Signal(self._address_bits)
        due = Signal()
        m.d.comb += [
            self.active.eq(due | self.initialising),
            scan.may_scan.eq(self.may_scan),
            # A pass that begins again begins with a row that is still to be read.
            scan.run.eq(due & ~self.initialising & ~self.request),
            scan.position.eq(position),
            self.read_enable.eq(scan.read_enable),
            self.read_address.eq(scan.read_address),
            self.erase_address.eq(position),
        ]
        with m.If(self.initialising):
            m.d.comb += self.erase.eq(-1)
            m.d.sync += position.eq(position + 1)
            with m.If(position.all()):
                m.d.sync += self.initialising.eq(0)
        with m.Elif(scan.arrived):
            m.d.comb += self.erase.eq(self.dead)
            m.d.sync += position.eq(position + 1)
            with m.If(position.all()):
                m.d.comb += self.done.eq(1)
                m.d.sync += due.eq(0)
        with m.If(self.request):
            m.d.sync += [due.eq(1), position.eq(0)]
        return m
