"""What a board carries: the engine, the registers, the host link and the event stream."""

from amaranth import Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from hdl.card_limits import join_adjustments, join_card_limits, join_host_orders, join_slot_limits
from hdl.card_network import join_hosts, join_network, join_streams
from hdl.card_orders import join_order_records, join_orders, join_refusals
from hdl.card_phy import Lights, join_lights, join_phys
from hdl.card_relay import join_relay, refuse_relays
from hdl.card_snapshot import join_snapshot
from hdl.card_statistics import join_statistics
from hdl.card_strategies import join_maker, join_taker
from hdl.configs import CardConfig
from hdl.engine import Engine
from hdl.net.frame import frame_signature
from hdl.net.gigabit import PhyReport
from hdl.net.host_switch import HostSwitch
from hdl.net.port import NetworkPort
from hdl.regs.bank import RegisterBank
from hdl.regs.hostlink import HostLink
from hdl.regs.order_relay import OrderRelay
from hdl.telemetry.day_statistics import DayStatistics
from hdl.telemetry.depth_sampler import DepthSampler
from hdl.telemetry.order_records import OrderRecords
from hdl.telemetry.sources import sources
from hdl.telemetry.state_records import StateRecords
from hdl.telemetry.stream import Telemetry
from hdl.types import DepthView, SlotFlags

__all__ = ["Card"]


