"""The imbalance taker: enters with a heavy book, and gets out through one resting exit."""

from amaranth import Module, Mux, Signal, signed
from amaranth.lib import data, fifo, memory, stream, wiring
from amaranth.lib.wiring import In, Out

from hdl import types
from hdl.risk.standing import StandingEntry
from hdl.slot_numbers import SlotNumbers
from hdl.strategy.imbalance import Imbalance, saturated
from hdl.strategy.own_display import OwnShown
from hdl.strategy.taker_entry import TakerEntry
from hdl.strategy.taker_exit import TakerExit
from hdl.strategy.taker_rows import TakerRows
from hdl.strategy.taker_types import (
    Alarm,
    AlarmCode,
    TakerAnswer,
    TakerConfig,
    TakerDistances,
    TakerEvent,
    TakerPatience,
    TakerQuote,
    TakerRefusal,
    TakerState,
    TakerView,
    TakerWrites,
    Trigger,
    distance,
)
from hdl.types import DepthView, OrderAnswer, OrderAnswerKind, OrderIntent, Refusal, Role, SlotFlags

__all__ = ["ImbalanceTaker"]

#: Answers come at most every 4 cycles and are read at least every other cycle: this never fills.
ANSWERS_QUEUED = 8
_DISTANCES = ("take_profit", "stop", "slip", "stop_slip", "guard")
#: What a trigger clears of a slot's row beside the shares filled.
_CLEARED = ("closed", "chain_executed", *TakerWrites.fields()["progress"])


