"""Reports: numbers against sums done by hand, pictures against the exchange's log, bytes against a second run."""

import dataclasses
import io
import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from rich.console import Console

from controlplane.report.build import build_report
from controlplane.report.run_data import (
    BookRow,
    CardRow,
    DecisionRow,
    FillRow,
    LedgerRow,
    RunData,
    SentRow,
    ToolCall,
)
from controlplane.report.terminal import print_report
from controlplane.report.words import cents_a_share, clock, dollars, price
from controlplane.report.write import write_report

S = 10**9
OPEN = 34_200 * S


def fill(at: float, symbol: str, buy: bool, shares: int, price: int, liquidity: str, ref: int) -> FillRow:
    fee = {"R": 3_000, "A": -2_000}[liquidity] * shares
    return FillRow(OPEN + int(at * S), symbol, ref, buy, shares, price, liquidity, 900 + ref, fee)


def sent(
    at: float, symbol: str, ref: int, role: str, buy: bool, latency: int, *, chain: int = 0, kind: str = "enter"
) -> SentRow:
    return SentRow(OPEN + int(at * S), symbol, ref, chain or ref, kind, "imbalance", role, buy, 250_100, 100, latency)


# PWAA: 100 bought at 25.01 and sold at 25.04. PWBB: 100 sold short at 40.00, 60 of them bought back at 40.02.
FILLS = [
    fill(1.5, "PWAA", True, 100, 250_100, "R", 1),
    fill(2.0, "PWBB", False, 100, 400_000, "R", 2),
    fill(3.25, "PWAA", False, 100, 250_400, "A", 3),
    fill(20.0, "PWBB", True, 60, 400_200, "R", 4),
]
MIDS = {
    "PWAA": [(OPEN, 500_100), (OPEN + 2 * S, 500_500), (OPEN + 3 * S, 500_700)],
    "PWBB": [(OPEN, 800_100), (OPEN + 10 * S, 800_500)],
}
# By hand. PWAA: 3 cents on 100 shares, 300 cents, less 30 cents of fee and plus 20 of rebate: 2.90 dollars.
AAA = 2_900_000
# PWBB: +4000.00 - 60 x 40.02 = 1598.80; fees 160 x 0.003 = 0.48; 40 short at 40.025 is -1601.00. Sum: -2.68.
BBB_CASH = 1_598_320_000
BBB = -2_680_000


def run(**changes) -> RunData:
    data = RunData(
        title="A made run",
        session={"seed": 1, "regime": "calm"},
        symbols=("PWAA", "PWBB"),
        first_time=OPEN - 2 * S + 5,
        last_time=OPEN + 30 * S,
        market_ended=OPEN + 29 * S,
        messages={"A": 10, "D": 12, "S": 3},
        play={"frames": 20, "orders": 5, "answers": 9, "cycles": 5_000_000_000},
        config_name="demo",
        clock_period_ps=6_400,
        fills=FILLS,
        mids=MIDS,
        books={
            "PWAA": BookRow(((250_300, 500), (250_200, 600)), ((250_400, 700),)),
            "PWBB": BookRow(((400_200, 100),), ((400_300, 900),)),
        },
        card={"PWAA": CardRow(0, AAA, 250_300, 250_400, 1), "PWBB": CardRow(-40, BBB_CASH, 400_200, 400_300, 2)},
        ledger={
            "PWAA": LedgerRow(0, 2, 200, 100_000, AAA, 500_700),
            "PWBB": LedgerRow(-40, 2, 160, 480_000, BBB_CASH - 40 * 800_500 * 50, 800_500),
        },
        sent=[
            sent(1.4, "PWAA", 1, "entry", True, 11),
            sent(1.6, "PWAA", 3, "exit", False, 44),
            sent(1.9, "PWBB", 2, "entry", False, 12),
            sent(19.0, "PWBB", 4, "exit", True, 30, chain=7, kind="replace"),
            sent(2.0, "PWBB", 5, "entry", False, 11),
            sent(2.1, "PWBB", 6, "entry", False, 16),
            sent(2.2, "PWBB", 7, "exit", True, 31),
        ],
        counters={"feed.frames": 20},
        refusals={"inventory": 3},
        decisions=[
            DecisionRow(
                OPEN + 10 * S,
                "Calm: <switching> the module on.",
                (ToolCall("toggle_scalping_module", {"strategy_name": "imbalance", "state": True}, {"ok": True}),),
            )
        ],
        wall_clock={"run_seconds": 12.5},
    )
    return dataclasses.replace(data, **changes)


