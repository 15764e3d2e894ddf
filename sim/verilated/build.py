"""Amaranth to Verilog to Verilator to a shared library, cached by content.

A library lies in ``build/verilated/<hash>/``; the hash is over everything that went into it, so nothing is ever stale
and nothing is built twice. A lock file keeps two processes from building the same one at once.
"""

import fcntl
import hashlib
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from amaranth.back import verilog
from amaranth.hdl import Const, Value
from amaranth.lib import wiring

import hdl
from hdl.configs import CONFIGS, CardConfig
from sim.verilated import registers
from sim.verilated.registers import assign_at_the_edge

__all__ = [
    "AT_ONCE",
    "OLDEST_VERILATOR",
    "BuildError",
    "Compiling",
    "build_card",
    "build_component",
    "build_from_sources",
    "build_once",
    "build_verilog",
    "profile_tool",
    "run_tool",
    "to_verilog",
]

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / "build" / "verilated"
SHIM = Path(__file__).with_name("shim.cpp")
#: The oldest Verilator whose models the shim was tried with.
OLDEST_VERILATOR = (5, 36)
# Measured, see docs/simulation.md. Initial values are all given in the Verilog, so x never matters.
VERILATOR_FLAGS = [
    *("--cc", "--prefix", "Vtop", "--top-module", "top", "--no-timing", "-Wno-fatal", "-Wno-lint", "-Wno-style"),
    *("-O3", "--x-assign", "fast", "--x-initial", "fast"),
]
CXX_FLAGS = ["-fPIC", "-std=gnu++20"]
# What runs every cycle is worth optimising; what runs once takes most of the compiler's time if it is.
OPT_SLOW = "-O0"


@dataclass(frozen=True)
class Compiling:
    """How a model is compiled.

    Attributes
    ----------
    compiler : str
        Of C++.
    often : tuple of str
        Flags for what runs every cycle.
    machine : str
        Names the processor that the library is for, if it is for no other.
    at_the_edge : bool
        Registers are assigned inside the conditions under which they change (:mod:`sim.verilated.registers`).
    training : tuple of str
        What Python runs, the library's path behind it, to play something into the model: it is compiled again with
        what was counted meanwhile. Clang only; empty for none.
    keeps_model : bool
        What Verilator wrote is kept beside the library.
    """

    compiler: str
    often: tuple[str, ...]
    machine: str = ""
    at_the_edge: bool = False
    training: tuple[str, ...] = ()
    keeps_model: bool = False


#: Soon done, and quick enough for most.
SOON = Compiling("g++", ("-O2",))
#: For a netlist, whose functions are so long that making them quick takes the compiler longer than a test runs.
AT_ONCE = Compiling("g++", ("-O0",))

Progress = Callable[[str], None]


class BuildError(RuntimeError):
    """A tool failed; the message says which, and ends with what it said."""


def build_card(config: CardConfig | str, *, loopback: bool = False, progress: Progress | None = None) -> Path:
    """Build the verilated card of a configuration, or find it built.

    Parameters
    ----------
    config : CardConfig or str
        A configuration or the name of one.
    loopback : bool
        Build :class:`sim.verilated.loopback.LoopbackCard` in place of the card.
    progress : callable or None
        Told in a few words what is being done; not called if the library is there.

    Returns
    -------
    Path
        The shared library.

    Raises
    ------
    KeyError
        There is no configuration of that name.
    BuildError
        A tool failed or is missing.
    """
    if isinstance(config, str):
        if config not in CONFIGS:
            raise KeyError(f"there is no configuration {config!r}: there are {', '.join(CONFIGS)}")
        config = CONFIGS[config]
    chosen = config

    def make() -> wiring.Component:
        # Elaborating takes seconds, and importing is part of it: only when nothing is cached.
        if loopback:
            from sim.verilated.loopback import LoopbackCard

            return LoopbackCard(chosen)
        from hdl.card import Card

        return Card(chosen)

    sources = [SHIM.with_name("loopback.py")] if loopback else []
    return build_from_sources(make, (config, loopback), sources, progress=progress)


