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
    """A block RAM's worth of rows, each of so many parts of nine bits."""

    def __init__(self, rows, parts):
        self._rows, self._parts = rows, parts
        number = range(len(rows))
        super().__init__(
            {
                "write_row": In(number),
                "write_data": In(9 * parts),
                "write_parts": In(parts),
                "read_row": In(number),
                "reads": In(1),
                "read_data": Out(9 * parts),
                "once_read": Out(1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.memory = memory = Memory(shape=unsigned(9 * self._parts), depth=len(self._rows), init=self._rows)
        write, read = memory.write_port(granularity=9), memory.read_port()
        m.d.comb += [
            write.addr.eq(self.write_row),
            write.data.eq(self.write_data),
            write.en.eq(self.write_parts),
            read.addr.eq(self.read_row),
            read.en.eq(self.reads),
            self.read_data.eq(read.data),
        ]
        with m.If(self.reads):
            m.d.sync += self.once_read.eq(1)
        return m


def test_transmission(run_cocotb):
    run_cocotb(MacTransmitter(), "cocotb_mac_tx", synthesised=True)


@pytest.mark.parametrize("parts", [2, 4])
def test_block_ram(run_cocotb, parts):
    rng = random.Random(parts)
    rows = [rng.getrandbits(9 * parts) for _ in range(2048 // parts)]
    env = {"ROWS": ",".join(map(str, rows)), "PARTS": str(parts)}
    run_cocotb(Rows(rows, parts), "cocotb_rows", env=env, synthesised=True)


@long
def test_reception(run_cocotb):
    run_cocotb(MacReceiver(), "cocotb_mac_rx", synthesised=True)
