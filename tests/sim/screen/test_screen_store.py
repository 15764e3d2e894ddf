"""Stored days: averaged over the latest, replaced when screened again."""

import datetime
import sqlite3

import pytest

from sim.screen.day import SymbolDay
from sim.screen.store import MOST_DAYS, ScreenStore

FIRST = datetime.date(2026, 1, 1)


def day(number):
    return FIRST + datetime.timedelta(days=number)


def test_the_mean_is_over_days_that_are_stored_up_to_a_date(tmp_path):
    with ScreenStore(tmp_path / "new" / "days.sqlite") as store:
        for number, volume in enumerate((100, 200, 400)):
            store.keep(day(number), [SymbolDay("AA", volume), SymbolDay("BB", 7)][: 2 if number else 1])
        assert store.average_volumes(day(1)) == {"AA": (150, 2), "BB": (7, 1)}
        store.keep(day(1), [SymbolDay("AA", 1_000)])
        assert store.average_volumes(day(9)) == {"AA": (500, 3), "BB": (7, 1)}
    with ScreenStore(tmp_path / "new" / "days.sqlite") as store:
        assert store.average_volumes(day(0)) == {"AA": (100, 1)}


def test_old_days_leave_the_mean(tmp_path):
    with ScreenStore(tmp_path / "days.sqlite") as store:
        store.keep(day(0), [SymbolDay("AA", 10**9)])
        for number in range(1, MOST_DAYS + 1):
            store.keep(day(number), [SymbolDay("AA", 10)])
        assert store.average_volumes(day(99)) == {"AA": (10, MOST_DAYS)}


def test_what_is_no_store_is_an_error(tmp_path):
    path = tmp_path / "days.sqlite"
    path.write_text("not a database, for sure, and long enough to be looked at by a program that reads pages")
    with pytest.raises(sqlite3.DatabaseError), ScreenStore(path) as store:
        store.average_volumes(FIRST)
