"""Rows of a block RAM, written by quarters and read, against a list."""

import os
import random

import cocotb
from cocotb.triggers import Timer

MASKS = [511 << 9 * i for i in range(4)]


@cocotb.test()
async def as_a_list_has_them(dut):
    rng = random.Random(5)
    rows = [int(row) for row in os.environ["ROWS"].split(",")]
    for _ in range(4000):
        # Few rows, so that one is often read while it is written; and all of them.
        at, asked = (rng.randrange(8 if rng.random() < 0.5 else len(rows)) for _ in range(2))
        value, quarters, reads = rng.getrandbits(36), rng.choice([0, 0, 15, rng.getrandbits(4)]), rng.random() < 0.7
        dut.write_row.value, dut.write_data.value, dut.write_quarters.value = at, value, quarters
        dut.read_row.value, dut.reads.value = asked, reads
        dut.clk.value = 0
        await Timer(1, "ns")
        dut.clk.value = 1
        await Timer(1, "ns")
        if reads:  # what the row was before the edge
            shown = rows[asked]
        mask = sum(MASKS[i] for i in range(4) if quarters >> i & 1)
        rows[at] = rows[at] & ~mask | value & mask
        if reads or dut.once_read.value:
            assert int(dut.read_data.value) == shown
