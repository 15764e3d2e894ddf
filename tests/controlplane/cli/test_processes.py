"""Children are waited for, their last words are shown, and none is left behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from controlplane.cli.processes import ROOT, Child, ChildError

WAITING = "import signal, sys; print('ready: here', flush=True); signal.pause()"


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] == "Z"


def test_a_child_is_ready_when_it_says_so_and_ended_at_the_end(tmp_path: Path):
    with Child("waiter", ["-c", WAITING], tmp_path / "log") as child:
        child.wait_ready("ready:", 20)
        child.check()
        pid = child._process.pid
    assert gone(pid)
    assert (tmp_path / "log").read_text() == "ready: here\n"


def test_a_child_that_dies_is_named_with_its_last_words(tmp_path: Path):
    with Child("dier", ["-c", "import sys; print('hm'); sys.exit('no luck today')"], tmp_path / "log") as child:
        with pytest.raises(ChildError, match=r"(?s)dier ended with status 1.*hm.*no luck today"):
            child.wait_ready("ready:", 20)
        with pytest.raises(ChildError, match="no luck today"):
            child.check()


def test_a_child_that_says_nothing_is_waited_for_only_so_long(tmp_path: Path):
    with (
        Child("mute", ["-c", "import signal; signal.pause()"], tmp_path / "log") as child,
        pytest.raises(ChildError, match=r"mute was not ready after 0\.2 s"),
    ):
        child.wait_ready("ready:", 0.2)


def test_a_child_that_ignores_sigterm_is_killed(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("controlplane.cli.processes._GRACE_SECONDS", 0.2)
    deaf = "import signal; signal.signal(15, signal.SIG_IGN); print('ready:', flush=True)\nwhile True: signal.pause()"
    with Child("deaf", ["-c", deaf], tmp_path / "log") as child:
        child.wait_ready("ready:", 20)
        pid = child._process.pid
    assert gone(pid)


def test_sigterm_to_the_parent_ends_the_child(tmp_path: Path):
    program = f"""
import signal
from pathlib import Path
from controlplane.cli.processes import Child, terminated_cleanly
with terminated_cleanly(), Child("waiter", ["-c", {WAITING!r}], Path({str(tmp_path / "log")!r})) as child:
    child.wait_ready("ready:", 20)
    print(child._process.pid, flush=True)
    signal.pause()
"""
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert not gone(pid)
        parent.send_signal(signal.SIGTERM)
        assert parent.wait(20) == 128 + signal.SIGTERM
    deadline = time.monotonic() + 10
    while not gone(pid):
        assert time.monotonic() < deadline, "the child outlived its parent"
        time.sleep(0.01)
