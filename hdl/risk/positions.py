"""What is at stake: position, cash and everything that could still fill, of each slot."""

from itertools import pairwise

from amaranth import Module, Mux, Signal, signed, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from hdl.risk.open_shares import OpenShares
from hdl.risk.own_rows import OwnOrder, OwnRows, RowAnswered
from hdl.risk.product import Product
from hdl.slot_numbers import SlotNumbers
from hdl.types import OrderAnswer, OrderAnswerKind, OrderIntent, OrderIntentKind, Side

__all__ = ["PositionChange", "Positions", "held_signature", "judged_signature"]

#: OUCH type letters: the order port puts them into ``flag`` of SENT and REFUSED.
ENTER_LETTER, REPLACE_LETTER, CANCEL_LETTER, MODIFY_LETTER = ord("O"), ord("U"), ord("X"), ord("M")
#: Liquidity flag of an execution that added liquidity.
ADDED = ord("A")
_HELD = ("standing", "watched", "asked", "shown")


class PositionChange(data.Struct):
    """A POSITION record: the state of a slot after an answer has been applied whole."""

    slot: unsigned(8)
    position: signed(32)
    cash: signed(64)
    open_buy: unsigned(32)
    open_sell: unsigned(32)
    cause: unsigned(64)
    exchange_time: unsigned(48)


def held_signature() -> wiring.Signature:
    """Give the port of who asks what a slot holds and has open, both in the same cycle."""
    return wiring.Signature(
        {"slot": Out(8), "position": In(signed(32)), "open_buy": In(unsigned(32)), "open_sell": In(unsigned(32))}
    )


