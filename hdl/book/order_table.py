"""Every live order of the followed symbols, found by its reference within a constant time."""

from amaranth import Array, Cat, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import bits_for

from hdl.book.entry import GENERATION_BITS, TOLD, entry_layout, told_of
from hdl.book.live_count import LiveCount
from hdl.book.memory import BookMemory
from hdl.book.mixing import BANKS, address_of
from hdl.book.stash import Stash
from hdl.book.stash_move import StashMove
from hdl.book.sweep import Sweep
from hdl.one_hot import number_of, select

__all__ = ["STASH", "OrderTable"]

#: Orders that the stash holds.
STASH = 16


class OrderTable(wiring.Component):
    """A hash table of four banks and a stash; the full 64-bit reference is compared.

    An order has one place in each bank (:mod:`hdl.book.mixing`) and goes to the first free one, else to the stash.
    With events and between them, stashed orders are moved: into a place that came free, or into one whose order takes
    the stash's entry in turn, so that four banks can be filled far beyond half. Only when the stash is full too does an
    order not fit: ``has_room`` is low and the book makes its symbol stale.

    The caller walks operations through it, one every second cycle at most, ``step[k]`` high in an operation's cycle k:

    ====== ==========================================================================================
    cycle  what
    ====== ==========================================================================================
    0      ``early_reference`` is looked up (the order that is spoken of)
    1      ``target`` is looked up (the order to be added, or to be moved out of the stash)
    3      ``found``, ``old``: the order spoken of, if ``slot`` has it
    4      ``duplicate``, ``has_room`` for ``target``; ``reduce``: ``old`` now has ``remaining`` shares, 0 removes it;
           ``clear``: every order of ``slot`` is gone
    5      ``insert``: ``target`` is added; ``move``: the stashed order is moved
    ====== ==========================================================================================

    Each operation finds the table as the one before leaves it: what that one is still about to write is taken from
    its registers. Cycles 4 and 5 of two operations never meet, so one port of the memories writes and one reads.

    Parameters
    ----------
    slots : int
        Symbols.
    orders : int
        Places in the banks together; a power of two, at least 32.

    Ports
    -----
    step, early_reference, reference, target, slot, replace, found, old, duplicate, has_room
        As above; ``reference``, ``target``, ``slot`` and ``replace`` (``target`` takes the place of ``reference``,
        and may be equal to it) are there in cycles 1 and 2.
    reduce, remaining, insert, insert_side, insert_shares, insert_price, clear
        As above.
    move, disturbed
        ``move[k]``: the operation in its cycle k moves a stashed order (:mod:`hdl.book.stash_move`), which stands there
        in cycle 0 as ``move_reference``, and may do another thing that inserts none; ``disturbed[k]``: the one in its
        cycle k + 1 must not go on.
    may_scan, scan_enable, scan_address, cells, live, sweeping
        Background reads: with ``may_scan`` (see :mod:`hdl.book.scan`) and not ``sweeping``, the row asked for is on
        ``cells`` two cycles later, ``live`` telling which of them are live orders.
    stash_scan, stash_index, stashed
        With ``stash_scan`` an entry of the stash, in the same cycle; a live order if it is ``valid``. Not in an
        operation's cycle 0.
    wants_move, crowded, move_reference
        Whether moving a stashed order may help; whether the stash is more than half full; which one to move.
    old_ordinal, new_ordinal
        Place of ``old`` (cycle 4) and of an order inserted (cycle 5), as numbers in the order of a scan:
        row times 4 plus bank, the stash after all rows.
    clear_blocked
        Some slot has been cleared too often since the last sweep: no event may be taken until it has ended.
    initialising
        After reset, for a cycle a row: no operation may start.
    live_orders
        Orders held.
    """

    def __init__(self, slots: int, orders: int) -> None:
        if orders & (orders - 1) or orders < 32:
            raise ValueError(f"table_orders is a power of two of at least 32, not {orders!r}")
        self.slots = slots
        self.rows = orders // BANKS
        self.address_bits = bits_for(self.rows - 1)
        self.entry = entry_layout(slots)
        ordinal = self.address_bits + 3
        slot = self.entry["slot"].shape
        super().__init__(
            {
                "step": In(7),
                "early_reference": In(64),
                "reference": In(64),
                "target": In(64),
                "slot": In(slot),
                "replace": In(1),
                "found": Out(1),
                "old": Out(TOLD),
                "duplicate": Out(1),
                "has_room": Out(1),
                "reduce": In(1),
                "remaining": In(32),
                "insert": In(1),
                "insert_side": In(1),
                "insert_shares": In(32),
                "insert_price": In(32),
                "clear": In(1),
                "move": In(6),
                "disturbed": Out(4),
                "may_scan": In(1),
                "scan_enable": In(1),
                "scan_address": In(self.address_bits),
                "cells": Out(data.ArrayLayout(self.entry, BANKS)),
                "live": Out(BANKS),
                "sweeping": Out(1),
                "stash_scan": In(1),
                "stash_index": In(range(STASH)),
                "stashed": Out(self.entry),
                "wants_move": Out(1),
                "crowded": Out(1),
                "move_reference": Out(64),
                "old_ordinal": Out(ordinal),
                "new_ordinal": Out(ordinal),
                "clear_blocked": Out(1),
                "initialising": Out(1),
                "live_orders": Out(32),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        banks = [BookMemory(self.entry, self.rows, forwards=True) for _ in range(BANKS)]
        for bank, memory in enumerate(banks):
            m.submodules[f"bank_{bank}"] = memory
        m.submodules.stash = stash = Stash(self.entry, TOLD, STASH)
        m.submodules.moving = moving = StashMove(STASH, self.address_bits)
        m.submodules.sweep = sweep = Sweep(self.address_bits, BANKS)

        # The operation travels with its cycles, because the next one is two behind: the number is that of the first
        # cycle in which a signal holds; it holds for two.
        reference_3 = Signal(64)
        target_3 = Signal(64)
        target_5 = Signal(64)
        slot_4 = Signal.like(self.slot)
        slot_5 = Signal.like(self.slot)
        with m.If(self.step[2]):
            m.d.sync += [reference_3.eq(self.reference), target_3.eq(self.target), slot_4.eq(self.slot)]
        with m.If(self.step[4]):
            m.d.sync += [target_5.eq(target_3), slot_5.eq(slot_4)]

        # Cycles 2 and 3 of two operations never meet, so that one comparator a place does for both references. In a row
        # the upper bits tell the lower ones (hdl/book/mixing.py), which need not be compared.
        compared = Mux(self.step[2], self.reference, target_3)
        alike = Cat(cell.reference[self.address_bits :] == compared[self.address_bits :] for cell in self.cells)

        # Generations: an order is live while its slot has not been cleared since.
        generations = Array(Signal(GENERATION_BITS, name=f"generation_{s}") for s in range(self.slots))
        clears = [Signal(GENERATION_BITS, name=f"clears_{s}") for s in range(self.slots)]
        for s in range(self.slots):
            with m.If(sweep.done):
                m.d.sync += clears[s].eq(0)
            with m.If(self.clear & (slot_4 == s)):
                m.d.sync += [generations[s].eq(generations[s] + 1), clears[s].eq(clears[s] + 1)]
        # Two more events may be in the pipeline by the time the count is seen.
        blocked = [count >= (1 << GENERATION_BITS) - 3 for count in clears]
        m.d.comb += self.clear_blocked.eq(Cat(blocked).any())

        # Reading.
        old_rows_1, old_rows, new_rows_2, new_rows = (
            Signal(data.ArrayLayout(self.address_bits, BANKS), name=name)
            for name in ("old_row_1", "old_row_3", "new_row_2", "new_row_4")
        )
        for bank, memory in enumerate(banks):
            early = address_of(self.early_reference, bank, self.address_bits)
            late = address_of(self.target, bank, self.address_bits)
            with m.If(self.step[0]):
                m.d.comb += [memory.read_enable.eq(1), memory.read_address.eq(early)]
                m.d.sync += old_rows_1[bank].eq(early)
            with m.Elif(self.step[1]):
                m.d.comb += [memory.read_enable.eq(1), memory.read_address.eq(late)]
                m.d.sync += new_rows_2[bank].eq(late)
            with m.Elif(sweep.active):
                m.d.comb += [memory.read_enable.eq(sweep.read_enable), memory.read_address.eq(sweep.read_address)]
            with m.Else():
                m.d.comb += [memory.read_enable.eq(self.scan_enable), memory.read_address.eq(self.scan_address)]
            with m.If(self.step[2]):
                m.d.sync += old_rows[bank].eq(old_rows_1[bank])
            with m.If(self.step[3]):
                m.d.sync += new_rows[bank].eq(new_rows_2[bank])
            cell = memory.read_data
            m.d.comb += [
                self.cells[bank].eq(cell),
                self.live[bank].eq(cell.valid & (cell.generation == generations[cell.slot])),
                sweep.dead[bank].eq(cell.valid & ~self.live[bank]),
            ]
        m.d.comb += [
            sweep.may_scan.eq(self.may_scan),
            sweep.request.eq(self.clear),
            self.sweeping.eq(sweep.active),
            self.initialising.eq(sweep.initialising),
            stash.reference.eq(compared),
            stash.slot.eq(self.slot),
            stash.clear.eq(self.clear),
            stash.clear_slot.eq(slot_4),
        ]

        # Cycles 2 and 3: the order spoken of. What the memories and the stash do not show yet are the deeds of an
        # operation two cycles before, now in its cycles 4 and 5, and what one three cycles before adds in its cycle 5.
        arriving = Signal(TOLD)
        place = Signal(BANKS)
        stash_place = Signal(STASH)
        hits_3 = Signal(BANKS)
        stash_hits_3 = Signal(STASH)
        held = [Signal(TOLD, name=f"held_{b}") for b in range(BANKS)]
        same_3 = Signal()
        after_order = Signal()  # the operation before speaks of this order
        after_target = Signal()  # the operation before may add this order
        after_insert = Signal()  # this order was added in the last cycle
        after_clear = Signal()  # its slot was cleared in the last cycle
        target_again = Signal()  # the operation before may add the order that this one may add
        left, none_left = Signal(32), Signal()  # of an order that was spoken of in the last cycle
        was_reduced = Signal()
        inserted = Signal(TOLD)  # the last order that was added, and its place
        inserted_place = Signal(BANKS)
        inserted_stash = Signal(STASH)
        with m.If(self.step[2]):
            same_slot = self.slot == slot_4
            m.d.sync += [
                hits_3.eq(self.live & alike & Cat(cell.slot == self.slot for cell in self.cells)),
                stash_hits_3.eq(stash.hits),
                same_3.eq(self.replace & (self.target == self.reference)),
                *(order.eq(told_of(cell)) for order, cell in zip(held, self.cells, strict=True)),
                after_order.eq(self.step[4] & (self.reference == reference_3)),
                after_target.eq(self.step[4] & same_slot & (self.reference == target_3)),
                after_insert.eq(self.insert & (self.slot == slot_5) & (self.reference == target_5)),
                after_clear.eq(self.clear & same_slot),
                target_again.eq(self.step[4] & (self.target == target_3)),
            ]
        m.d.sync += was_reduced.eq(self.reduce)
        with m.If(self.reduce):
            m.d.sync += [left.eq(self.remaining), none_left.eq(~self.remaining.any())]
        removed = self.reduce & ~self.remaining.any()
        with m.If(self.insert):
            m.d.sync += [inserted.eq(arriving), inserted_place.eq(place), inserted_stash.eq(stash_place)]
        hits_now = Signal(BANKS)
        stash_hits_now = Signal(STASH)
        m.d.comb += [
            hits_now.eq(hits_3),
            stash_hits_now.eq(stash_hits_3),
            self.found.eq((hits_3.any() | stash_hits_3.any()) & ~after_clear),
            stash.told_index.eq(number_of(stash_hits_3)),
            arriving.eq(Cat(self.insert_side, self.insert_shares, self.insert_price)),
            self.old.eq(Mux(stash_hits_3.any(), stash.told.as_value(), select(hits_3, held))),
        ]
        with m.If(after_target & self.insert):
            m.d.comb += [self.found.eq(1), self.old.eq(arriving), hits_now.eq(place), stash_hits_now.eq(stash_place)]
        with m.Elif(after_insert):
            m.d.comb += [
                self.found.eq(1),
                self.old.eq(inserted),
                hits_now.eq(inserted_place),
                stash_hits_now.eq(inserted_stash),
            ]
        with m.If(after_order & was_reduced & ~(after_target & self.insert)):
            m.d.comb += self.old.shares.eq(left)
            with m.If(none_left):
                m.d.comb += self.found.eq(0)

        # Cycles 3 and 4: the order to come. What is not shown yet is what the operation before adds or moves in its
        # cycle 5.
        hits = Signal(BANKS)
        stash_hits = Signal(STASH)
        same = Signal()
        free = Signal(BANKS)
        taken = Signal()
        resident = Signal(self.entry)  # whose place a stashed order takes if none is free
        old = Signal(TOLD)
        first_free = free & (~free + 1)
        same_rows = Cat(new_rows[b] == new_rows_2[b] for b in range(BANKS))
        moved_to = Mux(free.any(), first_free, 1 << moving.pushes) & moving.relocates.replicate(BANKS)
        fills = (place & self.insert.replicate(BANKS)) | moved_to
        with m.If(self.step[3]):
            m.d.sync += [
                hits.eq(hits_now),
                stash_hits.eq(stash_hits_now),
                same.eq(same_3),
                free.eq(~self.live & ~(fills & same_rows)),
                taken.eq((self.live & alike).any() | stash.matches.any() | (self.insert & target_again)),
                old.eq(self.old),
                resident.eq(Array(cell.as_value() for cell in self.cells)[moving.victim]),
            ]
        m.d.comb += [
            self.duplicate.eq(taken & ~same),
            self.has_room.eq(same | free.any() | stash.has_room),
        ]

        # What is moved, from cycles 1, 3 and 5 on: were it written in between, the move would be dropped.
        layout = data.StructLayout({"told": TOLD, "slot": self.slot.shape()})
        moved = [Signal(layout, name=f"moved_{cycle}") for cycle in (1, 3, 5)]
        for cycle, taken_over in zip((0, 2, 4), (Cat(told_of(stash.read), stash.read.slot), *moved[:2]), strict=True):
            with m.If(self.move[cycle]):
                m.d.sync += moved[cycle // 2].eq(taken_over)

        # Writing: cycle 4 the order spoken of, cycle 5 the order to come or the one that is moved. Which it is chooses
        # what would be written; whether it is written hangs on more, and comes later.
        write = Signal(self.entry)
        write_bank = Signal(BANKS)
        stash_index = Signal(range(STASH))
        goes_on, relocate = self.step[4], moving.relocates
        leaving = Mux(relocate, moved[2].told, arriving)
        written = data.View(TOLD, Mux(goes_on, Cat(old.side, self.remaining, old.price), leaving))
        slot = Mux(goes_on, slot_4, Mux(relocate, moved[2].slot, slot_5))
        m.d.comb += [
            place.eq(Mux(same, hits, first_free)),
            stash_index.eq(Mux(same, number_of(stash_hits), stash.room_index)),
            stash_place.eq(Mux(place.any(), 0, 1 << stash_index)),
            write.valid.eq(Mux(goes_on, self.remaining.any(), self.step[5])),
            write.side.eq(written.side),
            write.shares.eq(written.shares),
            write.price.eq(written.price),
            write.slot.eq(slot),
            write.generation.eq(generations[slot]),
            write.reference.eq(Mux(goes_on, reference_3, target_5)),
            write_bank.eq((hits & self.reduce.replicate(BANKS)) | fills | sweep.erase),
            stash.read_index.eq(Mux(self.stash_scan, self.stash_index, moving.index)),
            self.stashed.eq(stash.read),
            stash.write_enable.eq((self.reduce & stash_hits.any()) | (self.insert & ~place.any()) | relocate),
            stash.write_index.eq(Mux(goes_on, number_of(stash_hits), Mux(relocate, moving.index_5, stash_index))),
            stash.write_entry.eq(Mux(relocate, resident, write)),
            stash.write_entry.valid.eq(Mux(relocate, ~free.any(), write.valid)),
        ]
        m.d.comb += [
            moving.move.eq(self.move),
            moving.written.eq(stash.write_enable),
            moving.written_index.eq(stash.write_index),
            moving.orders.eq(stash.orders),
            moving.clear.eq(self.clear),
            moving.leaves.eq(removed),
            moving.settles.eq(free.any()),
            moving.rows.eq(new_rows),
            moving.rows_2.eq(old_rows_1),
            moving.rows_3.eq(old_rows),
            moving.filled.eq(fills & same_rows),
            moving.step.eq(self.step),
            self.disturbed.eq(moving.disturbed),
            self.wants_move.eq(moving.wanted),
            self.crowded.eq(stash.crowded),
            self.move_reference.eq(stash.read.reference),
        ]
        for bank, memory in enumerate(banks):
            row = Mux(goes_on, old_rows[bank], Mux(self.step[5], new_rows[bank], sweep.erase_address))
            m.d.comb += [
                memory.write_enable.eq(write_bank[bank]),
                memory.write_address.eq(row),
                memory.write_data.eq(write),
            ]

        old_row = select(hits, old_rows)
        new_row = select(place, new_rows)
        m.d.comb += [
            self.old_ordinal.eq(
                Mux(hits.any(), Cat(number_of(hits), old_row), 1 << (self.address_bits + 2) | number_of(stash_hits))
            ),
            self.new_ordinal.eq(
                Mux(place.any(), Cat(number_of(place), new_row), 1 << (self.address_bits + 2) | stash_index)
            ),
        ]

        m.submodules.count = count = LiveCount(self.slots, self.rows * BANKS + STASH)
        m.d.comb += [
            count.added.eq(self.insert),
            count.added_slot.eq(slot_5),
            count.removed.eq(removed),
            count.cleared.eq(self.clear),
            count.slot.eq(slot_4),
            self.live_orders.eq(count.total),
        ]
        return m
