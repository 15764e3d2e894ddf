"""The flow in small: one block from Amaranth to a routed netlist, its ports kept alive by the scaffold."""

import json

import pytest
from amaranth import Module, unsigned
from amaranth.hdl import Fragment, Value
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from amaranth.sim import Simulator

from hdl.book.memory import BookMemory
from hdl.book.queue import EventQueue
from hdl.book.rows import BookRows
from sim.timing import __main__ as command
from sim.timing.budget import memories_of
from sim.timing.demand import Demand, demand_of, require_fit
from sim.timing.engine import block_of, configuration
from sim.timing.flow import NETLIST, emit, place_and_route, synthesise
from sim.timing.part import ECPIX5_85F
from sim.timing.report import Area, read_files
from sim.timing.scaffold import Scaffold
from sim.timing.step import FlowError
from tests.sim.timing.netlist import cells_of, kinds_of


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
    # Chain, and the tree of the 64 outputs; in the block the data, those passed on, and what was asked, when and
    # whether it was written: nothing was taken away, and nothing made twice. Only ``arrived`` is no register of its
    # own: the chain has the same one, the input after the one that asks.
    inputs = 2 * (1 + 10) + 64
    assert timing.ffs == (inputs + 16 + 4 + 1) + (64 + 64 + 10 + 1)
    log = (work / "nextpnr.log").read_text()
    assert f"{timing.mhz:.2f} MHz" in log.split("Max frequency")[-1]
    assert timing.critical.ns == pytest.approx(1000 / timing.mhz, rel=1e-3)

    # Nothing has changed: nothing is done again. A word in the source: all of it is.
    before = report.stat().st_mtime_ns
    place_and_route(work, ECPIX5_85F, target_mhz=156.25, seed=1, say=said.append)
    assert report.stat().st_mtime_ns == before
    assert said[-1] == "place and route: nothing has changed since it was done"


def test_a_queue_in_block_ram_keeps_no_data_beside_it(tmp_path):
    """Of elements only the block RAM has bits: that it is never read where it is written is known to synthesis."""
    queue = EventQueue()
    work = tmp_path / "queue"
    source = emit(Scaffold(queue), ECPIX5_85F, work)
    asked = demand_of(synthesise(work, lambda said: None), source).whole
    ports = [(member.flow, len(Value.cast(port))) for _, member, port in queue.signature.flatten(queue)]
    inputs, outputs = (sum(bits for flow, bits in ports if flow is which) for which in (In, Out))
    event = len(Value.cast(queue.incoming.payload))
    assert asked.brams == -(-event // 36)
    # The scaffold's two chains; places and levels of the queue take a few dozen.
    assert asked.ffs < inputs + outputs / 3 + event / 2


def test_an_engine_is_spread_by_blank_rows_and_a_block_alone_is_not(tmp_path, monkeypatch):
    """The tables of the blank rows are not the engine's."""
    placed = []

    def place(work, *given, netlist, **others):
        placed.append(work / netlist)
        # Without the blank rows it takes seconds.
        return place_and_route(work, *given, **others)

    for name, value in (("WORK", tmp_path), ("BENCH", tmp_path / "bench.json"), ("place_and_route", place)):
        monkeypatch.setattr(command, name, value)
    monkeypatch.setattr(command, "engine_in_scaffold", lambda config: Scaffold(Inner()))
    monkeypatch.setattr(command, "block_of", lambda config, block, part: Inner())
    engine, block = (
        command.run("tiny", name, target_mhz=None, seed=1, say=lambda _: None)[0] for name in (None, "inner")
    )
    blank = [name for name in json.loads(placed[0].read_text())["modules"]["top"]["cells"] if name.startswith("blank.")]
    assert len(blank) > 10_000
    assert engine.luts == block.luts - len(blank)
    assert placed[1].name == NETLIST
    assert json.loads((tmp_path / "bench.json").read_text())["timing_tiny_luts"]["value"] == engine.luts


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
    kinds = kinds_of(cells_of(Few(rows), tmp_path))
    assert (kinds["TRELLIS_DPR16X4"], kinds["TRELLIS_FF"]) == (small_rams, flip_flops)


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
    assert (narrow.width, narrow.clock_period_ps) == (4, 32_000)
    assert (narrow.slots, narrow.table_orders) == (wide.slots, wide.table_orders)
    with pytest.raises(ValueError, match=r"no configuration 'huge-gigabit': there are demo, .* -gigabit behind it"):
        configuration("huge-gigabit")
