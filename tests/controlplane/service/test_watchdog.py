"""What systemd is told, and that its unit file is one: the service is alive only while it hears its card."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from controlplane.service.watchdog import Watchdog

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def systemd(tmp_path):
    """A socket that listens as systemd does."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(60)
        yield listener, {"NOTIFY_SOCKET": str(tmp_path / "notify")}


def silence(listener):
    """Read until nothing comes within the time that the socket waits."""
    while True:
        try:
            listener.recv(100)
        except TimeoutError:
            return True


def test_without_systemd_nothing_is_said():
    watchdog = Watchdog(lambda: True, {})
    watchdog.say("READY=1")
    asyncio.run(watchdog.run())


def test_it_is_said_until_the_reader_dies(systemd):
    listener, environment = systemd
    alive = [True] * 3 + [False]

    async def scenario():
        watchdog = Watchdog(lambda: alive.pop(0), environment | {"WATCHDOG_USEC": "20000"})
        await watchdog.run()

    asyncio.run(scenario())
    assert [listener.recv(100) for _ in range(3)] == [b"WATCHDOG=1"] * 3
    listener.setblocking(False)
    with pytest.raises(BlockingIOError):
        listener.recv(100)


def test_anothers_watchdog_is_not_ours(systemd):
    _listener, environment = systemd
    asyncio.run(Watchdog(lambda: True, environment | {"WATCHDOG_USEC": "1", "WATCHDOG_PID": "1"}).run())


def test_a_name_in_the_abstract_namespace():
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(f"\0pennywire-test-{os.getpid()}")
        Watchdog(lambda: True, {"NOTIFY_SOCKET": f"@pennywire-test-{os.getpid()}"}).say("READY=1")
        assert listener.recv(100) == b"READY=1"


def test_a_service_says_that_it_is_ready_alive_and_stopping(systemd, tmp_path_factory):
    listener, environment = systemd
    folder = tmp_path_factory.mktemp("s")
    card = [sys.executable, "-u", "-m", "sim.softcard", "--dir", str(folder), "--loopback", "--boundary-seconds", "5"]
    service = [sys.executable, "-m", "controlplane.cli.main", "serve", "--device", f"unix:{folder / 'link.sock'}"]
    service += ["--config", str(ROOT / "controlplane/config/demo.toml"), "--dir", str(folder / "run"), "--json-log"]
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(subprocess.Popen(card, stdout=subprocess.PIPE, text=True, cwd=ROOT))
        stack.callback(first.kill)
        assert first.stdout.readline().startswith("soft card ready")
        second = stack.enter_context(
            subprocess.Popen(
                service,
                cwd=ROOT,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                env=os.environ | environment | {"WATCHDOG_USEC": "200000"},
            )
        )
        stack.callback(second.kill)
        assert listener.recv(100) == b"READY=1"
        assert [listener.recv(100) for _ in range(3)] == [b"WATCHDOG=1"] * 3
        # A process that stands still says nothing: that is the miss.
        second.send_signal(signal.SIGSTOP)
        listener.settimeout(1.0)
        assert silence(listener)
        second.send_signal(signal.SIGCONT)
        second.send_signal(signal.SIGTERM)
        listener.settimeout(60)
        said = {b"WATCHDOG=1"}
        while b"STOPPING=1" not in said:
            said.add(listener.recv(100))
        lines = second.stderr.read().splitlines()
        assert second.wait(60) == 0
    events = [json.loads(line) for line in lines]
    assert {"event", "level", "timestamp"} <= set(events[-1])
    assert events[-1]["event"] == "stopping"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here")
def test_the_unit_file_is_one(tmp_path):
    unit = (ROOT / "deploy" / "pennywire.service").read_text()
    assert "WatchdogSignal=SIGKILL" in unit
    # Its program is not installed here: that alone is changed.
    unit = unit.replace("/opt/pennywire/.venv/bin/pennywire", sys.executable)
    (tmp_path / "pennywire.service").write_text(unit)
    done = subprocess.run(
        ["systemd-analyze", "verify", str(tmp_path / "pennywire.service")], capture_output=True, text=True, check=False
    )
    assert not [line for line in done.stderr.splitlines() if "pennywire.service" in line], done.stderr
