"""Loading a snapshot into one symbol's book while the feed goes on."""

from amaranth import Cat, Const, Module, Mux, ResetInserter, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import bits_for

from hdl.block_queue import BlockQueue
from hdl.feed.slot_state import StaleCause
from hdl.feed.snapshot_types import (
    HeldEvent,
    LoadFailure,
    LoadState,
    SnapshotCommand,
    SnapshotEnd,
    SnapshotOrder,
    SnapshotWord,
)
from hdl.types import DepthView, EventKind, MarketEvent, SlotFlags

__all__ = ["SnapshotLoader"]

#: Cycles for which the feed must have passed a number until every message before it has come by. It takes two.
_PASSED = 8


class SnapshotLoader(wiring.Component):
    """Empties a stale slot, fills it with the host's orders, puts the feed's events behind them, and says it is whole.

    1. ``begin``: from now on the slot's events are kept in a ring instead of going to the book. An event CLEAR empties
       the slot once no sweep is running, so that no number of loads can make the book wait. ``first_sequence`` is then
       known: every event from it on is kept.
    2. Orders come one by one and go to the book as events LOAD.
    3. ``end`` names the number of orders and, in ``sequence``, the first message that the snapshot does not know. Kept
       events before it are dropped, the others go to the book in their order, and so do those that come meanwhile.
    4. When the feed has passed ``sequence`` and the ring is empty, events go the straight way again, and an event
       REFRESH is sent behind all of them. Its view leaves the book when they have: then the slot is ``whole``.

    Whatever makes the slot anew or its book doubtful meanwhile ends the load: it has failed, the slot stays stale, and
    the host begins again. What is put into the book goes there beside the feed's events and only in cycles without one:
    nobody waits for a load. One slot is loaded at a time; a ``begin`` while one is loading is refused.

    Parameters
    ----------
    slots : int
        Symbols.
    depth : int
        Events that can be kept.

    Ports
    -----
    command_valid, command
        Begin or abort.
    order_valid, order
        An order. The host link brings one every 16 cycles at most; one that comes out of turn fails the load.
    end_valid, end, sequence
        As above.
    flags
        Of each slot: only a bound and stale one is loaded.
    held_valid, live
        From :class:`hdl.feed.states.MarketStates`: an event of a slot that is in ``holding``.
    upset_valid, upset
        The chosen slot was started anew, or its book is doubtful, and why.
    next_sequence, recovering, session_epoch, card_time
        What the feed expects; a gap is open; now.
    sweeping, view
        From the book.
    killed
        The card is killed; becoming so ends a load.
    outgoing
        For the book's queue; waits.
    passes
        ``live`` is not kept: it goes to the book as if it had not been held.
    chosen, holding
        The slot that is being loaded, or was last; it again, while its events are kept. One bit a slot.
    word
        For the market states.
    state, failure, slot, orders, first_sequence
        How it stands, and why the last load failed; what it is at.
    loaded, failed, refused, kept, dropped, applied
        Pulses to count: slots made whole, loads that failed, begins while loading; events kept, dropped because the
        snapshot knows them, sent to the book.
    ring_max
        Most events ever kept at once.
    busy
        There is something to do that waits for no input.

    Latency: an order is offered to the book's queue 1 cycle after it came. ``whole`` follows the view of REFRESH by
    a cycle.
    """

    def __init__(self, slots: int, depth: int = 512) -> None:
        self._slots = slots
        self._depth = depth
        super().__init__(
            {
                "command_valid": In(1),
                "command": In(SnapshotCommand),
                "order_valid": In(1),
                "order": In(SnapshotOrder),
                "end_valid": In(1),
                "end": In(SnapshotEnd),
                "sequence": In(64),
                "flags": In(data.ArrayLayout(SlotFlags, slots)),
                "held_valid": In(1),
                "live": In(MarketEvent),
                "upset_valid": In(1),
                "upset": In(StaleCause),
                "next_sequence": In(64),
                "recovering": In(1),
                "session_epoch": In(16),
                "card_time": In(64),
                "sweeping": In(1),
                "view": In(stream.Signature(DepthView, always_ready=True)),
                "killed": In(1),
                "outgoing": Out(stream.Signature(MarketEvent)),
                "passes": Out(1),
                "chosen": Out(slots),
                "holding": Out(slots),
                "word": Out(SnapshotWord),
                "state": Out(LoadState),
                "failure": Out(LoadFailure),
                "slot": Out(8),
                "orders": Out(32),
                "first_sequence": Out(64),
                "loaded": Out(1),
                "failed": Out(1),
                "refused": Out(1),
                "kept": Out(1),
                "dropped": Out(1),
                "applied": Out(1),
                "ring_max": Out(bits_for(depth)),
                "busy": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        state, word, event = self.state, self.word, self.outgoing.payload
        begins, ends, fails = Signal(), Signal(), Signal()
        cause = Signal(LoadFailure)
        keeps = Signal()
        m.d.comb += keeps.eq((state != LoadState.IDLE) & (state != LoadState.FINISHING))

        # The ring. It is emptied at the beginning of a load, not at the end of one that failed.
        flush = Signal()
        m.submodules.ring = ring = ResetInserter(flush)(BlockQueue(width=HeldEvent.as_shape().size, depth=self._depth))
        held, head = Signal(HeldEvent), Signal(HeldEvent)
        same = ("kind", "side", "printable", "reference", "shares", "price", "exchange_time", "sequence", "card_time")
        m.d.comb += [
            *(held[name].eq(self.live[name]) for name in same),
            held.number.eq(Mux(self.live.kind == EventKind.REPLACE, self.live.new_reference, self.live.match)),
            ring.w_data.eq(held),
            ring.w_en.eq(self.held_valid & keeps),
            head.eq(ring.r_data),
            flush.eq(begins),
            self.kept.eq(ring.w_en & ring.w_rdy),
            self.passes.eq(self.held_valid & ~keeps),
        ]
        with m.If(ring.level > self.ring_max):
            m.d.sync += self.ring_max.eq(ring.level)

        # An order that waits for the queue.
        order, waits = Signal(SnapshotOrder), Signal()
        with m.If(self.order_valid & (state == LoadState.LOADING)):
            m.d.sync += [order.eq(self.order), waits.eq(1), self.orders.eq(self.orders + 1)]
        states, sequence = Signal(SnapshotEnd), Signal(64)
        begun, failed, stated, whole = (Signal(name=name) for name in ("begun", "failed", "stated", "whole"))
        m.d.comb += [
            word.begun.eq(begun),
            word.failed.eq(failed),
            word.stated.eq(stated),
            word.whole.eq(whole),
            word.states.eq(states),
            word.sequence.eq(sequence),
        ]

        # All that goes to the book of the slot.
        number = Signal(8)  # of the load: the view of an earlier one's REFRESH ends nothing
        mark = Cat(number, Const(1, 1))  # in the match number of a CLEAR or REFRESH from here, where others' have zero
        clearing = Signal()  # a CLEAR from here has not come to the book yet, perhaps one of a load that failed
        sends = Signal(EventKind)
        taken = Signal()
        m.d.comb += [
            self.outgoing.valid.eq(sends != EventKind.NONE),
            taken.eq(self.outgoing.valid & self.outgoing.ready),
            event.kind.eq(sends),
            event.slot.eq(self.slot),
            event.session_epoch.eq(self.session_epoch),
            event.card_time.eq(self.card_time),
        ]
        # Long enough for the events that were on their way to the book, and for what the feed expects to be true.
        since_begin = Signal(range(_PASSED + 1))
        passed = Signal(range(_PASSED + 1))
        reached = Signal()
        m.d.comb += reached.eq((self.next_sequence >= sequence) & ~self.recovering)
        killed_before = Signal()
        m.d.sync += [killed_before.eq(self.killed), *(pulse.eq(0) for pulse in (begun, failed, stated, whole))]
        m.d.comb += ends.eq(
            (state == LoadState.FINISHING)
            & self.view.valid
            & (self.view.payload.kind == EventKind.REFRESH)
            & (self.view.payload.slot == self.slot)
            & (self.view.payload.trade_match[: len(mark)] == mark)
        )
        refreshed = Signal()  # the REFRESH is in the queue

        passing = self.view.payload
        with m.If(self.view.valid & (passing.kind == EventKind.CLEAR) & passing.trade_match[len(number)]):
            m.d.sync += clearing.eq(0)

        with m.Switch(state.as_value()):
            with m.Case(LoadState.IDLE), m.If(self.command_valid & self.command.begin):
                flags = self.flags[self.command.slot]
                m.d.comb += begins.eq((self.command.slot < self._slots) & flags.bound & flags.stale)
                m.d.comb += self.failed.eq(~begins)
                m.d.sync += [
                    self.failure.eq(Mux(begins, LoadFailure.NONE, LoadFailure.NOT_STALE)),
                    self.slot.eq(self.command.slot),
                    self.orders.eq(0),
                    self.first_sequence.eq(0),
                ]
            with m.Case(LoadState.CLEARING):
                with m.If(since_begin != _PASSED):
                    m.d.sync += since_begin.eq(since_begin + 1)
                with m.Elif(~self.sweeping & ~clearing):
                    m.d.comb += sends.eq(EventKind.CLEAR)
                m.d.comb += event.match.eq(mark)
                with m.If(taken):
                    m.d.sync += clearing.eq(1)
                    m.d.sync += [state.eq(LoadState.LOADING), self.first_sequence.eq(self.next_sequence)]
            with m.Case(LoadState.LOADING, LoadState.ENDING):
                with m.If(waits):
                    m.d.comb += sends.eq(EventKind.LOAD)
                    m.d.comb += [event[name].eq(order[name]) for name in ("side", "reference", "price", "shares")]
                with m.If(taken & ~(self.order_valid & (state == LoadState.LOADING))):
                    m.d.sync += waits.eq(0)
                with m.If(self.end_valid):
                    m.d.sync += [state.eq(LoadState.ENDING), states.eq(self.end), sequence.eq(self.sequence)]
                with m.If((state == LoadState.ENDING) & ~waits):
                    m.d.sync += [state.eq(LoadState.DRAINING), stated.eq(1), passed.eq(0)]
            with m.Case(LoadState.DRAINING):
                known = head.sequence < sequence
                with m.If(ring.r_rdy & ~known):
                    m.d.comb += sends.eq(head.kind)
                    m.d.comb += [event[name].eq(head[name]) for name in same if name != "kind"]
                    m.d.comb += [event.new_reference.eq(head.number), event.match.eq(head.number)]
                    with m.If(head.kind == EventKind.REPLACE):
                        m.d.comb += event.match.eq(0)
                    with m.Else():
                        m.d.comb += event.new_reference.eq(0)
                m.d.comb += [
                    self.dropped.eq(ring.r_rdy & known),
                    self.applied.eq(taken),
                    ring.r_en.eq(self.dropped | self.applied),
                ]
                with m.If(passed != _PASSED):
                    m.d.sync += passed.eq(Mux(reached, passed + 1, 0))
                with m.Elif((ring.level == 0) & ~self.held_valid & ~self.recovering):
                    m.d.sync += [state.eq(LoadState.FINISHING), refreshed.eq(0)]
            with m.Case(LoadState.FINISHING):
                with m.If(~refreshed):
                    m.d.comb += sends.eq(EventKind.REFRESH)
                m.d.comb += [event.sequence.eq(self.next_sequence - 1), event.match.eq(mark)]
                with m.If(taken):
                    m.d.sync += refreshed.eq(1)
                with m.If(ends & refreshed):
                    m.d.comb += self.loaded.eq(~fails)
                    m.d.sync += [state.eq(LoadState.IDLE), whole.eq(1)]

        # What ends it otherwise comes last, so that it wins.
        running, in_turn = Signal(), Signal()
        m.d.comb += [
            running.eq(state != LoadState.IDLE),
            in_turn.eq((state == LoadState.LOADING) & ~(self.order_valid & waits & ~taken)),
        ]
        ended = state == LoadState.ENDING
        for condition, why in (
            ((self.order_valid | self.end_valid) & ~in_turn, LoadFailure.OUT_OF_TURN),
            (ended & (self.orders != states.orders), LoadFailure.WRONG_COUNT),
            (ended & (sequence < self.first_sequence), LoadFailure.TOO_OLD),
            (ring.w_en & ~ring.w_rdy, LoadFailure.RING_FULL),
            (self.killed & ~killed_before, LoadFailure.KILLED),
            (self.command_valid & self.command.abort, LoadFailure.ABORTED),
        ):
            with m.If(running & condition):
                m.d.comb += [fails.eq(1), cause.eq(why)]
        with m.If(running & self.upset_valid):
            m.d.comb += [fails.eq(1), cause.eq(self.upset.as_value())]
        m.d.comb += self.refused.eq(running & self.command_valid & self.command.begin)
        with m.If(fails):
            m.d.comb += self.failed.eq(1)
            m.d.sync += [
                state.eq(LoadState.IDLE),
                self.failure.eq(cause),
                *(pulse.eq(0) for pulse in (begun, stated, whole)),
                failed.eq(1),
            ]
        with m.If(begins):
            m.d.sync += [
                state.eq(LoadState.CLEARING),
                begun.eq(1),
                waits.eq(0),
                since_begin.eq(0),
                number.eq(number + 1),
            ]

        one = Const(1, self._slots) << self.slot[: bits_for(self._slots - 1)]
        m.d.comb += [
            self.chosen.eq(one),
            self.holding.eq(Mux(keeps, one, 0)),
            self.busy.eq(
                (state == LoadState.CLEARING)
                | waits
                | (state == LoadState.ENDING)
                | ((state == LoadState.DRAINING) & ((ring.level != 0) | reached))
                | (state == LoadState.FINISHING)
                | (begun | failed | stated | whole)
            ),
        ]
        return m