def build_from_sources(
    make: Callable[[], wiring.Component],
    key: object,
    sources: Iterable[Path],
    *,
    shim: Path = SHIM,
    flags: Sequence[str] = (),
    compiling: Compiling = SOON,
    progress: Progress | None = None,
) -> Path:
    """Build a component of the gateware, or find it built without elaborating it.

    Parameters
    ----------
    make : callable
        Makes the component; called only if nothing is cached.
    key : object
        What ``make`` depends on besides source files; its ``repr`` is hashed.
    sources : iterable of Path
        Files that ``make`` reads besides those of ``hdl``.
    shim : Path
        The C ABI around the model.
    flags : sequence of str
        For Verilator, besides those that every model is built with.
    compiling : Compiling
        How the model is compiled.
    progress : callable or None
        As for :func:`build_card`.

    Returns
    -------
    Path
        The shared library.

    Raises
    ------
    BuildError
        A tool failed or is missing.
    """
    gateware = sorted(p for folder in hdl.__path__ for p in Path(folder).rglob("*") if p.suffix in (".py", ".rdl"))
    digest = hashlib.sha256(repr(key).encode())
    for path in [*gateware, *sources]:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    digest.update(importlib.metadata.version("amaranth").encode())
    return _build(digest, lambda: to_verilog(make()), shim, progress, flags, compiling)


def build_component(component: wiring.Component, *, progress: Progress | None = None) -> Path:
    """Build any component that has the ports of ``hdl.card.Card``, or find it built, as :func:`build_verilog`."""
    return build_verilog(to_verilog(component), progress=progress)


def build_verilog(text: str, *, compiling: Compiling = SOON, progress: Progress | None = None) -> Path:
    """Build a module that has the ports of ``hdl.card.Card``, or find it built.

    Parameters
    ----------
    text : str
        Verilog; the module is ``top``.
    compiling : Compiling
        How the model is compiled.
    progress : callable or None
        As for :func:`build_card`.

    Returns
    -------
    Path
        The shared library.

    Raises
    ------
    BuildError
        A tool failed or is missing.
    """
    return _build(hashlib.sha256(text.encode()), lambda: text, SHIM, progress, compiling=compiling)


def to_verilog(component: wiring.Component) -> str:
    """Give a component as Verilog, with ``top`` as the name of its module and its ports' own names."""
    values = (Value.cast(value) for _, _, value in component.signature.flatten(component))
    # The ready of a stream that never waits is a constant, and Amaranth refuses constants as ports.
    ports = [value for value in values if not isinstance(value, Const)]
    text = str(verilog.convert(component, name="top", ports=ports, emit_src=False, strip_internal_attrs=True))
    # A constant part of a signal comes out as `always @*` with nothing to wait for, which never runs; always_comb does.
    return text.replace("always @*", "always_comb")


def _build(
    digest: "hashlib._Hash",
    make: Callable[[], str],
    shim: Path,
    progress: Progress | None,
    flags: Sequence[str] = (),
    compiling: Compiling = SOON,
) -> Path:
    say = progress or (lambda _: None)
    verilator, version = _verilator()
    verilator_flags = [*VERILATOR_FLAGS, *flags]
    digest.update(shim.read_bytes())
    digest.update(repr((verilator_flags, CXX_FLAGS, compiling, OPT_SLOW, version)).encode())
    if compiling.at_the_edge:
        digest.update(Path(registers.__file__).read_bytes())

    def compile_in(work: Path) -> None:
        say("elaborating the gateware")
        text = make()
        (work / "top.v").write_text(assign_at_the_edge(text) if compiling.at_the_edge else text)
        say("verilating")
        run_tool([verilator, *verilator_flags, "--Mdir", "model", "top.v", "-CFLAGS", " ".join(CXX_FLAGS)], work)
        profile = work / "profile"
        counted = profile / "counted"
        if compiling.training:
            say("compiling the model so that it counts what runs how often")
            _compile(work, shim, compiling, f"-fprofile-generate={profile}")
            say("playing into it")
            run_tool([sys.executable, *compiling.training, str(work / "libcard.so")], ROOT)
            merge = [profile_tool(compiling.compiler) or "llvm-profdata", "merge", "-o", str(counted)]
            run_tool([*merge, *map(str, profile.glob("*.profraw"))], work)
            for made in (path for kind in ("o", "a", "gch") for path in (work / "model").glob(f"*.{kind}")):
                made.unlink()
        say("compiling the model")
        _compile(work, shim, compiling, *([f"-fprofile-use={counted}"] if compiling.training else []))
        shutil.rmtree(profile, ignore_errors=True)
        if not compiling.keeps_model:
            shutil.rmtree(work / "model")

    return build_once(CACHE / digest.hexdigest()[:16], "libcard.so", compile_in)


