"""Child processes of a simulated run: started, waited for by their ready line, watched, and ended whatever happens."""

import collections
import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Self

__all__ = ["ROOT", "Child", "ChildError", "terminated_cleanly"]

#: Folder of the packages: children find them there from any working folder.
ROOT = Path(__file__).resolve().parents[2]
_GRACE_SECONDS = 10.0
_DYING_SECONDS = 0.5
_TAIL = 30


class ChildError(RuntimeError):
    """A child process did not start, or ended when it should not have; the text has its last words."""


class Child:
    """A Python process, or another program, with its output kept in a log file.

    Parameters
    ----------
    name : str
        What it is called in errors.
    arguments : sequence of str
        Arguments of the interpreter, for example ``["-m", "sim.softcard"]``.
    log : Path
        File for all that it says.
    environment : mapping, optional
        Variables set for it besides ours.
    program : Path, optional
        A program in place of the interpreter.
    """

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        log: Path,
        environment: Mapping[str, str] | None = None,
        program: Path | None = None,
    ) -> None:
        self.name = name
        self._log = log
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._said: collections.deque[str] = collections.deque(maxlen=_TAIL)
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
        self._process = subprocess.Popen(
            [sys.executable, "-u", *arguments] if program is None else [str(program), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env={**os.environ, "PYTHONPATH": path, **(environment or {})},
            # A terminal's Ctrl-C is for the parent, which ends its children in order.
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, name=f"output of {name}", daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _read(self) -> None:
        assert self._process.stdout is not None  # it was asked for as a pipe
        with self._log.open("w", encoding="utf-8") as log, self._process.stdout as lines:
            for line in lines:
                log.write(line)
                log.flush()
                self._said.append(line.rstrip())
                self._lines.put(line)
        self._lines.put(None)

    def wait_ready(self, words: str, seconds: float) -> None:
        """Wait for a line that begins with ``words``.

        Raises
        ------
        ChildError
            The process ended, or did not say so in time.
        """
        timer = threading.Timer(seconds, self._lines.put, ["\0"])
        timer.daemon = True
        timer.start()
        try:
            while (line := self._lines.get()) is not None:
                if line.startswith(words):
                    return
                if line == "\0":
                    raise ChildError(f"{self.name} was not ready after {seconds:g} s. {self.last_words()}")
        finally:
            timer.cancel()
        raise ChildError(f"{self.name} ended with status {self._process.wait()}. {self.last_words()}")

    def check(self) -> None:
        """Raise :class:`ChildError` if the process has ended or is about to: its sockets close a moment earlier."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            status = self._process.wait(_DYING_SECONDS)
            self._reader.join(_GRACE_SECONDS)
            raise ChildError(f"{self.name} ended with status {status}. {self.last_words()}")

    def last_words(self) -> str:
        """Give the end of what it said, with the name of the file that has all of it."""
        said = "\n".join(f"    {line}" for line in self._said) or "    (nothing)"
        return f"It said last (all of it is in {self._log}):\n{said}"

    def stop(self) -> None:
        """End the process: SIGTERM, and SIGKILL if that is not heard in time. Stopping twice is nothing."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._reader.join(_GRACE_SECONDS)


@contextlib.contextmanager
def terminated_cleanly() -> Iterator[None]:
    """Turn SIGTERM into an ordinary exit inside, so that children are ended on the way out."""

    def leave(number: int, _frame: FrameType | None) -> None:
        sys.exit(128 + number)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
