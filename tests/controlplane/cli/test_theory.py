"""The judge of the theory table: it says no where the figures do."""

import pytest

from controlplane.cli.theory import Claim, holds, summed

EARNS = Claim("imbalance", "calm", +1, +1, "it does")
LOSES = Claim("imbalance", "toxic", -1, -1, "it does")
FEW = Claim("imbalance", "quiet", 0, 0, "it does", few=True)


def figures(pnl=5, markout=1.0, entries=100):
    return {"pnl": pnl, "markout_10000ms": markout, "entries": entries}


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
        (FEW, figures(entries=10), True),
        (FEW, figures(entries=11), False),
    ],
)
def test_a_claim_holds_only_where_the_figures_say_so(claim, here, good):
    assert holds(claim, here, figures(entries=100)) is good


def test_sessions_are_added_up_and_markouts_weighed():
    def row(**more):
        rest = {"fees": 1, "entries": 3, "markout_10ms": None, "markout_1000ms": None, "agree": True}
        return rest | more

    total = summed([row(pnl=4, fills=1, markout_10000ms=10.0), row(pnl=-1, fills=3, markout_10000ms=-2.0)])
    assert (total["pnl"], total["fills"], total["entries"], total["agree"]) == (3, 4, 6, True)
    assert (total["markout_10000ms"], total["markout_10ms"]) == (1.0, None)
    assert summed([row(pnl=4, fills=1, markout_10000ms=1.0, agree=False)])["agree"] is False
