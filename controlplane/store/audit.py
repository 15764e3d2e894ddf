"""The audit log: one row for every write that was asked for, done or refused, each chained to the one before.

A row's hash covers the row and the hash of the row before it, so a row that is changed, removed or put in between
shows in :func:`controlplane.store.audit_check.check_audit`. The number and the hash of the last row are kept in a
second file, the anchor, so that an end that is cut off shows as well. The table lives in SQLite.

Rows stand in the order in which they were appended, and one thread writes them: those that wait go into one commit, and
the anchor is written after it. A crash in between leaves an anchor that is behind by the rows of that commit. Who
appends waits for no disk, and hears when the row is on it: nothing is acknowledged before.
"""

import hashlib
import io
import json
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import asdict, dataclass
from pathlib import Path

import structlog

from controlplane.store.commits import Commits

__all__ = ["COLUMNS", "AuditEntry", "AuditError", "AuditLog", "anchor_of", "chain_hash"]

#: What the hash of a row covers, in this order.
COLUMNS = (
    "wall_ns",
    "who",
    "role",
    "method",
    "card_time",
    "before",
    "after",
    "reason",
    "result",
    "envelope_digest",
)


#: A number of up to 19 digits, a colon, 64 digits of a hash, and the line's end.
_ANCHOR_BYTES = 85


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One row.

    Attributes
    ----------
    who : str
        Holder of the writer's lease, or who asked to kill.
    role : int
        Number of ``pennywire.v1.Role``.
    method : str
        Name of the call, for example ``RiskService.UpdateRiskParameters``.
    card_time : int
        Cycles of the card clock.
    before, after : str
        Registers as JSON; of a refusal, ``after`` is what was asked for.
    reason : str
        The writer's words.
    result : str
        ``committed``, ``verified``, or the refusal's words.
    """

    who: str
    role: int
    method: str
    card_time: int
    before: str
    after: str
    reason: str
    result: str


class AuditError(Exception):
    """Nothing could be put on the disk; the text says why and what to do."""


def anchor_of(path: Path) -> Path:
    """Give the anchor's file of an audit log's file."""
    return path.with_suffix(".anchor")


def _kept_and_synchronous(path: str, _flags: int) -> int:
    """Open a file with what is in it; a write to it returns once it is on the disk."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_DSYNC, 0o666)


