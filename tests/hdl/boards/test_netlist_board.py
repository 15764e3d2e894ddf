"""What is placed and routed for a board, simulated cell by cell."""

import os
from pathlib import Path

import pytest

from hdl.boards import BOARDS
from hdl.configs import CONFIGS
from sim.bitstream.build import synthesise_board
from sim.bitstream.netlist import netlist_verilog


@pytest.mark.skipif("PENNYWIRE_SMOKE" not in os.environ, reason="`make smoke` runs it")
def test_the_netlist_of_a_bitstream(run_cocotb, monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "net"))  # the PHY and the host of the ports' tests
    board = BOARDS["ecpix5"]
    netlist = synthesise_board(board, CONFIGS[board.config], say=print)
    run_cocotb(netlist_verilog(netlist), "cocotb_board")
