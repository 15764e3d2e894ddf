"""The flow in small: one block from Amaranth to a routed netlist, its ports kept alive by the scaffold."""

import json
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from amaranth import Cat, Module, Value, signed, unsigned
from amaranth.back import rtlil
from amaranth.hdl import Fragment
from amaranth.lib import data, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from amaranth.sim import Simulator

from hdl.book.memory import BookMemory
from hdl.book.rows import BookRows
from sim.timing.budget import memories_of
from sim.timing.demand import Demand, demand_of, require_fit
from sim.timing.engine import block_of, configuration
from sim.timing.flow import FlowError, emit, place_and_route, synthesise, write_source, yosys
from sim.timing.part import ECPIX5_85F
from sim.timing.report import Area, read_files
from sim.timing.scaffold import Scaffold

ROOT = Path(__file__).resolve().parents[3]


class Inner(wiring.Component):
    """Adds ``loose``, which the block around it leaves to others, and says what came of it."""

    wired: In(4)
    loose: In(4)
    total: Out(4)
    told: Out(4)

    def elaborate(self, platform):
        m = Module()
        m.d.sync += self.total.eq(self.wired + self.loose)
        m.d.comb += self.told.eq(self.loose)
        return m


class Outer(wiring.Component):
    """Wires its inner block's ``wired`` and ``total`` only."""

    given: In(4)
    result: Out(4)

    def __init__(self):
        self.inner = Inner()
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        m.submodules.inner = self.inner
        m.d.comb += [self.inner.wired.eq(self.given), self.result.eq(self.inner.total)]
        return m


def test_loose_ports_are_chained_and_wired_ones_left_alone():
    outer = Outer()
    scaffold = Scaffold(outer, [outer.inner])
    simulator = Simulator(scaffold)
    simulator.add_clock(1e-6)
    seen = []

    async def shift(ctx):
        for bit in (1, 0, 0, 1, 0, 1, 1, 0):
            ctx.set(scaffold.serial_in, bit)
            await ctx.tick()
        seen.append((ctx.get(outer.given), ctx.get(outer.inner.wired), ctx.get(outer.inner.loose)))
        ctx.set(scaffold.serial_in, 0)
        for _ in range(20):
            await ctx.tick()
            seen.append(ctx.get(scaffold.serial_out))

    simulator.add_testbench(shift)
    simulator.run()
    # The last bit shifted in is the first of the chain; given lies before loose.
    assert seen[0] == (0b0110, 0b0110, 0b1001)
    assert {0, 1} == set(seen[1:])


def test_a_block_is_placed_and_routed(tmp_path):
    said = []
    block = BookMemory(unsigned(64), 1024, forwards=True)
    scaffold = Scaffold(block)
    work = tmp_path / "memory"
    source = emit(scaffold, ECPIX5_85F, work)
    netlist = synthesise(work, said.append)
    report = place_and_route(work, ECPIX5_85F, target_mhz=156.25, seed=1, say=said.append)
    timing = read_files(report, netlist, source)

    # What was asked for before it was placed is what nextpnr then found, and its part is the one that is described.
    asked = demand_of(netlist, source).whole
    assert (asked.ffs, asked.brams) == (timing.ffs, timing.brams)
    assert (timing.available["luts"], timing.available["ffs"]) == (ECPIX5_85F.luts, ECPIX5_85F.luts)
    assert timing.available["brams"] == ECPIX5_85F.block_rams

    (need,) = memories_of(block, ECPIX5_85F)
    assert timing.brams == need.block_rams == 4
    # Chain, captured outputs and their tree; in the block the data, those passed on, and what was asked, when and
    # whether it was written: nothing was taken away, and nothing made twice. Only ``arrived`` is no register of its
    # own: the chain has the same one, the input after the one that asks.
    inputs, outputs = 2 * (1 + 10) + 64, 64
    assert timing.ffs == (inputs + outputs + 16 + 4 + 1) + (64 + 64 + 10 + 1)
    log = (work / "nextpnr.log").read_text()
    assert f"{timing.mhz:.2f} MHz" in log.split("Max frequency")[-1]
    assert timing.critical.ns == pytest.approx(1000 / timing.mhz, rel=1e-3)

    # Nothing has changed: nothing is done again. A word in the source: all of it is.
    before = report.stat().st_mtime_ns
    place_and_route(work, ECPIX5_85F, target_mhz=156.25, seed=1, say=said.append)
    assert report.stat().st_mtime_ns == before
    assert said[-1] == "place and route: nothing has changed since it was done"


