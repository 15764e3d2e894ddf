"""Exchange, wire, soft card and driver as processes on a network that loses, doubles, delays and reorders the feed."""

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
CONFIG, MESSAGES = "demo", 3000
STALE = 1 << 1

pytestmark = pytest.mark.skipif(
    NO_NAMESPACE is not None, reason=f"network namespaces are forbidden here: {NO_NAMESPACE}"
)


@pytest.fixture(scope="module", autouse=True)
def gateware():
    build_card(CONFIG)


def play(seed, *, recover=True, **faults):
    wish = {"config": CONFIG, "seed": seed, "messages": MESSAGES, "speed": 40, "recover": recover, "faults": faults}
    done = subprocess.run(
        ["unshare", "-Urn", sys.executable, "tests/system/network_session.py", json.dumps(wish)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["arping"] == "02:50:57:00:00:01"
    assert result["ping"] == [True] * 3
    counts = result["counts"]
    # What the kernel's own stack sends is right in every sum, and nothing of it found no room.
    assert [counts[f"network.{n}"] for n in ("damaged", "malformed", "wrong_sums", "overflows")] == [0] * 4
    return result


def books(result):
    return [
        {"bbo": slot[f"slot[{i}].bbo"], "volumes": slot[f"slot[{i}].volumes"]} for i, slot in enumerate(result["slots"])
    ]


def stale(result):
    return [bool(slot[f"slot[{i}].state"] & STALE) for i, slot in enumerate(result["slots"])]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_bad_network_is_mended_by_asking(seed):
    result = play(seed, loss=0.05, duplicate=0.05, delay=0.1, delay_ms=30)
    counts, impaired = result["counts"], result["impaired"]
    assert min(impaired["lost"], impaired["doubled"], impaired["delayed"]) > 0
    assert counts["requests.requests_sent"] > 0
    # The server's Ethernet address was found by ARP: nobody typed it in.
    assert counts["network.peer"] >> 48 == 1
    if any(stale(result)):
        # It says so, and why: a gap that nobody filled, or more orders at once than the table could take.
        assert counts["requests.gaps_lost"] + counts["book.table_overflows"] > 0
    else:
        assert books(result) == result["truth"]
        assert counts["feed.messages"] == MESSAGES
        assert counts["requests.gaps_filled"] > 0


def test_a_good_network_needs_no_asking():
    result = play(4)
    assert stale(result) == [False, False], result["counts"]
    assert books(result) == result["truth"]
    assert (result["counts"]["feed.gaps"], result["counts"]["requests.requests_sent"]) == (0, 0)
    assert result["counts"]["network.reports"] >= 1


def test_losses_without_a_server_to_ask_are_never_silent():
    result = play(5, recover=False, loss=0.05)
    assert result["impaired"]["lost"] > 0
    assert result["counts"]["feed.gaps"] > 0
    assert stale(result) == [True, True]
