"""``pennywire screen``: the service's own rules, unknown fails, and what it writes is what the service reads."""

import datetime
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from controlplane.cli.demo import CONFIG
from controlplane.cli.main import app
from controlplane.cli.screen import date_of, screen_symbols
from controlplane.config.load import load_config
from controlplane.config.models import Fees
from sim.screen.day import SymbolDay
from sim.sessions.make import make_session

DATE = datetime.date(2026, 1, 30)
FEES = Fees(remove=3_000, add=-2_000)


def day(symbol="AA", volume=6_000_000, part=0.97):
    return SymbolDay(symbol, volume, 1_000_000, int(part * 1_000_000))


def verdict(days=5, average=6_000_000, given=None, fees=FEES, **changes):
    [found] = screen_symbols([day(**changes)], DATE, {"AA": (average, days)}, given or {}, fees)
    return found


def test_a_symbol_that_meets_all_passes():
    found = verdict()
    assert not found.failures
    assert found.prerequisites.spread_at_one_tick == 0.97
    assert found.prerequisites.rebate == 2_000


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"average": 5_000_000}, "average daily volume 5000000 is not above 5000000"),
        ({"part": 0.9499}, "less than 95%"),
        ({"fees": Fees(remove=3_000, add=-2_000, commission=1)}, "commission of 1"),
        ({"days": 4}, "not known: 4 of 5 days"),
    ],
)
def test_what_is_not_met_or_not_known_fails(changes, words):
    [failure] = verdict(**changes).failures
    assert words in failure


def test_one_day_of_great_volume_is_no_average():
    assert verdict(days=1, volume=10**9).failures
    [found] = screen_symbols([SymbolDay("AA", 10**9)], DATE, {}, {}, FEES)
    assert len(found.failures) == 2
    assert found.prerequisites is None


def test_a_dated_value_of_the_operator_goes_before_the_stored_days():
    before = datetime.date(2026, 1, 2)
    found = verdict(days=2, given={"AA": (7_000_000, before)})
    assert not found.failures
    assert (found.prerequisites.average_daily_volume, found.prerequisites.dated) == (7_000_000, before)
    assert verdict(days=9, given={"AA": (4_000_000, before)}).failures


@pytest.mark.parametrize(
    ("name", "date"),
    [("01302020.NASDAQ_ITCH50.gz", (2020, 1, 30)), ("S081321-v50.txt.gz", (2021, 8, 13)), ("day.itch50", None),
     ("13452020.NASDAQ_ITCH50", None)],
)  # fmt: skip
def test_the_day_is_told_by_the_files_name(name, date):
    assert date_of(Path(name)) == (datetime.date(*date) if date else None)


def test_five_days_make_a_configuration_that_the_service_reads(tmp_path):
    file, store, out = tmp_path / "day.itch50", tmp_path / "days.sqlite", tmp_path / "symbols.toml"
    make_session(file, 1, 20_000, "quiet")
    volume = ["--volume", "PWAA=9000000@2026-01-05"]
    for number in range(1, 6):
        command = ["screen", str(file), "--date", f"2026-01-0{number}", "--store", str(store), "--json"]
        done = CliRunner().invoke(app, [*command, "--symbols", "PWAA,PWBB", *volume, "--out", str(out)])
        assert done.exit_code == 0, done.output
    rows = {row["symbol"]: row for row in json.loads(done.stdout)["symbols"]}
    assert set(rows) == {"PWAA", "PWBB"}
    assert rows["PWAA"]["passes"]
    # Five days of a made session are far below five million shares: the mean is the volume of each.
    assert not rows["PWBB"]["passes"]
    assert rows["PWBB"]["average_daily_volume"] == rows["PWBB"]["volume"]
    path = tmp_path / "service.toml"
    path.write_text(CONFIG.read_text().partition("\n[[symbols]]")[0] + "\n" + out.read_text())
    config = load_config(path)
    assert {s.name: bool(s.failures()) for s in config.symbols} == {"PWAA": False, "PWBB": True}
    assert config.symbols[0].prerequisites.dated == datetime.date(2026, 1, 5)


def test_wrong_wishes_are_refused_in_words(tmp_path):
    file = tmp_path / "day.itch50"
    make_session(file, 1, 1_000)
    runner = CliRunner()
    base = ["screen", str(file), "--store", str(tmp_path / "days.sqlite")]
    for more, words in (
        ([], "give --date"),
        (["--date", "2026-01-05", "--volume", "AA=many"], "no dated volume"),
        (["--date", "2026-01-05", "--hours", "late"], "no hours"),
        (["--date", "2026-01-05", "--hours", "16:00-09:30"], "end before"),
    ):
        done = runner.invoke(app, [*base, *more])
        assert done.exit_code == 2, done.output
        assert words in done.stderr
    cut = tmp_path / "cut.itch50"
    cut.write_bytes(file.read_bytes()[:5_000])
    done = runner.invoke(app, ["screen", str(cut), "--date", "2026-01-05", "--store", str(tmp_path / "days.sqlite")])
    assert done.exit_code == 1
    empty = tmp_path / "empty.itch50"
    empty.touch()
    for more, status, words in (
        ([str(empty)], 1, "holds no message"),
        ([str(file), "--symbols", "PWAA,NOPE"], 1, "has no NOPE"),
        ([str(file), "--out", str(tmp_path / "no" / "x.toml")], 2, "No such file"),
        ([str(file), "--store", str(file / "days.sqlite")], 2, "is no store of screened days"),
    ):
        done = runner.invoke(app, ["screen", "--store", str(tmp_path / "d.sqlite"), "--date", "2026-01-05", *more])
        assert (done.exit_code, words in done.stderr) == (status, True), (more, done.output, done.exception)
