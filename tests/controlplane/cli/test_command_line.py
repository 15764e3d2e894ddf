"""The command line: help at once and without heavy imports; every command against a real service on a plain card."""

import asyncio
import json
import resource
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from controlplane.cli.main import app

HEAVY = ("grpc", "google.adk", "matplotlib", "amaranth", "numpy", "pydantic", "sqlite3", "cffi")


def test_help_imports_nothing_heavy_and_answers_in_half_a_second():
    code = (
        "import sys; from controlplane.cli.main import app\n"
        "try:\n    app(['--help'])\nexcept SystemExit: pass\n"
        f"print([m for m in {HEAVY!r} if m in sys.modules], file=sys.stderr)"
    )
    took = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert done.stderr.strip() == "[]"
        # Time on the processor: what the clock on the wall shows depends on who else is working.
        took.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert "replay" in done.stdout
    print(f"pennywire --help: {min(took):.3f} s")
    assert min(took) < 0.5


def test_replay_help_says_where_days_are_published():
    words = " ".join(CliRunner().invoke(app, ["replay", "--help"]).output.split())
    assert "NASDAQ publishes sample days as *.NASDAQ_ITCH50.gz (BinaryFILE) at emi.nasdaq.com/ITCH" in words


@pytest.fixture
def command(serving, plain_card, demo_config, tmp_path):
    """Run commands one after the other against one service; give their exit statuses and outputs."""

    def run(*lines):
        async def scenario():
            found = []
            async with serving(plain_card, demo_config):
                for line in lines:
                    words = [*line.split(","), "--dir", str(tmp_path)]
                    result = await asyncio.to_thread(CliRunner().invoke, app, words)
                    found.append((result.exit_code, result.output))
            return found

        return asyncio.run(scenario())

    return run


def test_screen_help_names_the_table_that_it_writes():
    assert "[[symbols]]" in CliRunner().invoke(app, ["screen", "--help"]).output


def test_an_operator_arms_sets_and_kills(command, plain_card):
    found = command(
        "limits,set,--max-inventory,400,--order-size,200,--reason,opening",
        "threshold,set,imbalance,--ratio,2.0,--min-volume,800,--reason,opening",
        "module,on,imbalance,--reason,opening",
        "arm,--fresh-day,--reason,opening",
        "status,--json",
        "limits,show,--json",
        "kill",
        "arm,--fresh-day,--reason,again",
        "release,--reason,looked at it",
        "status",
        "report",
    )
    assert [status for status, _ in found] == [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0], found
    status = json.loads(found[4][1])
    assert status["armed"] is True
    assert [m["enabled"] for m in status["modules"]] == [True, False]
    limits = json.loads(found[5][1])
    assert limits["now"] == {"max_inventory": 400, "order_size": 200}
    assert limits["unattended"] == {"max_inventory": 300, "order_size": 100}
    assert plain_card.values["slot[0].taker_ratio"] == 0x0200
    assert "release the kill first" in found[7][1]
    assert "disarmed" in found[9][1]
    assert "PWAA" in found[10][1]
    assert not plain_card.armed


def test_flatten_says_where_it_stands(command, plain_card, tmp_path):
    def end(items):
        plain_write(items)
        if "host_order.command" in items:
            plain_card.values["host_order.state"] = 100 << 32 | 1 << 8
            plain_card.values["slot[0].position"] = 0

    plain_write, plain_card.write = plain_card.write, end
    plain_card.values |= {"slot[0].state": 0b110001, "slot[0].position": 100}
    statement = tmp_path / "statement.json"
    statement.write_text('{"symbols": [{"symbol": "PWAA", "position_shares": 100}], "next_order_number": 1}')
    found = command(
        "flatten,PWAA,--price,10.25,--reason,stuck",
        "flatten,PWAA,--reason,stuck",
        "flatten,PWAA,--price,10.25",
        "flatten,PWAA,--price,ten,--reason,stuck",
        "flatten,PWAA,--price,10.00001,--reason,stuck",
        "flatten,--status",
        "flatten,--give-up,--reason,stuck",
        f"arm,--statement,{statement},--reason,after the stop",
        "flatten,PWAA,--worst-price,10.25,--reason,stuck",
    )
    assert [status for status, _ in found] == [1, 2, 2, 2, 2, 1, 1, 0, 0], found
    assert "the card is disarmed" in found[0][1]
    assert "PWAA: no flatten was asked for; executed 0, held now 100" in found[5][1]
    assert "no order of the host is under way" in found[6][1]
    assert plain_card.values["host_order.price"] == 102_500
    assert "PWAA: over; executed 100, held now 0" in found[8][1]


