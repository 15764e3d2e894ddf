"""The judge of the theory table: it says no where the figures do."""

import pytest

from controlplane.cli.theory import CLAIMS, Claim, holds, summed, write_table

EARNS = Claim("imbalance", "calm", +1, +1, "it does")
LOSES = Claim("imbalance", "toxic", -1, -1, "it does")
LESS = Claim("imbalance", "toxic", -1, -1, "it does", settings=(("taker.guard", 2),), lessens=(("taker.stop", 5),))
FEW = Claim("imbalance", "quiet", 0, 0, "it does", few=True)


def figures(pnl=5, markout=1.0, entries=100, shares=1000):
    return {"pnl": pnl, "markout_10000ms": markout, "entries": entries, "shares": shares}


@pytest.mark.parametrize(
    ("claim", "here", "good"),
    [
        (EARNS, figures(), True),
        (EARNS, figures(pnl=-1), False),
        (EARNS, figures(pnl=0), False),
        (EARNS, figures(markout=-0.1), False),
        (EARNS, figures(markout=None), False),
        (LOSES, figures(pnl=-5, markout=-1.0), True),
        (LOSES, figures(), False),
        (LESS, figures(pnl=-4, markout=-1.0, shares=1_000), True),
        (LESS, figures(pnl=-4, markout=-1.0, shares=700), False),
        (LESS, figures(pnl=-6, markout=-1.0, shares=9_000), False),
        (LESS, figures(pnl=-4, markout=-1.0, shares=0), False),
        (LESS, figures(pnl=20, markout=-1.0, shares=1_000), False),
        (FEW, figures(entries=10), True),
        (FEW, figures(entries=11), False),
    ],
)
def test_a_claim_holds_only_where_the_figures_say_so(claim, here, good):
    beside = figures(pnl=-5, shares=1_000) if claim.lessens else figures(entries=100)
    assert holds(claim, here, beside) is good


def test_both_strategies_are_claimed_to_earn_somewhere_and_to_lose_somewhere():
    said = {(claim.strategy, claim.pnl) for claim in CLAIMS}
    assert said >= {("imbalance", 1), ("imbalance", -1), ("market_making", 1), ("market_making", -1)}
    assert any(claim.lessens for claim in CLAIMS)


def test_the_table_goes_between_the_marks_of_a_page_and_nothing_else_changes(tmp_path):
    page = tmp_path / "page.md"
    begin, end = "<!-- theory: written by make theory -->", "<!-- theory: end -->"
    page.write_text(f"before\n\n{begin}\nan earlier row\n{end}\nafter\n")
    row = ("imbalance", "calm", "earns", "1", "2", "3.00", "+0.1", "a", "b", "c", "yes")
    for _ in range(2):
        write_table(page, "2 x 9 messages", [row])
    said = page.read_text()
    assert said.startswith(f"before\n\n{begin}\n2 x 9 messages. ")
    assert said.endswith(f"| yes |\n{end}\nafter\n")
    assert "an earlier row" not in said
    assert said.count(f"| {' | '.join(row)} |") == 1
    page.write_text("no marks")
    with pytest.raises(ValueError, match="has no lines"):
        write_table(page, "title", [row])


def test_sessions_are_added_up_and_markouts_weighed():
    def row(**more):
        rest = {"fees": 1, "entries": 3, "shares": 9, "markout_10ms": None, "markout_1000ms": None, "agree": True}
        return rest | more

    total = summed([row(pnl=4, fills=1, markout_10000ms=10.0), row(pnl=-1, fills=3, markout_10000ms=-2.0)])
    assert (total["pnl"], total["fills"], total["entries"], total["agree"]) == (3, 4, 6, True)
    assert (total["markout_10000ms"], total["markout_10ms"]) == (1.0, None)
    assert summed([row(pnl=4, fills=1, markout_10000ms=1.0, agree=False)])["agree"] is False
