"""The audit log: one row for every write that was asked for, done or refused, each chained to the one before.

A row's hash covers the row and the hash of the row before it, so a row that is changed, removed or put in between
shows in :func:`controlplane.store.audit_check.check_audit`. The number and the hash of the last row are kept in a
second file, the anchor, so that an end that is cut off shows as well. The table lives in SQLite; a row is on the disk
before the write is acknowledged, and the anchor after the row: a crash in between leaves an anchor one row behind.
"""

import hashlib
import json
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

__all__ = ["COLUMNS", "AuditEntry", "AuditLog", "anchor_of", "chain_hash"]

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


def anchor_of(path: Path) -> Path:
    """Give the anchor's file of an audit log's file."""
    return path.with_suffix(".anchor")


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
        self._digest = envelope_digest
        self._clock = clock
        self._lock = threading.Lock()
        self._anchor = anchor_of(path)
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
            self._connection.execute("CREATE TABLE IF NOT EXISTS start (registers TEXT NOT NULL, held TEXT NOT NULL)")

    def append(self, entry: AuditEntry) -> int:
        """Write a row and give its number."""
        fields = asdict(entry)
        with self._lock, self._connection:
            row = self._connection.execute("SELECT hash FROM audit ORDER BY id DESC LIMIT 1").fetchone()
            fields |= {"wall_ns": self._clock(), "envelope_digest": self._digest}
            values = tuple(fields[name] for name in COLUMNS)
            marks = ",".join("?" * (len(COLUMNS) + 1))
            digest = chain_hash(row[0] if row else "", values)
            cursor = self._connection.execute(
                f"INSERT INTO audit ({','.join(COLUMNS)},hash) VALUES ({marks})", (*values, digest)
            )
            assert cursor.lastrowid is not None
            # Still under the lock, and after the row: see the head of this file.
            self._connection.commit()
            self._keep_anchor(cursor.lastrowid, digest)
            return cursor.lastrowid

    def _keep_anchor(self, number: int, digest: str) -> None:
        new = self._anchor.with_suffix(".anchor-new")
        with new.open("w", encoding="ascii") as file:
            file.write(f"{number}:{digest}\n")
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._anchor)

    def query(self, after_id: int, limit: int) -> list[tuple[int, AuditEntry]]:
        """Give up to ``limit`` rows whose number is above ``after_id``, oldest first."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT id,who,role,method,card_time,before,after,reason,result FROM audit WHERE id > ? "
                "ORDER BY id LIMIT ?",
                (after_id, limit),
            ).fetchall()
        return [(row[0], AuditEntry(*row[1:])) for row in rows]

    def next_lease_epoch(self) -> int:
        """Give a number for a writer's lease that no lease of this file ever had."""
        with self._lock, self._connection:
            row = self._connection.execute("SELECT epoch FROM lease").fetchone()
            epoch = (row[0] if row else 0) + 1
            self._connection.execute("DELETE FROM lease")
            self._connection.execute("INSERT INTO lease VALUES (?)", (epoch,))
            return epoch

    def last_start(self) -> tuple[dict[str, int], dict[str, list[int]]]:
        """Give what :meth:`keep_start` kept last; twice nothing before the first start."""
        with self._lock:
            row = self._connection.execute("SELECT registers, held FROM start").fetchone()
        return (json.loads(row[0]), json.loads(row[1])) if row else ({}, {})

    def keep_start(self, registers: Mapping[str, int], held: Mapping[str, list[int]]) -> None:
        """Keep what the next start compares with.

        Parameters
        ----------
        registers : mapping
            What the configuration file gives, before anything is taken up.
        held : mapping
            Of each setting that waits for an operator's word, what was written and what waits.
        """
        with self._lock, self._connection:
            self._connection.execute("DELETE FROM start")
            values = json.dumps(dict(registers)), json.dumps(dict(held))
            self._connection.execute("INSERT INTO start VALUES (?,?)", values)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()
