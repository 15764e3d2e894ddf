"""The market maker's quotes: one bid and one offer a slot, changed by what is sent and by what is answered."""

from amaranth import Module, Mux, Signal
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out

from hdl.strategy.maker_types import MakerAnswer, QuoteAction, QuoteRow, QuoteState
from hdl.strategy.quote_answer import QuoteAnswer
from hdl.types import RETRY_BIT, Side

__all__ = ["QuoteRows"]


class QuoteRows(wiring.Component):
    """Keeps the state of every quote. Reading is combinational; a change is seen in the next cycle.

    Parameters
    ----------
    slots : int
        Symbols followed.

    Ports
    -----
    slot : In(8)
        Slot that everything below is about.
    now : In(64)
        Card time.
    bid, ask : Out(QuoteRow), bid_waits, ask_waits : Out(1), bid_asked, ask_asked : Out(1)
        The slot's quotes; it is too early to enter or move them; a Cancel of them is under way.
    book : In(1), answer : In(MakerAnswer), cooldown : In(48)
        Book an answer, and let the quote rest that long where it asks for it, and until ``seen``.
    seen : In(1)
        A view of the slot is looked at. Without it a cool-down of none would ask what refuses for the same thing again
        and again.
    act : In(1), side : In(Side), action : In(QuoteAction), row : In(QuoteRow), throttle : In(48)
        Something left for the gate: ``row`` is the quote from now on (as it is, for a Cancel).
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
                "now": In(64),
                "bid": Out(QuoteRow),
                "ask": Out(QuoteRow),
                "bid_waits": Out(1),
                "ask_waits": Out(1),
                "bid_asked": Out(1),
                "ask_asked": Out(1),
                "book": In(1),
                "answer": In(MakerAnswer),
                "cooldown": In(48),
                "seen": In(1),
                "act": In(1),
                "side": In(Side),
                "action": In(QuoteAction),
                "row": In(QuoteRow),
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
        changing, changed_side = Signal(), Signal(Side)
        buys = changed_side == Side.BUY
        written = Signal(QuoteRow)
        late = Signal(64)  # until when the quote rests
        era, again = Signal(64 - RETRY_BIT), Signal()
        m.d.sync += era.eq(self.now[RETRY_BIT:])
        m.d.comb += again.eq(era != self.now[RETRY_BIT:])
        m.d.comb += [
            changing.eq(self.book | self.act),
            changed_side.eq(Mux(self.book, self.answer.side, self.side)),
            booking.answer.eq(self.answer),
            booking.row.eq(Mux(buys, self.bid, self.ask)),
            booking.state.eq(Mux(buys, self.bid_state[self.slot], self.ask_state[self.slot])),
            booking.cancel_asked.eq(Mux(buys, self.bid_asked, self.ask_asked)),
            self.post_only.eq(self.book & booking.post_only),
        ]
        begins = self.act & ((self.action == QuoteAction.ENTER) | (self.action == QuoteAction.REPLACE))
        rests = begins | (self.book & booking.rests)
        m.d.comb += [
            late.eq(self.now + Mux(self.book, self.cooldown, self.throttle)),
            written.eq(Mux(self.book, booking.next_row, self.row)),
        ]
        with m.If(rests):
            m.d.comb += written.until.eq(late)

        for side, name, state in ((Side.BUY, "bid", self.bid_state), (Side.SELL, "ask", self.ask_state)):
            m.submodules[f"{name}_rows"] = rows = memory.Memory(shape=QuoteRow, depth=self.slots, init=[])
            read, write = rows.read_port(domain="comb"), rows.write_port()
            asked, resting = Signal(self.slots, name=f"{name}_asked_slots"), Signal(self.slots, name=f"{name}_resting")
            refused = Signal(self.slots, name=f"{name}_refused")
            held = Signal(self.slots, name=f"{name}_held")  # until the next view
            mine = changing & (changed_side == side)
            m.d.comb += [
                read.addr.eq(self.slot),
                write.addr.eq(self.slot),
                write.data.eq(written),
                write.en.eq(mine),
                getattr(self, name).eq(read.data),
                getattr(self, f"{name}_waits").eq(
                    held.bit_select(self.slot, 1) | (resting.bit_select(self.slot, 1) & (self.now < read.data.until))
                ),
                getattr(self, f"{name}_asked").eq(asked.bit_select(self.slot, 1)),
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
            with m.If(mine & rests):
                m.d.sync += resting.bit_select(self.slot, 1).eq(1)
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