def _compile(work: Path, shim: Path, compiling: Compiling, *more: str) -> None:
    """Compile what Verilator wrote to ``model``, and the shim, to ``libcard.so``."""
    jobs = min(2, os.cpu_count() or 1)
    often = [*compiling.often, *more]
    fast = " ".join(often)
    settings = [f"CXX={compiling.compiler}", f"OPT_FAST={fast}", f"OPT_GLOBAL={fast}", f"OPT_SLOW={OPT_SLOW}"]
    targets = ["libVtop.a", "libverilated.a"]
    run_tool(["make", f"-j{jobs}", "-C", "model", "-f", "Vtop.mk", *settings, *targets], work)
    include = _verilator_include(work / "model" / "Vtop.mk")
    includes = ["-Imodel", f"-I{include}", f"-I{include / 'vltstd'}"]
    inputs = [str(shim), "model/libVtop.a", "model/libverilated.a", "-lpthread", "-latomic"]
    link = [*CXX_FLAGS, "-shared", "-w", "-o", "libcard.so"]
    run_tool([compiling.compiler, *often, *link, *includes, *inputs], work)


def profile_tool(compiler: str) -> str | None:
    """Give the program of a clang that puts together what its programs counted; None if there is none."""
    said = subprocess.run([compiler, "-print-prog-name=llvm-profdata"], capture_output=True, text=True, check=False)
    return shutil.which(said.stdout.strip())


def build_once(target: Path, name: str, compile_in: Callable[[Path], None]) -> Path:
    """Find a file built, or build it: by one process at a time, and seen by others only when all of it is there.

    Parameters
    ----------
    target : Path
        Folder whose name says all that went into the file.
    name : str
        Name of the file.
    compile_in : callable
        Makes it in the folder it is given; what else it leaves there is kept beside the file.

    Returns
    -------
    Path
        The file.
    """
    built = target / name
    if built.exists():
        return built
    with only_one(target):
        if built.exists():  # built while we waited
            return built
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".building-") as work_name:
            work = Path(work_name)
            compile_in(work)
            shutil.copytree(work, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns(name))
            os.replace(work / name, built)  # last, and at once: whoever sees it sees all of it
    return built


@contextmanager
def only_one(target: Path) -> Iterator[None]:
    """Let one process at a time build a target: a lock file stands beside it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _verilator() -> tuple[str, str]:
    own = Path(sys.prefix) / "bin" / "verilator"
    found = str(own) if own.exists() else shutil.which("verilator")
    if found is None:
        raise BuildError("no verilator: run `make setup`, which installs one into the virtual environment")
    said = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.search(r"Verilator (\d+)\.(\d+)", said)
    if version is None or (int(version[1]), int(version[2])) < OLDEST_VERILATOR:
        oldest = ".".join(f"{part:0{width}}" for part, width in zip(OLDEST_VERILATOR, (1, 3), strict=True))
        raise BuildError(f"{found} says {said.strip()!r}: Verilator {oldest} or newer is needed; run `make setup`")
    return found, version[0]


def _verilator_include(makefile: Path) -> Path:
    root = re.search(r"^VERILATOR_ROOT\s*[:?]?=\s*(.+)$", makefile.read_text(), re.MULTILINE)
    if root is None:
        raise BuildError(f"{makefile.name} does not say where Verilator is: is this Verilator supported?")
    return Path(root[1].strip()) / "include"


def run_tool(command: list[str], work: Path) -> None:
    """Run a tool in a folder.

    Raises
    ------
    BuildError
        It failed, and the message ends with what it said; or it is missing.
    """
    environment = {k: v for k, v in os.environ.items() if k not in ("VERILATOR_ROOT", "MAKEFLAGS", "MFLAGS")}
    environment["PATH"] = f"{Path(sys.prefix) / 'bin'}{os.pathsep}{environment.get('PATH', '')}"
    try:
        done = subprocess.run(command, cwd=work, env=environment, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise BuildError(f"there is no {command[0]} here: the README says what is to be installed") from error
    if done.returncode != 0:
        tail = "\n".join((done.stdout + done.stderr).splitlines()[-30:])
        raise BuildError(f"{Path(command[0]).name} failed with status {done.returncode}:\n{tail}")
