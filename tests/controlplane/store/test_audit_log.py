"""The audit chain: what is changed in the file shows; numbers of leases never come again."""

import sqlite3

import pytest

from controlplane.store.audit import AuditEntry, AuditLog


def entry(number):
    return AuditEntry("me", 3, "CardService.Arm", number, "{}", '{"control.status":1}', "why", "committed")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "audit.sqlite"
    log = AuditLog(path, "digest", clock=lambda: 42)
    for number in range(5):
        assert log.append(entry(number)) == number + 1
    assert log.verify() is None
    log.close()
    return path


def test_rows_come_back_in_order(file):
    log = AuditLog(file, "digest")
    assert log.query(3, 10) == [(4, entry(3)), (5, entry(4))]
    assert [number for number, _ in log.query(0, 2)] == [1, 2]
    log.close()


@pytest.mark.parametrize(
    ("change", "first"),
    [
        ("UPDATE audit SET reason = 'other' WHERE id = 3", 3),
        ("UPDATE audit SET envelope_digest = '' WHERE id = 1", 1),
        ("DELETE FROM audit WHERE id = 2", 3),
        ("UPDATE audit SET hash = 'x' WHERE id = 5", 5),
    ],
)
def test_a_changed_row_is_found(file, change, first):
    with sqlite3.connect(file) as connection:
        connection.execute(change)
    connection.close()
    log = AuditLog(file, "digest")
    assert log.verify() == first
    log.close()


def test_lease_epochs_rise_across_restarts(tmp_path):
    found = []
    for _ in range(3):
        log = AuditLog(tmp_path / "audit.sqlite", "digest")
        found += [log.next_lease_epoch(), log.next_lease_epoch()]
        log.close()
    assert found == [1, 2, 3, 4, 5, 6]
