"""The order port: granted intents in, OUCH out; OUCH in, answers out."""

from amaranth import Module, Mux, Signal, Value
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from hdl.net.frame import frame_signature
from hdl.orders.account import Account, AccountReport
from hdl.orders.canceller import Canceller
from hdl.orders.never_received import NeverReceived
from hdl.orders.order_rows import OrderRows
from hdl.orders.ouch_rx import OuchReceiver
from hdl.orders.ouch_tx import OuchTransmitter, TransmitKind, TransmitOrder
from hdl.orders.structs import AnswerDetail, Command, ExchangeAnswer, SentRecord
from hdl.types import RETRY_BIT, OrderAnswer, OrderIntent, OrderIntentKind, Refusal, Role, Side
from hdl.types import Module as Who

__all__ = ["OrderPort"]

#: The last user reference number; it is never sent, so that the counter cannot wrap to one that was used.
LAST_USER_REF = (1 << 32) - 1


class OrderPort(wiring.Component):
    """Sends granted orders as OUCH 5.0, keeps the card's own orders, and tells what became of them.

    An intent is taken only when its message can start at once: the first beat of ``tx`` is valid in the cycle of the
    handshake for ENTER, which needs nothing of the row table, and exactly one cycle after it for the others. ENTER
    waits for a free row, and ENTER and REPLACE wait for the kill's sweep to end and for a user reference number to be
    left; CANCEL waits for the transmitter alone. An Account Query goes before intents. An intent that makes no sense
    by the time it is taken is not sent but told REFUSED: KILLED or SESSION_DOWN (all but CANCEL), MALFORMED (a row that
    is dead or another's, MODIFY of what is no long sale), BUSY (REPLACE or MODIFY of a row whose last Replace is not
    answered).

    The quantity of a REPLACE and of a MODIFY is what the intent says and what self-match prevention took from the
    chain: OUCH counts a chain's liability whole, and the card's other blocks need not know.

    While ``killed`` with the session up, one Cancel of quantity zero goes out for every open order, before any intent;
    with ``spare_exits`` not for those of role EXIT.

    Every message out is told SENT (``flag``: its OUCH type letter), then what the exchange answers. ``flag`` of
    ACCEPTED and REPLACED is the order state. ``cause`` of an answer of the exchange is bit 63 and the number of the
    message, counting every frame of ``rx`` from 1.

    An order of role QUOTE is post-only. The client order identifier and the fixed fields of a message: see
    ``OuchTransmitter``.

    Parameters
    ----------
    own_orders : int
        Rows of the own order table, 2 to 128.

    Ports
    -----
    card_time : card time in cycles
    symbol_slot, symbol : slot of the intent offered, and its symbol in the same cycle, first character in the lowest
        byte
    capacity : OUCH capacity letter
    killed, session_up : levels, from arming and the host; a session that nobody speaks of is up
    session_open : the session is up, and the exchange has not ended its day
    spare_exits : level, a kill leaves orders of role EXIT where they are
    intents : granted intents
    tx, rx : one OUCH message a frame, no session framing; ``rx`` waits only while a whole message waits for the row
        table (at most 8 cycles)
    answers, detail : changes of own orders, at most one every 4 cycles
    sent : the ORDER_SENT record, in the cycle after the one in which the first beat is taken
    user_ref : next number; ``user_ref_write`` with ``user_ref_value`` sets it, as the host may while disarmed. A value
        that is not above every number sent is believed: the exchange ignores such orders without a word
    query, query_pending, next_number, day_over, query_answered, reports : Account Query, and what came of it, see
        ``Account``
    never_received, never_received_from, taking_back : strobe and number of the host, see ``NeverReceived``
    impossible, impossible_answer : an answer that no order of ours explains
    placed, impossible_slot : with ``impossible``: it was said of an order of this slot, which stops; else it is a kill
    open_orders : orders that may still fill
    entered, replaced, canceled, modified, answered, impossible, unknown_answers, executions, rejects, self_matched,
        cancels_refused : pulses for the counters; ``answered`` counts messages of the exchange
    busy : something is under way that waits for no input

    Latency: handshake to first beat none for ENTER, 1 cycle for the others; last beat of an answer to ``answers`` at
    most 5 cycles when the row table is idle, 9 behind one other change, and SENT 4 to 7 cycles after the handshake.
    """

    def __init__(self, own_orders: int) -> None:
        super().__init__(
            {
                "card_time": In(64),
                "symbol_slot": Out(8),
                "symbol": In(64),
                "capacity": In(8),
                "killed": In(1),
                "session_up": In(1, init=1),
                "spare_exits": In(1),
                "intents": In(stream.Signature(OrderIntent)),
                "tx": Out(frame_signature(8)),
                "rx": In(frame_signature(8)),
                "answers": Out(stream.Signature(OrderAnswer, always_ready=True)),
                "detail": Out(AnswerDetail),
                "sent": Out(stream.Signature(SentRecord, always_ready=True)),
                "user_ref": Out(32),
                "user_ref_write": In(1),
                "user_ref_value": In(32),
                "query": In(1),
                "query_pending": Out(1),
                "query_answered": Out(1),
                "next_number": Out(32),
                "day_over": Out(1),
                "session_open": Out(1),
                "reports": Out(stream.Signature(AccountReport, always_ready=True)),
                "never_received": In(1),
                "never_received_from": In(32),
                "taking_back": Out(1),
                "impossible": Out(1),
                "impossible_answer": Out(ExchangeAnswer),
                "placed": Out(1),
                "impossible_slot": Out(8),
                "open_orders": Out(8),
                "entered": Out(1),
                "replaced": Out(1),
                "canceled": Out(1),
                "modified": Out(1),
                "answered": Out(1),
                "unknown_answers": Out(1),
                "executions": Out(1),
                "rejects": Out(1),
                "self_matched": Out(1),
                "cancels_refused": Out(1),
                "busy": Out(1),
            }
        )
        self.own_orders = own_orders

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        m.submodules.rows = rows = OrderRows(self.own_orders)
        m.submodules.transmitter = transmitter = OuchTransmitter()
        m.submodules.receiver = receiver = OuchReceiver()
        m.submodules.canceller = canceller = Canceller(self.own_orders)
        m.submodules.account = account = Account()
        wiring.connect(m, wiring.flipped(self.tx), transmitter.tx)
        wiring.connect(m, wiring.flipped(self.rx), receiver.rx)
        m.submodules.never = never = NeverReceived()
        wiring.connect(m, receiver.answers, never.incoming)
        wiring.connect(m, never.outgoing, rows.exchange)
        wiring.connect(m, rows.answers, wiring.flipped(self.answers))

        intent = self.intents.payload
        order = Signal(TransmitOrder)  # the message under way
        wanted = Signal(TransmitOrder)  # the message of the intent offered
        command = Signal(Command)  # what the row table is told of it
        chain = Signal(32)
        trigger = Signal(64)
        swept = Signal()  # a cancel of the sweep: nothing triggered it
        start = Signal()
        direct = Signal()  # an ENTER begins in this cycle, on its handshake
        offered = Signal()  # the row table has not taken the command yet
        settled = Signal(init=1)  # the row table has changed the row: the next intent sees it as it is
        idle = Signal()
        exits = Signal(self.own_orders)  # rows whose order is an exit
        fresh = Signal()
        enters = Signal()
        numbered = Signal()  # it uses a number up
        chain_shares = Signal(32)
        m.d.comb += [
            idle.eq(settled & ~transmitter.busy),
            fresh.eq(intent.kind != OrderIntentKind.CANCEL),
            enters.eq(intent.kind == OrderIntentKind.ENTER),
            numbered.eq(enters | (intent.kind == OrderIntentKind.REPLACE)),
            chain_shares.eq(intent.shares + Mux(fresh, rows.query_decremented, 0)),
            never.session_up.eq(self.session_up),
            never.start.eq(self.never_received),
            never.number.eq(self.never_received_from),
            never.user_ref.eq(self.user_ref),
            self.taking_back.eq(never.busy),
            canceller.killed.eq(self.killed),
            canceller.session_up.eq(self.session_open),
            canceller.live.eq(rows.live & ~(exits & self.spare_exits.replicate(self.own_orders))),
            canceller.freed.eq(rows.freed),
            canceller.number_back.eq(rows.number_back),
            canceller.refused.eq(rows.cancel_refused),
            canceller.cancels.ready.eq(idle),
            account.asking.eq(idle & account.due & ~canceller.cancels.valid),
            self.intents.ready.eq(
                idle
                & ~canceller.cancels.valid
                & ~account.due
                & ~(numbered & account.moving)
                & ~(fresh & canceller.sweeping)
                & ~(numbered & (self.user_ref == LAST_USER_REF))
                & ~(enters & ~rows.row_free)
            ),
            rows.query_row.eq(Mux(canceller.cancels.valid, canceller.cancels.payload, intent.order)),
        ]

        # Whose row is it? A strategy may touch its own orders, the host every order of the slot.
        mine = Signal()
        owner = rows.query_identity
        m.d.comb += mine.eq(
            rows.query_live
            & (owner.slot == intent.slot)
            & ((owner.module == intent.module) | (intent.module == Who.HOST))
        )
        refusal = Signal(Refusal)
        with m.If(self.killed & fresh):
            m.d.comb += refusal.eq(Refusal.KILLED)
        with m.Elif(~self.session_open & fresh):
            m.d.comb += refusal.eq(Refusal.SESSION_DOWN)
        with m.Elif(~enters & ~mine):
            m.d.comb += refusal.eq(Refusal.MALFORMED)
        with m.Elif((intent.kind == OrderIntentKind.MODIFY) & ((owner.side == Side.BUY) | owner.short)):
            m.d.comb += refusal.eq(Refusal.MALFORMED)
        with m.Elif(fresh & ~enters & rows.query_replacing):
            m.d.comb += refusal.eq(Refusal.BUSY)

        m.d.sync += start.eq(0)
        with m.If(canceller.cancels.valid & canceller.cancels.ready):
            m.d.sync += [
                order.eq(0),
                order.kind.eq(TransmitKind.CANCEL),
                order.orig_user_ref.eq(rows.query_ref),
                command.eq(0),
                command.kind.eq(OrderIntentKind.CANCEL),
                command.row.eq(canceller.cancels.payload),
                command.slot.eq(owner.slot),
                command.module.eq(owner.module),
                command.role.eq(owner.role),
                command.side.eq(owner.side),
                command.short.eq(owner.short),
                command.user_ref.eq(rows.query_ref),
                chain.eq(owner.chain),
                swept.eq(1),
                start.eq(1),
                offered.eq(1),
                settled.eq(0),
            ]
        with m.Elif(account.asking):
            # No row changes: settled falls for the cycle in which the message begins, so that ``order`` is what leaves.
            m.d.sync += [order.eq(0), order.kind.eq(TransmitKind.QUERY), start.eq(1), settled.eq(0)]
        with m.Elif(self.intents.valid & self.intents.ready):
            m.d.sync += [
                order.eq(wanted),
                command.kind.eq(intent.kind),
                command.refusal.eq(refusal),
                command.row.eq(Mux(enters, rows.free_row, intent.order)),
                command.slot.eq(intent.slot),
                command.module.eq(intent.module),
                command.role.eq(intent.role),
                command.side.eq(intent.side),
                command.short.eq(intent.short),
                command.time_in_force.eq(intent.time_in_force),
                command.shares.eq(Mux(enters, intent.shares, chain_shares)),
                command.price.eq(intent.price),
                command.user_ref.eq(Mux(numbered, self.user_ref, rows.query_ref)),
                command.cause.eq(intent.cause),
                command.exchange_time.eq(intent.exchange_time),
                chain.eq(Mux(enters, self.user_ref, owner.chain)),
                trigger.eq(intent.trigger_time),
                swept.eq(0),
                start.eq((refusal == Refusal.NONE) & ~enters),
                offered.eq(1),
                settled.eq(0),
            ]
            with m.If(~enters):
                m.d.sync += order.shares.eq(chain_shares)
            with m.If(refusal == Refusal.NONE):
                m.d.comb += [rows.take.eq(enters), direct.eq(enters)]
                with m.If(enters):
                    m.d.sync += exits.bit_select(rows.free_row, 1).eq(intent.role == Role.EXIT)
                m.d.comb += account.use.eq(numbered)
            with m.Else():
                m.d.sync += command.user_ref.eq(0)

        m.d.comb += [
            Value.cast(wanted.kind).eq(Value.cast(intent.kind)),
            wanted.side.eq(intent.side),
            wanted.short.eq(intent.short),
            wanted.post_only.eq(intent.role == Role.QUOTE),
            wanted.time_in_force.eq(intent.time_in_force),
            wanted.shares.eq(intent.shares),
            wanted.price.eq(intent.price),
            self.symbol_slot.eq(intent.slot),
            wanted.symbol.eq(self.symbol),
            wanted.orig_user_ref.eq(rows.query_ref),
            wanted.user_ref.eq(self.user_ref),
            transmitter.start.eq(start | direct),
            # Chosen by registers alone: what begins while nothing is under way can only be what is offered.
            transmitter.order.eq(Mux(idle, wanted, order)),
            transmitter.rest.eq(order),
            transmitter.capacity.eq(self.capacity),
            rows.commands.valid.eq(offered),
            rows.commands.payload.eq(command),
        ]
        with m.If(rows.commands.valid & rows.commands.ready):
            m.d.sync += offered.eq(0)
        with m.If(rows.settled | (start & (order.kind == TransmitKind.QUERY))):
            m.d.sync += settled.eq(1)

        era = Signal(64 - RETRY_BIT)
        m.d.sync += era.eq(self.card_time[RETRY_BIT:])
        m.d.comb += canceller.again.eq(era != self.card_time[RETRY_BIT:])
        self._account(m, account, receiver)
        self._record(m, transmitter, order, command, chain, trigger, swept)
        m.d.comb += [
            self.detail.eq(rows.detail),
            self.impossible.eq(rows.impossible),
            self.impossible_answer.eq(rows.impossible_answer),
            self.placed.eq(rows.placed),
            self.impossible_slot.eq(rows.impossible_slot),
            self.open_orders.eq(rows.open_orders),
            self.answered.eq(receiver.seen),
            self.unknown_answers.eq(receiver.unknown),
            self.executions.eq(rows.executed),
            self.rejects.eq(rows.rejected),
            self.self_matched.eq(rows.self_matched),
            self.cancels_refused.eq(rows.cancel_refused.any()),
            self.busy.eq(
                ~idle
                | rows.busy
                | receiver.busy
                | account.due
                | never.busy
                | canceller.sweeping
                | self.rx.valid
                | (self.intents.valid & self.intents.ready)
            ),
        ]
        return m

    def _account(self, m: Module, account, receiver) -> None:
        """Join the account to the host and to what the exchange says."""
        m.d.comb += [
            account.write.eq(self.user_ref_write),
            account.value.eq(self.user_ref_value),
            account.ask.eq(self.query),
            account.answered.eq(receiver.next_number),
            account.said.eq(receiver.number),
            account.event.eq(receiver.event),
            account.letter.eq(receiver.letter),
            account.cause.eq(receiver.cause),
            account.exchange_time.eq(receiver.exchange_time),
            account.session_up.eq(self.session_up),
            self.user_ref.eq(account.user_ref),
            self.query_pending.eq(account.pending),
            self.query_answered.eq(receiver.next_number),
            self.next_number.eq(account.next_number),
            self.day_over.eq(account.day_over),
            self.session_open.eq(self.session_up & ~account.day_over),
        ]
        wiring.connect(m, account.reports, wiring.flipped(self.reports))

    def _record(self, m: Module, transmitter, order, command, chain, trigger, swept) -> None:
        """The ORDER_SENT record and the counters, a cycle after the first beat was taken."""
        record = self.sent.payload
        latency = Signal(64)
        begun, begun_at = Signal(), Signal(64)
        m.d.sync += [begun.eq(transmitter.first), begun_at.eq(self.card_time)]
        m.d.comb += [
            self.sent.valid.eq(begun & (order.kind != TransmitKind.QUERY)),
            latency.eq(begun_at - trigger),
            record.kind.eq(command.kind),
            record.slot.eq(command.slot),
            record.side.eq(command.side),
            record.module.eq(command.module),
            record.role.eq(command.role),
            record.immediate.eq(command.time_in_force),
            record.short.eq(command.short),
            record.user_ref.eq(command.user_ref),
            record.chain.eq(chain),
            record.price.eq(order.price),
            record.shares.eq(order.shares),
            record.cause.eq(command.cause),
            record.exchange_time.eq(command.exchange_time),
            record.card_time.eq(begun_at),
            self.entered.eq(begun & (order.kind == TransmitKind.ENTER)),
            self.replaced.eq(begun & (order.kind == TransmitKind.REPLACE)),
            self.canceled.eq(begun & (order.kind == TransmitKind.CANCEL)),
            self.modified.eq(begun & (order.kind == TransmitKind.MODIFY)),
        ]
        with m.If(order.kind == TransmitKind.REPLACE):
            m.d.comb += record.previous.eq(order.orig_user_ref)
        with m.If(~swept):
            m.d.comb += record.latency_cycles.eq(latency[:32] | latency[32:].any().replicate(32))