def test_refusals_are_said_in_words(command):
    found = command(
        "limits,set,--max-inventory,5000,--order-size,100,--reason,greed",
        "threshold,set,imbalance,--ratio,nan,--min-volume,800,--reason,x",
        "threshold,set,market_making,--ratio,3.5,--half-spread,2,--reason,x",
        "disarm,--reason, ",
        "report,--since,5,--until,3",
    )
    assert [status for status, _ in found] == [1] * 5
    for (_, output), words in zip(
        found, ("at most 1000", "must be above 0", "at most 3 is accepted", "header.reason", "until"), strict=True
    ):
        assert words in output


def test_without_a_service_the_status_is_2(tmp_path):
    for line in (["status"], ["kill"], ["arm", "--fresh-day", "--reason", "x"], ["agent", "run", "--once"]):
        result = CliRunner().invoke(app, [*line, "--dir", str(tmp_path)])
        assert result.exit_code == 2
        assert "pennywire serve" in result.output


def test_a_dead_socket_is_told_from_a_refusal(tmp_path):
    (tmp_path / "viewer.sock").touch()
    result = CliRunner().invoke(app, ["status", "--dir", str(tmp_path)])
    assert result.exit_code == 2
    assert "no service answers" in result.output


def test_the_audit_log_is_shown_and_verified_without_a_service(command, tmp_path):
    import sqlite3

    def run(*words):
        result = CliRunner().invoke(app, ["audit", *words, "--dir", str(tmp_path)])
        return result.exit_code, result.output

    assert run("verify")[0] == 2
    (_, live), _ = command("audit,verify", "disarm,--reason,lunch")
    assert "1 rows, all as they were written" in live
    status, output = run("verify")
    assert (status, "2 rows" in output) == (0, True)
    head = output.split("head ")[1].strip()
    rows = [json.loads(line) for line in run("show", "--json")[1].splitlines()]
    assert [(row["method"], row["reason"]) for row in rows][-1] == ("CardService.Disarm", "lunch")
    assert "lunch" in run("show", "--last", "1")[1]
    with sqlite3.connect(tmp_path / "pennywire.sqlite") as connection:
        connection.execute("DELETE FROM audit WHERE id = 2")
    connection.close()
    assert run("verify")[0] == 1
    (tmp_path / "pennywire.anchor").write_text("1:" + "0" * 64)
    assert "another hash" in run("verify")[1]
    assert run("verify", "--head", head)[0] == 1


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")
def test_a_person_talks_to_the_agent(serving, plain_card, demo_config, tmp_path):
    async def scenario():
        async with serving(plain_card, demo_config):
            words = ["agent", "chat", "--dir", str(tmp_path)]
            return await asyncio.to_thread(CliRunner().invoke, app, words, "how are we?\n\nand now?\n")

    result = asyncio.run(scenario())
    assert result.exit_code == 0, result.output
    assert result.output.count("The card is not armed: nothing to decide.") == 2
    prompts = [json.loads(line)["prompt"] for line in (tmp_path / "decisions.jsonl").read_text().splitlines()]
    assert prompts == ["how are we?", "and now?"]
    assert CliRunner().invoke(app, ["agent", "chat", "--dir", str(tmp_path / "none")]).exit_code == 2
