"""Run the driver's C tests and say, as the last line, how many there are and which sanitizers they ran under.

Every test program runs as it is and under each sanitizer; the number is that of one round. A sanitizer under which
fewer tests ran is a failure, and so is one that this machine's compiler lacks.

With ``--xdp`` the tests that need a wire and AF_XDP run in their place, and those of the relay over that wire, which
takes root.
"""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

BUILD = Path("build/host-driver")
WIRE = Path(__file__).with_name("veth_wire.py")
RELAY = "tests/host_driver/test_relay.py"
#: Builds of the tests, and what each is called in the last line.
VARIANTS = {"plain": "", "address_undefined": "asan ubsan", "thread": "tsan"}


def count_tests(log: str) -> Counter[str]:
    """Give how many tests ran in each build, from what ``ctest --verbose`` printed."""
    variant_of = dict(re.findall(r"^\s*Start +(\d+): (\w+)\.", log, flags=re.MULTILINE))
    counts: Counter[str] = Counter()
    for program, tests in re.findall(r"^(\d+): ran (\d+) tests$", log, flags=re.MULTILINE):
        counts[variant_of[program]] += int(tests)
    return counts


def main() -> int:
    """Run the tests; the exit status is 0 if every one of them ran well under every sanitizer."""
    xdp = sys.argv[1:] == ["--xdp"]
    name = "xdp" if xdp else "driver"
    log = Path(f"build/test-{name}.log")
    command = ["ctest", "--test-dir", str(BUILD), "--verbose"]
    if xdp:
        command = [sys.executable, str(WIRE), *command, "-C", "xdp", "-R", r"\.xdp$|\.wire\."]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    log.write_text(done.stdout)
    if done.returncode != 0:
        print(done.stdout)
        return 1
    if xdp:
        log = Path("build/test-xdp-relay.log")
        relay = [sys.executable, str(WIRE), sys.executable, "-m", "pytest", RELAY]
        told = subprocess.run(relay, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
        log.write_text(told.stdout)
        passed = re.search(r"\b(\d+) passed", told.stdout)
        if told.returncode != 0 or passed is None:
            print(told.stdout)
            return 1
        print(f"relay over xdp: {passed[1]} tests")
    counts = count_tests(done.stdout)
    tests = counts["plain"]
    for variant, words in VARIANTS.items():
        if tests == 0 or counts[variant] != tests:
            under = words or "no sanitizer"
            print(f"{name}: {tests} tests, of which {counts[variant]} ran with {under}: see {BUILD}.log and {log}")
            return 1
    print(f"{name}: {tests} tests, {' '.join(filter(None, VARIANTS.values()))} clean")
    return 0


if __name__ == "__main__":
    sys.exit(main())
