"""A few orders in registers, for those that find all their places in the table taken."""

from amaranth import Array, Cat, Module, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import bits_for

__all__ = ["Stash"]


class Stash(wiring.Component):
    """Orders compared in full, all at once.

    Only live orders are ever in it: a cleared slot's are dropped at once.

    Parameters
    ----------
    entry : data.StructLayout
        An order, with at least ``valid``, ``slot``, ``reference``.
    size : int
        Orders it holds.

    Ports
    -----
    entries
        All of them.
    reference, slot, hits
        Which entry is the live order ``reference`` of ``slot``, one-hot; same cycle.
    target, target_hits
        Which entry has the reference ``target``, whatever its slot; same cycle.
    has_room, room_index
        There is a free entry, and the first one's number.
    occupied, crowded, oldest, oldest_index
        There is an order; more than half the entries are taken; the order with the lowest number.
    write_enable, write_index, write_entry
        Replaces an entry from the next cycle on.
    clear, clear_slot
        Drops every order of a slot. Not together with a write.
    """

    def __init__(self, entry: data.StructLayout, size: int) -> None:
        self._entry = entry
        self._size = size
        index = bits_for(size - 1)
        slot = entry["slot"].shape
        super().__init__(
            {
                "entries": Out(data.ArrayLayout(entry, size)),
                "reference": In(64),
                "slot": In(slot),
                "hits": Out(size),
                "target": In(64),
                "target_hits": Out(size),
                "has_room": Out(1),
                "room_index": Out(index),
                "occupied": Out(1),
                "crowded": Out(1),
                "oldest": Out(entry),
                "oldest_index": Out(index),
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
        held = [Signal(self._entry, name=f"held_{i}") for i in range(self._size)]
        valid = Cat(entry.valid for entry in held)
        m.d.comb += [
            self.has_room.eq(~valid.all()),
            self.occupied.eq(valid.any()),
            self.crowded.eq(sum(entry.valid for entry in held) > self._size // 2),
            self.oldest.eq(Array(entry.as_value() for entry in held)[self.oldest_index]),
        ]
        for i in reversed(range(self._size)):
            with m.If(held[i].valid):
                m.d.comb += self.oldest_index.eq(i)
            with m.Else():
                m.d.comb += self.room_index.eq(i)
        for i, entry in enumerate(held):
            m.d.comb += [
                self.entries[i].eq(entry),
                self.hits[i].eq(entry.valid & (entry.reference == self.reference) & (entry.slot == self.slot)),
                self.target_hits[i].eq(entry.valid & (entry.reference == self.target)),
            ]
            with m.If(self.write_enable & (self.write_index == i)):
                m.d.sync += entry.eq(self.write_entry)
            with m.Elif(self.clear & (entry.slot == self.clear_slot)):
                m.d.sync += entry.valid.eq(0)
        return m
