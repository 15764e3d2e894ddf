"""What of the displayed market is our own: strategies do not take their own orders for other people's."""

from amaranth import Array, Module, Mux, Signal, unsigned
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out

from hdl import types
from hdl.types import EventKind, Level, MarketEvent, OrderAnswer, OrderAnswerKind, Role, Side

__all__ = ["DISPLAYING", "OwnDisplay", "OwnShown", "other_levels", "own_shares"]

#: Strategies that display orders, at most one a side and slot each.
DISPLAYING = (types.Module.TAKER, types.Module.MAKER)
#: Orders of the feed that are remembered, for an answer of the exchange that comes after its order was shown.
REMEMBERED = 4
#: Answers after which other shares are open, beside those that say where an order rests.
CHANGES_OPEN = (
    OrderAnswerKind.EXECUTED,
    OrderAnswerKind.CANCELED,
    OrderAnswerKind.REJECTED,
    OrderAnswerKind.SELF_MATCH,
    OrderAnswerKind.MODIFIED,
)
#: Display letter of a Priority Update: the order is not displayed.
HIDDEN = ord("N")


class OwnShown(data.Struct):
    """Displayed orders of ours in one slot, one for each strategy; zero shares for none."""

    bids: data.ArrayLayout(Level, len(DISPLAYING))
    asks: data.ArrayLayout(Level, len(DISPLAYING))


class OwnDisplay(wiring.Component):
    """Keeps price and open shares of the orders that each strategy displays, and shows those of one slot.

    It follows the exchange's answers: Accepted, Replaced and Priority Update say where an order rests and under which
    reference number (the last one also whether it is displayed), and every answer says what is still open. Orders of
    role ENTRY and FLATTEN are immediate and never displayed. An order is shown once the feed has added an order of its
    number: before that it is in no view, and in a replay of a recorded day it never is.

    Feed and order session come by different ways. Where the feed is ahead, the answer finds its order among the last
    4 that were added; one that more orders overtook is not taken out. For the time by which one is ahead of the other,
    and for the 5 cycles from an event to its view, a level and what is known to be ours of it may disagree.

    Parameters
    ----------
    slots : int
        Symbols followed.
    strategies : tuple of Module
        Which of those that display orders are built; of the others nothing is shown.

    Ports
    -----
    answers : In(stream, always ready), reference : In(64)
        Answers of the order port, and the exchange's reference number beside Accepted and Replaced.
    event : In(stream, always ready)
        Market events, as the book takes them.
    slot : In(8), shown : Out(OwnShown)
        What is asked for, in the same cycle; nothing for a slot that does not exist.

    Latency: an answer and an event are seen 1 cycle later.
    """

    def __init__(self, slots: int, strategies: tuple[types.Module, ...] = DISPLAYING) -> None:
        self._slots, self._strategies = slots, strategies
        super().__init__(
            {
                "answers": In(stream.Signature(OrderAnswer, always_ready=True)),
                "reference": In(64),
                "event": In(stream.Signature(MarketEvent, always_ready=True)),
                "slot": In(8),
                "shown": Out(OwnShown),
            }
        )

    def elaborate(self, platform):
        """Build the block."""
        m = Module()
        answer = self.answers.payload
        moved = answer.kind == OrderAnswerKind.PRIORITY
        rests = (answer.kind == OrderAnswerKind.ACCEPTED) | (answer.kind == OrderAnswerKind.REPLACED) | moved
        told = rests
        for kind in CHANGES_OPEN:
            told |= answer.kind == kind
        changes = Signal()
        displays = (answer.role != Role.ENTRY) & (answer.role != Role.FLATTEN)
        m.d.comb += changes.eq(self.answers.valid & told & displays & (answer.slot < self._slots))
        added, number, was_shown = self._feed(m)
        for side, levels in ((Side.BUY, self.shown.bids), (Side.SELL, self.shown.asks)):
            for i, module in enumerate(DISPLAYING):
                if module not in self._strategies:
                    continue
                name = f"{module.name.lower()}_{side.name.lower()}"
                m.submodules[f"{name}_price"] = prices = memory.Memory(shape=unsigned(32), depth=self._slots, init=[])
                m.submodules[f"{name}_shares"] = shares = memory.Memory(shape=unsigned(32), depth=self._slots, init=[])
                m.submodules[f"{name}_number"] = numbers = memory.Memory(shape=unsigned(64), depth=self._slots, init=[])
                known = Signal(self._slots, name=f"{name}_known")
                shown = Signal(self._slots, name=f"{name}_shown")
                mine = Signal(name=f"{name}_mine")
                m.d.comb += mine.eq(changes & (answer.side == side) & (answer.module == module))
                for rows, value, when in ((prices, answer.price, rests), (shares, answer.open, 1)):
                    write, read = rows.write_port(), rows.read_port(domain="comb")
                    m.d.comb += [
                        write.addr.eq(answer.slot),
                        write.data.eq(value),
                        write.en.eq(mine & when),
                        read.addr.eq(self.slot),
                        (levels[i].price if rows is prices else levels[i].shares).eq(read.data),
                    ]
                write, of_event = numbers.write_port(), numbers.read_port(domain="comb")
                seen = self.event.payload.slot
                m.d.comb += [
                    write.addr.eq(answer.slot),
                    write.data.eq(self.reference),
                    write.en.eq(mine & rests),
                    of_event.addr.eq(seen),
                ]
                with m.If(added & (of_event.data == number) & (seen < self._slots)):
                    m.d.sync += shown.bit_select(seen, 1).eq(1)
                with m.If(mine):
                    m.d.sync += known.bit_select(answer.slot, 1).eq(~answer.dead & ~(moved & (answer.flag == HIDDEN)))
                with m.If(mine & rests):
                    m.d.sync += shown.bit_select(answer.slot, 1).eq(was_shown)
                with m.If((self.slot >= self._slots) | ~(known & shown).bit_select(self.slot, 1)):
                    m.d.comb += levels[i].shares.eq(0)
        return m

    def _feed(self, m):
        """Follow what the feed adds.

        Returns
        -------
        tuple
            An order is added in this cycle; its number; the order of ``reference`` was added lately, or now.
        """
        event = self.event.payload
        added, number = Signal(), Signal(64)
        recent = Array(Signal(65, name=f"recent{i}") for i in range(REMEMBERED))  # the top bit: there is one
        replaces = event.kind == EventKind.REPLACE
        m.d.comb += [
            added.eq(self.event.valid & (replaces | (event.kind == EventKind.ADD))),
            number.eq(Mux(replaces, event.new_reference, event.reference)),
        ]
        with m.If(added):
            m.d.sync += recent[0].eq(number | (1 << 64))
            m.d.sync += [recent[i].eq(recent[i - 1]) for i in range(1, REMEMBERED)]
        asked = self.reference | (1 << 64)
        return added, number, _any(one == asked for one in recent) | (added & (number == self.reference))


