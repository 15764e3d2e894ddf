"""What the exchange does beyond the plain course: worked out by hand from the OUCH document and docs/exchange.md."""

import pytest

from sim.exchange.ledger import accounts_of
from sim.exchange.log import Fees
from sim.exchange.rules import Rules, Trouble
from tests.sim.exchange.exchange_play import L_IN, SYMBOL, Play, enter_message

DAY = b"0"
FEES = Fees(fee_remove=3_000, fee_add=-2_000)


def started(rules=None, **trouble):
    play = Play(FEES, rules or Rules(trouble=Trouble(**trouble)))
    play.add(1, "B", 300, 250_000)
    play.add(2, "S", 200, 250_100)
    return play


# Post-only.


def test_post_only_rests_where_it_does_not_take_and_is_canceled_where_it_would():
    play = started()
    assert play.enter(b"B", 100, 250_000, tif=DAY, post_only=True) == [("A", 1, 100, 250_000)]
    assert play.enter(b"B", 100, 250_100, tif=DAY, post_only=True) == [("A", 2, 100, 250_100), ("C", 2, 100, b"G")]
    assert play.enter(b"S", 100, 250_000, tif=DAY, post_only=True) == [("A", 3, 100, 250_000), ("C", 3, 100, b"G")]
    assert list(play.venue.orders) == [1]
    assert not play.venue.log.fills()


def test_a_replace_says_itself_whether_it_is_post_only():
    play = started()
    play.enter(b"B", 100, 249_900, tif=DAY, post_only=True)
    assert play.replace(1, 100, 250_100, post_only=True) == [("U", 1, 2, 100, 250_100), ("C", 2, 100, b"G")]
    play.enter(b"B", 100, 249_900, tif=DAY, post_only=True)
    assert play.replace(3, 100, 250_100) == [("U", 3, 4, 100, 250_100), ("E", 4, 100, 250_100, b"R")]


# Short sales.


def test_a_restricted_short_sale_is_priced_above_the_bid_on_entry():
    play = started()
    play.reg_sho("1")
    assert play.enter(b"T", 100, 249_900, tif=DAY, located=True) == [("A", 1, 100, 250_100)]
    # Above the bid it stays as it is; a long sale may hit the bid; an immediate short one has nowhere to go.
    assert play.enter(b"T", 100, 250_200, tif=DAY, located=True) == [("A", 2, 100, 250_200)]
    assert play.enter(b"S", 100, 250_000) == [("A", 3, 100, 250_000), ("E", 3, 100, 250_000, b"R")]
    assert play.enter(b"T", 100, 250_000, located=True) == [("A", 4, 100, 250_000), ("C", 4, 100, b"D")]
    assert play.replace(2, 100, 249_900) == [("U", 2, 5, 100, 250_100)]
    play.reg_sho("0")
    assert play.enter(b"T", 100, 250_000, located=True)[1] == ("E", 6, 100, 250_000, b"R")


def test_a_restricted_short_sale_is_rejected_where_the_rules_say_so():
    play = started(Rules(short_restricted="reject"))
    assert play.enter(b"T", 50, 250_000, located=True)[1] == ("E", 1, 50, 250_000, b"R")
    play.reg_sho("2")
    assert play.enter(b"T", 50, 250_000, located=True) == [("J", 2, 0x23)]
    assert play.enter(b"T", 50, 250_100, tif=DAY, located=True) == [("A", 3, 50, 250_100)]


# Halts, and the loss of the session.


@pytest.mark.parametrize("cancels", [True, False])
def test_a_halt_cancels_what_rests_where_the_rules_say_so(cancels):
    play = started(Rules(halt_cancels=cancels))
    play.enter(b"B", 100, 250_000, tif=DAY)
    halt = play.message("H", stock=SYMBOL, trading_state="H", reason="T1  ")
    assert play.venue.could_fill(halt) is cancels
    play.session("H", stock=SYMBOL, trading_state="H", reason="T1  ")
    assert play.answers() == ([("C", 1, 100, b"H")] if cancels else [])
    play.session("H", stock=SYMBOL, trading_state="T", reason="T1  ")
    assert play.answers() == []


def test_a_lost_session_cancels_what_rests_and_answers_are_kept():
    play = started()
    play.enter(b"B", 100, 250_000, tif=DAY)
    play.time += 10
    # One more is on its way as the session is lost: it arrives, and is canceled with the other.
    play.venue.on_order(play.time, enter_message(2, b"S", 70, 250_300, DAY))
    play.venue.disconnect(play.time + 1)
    with pytest.raises(ValueError, match="session is down"):
        play.venue.on_order(play.time + 2, b"Q")
    play.time += L_IN
    assert play.answers() == [("A", 2, 70, 250_300), ("C", 1, 100, b"U"), ("C", 2, 70, b"U")]
    play.venue.connect()
    assert play.order(b"Q") == [("Q", 3)]


