"""What the host hears of the card and the market: states, gaps, arming, kills, triggers, alarms, marks."""

from amaranth import Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from hdl.feed.recovery import GapReport
from hdl.feed.slot_state import StaleCause
from hdl.feed.states import StateChange, SystemEvent
from hdl.risk.arming import ArmChange, KillChange
from hdl.strategy.taker_types import Alarm, Trigger
from hdl.telemetry.record import NO_SIDE, RecordType, record_signature
from hdl.types import SLOT_NONE
from hdl.types import Module as Who

__all__ = ["StateRecords"]


class StateRecords(wiring.Component):
    """Writes the records about everything but orders and depth, in the layout of ``hdl.telemetry.records``.

    Each record is valid one cycle after what it tells. A change of a slot's state gives a SYMBOL_STATE record, and a
    STALE record beside it where the change is that the book is no longer whole.

    Ports
    -----
    gap_valid, gap : In
        The feed lost messages; they came after all; they are given up.
    system_event_valid, system_event : In
        System Event messages.
    state_change : In
        Changes of slots, always taken.
    arm_changes, kill_changes : In
        From arming.
    triggers, alarms : In
        From the taker.
    session_up : In
        The order session.
    mark, token, lease : In
        The host wrote ``control.mark``; the lease as it stands.
    gaps, market, symbol_state, stale, armed, killed, trigger, alarm, session, heartbeat : Out
        Records.
    """

    gap_valid: In(1)
    gap: In(GapReport)
    system_event_valid: In(1)
    system_event: In(SystemEvent)
    state_change: In(stream.Signature(StateChange))
    arm_changes: In(stream.Signature(ArmChange, always_ready=True))
    kill_changes: In(stream.Signature(KillChange, always_ready=True))
    triggers: In(stream.Signature(Trigger, always_ready=True))
    alarms: In(stream.Signature(Alarm, always_ready=True))
    session_up: In(1)
    mark: In(1)
    token: In(32)
    lease: In(64)
    gaps: Out(record_signature())
    market: Out(record_signature())
    symbol_state: Out(record_signature())
    stale: Out(record_signature())
    armed: Out(record_signature())
    killed: Out(record_signature())
    trigger: Out(record_signature())
    alarm: Out(record_signature())
    session: Out(record_signature())
    heartbeat: Out(record_signature())

    def elaborate(self, platform):
        """Build one register stage a record."""
        m = Module()
        for port, kind in (
            (self.gaps, RecordType.GAP),
            (self.market, RecordType.MARKET),
            (self.symbol_state, RecordType.SYMBOL_STATE),
            (self.stale, RecordType.STALE),
            (self.armed, RecordType.ARM),
            (self.killed, RecordType.KILL),
            (self.trigger, RecordType.TRIGGER),
            (self.alarm, RecordType.ALARM),
            (self.session, RecordType.ORDER_SESSION),
            (self.heartbeat, RecordType.HEARTBEAT),
        ):
            m.d.comb += port.payload.type.eq(kind)
            if port not in (self.symbol_state, self.stale, self.trigger, self.alarm):
                m.d.comb += port.payload.slot.eq(SLOT_NONE)
            if port not in (self.trigger, self.alarm):
                m.d.comb += port.payload.side.eq(NO_SIDE)
        self._feed(m)
        self._card(m)
        self._taker(m)
        return m

    def _feed(self, m: Module) -> None:
        gap, event, change = self.gaps.payload, self.market.payload, self.state_change.payload
        m.d.comb += self.state_change.ready.eq(1)
        m.d.sync += [
            self.gaps.valid.eq(self.gap_valid),
            gap.cause.eq(self.gap.expected),
            gap.detail.eq(self.gap.outcome),
            gap.word0.eq(self.gap.expected[:32]),
            gap.word1.eq(self.gap.expected[32:]),
            gap.word2.eq(self.gap.received[:32]),
            gap.word3.eq(self.gap.received[32:]),
            self.market.valid.eq(self.system_event_valid),
            event.detail.eq(self.system_event.code),
            event.exchange_time.eq(self.system_event.exchange_time),
            event.cause.eq(self.system_event.sequence),
            self.symbol_state.valid.eq(self.state_change.valid),
            self.stale.valid.eq(self.state_change.valid & (change.cause != StaleCause.NONE)),
            self.symbol_state.payload.detail.eq(change.flags),
            self.symbol_state.payload.word0.eq(change.locate),
            self.stale.payload.detail.eq(change.cause),
        ]
        for record in (self.symbol_state.payload, self.stale.payload):
            m.d.sync += [
                record.slot.eq(change.slot),
                record.exchange_time.eq(change.exchange_time),
                record.cause.eq(change.sequence),
            ]

    def _card(self, m: Module) -> None:
        was_up = Signal()
        m.d.sync += [
            self.armed.valid.eq(self.arm_changes.valid),
            self.armed.payload.detail.eq(self.arm_changes.payload.armed),
            self.killed.valid.eq(self.kill_changes.valid),
            self.killed.payload.detail.eq(self.kill_changes.payload.cause),
            was_up.eq(self.session_up),
            self.session.valid.eq(self.session_up != was_up),
            self.session.payload.detail.eq(self.session_up),
            self.heartbeat.valid.eq(self.mark),
            self.heartbeat.payload.word0.eq(self.token),
            self.heartbeat.payload.word1.eq(self.lease[:32]),
            self.heartbeat.payload.word2.eq(self.lease[32:]),
        ]

    def _taker(self, m: Module) -> None:
        trigger, alarm = self.triggers.payload, self.alarms.payload
        record = self.trigger.payload
        m.d.sync += [
            self.trigger.valid.eq(self.triggers.valid),
            record.slot.eq(trigger.slot),
            record.side.eq(trigger.side),
            record.detail.eq(Who.TAKER),
            record.exchange_time.eq(trigger.exchange_time),
            record.cause.eq(trigger.cause),
            record.word0.eq(trigger.bid_volume),
            record.word1.eq(trigger.ask_volume),
            record.word2.eq(trigger.bid_price),
            record.word3.eq(trigger.ask_price),
            record.word4.eq(trigger.ratio),
        ]
        record = self.alarm.payload
        m.d.sync += [
            self.alarm.valid.eq(self.alarms.valid),
            record.slot.eq(Mux(self.alarms.valid, alarm.slot, SLOT_NONE)),
            record.side.eq(alarm.side),
            record.detail.eq(alarm.code),
            record.exchange_time.eq(alarm.exchange_time),
            record.cause.eq(alarm.cause),
            record.word0.eq(alarm.shares),
            record.word1.eq(alarm.entry_price),
        ]
