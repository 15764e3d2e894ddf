"""Which rows ask to be filled, and whose turn it is, against a set of rows kept beside it."""

import random

import pytest
from amaranth.hdl import ResetInserter, Signal
from amaranth.sim import Simulator

from hdl.book.refill_requests import RefillRequests


def play(slots, seed, cycles=4000):
    """Write, clear and look at random, as the book does it: no row is written in the cycle after a clear.

    Every thousand cycles there is a reset, after which the rows are cleared. Gives, for each look that found a row, how
    many cycles of looking the row had waited for.
    """
    rng = random.Random(seed)
    reset = Signal()
    dut = RefillRequests(slots)
    asking = {}  # row: cycles looked since it asked, or since it was found
    waited = []

    async def drive(ctx):
        cleared = None
        for cycle in range(cycles):
            beginning = cycle % 1000 <= slots + 1
            ctx.set(reset, cycle % 1000 == 0)
            ctx.set(dut.initialising, beginning)
            if beginning:
                asking.clear()
                cleared = None
            clears = not beginning and rng.random() < 0.1 and cleared is None
            writes = not beginning and cleared is None and rng.random() < 0.4
            row, low = (rng.randrange(slots), rng.randrange(2)), rng.randrange(2)
            ctx.set(dut.written, writes)
            ctx.set(dut.written_slot, row[0])
            ctx.set(dut.written_side, row[1])
            ctx.set(dut.low, low)
            ctx.set(dut.cleared, clears)
            if cleared is None:
                slot = rng.randrange(slots)
                ctx.set(dut.cleared_slot, slot)
            looks = rng.random() < 0.7
            ctx.set(dut.looks, looks)
            # What was written up to the cycle before is what is seen; what a clear takes is still seen in the next.
            assert ctx.get(reset) or ctx.get(dut.pending) == bool(asking)
            if ctx.get(dut.found & ~reset):
                found = (ctx.get(dut.slot), ctx.get(dut.side))
                assert looks
                waited.append(asking[found])
                asking[found] = -1
            if looks and asking:
                for other in asking:
                    asking[other] += 1
            if cleared is not None:
                asking.pop((cleared, 0), None)
                asking.pop((cleared, 1), None)
            if writes and low:
                asking.setdefault(row, 0)
            elif writes:
                asking.pop(row, None)
            cleared = slot if clears else None
            await ctx.tick()

    simulator = Simulator(ResetInserter(reset)(dut))
    simulator.add_clock(1e-8)
    simulator.add_testbench(drive)
    simulator.run()
    return waited


@pytest.mark.parametrize("slots", [1, 2, 5, 64])
@pytest.mark.parametrize("seed", [1, 2])
def test_every_row_that_asks_is_found_in_its_turn_and_no_other(slots, seed):
    waited = play(slots, seed)
    assert len(waited) > 100
    assert max(waited) < 2 * (1 << max(slots - 1, 1).bit_length())
