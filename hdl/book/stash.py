"""A few orders beside the table, for those that find all their places in it taken."""

from amaranth import Array, Module, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import bits_for

from hdl.book.memory import BookMemory

__all__ = ["Stash"]


class Stash(wiring.Component):
    """Orders whose references are compared in full, all at once.

    What is compared of an order is in registers, and all of it in memories made of look-up tables, one for each
    number that orders are read by: a choice among registers would cost as much as all the rest of a book's table. Only
    live orders are ever in it: a cleared slot's are dropped at once.

    Parameters
    ----------
    entry : data.StructLayout
        An order, with at least ``valid``, ``slot``, ``reference``.
    told : data.StructLayout
        Those of an entry's fields that ``told`` has.
    size : int
        Orders it holds.

    Ports
    -----
    reference, slot, matches, hits
        Which entries have the reference, whatever their slot, and which is the live order ``reference`` of ``slot``,
        one-hot; same cycle.
    told_index, told
        An entry by its number; same cycle.
    read_index, read
        The same, all of it; same cycle.
    has_room, room_index
        There is a free entry, and the first one's number.
    orders, crowded
        Which entries are taken; whether more than half of them are.
    write_enable, write_index, write_entry
        Replaces an entry from the next cycle on.
    clear, clear_slot
        Drops every order of a slot. Not together with a write.
    """

    def __init__(self, entry: data.StructLayout, told: data.StructLayout, size: int) -> None:
        self._entry = entry
        self._told = told
        self._size = size
        index = bits_for(size - 1)
        slot = entry["slot"].shape
        super().__init__(
            {
                "reference": In(64),
                "slot": In(slot),
                "matches": Out(size),
                "hits": Out(size),
                "told_index": In(index),
                "told": Out(told),
                "read_index": In(index),
                "read": Out(entry),
                "has_room": Out(1),
                "room_index": Out(index),
                "orders": Out(size),
                "crowded": Out(1),
                "write_enable": In(1),
                "write_index": In(index),
                "write_entry": In(entry),
                "clear": In(1),
                "clear_slot": In(slot),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        valid = Signal(self._size)
        references = [Signal(64, name=f"reference_{i}") for i in range(self._size)]
        slots = [Signal.like(self.slot, name=f"slot_{i}") for i in range(self._size)]
        m.submodules.told_orders = told_orders = BookMemory(self._told, self._size, latency=0)
        m.submodules.read_orders = read_orders = BookMemory(self._entry, self._size, latency=0)
        m.d.comb += [
            self.has_room.eq(~valid.all()),
            self.orders.eq(valid),
            self.crowded.eq(_tally(valid) > self._size // 2),
            *(memory.write_enable.eq(self.write_enable) for memory in (told_orders, read_orders)),
            *(memory.write_address.eq(self.write_index) for memory in (told_orders, read_orders)),
            told_orders.read_address.eq(self.told_index),
            self.told.eq(told_orders.read_data),
            *(told_orders.write_data[name].eq(self.write_entry[name]) for name, _ in self._told),
            read_orders.read_address.eq(self.read_index),
            read_orders.write_data.eq(self.write_entry),
            self.read.eq(read_orders.read_data),
            # Whether there is an order is not the memory's to say: a slot's orders are dropped all at once.
            self.read.valid.eq(Array(valid)[self.read_index]),
        ]
        for i in reversed(range(self._size)):
            with m.If(~valid[i]):
                m.d.comb += self.room_index.eq(i)
        for i, (reference, slot) in enumerate(zip(references, slots, strict=True)):
            m.d.comb += [
                self.matches[i].eq(valid[i] & (reference == self.reference)),
                self.hits[i].eq(self.matches[i] & (slot == self.slot)),
            ]
            with m.If(self.write_enable & (self.write_index == i)):
                m.d.sync += [
                    valid[i].eq(self.write_entry.valid),
                    reference.eq(self.write_entry.reference),
                    slot.eq(self.write_entry.slot),
                ]
            with m.Elif(self.clear & (slot == self.clear_slot)):
                m.d.sync += valid[i].eq(0)
        return m


def _tally(bits: Value) -> Value:
    """Give the number of bits that are set, as a tree of sums: a row of them would be the longest path."""
    half = len(bits) // 2
    return _tally(bits[:half]) + _tally(bits[half:]) if half else bits[0]
