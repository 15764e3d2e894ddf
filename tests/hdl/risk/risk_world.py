"""The gate and the positions with an exchange, an order port and a ledger made of plain Python around them."""

from dataclasses import dataclass

from amaranth import Module
from amaranth.lib import wiring
from amaranth.sim import Simulator

from hdl.risk.gate import RiskGate
from hdl.risk.positions import Positions
from hdl.types import OrderAnswerKind, OrderIntentKind, Role, Side
from tests.hdl.risk.held_table import shown

FEES = {"fee_remove": 3000, "fee_add": -2000, "commission": 500}
LIMIT = 1000
ROWS, SLOTS = 3, 2
ENTER, REPLACE, CANCEL = OrderIntentKind.ENTER, OrderIntentKind.REPLACE, OrderIntentKind.CANCEL


class RiskPath(wiring.Component):
    """The gate and the positions it looks at."""

    def __init__(self):
        super().__init__({})
        self.gate, self.positions = RiskGate(SLOTS), Positions(SLOTS, ROWS)

    def elaborate(self, platform):
        m = Module()
        m.submodules.gate, m.submodules.positions = gate, positions = self.gate, self.positions
        wiring.connect(m, gate.judged, positions.judged)
        wiring.connect(m, gate.standing_held, positions.standing)
        m.d.comb += [
            positions.lookup_order.eq(gate.lookup_order),
            gate.lookup.eq(positions.lookup),
            gate.unsent.eq(positions.unsent),
            gate.located.eq(~0),
            gate.standing_located.eq(~0),
            positions.grants.payload.eq(gate.granted.payload),
            positions.grants.valid.eq(gate.granted.valid & gate.granted.ready),
        ]
        return m


@dataclass
class Chain:
    """An order as the exchange sees it."""

    row: int
    slot: int
    side: Side
    open: int
    executed: int = 0
    asked: int = 0
    told: bool = False  # the card knows its row

    def could_fill(self):
        return max(self.open, self.asked - self.executed)


