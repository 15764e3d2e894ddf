"""What a model may not do, whatever it writes: types, ranges, the envelope, too many calls, tools that do not exist."""

import asyncio
import math
from types import SimpleNamespace

import pytest
from google.adk.models.base_llm import BaseLlm
from google.adk.models.llm_response import LlmResponse
from google.genai import types

from controlplane.agent import agent
from controlplane.agent.run import decide
from controlplane.agent.tools import toggle_scalping_module, update_quotes, update_risk_parameters, update_thresholds
from controlplane.agent.tools.link import DIRECTORY_KEY

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")


class ScriptedModel(BaseLlm):
    """Makes the calls it was given, one a turn, and then says "done"."""

    model: str = "scripted"
    script: list = []

    async def generate_content_async(self, llm_request, stream=False):
        answered = sum(bool(p.function_response) for c in llm_request.contents for p in c.parts or [])
        if answered < len(self.script):
            name, args = self.script[answered]
            part = types.Part(function_call=types.FunctionCall(name=name, args=args))
        else:
            part = types.Part(text="done")
        yield LlmResponse(content=types.Content(role="model", parts=[part]))


def settings_of(card):
    names = ("max_inventory", "max_order_size", "taker_order_size", "taker_ratio", "taker_min_volume")
    settings = {f"slot[{s}].{n}": card.values.get(f"slot[{s}].{n}") for s in range(4) for n in names}
    return settings | {"modules.taker": card.values.get("modules.taker", 0)}


def run_script(serving, card, config, directory, monkeypatch, script):
    """Let a model make these calls through ADK, on a card that waits; give the record and what changed on the card."""
    monkeypatch.setattr(agent, "model_of", lambda _name: ScriptedModel(script=script))

    async def scenario():
        async with serving(card, config):
            before = settings_of(card)
            record = await decide(directory, model="scripted")
            return record, {k: v for k, v in settings_of(card).items() if v != before[k]}

    return asyncio.run(scenario())


BAD_CALLS = [
    ("toggle_scalping_module", {"strategy_name": "imbalance", "state": "false"}, "without quotes"),
    ("toggle_scalping_module", {"strategy_name": "imbalance", "state": "true"}, "without quotes"),
    ("toggle_scalping_module", {"strategy_name": "imbalance", "state": 1}, "true or false"),
    ("toggle_scalping_module", {"strategy_name": "imbalance", "state": None}, "true or false"),
    ("toggle_scalping_module", {"strategy_name": "Imbalance", "state": True}, "must be one of"),
    ("toggle_scalping_module", {"strategy_name": ["imbalance"], "state": True}, "must be one of"),
    ("update_risk_parameters", {"max_inventory": True, "order_size": 100}, "max_inventory must be a whole number"),
    ("update_risk_parameters", {"max_inventory": 300, "order_size": True}, "order_size must be a whole number"),
    ("update_risk_parameters", {"max_inventory": -1, "order_size": 100}, "whole number"),
    ("update_risk_parameters", {"max_inventory": 300, "order_size": -100}, "whole number"),
    ("update_risk_parameters", {"max_inventory": "300", "order_size": 100}, "whole number"),
    ("update_risk_parameters", {"max_inventory": 1e300, "order_size": 100}, "whole number"),
    ("update_risk_parameters", {"max_inventory": 2.5, "order_size": 100}, "whole number"),
    ("update_risk_parameters", {"max_inventory": math.nan, "order_size": 100}, "whole number"),
    ("update_risk_parameters", {"max_inventory": math.inf, "order_size": 100}, "whole number"),
    ("update_risk_parameters", {"max_inventory": 2**40, "order_size": 100}, "whole number"),
    (
        "update_thresholds",
        {"strategy_name": "imbalance", "imbalance_ratio": math.nan, "min_volume": 2000},
        "number above",
    ),
    (
        "update_thresholds",
        {"strategy_name": "imbalance", "imbalance_ratio": math.inf, "min_volume": 2000},
        "number above",
    ),
    ("update_thresholds", {"strategy_name": "imbalance", "imbalance_ratio": -3.0, "min_volume": 2000}, "number above"),
    ("update_thresholds", {"strategy_name": "imbalance", "imbalance_ratio": 0, "min_volume": 2000}, "number above"),
    ("update_thresholds", {"strategy_name": "imbalance", "imbalance_ratio": True, "min_volume": 2000}, "number above"),
    ("update_thresholds", {"strategy_name": "imbalance", "imbalance_ratio": "3", "min_volume": 2000}, "number above"),
    ("update_thresholds", {"strategy_name": "imbalance", "imbalance_ratio": 256.0, "min_volume": 2000}, "number above"),
    ("update_thresholds", {"strategy_name": "imbalance", "imbalance_ratio": 3.0, "min_volume": -1}, "whole number"),
    ("update_thresholds", {"strategy_name": "imbalance", "imbalance_ratio": 3.0, "min_volume": False}, "whole number"),
    ("update_quotes", {"imbalance_ratio": 3.0, "half_spread": -1}, "half-ticks"),
    ("update_quotes", {"imbalance_ratio": 3.0, "half_spread": 256}, "half-ticks"),
    ("update_quotes", {"imbalance_ratio": 3.0, "half_spread": 1.5}, "half-ticks"),
    ("update_quotes", {"imbalance_ratio": 0, "half_spread": 2}, "number above"),
    ("update_thresholds", {"strategy_name": 7, "imbalance_ratio": 3.0, "min_volume": 2000}, "must be one of"),
]
TOOLS = {f.__name__: f for f in (toggle_scalping_module, update_quotes, update_risk_parameters, update_thresholds)}


