"""Days on the disk: what a service that starts again reads back, and what is kept of the days before."""

import json
import sqlite3

import pytest

from controlplane.cli.main import app
from controlplane.config.models import Fees
from controlplane.store.day_statistics import DayStatistics
from controlplane.store.history import days, history
from controlplane.store.journal import Journal
from controlplane.store.ledger import Ledger
from controlplane.store.report import make_report
from tests.controlplane.plain_card import PlainCard

SYMBOLS = ("PWAA", "PWBB")
OPEN = 34_200_000_000_000
SECOND = 1_000_000_000
MINUTE = 60 * SECOND


class Statistics:
    """What the service's view of the market counts of a day."""

    def __init__(self):
        self.begin_day()

    def begin_day(self):
        self.rows = [DayStatistics(100) for _ in SYMBOLS]

    def day(self):
        return self.rows

    def apply(self, records):
        for record in records:
            if record.name == "TRADE_PRINT":
                self.rows[record.slot].trade(*record.words[:2])
            if record.name == "DEPTH":
                self.rows[record.slot].depth(*record.words[:2])


class Life:
    """One process's life over a folder."""

    def __init__(self, folder):
        self.ledger = Ledger(SYMBOLS, Fees(remove=3000, add=-2000))
        self.statistics = Statistics()
        self.journal = Journal(folder / "events.sqlite", self.ledger, self.statistics)
        self.read = self.journal.read_back()

    def known(self):
        """All that a report tells, and the statistics."""
        report = make_report(self.ledger)
        return report, self.statistics.rows, self.ledger.bars.incomplete_between(0, 24 * 60 * MINUTE)


@pytest.fixture
def card():
    return PlainCard()


def depth(card, slot, bid, time, **kw):
    card.now += 1
    return card.say("DEPTH", (bid, bid + 100, 700, 300, 0), slot=slot, exchange_time=time, **kw)


def trade(card, slot, price, shares, time, **kw):
    card.now += 1
    return card.say("TRADE_PRINT", (price, shares), slot=slot, exchange_time=time, **kw)


def entry(card, slot, order, price, time, side=0):
    said = {"slot": slot, "side": side, "order": order, "chain": order, "exchange_time": time}
    return [
        card.say("TRIGGER", (9000, 1000, price - 100, price, 0x900), slot=slot, side=side, exchange_time=time),
        card.say("ORDER_SENT", (price, 100, 9, 0, 0x11), **said),
        card.say("ORDER_EXECUTED", (price, 100, 1, 0, 0), detail=ord("R"), **said),
    ]


def morning(card):
    """Two minutes: trades, a fill and what became of the mid after it."""
    records = [depth(card, 0, 250_000, OPEN), trade(card, 0, 250_000, 500, OPEN + 1)]
    records += entry(card, 0, 1, 250_100, OPEN + SECOND)
    records += [depth(card, 0, 250_200, OPEN + 2 * SECOND), depth(card, 0, 250_500, OPEN + 11 * SECOND)]
    records += [trade(card, 1, 90_000, 70, OPEN + MINUTE), trade(card, 0, 250_400, 30, OPEN + MINUTE + SECOND)]
    return records


def test_a_second_life_knows_what_the_first_did(tmp_path, card):
    first = Life(tmp_path)
    assert first.read == 0
    records = morning(card)
    first.journal.take(records[:4])
    first.journal.take(records[4:])
    told = first.known()
    first.journal.close()
    second = Life(tmp_path)
    assert second.read == len(records)
    assert second.known() == told
    assert [(b.slot, b.volume) for b, _ in second.ledger.bars.between(0, OPEN + 2 * MINUTE)] == [
        (0, 500),
        (0, 30),
        (1, 70),
    ]
    # And it goes on where the first ended: the mid a minute after the entry, in the next process.
    second.journal.take([depth(card, 0, 249_000, OPEN + 62 * SECOND)])
    assert [(m.seconds, m.average, m.fills) for m in make_report(second.ledger).markouts] == [
        (1, 150.0, 1),
        (10, 450.0, 1),
        (60, 450.0, 1),
    ]
    assert second.ledger.lost == 0
    second.journal.close()


