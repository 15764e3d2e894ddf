"""Whose turn it is: views, answers and pulls of all slots, put into one row for the market maker."""

from amaranth import Module, Signal
from amaranth.lib import data, fifo, stream, wiring
from amaranth.lib.wiring import In, Out

from hdl import types
from hdl.strategy.maker_types import MakerAnswer, MakerRefusal, MakerTurn, MakerView, TurnKind
from hdl.strategy.maker_views import MakerViews
from hdl.strategy.own_display import OwnShown
from hdl.types import DepthView, OrderAnswer, OrderAnswerKind, Refusal, SlotFlags

__all__ = ["MakerTurns"]

#: Answers come at most every 4 cycles, a LOOK takes 20 and the answers that wait meanwhile go first: never full.
ANSWERS_QUEUED = 16
#: Intents leave one after the other, at least 8 cycles apart, and each is refused once at most: never full.
REFUSALS_QUEUED = 4


class MakerTurns(wiring.Component):
    """Keeps the newest view of every slot, queues answers, and says which slot is to be dealt with next.

    Answers go first, in their order, then pulls, then slots that are due a LOOK; among these the lowest slot. A slot is
    due after a view, and after ``again``, as long as it may be quoted and its last view is of a book that has not
    been stale since.

    Parameters
    ----------
    slots : int
        Symbols followed.

    Ports
    -----
    view, answers, refusals : In(stream, always ready), own : In(OwnShown)
        As of :class:`~hdl.strategy.maker.MarketMaker`.
    flags : In(array of SlotFlags)
        Of the feed.
    may_quote, pulls : In(a bit a slot)
        Slots that may be quoted, and slots whose quotes are to be pulled.
    again : In(1), again_slot : In(8)
        Look at a slot once more.
    room : In(1)
        A PULL may begin.
    way_free : In(1)
        A LOOK may begin, with ``room``.
    turn : Out(stream)
        What is next. May change until it is taken.
    read_slot : In(8), read : Out(MakerView)
        The newest view of a slot, in the same cycle.
    busy : Out(1)
        Something waits for its turn, or is about to.

    Latency: a slot is due 3 cycles after its view, an answer is offered 1 cycle after it came.
    """

    def __init__(self, slots: int) -> None:
        self.slots = slots
        super().__init__(
            {
                "view": In(stream.Signature(DepthView, always_ready=True)),
                "answers": In(stream.Signature(OrderAnswer, always_ready=True)),
                "refusals": In(stream.Signature(OrderAnswer, always_ready=True)),
                "own": In(OwnShown),
                "flags": In(data.ArrayLayout(SlotFlags, slots)),
                "may_quote": In(slots),
                "pulls": In(slots),
                "again": In(1),
                "again_slot": In(8),
                "room": In(1),
                "way_free": In(1),
                "turn": Out(stream.Signature(MakerTurn)),
                "read_slot": In(8),
                "read": Out(MakerView),
                "busy": Out(1),
            }
        )

    def elaborate(self, platform):
        """Build the block."""
        m = Module()
        m.submodules.views = views = MakerViews(self.slots)
        m.d.comb += [
            views.view.valid.eq(self.view.valid),
            views.view.payload.eq(self.view.payload),
            views.own.eq(self.own),
            views.read_slot.eq(self.read_slot),
            self.read.eq(views.read),
        ]
        answers, answer = self._queue(m, "answer_queue", self.answers, MakerAnswer, ANSWERS_QUEUED)
        refusals, refusal = self._queue(m, "refusal_queue", self.refusals, MakerRefusal, REFUSALS_QUEUED)

        due, seen, fresh = Signal(self.slots), Signal(self.slots), Signal(self.slots)
        looks, chosen = Signal(self.slots), Signal(8)
        turn = self.turn.payload
        m.d.comb += [
            looks.eq(due & self.may_quote & fresh),
            turn.answer.eq(answer),
            turn.by_view.eq(seen.bit_select(chosen, 1)),
            turn.slot.eq(chosen),
            self.busy.eq(views.busy | answers.r_rdy | refusals.r_rdy | self.pulls.any() | looks.any()),
        ]
        with m.If(~answers.r_rdy):
            m.d.comb += turn.answer.kind.eq(OrderAnswerKind.REFUSED)
            m.d.comb += [turn.answer[name].eq(refusal[name]) for name in MakerRefusal.as_shape().members]
        for candidates in (looks, self.pulls):  # the last statement wins
            for i in reversed(range(self.slots)):
                with m.If(candidates[i]):
                    m.d.comb += chosen.eq(i)
        with m.If(answers.r_rdy | refusals.r_rdy):
            m.d.comb += [
                self.turn.valid.eq(1),
                turn.kind.eq(TurnKind.ANSWER),
                turn.slot.eq(turn.answer.slot),
                answers.r_en.eq(self.turn.ready),
                refusals.r_en.eq(self.turn.ready & ~answers.r_rdy),
            ]
        with m.Elif(self.pulls.any()):
            m.d.comb += [self.turn.valid.eq(self.room), turn.kind.eq(TurnKind.PULL)]
        with m.Elif(looks.any()):
            m.d.comb += [self.turn.valid.eq(self.room & self.way_free), turn.kind.eq(TurnKind.LOOK)]
            with m.If(self.turn.valid & self.turn.ready):
                m.d.sync += [due.bit_select(chosen, 1).eq(0), seen.bit_select(chosen, 1).eq(0)]
        with m.If(self.again):
            m.d.sync += due.bit_select(self.again_slot, 1).eq(1)
        for i in range(self.slots):
            with m.If(views.kept[i]):
                m.d.sync += [fresh[i].eq(1), seen[i].eq(1), due[i].eq(1)]
            with m.If(self.flags[i].stale | ~self.flags[i].bound):
                m.d.sync += fresh[i].eq(0)  # until the next view nothing is known of the book
        return m

    def _queue(self, m, name, source, kept_as, depth):
        """Queue what concerns the maker; give the queue, and its oldest entry."""
        m.submodules[name] = queue = fifo.SyncFIFO(width=kept_as.as_shape().size, depth=depth)
        heard, kept = source.payload, Signal(kept_as, name=f"{name}_kept")
        oldest = Signal(kept_as, name=f"{name}_oldest")
        m.d.comb += [
            *(kept[field].eq(heard[field]) for field in kept_as.as_shape().members if field != "busy"),
            kept.busy.eq((heard.refusal == Refusal.BUSY) | (heard.refusal == Refusal.TABLE_FULL)),
            queue.w_data.eq(kept),
            queue.w_en.eq(source.valid & (heard.module == types.Module.MAKER) & (heard.slot < self.slots)),
            oldest.eq(queue.r_data),
        ]
        return queue, oldest
