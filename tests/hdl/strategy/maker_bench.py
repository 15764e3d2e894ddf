"""The maker, the gate and the positions wired as in the engine, with an order port and an exchange made of Python."""

from dataclasses import dataclass, field

from amaranth import Module
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In
from amaranth.sim import Simulator

from hdl import types
from hdl.risk.arming import Arming
from hdl.risk.gate import RiskGate
from hdl.risk.judge import GateConfig
from hdl.risk.positions import Positions
from hdl.strategy.maker import MarketMaker
from hdl.strategy.maker_types import MakerConfig, QuoteState
from hdl.types import OrderAnswerKind, OrderIntentKind, Role, Side
from tests.hdl.risk.held_table import shown
from tests.hdl.strategy.maker_rules import BUY, SELL, Quote

SLOTS = 3
ROWS = 8
TICK = 100
LETTER = {
    OrderIntentKind.ENTER: "O",
    OrderIntentKind.REPLACE: "U",
    OrderIntentKind.CANCEL: "X",
    OrderIntentKind.MODIFY: "M",
}
GATE = {
    "max_inventory": 100_000,
    "max_order_size": 10_000,
    "ceiling_inventory": 100_000,
    "ceiling_order_size": 10_000,
    "short_allowed": 1,
}
MAKER = {
    "tick": TICK,
    "size": 100,
    "inventory": 500,
    "half_spread": 1,
    "max_spread": 2,
    "move": 1,
    "skew": 0,
    "ratio": 0x0300,
    "weighted": 0,
    "short_allowed": 1,
    "throttle": 0,
    "cooldown": 0,
}
LOCATED = 1_000_000


class MakerPath(wiring.Component):
    """Maker, gate, positions and arming; the rest is the test's."""

    gate_config: In(GateConfig)
    maker_config: In(MakerConfig)
    located: In(data.ArrayLayout(32, SLOTS))
    sending: In(1)

    def __init__(self):
        super().__init__()
        self.arming = Arming()
        self.maker = MarketMaker(SLOTS)
        self.gate = RiskGate(SLOTS)
        self.positions = Positions(SLOTS, ROWS)

    def elaborate(self, platform):
        m = Module()
        maker, gate, positions, arming = self.maker, self.gate, self.positions, self.arming
        m.submodules.arming, m.submodules.maker = arming, maker
        m.submodules.gate, m.submodules.positions = gate, positions
        wiring.connect(m, maker.intents, gate.intents)
        wiring.connect(m, gate.refusals, maker.refusals)
        wiring.connect(m, gate.judged, positions.judged)
        wiring.connect(m, maker.held, positions.asked)
        for name in ("armed", "killed", "lease_alive"):
            m.d.comb += getattr(gate, name).eq(getattr(arming, name))
        m.d.comb += [
            gate.session_up.eq(arming.session_up),
            positions.lookup_order.eq(gate.lookup_order),
            gate.lookup.eq(positions.lookup),
            gate.unsent.eq(positions.unsent),
            gate.located.eq(self.located[gate.config_slot]),
            maker.located.eq(self.located[maker.config_slot]),
            gate.config.eq(self.gate_config),
            positions.grants.payload.eq(gate.granted.payload),
            positions.grants.valid.eq(gate.granted.valid & gate.granted.ready),
            positions.answers.payload.eq(maker.answers.payload),
            positions.answers.valid.eq(maker.answers.valid),
            maker.held_ready.eq(~positions.asked_taken),
            maker.permits.eq(gate.permits),
            maker.config.eq(self.maker_config),
            maker.flags.eq(gate.flags),
            maker.slot_enabled.eq(gate.enabled),
            maker.card_time.eq(arming.card_time),
            maker.killed.eq(arming.killed),
            maker.session_up.eq(arming.session_up),
            maker.way_free.eq(~gate.busy & ~positions.unsent & ~self.sending),
        ]
        return m


@dataclass
class Order:
    """One row of the stand-in: a chain of the card, and what the exchange has of it."""

    row: int
    slot: int
    side: Side
    short: bool
    price: int
    open: int
    executed: int = 0
    wanted: tuple[int, int] | None = None  # price and quantity of a Replace that is not answered
    live: bool = True
    accepted: bool = False
    canceling: bool = False
    modifying: bool = False

    @property
    def settled(self) -> bool:
        """Nothing is asked for that is not answered."""
        return self.accepted and not (self.wanted or self.modifying or self.canceling)


