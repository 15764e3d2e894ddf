"""The memory budget: sums done by hand from the shapes a DP16KD can take."""

import re
from pathlib import Path

import pytest
from amaranth import Module, unsigned
from amaranth.lib import wiring
from amaranth.lib.memory import Memory

from hdl.configs import CONFIGS
from hdl.engine import Engine
from hdl.telemetry.record import RecordType
from hdl.telemetry.source import Source
from hdl.telemetry.source_queue import SourceQueue
from hdl.telemetry.sources import sources
from sim.timing.budget import block_rams_for, memories_of
from sim.timing.part import ECPIX5_85F

README = Path(__file__).resolve().parents[3] / "README.md"


@pytest.mark.parametrize(
    ("rows", "width", "blocks"),
    [
        (512, 36, 1),
        (512, 37, 2),  # 18 + 36
        (513, 36, 2),  # 1,024 rows of 18 bits, twice
        (1024, 135, 8),  # 7.5 times 18
        (4096, 136, 32),  # 15.1 times 9 bits in each half, or 34 times 4 bits: not better
        (16384, 1, 1),
        (1, 72, 2),
    ],
)
def test_block_rams_of_a_memory(rows: int, width: int, blocks: int):
    assert block_rams_for(rows, width) == blocks


class Memories(wiring.Component):
    """A memory read a cycle later, one read at once by two ports, and one of two rows."""

    def elaborate(self, platform):
        m = Module()
        m.submodules.late = late = Memory(shape=unsigned(36), depth=512, init=[])
        m.submodules.at_once = at_once = Memory(shape=unsigned(5), depth=17, init=[])
        late.read_port()
        late.write_port()
        at_once.read_port(domain="comb")
        at_once.read_port(domain="comb")
        at_once.write_port()
        m.submodules.few = few = Memory(shape=unsigned(9), depth=2, init=[])
        few.read_port(domain="comb")
        few.write_port()
        return m


def test_memories_are_found_with_their_kind():
    late, at_once, few = memories_of(Memories({}), ECPIX5_85F)
    assert (late.name, late.bits, late.block_rams, late.small_rams) == ("late", 512 * 36, 1, 0)
    # Two rows of small RAMs by two columns, once a port.
    assert (at_once.name, at_once.bits, at_once.block_rams, at_once.small_rams) == ("at_once", 85, 0, 8)
    assert (few.name, few.bits, few.block_rams, few.small_rams) == ("few", 18, 0, 0)


@pytest.mark.parametrize("in_block_ram", [False, True])
def test_few_records_wait_in_block_ram_where_it_is_said(in_block_ram: bool):
    (rows,) = memories_of(SourceQueue(Source(RecordType.ALARM, in_block_ram=in_block_ram), 512), ECPIX5_85F)
    assert (rows.block_rams > 0, rows.small_rams > 0) == (in_block_ram, not in_block_ram)


def test_records_wait_in_block_ram_where_the_order_table_leaves_it():
    wide = {name: sources(config)["gaps"].in_block_ram for name, config in CONFIGS.items()}
    assert {name for name, there in wide.items() if there} == {"demo", "scalp", "tiny"}


def test_the_readme_has_the_sizes_of_every_configuration():
    row = r"^\| `(\w+)`([^|]*)\| ([\d,]+) \| ([\d,]+) \| (\d+) \|"
    told = {}
    for name, words, *sizes in re.findall(row, README.read_text(), re.MULTILINE):
        told[name] = (*(int(size.replace(",", "")) for size in sizes), "heard" not in words)
    assert told == {c.name: (c.slots, c.table_orders, c.row_levels, c.trades) for c in CONFIGS.values()}


def test_without_the_maker_nothing_of_it_is_built():
    for name, there in (("tiny", True), ("scalp", False)):
        names = {need.name for need in memories_of(Engine(CONFIGS[name]), ECPIX5_85F)}
        for of_maker in ("maker.", "display.maker_", "resting.maker_"):
            assert any(one.startswith(of_maker) for one in names) == there, (name, of_maker)


def test_a_card_that_does_not_trade_keeps_the_book_and_nothing_of_orders():
    blocks = {need.name.split(".")[0] for need in memories_of(Engine(CONFIGS["listen"]), ECPIX5_85F)}
    assert blocks == {"book", "feed", "queue", "snapshot"}


@pytest.mark.parametrize("name", CONFIGS)
def test_every_configuration_fits_the_part(name: str):
    needs = memories_of(Engine(CONFIGS[name]), ECPIX5_85F)
    assert sum(need.block_rams for need in needs) <= ECPIX5_85F.block_rams
    # Every order is in the budget, with its full reference and its price.
    banks = [need for need in needs if need.name.startswith("book.table.bank_")]
    assert sum(need.rows for need in banks) == CONFIGS[name].table_orders
    # The stash's orders are kept once more without the reference, for another reader.
    stash = [need for need in needs if need.name.startswith("book.table.stash.")]
    whole = max(stash, key=lambda need: need.width)
    assert {need.rows for need in stash} == {16}
    assert all(need.width >= 64 + 32 + 32 for need in [*banks, whole])
