"""The parts of a simulated run that need no card: what is gathered, what a replay is configured with, exit statuses."""

import io
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from controlplane.agent.run import DecisionRecord
from controlplane.card.event_table import RecordType
from controlplane.cli.demo import CONFIG, run_demo
from controlplane.cli.gather import card_rows, decision_row, difference_rows, fill_rows, ledger_rows, sent_rows
from controlplane.cli.main import app
from controlplane.cli.processes import ChildError
from controlplane.cli.replay import find_locates, replay_config, run_replay
from controlplane.cli.session_run import finish
from controlplane.config.load import load_config
from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.report.build import build_report
from controlplane.report.run_data import (
    BookRow,
    CardRow,
    DifferenceRow,
    FillRow,
    LedgerRow,
    RunData,
    SentRow,
    ToolCall,
)
from controlplane.store.event_log import EventLog
from controlplane.store.record import ROLES, STRATEGIES
from hdl.types import Module, Role
from sim.exchange.log import ExchangeLog, LogEntry
from sim.sessions.binaryfile import write_messages
from sim.sessions.make import make_messages


def run_data(**changes: Any) -> RunData:
    """A run of one symbol in which nothing was traded."""
    return RunData(
        title="quiet", session={}, symbols=("PWAA",), first_time=0, last_time=10**9, market_ended=10**9, messages={},
        play={}, config_name="demo", clock_period_ps=6_400, fills=(), mids={"PWAA": []},
        books={"PWAA": BookRow((), ())}, card={"PWAA": CardRow(0, 0, 0, 0, 0)},
        ledger={"PWAA": LedgerRow(0, 0, 0, 0, 0, 0)}, sent=(), **changes,
    )  # fmt: skip


@dataclass
class Record:
    """An event record of the test's own."""

    type: int
    slot: int = 0
    side: int = 0
    detail: int = 0
    sequence: int = 0
    card_time: int = 0
    exchange_time: int = 0
    order: int = 0
    chain: int = 0
    cause: int = 0
    epoch: int = 0
    words: tuple[int, ...] = (0, 0, 0, 0, 0)


def sent_record(**fields: Any) -> Record:
    return Record(RecordType.ORDER_SENT, **fields)


def logged(path: Path, *records: Record) -> Path:
    log = EventLog(path)
    log.append(records)
    log.close()
    return path


def test_orders_that_left_are_read_from_the_event_log(tmp_path: Path):
    # flags: bits 0-1 module, bits 2-3 role: 1 is taker's entry, 5 taker's exit.
    path = logged(
        tmp_path / "events.sqlite",
        Record(RecordType.TRIGGER, exchange_time=90),
        sent_record(slot=1, side=0, exchange_time=100, order=4, chain=4, words=(250_100, 100, 11, 0, 0b010001)),
        sent_record(slot=1, side=1, exchange_time=200, order=5, chain=5, words=(250_400, 100, 31, 0, 0b000101)),
        sent_record(detail=1, side=1, exchange_time=300, order=6, chain=5, words=(250_000, 100, 9, 5, 0b000101)),
        sent_record(detail=2, side=0, exchange_time=400, order=7, chain=7, words=(0, 0, 7, 0, 0b001010)),
    )
    assert sent_rows(path, ["PWAA", "PWBB"]) == [
        SentRow(100, "PWBB", 4, 4, "enter", "imbalance", "entry", True, 250_100, 100, 11),
        SentRow(200, "PWBB", 5, 5, "enter", "imbalance", "exit", False, 250_400, 100, 31),
        SentRow(300, "PWAA", 6, 5, "replace", "imbalance", "exit", False, 250_000, 100, 9),
        SentRow(400, "PWAA", 7, 7, "cancel", "market_making", "quote", True, 0, 0, 7),
    ]


def test_names_of_roles_and_strategies_are_the_gatewares():
    assert tuple(role.name.lower() for role in sorted(Role, key=lambda r: r.value)) == ROLES
    assert [module.name for module in sorted(Module, key=lambda m: m.value)] == ["HOST", "TAKER", "MAKER"]
    assert STRATEGIES == ("host", "imbalance", "market_making")


@pytest.mark.parametrize("wrong", [{"slot": 2}, {"detail": 3}, {"words": (0, 0, 0, 0, 3)}])
def test_a_log_of_another_run_is_refused(tmp_path: Path, wrong: dict[str, Any]):
    path = logged(tmp_path / "events.sqlite", Record(RecordType.ORDER_SENT, **wrong))
    with pytest.raises(ValueError, match="not of this run"):
        sent_rows(path, ["PWAA", "PWBB"])


