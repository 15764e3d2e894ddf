"""The folder is one that ADK's own command line runs."""

import os
import subprocess
import sys
from pathlib import Path

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
