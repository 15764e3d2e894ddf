"""``pennywire card check`` of a soft card over a wire, in a namespace of its own; the file it wrote, as JSON.

unshare -Urn python tests/system/bringup_wire.py CONFIG
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from sim.network.links import ip, make_host, make_pair

ROOT = Path(__file__).resolve().parents[2]
HOST, CARD = "10.50.87.1", "10.50.87.2"


def main():
    ip("link", "set", "lo", "up")
    make_pair("host0", "card0", spoken_on=["host0"])
    make_host("host0", f"{HOST}/24")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with tempfile.TemporaryDirectory(prefix="pw-") as folder:
        card = ["-m", "sim.softcard", "--dir", folder, "--config", sys.argv[1], "--interface", "card0"]
        with subprocess.Popen(
            [sys.executable, "-u", *card, "--address", CARD],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        ) as process:
            try:
                assert process.stdout.readline().startswith("soft card ready")
                out = Path(folder) / "bringup.json"
                command = ["-m", "controlplane.cli.main", "card", "check", "--device", f"udp:{CARD}", "--out", str(out)]
                done = subprocess.run(
                    [sys.executable, *command], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, check=False
                )
                print(json.dumps({"status": done.returncode, **json.loads(out.read_text())}))
            finally:
                process.terminate()


if __name__ == "__main__":
    main()
