"""The audit log: one row for every write that was asked for, done or refused, each chained to the one before.

A row's hash covers the row and the hash of the row before it, so a row that is changed, removed or put in
between shows in :meth:`AuditLog.verify`. The table lives in SQLite; a row is on the disk before the write is
acknowledged.
"""

import hashlib
import json
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

__all__ = ["AuditEntry", "AuditLog"]

_COLUMNS = (
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


def _chain(previous: str, values: tuple[object, ...]) -> str:
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
        self._digest = envelope_digest
        self._clock = clock
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, check_same_thread=False)
        with self._connection:
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.execute(
                "CREATE TABLE IF NOT EXISTS audit (id INTEGER PRIMARY KEY AUTOINCREMENT, wall_ns INTEGER, who TEXT, "
                "role INTEGER, method TEXT, card_time INTEGER, before TEXT, after TEXT, reason TEXT, result TEXT, "
                "envelope_digest TEXT, hash TEXT NOT NULL)"
            )
            self._connection.execute("CREATE TABLE IF NOT EXISTS lease (epoch INTEGER NOT NULL)")

    def append(self, entry: AuditEntry) -> int:
        """Write a row and give its number."""
        fields = asdict(entry)
        with self._lock, self._connection:
            row = self._connection.execute("SELECT hash FROM audit ORDER BY id DESC LIMIT 1").fetchone()
            fields |= {"wall_ns": self._clock(), "envelope_digest": self._digest}
            values = tuple(fields[name] for name in _COLUMNS)
            marks = ",".join("?" * (len(_COLUMNS) + 1))
            cursor = self._connection.execute(
                f"INSERT INTO audit ({','.join(_COLUMNS)},hash) VALUES ({marks})",
                (*values, _chain(row[0] if row else "", values)),
            )
            assert cursor.lastrowid is not None
            return cursor.lastrowid

    def query(self, after_id: int, limit: int) -> list[tuple[int, AuditEntry]]:
        """Give up to ``limit`` rows whose number is above ``after_id``, oldest first."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT id,who,role,method,card_time,before,after,reason,result FROM audit WHERE id > ? "
                "ORDER BY id LIMIT ?",
                (after_id, limit),
            ).fetchall()
        return [(row[0], AuditEntry(*row[1:])) for row in rows]

    def verify(self) -> int | None:
        """Give the number of the first row that is not what was written; None when all are."""
        previous, expected = "", 1
        with self._lock:
            rows = self._connection.execute(f"SELECT id,{','.join(_COLUMNS)},hash FROM audit ORDER BY id").fetchall()
        for row in rows:
            if row[0] != expected or row[-1] != _chain(previous, row[1:-1]):
                return int(row[0])
            previous, expected = row[-1], expected + 1
        return None

    def next_lease_epoch(self) -> int:
        """Give a number for a writer's lease that no lease of this file ever had."""
        with self._lock, self._connection:
            row = self._connection.execute("SELECT epoch FROM lease").fetchone()
            epoch = (row[0] if row else 0) + 1
            self._connection.execute("DELETE FROM lease")
            self._connection.execute("INSERT INTO lease VALUES (?)", (epoch,))
            return epoch

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()
