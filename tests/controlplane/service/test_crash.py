"""``kill -9`` at random moments: card and audit log agree afterwards, or the next start says exactly where they differ.

One soft card lives through all of it. Services are forked from a server that has the code loaded, so that most of the
time goes into being killed. ``make crash`` tries 200; ``PENNYWIRE_CRASHES`` says how many, ``PENNYWIRE_CRASH_SEED``
which.
"""

import contextlib
import json
import multiprocessing
import os
import random
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import grpc
import pytest

from controlplane.card.device import Device
from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc
from controlplane.service.serve import serve
from controlplane.store.audit_check import check_audit

ROOT = Path(__file__).resolve().parents[3]
CONFIG = ROOT / "controlplane" / "config" / "demo.toml"
CRASHES = int(os.environ.get("PENNYWIRE_CRASHES", "10"))
SEED = int(os.environ.get("PENNYWIRE_CRASH_SEED", "7"))
SECONDS = 120.0


def quiet_serve(url, directory):
    """Run a service as a process of its own, its words in a file."""
    with (directory / "service.log").open("a") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    sys.exit(serve(url, CONFIG, directory))


@pytest.fixture(scope="module")
def processes():
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["controlplane.service.serve"])
    return context


@pytest.fixture
def card(tmp_path_factory):
    folder = tmp_path_factory.mktemp("s")
    arguments = ("-m", "sim.softcard", "--dir", str(folder), "--loopback", "--boundary-seconds", "5")
    command = [sys.executable, "-u", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as child:
        assert child.stdout.readline().startswith("soft card ready")
        yield f"unix:{folder / 'link.sock'}"
        child.kill()


class Writer(threading.Thread):
    """Writes as the operator, one random write after the other, until the service is gone."""

    def __init__(self, directory, random_numbers):
        super().__init__()
        self.directory = directory
        self.random = random_numbers
        self.done = 0
        #: Settings of the write that was under way when the service died.
        self.under_way = {}

    def run(self):
        with (
            contextlib.suppress(grpc.RpcError),
            grpc.insecure_channel(f"unix:{self.directory / 'operator.sock'}") as channel,
        ):
            request = pb.AcquireLeaseRequest(holder="crash", seconds=300)
            # The socket is there. A service that is killed before it answers is waited for no longer than this.
            lease = rpc.LeaseServiceStub(channel).AcquireLease(request, wait_for_ready=True, timeout=10)
            header = pb.WriteHeader(lease_epoch=lease.lease_epoch, mode=pb.WRITE_MODE_COMMIT, reason="crash")
            while True:
                self.write(channel, header)
                self.under_way = {}
                self.done += 1

    def write(self, channel, header):
        number = self.random.randrange(500, 1000)
        match self.random.randrange(3):
            case 0:
                size = number // 2
                registers = {"max_inventory": number, "max_order_size": size, "taker_order_size": size}
                quotes = {"inventory": number, "size": size}
                self.under_way = {f"slot[{n}].{name}": v for n in range(3) for name, v in registers.items()}
                # The quotes follow the same limits.
                self.under_way |= {f"maker[{n}].{name}": v for n in range(3) for name, v in quotes.items()}
                limits = pb.UpdateRiskParametersRequest(header=header, max_inventory=number, order_size=size)
                rpc.RiskServiceStub(channel).UpdateRiskParameters(limits, timeout=SECONDS)
            case 1:
                registers = {"taker_ratio": number, "taker_min_volume": 500 + number}
                self.under_way = {f"slot[{n}].{name}": v for n in range(3) for name, v in registers.items()}
                thresholds = pb.UpdateThresholdsRequest(
                    header=header,
                    strategy_name="imbalance",
                    imbalance_ratio=number / 256,
                    min_volume=500 + number,
                )
                rpc.StrategyServiceStub(channel).UpdateThresholds(thresholds, timeout=SECONDS)
            case _:
                self.under_way = {"modules.taker": number & 1}
                toggle = pb.ToggleModuleRequest(header=header, strategy_name="imbalance", state=bool(number & 1))
                rpc.StrategyServiceStub(channel).ToggleModule(toggle, timeout=SECONDS)


def rows(directory, after=0):
    """Give number, method, before, after and result of the log's rows, read as plain SQL."""
    path = directory / "pennywire.sqlite"
    if not path.exists():
        return []
    with contextlib.closing(sqlite3.connect(path)) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'audit'").fetchone():
            return []
        query = "SELECT id, method, before, after, result FROM audit WHERE id > ? ORDER BY id"
        return connection.execute(query, (after,)).fetchall()


def kept(directory):
    """Fold the committed rows into the settings that the store says the card has."""
    settings = {}
    for _, _, _, after, result in rows(directory):
        if result == "committed":
            settings |= {n: v for n, v in json.loads(after).items() if n != "control.status" and ".join" not in n}
    return settings


def wait_for(path, process):
    end = time.monotonic() + SECONDS
    while not path.exists():
        assert time.monotonic() < end, "the service did not open its sockets"
        assert process.is_alive(), "the service ended by itself"
        time.sleep(0.002)


def test_card_and_store_agree_or_differ_out_loud(processes, card, tmp_path_factory):
    numbers = random.Random(SEED)
    directory = tmp_path_factory.mktemp("r")
    writes = differed = torn_starts = 0
    with Device.open(card) as other:
        for crash in range(CRASHES + 1):
            seen = len(rows(directory))
            committed = kept(directory)
            if committed and crash % 3 == 0:
                # So that there is something to say, however the moments fall.
                other.write({"slot[1].taker_cooldown": crash})
            on_card = other.read(list(committed)) if committed else {}
            differs = {name: on_card[name] for name in committed if on_card[name] != committed[name]}
            for stale in directory.glob("*.sock"):
                stale.unlink()
            process = processes.Process(target=quiet_serve, args=(card, directory))
            process.start()
            writer = Writer(directory, random.Random(numbers.random()))
            if crash and numbers.random() < 0.3:
                # In the middle of a start, before or after it says what differs.
                time.sleep(numbers.random() * 0.4)
                torn_starts += 1
            else:
                wait_for(directory / "operator.sock", process)
                writer.start()
                time.sleep(numbers.random() * 0.5)
            process.kill()
            process.join()
            if writer.ident:
                writer.join()
                writes += writer.done
            found = rows(directory, seen)
            verdict = check_audit(directory / "pennywire.sqlite") if found or seen else None
            assert verdict is None or not verdict.found, verdict
            said = [row for row in found if row[1] == "Restart"]
            started = any(row[1] == "Startup" for row in found)
            if said:
                assert {n: (json.loads(said[0][2])[n], v) for n, v in json.loads(said[0][3]).items()} == {
                    n: (committed[n], v) for n, v in differs.items()
                }
            # Whatever was begun after the comparison, the comparison came first.
            assert bool(said) == bool(differs) or not started, (differs, found)
            differed += bool(said)
            # What differs now can only be the write that was cut in two, or the start's own.
            now = kept(directory)
            card_now = other.read(list(now)) if now else {}
            torn = {name for name in now if card_now[name] != now[name]}
            if started:
                assert all(writer.under_way.get(name) == card_now[name] for name in torn), (torn, writer.under_way)
    print(f"crashes: {CRASHES + 1} ({torn_starts} while starting), {writes} writes, {differed} differences said")
    assert writes > CRASHES // 2
