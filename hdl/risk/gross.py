"""The exposure of the whole card: all that is held or could fill, over all symbols."""

from amaranth import Cat, Module, Mux, Signal, signed
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

from hdl.risk.positions import held_signature

__all__ = ["GROSS_BITS", "GrossInventory"]

#: 64 slots of at most 2**31 shares held and 2**32 that could fill.
GROSS_BITS = 40


class GrossInventory(wiring.Component):
    """Adds up, over the slots, the largest position in either direction that the open orders could bring about.

    Of one slot that is the larger of position + open buys and open sells - position, and never less than zero: its
    stake. The sum is kept, and the slot whose numbers moved is looked at again, one a cycle: its new stake takes the
    place of the one that was counted before.

    An order is counted in time for the next one: after a grant the gate waits for the order port's SENT, which takes 4
    cycles or more, and a verdict is formed in the cycle before it is used. An answer of the exchange moves shares from
    open to position and never raises the sum, so it gives way to a grant, and a sum that is some cycles old is never
    too small.

    Parameters
    ----------
    slots : int
        Symbols followed.

    Ports
    -----
    held : Out(held_signature)
        What :class:`~hdl.risk.positions.Positions` says of a slot.
    granted, granted_slot : In
        Strobe: an order of the slot was granted, its shares are open from the next cycle on. A Cancel may name a slot
        that there is none of: nothing is looked at then.
    changed, changed_slot : In
        Strobe: the slot's numbers have changed for another reason. At most one every 4 cycles.
    gross : Out(40)
        Shares.
    busy : Out(1)
        A change is not in ``gross`` yet.

    Latency: a grant is in ``gross`` 4 cycles later, anything else 4 or 5.
    """

    def __init__(self, slots: int) -> None:
        self._slots = slots
        super().__init__(
            {
                "held": Out(held_signature()),
                "granted": In(1),
                "granted_slot": In(8),
                "changed": In(1),
                "changed_slot": In(8),
                "gross": Out(GROSS_BITS),
                "busy": Out(1),
            }
        )

    def elaborate(self, platform):
        """Build the block."""
        m = Module()
        m.submodules.stakes = stakes = memory.Memory(shape=33, depth=self._slots, init=[])
        counted, write = stakes.read_port(domain="comb"), stakes.write_port()
        known = Signal(self._slots)  # slots of which ``stakes`` says something since reset

        # Which slot: a grant's at once, another one in the next cycle without a grant.
        waits, waiting = Signal(), Signal(8)
        looks = Signal(3)  # bit k: a slot is in its cycle k + 1
        wanted = Signal(8)
        m.d.comb += wanted.eq(Mux(self.granted, self.granted_slot, Mux(waits, waiting, self.changed_slot)))
        slot = [Signal(8, name=f"slot_{k + 1}") for k in range(3)]
        m.d.sync += [
            waits.eq(Mux(self.changed, self.granted | waits, self.granted & waits)),
            looks.eq(Cat((self.granted | waits | self.changed) & (wanted < self._slots), looks)),
            slot[0].eq(wanted),
            slot[1].eq(slot[0]),
            slot[2].eq(slot[1]),
        ]
        with m.If(self.changed):
            m.d.sync += waiting.eq(self.changed_slot)

        # Cycle 1: its numbers. Cycle 2: both directions, and what was counted of it. Cycle 3: the sum.
        position, open_buy, open_sell = Signal(signed(32)), Signal(32), Signal(32)
        long, short = Signal(signed(34)), Signal(signed(34))
        before, stake = Signal(33), Signal(33)
        longer = Signal()
        again = looks[2] & (slot[2] == slot[1])  # the same slot, one cycle ahead
        m.d.sync += [
            position.eq(self.held.position),
            open_buy.eq(self.held.open_buy),
            open_sell.eq(self.held.open_sell),
            long.eq(position + open_buy),
            short.eq(open_sell - position),
            before.eq(Mux(again, stake, Mux(known.bit_select(slot[1], 1), counted.data, 0))),
        ]
        m.d.comb += [
            self.held.slot.eq(slot[0]),
            counted.addr.eq(slot[1]),
            # One of the two is never below zero: the position has one sign only.
            longer.eq(long > short),
            stake.eq(Mux(longer, long, short)),
            write.addr.eq(slot[2]),
            write.data.eq(stake),
            write.en.eq(looks[2]),
            self.busy.eq(looks.any() | waits),
        ]
        with m.If(looks[2]):
            # Both sums beside the comparison, not behind it.
            with_long, with_short = self.gross - before + long, self.gross - before + short
            m.d.sync += [self.gross.eq(Mux(longer, with_long, with_short)), known.bit_select(slot[2], 1).eq(1)]
        return m
