"""Each board's design, as it is given to synthesis."""

import re

import pytest

from hdl.boards import BOARDS
from hdl.configs import CONFIGS


def test_a_board_is_found_by_its_name():
    assert {name: board.name for name, board in BOARDS.items()} == {"ecpix5": "ecpix5", "versa": "versa"}
    assert {name: (board.ports, board.clock_mhz) for name, board in BOARDS.items()} == {
        "ecpix5": (1, 31.25),
        "versa": (2, 31.25),
    }
    assert all(board.config in CONFIGS for board in BOARDS.values())


# One with all that a card can have; of the other the ports are what is new, and the rest is written down sooner.
@pytest.mark.parametrize(("name", "config"), [("ecpix5", "tiny"), ("versa", "listen")])
def test_pins_clocks_and_cells(name, config, monkeypatch):
    # Amaranth looks for the tools when it writes down how they are called.
    for tool in ("YOSYS", "NEXTPNR_ECP5", "ECPPACK"):
        monkeypatch.setenv(tool, f"yowasp-{tool.lower().replace('_', '-')}")
    board = BOARDS[name]
    plan = board.platform().build(board.top(CONFIGS[config]), do_build=False)
    call = plan.files["build_top.sh"]
    assert f"--{board.device} --package {board.package} --speed {board.speed} " in call
    pins = plan.files["top.lpf"]
    for port in range(board.ports):
        # Clock, control and four of data each way; reset and the management bus.
        assert len(re.findall(rf'LOCATE COMP "eth_rgmii_{port}__', pins)) == 15
        assert f'FREQUENCY NET "card.rx_clk_{port}" 125000000' in pins
    assert 'FREQUENCY NET "clk_line" 125000000' in pins
    assert 'FREQUENCY NET "clk_card" 31250000' in pins
    cells = plan.files["top.il"]
    for cell, number in (("IDDRX1F", 5), ("ODDRX1F", 6), ("DELAYG", 11)):
        assert len(re.findall(rf"cell \\{cell} ", cells)) == number * board.ports
    assert len(re.findall(r"cell \\EHXPLLL ", cells)) == 1
    assert "negedge" not in cells  # what stands for the cells in a simulation is not on the board