@pytest.mark.parametrize(("tool", "arguments", "words"), BAD_CALLS)
def test_tool_refuses_before_anything_is_asked_of_the_service(tool, arguments, words, tmp_path):
    # There is no service in this folder: an answer "refused" in these words came from the tool alone.
    context = SimpleNamespace(state={DIRECTORY_KEY: str(tmp_path)})
    answer = asyncio.run(TOOLS[tool](context, **arguments))
    assert answer["status"] == "refused"
    assert words in answer["words"]


def test_bad_arguments_through_adk_change_nothing(serving, plain_card, demo_config, tmp_path, monkeypatch):
    for start in range(0, len(BAD_CALLS), 4):
        script = [(tool, arguments) for tool, arguments, _ in BAD_CALLS[start : start + 4]]
        record, changed = run_script(serving, plain_card, demo_config, tmp_path, monkeypatch, script)
        assert changed == {}
        assert [c["result"]["status"] for c in record.calls] == ["refused"] * len(script), record.calls


def test_beyond_the_unattended_part_a_person_is_asked_for(serving, plain_card, demo_config, tmp_path, monkeypatch):
    script = [
        ("update_risk_parameters", {"max_inventory": 301, "order_size": 100}),
        ("update_risk_parameters", {"max_inventory": 1001, "order_size": 100}),
        ("update_thresholds", {"strategy_name": "imbalance", "imbalance_ratio": 2.0, "min_volume": 1000}),
        ("toggle_scalping_module", {"strategy_name": "market_making", "state": True}),
    ]
    record, changed = run_script(serving, plain_card, demo_config, tmp_path, monkeypatch, script)
    assert changed == {}
    assert [c["result"]["status"] for c in record.calls] == ["asked", "refused", "asked", "asked"]
    words = [c["result"]["words"] for c in record.calls]
    assert "a person is asked: max_inventory: 301" in words[0]
    assert "beyond the envelope" in words[1]
    assert "a person is asked: imbalance_ratio: 2" in words[2]
    assert record.calls[0]["result"]["confirmation"] != record.calls[2]["result"]["confirmation"]
    assert "a person is asked: strategy_name: market_making" in words[3]


