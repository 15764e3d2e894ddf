"""Choosing the lowest bit that is set, of few bits and of many: both ways of it beside Python's own arithmetic."""

import random

import pytest
from amaranth import Module, Signal
from amaranth.sim import Simulator

from hdl.one_hot import first_of, number_of


@pytest.mark.parametrize("width", [1, 2, 8, 31, 32, 33, 64, 128])
def test_the_lowest_bit_and_its_number(width):
    m = Module()
    bits, first = Signal(width), Signal(width + 1)
    number = Signal(8)
    m.d.comb += [first.eq(first_of(bits)), number.eq(number_of(first[:width]))]
    rng = random.Random(width)
    given = [0, (1 << width) - 1, *(1 << i for i in range(width))]
    given += [rng.getrandbits(width) & -(1 << rng.randrange(width)) for _ in range(100)]

    async def bench(ctx):
        for value in given:
            ctx.set(bits, value)
            await ctx.delay(1e-9)
            lowest = value & -value
            assert ctx.get(first) == lowest
            assert ctx.get(number) == (lowest.bit_length() - 1 if lowest else 0)

    simulator = Simulator(m)
    simulator.add_testbench(bench)
    simulator.run()
