"""The folder is one that ADK's own command line runs."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[3]


def test_adk_run_loads_the_agent_with_its_tools(tmp_path):
    adk = Path(sys.executable).with_name("adk")
    done = subprocess.run(
        [adk, "run", "controlplane/agent"],
        input="how are we?\nexit\n",
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PENNYWIRE_AGENT_DIRECTORY": str(tmp_path), "TMPDIR": str(tmp_path)},
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "[supervisor]: First the performance report." in done.stdout
    # There is no service: the tool says so, and nothing is decided.
    assert "No report, no change" in done.stdout


def test_adk_web_lists_the_agent_and_takes_a_session(tmp_path):
    """``adk web controlplane``: ADK finds the folder, and its server opens a session of it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {"PYTHONPATH": str(ROOT), "PENNYWIRE_AGENT_DIRECTORY": str(tmp_path), "TMPDIR": str(tmp_path)}
    arguments = ["web", "controlplane", "--port", str(port), "--session_service_uri", "memory://"]
    server = subprocess.Popen(
        [Path(sys.executable).with_name("adk"), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
        env=os.environ | environment,
    )
    try:
        for line in server.stdout:
            if "Uvicorn running" in line:
                break
        else:
            raise AssertionError(f"it ended with status {server.wait(60)}")
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120) as client:
            assert "agent" in client.get("/list-apps").json()
            made = client.post("/apps/agent/users/anna/sessions", json={})
            assert (made.status_code, made.json()["appName"]) == (200, "agent")
    finally:
        server.terminate()
        server.wait(60)
        server.stdout.close()
