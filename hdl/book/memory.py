"""The one wrapper around every memory of the book: one read port, one write port, a stated read latency."""

from amaranth import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from amaranth.utils import bits_for

from hdl.rams import SHALLOW

__all__ = ["BookMemory"]


class BookMemory(wiring.Component):
    """A memory that is read by one port and written by another.

    A block RAM is slow from clock to output unless its output register is used, so the default read takes two
    cycles: an address given with ``read_enable`` in cycle 0 has its data on ``read_data`` from cycle 2 until the data
    of a later read replace them. With ``latency=1`` the output register is left out. That register is made of the
    fabric's flip-flops, because Yosys infers no other; nothing but the forwarding lies between it and the block RAM.
    With ``latency=0`` there is no register at all: the row of ``read_address`` as the cycles before have left it.

    A memory of a few wide rows is made of look-up tables: the rows of price levels, of 32 levels
    each, would take 144 block RAMs of 512 rows whether there are eight symbols or two.

    What a read returns of an address that is written in the same cycle differs between block RAMs, and is not relied
    upon: the attribute ``no_rw_check`` says so to synthesis. With ``forwards`` a read gives the row as it stands when
    the data come: what is written in the cycle of the read and in the one after it is passed on beside the memory.
    Without, the caller does not use the data of a read in the cycle of a write to the same address, and a read gives
    what was written before.

    Parameters
    ----------
    shape : ShapeLike
        What a row holds.
    depth : int
        Rows.
    latency : int
        Cycles from address to data: 2, 1, or for a memory made of look-up tables 0.
    forwards : bool
        As above; only with a latency of 2.

    Ports
    -----
    read_enable, read_address, read_data
        The read port; without a latency ``read_enable`` is not looked at.
    write_enable, write_address, write_data
        The write port.
    """

    def __init__(self, shape: object, depth: int, *, latency: int = 2, forwards: bool = False) -> None:
        if latency not in (0, 1, 2):
            raise ValueError(f"a read takes 0, 1 or 2 cycles, not {latency!r}")
        if latency == 0 and depth > SHALLOW:
            raise ValueError(f"at most {SHALLOW} rows are read in no time, not {depth!r}: use a latency of 1 or 2")
        if forwards and latency != 2:
            raise ValueError(f"forwarding is made for a read of 2 cycles, not of {latency!r}")
        self._forwards = forwards
        self._shape = shape
        self._depth = depth
        self._latency = latency
        address = bits_for(depth - 1)
        super().__init__(
            {
                "read_enable": In(1),
                "read_address": In(address),
                "read_data": Out(shape),
                "write_enable": In(1),
                "write_address": In(address),
                "write_data": In(shape),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        attributes: dict[str, str | int] = {"ram_style": "distributed" if self._depth <= SHALLOW else "block"}
        if self._latency:
            attributes["no_rw_check"] = 1
        m.submodules.memory = memory = Memory(shape=self._shape, depth=self._depth, init=[], attrs=attributes)
        write = memory.write_port()
        m.d.comb += [
            write.en.eq(self.write_enable),
            write.addr.eq(self.write_address),
            write.data.eq(self.write_data),
        ]
        if self._latency == 0:
            at_once = memory.read_port(domain="comb")
            m.d.comb += [at_once.addr.eq(self.read_address), self.read_data.eq(at_once.data)]
            return m
        read = memory.read_port()
        m.d.comb += [read.en.eq(self.read_enable), read.addr.eq(self.read_address)]
        if self._latency == 1:
            m.d.comb += self.read_data.eq(read.data)
            return m
        arrived = Signal()
        output = Signal.like(self.read_data)
        m.d.sync += arrived.eq(self.read_enable)
        if self._forwards:
            asked = Signal.like(self.read_address)
            collided = Signal()
            written = Signal.like(self.write_data)
            with m.If(self.read_enable):
                m.d.sync += [
                    asked.eq(self.read_address),
                    collided.eq(self.write_enable & (self.write_address == self.read_address)),
                    written.eq(self.write_data),
                ]
            # Nested, so that synthesis finds in ``arrived`` the registers' enable, not one more input of each bit.
            with m.If(arrived):
                with m.If(self.write_enable & (self.write_address == asked)):
                    m.d.sync += output.eq(self.write_data)
                with m.Elif(collided):
                    m.d.sync += output.eq(written)
                with m.Else():
                    m.d.sync += output.eq(read.data)
        else:
            with m.If(arrived):
                m.d.sync += output.eq(read.data)
        m.d.comb += self.read_data.eq(output)
        return m
