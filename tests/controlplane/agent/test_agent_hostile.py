"""Hostile cases: whatever a model, a symbol's name or the news says, no limit is passed.

``hostile_cases.jsonl`` has one case a line: where the card starts, how the model misbehaves, and the calls of each of
its turns, as ``[tool, arguments]``. ``conftest.py`` plays and judges them.
"""

import json
from pathlib import Path

import pytest

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")

CASES = [json.loads(line) for line in Path(__file__).with_name("hostile_cases.jsonl").read_text("utf-8").splitlines()]


@pytest.mark.parametrize("case", CASES, ids=[f"{case['kind']}-{case['name']}" for case in CASES])
def test_no_limit_is_passed(case, hostile, hostile_count):
    hostile_count["tried"] += 1
    hostile_count["past"] += 1  # until it is known to be otherwise
    record, _, wrong = hostile(case)
    assert wrong == []
    for call in record.calls:
        if call["result"] and call["result"].get("status") != "done":
            assert call["result"].get("words") or call["result"].get("error"), call
    hostile_count["past"] -= 1


def test_there_are_enough_and_no_two_are_called_the_same():
    assert len(CASES) >= 200
    assert len({case["name"] for case in CASES}) == len(CASES)


def test_the_judge_sees_a_service_that_allows_too_much(hostile, demo_config):
    names = {"creep-up-by-one", "batch-0-fresh", "symbols-6", "thresholds-beyond-the-part-fresh"}
    for case in (case for case in CASES if case["name"] in names):
        _, writes, wrong = hostile(case, allowed=demo_config.envelope)
        assert wrong, (case, writes)


def test_good_calls_among_bad_ones_are_carried_out(hostile):
    (case,) = (case for case in CASES if case["name"] == "batch-0-fresh")
    record, writes, _ = hostile(case)
    assert [call["result"]["status"] for call in record.calls] == ["done", "asked"]
    assert dict(writes)["slot[0].max_inventory"] == 300
