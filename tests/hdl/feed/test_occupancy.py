import random

import pytest
from amaranth.sim import Simulator

from hdl.feed.occupancy import Occupancy


@pytest.mark.parametrize("depth", [4, 16, 64])
def test_places_against_a_set(depth):
    """What is put is taken from the next cycle on, what is taken out is free, and clearing frees all of it."""
    block, rng = Occupancy(depth), random.Random(depth)
    seen = dict.fromkeys(("put", "again", "take", "both", "clear"), 0)

    async def drive(ctx):
        taken = set()
        for _ in range(4000):
            put_place, put, clear = rng.randrange(depth), rng.random() < 0.6, rng.random() < 0.02
            inside = [place for place in sorted(taken) if place != put_place]
            take_place = rng.choice(inside) if inside and rng.random() < 0.7 else rng.randrange(depth)
            take = take_place in inside and rng.random() < 0.8
            for port, value in (
                (block.put_place, put_place),
                (block.put, put),
                (block.take_place, take_place),
                (block.take, take),
                (block.clear, clear),
            ):
                ctx.set(port, value)
            assert ctx.get(block.put_taken) == (put_place in taken)
            assert ctx.get(block.take_taken) == (take_place in taken)
            for name, happens in (
                ("put", put),
                ("again", put and put_place in taken),
                ("take", take),
                ("both", put and take),
                ("clear", clear),
            ):
                seen[name] += happens
            if put:
                taken.add(put_place)
            if take:
                taken.discard(take_place)
            if clear:
                taken.clear()
            await ctx.tick()

    sim = Simulator(block)
    sim.add_clock(1e-6)
    sim.add_testbench(drive)
    sim.run()
    assert min(seen.values()) > 20, seen
