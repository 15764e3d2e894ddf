"""An installed driver is enough for a C program of someone else's."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build" / "host-driver"
EXAMPLE = ROOT / "host-driver" / "examples" / "position.c"


@pytest.fixture
def prefix(tmp_path):
    assert (BUILD / "CMakeCache.txt").exists(), f"{BUILD} is not built: run `make driver`"
    subprocess.run(["cmake", "--install", BUILD, "--prefix", tmp_path / "prefix"], check=True, stdout=subprocess.PIPE)
    return tmp_path / "prefix"


def test_the_example_builds_and_runs_against_the_installed_library(prefix, tmp_path):
    if shutil.which("pkg-config") is None:
        pytest.skip("pkg-config is not installed")
    (package,) = prefix.rglob("pennywire.pc")
    environment = os.environ | {"PKG_CONFIG_PATH": str(package.parent)}
    asked = ["pkg-config", "--cflags", "--libs", "pennywire"]
    flags = subprocess.run(asked, env=environment, check=True, capture_output=True, text=True).stdout.split()
    program = tmp_path / "position"
    strict = ["-std=c11", "-Wall", "-Wextra", "-Werror"]
    subprocess.run(["cc", *strict, EXAMPLE, *flags, "-o", program], check=True)
    environment = os.environ | {"LD_LIBRARY_PATH": str(package.parents[1])}
    done = subprocess.run([program, "unix:/nowhere"], env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("position: connecting to the card at unix:/nowhere")


def test_the_header_is_good_cplusplus(prefix, tmp_path):
    source = tmp_path / "user.cpp"
    source.write_text("#include <pennywire.h>\nint main() { return pw_version() == nullptr; }\n")
    includes = next(prefix.rglob("pennywire.h")).parent
    compiled = ["g++", "-std=c++17", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", f"-I{includes}", source]
    subprocess.run(compiled, check=True)


def test_the_tool_runs_from_where_it_was_installed(prefix):
    done = subprocess.run([prefix / "bin" / "pennywire-ctl", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == "0.1.0\n"


def test_the_man_pages_are_installed_and_name_everything(prefix):
    (tool,), (library,) = prefix.rglob("man1/pennywire-ctl.1"), prefix.rglob("man3/libpennywire.3")
    symbols = (ROOT / "host-driver" / "src" / "libpennywire.map").read_text()
    exported = re.findall(r"^    (pw_\w+);$", symbols, flags=re.MULTILINE)
    assert sorted(exported) == sorted(set(re.findall(r"pw_\w+(?= \(\))", library.read_text())))
    asked = [prefix / "bin" / "pennywire-ctl", "--help"]
    usage = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    commands = set(re.findall(r"^  ([a-z][a-z-]*) ", usage, flags=re.MULTILINE))
    described = tool.read_text().partition(".SH COMMANDS")[2].partition(".SH EXIT")[0]
    # A hyphen is \- in a man page; what begins with one is an option.
    entries = re.findall(r"^\.TP\n\.\w+ ([a-z](?:\w|\\-)*)", described, flags=re.MULTILINE)
    assert commands == {entry.replace("\\-", "-") for entry in entries}


@pytest.mark.parametrize("page", ["pennywire-ctl.1", "libpennywire.3"])
def test_the_man_pages_are_good_roff(page):
    if shutil.which("groff") is None:
        pytest.skip("groff is not installed")
    asked = ["groff", "-man", "-ww", "-Tascii", "-z", ROOT / "host-driver" / "man" / page]
    assert subprocess.run(asked, capture_output=True, text=True, check=True).stderr == ""