@pytest.mark.parametrize(
    ("ffs", "brams", "said"),
    [(83_641, 208, "83,641 flip-flops of 83,640;"), (83_640, 209, "209 block RAMs of 208;")],
)
def test_what_does_not_fit_is_not_placed_and_told_by_block(tmp_path, ffs, brams, said):
    part = {"engine": Area(10, ffs, brams, 0), "engine.book": Area(9, 1, brams, 0)}
    with pytest.raises(FlowError, match=f"does not fit LFE5UM5G-85F and was not placed: it asks for {said}"):
        require_fit(Demand(part["engine"], part), ECPIX5_85F, "engine of 'huge'", tmp_path)
    assert "engine.book" in (tmp_path / "demand.txt").read_text()
    require_fit(Demand(Area(83_640, 83_640, 208, 0), {}), ECPIX5_85F, "engine of 'full'", tmp_path)


class Five(wiring.Component):
    """Adds five numbers."""

    given: In(data.ArrayLayout(16, 5))
    total: Out(19)

    def elaborate(self, platform):
        m = Module()
        m.d.comb += self.total.eq(sum(self.given[i] for i in range(5)))
        return m


def test_a_sum_of_five_is_carry_chains_and_next_to_nothing_else(tmp_path):
    block = Five()
    write_source(rtlil.convert(block, name="top", ports=[block.given.as_value(), block.total]), tmp_path)
    cells = json.loads(synthesise(tmp_path, lambda _: None).read_text())["modules"]["top"]["cells"]
    # Two bits a cell: three sums of 17 and 18 bits and one of 19, in whatever order. Of an even number bit 0 is
    # a look-up table.
    kinds = Counter(cell["type"] for cell in cells.values())
    assert set(kinds) <= {"CCU2C", "LUT4"}
    assert kinds["CCU2C"] <= 4 * 10
    assert kinds["LUT4"] <= 4


class Few(wiring.Component):
    """Keeps numbers of 8 bits in so many rows, read in the cycle of the address."""

    def __init__(self, rows):
        self._rows = rows
        super().__init__({"row": In(2), "write": In(1), "number": In(8), "read": Out(8)})

    def elaborate(self, platform):
        m = Module()
        m.submodules.rows = rows = Memory(shape=8, depth=self._rows, init=[])
        write, read = rows.write_port(), rows.read_port(domain="comb")
        m.d.comb += [
            write.en.eq(self.write),
            write.addr.eq(self.row),
            write.data.eq(self.number),
            read.addr.eq(self.row),
            self.read.eq(read.data),
        ]
        return m


@pytest.mark.parametrize(("rows", "small_rams", "flip_flops"), [(2, 0, 16), (4, 2, 0)])
def test_a_memory_of_few_rows_is_flip_flops(tmp_path, rows, small_rams, flip_flops):
    _written(Few(rows), tmp_path)
    cells = json.loads(synthesise(tmp_path, lambda _: None).read_text())["modules"]["top"]["cells"]
    kinds = Counter(cell["type"] for cell in cells.values())
    assert (kinds["TRELLIS_DPR16X4"], kinds["TRELLIS_FF"]) == (small_rams, flip_flops)


