"""Checks and reads the audit log's file without writing to it; no service need run.

The chain of hashes shows a row that was changed, taken out or put in. That rows were cut off at the end the chain
cannot show: for that the head (number and hash of the last row) is kept in a second file, the anchor, and may be noted
elsewhere by a person, who gives it back as ``head``.
"""

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from controlplane.store.audit import COLUMNS, AuditEntry, anchor_of, chain_hash

__all__ = ["AuditVerdict", "check_audit", "read_audit"]


@dataclass(frozen=True, slots=True)
class AuditVerdict:
    """What a check found.

    Attributes
    ----------
    rows : int
        Rows that stand, counted from the first.
    head : str
        Number and hash of the last of them, as ``12:3f9a...``; empty when there is none.
    found : str
        What is wrong, in words; empty when nothing is.
    """

    rows: int
    head: str
    found: str = ""


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        yield connection


def check_audit(path: Path, head: str = "") -> AuditVerdict:
    """Check every row against the chain, and the end against the anchor.

    Parameters
    ----------
    path : Path
        The audit log's SQLite file.
    head : str
        A head that an earlier check gave and that a person kept; empty: none.

    Raises
    ------
    sqlite3.Error
        The file is missing or is no audit log.
    """
    hashes: list[str] = []
    # Read before the table: a row that is written in between is newer than the anchor, which is as it should be.
    anchor = anchor_of(path).read_text(encoding="ascii", errors="replace") if anchor_of(path).exists() else ""
    with _opened(path) as connection:
        for row in connection.execute(f"SELECT id,{','.join(COLUMNS)},hash FROM audit ORDER BY id"):
            number = len(hashes) + 1
            if row[0] != number:
                return _verdict(hashes, f"row {number} is missing: the next one is row {row[0]}")
            if row[-1] != chain_hash(hashes[-1] if hashes else "", row[1:-1]):
                return _verdict(hashes, f"row {number} is not what was written, or a row before it was taken out")
            hashes.append(row[-1])
    # A crash right after the first row of all leaves one row and no anchor.
    if len(hashes) > 1 and not anchor:
        return _verdict(hashes, f"the anchor {anchor_of(path).name} is missing: the end cannot be vouched for")
    for words, kept in (("the anchor says", anchor), ("the head you gave says", head)):
        number_text, _, digest = kept.strip().partition(":")
        if not kept.strip():
            continue
        if not number_text.isdecimal() or int(number_text) < 1 or not digest:
            return _verdict(hashes, f"{words} {kept.strip()[:80]!r}, which is not NUMBER:HASH")
        count = int(number_text)
        if count > len(hashes):
            return _verdict(hashes, f"the end was cut off: {words} that there are {count} rows or more")
        if hashes[count - 1] != digest:
            return _verdict(hashes, f"the log was written anew: {words} another hash for row {count}")
    return _verdict(hashes, "")


def _verdict(hashes: list[str], found: str) -> AuditVerdict:
    return AuditVerdict(len(hashes), f"{len(hashes)}:{hashes[-1]}" if hashes else "", found)


def read_audit(path: Path, last: int) -> list[tuple[int, int, AuditEntry]]:
    """Give the last rows, oldest first: number, wall-clock time in ns since 1970, and the row.

    Raises
    ------
    sqlite3.Error
        The file is missing or is no audit log.
    """
    names = "who,role,method,card_time,before,after,reason,result"
    with _opened(path) as connection:
        rows = connection.execute(f"SELECT id,wall_ns,{names} FROM audit ORDER BY id DESC LIMIT ?", (last,)).fetchall()
    return [(row[0], row[1], AuditEntry(*row[2:])) for row in reversed(rows)]
