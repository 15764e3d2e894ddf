"""The gate's further limits on the whole card: set by register, met by a session that would trade, counted by number.

Each limit is played over the same session; `test_silence.py` shows that the card trades it when nothing is in the way.
"""

import pytest
from bench_card import BenchCard

from hdl.types import Refusal
from sim.exchange.log import Fees
from sim.exchange.venue import Venue
from sim.player import Player, PlayerSettings
from sim.sessions.make import MADE_SYMBOLS, make_messages

SYMBOLS = [s.symbol for s in MADE_SYMBOLS]
ENTRY, EXIT = 0, 1


@pytest.fixture(scope="module")
def session():
    return make_messages(7, 12_000).messages


def play(session, *, card_limits=(), slot_limits=()):
    """Play the session under limits; give the card's records and its refusals by number."""
    with BenchCard() as card:
        card.follow(SYMBOLS)
        for name, fields in card_limits:
            card.set(f"limits.{name}", **fields)
        for slot in range(len(SYMBOLS)):
            for name, value in slot_limits:
                card.set(f"trade[{slot}].{name}", value)
        card.arm()
        settings = PlayerSettings(
            clock_period_ps=card.config.clock_period_ps, boundary_ns=10_000_000_000, wait_for_host=False
        )
        Player(card.model, Venue(Fees()), settings).play(session)
        refused = {n: card.get(f"risk.refused[{n}]") for n in range(16)}
        refused |= {n: card.get(f"limits.refused[{n - 16}]") for n in range(16, 32)}
        result = card.get("limits.result")
        cash = sum(card.get(f"slot[{i}].cash") for i in range(len(SYMBOLS)))
        held = [card.get(f"slot[{i}].position") for i in range(len(SYMBOLS))]
        return card.records(), {n: count for n, count in refused.items() if count}, (result, cash, held)


def sent(records, role):
    return [r for r in records if r["name"] == "ORDER_SENT" and (r["flags"] >> 2) & 3 == role]


@pytest.mark.parametrize(
    ("slot_limits", "refusal"),
    [
        ([("max_notional", 100), ("collar", 1000)], Refusal.NOTIONAL),
        ([("max_notional", 2**52 - 1)], Refusal.NOTIONAL),
    ],
    ids=["too-dear", "no-collar"],
)
def test_a_value_that_is_too_large_never_leaves(session, slot_limits, refusal):
    records, refused, _ = play(session, slot_limits=slot_limits)
    assert not sent(records, ENTRY)
    assert set(refused) == {refusal.value}
    told = [r for r in records if r["name"] == "GATE_REFUSED"]
    assert len(told) == refused[refusal.value] >= 6
    assert {r["detail"] for r in told} == {refusal.value}


def test_generous_limits_refuse_nothing(session):
    wide = [("order_rate", {"burst": 100, "interval": 1}), ("open_orders", {"count": 16}), ("gross", {"shares": 10**6})]
    wide.append(("daily_loss", {"value": 10**12}))
    records, refused, (result, cash, held) = play(
        session, card_limits=wide, slot_limits=[("max_notional", 10**10), ("collar", 5000), ("repeat", 10)]
    )
    assert len(sent(records, ENTRY)) >= 6
    assert not refused
    assert held == [0] * len(SYMBOLS)
    assert result == cash, "with nothing held the result is the cash"


def test_order_rate_holds_entries_and_no_exit(session):
    records, refused, (_, _, held) = play(session, card_limits=[("order_rate", {"burst": 1, "interval": 2**40 - 1})])
    assert not sent(records, ENTRY), "the bucket is empty after reset"
    assert set(refused) == {Refusal.ORDER_RATE.value}
    assert held == [0] * len(SYMBOLS)


def test_the_day_ends_with_its_loss_and_exits_go_on(session):
    records, refused, (_, _, held) = play(session, card_limits=[("daily_loss", {"value": 1})])
    entries, exits = sent(records, ENTRY), sent(records, EXIT)
    assert set(refused) == {Refusal.DAILY_LOSS.value}
    assert entries, "it traded until something was lost"
    first = next(r["sequence"] for r in records if r["name"] == "GATE_REFUSED")
    assert all(r["sequence"] < first for r in entries)
    assert exits
    assert held == [0] * len(SYMBOLS), "what was held was closed"
    assert len(entries) < 6, "the session has at least so many; see the other tests"
