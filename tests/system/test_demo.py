"""The whole appliance: ``pennywire demo`` as a user runs it, and its report against numbers made apart from it."""

import asyncio
import json
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from controlplane.agent.tools import update_thresholds
from controlplane.agent.tools.link import DIRECTORY_KEY
from controlplane.cli.processes import Child
from controlplane.config.load import load_config

ROOT = Path(__file__).resolve().parents[2]
CONFIG = ROOT / "controlplane" / "config" / "demo.toml"
CTL = ROOT / "build" / "host-driver" / "pennywire-ctl"


def run_demo(out: Path, regime: str, messages: int, *options: str) -> dict:
    """Run the demo's command; give its report."""
    command = [sys.executable, "-m", "controlplane.cli.main", "demo", "--seed", "3", "--messages", str(messages)]
    done = subprocess.run(
        [*command, *options, "--regime", regime, "--out", str(out)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "next order number: card and exchange agree" in " ".join(done.stdout.split())
    return json.loads((out / "report.json").read_text())


@pytest.fixture(scope="module")
def calm(tmp_path_factory):
    out = tmp_path_factory.mktemp("calm")
    return out, run_demo(out, "calm", 50_000)


@pytest.fixture(scope="module")
def toxic(tmp_path_factory):
    out = tmp_path_factory.mktemp("toxic")
    return out, run_demo(out, "toxic", 50_000)


def executions(out: Path) -> list[dict]:
    """What the exchange's own log says it executed."""
    entries = [json.loads(line) for line in (out / "exchange.jsonl").read_text().splitlines()]
    return [e for e in entries if e["kind"] == "executed"]


@pytest.mark.parametrize("run", ["calm", "toxic"])
def test_fills_position_and_money_are_those_of_the_exchange(run, request):
    out, report = request.getfixturevalue(run)
    fees = load_config(CONFIG).fees
    totals: dict[str, dict] = {}
    for fill in executions(out):
        total = totals.setdefault(fill["symbol"], {"fills": 0, "position": 0, "cash": 0})
        signed = fill["shares"] if fill["side"] == "B" else -fill["shares"]
        rate = (fees.add if fill["liquidity"] == "A" else fees.remove) + fees.commission
        total["fills"] += 1
        total["position"] += signed
        total["cash"] -= signed * fill["price"] * 100 + fill["shares"] * rate
    assert sum(t["fills"] for t in totals.values()) >= 10
    told = report["result"]["symbols"]
    assert set(totals) <= set(told)
    for symbol, total in totals.items():
        worth = total["position"] * told[symbol]["mid_times_two"] * 50
        assert {k: told[symbol][k] for k in total} == total
        assert told[symbol]["pnl"] == total["cash"] + worth
    # The card's own registers and the control plane's ledger say the same.
    assert {row["what"] for row in report["cross_check"]} >= {"position", "cash", "fills", "shares", "fees"}
    for row in report["cross_check"]:
        expected = totals.get(row["symbol"], {"fills": 0, "position": 0, "cash": 0}).get(row["what"])
        for count in (row["card"], row["ledger"]):
            assert expected is None or count in (None, expected), row


def test_each_fill_is_one_mark_in_the_picture(calm):
    out, _ = calm
    marks = re.findall(r'id="fill-(\d+)"', (out / "report.html").read_text())
    assert sorted(map(int, marks)) == list(range(1, len(executions(out)) + 1))


def test_every_order_has_a_trigger_and_a_latency(calm):
    _, report = calm
    latency = report["latency_cycles"]
    assert 0 < latency["min"] <= latency["median"] <= latency["max"]
    assert sum(latency["histogram"].values()) == latency["orders"]
    assert sum(report["triggers"].values()) >= latency["orders"] >= 5


def test_one_seed_gives_one_report(tmp_path):
    reports = []
    for name in ("first", "second"):
        run_demo(tmp_path / name, "calm", 12_000)
        report = json.loads((tmp_path / name / "report.json").read_text())
        del report["wall_clock"]
        page = (tmp_path / name / "report.html").read_text().splitlines()
        reports.append((json.dumps(report), [line for line in page if 'id="wall-clock"' not in line]))
    assert reports[0] == reports[1]


def test_the_market_maker_may_be_asked_for_on_the_command_line(tmp_path):
    report = run_demo(tmp_path, "calm", 12_000, "--strategies", "market_making")
    assert {(row["strategy"], row["role"]) for row in report["hits"]} == {("market_making", "quote")}
    assert {fill["liquidity"] for fill in executions(tmp_path)} == {"A"}
    assert all(row["equal"] for row in report["cross_check"])


def test_a_calm_and_a_toxic_day_lead_the_agent_to_different_calls(calm, toxic):
    def calls(report):
        return [(c["tool"], c["args"]) for d in report["decisions"] for c in d["calls"] if c["tool"].startswith("up")]

    assert calls(calm[1]), "the agent must have set limits in a calm market"
    assert calls(calm[1]) != calls(toxic[1])
    for _, report in (calm, toxic):
        assert all(d["said"] for d in report["decisions"]), "a decision without a reason"


def test_update_thresholds_is_seen_in_the_cards_register(tmp_path_factory):
    """The tool through service, driver and gateware; read back by the C tool."""
    folder = tmp_path_factory.mktemp("s")
    device = f"unix:{folder / 'link.sock'}"
    serve = ["-m", "controlplane.cli.main", "serve", "--device", device, "--config", str(CONFIG), "--dir", str(folder)]

    def ratio() -> int:
        said = subprocess.run(
            [CTL, "--device", device, "--json", "get", "slot[0].taker_ratio"],
            capture_output=True,
            text=True,
            check=True,
        )
        return json.loads(said.stdout)["slot[0].taker_ratio"]

    with Child("the soft card", ["-m", "sim.softcard", "--dir", str(folder), "--config", "demo"], folder / "a") as card:
        card.wait_ready("soft card ready", 120)
        with Child("the control plane", serve, folder / "b") as service:
            service.wait_ready("serving", 60)
            assert ratio() == 0x0300
            context = SimpleNamespace(state={DIRECTORY_KEY: str(folder)})
            answer = asyncio.run(update_thresholds(context, "imbalance", 4.5, 2000))
            assert answer["status"] == "done", answer
            assert ratio() == 0x0480
