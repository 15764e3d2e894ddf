"""The order book of the card: market events in, one five-level view out for each."""

from amaranth import Cat, Const, DomainRenamer, Module, Mux, Signal, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import bits_for

from hdl.book.depth import DepthAssembly
from hdl.book.ladder import key_of
from hdl.book.operation import Operation, operation_of
from hdl.book.order_table import STASH, OrderTable
from hdl.book.refill import Refill, RefillStep
from hdl.book.rows import BookRows
from hdl.book.unheld import Unheld
from hdl.types import DepthView, EventKind, MarketEvent

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
    was taken, in the order of the events; a Replace gives one. An event of any kind is taken every second cycle.
    Refills and sweeps are done between events, and stashed orders are moved with events and between them; what an event
    would meet of it is dropped. So none of it changes the latency. For the rules of what is ignored see
    ``docs/blocks/book.md``.

    The pipeline, in cycles after the one in which the event is taken (0): look up the reference (0) and the new
    reference (1), read both rows of the slot (1), compare (2, 3), take shares from the old level and write the order
    (4), put them on the new level and write the new order (5), write the row and show the view (6).

    Parameters
    ----------
    slots, table_orders, row_levels : int
        As in :class:`hdl.configs.CardConfig`; at least 8 levels and 32 orders.
    background : str
        Clock domain of the order table and the refill, which alone move between events. Its clock is that of ``sync``;
        a simulator may let ``sync`` stand in cycles in which ``operating`` is low.

    Ports
    -----
    events
        Market events; ``ready`` is high every second cycle under load, and low after reset for a cycle a row of the
        order table.
    view
        Views.
    stale
        The table could not hold an order of this slot: its book is not whole until it is cleared.
    all_held
        Every order of this slot that the table could not hold is gone again (:mod:`hdl.book.unheld`).
    unknown_references, duplicate_references, zero_adds, over_executions, table_overflows, levels_spilled, refills,
    events_applied
        Pulses for the counters of ``card.rdl`` (the last for ``book.events``).
    live_orders
        Orders in the table.
    sweeping
        Orders of a slot that was cleared are being erased: another clear now may have to be waited for.
    operating
        An operation is in the pipeline or enters it.
    wants_rest
        A refill or a sweep waits for room between events, or stashed orders that fill half the stash do.
    busy
        There is still something to do: an event in the pipeline, a refill, a sweep, a stashed order to be moved.
    """

    def __init__(self, slots: int, table_orders: int, row_levels: int, *, background: str = "sync") -> None:
        if row_levels < 8:
            raise ValueError(f"row_levels is at least 8, not {row_levels!r}: five are shown")
        if not 1 <= slots <= 64:
            raise ValueError(f"slots is 1 to 64, not {slots!r}")
        if table_orders < 4 * slots:
            raise ValueError(f"table_orders is at least 4 for each of the {slots} slots, not {table_orders!r}")
        self._slots = slots
        self._orders = table_orders
        self._levels = row_levels
        self._background = DomainRenamer(background)
        # The sum of all the orders that fit, so that no level ever saturates inside.
        self._share_bits = 32 + bits_for(table_orders + STASH)
        super().__init__(
            {
                "events": In(stream.Signature(MarketEvent)),
                "view": Out(stream.Signature(DepthView, always_ready=True)),
                "stale": Out(stream.Signature(StaleNote, always_ready=True)),
                "all_held": Out(stream.Signature(8, always_ready=True)),
                "unknown_references": Out(1),
                "duplicate_references": Out(1),
                "zero_adds": Out(1),
                "over_executions": Out(1),
                "table_overflows": Out(1),
                "levels_spilled": Out(1),
                "refills": Out(1),
                "events_applied": Out(1),
                "live_orders": Out(32),
                "sweeping": Out(1),
                "operating": Out(1),
                "wants_rest": Out(1),
                "busy": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        table = OrderTable(self._slots, self._orders)
        refill = Refill(self._slots, table.address_bits, self._levels, self._share_bits)
        m.submodules.table, m.submodules.refill = self._background(table), self._background(refill)
        m.submodules.rows = rows = BookRows(self._slots, self._levels, self._share_bits)
        slot_bits = bits_for(self._slots - 1)

        # Events follow each other by two cycles or more. A step of a refill begins two cycles behind another operation
        # or later, and is dropped when an event comes in the two cycles after it: what it takes from the gathered row
        # has to be done before an event finds a level there. A stashed order's move rides on an event that brings no
        # order, or goes alone two cycles behind one; only an event in the very next cycle drops it. Where more than
        # half a table is taken, so many want to be moved that a line's pace leaves them no other time.
        stage = Signal(LATENCY)  # bit k: an operation is in its cycle k + 1
        first = Signal(Operation)  # in cycles 1 and 2
        second = Signal(Operation)  # in cycles 3 and 4
        third = Signal(Operation)  # in cycles 5 and 6
        target = Signal(64)
        step = Signal(3)  # what is in cycles 1 and 2, 3 and 4, or 5 and 6 is a step of a refill
        under_way = Signal()  # one is in its cycles 1 to 5
        wants_move = Signal()
        incoming = self.events.payload
        taken = Signal()
        begins = Signal()
        works = Signal()
        moves = Signal()
        may_scan, may_scan_stash = Signal(), Signal()
        rides = Signal()
        move = Signal(LATENCY - 1)  # bit k: a stashed order's move is in its cycle k + 1
        alone = Signal(3)  # the move in its cycles 1 and 2, 3 and 4, or 5 rides on no event
        dropped = Signal(LATENCY - 2)
        free_beside = Signal()  # what is no event may begin
        steps, gives_way = Signal(LATENCY - 1), Signal(LATENCY - 1)  # bit k: of what is in its cycle k + 1
        replaces = incoming.kind == EventKind.REPLACE
        brings = replaces | (incoming.kind == EventKind.ADD) | (incoming.kind == EventKind.LOAD)
        free_to_take = ~table.initialising & ~table.clear_blocked
        m.d.comb += [
            self.events.ready.eq(~(stage[0] & ~step[0] & ~(move[0] & alone[0])) & free_to_take),
            taken.eq(self.events.valid & self.events.ready),
            # A stashed order is moved before a refill begins; one that runs is given up only if the stash fills.
            wants_move.eq(table.wants_move & (~refill.active | table.crowded)),
            free_beside.eq(~taken & ~stage[0] & ~under_way & ~table.initialising),
            moves.eq(free_beside & wants_move),
            rides.eq(taken & ~brings & wants_move),
            works.eq(free_beside & ~wants_move & (refill.want != RefillStep.NONE)),
            begins.eq(taken | works | moves),
            # A row that is read now is there in two cycles, and may be put into the gathered row in three: no operation
            # changes the table in the one, the table or the gathered row in the other. An entry of the stash is there
            # at once.
            may_scan.eq(~begins & ~stage[:3].any() & ~table.initialising),
            may_scan_stash.eq(~begins & ~stage[1 : LATENCY - 1].any() & ~table.initialising),
            dropped.eq(table.disturbed | (taken & move[0] & alone[0])),
            steps.eq(Cat(step[0].replicate(2), step[1].replicate(2), step[2])),
            under_way.eq((stage[: LATENCY - 1] & steps).any()),
            gives_way.eq(Cat((taken & step[0]).replicate(2), Const(0, 3))),
        ]
        ends = Cat(move[:-1] & dropped, move[-1]) & Cat(alone[0].replicate(2), alone[1].replicate(2), alone[2])
        m.d.sync += [
            stage.eq(Cat(begins, stage[: LATENCY - 1] & ~ends & ~gives_way)),
            move.eq(Cat(moves | rides, move[:-1] & ~dropped)),
        ]
        with m.If(moves | rides):
            m.d.sync += alone[0].eq(moves)
        with m.If(move[1]):
            m.d.sync += alone[1].eq(alone[0])
        with m.If(move[3]):
            m.d.sync += alone[2].eq(alone[1])
        with m.If(taken):
            m.d.sync += [
                first.eq(operation_of(incoming, self._slots)),
                target.eq(Mux(rides, table.move_reference, Mux(replaces, incoming.new_reference, incoming.reference))),
                step[0].eq(0),
            ]
        with m.Elif(works | moves):
            m.d.sync += [
                first.eq(0),
                first.event.slot.eq(refill.slot),
                target.eq(table.move_reference),
                step[0].eq(works),
            ]
        with m.If(stage[1]):
            m.d.sync += [second.eq(first), step[1].eq(step[0])]
        with m.If(stage[3]):
            m.d.sync += [third.eq(second), step[2].eq(step[1])]
        slots = [operation.event.slot[:slot_bits] for operation in (first, second, third)]
        m.d.comb += [
            table.step.eq(Cat(begins, stage)),
            table.early_reference.eq(incoming.reference),
            table.reference.eq(first.event.reference),
            table.target.eq(target),
            table.slot.eq(slots[0]),
            table.replace.eq(first.replaces),
            table.move.eq(Cat(moves | rides, move)),
            table.may_scan.eq(may_scan),
            table.scan_enable.eq(refill.scan_enable),
            table.scan_address.eq(refill.scan_address),
            refill.may_scan.eq(may_scan & ~table.sweeping),
            refill.may_scan_stash.eq(may_scan_stash & ~table.sweeping),
            refill.initialising.eq(table.initialising),
            refill.under_way.eq(under_way),
            refill.cells.eq(table.cells),
            refill.live.eq(table.live),
            refill.stashed.eq(table.stashed),
            table.stash_scan.eq(refill.stash_scan),
            table.stash_index.eq(refill.stash_index),
            rows.initialising.eq(table.initialising),
            rows.read.eq(stage[0]),
            rows.read_slot.eq(slots[0]),
        ]

        # Cycle 3: the order spoken of is known, and with it the side.
        acts = Signal()  # in cycles 4 and 5: the event takes shares from a live order
        over = Signal()
        side = Signal()
        shares_taken = Signal(32)
        remaining = Signal(32)
        old_price = Signal(32)
        side_now = Signal()
        over_now = Signal()
        shares_now = Signal(32)
        old = table.old
        event = second.event
        m.d.comb += [
            side_now.eq(
                Mux(
                    step[1],
                    refill.side,
                    Mux(second.adds, event.side.as_value(), second.speaks & table.found & old.side),
                )
            ),
            over_now.eq(~second.takes_all & (event.shares > old.shares)),
            shares_now.eq(Mux(second.takes_all | over_now, old.shares, event.shares)),
            rows.load.eq(stage[2]),
            rows.load_slot.eq(slots[1]),
            rows.load_side.eq(side_now),
        ]
        with m.If(stage[2]):
            m.d.sync += [
                acts.eq(second.speaks & table.found),
                over.eq(over_now),
                side.eq(side_now),
                shares_taken.eq(shares_now),
                # Beside the comparison, not behind it.
                remaining.eq(Mux(second.takes_all | over_now, 0, old.shares - event.shares)),
                old_price.eq(old.price),
            ]

        # Cycle 4: the levels are found that shares leave and come to; it is decided whether there is a new order.
        inserts, appended, finished = Signal(), Signal(), Signal()  # in cycle 5
        overflows = Signal()
        wants = Signal()
        zero = Signal()
        old_key, new_key = Signal(32), Signal(32)
        appends, finishes = Signal(), Signal()
        m.d.comb += [
            old_key.eq(key_of(old_price, side)),
            new_key.eq(key_of(event.price, side)),
            # Events before this step may have emptied the gathered row, put its first level there, or ended the refill.
            appends.eq(step[1] & (refill.want == RefillStep.APPEND)),
            finishes.eq(step[1] & (refill.want == RefillStep.FINISH)),
            rows.step_reduce.eq(stage[3]),
            rows.reduce_key.eq(old_key),
            rows.reduce_shares.eq(shares_taken),
            rows.insert_key.eq(Mux(appends, refill.key, new_key)),
            rows.insert_shares.eq(Mux(appends, refill.shares, event.shares)),
            rows.clear.eq(second.clears),
            rows.set_bound.eq(appends | finishes),
            rows.bound.eq(Mux(appends, refill.key, refill.bound)),
            table.reduce.eq(stage[3] & acts),
            table.remaining.eq(remaining),
            table.clear.eq(stage[3] & second.clears),
            wants.eq(second.adds | (second.replaces & acts)),
            zero.eq(~event.shares.any() | ~event.price.any()),
            refill.event_step.eq(stage[3]),
            refill.event_slot.eq(Mux(stage[3], slots[1], slots[2])),
            refill.event_side.eq(side),
            refill.reduce.eq(table.reduce),
            refill.reduce_key.eq(old_key),
            refill.reduce_shares.eq(shares_taken),
            refill.reduce_ordinal.eq(table.old_ordinal),
            refill.insert_key.eq(new_key),
            refill.insert_shares.eq(event.shares),
            refill.cleared.eq(table.clear),
        ]
        with m.If(stage[3]):
            m.d.comb += [
                self.events_applied.eq(~step[1] & (event.kind != EventKind.NONE) & (event.kind != EventKind.REFRESH)),
                self.unknown_references.eq(second.speaks & ~acts),
                self.over_executions.eq(acts & over),
                self.zero_adds.eq(wants & zero),
                self.duplicate_references.eq(wants & ~zero & table.duplicate),
            ]
            m.d.sync += [
                inserts.eq(wants & ~zero & ~table.duplicate & table.has_room),
                overflows.eq(wants & ~zero & ~table.duplicate & ~table.has_room),
                appended.eq(appends),
                finished.eq(finishes),
            ]

        # Cycle 5: shares leave the one level and come to the other, and the row is written.
        changed = Signal()
        m.d.comb += [
            changed.eq(acts | inserts | third.clears | appended | finished),
            rows.step_insert.eq(stage[4]),
            rows.reduce.eq(acts),
            rows.insert.eq(inserts | appended),
            rows.commit.eq(stage[4]),
            rows.changed.eq(changed),
            rows.cleared.eq(third.clears),
            rows.put_slot.eq(slots[2]),
            rows.put_side.eq(side),
            table.insert.eq(stage[4] & inserts),
            table.insert_side.eq(side),
            table.insert_shares.eq(third.event.shares),
            table.insert_price.eq(third.event.price),
            refill.insert.eq(table.insert),
            refill.insert_ordinal.eq(table.new_ordinal),
            refill.moved.eq(move[-1]),
            refill.done.eq(stage[4] & step[2]),
            refill.row_bound.eq(rows.row_bound),
            refill.row_full.eq(rows.spilled),
            refill.spilled.eq(self.levels_spilled),
            self.levels_spilled.eq(stage[4] & ~step[2] & rows.spilled),
            self.table_overflows.eq(stage[4] & overflows),
            self.stale.valid.eq(self.table_overflows),
            self.stale.payload.slot.eq(third.event.slot),
            self.stale.payload.cause.eq(third.event.sequence),
        ]

        # Orders without a place. Cycles 4 and 5 of two events never meet.
        m.submodules.unheld = unheld = Unheld(self._slots)
        m.d.comb += [
            unheld.overflow.eq(self.table_overflows),
            unheld.gone.eq(self.unknown_references & (event.kind == EventKind.DELETE)),
            unheld.clear.eq(table.clear),
            unheld.slot.eq(Mux(stage[3], event.slot, third.event.slot)),
            self.all_held.valid.eq(unheld.all_held),
            self.all_held.payload.eq(event.slot),
        ]

        # Cycle 6: the row is shown.
        m.submodules.depth = depth = DepthAssembly(self._share_bits)
        shown_acts = Signal()
        shown_side = Signal()
        shown_price = Signal(32)
        written = Signal()
        m.d.sync += written.eq(stage[4] & changed)
        with m.If(stage[4]):
            m.d.sync += [shown_acts.eq(acts), shown_side.eq(side), shown_price.eq(old_price)]
        kind = third.event.kind
        m.d.comb += [
            refill.written.eq(written),
            refill.written_slot.eq(slots[2]),
            refill.written_side.eq(shown_side),
            refill.low.eq(rows.low),
            depth.bids.eq(rows.bids),
            depth.asks.eq(rows.asks),
            depth.event.eq(third.event),
            depth.known_slot.eq(third.known_slot),
            self.view.valid.eq(stage[5] & ~step[2]),
            self.view.payload.eq(depth.view),
        ]
        with m.If(shown_acts & (kind == EventKind.EXECUTE)):
            m.d.comb += [depth.trade_shares.eq(third.event.shares), depth.trade_price.eq(shown_price)]
        with m.Elif(
            (shown_acts & (kind == EventKind.EXECUTE_PRICE) & third.event.printable)
            | (kind == EventKind.TRADE)
            | (kind == EventKind.CROSS)
        ):
            m.d.comb += [depth.trade_shares.eq(third.event.shares), depth.trade_price.eq(third.event.price)]

        m.d.comb += [
            self.refills.eq(refill.refilled),
            self.live_orders.eq(table.live_orders),
            self.sweeping.eq(table.sweeping),
            self.operating.eq(begins | stage.any()),
            self.wants_rest.eq(refill.active | refill.pending | table.sweeping | (table.wants_move & table.crowded)),
            self.busy.eq(self.events.valid | stage.any() | self.wants_rest | table.wants_move),
        ]
        return m
