"""The market maker's quotes: one bid and one offer a slot, changed by what is sent and by what is answered."""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out

from hdl.strategy.maker_types import MakerAnswer, QuoteAction, QuoteRow, QuoteState
from hdl.strategy.quote_answer import QuoteAnswer
from hdl.types import RETRY_BIT, Side

__all__ = ["QuoteRows"]


class QuoteRows(wiring.Component):
    """Keeps the state of every quote. Reading is combinational; a change is seen in the next cycle.

    Bids and offers of all slots are in the same memories, one for each number that changes by itself: one quote is read
    at a time, and nothing is written but what changes.

    Parameters
    ----------
    slots : int
        Symbols followed.

    Ports
    -----
    slot : In(8), side : In(Side)
        Quote that everything below is about.
    now : In(64)
        Card time.
    row : Out(QuoteRow), resting : Out(1)
        The quote; that its ``until`` means something.
    bid_asked, ask_asked : Out(1), bid_held, ask_held : Out(1)
        A Cancel of the slot's quote is under way; it rests until the next view.
    book : In(1), answer : In(MakerAnswer), cooldown : In(48)
        Book an answer, and let the quote rest that long where it asks for it, and until ``seen``.
    seen : In(1)
        A view of the slot is looked at. Without it a cool-down of none would ask what refuses for the same thing again
        and again.
    act : In(1), action : In(QuoteAction), price, shares : In(32), short : In(1), throttle : In(48)
        Something left for the gate: what an ENTER made the quote, or the price that a REPLACE asks for.
    session_up : In(1)
        Low forgets which Cancels are under way: they may not have arrived, and are asked for again. One that the
        exchange refused is forgotten too, a little later: asked for again at once it would go on as fast as the line
        allows.
    bid_state, ask_state : Out(array of QuoteState), bid_rests, ask_rests : Out(a bit a slot)
        States of all slots; LIVE, and no Cancel under way.
    post_only : Out(1)
        Pulse: the exchange refused a post-only order.

    Latency: 1 cycle.
    """

    def __init__(self, slots: int) -> None:
        self.slots = slots
        states = data.ArrayLayout(QuoteState, slots)
        super().__init__(
            {
                "slot": In(8),
                "side": In(Side),
                "now": In(64),
                "row": Out(QuoteRow),
                "resting": Out(1),
                "bid_asked": Out(1),
                "ask_asked": Out(1),
                "bid_held": Out(1),
                "ask_held": Out(1),
                "book": In(1),
                "answer": In(MakerAnswer),
                "cooldown": In(48),
                "seen": In(1),
                "act": In(1),
                "action": In(QuoteAction),
                "price": In(32),
                "shares": In(32),
                "short": In(1),
                "throttle": In(48),
                "session_up": In(1),
                "bid_state": Out(states),
                "ask_state": Out(states),
                "bid_rests": Out(slots),
                "ask_rests": Out(slots),
                "post_only": Out(1),
            }
        )

    def elaborate(self, platform):
        """Build the block."""
        m = Module()
        m.submodules.booking = booking = QuoteAnswer()
        answer, row = self.answer, self.row
        buys = self.side == Side.BUY
        changing = Signal()
        era, again = Signal(64 - RETRY_BIT), Signal()
        m.d.sync += era.eq(self.now[RETRY_BIT:])
        m.d.comb += again.eq(era != self.now[RETRY_BIT:])
        m.d.comb += [
            changing.eq(self.book | self.act),
            booking.answer.eq(answer),
            booking.state.eq(Mux(buys, self.bid_state[self.slot], self.ask_state[self.slot])),
            booking.short.eq(row.short),
            booking.cancel_asked.eq(Mux(buys, self.bid_asked, self.ask_asked)),
            self.post_only.eq(self.book & booking.post_only),
        ]
        enters = self.act & (self.action == QuoteAction.ENTER)
        begins = enters | (self.act & (self.action == QuoteAction.REPLACE))
        rests = begins | (self.book & booking.rests)
        known = Signal()
        m.d.comb += known.eq(self.book & booking.counted)
        # Nothing is booked in the cycle of an act.
        for name, value, changes in (
            ("order", answer.order, self.book & booking.named),
            ("price", Mux(self.book, answer.price, self.price), enters | (self.book & booking.priced)),
            (
                "asked",
                Mux(self.book, Mux(booking.reverts, row.price, answer.price), self.price),
                begins | (self.book & (booking.asked | booking.reverts)),
            ),
            ("open", Mux(self.book, answer.open, self.shares), enters | known),
            ("executed", Mux(self.book, answer.chain_executed, 0), enters | known),
            ("short", self.book | self.short, enters | (self.book & booking.sold_short)),
            ("until", self.now + Mux(self.book, self.cooldown, self.throttle), rests),
        ):
            shape = row[name].shape()
            m.submodules[f"{name}_rows"] = rows = memory.Memory(shape=shape, depth=2 * self.slots, init=[])
            read, write = rows.read_port(domain="comb"), rows.write_port()
            m.d.comb += [
                read.addr.eq(Cat(self.side, self.slot)),
                write.addr.eq(Cat(self.side, self.slot)),
                write.data.eq(value),
                write.en.eq(changes),
                row[name].eq(read.data),
            ]

        waiting = Signal(2 * self.slots)  # quotes that have an ``until``
        place = Cat(self.side, self.slot)
        m.d.comb += self.resting.eq(waiting.bit_select(place, 1))
        with m.If(rests):
            m.d.sync += waiting.bit_select(place, 1).eq(1)
        for side, name, state in ((Side.BUY, "bid", self.bid_state), (Side.SELL, "ask", self.ask_state)):
            asked, refused = Signal(self.slots, name=f"{name}_asked_slots"), Signal(self.slots, name=f"{name}_refused")
            held = Signal(self.slots, name=f"{name}_held_slots")  # until the next view
            mine = changing & (self.side == side)
            m.d.comb += [
                getattr(self, f"{name}_asked").eq(asked.bit_select(self.slot, 1)),
                getattr(self, f"{name}_held").eq(held.bit_select(self.slot, 1)),
                *(
                    getattr(self, f"{name}_rests")[i].eq((state[i] == QuoteState.LIVE) & ~asked[i])
                    for i in range(self.slots)
                ),
            ]
            with m.If(again):
                m.d.sync += [asked.eq(asked & ~refused), refused.eq(0)]
            with m.If(mine & self.book & booking.cancel_refused & asked.bit_select(self.slot, 1)):
                m.d.sync += refused.bit_select(self.slot, 1).eq(1)
            with m.If(self.seen):
                m.d.sync += held.bit_select(self.slot, 1).eq(0)
            with m.If(mine & self.book & booking.rests):
                m.d.sync += held.bit_select(self.slot, 1).eq(1)
            with m.If(mine & self.book):
                m.d.sync += state[self.slot].eq(booking.next_state)
                with m.If(booking.next_state == QuoteState.EMPTY):
                    m.d.sync += [asked.bit_select(self.slot, 1).eq(0), refused.bit_select(self.slot, 1).eq(0)]
            with m.If(mine & self.act), m.Switch(self.action):
                with m.Case(QuoteAction.ENTER):
                    m.d.sync += state[self.slot].eq(QuoteState.ENTERING)
                with m.Case(QuoteAction.REPLACE, QuoteAction.MODIFY):
                    m.d.sync += state[self.slot].eq(QuoteState.REPLACING)
                with m.Case(QuoteAction.CANCEL):
                    m.d.sync += asked.bit_select(self.slot, 1).eq(1)
            with m.If(~self.session_up):
                m.d.sync += [asked.eq(0), refused.eq(0)]
        return m
