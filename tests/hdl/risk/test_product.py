"""The product in two cycles, against Python's own."""

import random

from amaranth.sim import Simulator

from hdl.risk.product import FACTOR_BITS, Product

TOP = 1 << (FACTOR_BITS - 1)
EDGES = (0, 1, -1, (1 << 17) - 1, 1 << 17, -(1 << 17), (1 << 32) - 1, TOP - 1, -TOP)


def test_factors_of_every_sign_and_length_a_pair_every_cycle():
    dut = Product()

    async def script(ctx):
        chance = random.Random(3)
        pairs = [(a, b) for a in EDGES for b in EDGES]
        pairs += [(chance.randrange(-TOP, TOP), chance.randrange(-TOP, TOP)) for _ in range(200)]
        results = []
        for a, b in [*pairs, (0, 0)]:
            ctx.set(dut.a, a)
            ctx.set(dut.b, b)
            await ctx.tick()
            results.append(ctx.get(dut.result))
        assert results[1:] == [a * b for a, b in pairs]

    sim = Simulator(dut)
    sim.add_clock(1e-6)
    sim.add_testbench(script)
    sim.run()
