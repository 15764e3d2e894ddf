"""The tests of blocks again, on what synthesis made of them: each cell of the FPGA by its model."""

import os
import random

import pytest
from amaranth import Module, unsigned
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from hdl.net.mac_rx import MacReceiver
from hdl.net.mac_tx import MacTransmitter

long = pytest.mark.skipif("PENNYWIRE_SMOKE" not in os.environ, reason="`make smoke` runs it")


class Rows(wiring.Component):
    """A block RAM's worth of rows, each of four quarters."""

    write_row: In(9)
    write_data: In(36)
    write_quarters: In(4)
    read_row: In(9)
    reads: In(1)
    read_data: Out(36)
    once_read: Out(1)

    def __init__(self, rows):
        self._rows = rows
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        m.submodules.memory = memory = Memory(shape=unsigned(36), depth=len(self._rows), init=self._rows)
        write, read = memory.write_port(granularity=9), memory.read_port()
        m.d.comb += [
            write.addr.eq(self.write_row),
            write.data.eq(self.write_data),
            write.en.eq(self.write_quarters),
            read.addr.eq(self.read_row),
            read.en.eq(self.reads),
            self.read_data.eq(read.data),
        ]
        with m.If(self.reads):
            m.d.sync += self.once_read.eq(1)
        return m


def test_transmission(run_cocotb):
    run_cocotb(MacTransmitter(), "cocotb_mac_tx", synthesised=True)


def test_block_ram(run_cocotb):
    rng = random.Random(4)
    rows = [rng.getrandbits(36) for _ in range(512)]
    run_cocotb(Rows(rows), "cocotb_rows", env={"ROWS": ",".join(map(str, rows))}, synthesised=True)


@long
def test_reception(run_cocotb):
    run_cocotb(MacReceiver(), "cocotb_mac_rx", synthesised=True)
