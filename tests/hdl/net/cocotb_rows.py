"""Rows of a block RAM, written in parts of nine bits and read, against a list."""

import os
import random

import cocotb
from cocotb.triggers import Timer

PARTS = int(os.environ["PARTS"])
MASKS = [511 << 9 * i for i in range(PARTS)]


@cocotb.test()
async def as_a_list_has_them(dut):
    rng = random.Random(5)
    rows = [int(row) for row in os.environ["ROWS"].split(",")]
    for _ in range(4000):
        # Few rows, so that one is often read while it is written; and all of them.
        at, asked = (rng.randrange(8 if rng.random() < 0.5 else len(rows)) for _ in range(2))
        parts = rng.choice([0, 0, (1 << PARTS) - 1, rng.getrandbits(PARTS)])
        value, reads = rng.getrandbits(9 * PARTS), rng.random() < 0.7
        dut.write_row.value, dut.write_data.value, dut.write_parts.value = at, value, parts
        dut.read_row.value, dut.reads.value = asked, reads
        dut.clk.value = 0
        await Timer(1, "ns")
        dut.clk.value = 1
        await Timer(1, "ns")
        if reads:  # what the row was before the edge
            shown = rows[asked]
        mask = sum(MASKS[i] for i in range(PARTS) if parts >> i & 1)
        rows[at] = rows[at] & ~mask | value & mask
        if reads or dut.once_read.value:
            assert int(dut.read_data.value) == shown
