"""A block at a prompt: found by name, poked by its ports' names, and seen in a wave."""

import gc
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sim.poke.bench import Bench
from sim.poke.find import PokeError, find_block, make_block

ROOT = Path(__file__).resolve().parents[3]

#: What is asked of a row of price levels when a level is emptied: by hand, from what a book does.
SCRIPT = """
for level, (price, shares) in enumerate([(100, 7), (102, 5), (105, 9)]):
    ports.row.keys[level] = price
    ports.row.shares[level] = shares
ports.row.valid = 0b0111
ports.reduce, ports.found.old, ports.found.old_shares, ports.found.taken = 1, 0b0010, 5, 5
assert ports.result.valid == 0b0011
assert [ports.result.keys[i] for i in range(2)] == [100, 105]
assert [ports.result.shares[i] for i in range(2)] == [7, 9]
ports.found.taken = 2
assert ports.result.shares[1] == 3
print("poked")
"""


def poke(*words):
    command = [sys.executable, "-m", "sim.poke", *map(str, words)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL)


def names_in(wave: Path) -> set[str]:
    """Names of the signals that a VCD declares."""
    return {line.split()[4] for line in wave.read_text().splitlines() if line.strip().startswith("$var")}


def test_a_block_is_poked_by_a_script(tmp_path):
    script, wave = tmp_path / "script.py", tmp_path / "wave.vcd"
    script.write_text(SCRIPT)
    done = poke("book.ladder", "levels=4", "--script", script, "--wave", wave)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"poked\nwave: {wave}\n"
    assert "RowMatch" in done.stderr  # the file's other block is named
    assert {"row__keys__0", "row__shares__3", "result__valid", "reduce"} <= names_in(wave)
    changes = wave.read_text().partition("$enddefinitions")[2]
    assert f"b{102:032b}" in changes  # a price that was set is seen


def test_a_script_that_fails_is_not_passed_over(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("assert ports.result.valid == 3, 'no level was set'")
    done = poke("book.ladder", "levels=4", "--script", script, "--wave", tmp_path / "wave.vcd")
    assert done.returncode == 1
    assert "no level was set" in done.stderr
    script.write_text("ports.result.valid = 1")
    done = poke("book.ladder", "levels=4", "--script", script, "--wave", tmp_path / "wave.vcd")
    assert done.returncode == 1
    assert done.stderr.endswith("poke: result.valid is an output: it is the block's to set\n")


def test_a_clock_is_ticked_by_hand(tmp_path):
    """A bucket of two tokens, one every four cycles of card time."""
    wave = tmp_path / "wave.vcd"
    with Bench(make_block(find_block("risk.order_rate")[0], {}), wave) as bench:
        bench.reset()
        ports = bench.ports
        ports.burst, ports.interval = 2, 4
        assert ports.empty == 1
        ports.card_time = 4
        bench.tick()
        assert ports.empty == 0
        ports.granted = 1
        bench.tick()
        assert ports.empty == 1
        assert bench.cycles == 4
        with pytest.raises(PokeError, match=r"burst holds 0 to 65535, not 65536"):
            ports.burst = 65536
        with pytest.raises(PokeError, match="there is no port 'bursts' here"):
            ports.bursts = 1
        assert "interval" in dir(ports)
        assert "card_time                        <- 4" in repr(ports)
    assert {"clk", "rst", "burst", "empty"} <= names_in(wave)


def test_fields_of_a_struct_go_by_their_names(tmp_path):
    """An event that finds the queue taken by nobody waits in it."""
    with Bench(make_block(find_block("book.queue")[0], {"depth": 4}), tmp_path / "wave.vcd") as bench:
        bench.reset()
        ports = bench.ports
        ports.incoming.payload = {"price": 1_500_000, "slot": 3}
        ports.incoming.valid = 1
        bench.tick()
        ports.incoming.valid = 0
        bench.tick(3)
        assert (ports.outgoing.valid, ports.level) == (1, 1)
        assert ports.outgoing.payload.price == 1_500_000
        assert ports.outgoing.payload.slot == 3
        assert "'slot': 3" in repr(ports.outgoing)
        with pytest.raises(PokeError, match="'outgoing' is made of payload, valid, ready: set one of these"):
            ports.outgoing = 1


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("book.leader",), "there is no hdl/book/leader.py"),
        (("book.ladder.Row",), "has no block 'Row': it has RowChange, RowMatch"),
        (("book.operation",), "hdl.book.operation has no block of its own"),
        (("book.ladder", "depth=4"), "RowChange has no parameter 'depth'; it has: levels, share_bits"),
        (("book.memory",), "takes 'shape', which is no number"),
    ],
)
def test_what_cannot_be_poked_is_said(words, complaint):
    done = poke(*words)
    assert done.returncode == 1
    assert complaint in done.stderr


@pytest.mark.filterwarnings("ignore::amaranth.hdl.UnusedElaboratable")
def test_most_blocks_can_be_made_as_they_are():
    """Only blocks that are given a shape, a list (sources, registers) or a second clock need more than numbers."""
    refused = set()
    for path in sorted((ROOT / "hdl").rglob("*.py")):
        name = ".".join(path.relative_to(ROOT / "hdl").with_suffix("").parts)
        try:
            block, others = find_block(name)
        except PokeError:
            continue
        for one in [block.__name__, *others]:
            sizes: dict[str, int] = {}
            while one not in refused:
                try:
                    make_block(find_block(f"{name}.{one}")[0], sizes)
                    break
                except PokeError as error:
                    wanted = re.search(r" wants '(\w+)'", str(error))
                    if wanted is None or wanted[1] in sizes:
                        refused.add(one)
                    else:
                        sizes[wanted[1]] = 4
    gc.collect()  # Amaranth complains of unused blocks when they go, which is meant here
    shaped = {"BookMemory", "SlotNumbers", "SourceQueue", "Stash", "Telemetry", "TransmitArbiter"}
    shaped |= {"AddressDecoder", "Counters", "Readback"}
    assert refused == shaped | {"FrameCrossing", "GigabitCard", "GigabitPort", "TransmitCrossing"}