class World:
    """Exchange, order port and ledger in one; knows at any moment what could go wrong."""

    def __init__(self, ctx, dut):
        self.ctx, self.dut = ctx, dut
        self.chains = {}
        self.position = [0] * SLOTS
        self.cash = [0] * SLOTS
        self.answers = []  # to be told, in order
        self.since_answer = 4
        self.grants = 0
        self.entries_granted = 0
        self.refusals = []
        self.refuse_next = False

    def setup(self):
        ctx, gate = self.ctx, self.dut.gate
        for name in ("armed", "lease_alive", "session_up"):
            ctx.set(getattr(gate, name), 1)
        for i in range(SLOTS):
            ctx.set(gate.flags[i], {"bound": 1, "opened": 1, "market_open": 1})
            ctx.set(gate.enabled[i], 1)
        for config in (gate.config, gate.standing_config):
            ctx.set(
                config,
                {
                    "max_inventory": LIMIT,
                    "max_order_size": 600,
                    "ceiling_inventory": 10**6,
                    "ceiling_order_size": 10**6,
                    "short_allowed": 1,
                },
            )
        for name, value in FEES.items():
            ctx.set(getattr(self.dut.positions, name), value)

    def tell(self, chain, kind, **fields):
        dead = chain.open == 0 and kind != OrderAnswerKind.SENT
        self.answers.append(
            {
                "kind": kind,
                "slot": chain.slot,
                "side": chain.side,
                "order": chain.row,
                "open": chain.open,
                "chain_executed": chain.executed,
                "dead": dead,
                **fields,
            }
        )
        if dead:
            del self.chains[chain.row]

    async def cycle(self, intent=None, ready=True, entry=None):
        """One cycle: offer ``intent`` and the prepared ``entry``, take a grant, tell one answer if it is time."""
        ctx, gate, positions = self.ctx, self.dut.gate, self.dut.positions
        ctx.set(gate.granted.ready, ready and len(self.chains) < ROWS)
        ctx.set(gate.intents.valid, intent is not None)
        if intent is not None:
            ctx.set(gate.intents.payload, intent)
        ctx.set(gate.entries.valid, entry is not None)
        if entry is not None:
            ctx.set(gate.entries.payload, entry)
        self.since_answer += 1
        speak = bool(self.answers) and self.since_answer >= 4
        ctx.set(positions.answers.valid, speak)
        if speak:
            answer = self.answers.pop(0)
            ctx.set(positions.answers.payload, answer)
            self.since_answer = 0
        if ctx.get(gate.refusals.valid):
            self.refusals.append(ctx.get(gate.refusals.payload.refusal))
        taken = bool(intent is not None and ctx.get(gate.intents.ready))
        if ctx.get(gate.granted.valid) and ctx.get(gate.granted.ready):
            self.entries_granted += not ctx.get(gate.holding) and entry is not None
            self.grant(ctx.get(gate.granted.payload))
        await ctx.tick()
        ctx.set(positions.answers.valid, 0)
        self.check_limits()
        return taken

    def grant(self, intent):
        assert intent.kind == CANCEL or intent.shares > 0
        self.grants += 1
        refused, self.refuse_next = self.refuse_next, False
        if intent.kind == ENTER:
            row = next(i for i in range(ROWS) if i not in self.chains)
            chain = Chain(row, intent.slot, intent.side, intent.shares)
            if refused:
                self.answers.append(
                    {
                        "kind": OrderAnswerKind.REFUSED,
                        "slot": chain.slot,
                        "side": chain.side,
                        "order": 0xEE,
                        "shares": intent.shares,
                        "flag": ord("O"),
                        "dead": 1,
                    }
                )
                return
            self.chains[row] = chain
            self.tell(chain, OrderAnswerKind.SENT, shares=intent.shares, flag=ord("O"))
        elif intent.order in self.chains:
            chain = self.chains[intent.order]
            if intent.kind == REPLACE and refused:
                self.answers.append(
                    {
                        "kind": OrderAnswerKind.REFUSED,
                        "slot": chain.slot,
                        "side": chain.side,
                        "order": chain.row,
                        "shares": intent.shares,
                        "flag": ord("U"),
                        "open": chain.open,
                        "chain_executed": chain.executed,
                    }
                )
                return
            if intent.kind == REPLACE:
                chain.asked = intent.shares
            self.tell(
                chain, OrderAnswerKind.SENT, shares=intent.shares, flag=ord("U" if intent.kind == REPLACE else "X")
            )
        else:  # its row died on the way: the order port says SENT of a dead row
            letter = "U" if intent.kind == REPLACE else "X"
            self.answers.append(
                {
                    "kind": OrderAnswerKind.SENT,
                    "slot": intent.slot,
                    "side": intent.side,
                    "order": intent.order,
                    "dead": 1,
                    "flag": ord(letter),
                }
            )

    def fill(self, chain, shares, price, flag):
        sign = 1 if chain.side == Side.BUY else -1
        fee = FEES["fee_add"] if flag == "A" else FEES["fee_remove"]
        self.position[chain.slot] += sign * shares
        self.cash[chain.slot] -= sign * shares * price * 100 + shares * (fee + FEES["commission"])
        chain.open -= shares
        chain.executed += shares
        self.tell(chain, OrderAnswerKind.EXECUTED, shares=shares, price=price, flag=ord(flag))

    def open(self, slot, side):
        return sum(c.could_fill() for c in self.chains.values() if (c.slot, c.side) == (slot, side))

    def check_limits(self):
        for slot in range(SLOTS):
            assert self.position[slot] + self.open(slot, Side.BUY) <= LIMIT
            assert self.position[slot] - self.open(slot, Side.SELL) >= -LIMIT

    async def settle(self):
        """Let everything be told, then compare with the ledger."""
        quiet = 0
        while quiet < 6:  # something held may be granted meanwhile
            quiet = 0 if self.answers else quiet + 1
            await self.cycle()
        positions = self.dut.positions
        assert self.ctx.get(positions.busy) == 0
        for slot in range(SLOTS):
            opens = [self.open(slot, side) for side in (Side.BUY, Side.SELL)]
            assert shown(self.ctx, positions, slot) == (self.position[slot], *opens, self.cash[slot])


def run(script):
    dut = RiskPath()
    sim = Simulator(dut)
    sim.add_clock(1e-6)

    async def bench(ctx):
        world = World(ctx, dut)
        world.setup()
        await script(world)

    sim.add_testbench(bench)
    sim.run()


def intent(kind=ENTER, side=Side.BUY, shares=100, slot=0, order=0, role=Role.ENTRY):
    return {
        "kind": kind,
        "slot": slot,
        "side": side,
        "shares": shares,
        "price": 10_000,
        "order": order,
        "role": role,
        "short": int(side == Side.SELL),
    }


async def granted(world, wanted):
    """Offer one intent that must be granted."""
    before = world.grants
    assert await world.cycle(wanted)
    await world.cycle()
    assert world.grants == before + 1, world.refusals
    await world.settle()
