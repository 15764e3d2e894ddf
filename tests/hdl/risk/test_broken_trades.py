"""A broken trade stops its symbol, and the host's adjustment puts it right whatever fills it meets."""

import random

from amaranth.sim import Simulator

from hdl.risk.broken_trades import BrokenTrades
from hdl.risk.gate import RiskGate
from hdl.risk.positions import Positions
from hdl.types import OrderAnswerKind, Refusal, Side
from tests.hdl.risk import test_standing
from tests.hdl.risk.gate_bench import CANCEL, ENTER, EXIT, REPLACE, ROW, verdict_of
from tests.hdl.risk.gate_bench import run as run_gate
from tests.hdl.risk.held_table import shown

SLOTS = 2


def run(dut, script):
    sim = Simulator(dut)
    sim.add_clock(1e-6)
    sim.add_testbench(script)
    sim.run()


def test_a_broken_trade_stops_its_slot_until_the_host_has_settled_it():
    dut = BrokenTrades(SLOTS)

    async def script(ctx):
        async def cycle(kind=None, slot=0, settled=None):
            ctx.set(dut.answers.payload, {"kind": kind or OrderAnswerKind.NONE, "slot": slot})
            ctx.set(dut.answers.valid, kind is not None)
            for i in range(SLOTS):
                ctx.set(dut.settled[i], settled == i)
            await ctx.tick()
            return [ctx.get(dut.broken[i]) for i in range(SLOTS)]

        assert await cycle() == [0, 0]
        assert await cycle(OrderAnswerKind.EXECUTED, 1) == [0, 0]
        assert await cycle(OrderAnswerKind.BROKEN, 1) == [0, 1]
        assert await cycle(settled=0) == [0, 1]
        assert await cycle() == [0, 1]
        assert await cycle(OrderAnswerKind.BROKEN, 1, settled=1) == [0, 1], "broken again in the same cycle"
        assert await cycle(settled=1) == [0, 0]

    run(dut, script)


def test_nothing_but_a_cancel_passes():
    broken = {"broken": [0, 1]}
    for order, inputs in ((ENTER, {}), (EXIT, {"slot": {"position": 100}}), (REPLACE, {"row": ROW})):
        assert verdict_of(order, ports=broken, **inputs) == Refusal.BROKEN_TRADE
    assert verdict_of(CANCEL, ports=broken) == Refusal.NONE
    assert verdict_of(ENTER, ports={"broken": [1, 0]}) == Refusal.NONE
    assert test_standing.verdict_of(ENTER, ahead=broken) == Refusal.BROKEN_TRADE
    settled = broken | {"broken": [1, 0]}
    assert test_standing.verdict_of(ENTER, ahead=settled, then=broken) == Refusal.BROKEN_TRADE

    async def script(ctx, dut: RiskGate):
        assert ctx.get(dut.permits[1]) == 1
        ctx.set(dut.broken[1], 1)
        assert ctx.get(dut.permits[1]) == 0, "the strategy hears that its exit cannot leave"

    run_gate(script)


def test_an_adjustment_adds_to_whatever_fills_come():
    dut = Positions(SLOTS, 2)

    async def script(ctx):
        chance = random.Random(6)
        position, cash = [0] * SLOTS, [0] * SLOTS
        told = []
        written = [(0, 0)] * SLOTS  # the registers of the adjustment

        async def turn():
            shares, money = written[ctx.get(dut.adjust_slot)]
            ctx.set(dut.adjust_position, shares)
            ctx.set(dut.adjust_cash, money)
            await ctx.tick()

        since_answer = since_adjust = 100
        for step in range(4_000):
            since_answer, since_adjust = since_answer + 1, since_adjust + 1
            fills = since_answer >= 4 and chance.random() < 0.3
            adjusts = since_adjust >= 40 and chance.random() < 0.2
            slot = chance.randrange(SLOTS)
            if fills:
                since_answer = 0
                side, shares, price = Side(chance.randrange(2)), chance.randint(1, 500), chance.randint(1, 20_000)
                sign = 1 if side == Side.BUY else -1
                position[slot] += sign * shares
                cash[slot] -= sign * shares * price * 100
                answer = {"kind": OrderAnswerKind.EXECUTED, "slot": slot, "side": side}
                ctx.set(dut.answers.payload, answer | {"shares": shares, "price": price, "flag": ord("R")})
            ctx.set(dut.answers.valid, fills)
            which = chance.randrange(SLOTS)
            if adjusts:
                since_adjust = 0
                shares, money = chance.randint(-900, 900), chance.randint(-(10**12), 10**12)
                position[which] += shares
                cash[which] += money
                written[which] = (shares, money)
            for i in range(SLOTS):
                ctx.set(dut.adjust[i], adjusts and i == which)
            await turn()
            if ctx.get(dut.changes.valid):
                change = ctx.get(dut.changes.payload)
                told.append((change.slot, change.position, change.cash))
            if step % 100 == 99:
                ctx.set(dut.answers.valid, 0)
                for i in range(SLOTS):
                    ctx.set(dut.adjust[i], 0)
                for _ in range(12):
                    await turn()
                    if ctx.get(dut.changes.valid):
                        change = ctx.get(dut.changes.payload)
                        told.append((change.slot, change.position, change.cash))
                assert ctx.get(dut.busy) == 0
                for i in range(SLOTS):
                    assert shown(ctx, dut, i) == (position[i], 0, 0, cash[i])
                    last = [t for t in told if t[0] == i][-1:]
                    assert last in ([(i, position[i], cash[i])], []), "the last record tells the state"
        assert len(told) > 300

    run(dut, script)
