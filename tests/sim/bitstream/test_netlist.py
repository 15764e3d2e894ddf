"""What the models of cells do not do is refused."""

import json

import pytest

from sim.bitstream.netlist import netlist_verilog
from sim.timing.step import FlowError


@pytest.mark.parametrize(
    ("kind", "parameters", "connections", "told"),
    [
        ("DP16KD", {"DATA_WIDTH_A": f"{18:032b}"}, {}, "DATA_WIDTH_A 36 only; one has 18"),
        ("DP16KD", {"REGMODE_B": "OUTREG"}, {}, "REGMODE_B NOREG only; one has OUTREG"),
        ("DP16KD", {}, {"RSTB": [7]}, "no RSTB, which one uses"),
        ("MULT18X18D", {"REG_OUTPUT_CLK": "CLK0"}, {}, "REG_OUTPUT_CLK NONE only; one has CLK0"),
    ],
)
def test_a_cell_that_does_more_than_its_model(tmp_path, kind, parameters, connections, told):
    cell = {"type": kind, "parameters": parameters, "connections": connections}
    netlist = tmp_path / "top.json"
    netlist.write_text(json.dumps({"modules": {"top": {"ports": {}, "cells": {"one": cell}}}}))
    with pytest.raises(FlowError, match=told):
        netlist_verilog(netlist)
