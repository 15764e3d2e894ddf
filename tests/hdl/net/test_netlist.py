"""The tests of blocks again, on what synthesis made of them: each cell of the FPGA by Yosys' own model of it."""

import os

import pytest

from hdl.net.mac_rx import MacReceiver
from hdl.net.mac_tx import MacTransmitter

long = pytest.mark.skipif("PENNYWIRE_SMOKE" not in os.environ, reason="`make smoke` runs it")


def test_transmission(run_cocotb):
    run_cocotb(MacTransmitter(), "cocotb_mac_tx", synthesised=True)


@long
def test_reception(run_cocotb):
    run_cocotb(MacReceiver(), "cocotb_mac_rx", synthesised=True)