def chain_hash(previous: str, values: tuple[object, ...]) -> str:
    """Give the hash of a row, whose columns are ``values``, after a row with the hash ``previous``."""
    text = json.dumps([previous, *values], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


class AuditLog:
    """Appends to and reads the audit table of one SQLite file; any thread may call.

    Parameters
    ----------
    path : Path
        The file; made when missing.
    envelope_digest : str
        Digest of the envelope in force, written into every row.
    clock : callable
        Wall-clock time in ns since 1970.

    Raises
    ------
    sqlite3.Error
        The file cannot be opened or is no database.
    """

    def __init__(self, path: Path, envelope_digest: str, clock: Callable[[], int] = time.time_ns) -> None:
        self._path = path
        self._digest = envelope_digest
        self._clock = clock
        self._log = structlog.get_logger()
        self._writing = sqlite3.connect(path, check_same_thread=False)
        with self._writing:
            self._writing.execute("PRAGMA journal_mode = WAL")
            self._writing.execute("PRAGMA synchronous = FULL")
            self._writing.execute(
                "CREATE TABLE IF NOT EXISTS audit (id INTEGER PRIMARY KEY AUTOINCREMENT, wall_ns INTEGER, who TEXT, "
                "role INTEGER, method TEXT, card_time INTEGER, before TEXT, after TEXT, reason TEXT, result TEXT, "
                "envelope_digest TEXT, hash TEXT NOT NULL)"
            )
            self._writing.execute("CREATE TABLE IF NOT EXISTS lease (epoch INTEGER NOT NULL)")
            self._writing.execute("CREATE TABLE IF NOT EXISTS start (registers TEXT NOT NULL, held TEXT NOT NULL)")
        #: Number and hash of the last row, in this transaction or before; None: to be read from the table.
        self._newest: tuple[int, str] | None = self._head()
        #: Of the last row that the anchor was written for; none yet: 0.
        self._anchored = self._head()
        self._anchor = io.FileIO(anchor_of(path), "w", opener=_kept_and_synchronous)
        # In SQLite's WAL a reader waits for no writer: whoever asks sees what is on the disk.
        self._reading = sqlite3.connect(path, check_same_thread=False)
        self._reading.execute("PRAGMA query_only = ON")
        self._one_reader = threading.Lock()
        self._in_order = threading.Lock()
        # A first row without an anchor is a crash, several are a finding (`check_audit`): so it goes alone.
        self._commits = Commits(self._writing, self._keep_anchor, lambda: not self._anchored[0], self._failed)
        self._commits.start()

    def append(self, entry: AuditEntry) -> "Future[int]":
        """Put a row behind those appended before; waits for nothing.

        Returns
        -------
        Future of int
            The row's number, once row and anchor are on the disk; else `AuditError`. It cannot be called off.
        """
        # So that the rows' times rise with their numbers, whatever thread appends.
        with self._in_order:
            fields = asdict(entry) | {"wall_ns": self._clock(), "envelope_digest": self._digest}
            values = tuple(fields[name] for name in COLUMNS)
            return self._commits.put(lambda: self._insert(values))

    def _head(self) -> tuple[int, str]:
        return self._writing.execute("SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1").fetchone() or (0, "")

    def _insert(self, values: tuple[object, ...]) -> int:
        digest = chain_hash((self._newest or self._head())[1], values)
        marks = ",".join("?" * (len(COLUMNS) + 1))
        statement = f"INSERT INTO audit ({','.join(COLUMNS)},hash) VALUES ({marks})"
        number = self._writing.execute(statement, (*values, digest)).lastrowid
        assert number is not None
        self._newest = (number, digest)
        return number

    def _keep_anchor(self) -> None:
        head = self._newest or self._head()
        if head == self._anchored:
            return
        # Always as many bytes, less than a sector, which a disk writes whole or not at all: so no other file need take
        # this one's place. One call, for after each of them this thread waits for its turn at the interpreter.
        line = f"{head[0]}:{head[1]}".ljust(_ANCHOR_BYTES - 1) + "\n"
        os.pwrite(self._anchor.fileno(), line.encode("ascii"), 0)
        self._anchored = head

    def _failed(self, error: Exception) -> Exception:
        """Word what the disk said, for who waits, and log it, for that may be nobody any more."""
        # Whether a row of the transaction stands, the table knows.
        self._newest = None
        words = f"{self._path} or its anchor could not be written: {error}; see that the disk has room and takes it"
        self._log.error("audit_not_written", words=words)
        worded = AuditError(words)
        worded.__cause__ = error
        return worded

    def query(self, after_id: int, limit: int) -> list[tuple[int, AuditEntry]]:
        """Give up to ``limit`` rows on the disk whose number is above ``after_id``, oldest first; reads meanwhile."""
        with self._one_reader:
            rows = self._reading.execute(
                "SELECT id,who,role,method,card_time,before,after,reason,result FROM audit WHERE id > ? "
                "ORDER BY id LIMIT ?",
                (after_id, limit),
            ).fetchall()
        return [(row[0], AuditEntry(*row[1:])) for row in rows]

    def next_lease_epoch(self) -> "Future[int]":
        """Give a number for a writer's lease that no lease of this file ever had, once it is kept; or `AuditError`."""

        def count() -> int:
            row = self._writing.execute("SELECT epoch FROM lease").fetchone()
            epoch = (row[0] if row else 0) + 1
            self._writing.execute("DELETE FROM lease")
            self._writing.execute("INSERT INTO lease VALUES (?)", (epoch,))
            return epoch

        return self._commits.put(count)

    def last_start(self) -> tuple[dict[str, int], dict[str, list[int]]]:
        """Give what :meth:`keep_start` kept last; twice nothing before the first start."""
        with self._one_reader:
            row = self._reading.execute("SELECT registers, held FROM start").fetchone()
        return (json.loads(row[0]), json.loads(row[1])) if row else ({}, {})

    def keep_start(self, registers: Mapping[str, int], held: Mapping[str, list[int]]) -> "Future[None]":
        """Keep what the next start compares with; give when it is on the disk, or `AuditError`.

        Parameters
        ----------
        registers : mapping
            What the configuration file gives, before anything is taken up.
        held : mapping
            Of each setting that waits for an operator's word, what was written and what waits.
        """
        values = json.dumps(dict(registers)), json.dumps(dict(held))

        def keep() -> None:
            self._writing.execute("DELETE FROM start")
            self._writing.execute("INSERT INTO start VALUES (?,?)", values)

        return self._commits.put(keep)

    def close(self) -> None:
        """Put on the disk what waits, and close the file; blocks meanwhile."""
        with self._one_reader:
            self._reading.close()
        self._commits.close()
        self._anchor.close()
