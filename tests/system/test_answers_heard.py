"""Each answer of OUCH 5.0 of an exit that rests, on the whole card: what the host hears of it, and what comes of it.

Enter, fills, rejects and the answers to a Replace are in ``test_taker_stories.py``; what cannot be is in
``test_impossible_answers.py``, the Account Query and System Events too.
"""

import pytest
from told_card import ASK, TICK, ToldCard, bought, shape, shapes

from hdl.types import Refusal
from tests.hdl.orders.order_bench import (
    accepted,
    broken,
    canceled,
    corrected,
    executed,
    modified,
    priority_updated,
    replaced,
    restated,
    self_matched,
)

LEAVE = ASK + 3 * TICK
STOPPED_AT = ASK - 2 * TICK
STOP_PRICE = STOPPED_AT - 2 * TICK
#: Options: one that there is (SecondaryOrdRefNum) and one that there may be one day.
OPTIONS = bytes([9, 1]) + bytes(8) + bytes([3, 200, 1, 2])


def fall(card):
    return card.quote(STOPPED_AT, STOPPED_AT + TICK)


def test_an_order_that_is_restated_is_as_it_was():
    with ToldCard() as card:
        bought(card)
        assert not card.hear(restated(2, reason=b"P", appendage=bytes([5, 22]) + (60).to_bytes(4, "big")))
        (told,) = card.told("ORDER_RESTATED")
        assert (told["order"], told["detail"]) == (2, ord("P"))
        assert card.counts() == (60, 0, 60)
        assert shapes(fall(card)) == [("U", 2, 3, 60, STOP_PRICE)]


def test_a_priority_update_is_told_with_the_new_reference():
    with ToldCard() as card:
        bought(card)
        assert not card.hear(priority_updated(2, LEAVE, reference=5 << 32 | 901))
        (told,) = card.told("ORDER_PRIORITY")
        assert (told["order"], told["price"], told["shares"]) == (2, LEAVE, 60)
        assert (told["reference_lo"], told["reference_hi"]) == (901, 5)
        assert shapes(fall(card)) == [("U", 2, 3, 60, STOP_PRICE)]


def test_an_order_that_the_exchange_makes_smaller_is_filled_for_the_rest_and_what_is_left_leaves_anew():
    with ToldCard() as card:
        bought(card)
        assert not card.hear(modified(2, 40, side=b"S"))
        (told,) = card.told("ORDER_MODIFIED")
        assert (told["order"], told["shares"], told["detail"]) == (2, 40, ord("S"))
        assert card.counts() == (60, 0, 40)
        again = card.hear(executed(2, 40, LEAVE, flag=b"A", match=2))
        assert shapes(again) == [("O", 3, "S", 20, LEAVE, "0")]


def test_self_match_prevention_is_told_with_what_it_prevented():
    with ToldCard() as card:
        bought(card)
        card.hear(self_matched(2, 10, prevented=30, price=ASK))
        (told,) = card.told("ORDER_CANCELED")
        assert (told["order"], told["shares"], told["leaves"]) == (2, 10, 50)
        assert (told["prevented"], told["price"], told["detail"]) == (30, ASK, ord("Q"))
        assert card.get("orders.self_matched") == 1
        assert card.get("orders.executions") == 1, "the entry's alone"


def test_options_of_every_answer_are_skipped_by_their_length():
    with ToldCard() as card:
        card.heavy()
        (leave,) = card.hear(
            accepted(1, 100, ASK + TICK, appendage=OPTIONS),
            executed(1, 60, ASK, match=1, appendage=OPTIONS),
            canceled(1, 40),
        )
        assert shape(leave) == ("O", 2, "S", 60, LEAVE, "0")
        card.hear(accepted(2, 60, LEAVE, side=b"S", appendage=OPTIONS))
        assert shapes(fall(card)) == [("U", 2, 3, 60, STOP_PRICE)]
        card.hear(
            replaced(2, 3, 60, STOP_PRICE, side=b"S", appendage=OPTIONS),
            executed(3, 60, STOPPED_AT, match=2, appendage=bytes(2) * 12),
        )
        assert card.counts() == (0, 0, 0)
        assert card.get("orders.unknown_answers") == card.get("orders.impossible_answers") == 0


@pytest.mark.parametrize("message", [broken(1, match=1), corrected(1, 60, ASK + TICK, match=1)])
def test_a_trade_that_is_taken_back_or_corrected_stops_its_symbol_until_the_host_has_put_it_right(message):
    with ToldCard() as card:
        bought(card)
        assert not card.hear(message)
        assert card.get("trade[0].state.broken") == 1
        assert [told["match_lo"] for told in card.told("ORDER_BROKEN")] == [1]
        assert not fall(card), "not even the stop moves: nobody knows what is held"
        assert card.get("risk.refused[0]") == 0
        assert card.get(f"limits.refused[{Refusal.BROKEN_TRADE.value - 16}]") == 1
        (other,) = card.heavy(slot=1)
        assert other["symbol"] == "PWBB"
        card.set("control.command", disarm=1)
        cash = card.get("slot[0].cash")
        card.set("trade[0].adjust_position", -10 & 0xFFFF_FFFF)
        card.set("trade[0].adjust_cash", 10 * ASK * 100)
        card.set("trade[0].adjust", apply=1)
        assert (card.get("slot[0].position"), card.get("slot[0].cash")) == (50, cash + 10 * ASK * 100)
        card.set("control.command", arm=1)
        assert shapes(card.quote(STOPPED_AT - TICK, STOPPED_AT)), "and the stop goes on"


def test_cancel_pending_and_cancel_reject_are_told_and_a_kill_asks_again():
    with ToldCard() as card:
        bought(card)
        card.set("control.command", kill=1)
        assert shapes(card.run()) == [("X", 2, 0)]
        pending = b"P" + (1_000).to_bytes(8, "big") + (2).to_bytes(4, "big")
        refused = b"I" + pending[1:]
        assert not card.hear(pending, cycles=200_000), "it is on"
        again = card.hear(refused, cycles=200_000)
        assert again
        assert {shape(one) for one in again} == {("X", 2, 0)}
        assert [(told["order"], told["detail"]) for told in card.told("CANCEL_ANSWER")] == [(2, 0), (2, 1)]
        assert card.get("orders.cancels_refused") == 1
        assert not card.hear(canceled(2, 60), cycles=200_000)
        assert card.counts() == (60, 0, 0), "a kill cancels, and never flattens"
