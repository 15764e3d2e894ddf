"""The register description: what it promises, and that nothing made from it is stale."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from controlplane.card import event_table, register_table
from hdl.regs.description import SOURCE, describe
from hdl.telemetry.records import HEADER, RECORDS

ROOT = Path(__file__).resolve().parents[3]


def test_generated_files_are_fresh():
    done = subprocess.run(
        [sys.executable, "scripts/generate.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_addresses_are_the_sources():
    """The addresses in the source's text, found by a pattern, are those of the compiled description."""
    text = re.sub(r"//[^\n]*", "", SOURCE.read_text())
    expected = {}
    blocks = re.findall(r"regfile \{(.*?)\n    \} (\w+)(?:\[SLOTS\])? @ (0x[0-9A-F]+)", text, re.S)
    # A block that is there several times is written once, with a name, and then placed.
    named = dict(re.findall(r"regfile (\w+) \{(.*?)\n    \};", text, re.S))
    blocks += [(named[kind], *place) for kind, *place in re.findall(r"^    (\w+) (\w+) @ (0x[0-9A-F]+);", text, re.M)]
    for body, block, base in blocks:
        for name, offset in re.findall(r"\} (\w+)(?:\[16\])? @ (0x[0-9A-F]+);", body):
            expected[f"{block}.{name}"] = int(base, 16) + int(offset, 16)
    assert len(expected) > 80
    assert {r.key: r.address for r in describe(4)} == expected


def test_addresses_do_not_overlap():
    card = describe(64)
    seen = [r.address + i * r.stride for r in card for i in range(r.count)]
    assert len(seen) == len(set(seen))


def test_fields_do_not_overlap():
    for register in describe(2):
        used = 0
        for field in register.fields:
            assert not used & field.mask, f"{register.key}.{field.name}"
            used |= field.mask
        assert used < 1 << 64


@pytest.mark.parametrize("slots", [0, 65, -1])
def test_slots_out_of_range(slots):
    with pytest.raises(ValueError, match="1 to 64 slots"):
        describe(slots)


def test_magic_spells_the_name():
    assert register_table.MAGIC.to_bytes(8, "little") == b"PENNYWIR"
    assert describe(4).constant("identity.magic") == register_table.MAGIC


def test_unknown_names_are_named():
    card = describe(4)
    with pytest.raises(KeyError, match="no register"):
        card.register("control.nothing")
    with pytest.raises(KeyError, match="it has arm, disarm"):
        card.register("control.command").field("nothing")


def test_event_table_is_the_description():
    assert tuple(f.name for f in HEADER) == event_table.HEADER_FIELDS
    assert {r.number: (r.name, r.words) for r in RECORDS} == {
        n: (r.name, r.words) for n, r in event_table.RECORDS.items()
    }
    assert len(event_table.RecordType) == len(RECORDS)
