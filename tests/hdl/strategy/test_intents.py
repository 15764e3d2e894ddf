"""Two strategies' intents on one way: the first's go first, and none is lost or doubled."""

import random

from amaranth.sim import Simulator

from hdl.strategy.intents import IntentOrder


def test_every_intent_leaves_once_and_the_first_strategys_never_wait_for_the_seconds():
    rng = random.Random(3)
    dut = IntentOrder()
    taken = {0: [], 1: []}
    left = {0: list(range(100, 160)), 1: list(range(500, 560))}
    gave = {0: [], 1: []}

    async def bench(ctx):
        offered = {0: None, 1: None}
        while any(left.values()) or any(v is not None for v in offered.values()):
            for n, port in ((0, dut.first), (1, dut.second)):
                if offered[n] is None and left[n] and rng.random() < 0.4:
                    offered[n] = left[n].pop(0)
                    ctx.set(port.payload, {"cause": offered[n]})
                ctx.set(port.valid, offered[n] is not None)
            ctx.set(dut.outgoing.ready, rng.random() < 0.5)
            if ctx.get(dut.outgoing.valid) and ctx.get(dut.outgoing.ready):
                cause = ctx.get(dut.outgoing.payload.cause)
                taken[0 if cause < 500 else 1].append(cause)
                assert cause < 500 or offered[0] is None, "the first strategy had one"
            for n, port in ((0, dut.first), (1, dut.second)):
                if offered[n] is not None and ctx.get(port.ready):
                    gave[n].append(offered[n])
                    offered[n] = None
            await ctx.delay(1e-6)

    sim = Simulator(dut)
    sim.add_testbench(bench)
    sim.run()
    assert taken == gave == {0: list(range(100, 160)), 1: list(range(500, 560))}