class Comparisons(wiring.Component):
    """Compares two numbers in the four ways, with signs and without, of one width and of two."""

    first: In(32)
    second: In(32)
    short: In(signed(19))
    long: In(signed(33))
    below: Out(4)
    not_above: Out(4)

    def elaborate(self, platform):
        m = Module()
        pairs = ((self.first, self.second), (self.long, self.short), (self.short, self.first), (self.second, self.long))
        m.d.comb += [
            self.below.eq(Cat(pairs[0][0] < pairs[0][1], *(a > b for a, b in pairs[1:]))),
            self.not_above.eq(Cat(pairs[0][0] <= pairs[0][1], *(a >= b for a, b in pairs[1:]))),
        ]
        return m


def _written(block, work):
    ports = [Value.cast(getattr(block, name)) for name in block.signature.members]
    return write_source(rtlil.convert(block, name="top", ports=ports), work)


def test_a_comparison_is_a_carry_chain(tmp_path):
    _written(Comparisons(), tmp_path)
    cells = json.loads(synthesise(tmp_path, lambda _: None).read_text())["modules"]["top"]["cells"]
    # Eight of 33 to 35 bits, two bits a cell; of look-up tables no more than turn a sign round.
    kinds = Counter(cell["type"] for cell in cells.values())
    assert set(kinds) == {"CCU2C", "LUT4"}
    assert 8 * 17 <= kinds["CCU2C"] <= 8 * 19
    assert kinds["LUT4"] <= 8


def _proved_the_same_when_chained(work, *kinds):
    # Nothing of these kinds may be left: what is left was not proved. What a cell of a chain does is for Yosys' model
    # to say.
    for name in ("carry_chains.v", "carry_cells.v"):
        shutil.copyfile(ROOT / "sim" / "timing" / name, work / name)
    commands = (
        "read_verilog -lib +/ecp5/cells_sim.v",
        "read_rtlil top.il",
        "hierarchy -top top",
        "proc",
        "copy top mapped",
        "techmap -map carry_chains.v mapped",
        "alumacc mapped",
        "techmap -map carry_cells.v mapped",
        "select -assert-none " + " ".join(f"mapped/t:{kind}" for kind in kinds),
        "techmap -autoproc -map +/ecp5/cells_sim.v mapped",
        "miter -equiv -flatten -make_outputs top mapped miter",
        "hierarchy -top miter",
        "techmap",
        "opt -full",
        "sat -verify -prove trigger 0 miter",
    )
    proved = subprocess.run(yosys("proof.log", *commands), cwd=work, capture_output=True, text=True, check=False)
    assert proved.returncode == 0, (work / "proof.log").read_text()[-2000:] + proved.stderr
    assert "no model found: SUCCESS" in (work / "proof.log").read_text()


def test_a_comparison_on_a_carry_chain_says_what_it_said(tmp_path):
    _written(Comparisons(), tmp_path)
    _proved_the_same_when_chained(tmp_path, "$lt", "$le", "$gt", "$ge")


class Sums(wiring.Component):
    """Adds and subtracts, of an even and an odd number of bits, with signs and without, and counts up if told."""

    even: In(32)
    odd: In(17)
    short: In(signed(9))
    more: In(1)
    sums: Out(data.ArrayLayout(40, 6))

    def elaborate(self, platform):
        m = Module()
        results = (
            self.even + self.odd,
            self.even - self.odd,
            (self.odd + self.more)[:17],
            (self.odd - self.short)[:17],
            self.short + self.odd.as_signed(),
            self.more - self.even,
        )
        m.d.comb += [total.eq(result) for total, result in zip(self.sums, results, strict=True)]
        return m


class TurnedSigns(wiring.Component):
    """Turns the sign of two numbers: a difference from nothing."""

    even: In(32)
    short: In(signed(9))
    turned: Out(data.ArrayLayout(40, 2))

    def elaborate(self, platform):
        m = Module()
        m.d.comb += [self.turned[0].eq(-self.even), self.turned[1].eq(-self.short)]
        return m


@pytest.mark.parametrize("block", [Sums, TurnedSigns])
def test_a_sum_in_cells_of_a_chain_is_what_it_was(tmp_path, block):
    _written(block(), tmp_path)
    _proved_the_same_when_chained(tmp_path, "$add", "$sub", "$neg", "$alu")


