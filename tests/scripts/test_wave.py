"""``make wave`` leaves a wave of a cocotb test, with the ports' names in it, and says where."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def wave(*tests: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "scripts/wave.py", *tests]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_a_cocotb_test_leaves_its_wave():
    done = wave("tests/hdl/net/test_udp_receiver.py::test_against_the_model[1]")
    assert done.returncode == 0, done.stdout + done.stderr
    said = re.search(
        r"^wave: (.*cocotb_udp_receiver-test_against_the_model-1\.vcd) \(", done.stdout, flags=re.MULTILINE
    )
    assert said, done.stdout
    with Path(said[1]).open() as file:
        head = file.read(200_000)
    names = {line.split()[4] for line in head.splitlines() if line.strip().startswith("$var")}
    assert {"clk", "rst", "rx__valid", "datagram__payload", "frame_bad"} <= names


def test_a_test_without_waves_is_said():
    done = wave("tests/test_layers.py")
    assert done.returncode == 1
    assert "ran no cocotb test" in done.stderr
    assert wave().returncode == 2
