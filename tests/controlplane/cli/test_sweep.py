"""A sweep's parts that need no card: what is asked for, what is refused, what is compared, what is drawn."""

import re
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from controlplane.cli.cell import Session, config_text, figures_of
from controlplane.cli.main import app
from controlplane.cli.sweep import grid_of, made_session, setting_of
from controlplane.report.build import build_report
from controlplane.report.sweep_page import mean_money, write_page
from sim.sessions.binaryfile import write_messages
from sim.sessions.make import make_messages
from tests.controlplane.report.test_report import AAA, BBB, run

SESSION = Session("calm:1:2000", "calm", 1, 2_000)


def test_settings_are_numbers_where_they_are_numbers():
    assert setting_of("taker.stop=1,2.5,true") == ("taker.stop", [1, 2.5, True])
    assert setting_of("exchange.latency_in=5000,tail:1-9~3") == ("exchange.latency_in", [5_000, "tail:1-9~3"])
    for words in ("taker.stop", "=1", "taker.stop="):
        with pytest.raises(ValueError, match="is no setting"):
            setting_of(words)


def test_every_combination_over_every_session_has_a_folder_of_its_own():
    sessions = [SESSION, made_session("toxic:2:3000")]
    cells = grid_of({"a": [1, 2], "b": [3, 4, 5]}, sessions, None, ("imbalance",), Path("out"))
    assert len(cells) == len({cell.out for cell in cells}) == 12
    assert {(cell.settings, cell.session.name) for cell in cells} == {
        ((("a", a), ("b", b)), name) for a in (1, 2) for b in (3, 4, 5) for name in ("calm:1:2000", "toxic:2:3000")
    }


def test_a_cell_is_configured_with_its_settings_and_only_those(tmp_path):
    [cell] = grid_of({"taker.stop": [9], "exchange.latency_in": [7]}, [SESSION], None, (), tmp_path)
    table = tomllib.loads(config_text(cell))
    assert table["taker"]["stop"] == 9
    assert "exchange" not in table
    file = tmp_path / "late.itch50"
    write_messages(file, make_messages(1, 5_000).messages[900:])
    late = Session(file.name, file=file, symbols=("PWCC",), join=True)
    table = tomllib.loads(config_text(grid_of({"taker.stop": [9]}, [late], None, (), tmp_path)[0]))
    assert (table["join"], [s["name"] for s in table["symbols"]]) == ({"PWCC": 1021}, ["PWCC"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--made", "calm:1:2000"], "at least one --set"),
        (["--set", "taker.stop=1"], "at least one --set"),
        (["--set", "taker.stop=1", "--made", "calm:1"], "no made session"),
        (["--set", "taker.stop=1", "--made", "sunny:1:2000"], "no regime is called"),
        (["--set", "taker.stop=1", "--made", "calm:1:20"], "too short"),
        (["--set", "taker.stop=900", "--made", "calm:1:2000"], "less than or equal to 255"),
        (["--set", "taker.stopp=1", "--made", "calm:1:2000"], "taker.stopp"),
        (["--set", "exchange.mood=1", "--made", "calm:1:2000"], "the exchange has no setting"),
        (["--set", "exchange.slide=2", "--made", "calm:1:2000"], "a chance is from 0 to 1"),
        (["--set", "exchange.latency_in=soon", "--made", "calm:1:2000"], "is no latency"),
        (["--set", "taker.stop=1", "--set", "taker.stop=2", "--made", "calm:1:2000"], "given twice"),
        (["--set", "taker.stop=1", "--made", "calm:1:2000", "--strategies", "maker"], "none of imbalance"),
    ],
)
def test_wrong_wishes_are_refused_before_anything_is_played(tmp_path, arguments, words):
    done = CliRunner().invoke(app, ["sweep", *arguments, "--out", str(tmp_path / "out")])
    assert done.exit_code == 2
    assert words in re.sub(r"[\s│]+", " ", done.output + done.stderr)
    assert not (tmp_path / "out").exists()


def test_figures_are_those_of_the_report():
    figures = figures_of(build_report(run()))
    assert (figures["pnl"], figures["fills"], figures["round_trips"], figures["won"]) == (AAA + BBB, 4, 1, 1)
    assert (figures["entries"], figures["hit_rate"], figures["refused"], figures["agree"]) == (4, 0.5, 3, True)
    assert (figures["markout_1000ms"], figures["markout_60000ms"]) == (50, None)
    assert figures_of(build_report(run(fills=[], sent=[])))["agree"] is False, "the card says it holds something"


ROWS = [
    {"session": name, "a": a, "b": b, "pnl": 1_000_000 * a * b, "fees": 5, "fills": 1, "round_trips": 1, "won": 0,
     "hit_rate": None, "markout_1000ms": None, "markout_10000ms": -50.0, "agree": a == 1}
    for name in ("one", "two") for a in (1, 2) for b in (10, 20)
]  # fmt: skip


def test_money_is_averaged_over_what_is_not_on_the_axes():
    assert mean_money(ROWS, ("a",)) == {(1,): 15.0, (2,): 30.0}
    assert mean_money(ROWS[:4], ("a", "b")) == {(1, 10): 10.0, (1, 20): 20.0, (2, 10): 20.0, (2, 20): 40.0}


def test_two_settings_make_a_heat_map_for_each_session_and_one_makes_lines(tmp_path):
    write_page(ROWS, {"a": [1, 2], "b": [10, 20]}, tmp_path / "heat.html")
    page = (tmp_path / "heat.html").read_text()
    assert page.count("<svg") == 2
    assert all(f">{value:+.2f}<" in page for value in (10, 20, 40))
    assert page.count(">NO<") == 4
    assert "$40.00" in page
    assert "-0.50" in page
    write_page(ROWS, {"a": [1, 2], "b": [10, 20]}, tmp_path / "again.html")
    assert page == (tmp_path / "again.html").read_text()
    write_page([r for r in ROWS if r["b"] == 10], {"a": [1, 2], "b": [10]}, tmp_path / "lines.html")
    assert (tmp_path / "lines.html").read_text().count("<svg") == 2
