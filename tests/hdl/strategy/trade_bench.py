"""The taker, the host's orders, the gate and the positions wired as in the engine, with an order port made of Python.

:class:`TradeBench` is a clocked world around them: every cycle it notes what leaves the gate, what is refused,
triggered or alarmed, and answers SENT for what was granted, as the real order port does. Answers of the exchange are
called for by the test (``accept``, ``fill``, ``cancel`` ...); the stand-in keeps the totals an answer must carry.
"""

from dataclasses import dataclass, field

from amaranth import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In
from amaranth.sim import Simulator

from hdl import types
from hdl.risk.arming import Arming
from hdl.risk.gate import RiskGate
from hdl.risk.judge import GateConfig
from hdl.risk.own_resting import OwnResting
from hdl.risk.positions import Positions
from hdl.strategy.host_orders import HostOrders
from hdl.strategy.intents import IntentOrder
from hdl.strategy.own_display import OwnDisplay
from hdl.strategy.taker import ImbalanceTaker
from hdl.strategy.taker_types import TakerConfig, TakerState
from hdl.types import EventKind, OrderAnswerKind, OrderIntentKind, Role, Side
from tests.hdl.risk.held_table import shown

SLOTS = 3
ROWS = 4
TICK = 100
LETTER = {OrderIntentKind.ENTER: "O", OrderIntentKind.REPLACE: "U", OrderIntentKind.CANCEL: "X"}

GATE = {
    "max_inventory": 1000,
    "max_order_size": 500,
    "ceiling_inventory": 1000,
    "ceiling_order_size": 500,
    "short_allowed": 1,
}
TAKER = {
    "tick": TICK,
    "ratio": 0x0300,
    "min_volume": 100,
    "order_size": 100,
    "take_profit": 3,
    "stop": 2,
    "slip": 1,
    "stop_slip": 2,
    "max_spread": 1,
    "retries": 2,
    "cooldown": 0,
}


class TradePath(wiring.Component):
    """Taker, host's orders, gate, positions and arming; the rest is the test's."""

    gate_config: In(GateConfig)
    taker_config: In(TakerConfig)
    port_busy: In(1)

    def __init__(self):
        super().__init__()
        self.arming = Arming()
        self.taker = ImbalanceTaker(SLOTS)
        self.gate = RiskGate(SLOTS)
        self.positions = Positions(SLOTS, ROWS)
        self.display = OwnDisplay(SLOTS)
        self.host = HostOrders(SLOTS, ROWS)
        self.intents = IntentOrder()
        self.resting = OwnResting(SLOTS, readers=2)

    def elaborate(self, platform):
        m = Module()
        taker, gate, positions, arming = self.taker, self.gate, self.positions, self.arming
        m.submodules.arming, m.submodules.taker = arming, taker
        m.submodules.gate, m.submodules.positions = gate, positions
        m.submodules.display, m.submodules.host, m.submodules.intents = self.display, self.host, self.intents
        m.submodules.resting = self.resting
        wiring.connect(m, taker.intents, self.intents.first)
        wiring.connect(m, self.host.intents, self.intents.second)
        wiring.connect(m, self.intents.outgoing, gate.intents)
        self._host(m)
        wiring.connect(m, taker.entries, gate.entries)
        wiring.connect(m, gate.judged, positions.judged)
        wiring.connect(m, gate.standing_held, positions.standing)
        wiring.connect(m, self.host.held, positions.asked)
        wiring.connect(m, gate.refusals, taker.refusals)
        for name in ("armed", "killed", "lease_alive"):
            m.d.comb += getattr(gate, name).eq(getattr(arming, name))
        m.d.comb += [
            gate.session_up.eq(arming.session_up),
            positions.lookup_order.eq(gate.lookup_order),
            gate.lookup.eq(positions.lookup),
            gate.unsent.eq(positions.unsent),
            gate.located.eq(~0),
            gate.standing_located.eq(~0),
            gate.config.eq(self.gate_config),
            gate.standing.eq(taker.standing),
            gate.standing_config.eq(self.gate_config),
            positions.grants.payload.eq(gate.granted.payload),
            positions.grants.valid.eq(gate.granted.valid & gate.granted.ready),
            positions.answers.payload.eq(taker.answers.payload),
            positions.answers.valid.eq(taker.answers.valid),
            self.display.answers.payload.eq(taker.answers.payload),
            self.display.answers.valid.eq(taker.answers.valid),
            self.display.slot.eq(taker.view.payload.slot),
            taker.own.eq(self.display.shown),
            taker.position.eq(positions.standing.position),
            taker.permits.eq(gate.permits),
            taker.gate_holding.eq(gate.holding),
            taker.config.eq(self.taker_config),
            taker.flags.eq(gate.flags),
            taker.slot_enabled.eq(gate.enabled),
            taker.card_time.eq(arming.card_time),
        ]
        return m

    def _host(self, m):
        """Wire the host's orders, and the prices of own orders."""
        host, taker, gate, positions, resting = self.host, self.taker, self.gate, self.positions, self.resting
        m.d.comb += [
            host.refusals.payload.eq(gate.refusals.payload),
            host.refusals.valid.eq(gate.refusals.valid),
            host.way_free.eq(~(taker.intents.valid | gate.busy | positions.unsent | self.port_busy)),
            host.held_ready.eq(~positions.asked_taken),
            positions.seek_order.eq(host.seek_order),
            host.seek.eq(positions.seek),
            host.card_time.eq(self.arming.card_time),
            taker.stand_aside.eq(host.claims),
            resting.grants.payload.eq(gate.granted.payload),
            resting.grants.valid.eq(gate.granted.valid & gate.granted.ready),
            resting.slot[0].eq(gate.config_slot),
            resting.slot[1].eq(gate.standing.slot),
            gate.own.eq(resting.prices[0]),
            gate.standing_own.eq(resting.prices[1]),
        ]
        for has, state in zip(host.taker_has, taker.taker_state, strict=True):
            m.d.comb += has.eq((state != TakerState.IDLE) & (state != TakerState.COOLDOWN))
        for listener in (host.answers, resting.answers):
            m.d.comb += [listener.payload.eq(taker.answers.payload), listener.valid.eq(taker.answers.valid)]


