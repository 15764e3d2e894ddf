"""The tests of blocks again, on what synthesis made of them: each cell of the FPGA by Yosys' own model of it."""

import os

import pytest

from hdl.net.mac_rx import MacReceiver
from hdl.net.mac_tx import MacTransmitter
from hdl.net.udp_receiver import UdpReceiver

long = pytest.mark.skipif("PENNYWIRE_SMOKE" not in os.environ, reason="`make smoke` runs it")


def test_transmission(run_cocotb):
    run_cocotb(MacTransmitter(), "cocotb_mac_tx", synthesised=True)


@long
def test_reception(run_cocotb):
    run_cocotb(MacReceiver(), "cocotb_mac_rx", synthesised=True)


@long
def test_udp(run_cocotb):
    env = {"WIDTH": "1", "ROUNDS": "300", "LEAST": "2"}
    run_cocotb(UdpReceiver(1, least=2), "cocotb_udp_receiver", env=env, synthesised=True)