def test_writes_of_one_decision_are_bounded(serving, plain_card, demo_config, tmp_path, monkeypatch):
    script = [("update_risk_parameters", {"max_inventory": n, "order_size": 10}) for n in range(10, 17)]
    record, changed = run_script(serving, plain_card, demo_config, tmp_path, monkeypatch, script)
    assert [c["result"]["status"] for c in record.calls] == ["done"] * 4 + ["refused"] * 3
    assert changed["slot[0].max_inventory"] == 13


def test_model_calls_of_one_decision_are_bounded(serving, plain_card, demo_config, tmp_path, monkeypatch):
    script = [("get_performance_report", {})] * 50
    record, changed = run_script(serving, plain_card, demo_config, tmp_path, monkeypatch, script)
    assert changed == {}
    assert len(record.calls) == 8
    assert "LlmCallsLimitExceededError" in record.error


def test_a_tool_that_does_not_exist_is_answered_in_words(serving, plain_card, demo_config, tmp_path, monkeypatch):
    script = [
        ("flatten_everything", {"now": True}),
        ("update_risk_parameters", {"max_inventory": 100, "order_size": 50}),
    ]
    record, changed = run_script(serving, plain_card, demo_config, tmp_path, monkeypatch, script)
    assert record.calls[0]["result"]["status"] == "failed"
    assert record.calls[1]["result"]["status"] == "done"
    assert changed["slot[1].max_order_size"] == 50


def test_missing_and_surplus_arguments_change_nothing(serving, plain_card, demo_config, tmp_path, monkeypatch):
    script = [
        ("update_risk_parameters", {"max_inventory": 100}),
        ("toggle_scalping_module", {"strategy_name": "imbalance"}),
    ]
    record, changed = run_script(serving, plain_card, demo_config, tmp_path, monkeypatch, script)
    assert changed == {}
    assert all((c["result"] or {}).get("status") != "done" for c in record.calls)


def test_writes_asked_for_side_by_side_are_all_carried_out(hostile):
    off = ["toggle_scalping_module", {"strategy_name": "imbalance", "state": False}]
    smaller = ["update_risk_parameters", {"max_inventory": 20, "order_size": 10}]
    record, writes, wrong = hostile({"start": "running", "turns": [[smaller, off]]})
    assert [call["result"]["status"] for call in record.calls] == ["done", "done"]
    assert (dict(writes)["modules.taker"], dict(writes)["slot[1].max_inventory"], wrong) == (0, 20, [])


def test_a_conversation_is_remembered_and_has_the_same_leash(serving, plain_card, demo_config, tmp_path, monkeypatch):
    from controlplane.agent.run import converse

    class Talker(BaseLlm):
        model: str = "talker"

        async def generate_content_async(self, llm_request, stream=False):
            parts = [p for c in llm_request.contents for p in c.parts or []]
            said = [p.text for c in llm_request.contents if c.role == "user" for p in c.parts or [] if p.text]
            if parts[-1].function_response is None:
                size = int(said[-1].split()[-1])
                call = types.FunctionCall(name="update_risk_parameters", args={"max_inventory": size, "order_size": 10})
                yield LlmResponse(content=types.Content(role="model", parts=[types.Part(function_call=call)]))
                return
            words = types.Part(text=f"heard: {'; '.join(said)}")
            yield LlmResponse(content=types.Content(role="model", parts=[words]))

    monkeypatch.setattr(agent, "model_of", lambda _name: Talker())

    async def messages():
        yield "the limit shall be 200"
        yield "make it 900"

    async def scenario():
        async with serving(plain_card, demo_config):
            return [record async for record in converse(tmp_path, "talker", messages())]

    first, second = asyncio.run(scenario())
    assert [r.calls[0]["result"]["status"] for r in (first, second)] == ["done", "asked"]
    assert second.said == "heard: the limit shall be 200; make it 900"
    assert plain_card.values["slot[0].max_inventory"] == 200
