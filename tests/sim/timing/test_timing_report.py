"""Reading nextpnr's report: the expected figures are those its own log prints of the same run."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from sim.timing.__main__ import show
from sim.timing.report import Area, area_by_block, blocks_of, figures_of, read_timing

RTLIL = """\
module \\top
end
attribute \\top 1
module \\top.block
end
module \\top.block.fifo
end
"""


@pytest.fixture
def report() -> dict:
    """Of an event queue placed and routed alone, cut to its slowest nets."""
    return json.loads(Path(__file__).with_name("queue_report.json").read_text())


def netlist(**cells: str) -> dict:
    return {"modules": {"top": {"cells": {name.replace("__", "."): {"type": kind} for name, kind in cells.items()}}}}


def test_blocks_have_the_names_of_the_hierarchy():
    assert blocks_of(RTLIL) == ["block", "block.fifo"]


def test_cells_count_for_their_block_and_for_those_around_it():
    cells = netlist(
        block__a_TRELLIS_FF_Q="TRELLIS_FF",
        block__fifo__b_LUT4_Z="LUT4",
        block__fifo__c_CCU2C_S0="CCU2C",
        block__fifo__storage__0__0="DP16KD",
        block__fifo__storage__0__1="PDPW16KD",
        block__fifo__p_MULT18X18D_P0="MULT18X18D",
        block__fifolike_LUT4_Z="LUT4",
        captured_TRELLIS_FF_Q="TRELLIS_FF",
        block__ram__0="TRELLIS_DPR16X4",
        block__fifo="$scopeinfo",
    )
    assert area_by_block(cells, ["block", "block.fifo"]) == {
        "block": Area(luts=10, ffs=1, brams=2, dsps=1),
        "block.fifo": Area(luts=3, ffs=0, brams=2, dsps=1),
        "scaffold": Area(luts=0, ffs=1, brams=0, dsps=0),
    }


def test_the_clock_and_the_slowest_path_are_those_of_the_log(report):
    timing = read_timing(report, netlist(), RTLIL)
    assert (timing.mhz, timing.target_mhz) == (192.23, 156.25)
    assert (timing.luts, timing.ffs, timing.brams, timing.dsps) == (1253, 2084, 13, 0)
    assert timing.available == {"luts": 83640, "ffs": 83640, "brams": 208, "dsps": 156}
    critical = timing.critical
    assert (round(critical.ns, 2), round(critical.logic_ns, 2), round(critical.routing_ns, 2)) == (5.20, 1.26, 3.94)
    assert (critical.begins, critical.source) == ("block.fifo", "inner_level")
    assert (critical.ends, critical.target) == ("scaffold", "captured")
    assert critical.through == ("block.fifo", "scaffold")
    assert "5.20 ns from block.fifo (inner_level) to scaffold (captured)" in critical.words()
    assert timing.slowest == {"scaffold": 5.2}


def test_a_way_from_a_pin_is_not_from_a_register(report):
    pin = report["detailed_net_timings"][0]
    assert pin["event"] == "<async>"
    pin["endpoints"][0]["delay"] = [9.0, 9.0]
    report["detailed_net_timings"][1]["endpoints"][0]["cell"] = "block.fifo.level_TRELLIS_FF_Q"
    assert read_timing(report, netlist(), RTLIL).slowest == {"block.fifo": 5.2, "scaffold": 5.01}


def test_figures_carry_the_configuration_and_say_that_no_board_was_there(report):
    figures = figures_of(read_timing(report, netlist(), RTLIL), "demo", "LFE5UM5G-85F-8BG554")
    values = {key: figure.value for key, figure in figures.items()}
    assert values == {
        "timing_demo_mhz": 192.23,
        "timing_demo_luts": 1253,
        "timing_demo_ffs": 2084,
        "timing_demo_brams": 13,
    }
    assert all("not measured on a board" in figure.what for figure in figures.values())


@pytest.mark.parametrize(
    ("name", "what", "feed"),
    # 192.23 MHz times 64 bits, and times 32.
    [
        ("scalp", "engine", "12,303 Mb/s, 8 bytes"),
        ("scalp-gigabit", "engine", "6,151 Mb/s, 4 bytes"),
        ("scalp", "x", ""),
    ],
)
def test_an_engine_is_said_to_carry_as_much_feed_as_its_clock_has_beats(report, name, what, feed):
    console = Console(file=io.StringIO(), width=120)
    show(read_timing(report, netlist(), RTLIL), name, what, console)
    said = console.file.getvalue()
    assert f"feed at that clock: {feed}" in said if feed else "feed at" not in said


def test_a_report_of_two_clocks_is_refused(report):
    report["fmax"]["other"] = {"achieved": 1.0, "constraint": 1.0}
    with pytest.raises(ValueError, match="one clock"):
        read_timing(report, netlist(), RTLIL)


def test_a_report_without_a_path_is_refused(report):
    report["critical_paths"] = [path for path in report["critical_paths"] if path["from"] == "<async>"]
    with pytest.raises(ValueError, match="no path from register to register"):
        read_timing(report, netlist(), RTLIL)