def judged_signature() -> wiring.Signature:
    """Give the port of who asks for the open shares of one side alone."""
    return wiring.Signature({"slot": Out(8), "side": Out(Side), "position": In(signed(32)), "open": In(unsigned(32))})


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
    adjust : In(array of 1), adjust_slot : Out(8), adjust_position : In(signed 32), adjust_cash : In(signed 64)
        Strobes of the host: what it has written for the slot, which is asked for in the same cycle, is added, in the
        first cycle that follows without an answer on its way. Added, not set, so that it is right whatever fill it
        meets. One that comes while another of the slot waits is lost: the host writes far more slowly than that.
    fee_remove, fee_add, commission : In(signed 32)
        1/1,000,000 dollar a share; negative is a rebate.
    judged : In(judged_signature), standing, watched, asked, shown : In(held_signature)
        Those who ask: the gate of an intent and of a prepared entry, the watch over the card, the maker and the host's
        orders, the registers. Position and open shares are new 1 cycle after their cause.
    asked_taken : Out(1)
        ``asked`` shows another slot in this cycle: that of the change which is about to be told.
    shown_cash : Out(signed 64)
        Cash of the slot of ``shown``; new 5 cycles after its cause.
    lookup_order : In(8), lookup : Out(OwnOrder)
        The gate's look at one row, combinational.
    seek_order : In(8), seek : Out(OwnOrder)
        The same for the host's orders.
    unsent : Out(1)
        An order was granted and the order port has not said SENT or REFUSED yet.
    changes : Out(stream, always ready)
        One item for every answer that can have changed the numbers, 5 cycles after it.
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
                "adjust_slot": Out(8),
                "adjust_position": In(signed(32)),
                "adjust_cash": In(signed(64)),
                "fee_remove": In(signed(32)),
                "fee_add": In(signed(32)),
                "commission": In(signed(32)),
                "judged": In(judged_signature()),
                **{name: In(held_signature()) for name in _HELD},
                "asked_taken": Out(1),
                "shown_cash": Out(signed(64)),
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
        m.submodules.rows = rows = OwnRows(self.own_orders, readers=4)
        answer, grant = self.answers.payload, self.grants.payload
        asked = (self.lookup_order, self.seek_order, answer.order, grant.order)
        m.d.comb += [
            *(wanted.eq(order) for wanted, order in zip(rows.order, asked, strict=True)),
            self.lookup.eq(rows.row[0]),
            self.seek.eq(rows.row[1]),
        ]

        after = Signal(RowAnswered)
        row_changes = Signal()
        lost = Signal(32)  # shares that no longer can fill, by this answer
        asked_open, larger, otherwise = self._answer(m, rows.row[2], after, row_changes, lost)

        # A Replace meets its row as this very cycle's answer leaves it. What counts on that is known late: the Replace
        # is held against both numbers that it can be, and the difference is chosen with its sign.
        grant_row = Signal(OwnOrder)
        raised = Signal(32)
        enter = self.grants.valid & (grant.kind == OrderIntentKind.ENTER)
        same, replace = Signal(), Signal()
        counted = Signal(32)  # on the row, unless what was asked for by the Replace before is more
        room, most = Signal(signed(33)), Signal(signed(34))
        m.d.comb += [
            same.eq(row_changes & (answer.order == grant.order)),
            grant_row.eq(rows.row[3]),
            counted.eq(Mux(same, otherwise, rows.row[3].counted)),
            room.eq(grant.shares - grant_row.executed),
            most.eq(Mux(same & larger, room - asked_open, room - counted)),
        ]
        with m.If(same):
            m.d.comb += [grant_row[name].eq(after[name]) for name in ("live", "counted", "executed")]
        m.d.comb += [
            replace.eq(self.grants.valid & (grant.kind == OrderIntentKind.REPLACE) & grant_row.live),
            raised.eq(Mux(enter, grant.shares, Mux(replace & (most >= 0), most[:32], 0))),
            rows.answered.eq(row_changes),
            rows.answered_row.eq(after),
            rows.granted.eq(replace),
            rows.granted_row.order.eq(grant.order),
            rows.granted_row.counted.eq(Mux(most >= 0, room[:32], grant_row.counted)),
            rows.granted_row.asked.eq(grant.shares),
        ]

        m.submodules.open = totals = OpenShares(self.slots, readers=1 + 2 * len(_HELD))
        m.d.comb += [
            # Whether the row lives is known late; without it there is nothing to add.
            totals.granted.eq(enter | (self.grants.valid & (grant.kind == OrderIntentKind.REPLACE))),
            totals.grant.slot.eq(grant.slot),
            totals.grant.side.eq(grant.side),
            totals.grant.more.eq(raised),
            totals.answered.eq(self.answers.valid),
            totals.answer.slot.eq(answer.slot),
            totals.answer.side.eq(answer.side),
            totals.answer.more.eq(after.counted),
            totals.answer.fewer.eq(lost),
        ]
        self._cash(m, self._show(m, totals))
        return m

    def _show(self, m, totals):
        """Show position and open shares to those who ask.

        Returns
        -------
        tuple
            Positions, whose last reader is that of who changes them; what is asked for the change that is told: in
            which cycle, of which slot.
        """
        m.submodules.positions = positions = SlotNumbers(signed(32), self.slots, readers=2 + len(_HELD))
        telling, told_slot = Signal(), Signal(8)
        m.d.comb += [
            self.asked_taken.eq(telling),
            positions.row[0].eq(self.judged.slot),
            self.judged.position.eq(positions.number[0]),
            totals.slot[0].eq(self.judged.slot),
            totals.side[0].eq(self.judged.side),
            self.judged.open.eq(totals.total[0]),
        ]
        for i, name in enumerate(_HELD):
            held, slot = getattr(self, name), Signal(8, name=f"{name}_slot")
            m.d.comb += [
                slot.eq(Mux(telling, told_slot, held.slot) if name == "asked" else held.slot),
                positions.row[1 + i].eq(slot),
                held.position.eq(positions.number[1 + i]),
            ]
            for k, (side, total) in enumerate(((Side.BUY, held.open_buy), (Side.SELL, held.open_sell))):
                reader = 1 + 2 * i + k
                m.d.comb += [
                    totals.slot[reader].eq(slot),
                    totals.side[reader].eq(side),
                    total.eq(totals.total[reader]),
                ]
        return positions, telling, told_slot

    def _answer(self, m, before, after, row_changes, lost):
        """What an answer makes of its row, and of the grant that was not spoken of yet.

        ``after.counted`` is what can fill since the answer; it is zero where the answer says nothing of that, as
        ``lost`` is, so that the total moves by the one less the other.

        Returns
        -------
        tuple
            What is open of the size that a Replace asked for, whether that counts because it is larger, and what counts
            if it is not.
        """
        answer, grant = self.answers.payload, self.grants.payload
        unsent_entry = Signal(32)  # shares of the granted ENTER that has no row yet
        kind = answer.kind
        sent, refused = kind == OrderAnswerKind.SENT, kind == OrderAnswerKind.REFUSED
        of_entry, begins, withdrawn, told, over, larger = Signal(), Signal(), Signal(), Signal(), Signal(), Signal()
        asked_open = Signal(signed(33))
        otherwise = Signal(32)
        with m.If(self.answers.valid & (sent | refused) & (answer.flag != CANCEL_LETTER)):
            m.d.sync += self.unsent.eq(0)
        m.d.comb += [
            of_entry.eq((sent | refused) & (answer.flag == ENTER_LETTER)),
            begins.eq(sent & (answer.flag == ENTER_LETTER)),
            # A Replace that did not leave: the number that lives is as it was, and the answer says what is open on it.
            withdrawn.eq(refused & (answer.flag == REPLACE_LETTER) & before.live),
            told.eq(~sent & ~refused & before.live),
            over.eq(told & answer.dead),
            row_changes.eq(
                self.answers.valid & (answer.order < self.own_orders) & (begins | withdrawn | told),
            ),
            asked_open.eq(before.asked - answer.chain_executed),
            after.order.eq(answer.order),
            after.begins.eq(begins),
            after.slot.eq(answer.slot),
            after.side.eq(answer.side),
            after.live.eq(~over),
            after.counts.eq(begins | told),
            after.executed.eq(Mux(told, answer.chain_executed, Mux(begins, 0, before.executed))),
            after.settles.eq(
                ~told | over | (kind == OrderAnswerKind.REPLACED) | (kind == OrderAnswerKind.REJECTED),
            ),
            # Until a Replace is answered its order counts with the larger of what is open and what was asked for.
            larger.eq(~after.settles & (asked_open > answer.open)),
            otherwise.eq(
                (unsent_entry & begins.replicate(32)) | (answer.open & ((told | withdrawn) & ~over).replicate(32))
            ),
            after.counted.eq(Mux(larger, asked_open[:32], otherwise)),
            lost.eq(Mux(of_entry, unsent_entry, before.counted & (told | withdrawn).replicate(32))),
        ]

        with m.If(self.grants.valid & (grant.kind != OrderIntentKind.CANCEL)):
            m.d.sync += self.unsent.eq(1)
            with m.If(grant.kind == OrderIntentKind.ENTER):
                m.d.sync += unsent_entry.eq(grant.shares)
        return asked_open, larger, otherwise

    def _cash(self, m, shown) -> None:
        """Position at once; cash follows in four further steps, so that no cycle holds more than one multiplication."""
        answer = self.answers.payload
        positions, telling, told_slot = shown
        m.submodules.cash = kept = SlotNumbers(signed(64), self.slots, readers=2)
        m.submodules.value = value = Product()
        m.submodules.fees = fees = Product()
        rate = Signal(signed(33))
        shares = Signal(32)
        filled = Signal()
        # Bit k: in step k + 1 there is a change, an execution, a sale.
        steps, executed, selling = Signal(4), Signal(3), Signal(2)
        amount, negative = Signal(signed(72)), Signal()  # of an execution or an adjustment, in step 3
        money = Signal(signed(64))
        held, before, cash = Signal(signed(64)), Signal(signed(64)), Signal(signed(64))
        change = [Signal(PositionChange, name=f"change{i}") for i in range(4)]
        answered = self.answers.valid & (answer.kind != OrderAnswerKind.SENT) & (answer.slot < self.slots)
        adjusting, adjusted, added, given = self._adjust(m, quiet=~self.answers.valid & ~steps[:3].any())
        fee = Mux(answer.flag == ADDED, self.fee_add, self.fee_remove)
        worth = value.result
        scaled = Signal(signed(72))
        m.d.comb += [
            filled.eq(self.answers.valid & (answer.kind == OrderAnswerKind.EXECUTED)),
            value.a.eq(answer.price),
            value.b.eq(answer.shares),
            fees.a.eq(shares),
            fees.b.eq(rate),
            # Times 100, from 1/10,000 dollar to 1/1,000,000, without a multiplier behind the multiplier.
            scaled.eq((worth << 6) + (worth << 5) + (worth << 2)),
            before.eq(Mux(steps[3] & (change[3].slot == change[2].slot), cash, held)),
        ]
        m.d.sync += [
            steps.eq(steps << 1 | answered | adjusting),
            executed.eq(executed << 1 | filled),
            selling.eq(selling << 1 | (answer.side == Side.SELL)),
            rate.eq(fee + self.commission),
            shares.eq(answer.shares),
            money.eq(given),
            amount.eq(Mux(executed[1], scaled, money)),
            negative.eq(executed[1] & ~selling[1]),
            # An answer may come a cycle after an adjustment: what that is about to write is taken from its register.
            held.eq(Mux(steps[3] & (change[3].slot == change[1].slot), cash, kept.number[0])),
            cash.eq(before + Mux(negative, ~amount, amount) + negative - Mux(executed[2], fees.result, 0)),
            change[0].slot.eq(answer.slot),
            change[0].cause.eq(answer.cause),
            change[0].exchange_time.eq(answer.exchange_time),
            *(after.eq(before) for before, after in pairwise(change)),
        ]
        with m.If(adjusting):
            m.d.sync += [change[0].slot.eq(adjusted), change[0].cause.eq(0), change[0].exchange_time.eq(0)]

        moved = Signal(8)
        bought = Mux(answer.side == Side.SELL, -answer.shares, answer.shares)
        mover = 1 + len(_HELD)
        m.d.comb += [
            moved.eq(Mux(adjusting, adjusted, answer.slot)),
            positions.row[mover].eq(moved),
            positions.write.eq((filled & (answer.slot < self.slots)) | adjusting),
            positions.write_row.eq(moved),
            positions.write_number.eq(positions.number[mover] + Mux(adjusting, added, bought)),
            kept.row[0].eq(change[1].slot),
            kept.row[1].eq(self.shown.slot),
            self.shown_cash.eq(kept.number[1]),
            kept.write.eq(steps[3]),
            kept.write_row.eq(change[3].slot),
            kept.write_number.eq(cash),
            # What is told is the slot as it stands after this answer: the next one may come 4 cycles later.
            telling.eq(steps[2]),
            told_slot.eq(change[2].slot),
        ]
        m.d.sync += [
            change[3].position.eq(self.asked.position),
            change[3].open_buy.eq(self.asked.open_buy),
            change[3].open_sell.eq(self.asked.open_sell),
            self.changes.valid.eq(steps[3]),
            self.changes.payload.eq(change[3]),
            self.changes.payload.cash.eq(cash),
        ]
        m.d.comb += self.busy.eq(steps.any() | self.changes.valid | adjusting)

    def _adjust(self, m, quiet):
        """What the host adds to position and cash of a slot.

        Returns
        -------
        tuple
            Whether something is added in this cycle, to which slot, how many shares; a cycle later, how much money.
        """
        waits = Signal(self.slots)
        adjusting, adjusted, added = Signal(), Signal(8), Signal(signed(32))
        money, next_money = Signal(signed(64)), Signal(signed(64))
        for i in reversed(range(self.slots)):
            with m.If(waits[i]):
                m.d.comb += adjusted.eq(i)
            with m.If(self.adjust[i]):
                m.d.sync += waits[i].eq(1)
            with m.Elif(adjusting & (adjusted == i)):
                m.d.sync += waits[i].eq(0)
        m.d.comb += [
            adjusting.eq(quiet & waits.any()),
            self.adjust_slot.eq(adjusted),
            added.eq(self.adjust_position),
            next_money.eq(Mux(adjusting, self.adjust_cash, 0)),
        ]
        m.d.sync += money.eq(next_money)
        return adjusting, adjusted, added, money
