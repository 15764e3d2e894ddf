"""What is at stake: position, cash and everything that could still fill, of each slot."""

from amaranth import Array, Module, Mux, Signal, signed, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from hdl.types import OrderAnswer, OrderAnswerKind, OrderIntent, OrderIntentKind, Side

__all__ = ["OwnOrder", "PositionChange", "Positions"]

#: OUCH type letters: the order port puts them into ``flag`` of SENT and REFUSED.
ENTER_LETTER, REPLACE_LETTER, CANCEL_LETTER = ord("O"), ord("U"), ord("X")
#: Liquidity flag of an execution that added liquidity.
ADDED = ord("A")
#: 1/1,000,000 dollar in 1/10,000 dollar.
MICRO_PER_PRICE = 100


class OwnOrder(data.Struct):
    """One row of the card's own orders, as far as risk cares.

    ``counted``: shares that could still fill. ``asked``: liability of the chain that a Replace under way asks for,
    executions included; zero when none is under way. Until it is answered the order counts with the larger of the two.
    """

    live: unsigned(1)
    slot: unsigned(8)
    side: Side
    counted: unsigned(32)
    executed: unsigned(32)
    asked: unsigned(32)


class PositionChange(data.Struct):
    """A POSITION record: the state of a slot after an answer has been applied whole."""

    slot: unsigned(8)
    position: signed(32)
    cash: signed(64)
    open_buy: unsigned(32)
    open_sell: unsigned(32)
    cause: unsigned(64)
    exchange_time: unsigned(48)