def test_what_was_said_between_two_lives_marks_its_minutes(tmp_path, card):
    first = Life(tmp_path)
    first.journal.take(morning(card))
    first.journal.close()
    second = Life(tmp_path)
    # Seven records while nobody listened, over three minutes.
    second.journal.take([trade(card, 0, 250_000, 10, OPEN + 4 * MINUTE, skip=7)])
    assert second.ledger.lost == 7
    marked = second.ledger.bars.incomplete_between(0, OPEN + 9 * MINUTE)
    assert [(start - OPEN) // MINUTE for start in marked] == [1, 2, 3, 4]
    second.journal.close()
    kept = [(row["start"] - OPEN) // MINUTE for row in history(tmp_path / "events.sqlite", "lost", 0)]
    assert kept == [1, 2, 3, 4]
    bars = {((row["start"] - OPEN) // MINUTE, row["symbol"]): row["incomplete"] for row in
            history(tmp_path / "events.sqlite", "bars", 0)}  # fmt: skip
    assert bars == {(0, "PWAA"): 0, (1, "PWAA"): 1, (1, "PWBB"): 1, (4, "PWAA"): 1}


def test_a_card_that_was_started_anew_is_a_loss_of_what_it_said_last(tmp_path, card):
    first = Life(tmp_path)
    first.journal.take(morning(card))
    first.journal.close()
    other = PlainCard()
    other.now = 5
    second = Life(tmp_path)
    second.journal.take([trade(other, 0, 250_000, 10, OPEN + 2 * MINUTE)])
    # Its first record is number 1: none is missing of the new card, and of the old one nobody knows.
    assert second.ledger.lost == 1
    assert len(second.ledger.bars.incomplete_between(0, OPEN + 9 * MINUTE)) == 2
    # A third one, whose first four records nobody heard.
    third = PlainCard()
    third.now = 1
    second.journal.take([trade(third, 0, 250_000, 10, OPEN + 3 * MINUTE, skip=4)])
    assert second.ledger.lost == 1 + 4
    second.journal.close()


def test_another_day_begins_anew_and_the_one_before_is_kept(tmp_path, card):
    life = Life(tmp_path)
    records = morning(card)
    # The next morning: the clock went back.
    records += [depth(card, 1, 80_000, OPEN - 5 * MINUTE), trade(card, 1, 80_000, 5, OPEN - 5 * MINUTE)]
    life.journal.take(records)
    report = make_report(life.ledger)
    assert (report.fills, report.triggers, [b.volume for _, b, _ in report.bars]) == (0, 0, [5])
    assert [row.volume for row in life.statistics.rows] == [0, 5]
    life.journal.close()
    path = tmp_path / "events.sqlite"
    assert [(d["day"], d["fills"], d["bars"]) for d in days(path)] == [(1, 1, 3), (2, 0, 1)]
    assert [(r["seconds"], r["move"]) for r in history(path, "markouts", 1)] == [(1, 150.0), (10, 450.0), (60, 450.0)]
    assert [r["volume"] for r in history(path, "statistics", 1)] == [530, 70]
    # A restart reads the second day back, and it only.
    again = Life(tmp_path)
    assert again.read == 2
    assert make_report(again.ledger).fills == 0
    again.journal.close()


def test_what_was_not_closed_is_there_up_to_the_last_second(tmp_path, card):
    now = [0.0]
    ledger, statistics = Ledger(SYMBOLS, Fees(remove=3000, add=-2000)), Statistics()
    journal = Journal(tmp_path / "events.sqlite", ledger, statistics, lambda: now[0])
    journal.take(morning(card))
    now[0] = 1.5
    journal.commit_when_due()
    journal.take([trade(card, 0, 250_000, 10, OPEN + 2 * MINUTE)])
    journal.commit_when_due()
    # Another process looks while this one still lives, as after a crash.
    assert len(history(tmp_path / "events.sqlite", "bars", 0)) == 3
    with sqlite3.connect(tmp_path / "events.sqlite") as other:
        assert other.execute("SELECT count(*) FROM record").fetchone() == (9,)
    journal.close()
    assert len(history(tmp_path / "events.sqlite", "bars", 0)) == 4


def test_the_command_line_shows_a_day(tmp_path, card, capsys):
    life = Life(tmp_path)
    life.journal.take(morning(card))
    life.journal.close()

    def run(*words):
        with pytest.raises(SystemExit) as ended:
            app([*words, "--dir", str(tmp_path)])
        return ended.value.code, capsys.readouterr()

    status, said = run("history", "fills", "--json")
    (fill,) = json.loads(said.out)
    assert status == 0
    assert (fill["symbol"], fill["price"], fill["shares"], fill["fee"], fill["entry"]) == (
        "PWAA",
        250_100,
        100,
        300_000,
        1,
    )
    status, said = run("history", "bars", "--symbol", "PWBB")
    assert said.out.splitlines()[1].split()[1:] == ["PWBB", *["90000"] * 4, "70", "1", "0"]
    status, said = run("history", "bars", "--day", "7")
    assert (status, said.out) == (0, "nothing is kept of that\n")
    (tmp_path / "events.sqlite").unlink()
    status, said = run("history", "days")
    assert (status, "folder of a service" in said.err) == (2, True)
