"""A short list of addresses, the one heard last first."""

from amaranth import Module, Signal, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from hdl.net.udp_sender import UdpAddress

__all__ = ["Correspondent", "RecencyList"]


class Correspondent(data.Struct):
    """Someone on the network, and what is remembered with the address."""

    address: UdpAddress
    #: Number of the last request.
    number: unsigned(32)
    #: Where the rest is kept: no two in a list have the same.
    place: unsigned(4)
    valid: unsigned(1)


class RecencyList(wiring.Component):
    """Remembers who was heard last; a new one takes the place of whoever was heard longest ago.

    Parameters
    ----------
    size : int
        How many are remembered, at most 16.

    Ports
    -----
    address : In
        Who is looked for, or put to the front.
    known, entry : Out
        Whether the address is in the list, and what is remembered of it. Of one that is not: whose place it would take.
    touch, number : In
        Strobe: put the address to the front with this number.
    entries : Out
        All of them, the one heard last first.

    Latency: none to find one; a touch shows in the next cycle.
    """

    def __init__(self, size: int) -> None:
        if not 1 <= size <= 16:
            raise ValueError(f"a list remembers 1 to 16 addresses, not {size!r}")
        self._size = size
        super().__init__(
            {
                "address": In(UdpAddress),
                "known": Out(1),
                "entry": Out(Correspondent),
                "touch": In(1),
                "number": In(32),
                "entries": Out(data.ArrayLayout(Correspondent, size)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        size = self._size
        entries = [Signal(Correspondent, init={"place": i}, name=f"entry_{i}") for i in range(size)]
        at = Signal(range(size))
        m.d.comb += at.eq(size - 1)
        for i, entry in enumerate(entries):
            m.d.comb += self.entries[i].eq(entry)
            with m.If(entry.valid & (entry.address.as_value() == self.address.as_value())):
                m.d.comb += [at.eq(i), self.known.eq(1)]
        with m.Switch(at):
            for i, entry in enumerate(entries):
                with m.Case(i):
                    m.d.comb += self.entry.eq(entry)
        with m.If(self.touch):
            for i in range(1, size):
                with m.If(at >= i):
                    m.d.sync += entries[i].eq(entries[i - 1])
            m.d.sync += [
                entries[0].address.eq(self.address),
                entries[0].number.eq(self.number),
                entries[0].place.eq(self.entry.place),
                entries[0].valid.eq(1),
            ]
        return m