def test_a_lost_session_leaves_what_rests_where_the_rules_say_so():
    play = started(Rules(cancel_on_disconnect=False))
    play.enter(b"B", 100, 250_000, tif=DAY)
    play.venue.disconnect(play.time + 5)
    play.time += 100
    assert play.answers() == []
    assert list(play.venue.orders) == [1]


# Trouble.


def test_rejected_enter_uses_its_number_up():
    play = started(reject_enter=1.0)
    assert play.enter(b"B", 100, 250_100) == [("J", 1, 0x29)]
    assert play.enter(b"B", 100, 250_100, ref=1) == []


def test_rejected_replace_leaves_the_order_and_uses_the_number_up():
    play = started(reject_replace=1.0)
    play.enter(b"S", 100, 250_300, tif=DAY)
    assert play.replace(1, 100, 250_000) == [("J", 2, 0x29)]
    assert play.venue.orders[1].price == 250_300
    assert play.replace(1, 100, 250_000, ref=2) == []


def test_dead_states_say_nothing_more():
    play = started(dead_on_entry=1.0)
    play.time += 10
    play.venue.on_order(play.time, enter_message(1, b"B", 100, 250_100))
    play.time += L_IN
    [(_, data)] = play.venue.answers_until(play.time + 2_000)
    assert (data[:1], data[47:48]) == (b"A", b"D")
    assert play.venue.log.entries[-1].shares == 0, "nothing of it is open"
    assert not play.venue.orders
    play = started(dead_on_replace=1.0)
    play.enter(b"S", 100, 250_300, tif=DAY)
    assert play.replace(1, 100, 250_000) == [("U", 1, 2, 100, 250_000)]
    assert not play.venue.orders
    assert not play.venue.log.fills()


def test_cancel_pending_leaves_time_for_a_fill():
    play = started(cancel_pending=1.0, pending_ns=50_000)
    play.enter(b"B", 100, 250_000, tif=DAY)
    assert play.cancel(1) == [("P", 1)]
    assert play.venue.acts_at == play.time + 50_000
    play.add(9, "S", 40, 250_000)
    assert play.answers() == [("E", 1, 40, 250_000, b"A")]
    play.time += 50_000
    assert play.answers() == [("C", 1, 60, b"U")]
    # Filled whole while the cancel was pending: nothing is left to cancel.
    play.enter(b"B", 100, 250_000, tif=DAY)
    play.cancel(2)
    play.add(10, "S", 100, 250_000)
    play.time += 50_000
    assert play.answers() == [("E", 2, 100, 250_000, b"A")]


def test_cancel_reject_leaves_the_order():
    play = started(cancel_reject=1.0)
    play.enter(b"B", 100, 250_000, tif=DAY)
    assert play.cancel(1) == [("I", 1)]
    assert play.venue.orders[1].open == 100


def test_a_post_only_order_may_be_slid_by_what_is_not_in_this_book():
    play = started(slide=1.0)
    assert play.enter(b"B", 100, 250_000, tif=DAY, post_only=True)[1] == ("C", 1, 100, b"F")
    assert play.enter(b"B", 100, 250_000, tif=DAY) == [("A", 2, 100, 250_000)]


def test_a_broken_trade_takes_shares_money_and_fee_back():
    play = started(break_trade=1.0, break_ns=9_000)
    play.enter(b"B", 100, 250_100)
    assert accounts_of(play.venue.log.entries)["TEST"].position == 100
    play.time += 9_000
    assert play.answers() == [("B", 1, 1)]
    account = accounts_of(play.venue.log.entries)["TEST"]
    assert (account.fills, account.position, account.cash, account.fees) == (0, 0, 0, 0)
    assert not play.venue.log.fills()


