"""The bring-up check by UDP, as it goes to a board: multicast from the host's interface, registers and events back."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sim.network.links import why_no_namespace
from sim.verilated.build import build_card

ROOT = Path(__file__).resolve().parents[2]
NO_NAMESPACE = why_no_namespace()
CONFIG = "demo"

pytestmark = pytest.mark.skipif(
    NO_NAMESPACE is not None, reason=f"network namespaces are forbidden here: {NO_NAMESPACE}"
)


def test_all_but_the_phy_passes_over_a_wire():
    build_card(CONFIG)
    done = subprocess.run(
        ["unshare", "-Urn", sys.executable, "tests/system/bringup_wire.py", CONFIG],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    # Behind an interface the card's time is nobody's to grant, so it does not say that it is soft; it has no PHY.
    assert (found["status"], found["soft"], found["failed"]) == (1, False, ["link"])
    states = {step["name"]: step["state"] for step in found["steps"] if not step["by_hand"]}
    assert {name for name, state in states.items() if state == "pass"} == set(states) - {"link"}
