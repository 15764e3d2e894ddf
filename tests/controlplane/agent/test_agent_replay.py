"""Recorded decision points put to models again: the same model does the same, another's difference is shown."""

import asyncio
import json

import pytest
from google.adk.models.base_llm import BaseLlm
from google.adk.models.llm_response import LlmResponse
from google.genai import types
from typer.testing import CliRunner

from controlplane.agent import agent
from controlplane.agent.config import AgentSettings
from controlplane.agent.replay import RecordError, compare, read_records, replay, writes_of
from controlplane.agent.run import append_record, decide
from controlplane.cli.main import app

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")


class Bold(BaseLlm):
    """Looks at the report and at what was not recorded, then asks for more, whatever it sees."""

    model: str = "bold"

    async def generate_content_async(self, llm_request, stream=False):
        shown = [p.function_response for c in llm_request.contents for p in c.parts or [] if p.function_response]
        script = [
            ("get_performance_report", {}),
            ("get_refusals", {}),
            ("update_risk_parameters", {"max_inventory": 1000, "order_size": 500}),
        ]
        if len(shown) < len(script):
            name, args = script[len(shown)]
            part = types.Part(function_call=types.FunctionCall(name=name, args=args))
        else:
            part = types.Part(text=str(shown[1].response))
        yield LlmResponse(content=types.Content(role="model", parts=[part]))


@pytest.fixture
def recorded(serving, plain_card, demo_config, tmp_path):
    """Decisions of the rules: while disarmed, at the start, and while the news forbids it."""

    async def scenario():
        async with serving(plain_card, demo_config):
            found = [await decide(tmp_path)]
            plain_card.armed = True
            found.append(await decide(tmp_path))
            news = {"time": "00:00:00", "headline": "Earnings tonight", "symbols": ["PWAA"]}
            (tmp_path / "news.jsonl").write_text(json.dumps(news))
            found.append(await decide(tmp_path))
            plain_card.armed = False
        return found

    records = asyncio.run(scenario())
    for record in records:
        append_record(tmp_path, record)
    return tmp_path / "decisions.jsonl"


def test_the_rules_do_again_what_they_did(recorded, plain_card):
    records = read_records(recorded)
    assert [len(writes_of(record)) for record in records] == [0, 3, 1]
    written = len(plain_card.writes)
    again = asyncio.run(replay(records, AgentSettings()))
    assert again == records
    assert compare(again, records).same == 3
    assert len(plain_card.writes) == written


def test_another_model_is_compared(recorded, monkeypatch):
    monkeypatch.setattr(agent, "model_of", lambda name: Bold() if name == "bold" else agent.RuleModel())
    records = read_records(recorded)
    bold = asyncio.run(replay(records, AgentSettings(model="bold")))
    found = compare(bold, records)
    assert (found.points, found.same, found.writes, found.errors) == (3, 0, (3, 4), (0, 0))
    assert "was not looked at" in bold[0].said
    words = ["agent", "replay", str(recorded), "--model", "bold", "--against", "rules"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    assert "this: update_risk_parameters(max_inventory=1000, order_size=500)" in result.output
    assert "that: update_risk_parameters(max_inventory=300, order_size=100); update_thresholds" in result.output
    assert "3 decision points, the same calls at 0; writing calls 3 and 4" in result.output


def test_another_policy_reaches_the_model(recorded, monkeypatch, tmp_path):
    seen = []

    class Reader(BaseLlm):
        model: str = "reader"

        async def generate_content_async(self, llm_request, stream=False):
            seen.append(str(llm_request.config.system_instruction))
            yield LlmResponse(content=types.Content(role="model", parts=[types.Part(text="read")]))

    monkeypatch.setattr(agent, "model_of", lambda _name: Reader())
    (tmp_path / "other.md").write_text("1. Do nothing on Fridays.")
    first = asyncio.run(replay(read_records(recorded), AgentSettings(policy=tmp_path / "other.md")))
    assert all("Do nothing on Fridays" in text and "Nothing to decide" not in text for text in seen)
    second = asyncio.run(replay(read_records(recorded), AgentSettings()))
    assert first[0].inputs_digest != second[0].inputs_digest


def test_what_is_no_record_is_said(tmp_path):
    (tmp_path / "bad.jsonl").write_text('{"exchange_time": 1}\n')
    with pytest.raises(RecordError, match="line 1"):
        read_records(tmp_path / "bad.jsonl")
    for name in ("bad.jsonl", "none.jsonl"):
        assert CliRunner().invoke(app, ["agent", "replay", str(tmp_path / name)]).exit_code == 2


def test_runs_over_other_points_are_not_compared(recorded):
    records = read_records(recorded)
    with pytest.raises(ValueError, match="same points"):
        compare(records, records[:2])
