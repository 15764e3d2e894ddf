"""One step of the way from a design to a bitstream: a tool that runs, or what it made before of the same."""

import hashlib
import importlib.metadata
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

__all__ = ["FlowError", "NoWayError", "Progress", "digest", "once", "seconds_of", "tool"]

#: Told what is being done, and at intervals how far it is.
Progress = Callable[[str], None]

#: Seconds between two words on how far a tool is.
INTERVAL = 30


class FlowError(RuntimeError):
    """A tool failed or is missing; the message says which, where its log is, and how that ends."""


class NoWayError(FlowError):
    """nextpnr finds no way for the last wires of a placement; of another seed it may."""


def once(
    work: Path,
    what: str,
    output: str,
    key: str,
    command: list[str],
    log: str,
    say: Progress,
    *,
    hopeless: Callable[[Path], str | None] = lambda _: None,
) -> None:
    """Do a step in a folder, unless its output is there and was made of the same.

    Parameters
    ----------
    work : Path
        The folder, in which the command runs.
    what : str
        The step, in words.
    output : str
        Name of the file that is there when it is done.
    key : str
        Digest of all that goes into it, of :func:`digest`.
    command : list of str
        Does the step.
    log : str
        Name of the file that the command itself says in how far it is.
    say : callable
        Told of progress.
    hopeless : callable
        Asked of the log now and then: why waiting for the command is of no use, or None.

    Raises
    ------
    NoWayError
        ``hopeless`` said why.
    FlowError
        The command failed.
    """
    done = _key_of(work / output)
    if done.exists() and (work / output).exists() and done.read_text().split()[0] == key:
        say(f"{what}: nothing has changed since it was done")
        return
    for stale in (done, work / output, work / log):
        stale.unlink(missing_ok=True)
    begun = time.monotonic()
    say(f"{what}: begun")
    # nextpnr is WebAssembly: it sees this folder and little else, so every name is relative to it.
    with (work / f"{log}.out").open("w") as out:
        process = subprocess.Popen(command, cwd=work, stdout=out, stderr=out)
        try:
            while (status := _ended(process)) is None:
                say(f"{what}: {time.monotonic() - begun:.0f} s, at {_last_line(work / log)}")
                if (why := hopeless(work / log)) is not None:
                    raise NoWayError(f"{what} finds no way, see {work / log}: {why}")
        finally:
            process.kill()
            process.wait()
    if status != 0 or not (work / output).exists():
        said = (work / f"{log}.out").read_text() or "nothing"
        raise FlowError(f"{what} ended with status {status}, see {work / log}; it said:\n{said[-2000:]}")
    seconds = time.monotonic() - begun
    say(f"{what}: {seconds:.0f} s")
    done.write_text(f"{key} {seconds:.1f}\n")


def seconds_of(output: Path) -> float:
    """Give the seconds of the step that made a file, when it was done and not found done."""
    return float(_key_of(output).read_text().split()[1])


def digest(*sources: Path, name: str, options: str) -> str:
    """Give the digest of all that goes into a step: files, the version of the tool's wheel, and its options."""
    summed = hashlib.sha256()
    for source in sources:
        summed.update(source.read_bytes())
    summed.update(f"{name} {importlib.metadata.version(name)} {options}".encode())
    return summed.hexdigest()


def tool(name: str) -> str:
    """Find the program that a wheel has brought.

    Raises
    ------
    FlowError
        It is not there.
    """
    own = Path(sys.prefix) / "bin" / name
    found = str(own) if own.exists() else shutil.which(name)
    if found is None:
        raise FlowError(f"there is no {name}: run `make setup`, which installs it into the virtual environment")
    return found


def _key_of(output: Path) -> Path:
    return output.with_name(f"{output.name}.key")


def _ended(process: subprocess.Popen[bytes]) -> int | None:
    try:
        return process.wait(INTERVAL)
    except subprocess.TimeoutExpired:
        return None


def _last_line(log: Path) -> str:
    if not log.exists():
        return "its start"
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 2000))
        lines = [line.strip() for line in file.read().decode(errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else "its start"
