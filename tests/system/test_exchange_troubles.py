"""What is rare at an exchange, played into the whole card until it has happened; afterwards all counts agree.

The session, the card's settings and the comparison are those of ``test_order_scenarios.py``.
"""

import pytest

from sim.exchange.rules import Rules, Trouble
from sim.exchange.venue import Venue
from sim.sessions.encode import time_of
from sim.sessions.make import make_messages
from tests.system.test_order_scenarios import (
    FEES,
    SLOTS,
    SYMBOLS,
    Once,
    Played,
    differences,
    quote,
    trading_card,
)


@pytest.fixture(scope="module")
def session():
    return make_messages(3, 3_000, "bursts").messages


def venue(**chances):
    """An exchange with this trouble."""
    return Venue(FEES, rules=Rules(trouble=Trouble(**chances), seed=5))


def among(session, letter, changed, after):
    """The session with the first message of this letter of every symbol in ``changed`` said again, after a time."""
    at = next(i for i, message in enumerate(session) if time_of(message) > after)
    again = []
    for symbol, change in changed.items():
        place, name = 11, symbol.ljust(8).encode()
        first = next(m for m in session if m[:1] == letter and m[place : place + 8] == name)
        again.append(change(first[:5] + time_of(session[at]).to_bytes(6, "big") + first[11:]))
    return [*session[:at], *again, *session[at:]]


def test_orders_that_are_dead_when_they_are_answered(session):
    with trading_card() as card:
        played = Played(card, session, venue=venue(dead_on_entry=0.3, dead_on_replace=0.5))
        entered = {order["user_ref_num"]: order["time_in_force"] for order in played.asked("O")}
        dead = {entered[said["user_ref_num"]] for said in played.told("A") if said["state"] == "D"}
        assert dead == {"0", "3"}, "entries and exits"
        assert [said for said in played.told("U") if said["state"] == "D"], "and moved ones"
        assert not differences(card, played.venue, played.reckoning)


def test_quotes_that_the_exchange_changes_by_itself(session):
    with trading_card() as card:
        quote(card)
        for slot in SLOTS:
            card.set("maker.cooldown", 1_000_000, index=slot)
        played = Played(card, session, venue=venue(self_match=0.3, slide=0.2, restate=0.5, reprioritize=0.5))
        assert all(played.told(letter) for letter in "DRT")
        assert {said["reason"] for said in played.told("C")} >= {"F"}
        assert not differences(card, played.venue, played.reckoning)


def test_cancels_that_take_their_time_or_are_refused(session):
    """The maker is switched off and on for a second each, so that it pulls its quotes."""
    with trading_card() as card:
        quote(card)
        played = Played(
            card,
            session,
            venue=venue(cancel_pending=0.4, cancel_reject=0.4),
            on_boundary=lambda now: card.set("modules.maker", now // 1_000_000_000 % 2),
        )
        assert played.told("P")
        assert played.told("I")
        assert not differences(card, played.venue, played.reckoning)


def test_trades_that_are_broken_are_put_right_by_the_host_and_only_then_agree(session):
    with trading_card() as card:
        played = Played(card, session, venue=venue(break_trade=0.2))
        broken = played.reckoning.broken()
        assert broken
        assert differences(card, played.venue, played.reckoning), "the card moves nothing by itself"
        card.set("control.command", disarm=1)
        for slot, symbol in enumerate(SYMBOLS):
            position, cash = broken.get(symbol, (0, 0))
            assert bool(card.get_slot("trade.state", slot) & 1) == (symbol in broken), "its symbol stopped"
            card.set("trade.adjust_position", position & 0xFFFF_FFFF, index=slot)
            card.set("trade.adjust_cash", cash & (1 << 64) - 1, index=slot)
            card.set("trade.adjust", index=slot, apply=1)
        assert not differences(card, played.venue, played.reckoning)


@pytest.mark.parametrize("short_restricted", ["reprice", "reject"])
def test_nothing_is_sold_short_once_that_is_restricted(session, short_restricted):
    """Reg SHO 1 of one symbol and 2 of the next, in the middle; orders are on their way for 5 ms then."""
    middle = time_of(session[len(session) // 2])
    actions = {SYMBOLS[0]: lambda m: m[:19] + b"1", SYMBOLS[1]: lambda m: m[:19] + b"2"}
    with trading_card() as card:
        quote(card)
        rules = Rules(short_restricted=short_restricted, seed=5)
        played = Played(
            card, among(session, b"Y", actions, middle), venue=Venue(FEES, "5000000", "5000000", rules)
        )  # fmt: skip
        shorts = [(time, said["symbol"]) for time, said in played.recorded.left if said.get("side") == "T"]
        assert {symbol for time, symbol in shorts if time < middle} >= set(actions), "sold short before"
        later = {symbol for time, symbol in shorts if time > middle + 1_000}
        assert later <= set(SYMBOLS) - set(actions)
        assert not differences(card, played.venue, played.reckoning)


def test_a_halt_that_cancels_what_rests(session):
    with trading_card() as card:
        once = Once(card, lambda *_: None)
        Played(card, session, on_boundary=once)
    assert once.at, "something must be held over a boundary, or this shows nothing"
    slot = once.slots[0]
    halted = among(session, b"H", {SYMBOLS[slot]: lambda m: m[:19] + b"H" + m[20:]}, once.at)
    with trading_card() as card:
        played = Played(card, halted, venue=Venue(FEES, rules=Rules(halt_cancels=True)))
        assert "H" in {said["reason"] for said in played.told("C")}
        assert card.get_slot("slot.position", slot), "what was held is held"
        assert not card.get_slot("slot.open_shares", slot)
        assert not differences(card, played.venue, played.reckoning)