@dataclass
class Order:
    """One row of the stand-in: a chain of the card."""

    row: int
    slot: int
    side: Side
    role: Role
    open: int
    executed: int = 0
    asked: int = 0  # by a Replace that is not answered
    chain: int = 0
    live: bool = True
    accepted: bool = False


@dataclass
class TradeBench:
    """The world around a :class:`TradePath`; call only from inside a testbench."""

    ctx: object
    dut: TradePath
    now: int = 0
    sequence: int = 0
    refs: int = 0
    ready: bool = True
    sent_delay: int = 4
    granted: list = field(default_factory=list)
    refused: list = field(default_factory=list)
    triggers: list = field(default_factory=list)
    alarms: list = field(default_factory=list)
    positions: list = field(default_factory=list)
    orders: dict = field(default_factory=dict)
    booked: list = field(default_factory=lambda: [0] * SLOTS)  # position of each slot, by the exchange's own doing
    waiting: list = field(default_factory=list)  # answers to give, as (cycle, fields)

    def start(self):
        """Everything on, armed, the slots open for trading."""
        ctx, dut = self.ctx, self.dut
        ctx.set(dut.gate_config, GATE)
        ctx.set(dut.taker_config, TAKER)
        ctx.set(dut.taker.enable, 1)
        for i in range(SLOTS):
            self.flags(i)
            ctx.set(dut.gate.enabled[i], 1)
            ctx.set(dut.taker.buy_enabled[i], 1)
            ctx.set(dut.taker.sell_enabled[i], 1)
        ctx.set(dut.arming.lease_until, 1 << 40)
        ctx.set(dut.arming.session_up, 1)
        ctx.set(dut.positions.fee_remove, 3000)
        ctx.set(dut.positions.fee_add, -2000)
        ctx.set(dut.positions.commission, 500)

    async def arm(self):
        self.ctx.set(self.dut.arming.arm, 1)
        await self.step()
        self.ctx.set(self.dut.arming.arm, 0)
        await self.step()

    def flags(self, slot, **changes):
        whole = {"bound": 1, "stale": 0, "halted": 0, "short_restricted": 0, "opened": 1, "market_open": 1}
        self.ctx.set(self.dut.gate.flags[slot], whole | changes)

    def gate(self, **changes):
        self.ctx.set(self.dut.gate_config, GATE | changes)

    def taker(self, **changes):
        self.ctx.set(self.dut.taker_config, TAKER | changes)

    def state(self, slot=0):
        return TakerState(self.ctx.get(self.dut.taker.taker_state[slot]))

    def position(self, slot=0):
        return shown(self.ctx, self.dut.positions, slot)[0]

    async def step(self, cycles=1):
        """Let ``cycles`` cycles pass, and note what happens in them."""
        ctx, dut = self.ctx, self.dut
        for _ in range(cycles):
            ctx.set(dut.arming.card_time, self.now)
            ctx.set(dut.gate.granted.ready, self.ready)
            due = [a for t, a in self.waiting if t <= self.now]
            if due:
                self.waiting = [(t, a) for t, a in self.waiting if a is not due[0]]
                ctx.set(dut.taker.answers.payload, due[0])
            ctx.set(dut.taker.answers.valid, bool(due))
            if ctx.get(dut.gate.granted.valid) and self.ready:
                self._grant(ctx.get(dut.gate.granted.payload))
            for port, log in (
                (dut.gate.refusals, self.refused),
                (dut.taker.trigger, self.triggers),
                (dut.taker.alarm, self.alarms),
                (dut.positions.changes, self.positions),
            ):
                if ctx.get(port.valid):
                    log.append((self.now, _plain(ctx.get(port.payload))))
            await ctx.tick()
            self.now += 1

    def _grant(self, payload):
        intent = _plain(payload)
        self.granted.append((self.now, intent))
        self.refs += 1
        if intent["kind"] == OrderIntentKind.ENTER:
            row = next(i for i in range(ROWS) if i not in self.orders or not self.orders[i].live)
            order = Order(row, intent["slot"], intent["side"], intent["role"], intent["shares"], chain=self.refs)
            self.orders[row] = order
        else:
            order = self.orders[intent["order"]]
            if intent["kind"] == OrderIntentKind.REPLACE and order.live:
                order.asked = intent["shares"]
        self._say(
            order,
            OrderAnswerKind.SENT,
            shares=intent["shares"],
            price=intent["price"],
            flag=ord(LETTER[intent["kind"]]),
            delay=self.sent_delay,
        )

    def _say(self, order, kind, delay=0, **fields):
        """Queue an answer, at least 4 cycles after the one before."""
        at = max([self.now + delay, *(t + 4 for t, _ in self.waiting)])
        self.waiting.append(
            (
                at,
                {
                    "kind": kind,
                    "slot": order.slot,
                    "module": types.Module.TAKER,
                    "role": order.role,
                    "side": order.side,
                    "order": order.row,
                    "chain": order.chain,
                    "open": order.open,
                    "chain_executed": order.executed,
                    "dead": not order.live,
                    "cause": (1 << 63) + len(self.waiting),
                    **fields,
                },
            )
        )

    def accept(self, order, price=0):
        self._say(order, OrderAnswerKind.ACCEPTED, shares=order.open, price=price)

    def replaced(self, order, price=0):
        order.open, order.asked = order.asked - order.executed, 0
        self._say(order, OrderAnswerKind.REPLACED, shares=order.open, price=price)

    def fill(self, order, shares, price, flag="R"):
        order.open -= shares
        order.executed += shares
        self.booked[order.slot] += shares if order.side == Side.BUY else -shares
        order.live = order.open > 0
        self._say(order, OrderAnswerKind.EXECUTED, shares=shares, price=price, flag=ord(flag))

    def cancel(self, order, shares=None):
        taken = order.open if shares is None else shares
        order.open -= taken
        order.live = order.open > 0
        self._say(order, OrderAnswerKind.CANCELED, shares=taken, flag=ord("I"))

    def reject(self, order):
        """Of an order not accepted: it is dead. Of a Replace: the order is as it was."""
        if order.asked:
            order.asked = 0
        else:
            order.open, order.live = 0, False
        self._say(order, OrderAnswerKind.REJECTED, reason=0x1D)

    async def shown_in_feed(self, number=0, slot=0):
        """Let the feed add an order of this reference number; answers of the stand-in have number 0."""
        self.ctx.set(self.dut.display.event.payload, {"kind": EventKind.ADD, "slot": slot, "reference": number})
        self.ctx.set(self.dut.display.event.valid, 1)
        await self.step()
        self.ctx.set(self.dut.display.event.valid, 0)

    async def view(self, bid, ask, bid_volume=1000, ask_volume=1000, slot=0, trade=None, settle=20, **fields):
        """Show a view with all the volume on the best level, then let ``settle`` cycles pass in all."""
        self.sequence += 1
        levels = [{"price": 0, "shares": 0}] * 4
        self.ctx.set(
            self.dut.taker.view.payload,
            {
                "slot": slot,
                "bids": [{"price": bid, "shares": bid_volume if bid else 0}, *levels],
                "asks": [{"price": ask, "shares": ask_volume if ask else 0}, *levels],
                "trade_price": trade or 0,
                "trade_shares": 10 if trade else 0,
                "sequence": self.sequence,
                "card_time": self.now,
                "exchange_time": 1000 + self.sequence,
            }
            | fields,
        )
        self.ctx.set(self.dut.taker.view.valid, 1)
        await self.step()
        self.ctx.set(self.dut.taker.view.valid, 0)
        await self.step(settle - 1)


def _plain(payload):
    """A struct's constant as a dictionary of plain fields."""
    return {name: getattr(payload, name) for name, _ in payload.shape()}


def run(script):
    """Run ``script(bench)`` on an armed :class:`TradePath`."""
    dut = TradePath()
    sim = Simulator(dut)
    sim.add_clock(1e-6)

    async def bench(ctx):
        world = TradeBench(ctx, dut)
        world.start()
        await world.arm()
        await script(world)

    sim.add_testbench(bench)
    sim.run()
