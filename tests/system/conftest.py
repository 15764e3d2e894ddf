"""`make smoke`: the same tests on what synthesis makes of the card."""

import os
from pathlib import Path

import pytest

from hdl.card import Card
from hdl.configs import CONFIGS
from sim.bitstream.netlist import block_verilog
from sim.verilated import model
from sim.verilated.build import AT_ONCE, build_card, build_verilog

ROOT = Path(__file__).resolve().parents[2]
#: The configuration of most tests.
CONFIG = "demo"


@pytest.fixture(scope="session", autouse=True)
def netlist_in_place_of_the_card():
    """With PENNYWIRE_SMOKE set, the models of this process are made of cells of the FPGA."""
    if "PENNYWIRE_SMOKE" not in os.environ:
        yield
        return
    netlist = block_verilog(Card(CONFIGS[CONFIG]), ROOT / "build" / "netlists" / f"card-{CONFIG}", print)
    library = build_verilog(netlist, compiling=AT_ONCE, progress=print)

    def build(config, **options):
        return library if config == CONFIGS[CONFIG] else build_card(config, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model, "build_card", build)
        yield