def test_money_is_what_a_person_reckons():
    report = build_report(run())
    assert report["result"]["symbols"]["PWAA"]["pnl"] == AAA
    assert report["result"]["symbols"]["PWAA"]["fees"] == 100_000
    assert report["result"]["symbols"]["PWBB"]["cash"] == BBB_CASH
    assert report["result"]["symbols"]["PWBB"]["pnl"] == BBB
    assert report["result"]["symbols"]["PWBB"]["position"] == -40
    assert report["result"]["total"] == {
        "fills": 4, "shares": 360, "fees": 580_000, "pnl": AAA + BBB, "round_trips": 1, "round_trips_won": 1,
    }  # fmt: skip


def test_money_over_time_ends_where_the_result_does():
    series = build_report(run())["money_series"]
    by_time = {time: worth for time, worth in series}
    assert series[0] == [OPEN - S, 0]
    assert len(series) == 32
    # At 2 s PWAA is 100 long from 25.01 with its mid at 25.025; PWBB is just 100 short from 40.00, mid 40.005.
    assert by_time[OPEN + 2 * S] == (150 - 30) * 10_000 + (-50 - 30) * 10_000
    assert by_time[OPEN + 30 * S] == AAA + BBB


def test_latency_is_of_entry_orders_only():
    latency = build_report(run())["latency_cycles"]
    assert latency == {"orders": 4, "min": 11, "median": 11.5, "max": 16, "histogram": {"11": 2, "12": 1, "16": 1}}
    assert build_report(run(sent=[]))["latency_cycles"]["median"] is None


def markout(milliseconds: int, average: float | None, fills: int, shares: int) -> dict:
    return {"milliseconds": milliseconds, "average": average, "fills": fills, "shares": shares}


def test_markouts_of_entries_are_weighed_by_shares():
    # PWAA bought at 25.01 at 1.5 s: mid 25.005 until 2 s, 25.025 at 2.5 s, 25.035 from 3 s on. PWBB sold at 40.00 at
    # 2 s: 40.005, from 10 s on 40.025. 60 s after is beyond the market's end. Buying back is no entry.
    assert build_report(run())["markouts"] == [
        markout(10, (-50 - 50) / 2, 2, 200),
        markout(100, (-50 - 50) / 2, 2, 200),
        markout(1_000, (150 - 50) / 2, 2, 200),
        markout(10_000, (250 - 250) / 2, 2, 200),
        markout(60_000, None, 0, 0),
    ]


def test_markouts_of_every_fill_by_strategy_role_and_side():
    rows = {}
    for row in build_report(run())["markouts_by_kind"]:
        assert row["strategy"] == "imbalance"
        rows.setdefault((row["role"], row["side"]), []).append((row["milliseconds"], row["average"], row["fills"]))
    # PWAA sold at 25.04 at 3.25 s and then 25.035: half a cent good. PWBB bought at 40.02 at 20 s, mid 40.025: also.
    # Ten seconds after that is later than the market's end at 29 s: not known, so not there, and not zero.
    assert rows == {
        ("entry", "buy"): [(10, -50, 1), (100, -50, 1), (1_000, 150, 1), (10_000, 250, 1)],
        ("entry", "sell"): [(10, -50, 1), (100, -50, 1), (1_000, -50, 1), (10_000, -250, 1)],
        ("exit", "sell"): [(10, 50, 1), (100, 50, 1), (1_000, 50, 1), (10_000, 50, 1)],
        ("exit", "buy"): [(10, 50, 1), (100, 50, 1), (1_000, 50, 1)],
    }


