"""Bringing back, in the background, the price levels that were pushed off the end of a row."""

from amaranth import Cat, Const, Module, Mux, Signal
from amaranth.lib import data, enum, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import bits_for

from hdl.book.entry import entry_layout
from hdl.book.ladder import KEY_MAX, RowChange, RowMatch, assign_row, key_of, row_signature
from hdl.book.mixing import BANKS
from hdl.book.order_table import STASH
from hdl.book.refill_requests import RefillRequests
from hdl.book.scan import TableScan

__all__ = ["Refill", "RefillStep"]


class RefillStep(enum.Enum, shape=2):
    """What the refill asks of the book's pipeline; the book does it between two events."""

    NONE = 0
    #: Read the row and tell its bound.
    BEGIN = 1
    #: Put one gathered level behind the last of the row.
    APPEND = 2
    #: All that was gathered is in the row: set its bound.
    FINISH = 3


class Refill(wiring.Component):
    """Fills a row again once it is half empty and levels beyond it may exist.

    The whole order table is read, a row a cycle but for the first cycles of each event. The orders of the slot and side
    whose key lies beyond the row's bound are gathered into a row of their own, best ones first. A row is a row: the
    gathered one has a bound too, below which it is whole. Meanwhile the feed goes on. An order has a place in the scan,
    its ordinal: an event on an order that the scan has passed changes the gathered row at once, one on an order still
    to come will be seen by the scan. So nothing is lost and nothing counted twice.

    When all is read, the gathered levels are put behind the row one by one, the row's bound moving on with each: after
    every step both rows are true, so an event may come between any two. At last the row takes over the gathered row's
    bound, which is all ones if nothing had to be left out.

    A refill is given up (and begun again later, since the row still asks for it) when its slot is cleared, when its
    row pushes a level off the end, or when a stashed order is moved.

    Parameters
    ----------
    slots : int
        Symbols.
    address_bits : int
        Rows of the order table are numbered with so many bits.
    levels, share_bits : int
        Of the book's rows; half as many levels are gathered at once.

    Ports
    -----
    initialising
        Nothing asks for a refill; it must last a cycle a slot at least.
    may_scan, scan_enable, scan_address, cells, live, stash_scan, stash_index, stashed
        As of :class:`hdl.book.order_table.OrderTable`.
    may_scan_stash
        An entry of the stash may be read: no operation is in its cycle 0, or 2 to 5.
    event_step, event_slot, event_side, reduce, reduce_key, reduce_shares, reduce_ordinal, insert_key, insert_shares,
    insert, insert_ordinal
        What an event does to orders: those up to ``insert_shares`` in its cycle 4, in which ``event_step`` is high, the
        others, and slot and side again, in cycle 5.
    cleared
        ``event_slot`` is cleared, and holds for the next cycle.
    spilled
        The event's row pushed a level off the end.
    moved
        A stashed order is moved.
    written, written_slot, written_side, low
        A row has been written; it is half empty and not whole.
    want, slot, side, key, shares, bound
        The step asked for: APPEND has a level in ``key`` and ``shares``, FINISH a ``bound``. Which of the two it is is
        settled in the step's cycle 4.
    under_way
        A step is in the pipeline. Where the refill that asked for it is given up before its cycle 4, it does nothing.
    done, row_bound, row_full
        The step was done: bound of the row read by BEGIN; after APPEND, whether the row had no room.
    refilled
        A row is whole up to its bound again.
    active, pending
        A refill is running; some row asks for one.
    """

    def __init__(self, slots: int, address_bits: int, levels: int, share_bits: int) -> None:
        self._slots = slots
        self._address_bits = address_bits
        self._levels = max(levels // 2, 1)
        self._share_bits = share_bits
        entry = entry_layout(slots)
        slot = bits_for(slots - 1)
        ordinal = address_bits + 3
        super().__init__(
            {
                "initialising": In(1),
                "may_scan": In(1),
                "may_scan_stash": In(1),
                "scan_enable": Out(1),
                "scan_address": Out(address_bits),
                "cells": In(data.ArrayLayout(entry, BANKS)),
                "live": In(BANKS),
                "stash_scan": Out(1),
                "stash_index": Out(range(STASH)),
                "stashed": In(entry),
                "event_step": In(1),
                "event_slot": In(slot),
                "event_side": In(1),
                "reduce": In(1),
                "reduce_key": In(32),
                "reduce_shares": In(32),
                "reduce_ordinal": In(ordinal),
                "insert": In(1),
                "insert_key": In(32),
                "insert_shares": In(32),
                "insert_ordinal": In(ordinal),
                "cleared": In(1),
                "spilled": In(1),
                "moved": In(1),
                "written": In(1),
                "written_slot": In(slot),
                "written_side": In(1),
                "low": In(1),
                "want": Out(RefillStep),
                "slot": Out(slot),
                "side": Out(1),
                "key": Out(32),
                "shares": Out(share_bits),
                "bound": Out(32),
                "under_way": In(1),
                "done": In(1),
                "row_bound": In(32),
                "row_full": In(1),
                "refilled": Out(1),
                "active": Out(1),
                "pending": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        address_bits = self._address_bits
        m.submodules.scan = scan = TableScan(address_bits)
        m.submodules.match = match = RowMatch(self._levels, self._share_bits)
        m.submodules.change = change = RowChange(self._levels, self._share_bits)
        row = row_signature(self._levels, self._share_bits).create(path=("gathered",))
        lower = Signal(32)  # keys above this one are gathered: the bound of the row to be filled
        position = Signal(address_bits + 3)  # ordinal of the first order not yet seen
        in_stash = position[address_bits + 2]

        # What the gathered row is changed by is found in one cycle and done in the next. Two changes are never so close
        # that the first is not done when the second is found: an event's are one, the scan's have a cycle between.
        gathers = Signal()
        takes, puts = Signal(), Signal()  # to be done in the next cycle
        given_up = Signal()

        # Which row is next.
        m.submodules.requests = requests = RefillRequests(self._slots)
        m.d.comb += [
            requests.initialising.eq(self.initialising),
            requests.written.eq(self.written),
            requests.written_slot.eq(self.written_slot),
            requests.written_side.eq(self.written_side),
            requests.low.eq(self.low),
            requests.cleared.eq(self.cleared),
            requests.cleared_slot.eq(self.event_slot),
            self.pending.eq(requests.pending),
        ]

        # One order beyond the row, from the table or from the stash.
        chosen_key = Signal(32)
        chosen_shares = Signal(32)
        chosen_fits = Signal()
        chosen_ordinal = Signal(address_bits + 3)
        m.d.comb += [
            scan.may_scan.eq(self.may_scan),
            scan.position.eq(position[2:]),
            self.scan_enable.eq(scan.read_enable),
            self.scan_address.eq(scan.read_address),
        ]
        fits = Signal(BANKS)
        for bank, cell in enumerate(self.cells):
            key = key_of(cell.price, cell.side)
            beside = self.live[bank] & (cell.slot == self.slot) & (cell.side == self.side)
            # Beyond the gathered row's bound there is no room for it.
            wanted = (key > lower) & (key <= row.bound)
            m.d.comb += fits[bank].eq(beside & wanted & (position[:2] <= bank))
        stashed = self.stashed
        m.d.comb += self.stash_index.eq(position)

        with m.FSM() as fsm:
            # A step that was asked for before the last one was given up is not to be taken for one of the next.
            with m.State("REST"):
                m.d.comb += requests.looks.eq(~self.under_way)
                with m.If(requests.found):
                    m.d.sync += [self.slot.eq(requests.slot), self.side.eq(requests.side)]
                    m.next = "BEGIN"
            with m.State("BEGIN"):
                m.d.comb += self.want.eq(RefillStep.BEGIN)
                with m.If(self.done):
                    m.d.sync += [lower.eq(self.row_bound), position.eq(0), row.valid.eq(0), row.bound.eq(KEY_MAX)]
                    m.next = "TABLE"
            with m.State("TABLE"):
                m.d.comb += [gathers.eq(1), scan.run.eq(~in_stash)]
                with m.If(in_stash):
                    m.next = "STASH"
                with m.Elif(scan.arrived & ~fits.any()):
                    m.d.sync += position.eq(Cat(Const(0, 2), position[2:] + 1))
                with m.Elif(scan.arrived):
                    for bank, cell in reversed(list(enumerate(self.cells))):
                        with m.If(fits[bank]):
                            m.d.sync += [
                                chosen_key.eq(key_of(cell.price, cell.side)),
                                chosen_shares.eq(cell.shares),
                                chosen_ordinal.eq(Cat(Const(bank, 2), position[2:])),
                            ]
                    m.d.sync += chosen_fits.eq(1)
                    m.next = "GATHER"
                with m.If(given_up):
                    m.next = "REST"
            with m.State("STASH"):
                m.d.comb += [gathers.eq(1), self.stash_scan.eq(self.may_scan_stash)]
                m.d.sync += [
                    chosen_key.eq(key_of(stashed.price, stashed.side)),
                    chosen_shares.eq(stashed.shares),
                    chosen_ordinal.eq(position),
                    chosen_fits.eq(
                        stashed.valid
                        & (stashed.slot == self.slot)
                        & (stashed.side == self.side)
                        & (key_of(stashed.price, stashed.side) > lower)
                    ),
                ]
                with m.If(position == (1 << (address_bits + 2)) + STASH):
                    m.next = "APPEND"
                with m.Elif(self.stash_scan):
                    m.next = "GATHER"
                with m.If(given_up):
                    m.next = "REST"
            with m.State("GATHER"):
                m.d.comb += [gathers.eq(1), puts.eq(chosen_fits)]
                m.d.sync += position.eq(chosen_ordinal + 1)
                m.next = "TABLE"
                with m.If(given_up):
                    m.next = "REST"
            with m.State("APPEND"):
                m.d.comb += [
                    gathers.eq(1),
                    self.want.eq(Mux(row.valid[0], RefillStep.APPEND, RefillStep.FINISH)),
                ]
                with m.If(self.done & row.valid[0] & ~self.row_full):
                    m.d.comb += takes.eq(1)
                    m.d.sync += lower.eq(self.key)
                with m.Elif(self.done):
                    m.d.comb += self.refilled.eq(1)
                    m.next = "REST"
                with m.If(given_up):
                    m.next = "REST"

        ours = Signal()
        m.d.comb += [
            self.active.eq(~fsm.ongoing("REST")),
            ours.eq((self.event_slot == self.slot) & (self.event_side == self.side)),
            given_up.eq(self.moved | (self.cleared & (self.event_slot == self.slot)) | (self.spilled & ours)),
            self.key.eq(row.keys[0]),
            self.shares.eq(row.shares[0]),
            self.bound.eq(row.bound),
        ]
        # The gathered row: the scan and the steps change it while no event is there, events in their cycle 5.
        taking, putting = Signal(), Signal()
        with m.If(self.reduce):
            m.d.comb += takes.eq(gathers & ours & (self.reduce_key > lower) & (self.reduce_ordinal < position))
        inserts = self.insert & gathers & ours & (match.found.key > lower) & (self.insert_ordinal < position)
        m.d.sync += [taking.eq(takes), putting.eq(puts)]
        wiring.connect(m, match.found, change.found)
        m.d.comb += [
            *assign_row(match.row, row),
            match.old_key.eq(Mux(self.event_step, self.reduce_key, self.key)),
            match.taken.eq(Mux(self.event_step, self.reduce_shares, self.shares)),
            match.new_key.eq(Mux(self.event_step, self.insert_key, chosen_key)),
            match.put.eq(Mux(self.event_step, self.insert_shares, chosen_shares)),
            *assign_row(change.row, row),
            change.reduce.eq(taking),
            change.insert.eq(putting | inserts),
        ]
        with m.If(taking | putting | inserts):
            m.d.sync += assign_row(row, change.result)
        return m
