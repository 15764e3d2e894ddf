"""What of the displayed market is our own: strategies do not take their own orders for other people's."""

from amaranth import Module, Signal, unsigned
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out

from hdl import types
from hdl.types import Level, OrderAnswer, OrderAnswerKind, Role, Side

__all__ = ["DISPLAYING", "OwnDisplay", "OwnShown", "own_shares"]

#: Strategies that display orders, at most one a side and slot each.
DISPLAYING = (types.Module.TAKER, types.Module.MAKER)


class OwnShown(data.Struct):
    """Displayed orders of ours in one slot, one for each strategy; zero shares for none."""

    bids: data.ArrayLayout(Level, len(DISPLAYING))
    asks: data.ArrayLayout(Level, len(DISPLAYING))


class OwnDisplay(wiring.Component):
    """Keeps price and open shares of the orders that each strategy displays, and shows those of one slot.

    It follows the exchange's answers: Accepted and Replaced say where an order rests, and every answer says what is
    still open. Orders of role ENTRY are immediate and never displayed. Feed and order session come by different ways,
    so for the time by which one is ahead of the other, a level and what is known to be ours of it may disagree.

    Parameters
    ----------
    slots : int
        Symbols followed.

    Ports
    -----
    answers : In(stream, always ready)
        Answers of the order port.
    slot : In(8), shown : Out(OwnShown)
        What is asked for, in the same cycle; nothing for a slot that does not exist.

    Latency: an answer is seen 1 cycle later.
    """

    def __init__(self, slots: int) -> None:
        self._slots = slots
        super().__init__(
            {
                "answers": In(stream.Signature(OrderAnswer, always_ready=True)),
                "slot": In(8),
                "shown": Out(OwnShown),
            }
        )

    def elaborate(self, platform):
        """Build the block."""
        m = Module()
        answer = self.answers.payload
        rests = (answer.kind == OrderAnswerKind.ACCEPTED) | (answer.kind == OrderAnswerKind.REPLACED)
        told = rests
        for kind in (OrderAnswerKind.EXECUTED, OrderAnswerKind.CANCELED, OrderAnswerKind.REJECTED):
            told |= answer.kind == kind
        changes = Signal()
        m.d.comb += changes.eq(self.answers.valid & told & (answer.role != Role.ENTRY) & (answer.slot < self._slots))
        for side, levels in ((Side.BUY, self.shown.bids), (Side.SELL, self.shown.asks)):
            for i, module in enumerate(DISPLAYING):
                name = f"{module.name.lower()}_{side.name.lower()}"
                m.submodules[f"{name}_price"] = prices = memory.Memory(shape=unsigned(32), depth=self._slots, init=[])
                m.submodules[f"{name}_shares"] = shares = memory.Memory(shape=unsigned(32), depth=self._slots, init=[])
                known = Signal(self._slots, name=f"{name}_known")
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
                with m.If(mine):
                    m.d.sync += known.bit_select(answer.slot, 1).eq(~answer.dead)
                with m.If((self.slot >= self._slots) | ~known.bit_select(self.slot, 1)):
                    m.d.comb += levels[i].shares.eq(0)
        return m


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
    total, at_best, alone = Signal(34), Signal(34), Signal()
    seen, best = [], []
    for order in own:
        there = Signal()
        m.d.comb += there.eq(_any((level.price == order.price) & (level.shares != 0) for level in levels))
        seen.append(order.shares & there.replicate(32))
        best.append(order.shares & (order.price == levels[0].price).replicate(32))
    m.d.comb += [total.eq(sum(seen)), at_best.eq(sum(best)), alone.eq((at_best != 0) & (at_best >= levels[0].shares))]
    return total, alone


def _any(conditions):
    """Whether one of some conditions holds."""
    result = 0
    for condition in conditions:
        result = result | condition
    return result