def own_shares(m, own, levels):
    """Shares of ``levels`` that are ours, and whether the best of them is ours alone; both combinational.

    Parameters
    ----------
    m : Module
        Where it is built.
    own : array of Level
        A side of :class:`OwnShown`.
    levels : array of Level
        The same side of a view, best first.
    """
    total, alone = Signal(34), Signal()
    seen = []
    for order in own:
        there = Signal()
        m.d.comb += there.eq(_any((level.price == order.price) & (level.shares != 0) for level in levels))
        seen.append(order.shares & there.replicate(32))
    ours, left = _at_level(own, levels[0])
    m.d.comb += [total.eq(sum(seen)), alone.eq((ours != 0) & (left <= 0))]
    return total, alone


def other_levels(own, levels):
    """Shares of each of ``levels`` that are not ours; values.

    Parameters
    ----------
    own : array of Level
        A side of :class:`OwnShown`.
    levels : array of Level
        The same side of a view, best first.
    """
    lefts = [_at_level(own, level)[1] for level in levels]
    return [Mux(left < 0, 0, left[:32]) for left in lefts]


def _at_level(own, level):
    """Shares of ours at a level, and what is left of it without them: below zero where we have more than it shows.

    Levels differ in price. So where two orders of ours do too, one of them at most is at a level, and where they do not
    both are, or neither: what they have together is added once, for all levels.
    """
    first, second = own
    together = first.shares + (second.shares & (first.price == second.price).replicate(32))
    ours = Mux(level.price == first.price, together, Mux(level.price == second.price, second.shares, 0))
    return ours, level.shares - ours


def _any(conditions):
    """Whether one of some conditions holds."""
    result = 0
    for condition in conditions:
        result = result | condition
    return result