def test_only_executions_that_stand_are_fills():
    entries = [
        LogEntry("accepted", 1, "PWAA", 4, 4, "T", 100, 250_000),
        LogEntry("executed", 2, "PWAA", 4, 4, "T", 60, 250_100, "R", 9, 180_000),
        LogEntry("canceled", 3, "PWAA", 4, 4, "T", 40, 250_000, reason="I"),
        LogEntry("executed", 5, "PWBB", 6, 6, "B", 10, 400_000, "A", 10, -20_000),
        LogEntry("executed", 6, "PWBB", 6, 6, "B", 20, 400_000, "A", 11, -40_000),
        LogEntry("broken", 9, "PWBB", 6, 6, "B", 20, 400_000, "A", 11, -40_000, "E"),
    ]
    assert fill_rows(ExchangeLog(entries).fills()) == [
        FillRow(2, "PWAA", 4, False, 60, 250_100, "R", 9, 180_000),
        FillRow(5, "PWBB", 6, True, 10, 400_000, "A", 10, -20_000),
    ]


def test_registers_and_ledger_are_taken_as_they_are():
    symbol = pb.SymbolStatus(symbol="PWAA", slot=2, position_shares=-7, cash_microdollars=-9, bid_price=1, ask_price=2)
    status = pb.GetStatusResponse(symbols=[symbol])
    assert card_rows(status, {"slot[2].triggers": 5}) == {"PWAA": CardRow(-7, -9, 1, 2, 5)}
    row = pb.SymbolReport(
        symbol="PWAA", fills=1, shares=2, position_shares=-3, pnl_microdollars=-4, fees_microdollars=5, mid_times_two=6
    )
    assert ledger_rows(pb.GetReportResponse(symbols=[row])) == {"PWAA": LedgerRow(-3, 1, 2, 5, -4, 6)}


def test_a_decision_that_broke_off_says_so():
    calls = [{"tool": "get_performance_report", "args": {}, "result": {"status": "done", "recent_bars": [1, 2]}}]
    row = decision_row(7, DecisionRecord(5, "rules", "decide", calls=calls, said="Hm.", error="Boom: no"))
    assert (row.time, row.said) == (7, "Hm. (broke off: Boom: no)")
    assert row.calls == (ToolCall("get_performance_report", {}, {"status": "done"}),)


def test_a_replay_is_configured_for_its_symbols(tmp_path: Path):
    path = tmp_path / "config.toml"
    path.write_text(replay_config(["AAPL", "BRK.A"], {"BRK.A": 13, "AAPL": 7}, None))
    config = load_config(path)
    assert [symbol.name for symbol in config.symbols] == ["AAPL", "BRK.A"]
    assert not any(symbol.failures() for symbol in config.symbols)
    assert config.join == {"BRK.A": 13, "AAPL": 7}
    assert config.envelope == load_config(CONFIG).envelope
    path.write_text(replay_config(["AAPL"], {}, None))
    assert load_config(path).join == {}


def test_a_users_configuration_is_kept_and_joined(tmp_path: Path):
    assert replay_config(["PWAA"], {}, CONFIG) == CONFIG.read_text()
    own = tmp_path / "own.toml"
    own.write_text(replay_config(["PWAA"], {"PWAA": 3}, CONFIG))
    assert load_config(own).join == {"PWAA": 3}
    with pytest.raises(ValueError, match=r"has a \[join\] table already"):
        replay_config(["PWAA"], {"PWAA": 3}, own)


def test_locates_are_found_in_the_middle_of_a_day(tmp_path: Path):
    file = tmp_path / "late.itch50"
    write_messages(file, make_messages(1, 5_000).messages[900:])
    assert find_locates(file, ["PWCC", "PWAA"]) == {"PWAA": 17, "PWCC": 1021}
    with pytest.raises(ValueError, match=r"late\.itch50 never names NOPE"):
        find_locates(file, ["PWAA", "NOPE"])


def test_wrong_wishes_end_with_status_two(tmp_path: Path, capsys):
    assert run_demo(1, 5_000, tmp_path, "sunny", console=Console(file=io.StringIO())) == 2
    assert "no regime is called 'sunny'" in capsys.readouterr().err
    file = tmp_path / "day.itch50"
    write_messages(file, make_messages(1, 2_000).messages)
    assert run_replay(file, ["NOPE"], True, tmp_path, console=Console(file=io.StringIO())) == 2
    assert "never names NOPE" in capsys.readouterr().err
    assert run_replay(file, ["MUCHTOOLONG"], False, tmp_path, console=Console(file=io.StringIO())) == 2
    assert "is no symbol" in capsys.readouterr().err
    (tmp_path / "plain").touch()
    assert run_demo(1, 5_000, tmp_path / "plain", console=Console(file=io.StringIO())) == 2
    assert "plain" in capsys.readouterr().err
    done = CliRunner().invoke(app, ["session", "make", str(tmp_path / "no" / "x.itch50"), "--messages", "1000"])
    assert (done.exit_code, "No such file or directory" in re.sub(r"[\s│]+", " ", done.stderr)) == (2, True)