class Positions(wiring.Component):
    """Position, cash and open shares of each slot, from what the gate grants and what becomes of it.

    An order counts from the cycle after the gate grants it, so two grants can never both use the same room. A Replace
    that raises the size counts the raise at once; one that lowers it counts the old size until it is answered. What
    the exchange answers is taken from the totals of the answer (``open``, ``chain_executed``), never added up twice.
    An answer ``REFUSED`` from the order port takes the grant back.

    Cash is in 1/1,000,000 dollar: price x shares x 100, minus shares x (fee + commission). The fee is ``fee_add`` for
    liquidity flag ``A`` and ``fee_remove`` for every other flag, so an unknown flag never flatters. A broken trade
    changes nothing here: OUCH names a match, not its shares, and the host puts it right by an adjustment.

    Parameters
    ----------
    slots : int
        Symbols followed.
    own_orders : int
        Rows of the card's own order table.

    Ports
    -----
    grants : In(stream, always ready)
        Intents as they pass from the gate to the order port: valid in the cycle of that handshake.
    answers : In(stream, always ready)
        Answers of the order port; at most one every 4 cycles.
    adjust : In(array of 1), adjust_position : In(array of signed 32), adjust_cash : In(array of signed 64)
        Strobes of the host: this is added to the slot, in the first cycle that follows without an answer on its way.
        Added, not set, so that it is right whatever fill it meets. One that comes while another waits is lost: the host
        writes far more slowly than that.
    fee_remove, fee_add, commission : In(signed 32)
        1/1,000,000 dollar a share; negative is a rebate.
    position, cash, open_buy, open_sell : Out(array over slots)
        Position and open shares are new 1 cycle after their cause, cash 3 cycles.
    lookup_order : In(8), lookup : Out(OwnOrder)
        The gate's look at one row, combinational.
    seek_order : In(8), seek : Out(OwnOrder)
        The same for the host's orders.
    unsent : Out(1)
        An order was granted and the order port has not said SENT or REFUSED yet.
    changes : Out(stream, always ready)
        One item for every answer that can have changed the numbers, 4 cycles after it.
    busy : Out(1)
        An answer is still on its way into cash.
    """

    def __init__(self, slots: int, own_orders: int) -> None:
        if not 1 <= slots <= 64:
            raise ValueError(f"a card has 1 to 64 slots, not {slots!r}")
        if not 1 <= own_orders <= 128:
            raise ValueError(f"a card has 1 to 128 own orders, not {own_orders!r}")
        self.slots = slots
        self.own_orders = own_orders
        super().__init__(
            {
                "grants": In(stream.Signature(OrderIntent, always_ready=True)),
                "answers": In(stream.Signature(OrderAnswer, always_ready=True)),
                "adjust": In(data.ArrayLayout(1, slots)),
                "adjust_position": In(data.ArrayLayout(signed(32), slots)),
                "adjust_cash": In(data.ArrayLayout(signed(64), slots)),
                "fee_remove": In(signed(32)),
                "fee_add": In(signed(32)),
                "commission": In(signed(32)),
                "position": Out(data.ArrayLayout(signed(32), slots)),
                "cash": Out(data.ArrayLayout(signed(64), slots)),
                "open_buy": Out(data.ArrayLayout(unsigned(32), slots)),
                "open_sell": Out(data.ArrayLayout(unsigned(32), slots)),
                "lookup_order": In(8),
                "lookup": Out(OwnOrder),
                "seek_order": In(8),
                "seek": Out(OwnOrder),
                "unsent": Out(1),
                "changes": Out(stream.Signature(PositionChange, always_ready=True)),
                "busy": Out(1),
            }
        )

    def elaborate(self, platform):
        """Build the block."""
        m = Module()
        rows = Array(Signal(OwnOrder, name=f"row{i}") for i in range(self.own_orders))
        answer, grant = self.answers.payload, self.grants.payload
        for wanted, shown in ((self.lookup_order, self.lookup), (self.seek_order, self.seek)):
            with m.If(wanted < self.own_orders):
                m.d.comb += shown.eq(rows[wanted])

        after = Signal(OwnOrder)
        row_changes = Signal()
        lost = Signal(32)  # shares that no longer can fill, by this answer
        gained = Signal(32)  # shares that can fill since this answer
        self._answer(m, rows, after, row_changes, lost, gained)

        # A Replace meets its row as this very cycle's answer leaves it.
        grant_row = Signal(OwnOrder)
        grant_after = Signal(OwnOrder)
        raised = Signal(32)
        enter = self.grants.valid & (grant.kind == OrderIntentKind.ENTER)
        replace = Signal()
        wanted_open = Signal(32)
        with m.If(grant.order < self.own_orders):
            m.d.comb += grant_row.eq(rows[grant.order])
            with m.If(row_changes & (answer.order == grant.order)):
                m.d.comb += grant_row.eq(after)
        m.d.comb += [
            replace.eq(self.grants.valid & (grant.kind == OrderIntentKind.REPLACE) & grant_row.live),
            wanted_open.eq(_less(grant.shares, grant_row.executed)),
            grant_after.eq(grant_row),
            grant_after.asked.eq(grant.shares),
            raised.eq(Mux(enter, grant.shares, Mux(replace, _less(wanted_open, grant_row.counted), 0))),
            grant_after.counted.eq(grant_row.counted + raised),
        ]
        with m.If(row_changes):
            m.d.sync += rows[answer.order].eq(after)
        with m.If(replace):
            m.d.sync += rows[grant.order].eq(grant_after)

        executed = self.answers.valid & (answer.kind == OrderAnswerKind.EXECUTED)
        for i in range(self.slots):
            for side, total in ((Side.BUY, self.open_buy[i]), (Side.SELL, self.open_sell[i])):
                answered = self.answers.valid & (answer.slot == i) & (answer.side == side)
                granted = self.grants.valid & (grant.slot == i) & (grant.side == side)
                with m.If(answered | granted):
                    more = Mux(answered, gained, 0) + Mux(granted, raised, 0)
                    m.d.sync += total.eq(total + more - Mux(answered, lost, 0))
            with m.If(executed & (answer.slot == i)):
                with m.If(answer.side == Side.BUY):
                    m.d.sync += self.position[i].eq(self.position[i] + answer.shares)
                with m.Else():
                    m.d.sync += self.position[i].eq(self.position[i] - answer.shares)
        self._cash(m)
        return m

    def _answer(self, m, rows, after, row_changes, lost, gained) -> None:
        """What an answer makes of its row, and of the grant that was not spoken of yet."""
        answer, grant = self.answers.payload, self.grants.payload
        before = Signal(OwnOrder)
        asked_open = Signal(32)
        row_given = Signal()
        unsent_entry = Signal(32)  # shares of the granted ENTER that has no row yet
        with m.If(answer.order < self.own_orders):
            m.d.comb += [before.eq(rows[answer.order]), row_given.eq(self.answers.valid)]
        m.d.comb += [after.eq(before), asked_open.eq(_less(before.asked, answer.chain_executed))]

        with m.Switch(answer.kind):
            with m.Case(OrderAnswerKind.SENT, OrderAnswerKind.REFUSED):
                refused = answer.kind == OrderAnswerKind.REFUSED
                with m.If(self.answers.valid & (answer.flag != CANCEL_LETTER)):
                    m.d.sync += self.unsent.eq(0)
                with m.If(answer.flag == ENTER_LETTER):
                    m.d.comb += [
                        row_changes.eq(row_given & ~refused),
                        after.eq(0),
                        after.live.eq(1),
                        after.slot.eq(answer.slot),
                        after.side.eq(answer.side),
                        after.counted.eq(unsent_entry),
                        lost.eq(Mux(refused, unsent_entry, 0)),
                    ]
                with m.If((answer.flag == REPLACE_LETTER) & refused & before.live):
                    # The number that lives is as it was, and the answer says what is open on it.
                    m.d.comb += [row_changes.eq(row_given), after.asked.eq(0), after.counted.eq(answer.open)]
                    m.d.comb += [lost.eq(before.counted), gained.eq(after.counted)]
            with m.Default(), m.If(before.live):
                m.d.comb += [
                    row_changes.eq(row_given),
                    after.executed.eq(answer.chain_executed),
                    after.counted.eq(Mux(asked_open > answer.open, asked_open, answer.open)),
                    lost.eq(before.counted),
                    gained.eq(after.counted),
                ]
                with m.If((answer.kind == OrderAnswerKind.REPLACED) | (answer.kind == OrderAnswerKind.REJECTED)):
                    m.d.comb += [after.asked.eq(0), after.counted.eq(answer.open)]
                with m.If(answer.dead):
                    m.d.comb += [after.live.eq(0), after.counted.eq(0), after.asked.eq(0)]

        with m.If(self.grants.valid & (grant.kind != OrderIntentKind.CANCEL)):
            m.d.sync += self.unsent.eq(1)
            with m.If(grant.kind == OrderIntentKind.ENTER):
                m.d.sync += unsent_entry.eq(grant.shares)

    def _cash(self, m) -> None:
        """Cash follows in three steps, so that no cycle holds more than one multiplication."""
        answer = self.answers.payload
        rate = Signal(signed(34))
        shares = Signal(32)
        value = Signal(64)
        selling = Signal()
        executed = Signal()
        paid = Signal(signed(66))
        amount = Signal(signed(72))
        steps = Signal(3)
        change = [Signal(PositionChange, name=f"change{i}") for i in range(3)]
        answered = self.answers.valid & (answer.kind != OrderAnswerKind.SENT) & (answer.slot < self.slots)
        adjusted = self._adjust(m, quiet=~self.answers.valid & ~steps.any())
        changing = answered | adjusted.any()
        fee = Mux(answer.flag == ADDED, self.fee_add, self.fee_remove)
        m.d.sync += [
            steps.eq(steps << 1 | changing),
            executed.eq(answer.kind == OrderAnswerKind.EXECUTED),
            rate.eq(fee + self.commission),
            shares.eq(answer.shares),
            value.eq(answer.price * answer.shares),
            selling.eq(answer.side == Side.SELL),
            paid.eq(shares * rate),
            amount.eq(Mux(selling, value, -value) * MICRO_PER_PRICE),
            change[0].slot.eq(answer.slot),
            change[0].cause.eq(answer.cause),
            change[0].exchange_time.eq(answer.exchange_time),
            change[1].eq(change[0]),
            change[2].eq(change[1]),
        ]
        with m.If(~executed):
            m.d.sync += [paid.eq(0), amount.eq(0)]
        with m.If(steps[1]):
            m.d.sync += self.cash[change[1].slot].eq(self.cash[change[1].slot] + amount - paid)
        for i in range(self.slots):
            with m.If(adjusted[i]):
                m.d.sync += [change[0].slot.eq(i), change[0].cause.eq(0), change[0].exchange_time.eq(0), executed.eq(0)]
        m.d.sync += self.changes.valid.eq(steps[2])
        m.d.sync += [
            self.changes.payload.eq(change[2]),
            self.changes.payload.position.eq(self.position[change[2].slot]),
            self.changes.payload.cash.eq(self.cash[change[2].slot]),
            self.changes.payload.open_buy.eq(self.open_buy[change[2].slot]),
            self.changes.payload.open_sell.eq(self.open_sell[change[2].slot]),
        ]
        m.d.comb += self.busy.eq(steps.any() | self.changes.valid | adjusted.any())

    def _adjust(self, m, quiet):
        """Add what the host says to position and cash of a slot; give the slots in the cycle in which it is done."""
        waits, adjusted = Signal(self.slots), Signal(self.slots)
        for i in range(self.slots):
            m.d.comb += adjusted[i].eq(quiet & waits[i] & ~waits[:i].any())
            with m.If(self.adjust[i]):
                m.d.sync += waits[i].eq(1)
            with m.If(adjusted[i]):
                m.d.sync += [
                    waits[i].eq(0),
                    self.position[i].eq(self.position[i] + self.adjust_position[i]),
                    self.cash[i].eq(self.cash[i] + self.adjust_cash[i]),
                ]
        return adjusted


def _less(a, b):
    """``a - b``, or zero where that would be negative."""
    return Mux(a > b, (a - b)[:32], 0)
