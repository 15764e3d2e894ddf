"""What is placed and routed for a board, simulated cell by cell."""

import os
from pathlib import Path

import pytest

from hdl.boards import BOARDS
from hdl.configs import CONFIGS
from sim.bitstream.build import synthesise_board, synthesise_design
from sim.bitstream.netlist import netlist_verilog
from tests.sim.bitstream.echo_board import EchoTop

BUILD = Path(__file__).resolve().parents[3] / "build"
BOARD = BOARDS["ecpix5"]


@pytest.fixture(autouse=True)
def benches_of_the_network(monkeypatch):
    """The PHY and the host of the ports' tests."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "net"))


def test_the_netlist_of_the_network_half(run_cocotb):
    netlist = synthesise_design(EchoTop(BOARD), BOARD.platform(), BUILD / "netlists" / "echo", say=print)
    run_cocotb(netlist_verilog(netlist), "cocotb_echo")


@pytest.mark.skipif("PENNYWIRE_SMOKE" not in os.environ, reason="`make smoke` runs it")
def test_the_netlist_of_a_bitstream(run_cocotb):
    netlist = synthesise_board(BOARD, CONFIGS[BOARD.config], say=print)
    run_cocotb(netlist_verilog(netlist), "cocotb_board")
