"""The audit log on a slow, full or broken disk: order, one commit for rows that wait, errors, crashes, closing."""

import contextlib
import fcntl
import itertools
import os
import shutil
import sqlite3
import threading
import time

import pytest

from controlplane.store.audit import AuditEntry, AuditError, AuditLog, anchor_of
from controlplane.store.audit_check import check_audit, read_audit

SECONDS = 30.0


def entry(number, who="me"):
    return AuditEntry(who, 3, "CardService.Arm", number, "{}", '{"control.status":1}', "why", "committed")


def change(path, statement):
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


def on_disk(path):
    """Give the numbers of the rows that another process finds."""
    return [number for number, _, _ in read_audit(path, 1000)]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "audit.sqlite"


@pytest.fixture
def log(path, disk):
    made = AuditLog(path, "digest")
    yield made
    disk.open()
    made.close()


@pytest.fixture
def begun(log, disk):
    """A log of one row on a disk that has just become slow, and a second row that waits for its anchor."""
    assert log.append(entry(0)).result(SECONDS) == 1
    disk.shut()
    second = log.append(entry(1))
    disk.await_begun(2)
    return log, second


def test_the_anchor_is_on_the_disk_when_its_write_returns(log):
    assert fcntl.fcntl(log._anchor.fileno(), fcntl.F_GETFL) & os.O_DSYNC == os.O_DSYNC


def test_rows_that_wait_go_into_one_commit_with_one_anchor(begun, disk, path):
    log, second = begun
    waiting = [log.append(entry(number)) for number in range(2, 7)]
    epoch = log.next_lease_epoch()
    # Whoever asks meanwhile is answered at once, with what is in the file.
    assert [number for number, _ in log.query(0, 10)] == on_disk(path) == [1, 2]
    assert not any(future.done() for future in (second, *waiting, epoch))
    disk.open()
    assert [future.result(SECONDS) for future in (second, *waiting)] == list(range(2, 8))
    assert epoch.result(SECONDS) == 1
    assert disk.begun == 3
    assert anchor_of(path).read_text().startswith("7:")
    assert [row.card_time for _, row in log.query(0, 10)] == list(range(7))


def test_a_row_is_acknowledged_after_row_and_anchor(begun, disk, path):
    _log, second = begun
    assert on_disk(path) == [1, 2]
    assert anchor_of(path).read_text().startswith("1:")
    assert not second.done()
    disk.open()
    assert second.result(SECONDS) == 2
    assert anchor_of(path).read_text().startswith("2:")


def test_a_crash_between_a_commit_and_its_anchor_is_no_finding(begun, disk, path, tmp_path):
    log, _second = begun
    for number in range(2, 5):
        log.append(entry(number))
    # The second row's anchor is written, that of the three behind it is under way.
    disk.shut(after=1)
    disk.await_begun(3)
    crashed = tmp_path / "crashed"
    crashed.mkdir()
    for file in path.parent.glob("audit*"):
        shutil.copy(file, crashed)
    assert (crashed / anchor_of(path).name).read_text().startswith("2:")
    assert check_audit(crashed / path.name) == check_audit(path)
    assert (check_audit(path).rows, check_audit(path).found) == (5, "")


def test_the_first_row_of_all_goes_alone(log, disk, path):
    # Nothing is committed while somebody else writes: so all of it waits at once.
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        log.next_lease_epoch()
        waiting = [log.append(entry(number)) for number in range(3)]
        disk.shut()
        other.rollback()
    disk.await_begun(1)
    # A crash now leaves one row and no anchor, which is known for what it is.
    assert on_disk(path) == [1]
    assert check_audit(path).found == ""
    disk.open()
    assert [future.result(SECONDS) for future in waiting] == [1, 2, 3]


