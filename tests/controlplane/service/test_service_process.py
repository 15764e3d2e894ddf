"""``pennywire serve`` as a process, through the C driver, on a verilated card that is a process of its own."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import grpc
import pytest

from controlplane.card.device import Device
from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc
from controlplane.store.audit_check import read_audit
from sim.softcard.client import MarketClient, SoftCardError

ROOT = Path(__file__).resolve().parents[3]
CONFIG = ROOT / "controlplane" / "config" / "demo.toml"
TIMEOUT = 120


@contextlib.contextmanager
def process(ready, *arguments):
    """Start a Python process, wait for its line that begins with ``ready``, end it."""
    command = [sys.executable, "-u", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as child:
        try:
            line = child.stdout.readline()
            assert line.startswith(ready), line
            yield child
        finally:
            if child.poll() is None:
                child.kill()


@pytest.fixture
def folder(tmp_path_factory):
    """A folder whose name is short enough for a socket."""
    return tmp_path_factory.mktemp("s")


@pytest.fixture
def soft_card(folder):
    # The loopback card has the real registers, host link and event stream, and builds in seconds.
    arguments = ("-m", "sim.softcard", "--dir", str(folder), "--loopback", "--boundary-seconds", "5")
    with process("soft card ready", *arguments):
        yield f"unix:{folder / 'link.sock'}"


def service(folder, device):
    arguments = ("-m", "controlplane.cli.main", "serve", "--device", device, "--config", str(CONFIG))
    return process("serving", *arguments, "--dir", str(folder / "run"))


@contextlib.contextmanager
def role(folder, name):
    with grpc.insecure_channel(f"unix:{folder / 'run' / name}.sock") as channel:
        yield channel


def test_writes_reach_the_registers_and_marks_are_answered(folder, soft_card):
    with service(folder, soft_card) as child, MarketClient(folder / "market.sock") as player:
        with role(folder, "agent") as channel:
            lease = rpc.LeaseServiceStub(channel).AcquireLease(pb.AcquireLeaseRequest(holder="test"), timeout=TIMEOUT)
            header = pb.WriteHeader(lease_epoch=lease.lease_epoch, mode=pb.WRITE_MODE_COMMIT, reason="test")
            request = pb.UpdateThresholdsRequest(
                header=header, strategy_name="imbalance", imbalance_ratio=4.5, min_volume=1234
            )
            result = rpc.StrategyServiceStub(channel).UpdateThresholds(request, timeout=TIMEOUT)
            assert {c.register: c.after for c in result.changes}["slot[2].taker_ratio"] == 0x0480
        # Another host, by its own connection, sees in the gateware's registers what the service wrote.
        with Device.open(soft_card) as other:
            seen = other.read(["slot[0].taker_ratio", "slot[1].taker_min_volume", "slot[0].ceiling_inventory"])
            assert list(seen.values()) == [0x0480, 1234, 1000]
            for step in range(1, 4):
                player.boundary(step)
                lease_until, now = other.read(["control.lease", "control.time"]).values()
                assert lease_until - now == 300 * 10**12 // 6400
                player.play([], step * 1_000_000)
        child.send_signal(signal.SIGTERM)
        assert child.wait(TIMEOUT) == 0
        assert not list((folder / "run").glob("*.sock"))


def test_a_service_that_was_killed_answers_no_mark(folder, soft_card):
    with service(folder, soft_card) as child, MarketClient(folder / "market.sock") as player:
        player.boundary(1)
        child.send_signal(signal.SIGKILL)
        child.wait(TIMEOUT)
        with pytest.raises((TimeoutError, SoftCardError)):
            player.boundary(2)


def test_it_does_not_start_without_card_driver_or_folder_of_its_own(folder, soft_card):
    def refused(*, environment=None, device=soft_card):
        command = [sys.executable, "-m", "controlplane.cli.main", "serve", "--config", str(CONFIG)]
        command += ["--device", device, "--dir", str(folder / "run")]
        done = subprocess.run(
            command, capture_output=True, text=True, cwd=ROOT, env=os.environ | (environment or {}), timeout=TIMEOUT
        )
        assert done.returncode == 2
        return done.stderr

    assert "libpennywire" in refused(environment={"PENNYWIRE_LIB": str(folder / "none.so")})
    assert "none.sock" in refused(device=f"unix:{folder / 'none.sock'}")
    with service(folder, soft_card):
        assert "another service runs" in refused()


def test_a_service_started_anew_finds_the_registers_as_it_left_them_or_says_so(folder, soft_card):
    def rows():
        return [entry.method for _, _, entry in read_audit(folder / "run" / "pennywire.sqlite", 100)]

    for _ in range(2):
        with service(folder, soft_card) as child:
            child.send_signal(signal.SIGKILL)
            child.wait(TIMEOUT)
    assert rows() == ["Startup", "Startup"]
    with Device.open(soft_card) as other:
        other.write({"slot[1].taker_min_volume": 77})
    with service(folder, soft_card):
        assert rows() == ["Startup", "Startup", "Restart", "Startup"]


def test_settings_outlive_the_service_and_wait_for_an_operator_where_the_card_did_not(folder, tmp_path_factory):
    names = ["slot[1].max_inventory", "slot[2].taker_ratio", "modules.taker"]

    def soft_card(place):
        arguments = ("-m", "sim.softcard", "--dir", str(place), "--loopback", "--boundary-seconds", "5")
        return process("soft card ready", *arguments), f"unix:{place / 'link.sock'}"

    def on_card(url):
        with Device.open(url) as other:
            return list(other.read(names).values())

    def pennywire(*words):
        command = [sys.executable, "-m", "controlplane.cli.main", *words, "--dir", str(folder / "run")]
        return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=TIMEOUT, check=True).stdout

    card, url = soft_card(folder)
    with card:
        with service(folder, url) as child:
            pennywire("limits", "set", "--max-inventory", "400", "--order-size", "50", "--reason", "test")
            pennywire("threshold", "set", "imbalance", "--ratio", "2", "--min-volume", "900", "--reason", "test")
            pennywire("module", "on", "imbalance", "--reason", "test")
            child.send_signal(signal.SIGKILL)
            child.wait(TIMEOUT)
        with service(folder, url):
            assert on_card(url) == [400, 0x200, 1]
    # Another card, or the same one after its power was off.
    card, url = soft_card(tmp_path_factory.mktemp("t"))
    with card:
        for _ in range(2):
            with service(folder, url):
                assert on_card(url) == [0, 0x300, 0]
        with service(folder, url):
            assert "slot[1].max_inventory: 0x0 -> 0x190" in pennywire("resume", "--reason", "the card was swapped")
            assert on_card(url) == [400, 0x200, 1]
