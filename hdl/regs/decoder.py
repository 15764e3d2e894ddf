"""Which register an address is: the first step of every access."""

from amaranth import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from hdl.regs.description import REGISTER_BYTES, Block, Description, Register

__all__ = ["AddressDecoder"]

#: Low bits of a register's number that are decoded by themselves, once for all registers; the bits above likewise.
_LOW_BITS = 4


class AddressDecoder(wiring.Component):
    """Compares an address with those of all registers; at most one of all hits is high.

    Registers that are there once are told apart by two short one-hot codes of their number, so that each asks for one
    look-up table instead of a comparison of 32 bits. Nobody asks which counter it is: its row does.

    Latency: 1 cycle.

    Bad input: an address that is not exactly a register's hits none.

    Parameters
    ----------
    description : Description
        The register map.

    Ports
    -----
    valid, address : In
        An access, and its byte address.
    hit_BLOCK_REGISTER : Out
        One bit each of an array or slot; there is none for counters.
    slot_BLOCK : Out
        Which slot's it is, if it is one of a block that is there once a slot.
    counter : Out
        It is a counter.
    """

    def __init__(self, description: Description) -> None:
        self._description = description
        slots = {f"slot_{b.name}": Out(range(max(2, description.slots))) for b in description.blocks if b.stride}
        hits = {f"hit_{r.block}_{r.name}": Out(r.count) for r in description if not r.counter}
        super().__init__({"valid": In(1), "address": In(32), **hits, **slots, "counter": Out(1)})

    def hit(self, register: Register) -> Signal:
        """Give the hits of a register that is no counter."""
        return getattr(self, f"hit_{register.block}_{register.name}")

    def elaborate(self, platform):
        """Decode what is shared, then compare."""
        m = Module()
        unit = exact_log2(REGISTER_BYTES)
        single = [r for r in self._description if not r.per_slot]
        bits = max(r.place(r.count - 1) >> unit for r in single).bit_length()
        row, rest = self.address[unit : unit + bits], Cat(self.address[:unit], self.address[unit + bits :])
        found = Signal()
        low, high = Signal(1 << _LOW_BITS), Signal(1 << bits - _LOW_BITS)
        m.d.comb += [
            found.eq(self.valid & (rest == 0)),
            low.eq(Cat(row[:_LOW_BITS] == i for i in range(len(low)))),
            high.eq(Cat(row[_LOW_BITS:] == i for i in range(len(high)))),
        ]
        counters = 0
        for register in single:
            places = [register.place(i) >> unit for i in range(register.count)]
            if register.counter:
                counters |= sum(1 << place for place in places)
            else:
                chosen = (found & low[place % len(low)] & high[place >> _LOW_BITS] for place in places)
                m.d.sync += self.hit(register).eq(Cat(chosen))
        m.d.sync += self.counter.eq(found & Const(counters, 1 << bits).bit_select(row, 1))
        for block in self._description.blocks:
            if block.stride:
                self._slots(m, block)
        return m

    def _slots(self, m: Module, block: Block) -> None:
        """Compare the slot and the offset, each by itself, of a block that is there once a slot."""
        bits = exact_log2(block.stride)
        first = block.base >> bits
        offset, page = self.address[:bits], self.address[bits:]
        slot, hit = getattr(self, f"slot_{block.name}"), Signal(self._description.slots, name=f"{block.name}_hit")
        m.d.sync += [
            hit.eq(Mux(self.valid, Cat(page == first + i for i in range(len(hit))), 0)),
            slot.eq(page[: len(slot)] - first % (1 << len(slot))),
        ]
        for register in block.registers:
            at_offset = Signal(name=f"{register.block}_{register.name}_at")
            m.d.sync += at_offset.eq(offset == register.address - block.base)
            m.d.comb += self.hit(register).eq(Mux(at_offset, hit, 0))