@dataclass
class MakerBench:
    """The world around a :class:`MakerPath`; call only from inside a testbench."""

    ctx: object
    dut: MakerPath
    now: int = 0
    sequence: int = 0
    ready: bool = True
    granted: list = field(default_factory=list)
    refused: list = field(default_factory=list)
    orders: dict = field(default_factory=dict)
    waiting: list = field(default_factory=list)

    def start(self):
        """Everything on, the slots open for trading; not armed."""
        ctx, dut = self.ctx, self.dut
        ctx.set(dut.gate_config, GATE)
        self.set()
        ctx.set(dut.maker.enable, 1)
        for i in range(SLOTS):
            self.flags(i)
            ctx.set(dut.gate.enabled[i], 1)
            ctx.set(dut.maker.maker_enabled[i], 1)
            ctx.set(dut.located[i], LOCATED)
        ctx.set(dut.arming.lease_until, 1 << 40)
        ctx.set(dut.arming.session_up, 1)

    async def pulse(self, name):
        """A strobe of arming, as the host gives it."""
        self.ctx.set(getattr(self.dut.arming, name), 1)
        await self.step()
        self.ctx.set(getattr(self.dut.arming, name), 0)
        await self.step()

    def flags(self, slot, **changes):
        whole = {"bound": 1, "stale": 0, "halted": 0, "short_restricted": 0, "opened": 1, "market_open": 1}
        self.ctx.set(self.dut.gate.flags[slot], whole | changes)

    def set(self, **changes):
        self.ctx.set(self.dut.maker_config, MAKER | changes)

    def gate(self, **changes):
        self.ctx.set(self.dut.gate_config, GATE | changes)

    def position(self, slot=0):
        return shown(self.ctx, self.dut.positions, slot)[0]

    def state(self, side, slot=0):
        states = self.dut.maker.bid_state if side == Side.BUY else self.dut.maker.ask_state
        return QuoteState(self.ctx.get(states[slot]))

    def order(self, side, slot=0):
        """The live order of a side, or None."""
        found = [o for o in self.orders.values() if o.live and o.slot == slot and o.side == side]
        assert len(found) <= 1, "two orders live on one side"
        return found[0] if found else None

    def quotes(self, slot=0):
        """What rests, in the words of the rules."""
        both = {BUY: self.order(Side.BUY, slot), SELL: self.order(Side.SELL, slot)}
        return {side: o and Quote(o.price, o.open, o.short) for side, o in both.items()}

    def said(self, start=0):
        """What was granted, in a few words: kind, side, short, shares, price."""
        rows = [i for _, i in self.granted[start:]]
        assert all(i["module"] == types.Module.MAKER and i["role"] == Role.QUOTE for i in rows)
        return [(i["kind"].name, i["side"].name, i["short"], i["shares"], i["price"]) for i in rows]

    async def move_position(self, shares, slot=0):
        """Somebody else of the account traded: the host says so."""
        positions = self.dut.positions
        self.ctx.set(positions.adjust_position, shares)
        self.ctx.set(positions.adjust[slot], 1)
        await self.step()
        self.ctx.set(positions.adjust[slot], 0)
        await self.step(8)

    async def step(self, cycles=1):
        """Let ``cycles`` cycles pass, and note what happens in them."""
        ctx, dut = self.ctx, self.dut
        for _ in range(cycles):
            ctx.set(dut.arming.card_time, self.now)
            ctx.set(dut.gate.granted.ready, self.ready)
            ctx.set(dut.sending, not self.ready)
            due = self.waiting.pop(0)[1] if self.waiting and self.waiting[0][0] <= self.now else None
            if due:
                ctx.set(dut.maker.answers.payload, due)
            ctx.set(dut.maker.answers.valid, due is not None)
            if ctx.get(dut.gate.granted.valid) and self.ready:
                self._grant(ctx.get(dut.gate.granted.payload))
            if ctx.get(dut.gate.refusals.valid):
                self.refused.append((self.now, _plain(ctx.get(dut.gate.refusals.payload))))
            await ctx.tick()
            self.now += 1

    async def idle(self):
        """Let cycles pass until nothing moves."""
        for _ in range(400):
            await self.step()
            if not self.waiting and not self.ctx.get(self.dut.maker.busy) and not self.ctx.get(self.dut.gate.busy):
                return
        raise AssertionError("the maker is still busy after 400 cycles")

    async def settle(self):
        """Have the exchange answer everything well, until nothing moves."""
        for _ in range(40):
            await self.idle()
            open_ends = [
                o for o in self.orders.values() if o.live and (o.canceling or o.modifying or o.wanted or not o.accepted)
            ]
            if not open_ends:
                return
            for order in open_ends:
                self.answer(order)
        raise AssertionError("quotes are still moved after 40 rounds of answers")

    def answer(self, order):
        """The exchange does what was asked of it last."""
        if not order.accepted:
            order.accepted = True
            self.say(order, OrderAnswerKind.ACCEPTED, shares=order.open, price=order.price)
        elif order.wanted:
            price, quantity = order.wanted
            order.price, order.open, order.wanted = price, quantity - order.executed, None
            self.say(order, OrderAnswerKind.REPLACED, shares=order.open, price=price)
        elif order.modifying:
            self.modify(order)
        elif order.canceling:
            self.cancel(order, "U")

    def modify(self, order):
        """The long sale is a short one from now on."""
        order.short, order.modifying = True, False
        self.say(order, OrderAnswerKind.MODIFIED, shares=order.open, flag=ord("T"))

    def refuse_cancel(self, order):
        order.canceling = False
        self.say(order, OrderAnswerKind.CANCEL_REJECTED, flag=0)

    def cancel(self, order, reason):
        shares, order.open, order.live = order.open, 0, False
        self.say(order, OrderAnswerKind.CANCELED, shares=shares, flag=ord(reason))

    def fill(self, order, shares):
        order.open -= shares
        order.executed += shares
        order.live = order.open > 0
        self.say(order, OrderAnswerKind.EXECUTED, shares=shares, price=order.price, flag=ord("A"))

    def reject(self, order):
        """Of an order not accepted: it is dead. Of a Replace: the order is as it was."""
        if order.wanted:
            order.wanted = None
        else:
            order.open, order.live = 0, False
        self.say(order, OrderAnswerKind.REJECTED, reason=0x1D)

    async def view(self, bid, ask, slot=0, sizes=(1000, 1000), settle=True, **fields):
        """Show a view with all the volume on the best levels, and let everything be answered."""
        self.sequence += 1
        levels = [{"price": 0, "shares": 0}] * 4
        shown = {
            "slot": slot,
            "bids": [{"price": bid, "shares": sizes[0] if bid else 0}, *levels],
            "asks": [{"price": ask, "shares": sizes[1] if ask else 0}, *levels],
            "sequence": self.sequence,
            "card_time": self.now,
            "exchange_time": 1000 + self.sequence,
        }
        self.ctx.set(self.dut.maker.view.payload, shown | fields)
        self.ctx.set(self.dut.maker.view.valid, 1)
        await self.step()
        self.ctx.set(self.dut.maker.view.valid, 0)
        if settle:
            await self.settle()

    def _grant(self, payload):
        intent = _plain(payload)
        self.granted.append((self.now, intent))
        if intent["kind"] == OrderIntentKind.ENTER:
            row = next(i for i in range(ROWS) if i not in self.orders or not self.orders[i].live)
            order = Order(row, intent["slot"], intent["side"], bool(intent["short"]), intent["price"], intent["shares"])
            self.orders[row] = order
        else:
            order = self.orders[intent["order"]]
            if intent["kind"] == OrderIntentKind.REPLACE:
                assert order.settled, "one operation in flight a side"
                order.wanted = (intent["price"], intent["shares"])
            elif intent["kind"] == OrderIntentKind.MODIFY:
                assert order.settled, "one operation in flight a side"
                assert (intent["side"], intent["short"], order.short) == (Side.SELL, 1, False)
                assert intent["shares"] == order.executed + order.open
                order.modifying = True
            else:
                order.canceling = True
        told = {"shares": intent["shares"], "price": intent["price"], "flag": ord(LETTER[intent["kind"]])}
        self.say(order, OrderAnswerKind.SENT, delay=4, **told)

    def say(self, order, kind, delay=0, **fields):
        """Queue an answer, at least 4 cycles after the one before."""
        at = max([self.now + delay, *(t + 4 for t, _ in self.waiting)])
        totals = {"open": order.open, "chain_executed": order.executed, "dead": not order.live}
        whose = {"slot": order.slot, "module": types.Module.MAKER, "role": Role.QUOTE, "side": order.side}
        self.waiting.append((at, {"kind": kind, "order": order.row} | whose | totals | fields))


def _plain(payload):
    """A struct's constant as a dictionary of plain fields."""
    return {name: getattr(payload, name) for name, _ in payload.shape()}


def run(script):
    """Run ``script(bench)`` on an armed :class:`MakerPath`."""
    dut = MakerPath()
    sim = Simulator(dut)
    sim.add_clock(1e-6)

    async def bench(ctx):
        world = MakerBench(ctx, dut)
        world.start()
        await world.pulse("arm")
        await script(world)

    sim.add_testbench(bench)
    sim.run()