def test_rows_stand_in_the_order_of_appending_whatever_thread_does_it(path):
    ticks = itertools.count()

    def clock():
        # Another thread's turn, between the row's time and its place.
        tick = next(ticks)
        time.sleep(0.0001)
        return tick

    log = AuditLog(path, "digest", clock)
    futures = {who: [] for who in "abcdef"}
    start = threading.Barrier(len(futures))

    def write(who):
        start.wait(SECONDS)
        futures[who].extend(log.append(entry(number, who)) for number in range(40))

    threads = [threading.Thread(target=write, args=(who,)) for who in futures]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    numbers = {who: [future.result(SECONDS) for future in found] for who, found in futures.items()}
    assert all(found == sorted(found) for found in numbers.values())
    assert sorted(n for found in numbers.values() for n in found) == list(range(1, 241))
    rows = read_audit(path, 1000)
    assert [(row.who, row.card_time) for number, _, row in rows if number in numbers["c"]] == [
        ("c", number) for number in range(40)
    ]
    times = [wall for _, wall, _ in rows]
    assert times == sorted(times)
    log.close()
    assert check_audit(path).rows == 240
    assert check_audit(path).found == ""


def test_a_full_disk_is_said_to_all_who_wait_and_later_rows_go_on(log, path):
    assert log.append(entry(0)).result(SECONDS) == 1
    change(
        path, "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
    )
    for future in [log.append(entry(number)) for number in range(1, 4)]:
        with pytest.raises(AuditError, match=r"audit\.sqlite .*database or disk is full; see that"):
            future.result(SECONDS)
    change(path, "DROP TRIGGER full")
    assert log.append(entry(7)).result(SECONDS) == 2
    assert [row.card_time for _, row in log.query(0, 10)] == [0, 7]
    assert check_audit(path).found == ""


def test_an_anchor_that_cannot_be_written_is_said_and_written_with_the_next_row(log, disk, path):
    assert log.append(entry(0)).result(SECONDS) == 1
    disk.open(OSError(28, "No space left on device"))
    with pytest.raises(AuditError, match="No space left on device"):
        log.append(entry(1)).result(SECONDS)
    disk.open()
    assert log.append(entry(2)).result(SECONDS) == 3
    assert anchor_of(path).read_text().startswith("3:")
    assert check_audit(path).found == ""


def test_a_lease_epoch_that_cannot_be_kept_is_not_given(log, path):
    assert log.next_lease_epoch().result(SECONDS) == 1
    change(path, "CREATE TRIGGER full BEFORE INSERT ON lease BEGIN SELECT RAISE(ABORT, 'disk is full'); END")
    with pytest.raises(AuditError, match="disk is full"):
        log.next_lease_epoch().result(SECONDS)
    change(path, "DROP TRIGGER full")
    assert log.next_lease_epoch().result(SECONDS) == 2


def test_a_row_that_cannot_be_stored_takes_no_other_along(begun, disk):
    log, second = begun
    before, wrong, after = log.append(entry(2)), log.append(entry(2**70)), log.append(entry(3))
    disk.open()
    assert [future.result(SECONDS) for future in (second, before, after)] == [2, 3, 4]
    with pytest.raises(OverflowError):
        wrong.result(SECONDS)


def test_a_row_cannot_be_called_off(begun, disk):
    log, second = begun
    third = log.append(entry(2))
    assert not second.cancel()
    assert not third.cancel()
    disk.open()
    assert third.result(SECONDS) == 3


def test_closing_writes_what_waits_and_nothing_comes_after(begun, disk, path):
    log, _second = begun
    waiting = [log.append(entry(number)) for number in range(2, 5)]
    closing = threading.Thread(target=log.close)
    closing.start()
    assert not waiting[-1].done()
    disk.open()
    closing.join(SECONDS)
    assert not closing.is_alive()
    assert [future.result(0) for future in waiting] == [3, 4, 5]
    assert check_audit(path).rows == 5
    with pytest.raises(RuntimeError, match="closed"):
        log.append(entry(9))
