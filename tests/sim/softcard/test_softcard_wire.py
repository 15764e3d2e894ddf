"""What the soft card says of interfaces and addresses that it cannot take."""

import subprocess
import sys
from pathlib import Path

import pytest

from sim.network.interface import Interface, InterfaceError

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--interface", "pw0", "--loopback"], "--loopback has no network block"),
        (["--interface", "pw0", "--address", "10.1.2"], "'10.1.2' is no IPv4 address"),
        (["--interface", "pw0", "--address", "233.54.12.111"], "cannot be a card's own address"),
        (["--interface", "pw0", "--mac", "03:00:00:00:00:01"], "is no Ethernet address of one station"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path, options, words):
    command = [sys.executable, "-m", "sim.softcard", "--dir", str(tmp_path), *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert words in done.stderr


@pytest.mark.parametrize("name", ["", "a-name-of-sixteen"])
def test_a_name_that_is_none(name):
    with pytest.raises(InterfaceError, match="is no name of an interface"):
        Interface(name)