def test_a_fill_whose_order_left_no_record_is_of_an_unknown_strategy():
    rows = build_report(run(sent=[]))["markouts_by_kind"]
    assert {(row["strategy"], row["role"]) for row in rows} == {("unknown", "unknown")}


def test_hit_rate_holding_time_and_inventory_by_hand():
    report = build_report(run())
    # Entries 1 and 2 filled whole, 5 and 6 not at all. Of the exits 3 filled whole, and 60 of the 100 of chain 7, by
    # the number 4 that it was replaced with.
    assert report["hits"] == [
        {"strategy": "imbalance", "role": "entry", "entered": 4, "hit": 2, "filled_whole": 2, "hit_rate": 0.5},
        {"strategy": "imbalance", "role": "exit", "entered": 2, "hit": 2, "filled_whole": 1, "hit_rate": 1.0},
    ]
    held = 1_750_000_000  # PWAA from 1.5 s to 3.25 s; PWBB is not flat again
    assert report["holding_ns"] == {"round_trips": 1, "min": held, "median": held, "mean": held, "max": held}
    assert report["inventory"] == {
        "PWAA": [[FILLS[0].time, 100], [FILLS[2].time, 0]],
        "PWBB": [[FILLS[1].time, -100], [FILLS[3].time, -40]],
    }
    assert report["strategies"]["imbalance"]["PWBB"]["pnl"] == BBB
    assert report["strategies"]["imbalance"]["PWAA"]["pnl"] == AAA


def test_two_strategies_in_one_symbol_have_each_their_own_money():
    maker = dataclasses.replace(sent(1.6, "PWAA", 3, "quote", False, 44), strategy="market_making")
    table = build_report(run(sent=[sent(1.4, "PWAA", 1, "entry", True, 11), maker]))["strategies"]
    # Bought 100 at 25.01 for a fee of 30 cents, sold 100 at 25.04 for a rebate of 20; each valued at the mid of 25.035.
    assert table["imbalance"]["PWAA"] == {
        "fills": 1, "shares": 100, "position": 100, "fees": 300_000, "pnl": 2_500_000 - 300_000
    }  # fmt: skip
    assert table["market_making"]["PWAA"]["pnl"] == 500_000 + 200_000
    assert table["market_making"]["PWAA"]["position"] == -100


def test_three_counts_agree_and_a_cent_of_difference_shows():
    report = build_report(run())
    assert len(report["cross_check"]) == 10
    assert all(row["equal"] for row in report["cross_check"])
    card = {"PWAA": CardRow(0, AAA + 10_000, 250_300, 250_400, 1), "PWBB": CardRow(-40, BBB_CASH, 1, 2, 2)}
    report = build_report(run(card=card))
    wrong = [(row["symbol"], row["what"]) for row in report["cross_check"] if not row["equal"]]
    assert wrong == [("PWAA", "cash")]
    assert report["books"]["PWAA"]["equal"]
    assert not report["books"]["PWBB"]["equal"]


def test_fills_of_a_stranger_are_an_error():
    with pytest.raises(ValueError, match="fills of ZZZZ"):
        build_report(run(fills=[*FILLS, fill(5, "ZZZZ", True, 1, 1, "R", 9)]))


