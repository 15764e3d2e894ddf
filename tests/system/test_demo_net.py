"""``make demo-net`` as a person runs it, on the demo's card: a TAP, the kernel's stack, orders by a relay."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from sim.network.links import why_no_namespace
from sim.verilated.build import build_card

ROOT = Path(__file__).resolve().parents[2]
NO_NAMESPACE = why_no_namespace()


@pytest.mark.skipif(NO_NAMESPACE is not None, reason=f"network namespaces are forbidden here: {NO_NAMESPACE}")
def test_exchange_and_card_agree_over_a_network(tmp_path):
    build_card("demo")
    command = ["-m", "controlplane.cli.demo_net", "--messages", "4000", "--speed", "2", "--out", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False, timeout=550
    )
    said = done.stdout + done.stderr + "".join(f"== {log.name}\n{log.read_text()}" for log in tmp_path.glob("*.log"))
    assert done.returncode == 0, said
    assert "arping 10.50.87.2: 02:50:57:00:00:01" in done.stdout
    assert "3 of 3 answered" in done.stdout
    assert "the card joined 233.54.12.111" in done.stdout
    assert re.search(r"card and exchange agree \([\d,]+ fills\)", done.stdout), said
    entered = re.search(r"entered ([\d,]+)", done.stdout)
    assert int(entered[1].replace(",", "")) > 0, said
