"""Every live order of the followed symbols, found by its reference within a constant time."""

from amaranth import Array, Cat, Module, Mux, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import bits_for

from hdl.book.memory import BookMemory
from hdl.book.mixing import BANKS, address_of
from hdl.book.stash import Stash
from hdl.book.sweep import Sweep

__all__ = ["GENERATION_BITS", "STASH", "OrderTable", "entry_layout"]

#: Orders that the stash holds.
STASH = 16
#: A slot may be cleared 2**bits - 1 times before a sweep must have ended.
GENERATION_BITS = 3
#: Moves of a stashed order that are tried before waiting for the table to change.
ATTEMPTS = 255


def entry_layout(slots: int) -> data.StructLayout:
    """Give the layout of an order in the table."""
    return data.StructLayout(
        {
            "valid": 1,
            "side": 1,
            "slot": bits_for(slots - 1),
            "generation": GENERATION_BITS,
            "shares": 32,
            "price": 32,
            "reference": 64,
        }
    )


class OrderTable(wiring.Component):
    """A hash table of four banks and a stash; the full 64-bit reference is compared.

    An order has one place in each bank (:mod:`hdl.book.mixing`) and goes to the first free one, else to the stash.
    While the book rests, stashed orders are moved: into a place that came free, or into one whose order takes the
    stash's entry in turn, so that four banks can be filled far beyond half. Only when the stash is full too does an
    order not fit: ``has_room`` is low and the book makes its symbol stale.

    The caller walks one operation at a time through it, ``step[k]`` high in the operation's cycle k:

    ====== ==========================================================================================
    cycle  what
    ====== ==========================================================================================
    0      ``early_reference`` is looked up (the order that is spoken of)
    1      ``target`` is looked up (the order to be added, or to be moved out of the stash)
    3      ``found``, ``old``: the order spoken of, if ``slot`` has it
    4      ``duplicate``, ``has_room`` for ``target``; ``reduce``: ``old`` now has ``remaining`` shares, 0 removes it;
           ``clear``: every order of ``slot`` is gone
    5      ``insert``: ``target`` is added; ``relocate``: the stashed order is moved
    6      cycle 0 of the next operation, at the earliest
    ====== ==========================================================================================

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
        and may be equal to it) are steady from cycle 1 to 5.
    reduce, remaining, insert, insert_side, insert_shares, insert_price, clear, relocate
        As above.
    quiet, scan_enable, scan_address, cells, live, sweeping
        Background reads: with ``quiet`` (see :mod:`hdl.book.scan`) and not ``sweeping``, the row asked for is on
        ``cells`` two cycles later, ``live`` telling which of them are live orders.
    stash, wants_move, crowded, move_reference
        The stash's entries; whether moving one may help; whether it is more than half full; which one to move.
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
                "old": Out(self.entry),
                "duplicate": Out(1),
                "has_room": Out(1),
                "reduce": In(1),
                "remaining": In(32),
                "insert": In(1),
                "insert_side": In(1),
                "insert_shares": In(32),
                "insert_price": In(32),
                "clear": In(1),
                "relocate": In(1),
                "quiet": In(1),
                "scan_enable": In(1),
                "scan_address": In(self.address_bits),
                "cells": Out(data.ArrayLayout(self.entry, BANKS)),
                "live": Out(BANKS),
                "sweeping": Out(1),
                "stash": Out(data.ArrayLayout(self.entry, STASH)),
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
        banks = [BookMemory(self.entry, self.rows) for _ in range(BANKS)]
        for bank, memory in enumerate(banks):
            m.submodules[f"bank_{bank}"] = memory
        m.submodules.stash = stash = Stash(self.entry, STASH)
        m.submodules.sweep = sweep = Sweep(self.address_bits, BANKS)

        # Generations: an order is live while its slot has not been cleared since.
        generations = Array(Signal(GENERATION_BITS, name=f"generation_{s}") for s in range(self.slots))
        clears = [Signal(GENERATION_BITS, name=f"clears_{s}") for s in range(self.slots)]
        for s in range(self.slots):
            with m.If(sweep.done):
                m.d.sync += clears[s].eq(0)
            with m.If(self.clear & (self.slot == s)):
                m.d.sync += [generations[s].eq(generations[s] + 1), clears[s].eq(clears[s] + 1)]
        m.d.comb += self.clear_blocked.eq(Cat(count.all() for count in clears).any())

        # Reading.
        old_rows = [Signal(self.address_bits, name=f"old_row_{b}") for b in range(BANKS)]
        new_rows = [Signal(self.address_bits, name=f"new_row_{b}") for b in range(BANKS)]
        for bank, memory in enumerate(banks):
            early = address_of(self.early_reference, bank, self.address_bits)
            late = address_of(self.target, bank, self.address_bits)
            with m.If(self.step[0]):
                m.d.comb += [memory.read_enable.eq(1), memory.read_address.eq(early)]
                m.d.sync += old_rows[bank].eq(early)
            with m.Elif(self.step[1]):
                m.d.comb += [memory.read_enable.eq(1), memory.read_address.eq(late)]
                m.d.sync += new_rows[bank].eq(late)
            with m.Elif(sweep.active):
                m.d.comb += [memory.read_enable.eq(sweep.read_enable), memory.read_address.eq(sweep.read_address)]
            with m.Else():
                m.d.comb += [memory.read_enable.eq(self.scan_enable), memory.read_address.eq(self.scan_address)]
            cell = memory.read_data
            m.d.comb += [
                self.cells[bank].eq(cell),
                self.live[bank].eq(cell.valid & (cell.generation == generations[cell.slot])),
                sweep.dead[bank].eq(cell.valid & ~self.live[bank]),
            ]
        m.d.comb += [
            sweep.quiet.eq(self.quiet),
            sweep.request.eq(self.clear),
            self.sweeping.eq(sweep.active),
            self.initialising.eq(sweep.initialising),
            self.stash.eq(stash.entries),
            stash.reference.eq(self.reference),
            stash.slot.eq(self.slot),
            stash.target.eq(self.target),
            stash.clear.eq(self.clear),
            stash.clear_slot.eq(self.slot),
        ]

        # Cycles 2 and 3: the order spoken of.
        hits = Signal(BANKS)
        stash_hits = Signal(STASH)
        held = [Signal(self.entry, name=f"held_{b}") for b in range(BANKS)]
        same = Signal()
        with m.If(self.step[2]):
            m.d.sync += [
                hits.eq(
                    Cat(
                        self.live[b] & (cell.reference == self.reference) & (cell.slot == self.slot)
                        for b, cell in enumerate(self.cells)
                    )
                ),
                stash_hits.eq(stash.hits),
                same.eq(self.replace & (self.target == self.reference)),
                *(held[b].eq(self.cells[b]) for b in range(BANKS)),
            ]
        m.d.comb += [
            self.found.eq(hits.any() | stash_hits.any()),
            self.old.eq(_select(hits, held) | _select(stash_hits, list(stash.entries))),
        ]

        # Cycles 3 and 4: the order to come.
        free = Signal(BANKS)
        taken = Signal()
        residents = [Signal(self.entry, name=f"resident_{b}") for b in range(BANKS)]
        old = Signal(self.entry)
        with m.If(self.step[3]):
            matches = Cat(self.live[b] & (cell.reference == self.target) for b, cell in enumerate(self.cells))
            m.d.sync += [
                free.eq(~self.live),
                taken.eq(matches.any() | stash.target_hits.any()),
                old.eq(self.old),
                *(residents[b].eq(self.cells[b]) for b in range(BANKS)),
            ]
        m.d.comb += [
            self.duplicate.eq(taken & ~same),
            self.has_room.eq(same | free.any() | stash.has_room),
        ]

        # Writing: cycle 4 the order spoken of, cycle 5 the order to come.
        write_bank = Signal(BANKS)
        write_row = [Signal(self.address_bits, name=f"write_row_{b}") for b in range(BANKS)]
        write = Signal(self.entry)
        first_free = free & (~free + 1)
        victim = Signal(range(BANKS))  # whose place a stashed order takes; moves on every time
        place = Signal(BANKS)
        attempts = Signal(range(ATTEMPTS + 1))
        for bank, memory in enumerate(banks):
            m.d.comb += [
                memory.write_enable.eq(write_bank[bank]),
                memory.write_address.eq(write_row[bank]),
                memory.write_data.eq(write),
                write_row[bank].eq(new_rows[bank]),
            ]
        m.d.comb += place.eq(Mux(same, hits, first_free))
        with m.If(self.reduce):
            m.d.comb += [
                write.eq(old),
                write.shares.eq(self.remaining),
                write.valid.eq(self.remaining.any()),
                write_bank.eq(hits),
                *(write_row[b].eq(old_rows[b]) for b in range(BANKS)),
                stash.write_enable.eq(stash_hits.any()),
                stash.write_index.eq(_number(stash_hits)),
                stash.write_entry.eq(write),
            ]
        with m.Elif(self.insert):
            m.d.comb += [
                write.valid.eq(1),
                write.side.eq(self.insert_side),
                write.slot.eq(self.slot),
                write.generation.eq(generations[self.slot]),
                write.shares.eq(self.insert_shares),
                write.price.eq(self.insert_price),
                write.reference.eq(self.target),
                write_bank.eq(place),
                stash.write_enable.eq(~place.any()),
                stash.write_index.eq(Mux(same, _number(stash_hits), stash.room_index)),
                stash.write_entry.eq(write),
            ]
        with m.Elif(self.relocate):
            m.d.comb += [
                write.eq(stash.oldest),
                write_bank.eq(Mux(free.any(), first_free, 1 << victim)),
                stash.write_enable.eq(1),
                stash.write_index.eq(stash.oldest_index),
                stash.write_entry.eq(Array(cell.as_value() for cell in residents)[victim]),
            ]
            with m.If(free.any()):
                m.d.comb += stash.write_entry.valid.eq(0)
            m.d.sync += victim.eq(victim + 1)
        with m.Elif(sweep.erase.any()):
            m.d.comb += [write_bank.eq(sweep.erase), *(write_row[b].eq(sweep.erase_address) for b in range(BANKS))]

        old_row = _select(hits, old_rows)
        new_row = _select(place, new_rows)
        m.d.comb += [
            self.old_ordinal.eq(
                Mux(hits.any(), Cat(_number(hits), old_row), 1 << (self.address_bits + 2) | _number(stash_hits))
            ),
            self.new_ordinal.eq(
                Mux(
                    same,
                    self.old_ordinal,
                    Mux(free.any(), Cat(_number(place), new_row), 1 << (self.address_bits + 2) | stash.room_index),
                )
            ),
        ]

        # Moving stashed orders about, as long as there is hope.
        m.d.comb += [
            self.wants_move.eq(stash.occupied & (attempts != ATTEMPTS)),
            self.crowded.eq(stash.crowded),
            self.move_reference.eq(stash.oldest.reference),
        ]
        with m.If(self.clear | (self.reduce & ~self.remaining.any()) | (self.relocate & free.any())):
            m.d.sync += attempts.eq(0)
        with m.Elif(self.relocate):
            m.d.sync += attempts.eq(attempts + 1)

        # Counting.
        counts = [Signal(range(self.rows * BANKS + STASH + 1), name=f"count_{s}") for s in range(self.slots)]
        total = Signal(range(self.rows * BANKS + STASH + 1))
        added = self.insert
        removed = self.reduce & ~self.remaining.any()
        for s in range(self.slots):
            with m.If(self.slot == s):
                with m.If(self.clear):
                    m.d.sync += [counts[s].eq(0), total.eq(total - counts[s])]
                with m.Elif(added | removed):
                    m.d.sync += [counts[s].eq(counts[s] + added - removed), total.eq(total + added - removed)]
        m.d.comb += self.live_orders.eq(total)
        return m


def _select(one_hot: Value, choices: list) -> Value:
    """Give the chosen one of ``choices``, zero if none is chosen: an AND and an OR, no priority."""
    result = 0
    for i, choice in enumerate(choices):
        value = Value.cast(choice)
        result = result | (value & one_hot[i].replicate(len(value)))
    return result


def _number(one_hot: Value) -> Value:
    """Give the number of the bit that is set."""
    width = bits_for(len(one_hot) - 1)
    return Cat(Cat(one_hot[i] for i in range(len(one_hot)) if i >> bit & 1).any() for bit in range(width))
