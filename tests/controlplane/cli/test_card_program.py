"""``pennywire card program``: what it loads, and what it refuses."""

import hashlib
import json
import stat

import pytest
from typer.testing import CliRunner

from controlplane.cli.main import app

DATA = b"\x00\xff\xff\xbd\xb3 bitstream"


@pytest.fixture
def bitstream(tmp_path):
    """A bitstream with a report that vouches for it; ``bitstream(name=value)`` changes the report."""

    def make(**changed):
        (tmp_path / "card.bit").write_bytes(DATA)
        report = {
            "board": "ecpix5",
            "config": "tiny",
            "seed": 1,
            "timing_met": True,
            "clock_asked_mhz": 125.0,
            "clock_reached_mhz": 131.5,
            "sha256": {"card.bit": hashlib.sha256(DATA).hexdigest()},
        }
        (tmp_path / "report.json").write_text(json.dumps(report | changed))
        return tmp_path / "card.bit"

    return make


@pytest.fixture
def loader(tmp_path, monkeypatch):
    """A stand-in for openFPGALoader alone in the path: writes down how it was called, and ends with ``status``."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def install(status):
        tool = folder / "openFPGALoader"
        tool.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/called\nexit {status}\n')
        tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
        return tmp_path / "called"

    return install


def program(file, *options):
    return CliRunner().invoke(app, ["card", "program", "--board", "ecpix5", str(file), *options])


def test_a_good_bitstream_is_loaded_into_the_board_it_is_for(bitstream, loader):
    called, file = loader(0), bitstream()
    done = program(file)
    assert done.exit_code == 0, done.output
    assert called.read_text() == f"--board ecpix5 {file}\n"
    assert "131.5 MHz reached" in done.stdout
    assert "gone when the board is switched off" in done.stdout


def test_a_clock_that_was_not_reached_is_refused_unless_forced(bitstream, loader):
    called, file = loader(0), bitstream(timing_met=False, clock_reached_mhz=97.25)
    done = program(file)
    assert done.exit_code == 2
    assert "97.25 MHz of the 125.0 MHz asked for" in done.stderr
    assert not called.exists()
    done = program(file, "--force")
    assert done.exit_code == 0
    assert "NOT reached" in done.stdout
    assert called.exists()


@pytest.mark.parametrize("options", [(), ("--force",)])
def test_what_no_report_vouches_for_is_refused_forced_or_not(bitstream, loader, options):
    called, file = loader(0), bitstream()
    file.write_bytes(DATA + b"!")
    done = program(file, *options)
    assert (done.exit_code, "is not the file that its report is of" in done.stderr) == (2, True)
    bitstream(board="versa")
    done = program(file, *options)
    assert (done.exit_code, "is for the board 'versa', not for 'ecpix5'" in done.stderr) == (2, True)
    file.with_name("report.json").write_text("[]")
    done = program(file, *options)
    assert (done.exit_code, "no report.json" in done.stderr) == (2, True)
    file.with_name("report.json").unlink()
    done = program(file, *options)
    assert (done.exit_code, "no report.json" in done.stderr) == (2, True)
    file.unlink()
    done = program(file, *options)
    assert (done.exit_code, "there is no" in done.stderr) == (2, True)
    assert not called.exists()


def test_a_missing_tool_is_named_with_how_to_get_it(bitstream, loader):
    done = program(bitstream())
    assert done.exit_code == 1
    assert "apt-get install -y openfpgaloader" in done.stderr


def test_a_board_that_is_not_there_is_said(bitstream, loader):
    loader(1)
    done = program(bitstream())
    assert done.exit_code == 1
    assert "openFPGALoader ended with status 1: is the board switched on" in done.stderr
    assert "loaded" not in done.stdout


def test_a_board_of_no_such_name_is_refused():
    done = CliRunner().invoke(app, ["card", "program", "--board", "nexys"])
    assert done.exit_code == 2
    assert "there is no board 'nexys': there are ecpix5, versa" in done.stderr


def test_the_list_has_every_board_and_says_that_none_has_measured():
    done = CliRunner().invoke(app, ["card", "list"])
    assert done.exit_code == 0
    for words in ("ecpix5", "versa", "um5g-85k", "31.25", "no board has measured"):
        assert words in done.stdout
