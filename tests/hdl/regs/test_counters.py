"""The counters: every one the card can have, counting at once, read as fast as the bus can be asked.

What is expected is a plain sum of what was driven.
"""

import itertools
import random

import pytest
from amaranth import ResetInserter, Signal
from amaranth.sim import Simulator

from hdl.configs import CONFIGS
from hdl.regs.bank import RegisterBank
from hdl.regs.bus import BusStatus

CONFIG = CONFIGS["tiny"]
LARGEST = (1 << 32) - 1
#: Counters with a wider increment than 1 bit; two of them reach their largest value in no time.
WIDE = {"feed.duplicates": 4, "feed.a_skipped": 16, "feed.frames": 32, "network.arp": 31}
#: Cycles from a strobe to its acknowledgement, and how many of them are counted in what is read.
ANSWERED, COUNTED = 4, 2


def counters_of(bank):
    """Ask for every counter; give its increment by its address."""
    increments = {}
    for register in bank.description:
        if register.fields[0].counter and register.key != "control.locked_writes":
            asked = bank.count_array(register.key, WIDE.get(register.key, 1))
            increments |= {register.address + 8 * i: increment for i, increment in enumerate(asked)}
    return increments


@pytest.mark.parametrize("busy", [1.0, 0.3])
def test_every_read_is_the_exact_sum(busy):
    bank, reset = RegisterBank(CONFIG), Signal()
    increments = counters_of(bank)
    assert len(increments) > 140
    places = sorted(increments)
    rng = random.Random(7)
    others = itertools.cycle(rng.sample(places, len(places)))
    seen = set()

    async def bench(ctx):
        sums, asked = dict.fromkeys(places, 0), []
        watched = rng.choice(places)
        for cycle in range(1500):
            ctx.set(reset, cycle in (700, 703, 1003))
            for increment in increments.values():
                largest = (1 << len(increment)) - 1
                ctx.set(increment, (largest if busy == 1 else rng.randint(0, largest)) * (rng.random() < busy))
            strobe = cycle % (ANSWERED + 1) == 0
            ctx.set(bank.bus.read, strobe)
            if strobe:
                # One counter again and again, so that its turn comes at any distance from a look; and all others.
                if rng.random() < 0.02:
                    watched = rng.choice(places)
                place = watched if cycle % 2 else next(others)
                ctx.set(bank.bus.address, place)
                asked = [place, cycle, None]
            if asked and cycle == asked[1] + COUNTED:
                asked[2] = sums[asked[0]]
            if asked and cycle == asked[1] + ANSWERED and ctx.get(bank.bus.ack):
                assert ctx.get(bank.bus.status) == BusStatus.OK
                assert ctx.get(bank.bus.rdata) == asked[2], (hex(asked[0]), cycle)
                seen.add(asked[0])
            for place, increment in increments.items():
                sums[place] = 0 if ctx.get(reset) else min(LARGEST, sums[place] + ctx.get(increment))
            await ctx.tick()

    simulator = Simulator(ResetInserter(reset)(bank))
    simulator.add_clock(8e-9)
    simulator.add_testbench(bench)
    simulator.run()
    assert len(seen) > 130