def test_marks_in_the_pictures_are_the_fills_of_the_log(tmp_path: Path):
    data = run()
    _, page = write_report(build_report(data), data, tmp_path)
    svgs = re.findall(r"<svg.*?</svg>", page.read_text(), re.S)
    assert len(svgs) == 7
    marks = []
    ids = []
    for svg in svgs:
        for element in ET.fromstring(svg).iter():
            if name := element.get("id"):
                ids.append(name)
                if name.startswith("fill-"):
                    marks.append(name)
                    assert any(child.tag.endswith("use") for child in element.iter()), f"{name} draws nothing"
    assert sorted(marks) == [f"fill-{n}" for n in range(1, len(FILLS) + 1)]
    assert len(ids) == len(set(ids)), "two elements of the page have one id"
    used = set(re.findall(r'(?:url\(|href=")#([^)"]+)', "".join(svgs)))
    assert used
    assert used <= set(ids), "a picture refers to an element that is not there"


def test_one_run_is_one_report_byte_for_byte_but_for_the_wall_clock(tmp_path: Path):
    texts = []
    for name, seconds in (("a", 1.0), ("b", 2.0)):
        data = run(wall_clock={"run_seconds": seconds})
        texts.append([p.read_text().splitlines() for p in write_report(build_report(data), data, tmp_path / name)])
    for one, other in zip(*texts, strict=True):
        differ = [(x, y) for x, y in zip(one, other, strict=True) if x != y]
        assert len(differ) == 1
        assert "wall" in differ[0][0]


def test_the_page_says_what_it_is_and_escapes_what_the_agent_said(tmp_path: Path):
    data = run()
    json_path, page = write_report(build_report(data), data, tmp_path)
    text = page.read_text()
    assert "There is no national best bid and offer" in text
    assert "No board has measured anything" in text
    assert "Fills are simulated" in text
    assert "Calm: &lt;switching&gt; the module on." in text
    assert 'toggle_scalping_module(strategy_name="imbalance", state=true)' in text
    assert json.loads(json_path.read_text()) == build_report(data)


def test_a_run_without_orders_has_a_report(tmp_path: Path):
    card = {s: CardRow(0, 0, 0, 0, 0) for s in ("PWAA", "PWBB")}
    ledger = {s: LedgerRow(0, 0, 0, 0, 0, 0) for s in ("PWAA", "PWBB")}
    empty = {s: BookRow((), ()) for s in ("PWAA", "PWBB")}
    data = run(fills=[], sent=[], decisions=[], card=card, ledger=ledger, books=empty, mids={"PWAA": [], "PWBB": []})
    report = build_report(data)
    write_report(report, data, tmp_path)
    assert report["result"]["total"]["pnl"] == 0
    assert all(row["equal"] for row in report["cross_check"])


def test_the_terminal_shows_the_same_numbers():
    out = io.StringIO()
    print_report(build_report(run()), Console(file=out, width=140))
    text = out.getvalue()
    for words in ("$2.90", "-$2.68", "median 11.5", "agree in all 10 counts", "toggle_scalping_module", "add order"):
        assert words in text
    card = {s: CardRow(7, 0, 0, 0, 0) for s in ("PWAA", "PWBB")}
    print_report(build_report(run(card=card)), Console(file=out, width=140))
    assert "PWAA position: exchange 0, card 7, control plane 0" in out.getvalue()


@pytest.mark.parametrize(
    ("micro", "words"),
    [(0, "$0.00"), (1_234_560_000, "$1,234.56"), (-2_680_000, "-$2.68"), (5_000, "$0.00"), (15_000, "$0.02"),
     (-4_999, "$0.00"), (-5_001, "-$0.01"), (999_995_000, "$1,000.00")],
)  # fmt: skip
def test_money_in_words(micro: int, words: str):
    assert dollars(micro) == words


def test_prices_and_times_in_words():
    assert (price(250_100), price(250_150), price(1), price(0)) == ("25.01", "25.0150", "0.0001", "0.00")
    assert clock(OPEN + 1_234_567_890) == "09:30:01.234"
    assert clock(OPEN + 1_234_567_890, 6) == "09:30:01.234567"
    assert clock(OPEN, 0) == "09:30:00"
    assert (cents_a_share(150.0), cents_a_share(None)) == ("+1.50", "-")
