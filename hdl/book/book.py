"""The order book of the card: market events in, one five-level view out for each."""

from amaranth import Cat, Module, Mux, Signal, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import bits_for

from hdl.book.depth import DepthAssembly, top_layout, top_of
from hdl.book.ladder import KEY_MAX, RowInsert, RowReduce, key_of, row_layout
from hdl.book.memory import BookMemory
from hdl.book.order_table import STASH, OrderTable
from hdl.book.refill import Refill, RefillStep
from hdl.types import DEPTH, DepthView, EventKind, MarketEvent

__all__ = ["LATENCY", "OrderBook", "StaleNote"]

#: Cycles from the one in which an event is taken to the one in which its view is valid.
LATENCY = 6


class StaleNote(data.Struct):
    """A slot's book is no longer whole; ``cause`` as in :mod:`hdl.types`."""

    slot: unsigned(8)
    cause: unsigned(64)


class OrderBook(wiring.Component):
    """Applies market events to the books of every slot.

    Every event, of whatever kind and even if it is ignored, gives exactly one view, :data:`LATENCY` cycles after it
    was taken, in the order of the events; a Replace gives one. An event is taken every 6 cycles at most. Background
    work (refills, moves of stashed orders, sweeps) is done between events and gives way to one at once, so it never
    changes the latency. For the rules of what is ignored see ``docs/blocks/book.md``.

    The pipeline, in cycles after the one in which the event is taken (0): look up the reference (0) and the new
    reference (1), read both rows of the slot (1), compare (2, 3), take shares from the old level and write the order
    (4), put them on the new level and write the new order (5), write the row and show the view (6).

    Parameters
    ----------
    slots, table_orders, row_levels : int
        As in :class:`hdl.configs.CardConfig`; at least 8 levels and 32 orders.

    Ports
    -----
    events
        Market events; ``ready`` is high one cycle in six under load, and low after reset for a cycle a row of the
        order table.
    view
        Views.
    stale
        The table could not hold an order of this slot: its book is not whole until it is cleared.
    unknown_references, duplicate_references, zero_adds, over_executions, table_overflows, levels_spilled, refills,
    events_applied
        Pulses for the counters of ``card.rdl`` (the last for ``book.events``).
    live_orders
        Orders in the table.
    busy
        There is still something to do: an event in the pipeline, a refill, a sweep, a stashed order to be moved.
    """

    def __init__(self, slots: int, table_orders: int, row_levels: int) -> None:
        if row_levels < 8:
            raise ValueError(f"row_levels is at least 8, not {row_levels!r}: five are shown")
        if not 1 <= slots <= 64:
            raise ValueError(f"slots is 1 to 64, not {slots!r}")
        if table_orders < 4 * slots:
            raise ValueError(f"table_orders is at least 4 for each of the {slots} slots, not {table_orders!r}")
        self._slots = slots
        self._orders = table_orders
        self._levels = row_levels
        # The sum of all the orders that fit, so that no level ever saturates inside.
        self._share_bits = 32 + bits_for(table_orders + STASH)
        super().__init__(
            {
                "events": In(stream.Signature(MarketEvent)),
                "view": Out(stream.Signature(DepthView, always_ready=True)),
                "stale": Out(stream.Signature(StaleNote, always_ready=True)),
                "unknown_references": Out(1),
                "duplicate_references": Out(1),
                "zero_adds": Out(1),
                "over_executions": Out(1),
                "table_overflows": Out(1),
                "levels_spilled": Out(1),
                "refills": Out(1),
                "events_applied": Out(1),
                "live_orders": Out(32),
                "busy": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        m.submodules.table = table = OrderTable(self._slots, self._orders)
        m.submodules.refill = refill = Refill(self._slots, table.address_bits, self._levels, self._share_bits)
        layout = row_layout(self._levels, self._share_bits)
        slot_bits = bits_for(self._slots - 1)
        memories = [BookMemory(layout, 1 << slot_bits) for _ in range(2)]
        m.submodules.bid_rows, m.submodules.ask_rows = memories

        # One operation at a time: an event, or a piece of background work that is dropped when an event comes.
        stage = Signal(LATENCY)  # bit k: the operation is in its cycle k + 1
        event = Signal(MarketEvent)
        target = Signal(64)
        slot = Signal(slot_bits)
        known_slot = Signal()
        background = Signal()
        task = Signal(RefillStep)
        moving = Signal()
        incoming = self.events.payload
        taken = Signal()
        begins = Signal()
        works = Signal()
        moves = Signal()
        quiet = Signal()
        m.d.comb += [
            self.events.ready.eq(
                ~(stage[: LATENCY - 1].any() & ~background) & ~table.initialising & ~table.clear_blocked
            ),
            taken.eq(self.events.valid & self.events.ready),
            # A stashed order is moved before a refill begins; one that runs is given up only if the stash fills.
            moves.eq(table.wants_move & (~refill.active | table.crowded)),
            works.eq(~taken & ~stage.any() & ~table.initialising & (moves | (refill.want != RefillStep.NONE))),
            begins.eq(taken | works),
            quiet.eq(~begins & ~stage[: LATENCY - 1].any() & ~table.initialising),
        ]
        m.d.sync += stage.eq(Mux(begins, 1, stage << 1))
        with m.If(taken):
            m.d.sync += [
                event.eq(incoming),
                target.eq(Mux(incoming.kind == EventKind.ADD, incoming.reference, incoming.new_reference)),
                slot.eq(incoming.slot),
                known_slot.eq(incoming.slot < self._slots),
                background.eq(0),
                task.eq(RefillStep.NONE),
                moving.eq(0),
            ]
        with m.Elif(works):
            m.d.sync += [
                target.eq(table.move_reference),
                slot.eq(refill.slot),
                known_slot.eq(0),
                background.eq(1),
                task.eq(Mux(moves, RefillStep.NONE, refill.want)),
                moving.eq(moves),
            ]
        kind = event.kind
        adds = Signal()
        speaks = Signal()  # of an order that must be known
        takes_all = Signal()
        replaces = Signal()
        clears = Signal()
        m.d.comb += [
            adds.eq(known_slot & (kind == EventKind.ADD)),
            replaces.eq(known_slot & (kind == EventKind.REPLACE)),
            takes_all.eq(replaces | (known_slot & (kind == EventKind.DELETE))),
            speaks.eq(
                takes_all
                | (
                    known_slot
                    & ((kind == EventKind.EXECUTE) | (kind == EventKind.EXECUTE_PRICE) | (kind == EventKind.CANCEL))
                )
            ),
            clears.eq(known_slot & (kind == EventKind.CLEAR)),
            table.step.eq(Cat(begins, stage)),
            table.early_reference.eq(incoming.reference),
            table.reference.eq(event.reference),
            table.target.eq(target),
            table.slot.eq(slot),
            table.replace.eq(replaces),
            table.quiet.eq(quiet),
            table.scan_enable.eq(refill.scan_enable),
            table.scan_address.eq(refill.scan_address),
            refill.quiet.eq(quiet & ~table.sweeping),
            refill.cells.eq(table.cells),
            refill.live.eq(table.live),
            refill.stash.eq(table.stash),
        ]

        # Cycle 3: the order spoken of is known, and with it the side.
        acts = Signal()  # the event takes shares from a live order
        over = Signal()
        side = Signal()
        shares_taken = Signal(32)
        remaining = Signal(32)
        old_price = Signal(32)
        row = Signal(layout)
        other = Signal(top_layout(self._share_bits))
        side_now = Signal()
        over_now = Signal()
        shares_now = Signal(32)
        old = table.old
        for memory in memories:
            m.d.comb += [memory.read_enable.eq(stage[0]), memory.read_address.eq(slot)]
        m.d.comb += [
            side_now.eq(
                Mux(background, refill.side, Mux(adds, event.side.as_value(), speaks & table.found & old.side))
            ),
            over_now.eq(~takes_all & (event.shares > old.shares)),
            shares_now.eq(Mux(takes_all | over_now, old.shares, event.shares)),
        ]
        bid_row, ask_row = (memory.read_data for memory in memories)
        bid_top, ask_top = (Signal(top_layout(self._share_bits), name=f"{n}_top") for n in ("bid", "ask"))
        m.d.comb += [_fill(bid_top, bid_row), _fill(ask_top, ask_row)]
        with m.If(stage[2]):
            m.d.sync += [
                acts.eq(speaks & table.found),
                over.eq(over_now),
                side.eq(side_now),
                shares_taken.eq(shares_now),
                remaining.eq(old.shares - shares_now),
                old_price.eq(old.price),
                row.eq(Mux(side_now, ask_row.as_value(), bid_row.as_value())),
                other.eq(Mux(side_now, bid_top.as_value(), ask_top.as_value())),
            ]

        # Cycle 4: shares leave the old level; it is decided whether there is a new order.
        m.submodules.reduce = reduce = RowReduce(self._levels, self._share_bits)
        inserts = Signal()
        overflows = Signal()
        wants = Signal()
        zero = Signal()
        old_key = Signal(32)
        m.d.comb += [
            old_key.eq(key_of(old_price, side)),
            reduce.row.eq(row),
            reduce.enable.eq(acts),
            reduce.key.eq(old_key),
            reduce.shares.eq(shares_taken),
            table.reduce.eq(stage[3] & acts),
            table.remaining.eq(remaining),
            table.clear.eq(stage[3] & clears),
            wants.eq(adds | (replaces & acts)),
            zero.eq(~event.shares.any() | ~event.price.any()),
            refill.event_slot.eq(slot),
            refill.event_side.eq(side),
            refill.reduce.eq(table.reduce),
            refill.reduce_key.eq(old_key),
            refill.reduce_shares.eq(shares_taken),
            refill.reduce_ordinal.eq(table.old_ordinal),
            refill.cleared.eq(table.clear),
        ]
        with m.If(stage[3]):
            m.d.comb += [
                self.events_applied.eq(~background & (kind != EventKind.NONE) & (kind != EventKind.REFRESH)),
                self.unknown_references.eq(speaks & ~acts),
                self.over_executions.eq(acts & over),
                self.zero_adds.eq(wants & zero),
                self.duplicate_references.eq(wants & ~zero & table.duplicate),
            ]
            m.d.sync += [
                row.eq(reduce.result),
                inserts.eq(wants & ~zero & ~table.duplicate & table.has_room),
                overflows.eq(wants & ~zero & ~table.duplicate & ~table.has_room),
            ]
            with m.If(clears):
                m.d.sync += [row.valid.eq(0), row.bound.eq(KEY_MAX), other.valid.eq(0), other.incomplete.eq(0)]
            with m.If(task == RefillStep.APPEND):
                m.d.sync += row.bound.eq(refill.key)
            with m.If(task == RefillStep.FINISH):
                m.d.sync += row.bound.eq(refill.bound)

        # Cycle 5: shares come to the new level.
        m.submodules.insert = insert = RowInsert(self._levels, self._share_bits)
        new_key = Signal(32)
        appends = Signal()
        commits = Signal()
        m.d.comb += [
            commits.eq(stage[4] & ~taken),  # an event that comes now takes the place of background work
            appends.eq(task == RefillStep.APPEND),
            new_key.eq(key_of(event.price, side)),
            insert.row.eq(row),
            insert.enable.eq(inserts | appends),
            insert.key.eq(Mux(appends, refill.key, new_key)),
            insert.shares.eq(Mux(appends, refill.shares, event.shares)),
            table.insert.eq(commits & inserts),
            table.insert_side.eq(side),
            table.insert_shares.eq(event.shares),
            table.insert_price.eq(event.price),
            table.relocate.eq(commits & moving),
            refill.insert.eq(table.insert),
            refill.insert_key.eq(new_key),
            refill.insert_shares.eq(event.shares),
            refill.insert_ordinal.eq(table.new_ordinal),
            refill.moved.eq(table.relocate),
            refill.done.eq(commits & (task != RefillStep.NONE)),
            refill.row_bound.eq(row.bound),
            refill.row_full.eq(insert.spilled),
            refill.spilled.eq(self.levels_spilled),
            self.levels_spilled.eq(commits & ~background & insert.spilled),
            self.table_overflows.eq(commits & overflows),
            self.stale.valid.eq(self.table_overflows),
            self.stale.payload.slot.eq(event.slot),
            self.stale.payload.cause.eq(event.sequence),
        ]
        with m.If(stage[4]):
            m.d.sync += row.eq(insert.result)

        # Cycle 6: the row is written and shown.
        m.submodules.depth = depth = DepthAssembly(self._share_bits)
        own = Signal(top_layout(self._share_bits))
        changed = Signal()
        m.d.comb += [
            changed.eq(stage[5] & (acts | inserts | clears | appends | (task == RefillStep.FINISH))),
            refill.written.eq(changed),
            refill.low.eq((row.bound != KEY_MAX) & ~row.valid[max(self._levels // 2, DEPTH + 1)]),
            _fill(own, row),
            depth.bids.eq(Mux(side, other.as_value(), own.as_value())),
            depth.asks.eq(Mux(side, own.as_value(), other.as_value())),
            depth.event.eq(event),
            depth.known_slot.eq(known_slot),
            self.view.valid.eq(stage[5] & ~background),
            self.view.payload.eq(depth.view),
        ]
        with m.If(acts & (kind == EventKind.EXECUTE)):
            m.d.comb += [depth.trade_shares.eq(event.shares), depth.trade_price.eq(old_price)]
        with m.Elif(
            (acts & (kind == EventKind.EXECUTE_PRICE) & event.printable)
            | (kind == EventKind.TRADE)
            | (kind == EventKind.CROSS)
        ):
            m.d.comb += [depth.trade_shares.eq(event.shares), depth.trade_price.eq(event.price)]
        first_slot = Signal(slot_bits)  # rows are emptied after reset, while the order table is
        m.d.sync += first_slot.eq(first_slot + 1)
        for number, memory in enumerate(memories):
            with m.If(table.initialising):
                m.d.comb += [
                    memory.write_enable.eq(1),
                    memory.write_address.eq(first_slot),
                    memory.write_data.bound.eq(KEY_MAX),
                ]
            with m.Else():
                m.d.comb += [
                    memory.write_enable.eq(changed & (clears | (side == number))),
                    memory.write_address.eq(slot),
                    memory.write_data.eq(row),
                ]

        m.d.comb += [
            self.refills.eq(refill.refilled),
            self.live_orders.eq(table.live_orders),
            self.busy.eq(
                self.events.valid | stage.any() | refill.active | refill.pending | table.sweeping | table.wants_move
            ),
        ]
        return m


def _fill(top: data.View, row: data.View) -> list:
    """Assign the part of a row that a view needs."""
    fields = top_of(row)
    return [
        *(top.keys[i].eq(fields["keys"][i]) for i in range(DEPTH)),
        *(top.shares[i].eq(fields["shares"][i]) for i in range(DEPTH)),
        top.valid.eq(fields["valid"]),
        top.incomplete.eq(fields["incomplete"]),
    ]