@pytest.mark.parametrize(("content", "words"), [(b"", "holds no message"), (b"no ITCH at all", "was cut off")])
def test_a_file_without_a_message_is_not_played(tmp_path: Path, capsys, content, words):
    file = tmp_path / "day.itch50"
    file.write_bytes(content)
    assert run_replay(file, ["PWAA"], False, tmp_path / "out", console=Console(file=io.StringIO())) == 1
    said = capsys.readouterr().err
    assert words in said
    assert said.endswith("nothing is played\n")


def test_what_breaks_off_a_run_is_said_with_the_last_words_of_its_processes(capsys):
    def run() -> dict:
        error = ChildError("the soft card ended with status 1")
        error.add_note("the control plane still ran")
        raise error

    assert finish("demo", run, Console(file=io.StringIO())) == 1
    assert capsys.readouterr().err == (
        "pennywire demo: the soft card ended with status 1\nthe control plane still ran\n"
    )


def test_a_difference_on_the_way_fails_a_run_whose_end_agrees(capsys):
    differs = pb.LedgerDifference(exchange_time=5, symbol="PWAA", card_position_shares=-7, ledger_cash_microdollars=-9)
    rows = difference_rows(pb.GetReportResponse(differences=[differs]))
    assert rows == [DifferenceRow(5, "PWAA", -7, 0, 0, -9)]
    out = io.StringIO()
    report = build_report(run_data(differences=rows))
    assert all(row["equal"] for row in report["cross_check"])
    assert finish("demo", lambda: report, Console(file=out, width=160)) == 1
    assert capsys.readouterr().err == (
        "pennywire demo: exchange, card and control plane do not agree (PWAA at a mark on the way); see above\n"
    )
    assert "PWAA at 00:00:00.000: position -7 on the card and 0 in the control plane's ledger" in out.getvalue()


def test_a_report_is_printed_as_json_and_nothing_else_with_it(capsys):
    out = io.StringIO()
    report = build_report(run_data(records_lost=3))
    assert finish("replay", lambda: report, Console(file=out), as_json=True) == 1
    said = capsys.readouterr()
    assert json.loads(said.out) == json.loads(json.dumps(report))
    assert (out.getvalue(), "3 event records lost" in said.err) == ("", True)


@pytest.mark.parametrize("command", [["demo", "--messages", "1000"], ["replay", "FILE", "--symbols", "PWAA"]])
def test_what_is_said_on_the_way_goes_to_standard_error_with_json(tmp_path: Path, monkeypatch, command):
    """Up to the run itself, which is not begun."""
    monkeypatch.setattr("controlplane.cli.demo.run_session", lambda *_: build_report(run_data()))
    monkeypatch.setattr("controlplane.cli.replay.run_session", lambda *_: build_report(run_data()))
    file = tmp_path / "day.itch50"
    write_messages(file, make_messages(1, 2_000).messages)
    arguments = [str(file) if word == "FILE" else word for word in command]
    done = CliRunner().invoke(app, [*arguments, "--out", str(tmp_path / "out"), "--json"])
    assert (done.exit_code, json.loads(done.stdout)["title"]) == (0, "quiet")
    assert "messages" in done.stderr


def test_lost_event_records_fail_a_run(capsys):
    assert finish("demo", lambda: build_report(run_data(records_lost=3)), Console(file=io.StringIO())) == 1
    assert "(3 event records lost); see above" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["demo"], ["replay", "FILE", "--symbols", "PWAA"]])
@pytest.mark.parametrize("wrong", ["mood=1", "slide=2", "latency_in=soon", "halt_cancels"])
def test_what_is_no_setting_of_the_exchange_is_refused_before_anything_is_started(tmp_path: Path, command, wrong):
    file = tmp_path / "day.itch50"
    write_messages(file, make_messages(1, 2_000).messages)
    arguments = [str(file) if word == "FILE" else word for word in command]
    done = CliRunner().invoke(app, [*arguments, "--out", str(tmp_path / "out"), "--exchange", wrong])
    assert done.exit_code == 2
    assert "exchange" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", [["demo"], ["replay", "FILE", "--symbols", "PWAA"]])
def test_strategies_are_on_from_the_start_and_what_is_none_is_refused(tmp_path: Path, monkeypatch, command):
    plans = []

    def run_session(plan, _):
        plans.append(plan.strategies)
        return build_report(run_data())

    monkeypatch.setattr("controlplane.cli.demo.run_session", run_session)
    monkeypatch.setattr("controlplane.cli.replay.run_session", run_session)
    file = tmp_path / "day.itch50"
    write_messages(file, make_messages(1, 2_000).messages)
    arguments = [str(file) if word == "FILE" else word for word in command]
    arguments += ["--out", str(tmp_path / "out"), "--json"]
    assert CliRunner().invoke(app, [*arguments, "--strategies", "market_making, imbalance"]).exit_code == 0
    assert plans == [("market_making", "imbalance")]
    done = CliRunner().invoke(app, [*arguments, "--strategies", "market-making"])
    assert (done.exit_code, len(plans)) == (2, 1)
    assert "none of imbalance, market_making" in re.sub(r"[\s│]+", " ", done.stderr)
