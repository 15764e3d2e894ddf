"""What the models of cells do not do is refused."""

import json

import pytest

from sim.bitstream.netlist import netlist_verilog
from sim.timing.step import FlowError

HALF = {f"DATA_WIDTH_{port}": f"{18:032b}" for port in "AB"}


@pytest.mark.parametrize(
    ("kind", "parameters", "connections", "told"),
    [
        ("DP16KD", {"DATA_WIDTH_A": f"{9:032b}"}, {}, "DATA_WIDTH_A 36 or 18 only; one has 9"),
        ("DP16KD", {**HALF, "DATA_WIDTH_B": f"{36:032b}"}, {}, "one width at both ports; one has"),
        ("DP16KD", HALF, {"DOA3": [7], "ADB5": [7]}, "shows nothing at port A; of one it is read"),
        ("DP16KD", {"REGMODE_B": "OUTREG"}, {}, "REGMODE_B NOREG only; one has OUTREG"),
        ("DP16KD", {}, {"RSTB": [7]}, "no RSTB, which one uses"),
        ("DP16KD", {}, {"CSB1": [7]}, "no CSB1, which one uses"),
        ("ALU54B", {}, {}, "ALU54B"),
        ("MULT18X18D", {"REG_OUTPUT_CLK": "CLK0"}, {}, "REG_OUTPUT_CLK NONE only; one has CLK0"),
    ],
)
def test_a_cell_that_does_more_than_its_model(tmp_path, kind, parameters, connections, told):
    directions = {port: "output" if port.startswith("DO") else "input" for port in connections}
    cell = {"type": kind, "parameters": parameters, "connections": connections, "port_directions": directions}
    netlist = tmp_path / "top.json"
    netlist.write_text(json.dumps({"modules": {"top": {"ports": {}, "cells": {"one": cell}}}}))
    with pytest.raises(FlowError, match=told):
        netlist_verilog(netlist)
