"""Today's result of the whole card, marked to the market, against the most it may lose."""

from itertools import pairwise

from amaranth import Module, Mux, Signal, signed
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out

from hdl.risk.marks import Mark
from hdl.risk.positions import PositionChange
from hdl.risk.product import Product

__all__ = ["DailyLoss"]


class _Held(data.Struct):
    position: signed(32)
    cash: signed(64)


class DailyLoss(wiring.Component):
    """Adds up cash and marked positions of all slots, over and over, and says when the loss is too large.

    Realised and unrealised: the result of a slot is its cash after fees, plus its position at the price at which it
    could be closed: a long one at the best bid, a short one at the best offer, either at the last trade where that
    side is empty. A position with no price at all counts as a loss reached.

    Once reached while armed, it stays reached until the card is disarmed, however the market moves. It refuses what
    raises exposure and does not kill: the exits of open positions go on.

    A slot is taken as the last POSITION record told it, so position and cash are always of the same answer.

    Parameters
    ----------
    slots : int
        Symbols followed.

    Ports
    -----
    changes : In(stream, always ready)
        Of :class:`~hdl.risk.positions.Positions`.
    slot : Out(8), mark : In(Mark)
        Mark of the slot, in the same cycle.
    viewed : In(1)
        Strobe: some mark may have changed.
    limit : In(63)
        The most that may be lost, in 1/1,000,000 dollar; zero turns the check off.
    armed : In(1)
        The card is armed.
    result : Out(signed 64)
        Sum over the slots, in 1/1,000,000 dollar.
    reached : Out(1)
        Nothing that raises exposure may leave.
    busy : Out(1)
        A change is not in ``result`` yet, and the check is on.

    Latency: a sum is complete every ``slots`` cycles; a change is in ``result`` at most 2 x ``slots`` + 6 cycles
    later, and ``reached`` follows a cycle after it.
    """

    def __init__(self, slots: int) -> None:
        self._slots = slots
        super().__init__(
            {
                "changes": In(stream.Signature(PositionChange, always_ready=True)),
                "slot": Out(8),
                "mark": In(Mark),
                "viewed": In(1),
                "limit": In(63),
                "armed": In(1),
                "result": Out(signed(64)),
                "reached": Out(1),
                "busy": Out(1),
            }
        )

    def elaborate(self, platform):
        """Build the block."""
        m = Module()
        m.submodules.rows = rows = memory.Memory(shape=_Held, depth=self._slots, init=[])
        write, read = rows.write_port(), rows.read_port(domain="comb")
        known = Signal(self._slots)
        change = self.changes.payload
        m.d.comb += [
            write.addr.eq(change.slot),
            write.en.eq(self.changes.valid & (change.slot < self._slots)),
            write.data.position.eq(change.position),
            write.data.cash.eq(change.cash),
            read.addr.eq(self.slot),
        ]
        with m.If(write.en):
            m.d.sync += known.bit_select(change.slot, 1).eq(1)
        ends = self.slot == self._slots - 1
        m.d.sync += self.slot.eq(Mux(ends, 0, self.slot + 1))

        # First cycle: what is held. Second: its price. Third and fourth: its worth. Fifth: the slot's result. Sixth:
        # the sum.
        m.submodules.product = product = Product()
        held, position, near, last, price = Signal(signed(32)), Signal(signed(32)), Signal(32), Signal(32), Signal(32)
        value = Signal(signed(73))
        cash = [Signal(signed(64), name=f"cash{i}") for i in range(4)]
        total = Signal(signed(80))
        ended = Signal(5)
        there = known.bit_select(self.slot, 1)
        worth = product.result
        m.d.comb += [product.a.eq(position), product.b.eq(price)]
        m.d.sync += [
            held.eq(Mux(there, read.data.position, 0)),
            cash[0].eq(Mux(there, read.data.cash, 0)),
            near.eq(Mux(read.data.position < 0, self.mark.ask, self.mark.bid)),
            last.eq(self.mark.last),
            position.eq(held),
            price.eq(Mux(near != 0, near, last)),
            *(after.eq(before) for before, after in pairwise(cash)),
            # Times 100, from 1/10,000 dollar to 1/1,000,000, without a multiplier behind the multiplier.
            value.eq((worth << 6) + (worth << 5) + (worth << 2) + cash[3]),
            ended.eq(ended << 1 | ends),
        ]
        unpriced, some_unpriced, lost, known_unpriced = Signal(), Signal(), Signal(), Signal()
        m.d.comb += unpriced.eq((position != 0) & (price == 0))
        begins = Signal(init=1)  # the value is the first of a sum
        m.d.sync += begins.eq(ended[4])
        so_far = Signal(signed(81))
        m.d.comb += so_far.eq(Mux(begins, 0, total) + value)
        m.d.sync += [total.eq(so_far), some_unpriced.eq((some_unpriced | unpriced) & ~ended[1])]
        with m.If(ended[1]):
            m.d.sync += known_unpriced.eq(some_unpriced | unpriced)
        with m.If(ended[4]):
            m.d.sync += self.result.eq(so_far)
        unseen = Signal(range(2 * self._slots + 8))
        holds = Signal(self._slots)  # without a position no mark matters
        with m.If(write.en):
            m.d.sync += holds.bit_select(change.slot, 1).eq(change.position != 0)
        with m.If(self.changes.valid | (self.viewed & holds.any())):
            m.d.sync += unseen.eq(2 * self._slots + 7)
        with m.Elif(unseen != 0):
            m.d.sync += unseen.eq(unseen - 1)
        m.d.comb += self.busy.eq((unseen != 0) & (self.limit != 0))
        over, rest = Signal(), Signal(signed(65))  # what may still be lost
        m.d.comb += rest.eq(self.result + self.limit)
        m.d.sync += over.eq((self.limit != 0) & (rest < 0))
        m.d.sync += lost.eq((lost | over) & self.armed)
        m.d.comb += self.reached.eq(over | lost | ((self.limit != 0) & known_unpriced))
        return m