def test_own_orders_never_trade_with_each_other():
    """What is displayed at the own order's price or better goes first, then both lose what they would have traded."""
    play = started()
    play.add(3, "S", 50, 250_200)
    play.enter(b"S", 150, 250_100, tif=DAY)
    play.enter(b"S", 500, 250_200, tif=DAY)
    assert play.enter(b"B", 450, 250_200) == [
        ("A", 3, 450, 250_200),
        ("E", 3, 200, 250_100, b"R"),
        ("D", 1, 150, b"Q", 150, 250_100, b"A"),
        ("D", 3, 150, b"Q", 150, 250_100, b"R"),
        ("E", 3, 50, 250_200, b"R"),
        ("D", 2, 50, b"Q", 50, 250_200, b"A"),
        ("D", 3, 50, b"Q", 50, 250_200, b"R"),
    ]
    assert [(o.user_ref, o.open, o.prevented) for o in play.venue.orders.values()] == [(2, 450, 50)]
    assert accounts_of(play.venue.log.entries)["TEST"].position == 250
    # A Replace's quantity counts what was prevented as it counts what was executed; so do Cancel and Modify.
    assert play.replace(2, 400, 250_300) == [("U", 2, 4, 350, 250_300)]
    assert play.order(b"M" + (4).to_bytes(4, "big") + b"T" + (350).to_bytes(4, "big")) == [("M", 4, b"T", 300)]
    assert play.cancel(4, 150) == [("C", 4, 200, b"U")]
    assert play.replace(4, 50, 250_300) == [("C", 4, 100, b"Z")]


def test_a_fill_may_be_prevented_because_the_firm_is_on_both_sides():
    play = started(self_match=1.0)
    play.enter(b"B", 100, 250_000, tif=DAY)
    play.add(9, "S", 40, 250_000)
    assert play.answers() == [("D", 1, 40, b"Q", 40, 250_000, b"A")]
    play.add(10, "S", 70, 250_000)
    assert play.answers() == [("D", 1, 60, b"Q", 60, 250_000, b"A")]
    assert not play.venue.orders
    assert not play.venue.log.fills()


def test_an_order_that_rests_may_be_restated_and_reprioritized():
    play = started(restate=1.0, reprioritize=1.0, change_ns=7_000)
    play.enter(b"B", 100, 250_000, tif=DAY)
    before = play.venue.orders[1].reference
    play.add(9, "B", 500, 250_000)
    play.time += 7_000
    reference = play.venue.orders[1].reference
    assert play.answers() == [("R", 1, b"R"), ("T", 1, 250_000, b"Y", before + 1)]
    assert (before, play.venue.orders[1].ahead) == (reference, 800), "its place is the last one"
    # One that is gone by then is not spoken of, nor one that has another number.
    play.enter(b"B", 100, 249_900, tif=DAY)
    assert play.cancel(2) == [("C", 2, 100, b"U")]
    play.time += 20_000
    assert play.answers() == []


def test_the_order_session_hears_of_the_day():
    play = started(Rules(tell_day=True))
    message = play.message("S", event_code="E")
    assert play.venue.could_fill(message), "it brings an answer with no order there"
    assert not started().venue.could_fill(message)
    play.session("S", event_code="O")
    play.session("S", event_code="Q")
    play.session("S", event_code="E")
    assert play.answers() == [("S", b"S"), ("S", b"E")]


def test_account_query_names_the_number_after_the_last_one_used():
    play = started()
    assert play.order(b"Q") == [("Q", 1)]
    play.enter(b"B", 100, 250_000, tif=DAY, ref=7)
    assert play.order(b"Q") == [("Q", 8)]


def test_a_cancel_that_races_a_fill_loses_without_a_word():
    play = started()
    play.enter(b"B", 100, 250_000, tif=DAY)
    play.time += 10
    play.venue.on_order(play.time, b"X" + (1).to_bytes(4, "big") + bytes(4))
    # While it is on its way the order is filled whole.
    play.add(9, "S", 100, 250_000)
    play.time += L_IN
    assert play.answers() == [("E", 1, 100, 250_000, b"A")]
    assert play.venue.log.entries[-1].kind == "ignored"


def test_trouble_follows_from_the_seed_and_one_kind_leaves_the_others_alone():
    def told(seed, **trouble):
        play = Play(FEES, Rules(trouble=Trouble(reject_enter=0.5, **trouble), seed=seed))
        play.add(1, "B", 300, 250_000)
        return [play.enter(b"B", 100, 249_000, tif=DAY)[0][0] for _ in range(60)]

    assert told(1) == told(1)
    assert told(1) != told(2)
    assert told(1) == told(1, reject_replace=0.9)
    assert 15 < told(1).count("J") < 45


@pytest.mark.parametrize("wrong", [{"slide": 1.5}, {"reject_enter": -0.1}, {"break_ns": 0}])
def test_what_is_no_chance_is_refused(wrong):
    with pytest.raises(ValueError, match=r"it must be|a chance"):
        Trouble(**wrong)
