"""The audit chain: what is changed in the file shows; numbers of leases never come again."""

import sqlite3

import pytest

from controlplane.store.audit import AuditEntry, AuditLog, anchor_of
from controlplane.store.audit_check import check_audit


def entry(number):
    return AuditEntry("me", 3, "CardService.Arm", number, "{}", '{"control.status":1}', "why", "committed")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "audit.sqlite"
    log = AuditLog(path, "digest", clock=lambda: 42)
    for number in range(5):
        assert log.append(entry(number)).result() == number + 1
    log.close()
    assert check_audit(path).found == ""
    assert check_audit(path).rows == 5
    return path


def test_rows_come_back_in_order(file):
    log = AuditLog(file, "digest")
    assert log.query(3, 10) == [(4, entry(3)), (5, entry(4))]
    assert [number for number, _ in log.query(0, 2)] == [1, 2]
    log.close()


def change(file, statement):
    with sqlite3.connect(file) as connection:
        connection.execute(statement)
    connection.close()


@pytest.mark.parametrize(
    ("statement", "words", "stand"),
    [
        ("UPDATE audit SET reason = 'other' WHERE id = 3", "row 3 is not what was written", 2),
        ("UPDATE audit SET wall_ns = 43 WHERE id = 2", "row 2 is not what was written", 1),
        ("UPDATE audit SET envelope_digest = '' WHERE id = 1", "row 1 is not", 0),
        ("UPDATE audit SET hash = 'x' WHERE id = 5", "row 5 is not", 4),
        ("DELETE FROM audit WHERE id = 2", "row 2 is missing", 1),
        ("DELETE FROM audit WHERE id = 1", "row 1 is missing", 0),
        ("DELETE FROM audit WHERE id = 5", "cut off", 4),
        ("DELETE FROM audit WHERE id > 2", "cut off", 2),
        ("DELETE FROM audit", "cut off", 0),
    ],
)
def test_a_changed_or_cut_row_is_found(file, statement, words, stand):
    change(file, statement)
    verdict = check_audit(file)
    assert words in verdict.found
    assert verdict.rows == stand


def test_an_end_that_was_written_anew_is_found(file):
    change(file, "DELETE FROM audit WHERE id = 5")
    change(file, "UPDATE sqlite_sequence SET seq = 4")
    kept = anchor_of(file).read_bytes()
    log = AuditLog(file, "digest", clock=lambda: 42)
    log.append(entry(77)).result()
    log.close()
    # The log's own anchor went along; the old one, and a head that a person kept, tell.
    head = kept.decode()
    assert check_audit(file).found == ""
    assert "written anew" in check_audit(file, head).found
    anchor_of(file).write_bytes(kept)
    assert "written anew" in check_audit(file).found


def test_an_anchor_one_row_behind_is_a_crash_and_no_finding(file):
    kept = anchor_of(file).read_bytes()
    log = AuditLog(file, "digest", clock=lambda: 42)
    log.append(entry(5)).result()
    log.close()
    anchor_of(file).write_bytes(kept)
    assert check_audit(file).found == ""
    anchor_of(file).unlink()
    assert "anchor" in check_audit(file).found
    anchor_of(file).write_text("nonsense")
    assert "NUMBER:HASH" in check_audit(file).found


def test_lease_epochs_rise_across_restarts(tmp_path):
    found = []
    for _ in range(3):
        log = AuditLog(tmp_path / "audit.sqlite", "digest")
        found += [log.next_lease_epoch().result(), log.next_lease_epoch().result()]
        log.close()
    assert found == [1, 2, 3, 4, 5, 6]