class ImbalanceTaker(wiring.Component):
    """Runs the taker for every slot over one shared pipeline.

    Each cycle at most one thing begins: a view, else an answer, else an exit that is wanted. Its configuration is read
    in the next cycle, and in the one after the slot's row is read, decided upon and written, so two things never meet
    on one row. An entry leaves for the gate in the cycle after that: what decides it, and what the gate and the order
    port do with it, are not one path. A view is never delayed; answers wait in a queue for a cycle without one; a
    wanted exit waits in the state of its slot until the gate is free. docs/blocks/taker.md has the states, and what
    moves a slot between them.

    Parameters
    ----------
    slots : int
        Symbols followed.

    Ports
    -----
    view : In(stream, always ready)
        Views, not in two cycles running.
    own : In(OwnShown)
        Displayed orders of ours in the view's slot, in the cycle of the view.
    answers : In(stream, always ready), refusals : In(stream, always ready)
        Answers of the order port, and refusals of the gate; those of other modules are ignored, but for what a FLATTEN
        of the host executes: so much less is to be closed.
    standing : Out(StandingEntry), entries : Out(stream, always ready)
        To the gate: the entry that may come in the next cycle, and the entry.
    intents : Out(stream), gate_holding : In(1)
        What concerns exits, to the gate, and its ``holding``, which a Cancel need not wait for.
    enable : In(1)
        The module is on. Off, it enters nothing new; exits go on.
    slot_enabled, buy_enabled, sell_enabled : In(array of 1)
        Switches of the slots.
    flags : In(array of SlotFlags), permits : In(array of 1)
        Of the feed, of the gate.
    position : In(signed 32)
        Of the slot of ``standing``, in the same cycle.
    stand_aside : In(array of 1)
        The host has the slot: nothing is entered, and no exit entered or moved.
    cancel_exit : In(1)
        Cancel a resting exit when the book goes stale.
    card_time : In(64)
        Cycles.
    config_slot : Out(8), config : In(TakerConfig)
        Thresholds of the slot, in the same cycle.
    trigger, alarm : Out(stream, always ready)
        Records; a trigger is in the cycle before its entry.
    counted_slot : In(8), triggers : Out(32)
        A slot, and its triggers in the same cycle, saturating.
    taker_state : Out(array of TakerState)
        State of each slot.
    busy : Out(1)
        Something is inside that does not wait for the market.

    Latency: ``entries`` is valid 3 cycles after the view that triggers, always; an answer's exit 5 cycles after the
    answer where nothing is in its way.
    """

    def __init__(self, slots: int) -> None:
        if not 1 <= slots <= 64:
            raise ValueError(f"a card has 1 to 64 slots, not {slots!r}")
        self.slots = slots
        super().__init__(
            {
                "view": In(stream.Signature(DepthView, always_ready=True)),
                "own": In(OwnShown),
                "answers": In(stream.Signature(OrderAnswer, always_ready=True)),
                "refusals": In(stream.Signature(OrderAnswer, always_ready=True)),
                "standing": Out(StandingEntry),
                "entries": Out(stream.Signature(OrderIntent, always_ready=True)),
                "intents": Out(stream.Signature(OrderIntent)),
                "gate_holding": In(1),
                "enable": In(1),
                "slot_enabled": In(data.ArrayLayout(1, slots)),
                "buy_enabled": In(data.ArrayLayout(1, slots)),
                "sell_enabled": In(data.ArrayLayout(1, slots)),
                "flags": In(data.ArrayLayout(SlotFlags, slots)),
                "position": In(signed(32)),
                "permits": In(data.ArrayLayout(1, slots)),
                "stand_aside": In(data.ArrayLayout(1, slots)),
                "cancel_exit": In(1),
                "card_time": In(64),
                "config_slot": Out(8),
                "config": In(TakerConfig),
                "trigger": Out(stream.Signature(Trigger, always_ready=True)),
                "alarm": Out(stream.Signature(Alarm, always_ready=True)),
                "counted_slot": In(8),
                "triggers": Out(32),
                "taker_state": Out(data.ArrayLayout(TakerState, slots)),
                "busy": Out(1),
            }
        )

    def elaborate(self, platform):
        """Build the block."""
        m = Module()
        m.submodules.imbalance = imbalance = Imbalance()
        m.submodules.entry = entry = TakerEntry()
        m.submodules.exit = exit = TakerExit()
        told = Signal(self.slots)  # slots whose exposure without a way out was dealt with
        view, event, slot, answer, cooldown = self._begin(m, imbalance, told)

        # Third cycle: read the row, decide, write the row.
        m.submodules.quotes = quotes = memory.Memory(shape=TakerQuote, depth=self.slots, init=[])
        quote_read, quote_write = quotes.read_port(domain="comb"), quotes.write_port()
        m.submodules.rows = rows = TakerRows(self.slots)
        shown, age = Signal(TakerView), Signal(signed(65))
        spent_buy, spent_sell = Signal(self.slots), Signal(self.slots)
        state, flags = Signal(TakerState), Signal(SlotFlags)
        aside = self.stand_aside
        may_enter, flat, issue_free = Signal(), Signal(), Signal()
        m.d.comb += [
            state.eq(self.taker_state[slot]),
            flags.eq(self.flags[slot]),
            flat.eq(self.position == 0),
            may_enter.eq(self.enable & self.slot_enabled[slot] & flat & flags.bound & flags.opened & ~aside[slot]),
            issue_free.eq(~self.intents.valid & ~self.gate_holding),
            quote_read.addr.eq(slot),
            quote_write.addr.eq(slot),
            *(quote_write.data[name].eq(view[name]) for name in ("bid", "ask")),
            *(quote_write.data[name].eq(view.origin[name]) for name in ("cause", "exchange_time")),
            shown.eq(view),
            age.eq(self.card_time - rows.row.at),
            quote_write.en.eq(event == TakerEvent.VIEW),
        ]
        tradable = Signal()
        m.d.comb += tradable.eq(may_enter & flags.market_open & ~flags.stale & ~flags.halted)
        for decision in (entry, exit):
            m.d.comb += [
                decision.event.eq(event),
                decision.state.eq(state),
                decision.row.eq(rows.row),
                decision.answer.eq(answer),
                decision.age.eq(age),
            ]
        with m.If(event != TakerEvent.VIEW):
            m.d.comb += [
                *(shown[name].eq(quote_read.data[name]) for name in ("bid", "ask")),
                *(shown.origin[name].eq(quote_read.data[name]) for name in ("cause", "exchange_time")),
            ]
        m.d.comb += [
            entry.view.eq(view),
            entry.bid_heavy.eq(imbalance.bid_heavy),
            entry.ask_heavy.eq(imbalance.ask_heavy),
            entry.may_buy.eq(tradable & self.buy_enabled[slot]),
            entry.may_sell.eq(tradable & self.sell_enabled[slot]),
            entry.spent_buy.eq(spent_buy.bit_select(slot, 1)),
            entry.spent_sell.eq(spent_sell.bit_select(slot, 1)),
            exit.view.eq(shown),
            exit.now.eq(self.card_time),
            exit.slot.eq(slot),
            exit.bid_heavy.eq(imbalance.bid_heavy),
            exit.ask_heavy.eq(imbalance.ask_heavy),
            exit.flat.eq(flat),
            exit.stale.eq(flags.stale | ~flags.bound),
            exit.permits.eq(self.permits[slot]),
            exit.cancel_exit.eq(self.cancel_exit),
            exit.free.eq(issue_free),
            exit.cancel_free.eq(~self.intents.valid),
        ]
        in_entry = Signal()
        m.d.comb += in_entry.eq(
            (state == TakerState.IDLE) | (state == TakerState.ENTERING) | (state == TakerState.COOLDOWN)
        )
        following = rows.following
        m.d.comb += [
            rows.slot.eq(slot),
            # The exit changes neither what was filled nor at which price, the entry nothing that is the exit's.
            *(following[name].eq(entry.next_row[name]) for name in ("side", "filled", "entry_price")),
            *(following[name].eq(exit.next_row[name]) for name in ("order", "exit_price")),
            *(following[name].eq(Mux(in_entry, 0, exit.next_row[name])) for name in _CLEARED),
            following.at.eq(self.card_time + Mux(in_entry, 0, cooldown)),
            following.origin.eq(Mux(event == TakerEvent.ANSWER, answer.origin, view.origin)),
        ]
        with m.If(event != TakerEvent.NONE):
            m.d.comb += rows.writes.eq(Mux(in_entry, entry.writes, exit.writes))
            m.d.sync += self.taker_state[slot].eq(Mux(in_entry, entry.next_state, exit.next_state))
        with m.If(in_entry & (event != TakerEvent.NONE)):
            m.d.sync += [
                spent_buy.bit_select(slot, 1).eq(entry.next_spent_buy),
                spent_sell.bit_select(slot, 1).eq(entry.next_spent_sell),
            ]
        with m.If(~in_entry & exit.told):
            m.d.sync += told.bit_select(slot, 1).eq(1)
        for i in range(self.slots):
            with m.If(self.permits[i]):
                m.d.sync += told[i].eq(0)

        enters = in_entry & entry.enters
        issues = ~in_entry & exit.issues
        with m.If(self.intents.ready):
            m.d.sync += self.intents.valid.eq(0)
        with m.If(issues):
            m.d.sync += [self.intents.valid.eq(1), self.intents.payload.eq(exit.intent)]
        m.d.sync += [self.entries.valid.eq(enters), self.entries.payload.eq(entry.intent)]
        alarms = ~in_entry & (exit.alarm != AlarmCode.NONE)
        cause = Mux(event == TakerEvent.ANSWER, answer.origin.cause, shown.origin.cause)
        told_at = Mux(event == TakerEvent.ANSWER, answer.origin.exchange_time, shown.origin.exchange_time)
        m.d.sync += [
            self.alarm.valid.eq(alarms),
            self.alarm.payload.slot.eq(slot),
            self.alarm.payload.side.eq(exit.row.side),
            self.alarm.payload.code.eq(exit.alarm),
            self.alarm.payload.shares.eq(exit.exposed),
            self.alarm.payload.entry_price.eq(exit.row.entry_price),
            self.alarm.payload.cause.eq(cause),
            self.alarm.payload.exchange_time.eq(told_at),
        ]
        self._trigger(m, enters, imbalance, entry)
        return m

    def _begin(self, m, imbalance, told):
        """First and second cycle: choose what to deal with, and read its configuration.

        Returns
        -------
        tuple
            View, event, slot, answer and the slot's cool-down, registered for the third cycle.
        """
        m.submodules.answer_queue = answers = fifo.SyncFIFO(width=TakerAnswer.as_shape().size, depth=ANSWERS_QUEUED)
        m.submodules.refusal_queue = refusals = fifo.SyncFIFO(
            width=TakerRefusal.as_shape().size, depth=max(self.slots, 4)
        )
        for source, queue, kept_as in ((self.answers, answers, TakerAnswer), (self.refusals, refusals, TakerRefusal)):
            heard = source.payload
            kept = Signal(kept_as)
            own = heard.module == types.Module.TAKER
            flattened = (heard.role == Role.FLATTEN) & (heard.kind == OrderAnswerKind.EXECUTED)
            m.d.comb += [
                kept[name].eq(heard[name])
                for name in kept_as.as_shape().members
                if name not in ("busy", "crossed", "origin")
            ]
            m.d.comb += [
                kept.busy.eq((heard.refusal == Refusal.BUSY) | (heard.refusal == Refusal.TABLE_FULL)),
                kept.crossed.eq(heard.refusal == Refusal.OWN_CROSS),
                kept.origin.cause.eq(heard.cause),
                kept.origin.exchange_time.eq(heard.exchange_time),
                kept.origin.trigger_time.eq(self.card_time),
                queue.w_data.eq(kept),
                queue.w_en.eq(source.valid & (own | flattened) & (heard.slot < self.slots)),
            ]

        seen = self.view.payload
        m.d.comb += [
            imbalance.view.valid.eq(self.view.valid),
            imbalance.view.payload.eq(seen),
            imbalance.own.eq(self.own),
        ]
        view_valid, view = Signal(), Signal(TakerView)
        m.d.sync += [
            view_valid.eq(self.view.valid & (seen.slot < self.slots)),
            view.slot.eq(seen.slot),
            view.bid.eq(seen.bids[0].price),
            view.ask.eq(seen.asks[0].price),
            view.trade_price.eq(seen.trade_price),
            view.traded.eq(seen.trade_shares != 0),
            view.origin.cause.eq(seen.sequence),
            view.origin.trigger_time.eq(seen.card_time),
            view.origin.exchange_time.eq(seen.exchange_time),
        ]

        wanted, exposed = Signal(self.slots), Signal(self.slots)
        decided, decided_slot = Signal(TakerEvent, name="decided_event"), Signal(8)
        for i in range(self.slots):
            state = self.taker_state[i]
            resting = (state == TakerState.RESTING) | (state == TakerState.STOPPING)
            checked = (decided == TakerEvent.CHECK) & (decided_slot == i)  # its mark is set at the end of this cycle
            m.d.comb += [
                wanted[i].eq(
                    ((state == TakerState.EXIT_WANTED) | (state == TakerState.STOP_WANTED)) & ~self.stand_aside[i]
                ),
                exposed[i].eq((resting | (state == TakerState.UNMANAGED)) & ~self.permits[i] & ~told[i] & ~checked),
            ]
        event, slot = Signal(TakerEvent), Signal(8)
        answer, refusal = Signal(TakerAnswer), Signal(TakerRefusal)
        m.d.comb += [answer.eq(answers.r_data), refusal.eq(refusals.r_data)]
        with m.If(~answers.r_rdy):
            m.d.comb += answer.kind.eq(OrderAnswerKind.REFUSED)
            m.d.comb += [answer[name].eq(refusal[name]) for name in TakerRefusal.as_shape().members]
        with m.If(view_valid):
            m.d.comb += [event.eq(TakerEvent.VIEW), slot.eq(view.slot)]
        with m.Elif(answers.r_rdy | refusals.r_rdy):
            m.d.comb += [event.eq(TakerEvent.ANSWER), slot.eq(answer.slot)]
            m.d.comb += [answers.r_en.eq(1), refusals.r_en.eq(~answers.r_rdy)]
        with m.Else():
            for kind, slots in ((TakerEvent.CHECK, exposed), (TakerEvent.ISSUE, wanted)):
                for i in reversed(range(self.slots)):
                    with m.If(slots[i]):
                        m.d.comb += [event.eq(kind), slot.eq(i)]

        config = self.config
        m.d.comb += self.config_slot.eq(slot)
        m.d.comb += [imbalance.config[name].eq(config[name]) for name in ("tick", "ratio", "min_volume", "max_spread")]
        decided_view, decided_answer = Signal(TakerView), Signal(TakerAnswer)
        distances = Signal(TakerDistances)
        order_size, retries, cooldown, ratio = Signal(32), Signal(8), Signal(48), Signal(16)
        patience = Signal(TakerPatience)
        m.d.sync += [
            decided.eq(event),
            decided_slot.eq(slot),
            decided_view.eq(view),
            decided_answer.eq(answer),
            distances.tick.eq(config.tick),
            *(distances[name].eq(distance(config[name] * config.tick)) for name in _DISTANCES),
            *(patience[name].eq(config[name]) for name in ("time_stop", "guard_imbalance", "guard_window")),
            patience.guarded.eq(config.guard != 0),
            order_size.eq(config.order_size),
            retries.eq(config.retries),
            cooldown.eq(config.cooldown),
            ratio.eq(config.ratio),
        ]
        m.d.comb += [
            m.submodules.entry.distances.eq(distances),
            m.submodules.entry.order_size.eq(order_size),
            self.standing.slot.eq(decided_slot),
            self.standing.shares.eq(order_size),
            m.submodules.exit.distances.eq(distances),
            m.submodules.exit.retries.eq(retries),
            m.submodules.exit.cooldown.eq(cooldown),
            m.submodules.exit.patience.eq(patience),
            self.busy.eq(
                view_valid
                | answers.r_rdy
                | refusals.r_rdy
                | wanted.any()
                | exposed.any()
                | (decided != TakerEvent.NONE)
                | self.intents.valid
                | self.entries.valid
            ),
        ]
        m.d.comb += self.trigger.payload.ratio.eq(ratio)
        return decided_view, decided, decided_slot, decided_answer, cooldown

    def _trigger(self, m, enters, imbalance, entry) -> None:
        """Tell and count the triggers."""
        told, intent = self.trigger.payload, entry.intent
        m.d.comb += [
            self.trigger.valid.eq(enters),
            told.slot.eq(intent.slot),
            told.side.eq(intent.side),
            told.bid_volume.eq(saturated(imbalance.bid_volume)),
            told.ask_volume.eq(saturated(imbalance.ask_volume)),
            told.bid_price.eq(entry.view.bid),
            told.ask_price.eq(entry.view.ask),
            told.cause.eq(intent.cause),
            told.card_time.eq(intent.trigger_time),
            told.exchange_time.eq(intent.exchange_time),
        ]
        m.submodules.counts = counts = SlotNumbers(32, self.slots, readers=2)
        m.d.comb += [
            counts.row[0].eq(intent.slot),
            counts.row[1].eq(self.counted_slot),
            self.triggers.eq(counts.number[1]),
            counts.write.eq(enters & ~counts.number[0].all()),
            counts.write_row.eq(intent.slot),
            counts.write_number.eq(counts.number[0] + 1),
        ]
