"""News: read, once each, not before its time, cleaned; the policy takes the module off for a halt or earnings."""

import json

import pytest

from controlplane.agent.news import JsonLinesNews, source_of
from controlplane.agent.rules import plan_of

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")

HOUR = 3_600_000_000_000


def lines(*rows):
    return "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows)


def test_news_is_read_once_each_and_not_before_its_time(tmp_path):
    wire = {"time": "09:30:00", "source": "wire", "headline": "PWAA halted", "symbols": ["PWAA"]}
    (tmp_path / "a.jsonl").write_text(
        lines(wire, wire | {"time": "09:29:59.5"}, wire | {"time": "11:00:00", "text": "x"})
    )
    (tmp_path / "b.jsonl").write_text(
        lines({"time": "09:00:00", "headline": "one", "id": "7"}, {"time": "09:01:00", "headline": "two", "id": "7"})
    )
    (tmp_path / "c.txt").write_text("not read")
    source = JsonLinesNews(tmp_path)
    items, unreadable = source.items(10 * HOUR)
    assert [(i.headline, i.time) for i in items] == [("one", 9 * HOUR), ("PWAA halted", 34_199_500_000_000)]
    assert unreadable == 0
    assert len(source.items(12 * HOUR)[0]) == 3
    assert source.items(HOUR) == ([], 0)


@pytest.mark.parametrize(
    "line",
    [
        "{", "[]", "7", '"x"', '{"time": "09:30:00"}', '{"headline": "x"}', '{"time": "25:00:00", "headline": "x"}',
        '{"time": 9, "headline": "x"}', '{"time": "09:30:00", "headline": "x", "symbols": "PWAA"}',
        '{"time": "09:30:00", "headline": ["x"]}', '{"time": "09:30:00", "headline": "x", "text": 7}', "[" * 5000,
        '{"time": "\\u0660\\u0669:30:00", "headline": "x"}',
    ],
)  # fmt: skip
def test_what_is_no_news_is_counted_and_passed_over(tmp_path, line):
    (tmp_path / "n.jsonl").write_text(lines(line, {"time": "00:00:00", "headline": "good"}))
    items, unreadable = JsonLinesNews(tmp_path / "n.jsonl").items(HOUR)
    assert ([i.headline for i in items], unreadable) == (["good"], 1)


def test_bytes_that_are_no_text_are_passed_over(tmp_path):
    (tmp_path / "n.jsonl").write_bytes(b'\xff\xfe{"time"\n{"time": "00:00:00", "headline": "good"}\n')
    assert JsonLinesNews(tmp_path / "n.jsonl").items(0)[1] == 1


def test_words_are_cleaned_and_cut(tmp_path):
    row = {
        "time": "00:00:00",
        "headline": "a\u202eb\u200bc\x1b[2J\n\n  d",
        "text": "x" * 9000,
        "symbols": ["S" * 99] * 99,
    }
    (tmp_path / "n.jsonl").write_text(lines(row))
    (item,), _ = JsonLinesNews(tmp_path / "n.jsonl").items(0)
    assert item.headline == "abc[2J d"
    assert (len(item.text), item.symbols) == (1000, ("S" * 8,) * 20)


def test_a_source_is_what_is_set_or_what_lies_in_the_folder(tmp_path):
    assert source_of(None, tmp_path) is None
    (tmp_path / "news.jsonl").touch()
    assert source_of(None, tmp_path) is not None
    with pytest.raises(FileNotFoundError):
        source_of(str(tmp_path / "none.jsonl"), tmp_path).items(0)


REPORT = {
    "status": "done",
    "card": {"killed": False, "armed": True, "market_open": True},
    "limits": {"max_inventory": 300, "order_size": 100},
    "unattended": {"max_inventory": 300, "max_order_size": 100},
    "thresholds": {},
    "modules": {"imbalance": True},
    "symbols": [{"symbol": "PWAA", "enabled": True, "stale": False, "halted": False}],
    "records_lost": 0,
    "recent": {"markouts": {}, "pnl_microdollars": 0, "refusals": 0, "triggers": 0},
    "day": {"markouts": {}, "pnl_microdollars": 0, "refusals": 0, "triggers": 0},
}


def news(headline, symbols=("PWAA",), age=60, text=""):
    row = {"time": "09:31:00", "age_seconds": age, "symbols": list(symbols), "headline": headline, "text": text}
    return {"status": "done", "news": [row]}


@pytest.mark.parametrize(
    ("told", "off"),
    [
        (news("PWAA HALTED, news pending"), True),
        (news("PWAA reports", text="Quarterly results were ahead"), True),
        (news("Earnings of PWAA after the close"), True),
        (news("PWAA halted", age=3601), False),
        (news("QQQQ halted", symbols=["QQQQ"]), False),
        (news("PWAA opens a shop"), False),
        (news("PWAA in asphalt"), False),
        ({"status": "failed", "words": "the news cannot be read: No such file"}, True),
        ({"status": "done", "news": []}, False),
        (None, False),
    ],
)
def test_the_policy_takes_the_module_off_for_a_halt_or_earnings(told, off):
    plan = plan_of(REPORT, told)
    switched = ("toggle_scalping_module", {"strategy_name": "imbalance", "state": False})
    assert plan.calls == ((switched,) if off else ())
    assert plan_of(REPORT | {"modules": {"imbalance": False}}, told).calls == () if off else True


def test_the_rules_read_the_news_through_the_tool_and_act(hostile):
    item = {"time": "00:00:00", "source": "wire", "headline": "PWBB halted by the exchange", "symbols": ["PWBB"]}
    record, writes, _ = hostile({"model": "rules", "start": "running", "news": [item]})
    assert [call["tool"] for call in record.calls] == ["get_performance_report", "get_news", "toggle_scalping_module"]
    assert writes == [("modules.taker", 0)]
    assert "halted for PWBB" in record.said


def test_the_reading_tools_answer(hostile):
    reads = [["get_bars", {"symbol": "PWAA", "minutes": 5}], ["get_positions", {}], ["get_refusals", {}]]
    record, writes, _ = hostile({"turns": [[*reads, ["get_audit", {"last": 1}]]]})
    assert [call["result"]["status"] for call in record.calls] == ["done"] * 4, record.calls
    assert [row["symbol"] for row in record.calls[1]["result"]["positions"]] == ["PWAA", "PWBB", "PWCC"]
    assert record.calls[3]["result"]["rows"][0]["method"] == "Startup"
    assert writes == []


def test_the_reading_tools_refuse_in_words(hostile):
    bars = [
        ["get_bars", {"symbol": s, "minutes": m}] for s, m in (("QQQQ", 5), ("PWAA", 0), ("PWAA", True), ("PWAA", 1e9))
    ]
    record, writes, _ = hostile({"turns": [[*bars, ["get_audit", {"last": -1}], ["get_news", {}]]]})
    assert [call["result"]["status"] for call in record.calls] == ["refused"] * 5 + ["failed"]
    assert writes == []