def test_no_cell_goes_before_a_chain(tmp_path):
    _written(Sums(), tmp_path)
    cells = json.loads(synthesise(tmp_path, lambda _: None).read_text())["modules"]["top"]["cells"]
    chained = [cell["connections"] for cell in cells.values() if cell["type"] == "CCU2C"]
    carried = {tuple(cell["COUT"]) for cell in chained}
    # A carry in that is no other cell's carry out would be brought in by a cell of its own.
    assert {tuple(cell["CIN"]) for cell in chained} - carried == {("x",)}


class Equalities(wiring.Component):
    """Compares two numbers of each of some widths for equality, and for the opposite."""

    def __init__(self, *widths):
        self._widths = widths
        numbers = {f"{name}_{width}": In(width) for width in widths for name in ("first", "second")}
        super().__init__({**numbers, "alike": Out(len(widths)), "unlike": Out(len(widths))})

    def elaborate(self, platform):
        m = Module()
        pairs = [(getattr(self, f"first_{width}"), getattr(self, f"second_{width}")) for width in self._widths]
        m.d.comb += [
            self.alike.eq(Cat(first == second for first, second in pairs)),
            self.unlike.eq(Cat(first != second for first, second in pairs)),
        ]
        return m


def test_an_equality_of_many_bits_is_a_carry_chain_of_two_bits_a_half(tmp_path):
    _written(Equalities(23, 48), tmp_path)
    cells = json.loads(synthesise(tmp_path, lambda _: None).read_text())["modules"]["top"]["cells"]
    # 48 bits: a half for the first, 24 for the others and one to come out by, two halves a cell. Both ways of asking
    # are one chain. Fewer bits are a tree of look-up tables.
    kinds = Counter(cell["type"] for cell in cells.values())
    assert set(kinds) == {"CCU2C", "LUT4"}
    assert 13 <= kinds["CCU2C"] <= 2 * 13
    assert kinds["LUT4"] <= 12 + 12 // 3 + 4


def test_an_equality_on_a_carry_chain_says_what_it_said(tmp_path):
    _written(Equalities(24, 25, 26, 27, 47, 48), tmp_path)
    _proved_the_same_when_chained(tmp_path, "$eq", "$ne")


def test_a_source_that_cannot_be_read_is_told_with_what_the_tool_said(tmp_path):
    (tmp_path / "top.il").write_text("module \\top\n nonsense\n")
    with pytest.raises(FlowError, match=r"synthesis ended with status 1.*\n.*ERROR"):
        synthesise(tmp_path, lambda _: None)
    assert not (tmp_path / "top.json.key").exists()


def test_a_block_of_the_engine_is_the_one_that_the_engine_has():
    rows = block_of(configuration("tiny"), "book.rows", ECPIX5_85F)
    # As the book makes it: two slots, 8 levels, shares as wide as the sum of 256 orders and a stash of 16.
    alike = BookRows(2, 8, 32 + (256 + 16).bit_length())
    Fragment.get(alike, ECPIX5_85F)
    assert rows.signature == alike.signature


@pytest.mark.parametrize(
    ("path", "there"),
    [("boook", "arming, book, "), ("book.row", "depth, refill, rows, table"), ("book.depth.x", "none")],
)
def test_a_block_that_is_not_there_is_refused_with_those_that_are(path, there):
    with pytest.raises(ValueError, match=f"there is no block .*: there are .*{there}"):
        block_of(configuration("tiny"), path, ECPIX5_85F)


def test_a_configuration_as_a_gigabit_board_has_it():
    wide, narrow = configuration("tiny"), configuration("tiny-gigabit")
    assert (narrow.width, narrow.clock_period_ps) == (1, 8000)
    assert (narrow.slots, narrow.table_orders) == (wide.slots, wide.table_orders)
    with pytest.raises(ValueError, match=r"no configuration 'huge-gigabit': there are demo, .* -gigabit behind it"):
        configuration("huge-gigabit")
