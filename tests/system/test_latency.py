"""Trigger to order, in cycles, on the whole card: from the beat with the deciding message's last byte to the first
order byte, with the transmitter idle."""

from bench_card import BenchCard

from sim.exchange.log import Fees
from sim.exchange.venue import Venue
from sim.player import Player, PlayerSettings
from sim.sessions.make import MADE_SYMBOLS, make_messages

ENTER, ENTRY = 0, 0
#: The most that any entry may take.
BUDGET = 13


def play(card, messages):
    settings = PlayerSettings(
        clock_period_ps=card.config.clock_period_ps, boundary_ns=10_000_000_000, wait_for_host=False
    )
    Player(card.model, Venue(Fees()), settings).play(messages)
    return card.records()


def test_every_entry_leaves_within_the_budget():
    messages = make_messages(7, 30_000).messages
    with BenchCard() as card:
        card.follow(s.symbol for s in MADE_SYMBOLS)
        card.arm()
        records = play(card, messages)
    entries = [
        r for r in records if r["name"] == "ORDER_SENT" and r["detail"] == ENTER and (r["flags"] >> 2) & 3 == ENTRY
    ]
    taken = [r["latency_cycles"] for r in entries]
    triggers = {r["cause"]: r for r in records if r["name"] == "TRIGGER"}
    counts = ", ".join(f"{taken.count(cycles)} in {cycles}" for cycles in sorted(set(taken)))
    print(f"trigger to order, cycles: {counts} ({len(taken)} entries)")
    assert len(entries) >= 12
    assert max(taken) <= BUDGET
    # The same for every message, whatever the lane of the beat it ends in.
    assert max(taken) == min(taken)
    # Every entry has its trigger, told before it.
    for entry in entries:
        trigger = triggers[entry["cause"]]
        assert trigger["sequence"] < entry["sequence"]
        assert (trigger["slot"], trigger["side"]) == (entry["slot"], entry["side"])