class Card(wiring.Component):
    """The whole card between its streams.

    Reset leaves it disarmed, with every module and slot switched off and every book stale.

    Parameters
    ----------
    config : CardConfig
        Sizes.
    git_hash : int
        First 8 bytes of the commit, for the identity registers; 0 where a build is cached by content and spans commits.

    Ports
    -----
    rx, rx_b : In
        Ethernet frames of the feed's lines A and B, without check sequence; never wait. With ``hosts_apart`` those of
        hosts are on ``rx_b``, else on ``rx``.
    tx : Out
        Ethernet frames without check sequence: requests for missing messages, and what a station says
        (``hdl.net.port``).
    ouch_tx, ouch_rx : Out, In
        Order session: one OUCH message a frame, unless ``relay.carrier`` gives it to the host.
    relay_rx, relay_tx : In, Out
        Order session by the host: datagrams of docs/hostlink.md.
    host_rx, host_tx : In, Out
        Host link requests and responses, one datagram a frame, beside those that come over UDP.
    events_tx : Out
        EVENTS datagrams, which subscribers hear over UDP as well.
    time_step : In(40)
        Added to the card time every cycle: 1 on a board.
    card_time : Out(64)
        Cycles since reset.
    soft : In(1)
        Time is granted by a player (``identity.flags.soft``).
    board_mac, board_ip : In(48), In(32)
        The card's addresses while registers ``network.mac`` and ``network.address`` are 0.
    phy, phy_b : In
        What the board's Ethernet ports report, for register blocks ``phy`` and ``phy_b``; 0 where there are none.
    lights : Out
        For a board's lamps.
    view : Out
        Every depth view: a tap for tests.
    busy : Out(1)
        Something moves that no input is awaited for. It may fall for up to 4 cycles between two blocks.
    """

    def __init__(self, config: CardConfig, *, git_hash: int = 0) -> None:
        self._config = config
        self._git_hash = git_hash
        super().__init__(
            {
                "rx": In(frame_signature(config.width, always_ready=True)),
                "rx_b": In(frame_signature(config.width, always_ready=True)),
                "tx": Out(frame_signature(config.width)),
                "ouch_tx": Out(frame_signature(8)),
                "ouch_rx": In(frame_signature(8)),
                "relay_rx": In(frame_signature(8)),
                "relay_tx": Out(frame_signature(8)),
                "host_rx": In(frame_signature(8)),
                "host_tx": Out(frame_signature(8)),
                "events_tx": Out(frame_signature(8)),
                "time_step": In(40),
                "card_time": Out(64),
                "soft": In(1),
                "board_mac": In(48),
                "board_ip": In(32),
                "phy": In(PhyReport),
                "phy_b": In(PhyReport),
                "lights": Out(Lights),
                "view": Out(stream.Signature(DepthView, always_ready=True)),
                "busy": Out(1),
            }
        )

    def elaborate(self, platform):
        """Join the registers to the blocks they configure and count."""
        m = Module()
        # The bank hands out signals only until it is elaborated itself, which is after this function.
        bank = RegisterBank(self._config, git_hash=self._git_hash)
        m.submodules.engine = engine = Engine(self._config)
        m.submodules.hostlink = hostlink = HostLink()
        relay = OrderRelay() if self._config.trades else None
        m.submodules.telemetry = telemetry = Telemetry(sources(self._config))
        m.submodules.sampler = sampler = DepthSampler(self._config.slots)
        m.submodules.statistics = statistics = DayStatistics(self._config.slots)
        order_records = OrderRecords() if self._config.trades else None
        m.submodules.state_records = state_records = StateRecords()
        m.submodules.bank = bank
        m.submodules.port = port = NetworkPort(self._config.width, second=10**12 // self._config.clock_period_ps)
        m.submodules.switch = switch = HostSwitch()
        connect(m, flipped(self.rx_b), engine.rx_b)
        if relay is not None:
            m.submodules.relay = relay
            join_relay(m, self, bank, engine, relay)
            connect(m, port.relay_rx, relay.rx)
            connect(m, relay.tx, port.relay_tx)
        else:
            refuse_relays(m, bank, port)
        connect(m, hostlink.bus, bank.bus)
        m.d.sync += self.card_time.eq(self.card_time + self.time_step)
        m.d.comb += [
            engine.card_time.eq(self.card_time),
            self.view.valid.eq(engine.view.valid),
            self.view.payload.eq(engine.view.payload),
            self.busy.eq(
                engine.busy
                | hostlink.busy
                | sampler.busy
                | telemetry.busy
                | statistics.busy
                | port.busy
                | switch.busy
                | (0 if relay is None else relay.busy)
            ),
            bank.drive("identity.flags.soft").eq(self.soft),
            bank.count("control.hostlink_errors").eq(hostlink.error),
        ]
        join_streams(m, self, engine, port, self.rx_b if self._config.hosts_apart else self.rx)
        join_hosts(m, self, hostlink, telemetry, port, switch)
        join_network(m, bank, engine, port, self, feed_apart=self._config.hosts_apart)
        join_phys(m, bank, self)
        join_lights(m, engine, self.lights)
        self._control(m, bank, engine)
        self._feed(m, bank, engine)
        self._book(m, bank, engine)
        join_snapshot(m, bank, engine)
        join_taker(m, bank, engine)
        join_maker(m, bank, engine)
        join_host_orders(m, bank, engine)
        self._risk(m, bank, engine)
        join_orders(m, bank, engine)
        self._telemetry(m, bank, engine, telemetry, sampler)
        join_statistics(m, bank, engine, statistics)
        m.d.comb += statistics.card_time.eq(self.card_time)
        self._records(m, bank, engine, telemetry, order_records, state_records)
        return m

    def _control(self, m: Module, bank: RegisterBank, engine: Engine) -> None:
        arming = engine.arming
        m.d.comb += [
            *(getattr(arming, name).eq(bank.strobe(f"control.command.{name}")) for name in _COMMANDS),
            # At once, and again with what was written beside it: a release in the same write must not undo it.
            arming.kill.eq(bank.ahead("control.command.kill") | bank.strobe("control.command.kill")),
            arming.lease_until.eq(bank.value("control.lease.until")),
            bank.armed.eq(arming.armed),
            bank.drive("control.status.armed").eq(arming.armed),
            bank.drive("control.status.killed").eq(arming.killed),
            bank.drive("control.status.lease_alive").eq(arming.lease_alive),
            bank.drive("control.status.session_up").eq(engine.orders.session_open),
            bank.drive("control.status.market_open").eq(engine.feed.flags[0].market_open),
            bank.drive("control.status.kill_cause").eq(arming.kill_cause),
            bank.drive("control.time.now").eq(self.card_time),
        ]

    def _feed(self, m: Module, bank: RegisterBank, engine: Engine) -> None:
        feed = engine.feed
        m.d.comb += [
            feed.dest_port.eq(bank.value("feed.destination.port")),
            feed.dest_b_port.eq(bank.value("feed.destination_b.port")),
            feed.two_lines.eq(bank.value("feed.arbitration.two_lines")),
            feed.reorder.eq(bank.value("feed.arbitration.reorder")),
            feed.timeout.eq(bank.value("feed.arbitration.timeout")),
            feed.check_ip_checksum.eq(bank.value("feed.checks.ip_checksum")),
            feed.join.eq(bank.strobe("feed.command.join")),
            bank.drive("feed.session_lo.value").eq(feed.session[:64]),
            bank.drive("feed.session_hi.value").eq(feed.session[64:]),
            bank.drive("feed.session_hi.epoch").eq(feed.session_epoch),
            bank.drive("feed.next_sequence.value").eq(feed.next_sequence),
        ]
        for name in _FEED_COUNTERS:
            amount = getattr(feed, name)
            m.d.comb += bank.count(f"feed.{name}", len(amount)).eq(amount)
        m.d.comb += [
            feed.request_timeout.eq(bank.value("requests.pacing.timeout")),
            feed.request_tries.eq(bank.value("requests.pacing.tries")),
            bank.drive("requests.status.recovering").eq(feed.recovering),
            bank.drive("requests.next_missing.value").eq(feed.next_missing),
        ]
        for name in _REQUEST_COUNTERS:
            m.d.comb += bank.count(f"requests.{name}").eq(getattr(feed, name))
        symbols, changed = bank.slot_value("symbol"), bank.slot_changed("symbol")
        join, state = bank.slot_write("join"), bank.slot_show("state")
        command, flags, taker_state = feed.slot_join.command, Signal(SlotFlags), engine.taker.taker_state
        m.d.comb += [
            feed.slot_join.slot.eq(join.slot),
            feed.slot_join.locate.eq(join.row.locate),
            *(getattr(command, name).eq(getattr(join.row, name)) for name in ("bind", "trading", "whole", "stale")),
            feed.shown_slot.eq(state.slot),
            flags.eq(feed.flags[state.slot]),
            *(getattr(state.row, name).eq(getattr(flags, name)) for name in _FLAGS),
            state.row.locate.eq(feed.shown_locate),
            state.row.taker_state.eq(taker_state[state.slot]),
        ]
        for i in range(self._config.slots):
            m.d.comb += [feed.symbols[i].eq(symbols[i]), feed.symbol_changed[i].eq(changed[i])]

    def _book(self, m: Module, bank: RegisterBank, engine: Engine) -> None:
        book = engine.book
        for name in _BOOK_COUNTERS:
            m.d.comb += bank.count(f"book.{name}").eq(getattr(book, name))
        m.d.comb += [
            bank.count("book.events").eq(book.events_applied),
            bank.count("book.queue_overflows").eq(engine.queue.overflow),
            bank.count("book.healed").eq(engine.feed.healed),
            bank.drive("book.queue_max.value").eq(engine.queue.max_level),
            bank.drive("book.live_orders.count").eq(book.live_orders),
        ]

    def _risk(self, m: Module, bank: RegisterBank, engine: Engine) -> None:
        gate, positions = engine.gate, engine.positions
        # What is judged now, and what may come in the next cycle.
        for slot, config in ((gate.config_slot, gate.config), (gate.standing.slot, gate.standing_config)):
            limits = {name: bank.slot_port(name) for name in _LIMITS}
            short_sale = bank.slot_port("short_sale")
            m.d.comb += [port.slot.eq(slot) for port in (*limits.values(), short_sale)]
            m.d.comb += [getattr(config, name).eq(port.row.shares) for name, port in limits.items()]
            m.d.comb += config.short_allowed.eq(short_sale.row.allowed)
            join_slot_limits(m, bank, slot, config)
        m.d.comb += [
            positions.fee_remove.eq(bank.value("risk.fee_remove.value")),
            positions.fee_add.eq(bank.value("risk.fee_add.value")),
            positions.commission.eq(bank.value("risk.commission.value")),
        ]
        join_refusals(m, bank, engine)
        join_card_limits(m, bank, engine)
        join_adjustments(m, bank, engine)
        enabled = bank.slot_value("control", "enable")
        position, cash, open_shares = (bank.slot_show(name) for name in ("position", "cash", "open_shares"))
        m.d.comb += [
            *(gate_enabled.eq(switch) for gate_enabled, switch in zip(gate.enabled, enabled, strict=True)),
            positions.shown.slot.eq(position.slot),  # all are of one block, which is read one register at a time
            position.row.shares.eq(positions.shown.position),
            cash.row.value.eq(positions.shown_cash),
            open_shares.row.buy.eq(positions.shown.open_buy),
            open_shares.row.sell.eq(positions.shown.open_sell),
        ]

    def _telemetry(self, m: Module, bank: RegisterBank, engine: Engine, telemetry, sampler) -> None:
        trigger = engine.taker.trigger
        m.d.comb += [
            sampler.view.valid.eq(engine.view.valid),
            sampler.view.payload.eq(engine.view.payload),
            sampler.interval.eq(bank.value("telemetry.depth_interval.cycles")),
            sampler.trades.eq(bank.value("telemetry.enable.trades")),
            sampler.trigger.eq(trigger.valid),
            sampler.trigger_slot.eq(trigger.payload.slot),
            sampler.card_time.eq(self.card_time),
            telemetry.card_time.eq(self.card_time),
            telemetry.config_epoch.eq(bank.config_epoch),
            bank.drive("telemetry.sequence.value").eq(telemetry.sequence),
            bank.count("telemetry.dropped", len(telemetry.dropped)).eq(telemetry.dropped),
        ]
        connect(m, sampler.depth, telemetry.depth)
        connect(m, sampler.prints, telemetry.prints)
        tops = {
            "bid": bank.slot_drive("bbo", "bid"),
            "ask": bank.slot_drive("bbo", "ask"),
            "bid_volume": bank.slot_drive("volumes", "bid"),
            "ask_volume": bank.slot_drive("volumes", "ask"),
        }
        for i in range(self._config.slots):
            m.d.comb += [signals[i].eq(getattr(sampler.tops[i], name)) for name, signals in tops.items()]

    def _records(self, m: Module, bank: RegisterBank, engine: Engine, telemetry, order_records, state_records) -> None:
        feed = engine.feed
        if order_records is not None:
            m.submodules.order_records = order_records
            join_order_records(m, order_records, engine)
        connect(m, feed.state_change, state_records.state_change)
        for source, listener in (
            (engine.arming.arm_changes, state_records.arm_changes),
            (engine.arming.kill_changes, state_records.kill_changes),
            (engine.taker.trigger, state_records.triggers),
            (engine.taker.alarm, state_records.alarms),
        ):
            m.d.comb += [listener.valid.eq(source.valid), listener.payload.eq(source.payload)]
        mark, token = bank.written("control.mark.token")
        m.d.comb += [
            state_records.gap_valid.eq(feed.gap_valid),
            state_records.gap.eq(feed.gap),
            state_records.system_event_valid.eq(feed.system_event_valid),
            state_records.system_event.eq(feed.system_event),
            state_records.session_up.eq(engine.orders.session_open),
            state_records.mark.eq(mark),
            state_records.token.eq(token),
            state_records.lease.eq(bank.value("control.lease.until")),
        ]
        for block in filter(None, (order_records, state_records)):
            for name in sources(self._config):
                if name in block.signature.members:
                    connect(m, getattr(block, name), getattr(telemetry, name))


_COMMANDS = ("arm", "disarm", "release")
_FLAGS = ("bound", "stale", "halted", "short_restricted", "opened", "market_open")
_FEED_COUNTERS = (
    "frames", "frames_ignored", "frames_bad", "packets", "messages", "unknown_types", "wrong_sizes", "gaps",
    "duplicates", "tracked", "b_frames", "b_frames_ignored", "b_frames_bad", "b_packets", "b_wrong_sizes", "a_first",
    "b_first", "a_skipped", "b_skipped", "a_overflows", "b_overflows", "foreign", "divergences", "given_up",
)  # fmt: skip
_REQUEST_COUNTERS = ("requests_sent", "recovered", "gaps_filled", "gaps_lost", "not_held", "answers_useless")
_BOOK_COUNTERS = (
    "unknown_references", "duplicate_references", "zero_adds", "over_executions", "table_overflows", "levels_spilled",
    "refills",
)  # fmt: skip
_LIMITS = ("max_inventory", "max_order_size", "ceiling_inventory", "ceiling_order_size")
