"""``pennywire doctor``: what is sound is said to be so, and each thing that is broken on purpose is found."""

import asyncio
import socket
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from controlplane.cli.doctor import examine
from controlplane.cli.main import app

DEMO = Path(__file__).resolve().parents[3] / "controlplane" / "config" / "demo.toml"


def finding(name, config=DEMO, directory=Path("none")):
    (found,) = (f for f in examine(config, directory) if f.name == name)
    return found


def test_a_sound_place_with_a_service(serving, plain_card, demo_config, tmp_path):
    async def scenario():
        async with serving(plain_card, demo_config):
            return await asyncio.to_thread(examine, DEMO, tmp_path)

    found = {f.name: f for f in asyncio.run(scenario())}
    for name in ("system", "virtual environment", "verilator", "configuration", "service", "audit log"):
        assert found[name].state == "ok", found[name]
    assert "PWAA" in found["configuration"].words
    assert "viewer.sock" in found["service"].words


def test_each_wrong_field_of_the_configuration_is_explained(tmp_path):
    text = DEMO.read_text()
    for old, new in (
        ("max_inventory = 1000", 'max_inventory = "many"'),
        ("\nmin_volume = 1000", "\nmin_volum = 1000"),
        ("remove = 3000\n", ""),
        ("spread_at_one_tick = 0.98", "spread_at_one_tick = 98"),
    ):
        text = text.replace(old, new, 1)
    (tmp_path / "bad.toml").write_text(text)
    result = CliRunner().invoke(app, ["doctor", "--config", str(tmp_path / "bad.toml"), "--dir", str(tmp_path)])
    assert result.exit_code == 1
    for words in (
        "envelope.max_inventory: Input should be a valid integer (the file says 'many')",
        "taker.min_volum: there is no such field",
        "fees.remove: is missing",
        "symbols.0.prerequisites.spread_at_one_tick: Input should be less than or equal to 1 (the file says 98)",
        "do: mend the fields",
    ):
        assert words in result.output


def test_a_symbol_that_is_not_fit_is_a_note(tmp_path):
    (tmp_path / "c.toml").write_text(
        DEMO.read_text().replace("average_daily_volume = 18000000", "average_daily_volume = 18")
    )
    found = finding("configuration", tmp_path / "c.toml")
    assert found.state == "note"
    assert "PWCC" in found.words


def test_what_is_missing_is_found(monkeypatch, tmp_path):
    monkeypatch.setenv("PENNYWIRE_LIB", str(tmp_path / "none.so"))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert finding("driver library").state == "wrong"
    assert "apt-get install" in finding("system").advice
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    assert "make setup" in finding("virtual environment").advice


@pytest.mark.parametrize(
    ("says", "words"), [("echo Verilator 5.006 2023", "5.036"), ("echo hm", "version"), ("exit 1", "version")]
)
def test_a_verilator_of_no_use_is_found(monkeypatch, tmp_path, says, words):
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "verilator"
    program.write_text(f"#!/bin/sh\n{says}\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    found = finding("verilator")
    assert found.state == "wrong"
    assert words in found.words


def test_a_socket_that_a_dead_service_left_is_found(tmp_path):
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "viewer.sock"))
    found = finding("service", directory=tmp_path)
    assert found.state == "wrong"
    assert "nobody answers" in found.words


def test_no_service_is_a_note_and_a_broken_audit_log_is_wrong(tmp_path):
    assert finding("service", directory=tmp_path).state == "note"
    assert finding("audit log", directory=tmp_path).state == "note"
    (tmp_path / "pennywire.sqlite").write_text("not a database, and longer than a header would be" * 10)
    assert finding("audit log", directory=tmp_path).state == "wrong"
