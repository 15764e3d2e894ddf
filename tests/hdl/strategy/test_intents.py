"""Two ways made one: Cancels go first, then the first's intents, and none is lost or doubled."""

import random

from amaranth.sim import Simulator

from hdl.strategy.intents import IntentOrder
from hdl.types import OrderIntentKind


def test_every_intent_leaves_once_cancels_before_the_firsts_and_these_before_the_seconds():
    rng = random.Random(3)
    dut = IntentOrder()
    taken = {0: [], 1: []}
    left = {0: list(range(100, 160)), 1: list(range(500, 560))}
    gave = {0: [], 1: []}

    async def bench(ctx):
        offered = {0: None, 1: None}
        cancels = {cause for of in left.values() for cause in of if rng.random() < 0.4}
        while any(left.values()) or any(v is not None for v in offered.values()):
            for n, port in ((0, dut.first), (1, dut.second)):
                if offered[n] is None and left[n] and rng.random() < 0.4:
                    offered[n] = left[n].pop(0)
                    kind = OrderIntentKind.CANCEL if offered[n] in cancels else OrderIntentKind.ENTER
                    ctx.set(port.payload, {"cause": offered[n], "kind": kind})
                ctx.set(port.valid, offered[n] is not None)
            ctx.set(dut.outgoing.ready, rng.random() < 0.5)
            if ctx.get(dut.outgoing.valid) and ctx.get(dut.outgoing.ready):
                cause = ctx.get(dut.outgoing.payload.cause)
                taken[0 if cause < 500 else 1].append(cause)
                waiting = {cause for cause in offered.values() if cause is not None}
                assert cause in cancels or not waiting & cancels, "a Cancel waited"
                other_goes_first = cause in cancels and offered[0] not in cancels
                assert cause < 500 or offered[0] is None or other_goes_first, "the first had one"
            for n, port in ((0, dut.first), (1, dut.second)):
                if offered[n] is not None and ctx.get(port.ready):
                    gave[n].append(offered[n])
                    offered[n] = None
            await ctx.delay(1e-6)

    sim = Simulator(dut)
    sim.add_testbench(bench)
    sim.run()
    assert taken == gave == {0: list(range(100, 160)), 1: list(range(500, 560))}
