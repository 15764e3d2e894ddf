"""The taker's rules one by one on the whole card: frames and OUCH bytes in, bytes out, every number by hand."""

import pytest
from told_card import ASK, BID, TICK, ToldCard, bought, shape, shapes

from hdl.strategy.taker_types import AlarmCode, TakerState
from hdl.types import Refusal
from sim.sessions.encode import add
from tests.hdl.orders.order_bench import accepted, canceled, executed, rejected, replaced, self_matched

#: What the stop of a purchase at ASK asks for once the bid is two ticks below it: two ticks through the bid.
STOPPED_AT = ASK - 2 * TICK
STOP_PRICE = STOPPED_AT - 2 * TICK


def fall(card, bid=STOPPED_AT):
    """Let both sides fall, the bid to this price."""
    return card.quote(bid, bid + TICK)


@pytest.mark.parametrize(("bids", "offers"), [(3_001, 1_000), (1_000, 3_001)])
def test_more_than_three_times_as_many_shares_trigger_at_the_far_side_and_a_slip(bids, offers):
    with ToldCard() as card:
        assert not card.quote(bid_shares=3_000)
        assert not card.quote(ask_shares=3_000)
        (entry,) = card.quote(bid_shares=bids, ask_shares=offers)
        if bids > offers:
            assert shape(entry) == ("O", 1, "B", 100, ASK + TICK, "3")
        else:
            assert shape(entry) == ("O", 1, "T", 100, BID - TICK, "3")
            assert card.raw[-1][47:] == bytes([2, 25]) + b"Y", "located"


def test_what_is_no_reason_to_enter():
    settings = {"slot[0].taker_min_volume": 5_000}
    with ToldCard(settings=settings) as card:
        assert not card.heavy(shares=4_999), "fewer than the least volume"
        card.quote(ask=ASK + TICK)
        assert not card.heavy(shares=9_000), "a spread of two ticks"
        card.quote()
        assert not card.market(card.change(b"B", ASK, 9_000)), "a locked book"
        assert not card.market(card.change(b"B", BID, 100))
        assert len(card.heavy(shares=5_000)) == 1


def test_five_levels_count_and_the_sixth_does_not():
    with ToldCard() as card:
        deep = [add(7, card.clock, 1_000 + i, b"B", 500, b"PWAA    ", BID - i * TICK) for i in range(1, 5)]
        assert not card.market(*deep), "3,000 bid for over five levels"
        assert not card.market(add(7, card.clock, 1_005, b"B", 9_000, b"PWAA    ", BID - 5 * TICK)), "the sixth"
        assert len(card.market(add(7, card.clock, 1_006, b"B", 1, b"PWAA    ", BID - 4 * TICK))) == 1, "the fifth"


def test_an_entry_is_over_when_what_it_got_and_what_was_canceled_are_all_of_it():
    with ToldCard() as card:
        card.heavy()
        assert not card.hear(accepted(1, 100, ASK + TICK), executed(1, 20, ASK, match=1))
        assert not card.hear(executed(1, 30, ASK + TICK, match=2))
        assert (card.taker_state(), card.counts()) == (TakerState.ENTERING, (50, 50, 0))
        (leave,) = card.hear(canceled(1, 50))
        assert shape(leave) == ("O", 2, "S", 50, ASK + TICK + 3 * TICK, "0"), "from the worst price of its fills"


def test_an_own_displayed_order_is_not_the_book_turning():
    """Bids show 100; offers show 250 of others and, at reference 900, the exit's 60."""
    with ToldCard() as card:
        (entry,) = card.heavy()
        assert entry["user_ref_num"] == 1
        card.hear(accepted(1, 100, ASK + TICK), executed(1, 60, ASK, match=1), canceled(1, 40))
        card.hear(accepted(2, 60, ASK + 3 * TICK, side=b"S", reference=900))
        card.quote(bid_shares=100, ask_shares=250)
        card.set("trade[0].taker_guard", imbalance=1, window=1 << 40)
        assert not card.market(add(7, card.clock, 900, b"S", 60, b"PWAA    ", ASK + 3 * TICK))
        assert card.get("slot[0].volumes.ask") == 310, "the book has all of it"
        (moved,) = card.market(add(7, card.clock, 901, b"S", 60, b"PWAA    ", ASK + 3 * TICK))
        assert shape(moved)[:4] == ("U", 2, 3, 60), "the same shares of another are"


def test_one_position_and_a_rest_before_the_next():
    with ToldCard(settings={"slot[0].taker_cooldown": 50_000}) as card:
        bought(card)
        card.quote()
        assert not card.heavy(), "a position is open"
        card.hear(executed(2, 60, ASK + 3 * TICK, flag=b"A", match=2))
        assert (card.taker_state(), card.counts()) == (TakerState.COOLDOWN, (0, 0, 0))
        card.quote()
        assert not card.heavy()
        card.run(cycles=50_000)
        card.quote()
        assert shapes(card.heavy()) == [("O", 3, "B", 100, ASK + TICK, "3")]


@pytest.mark.parametrize("answer", [accepted(1, 100, ASK + TICK, state=b"D"), rejected(1)])
def test_an_entry_that_came_to_nothing_is_tried_again_after_a_view_without_imbalance(answer):
    with ToldCard() as card:
        assert len(card.heavy()) == 1
        assert not card.hear(answer)
        assert card.counts() == (0, 0, 0)
        if answer[:1] == b"J":
            assert not card.heavy(shares=5_000), "the same imbalance"
        card.quote()
        assert shapes(card.heavy()) == [("O", 2, "B", 100, ASK + TICK, "3")]


@pytest.mark.parametrize("by", ["quote", "trade"])
def test_the_stop_moves_the_same_order_for_the_whole_chain(by):
    with ToldCard() as card:
        bought(card)
        assert not card.hear(executed(2, 20, ASK + 3 * TICK, flag=b"A", match=2))
        assert not card.print_trade(ASK - TICK)
        moved = fall(card) if by == "quote" else card.print_trade(STOPPED_AT)
        near = STOPPED_AT if by == "quote" else BID
        assert shapes(moved) == [("U", 2, 3, 60, near - 2 * TICK)], "20 done and 40 wanted open"
        assert moved[0]["time_in_force"] == "0"
        assert not card.hear(replaced(2, 3, 40, near - 2 * TICK, side=b"S"), executed(3, 40, STOPPED_AT, match=3))
        assert card.counts() == (0, 0, 0)


def stopped(card):
    """Have the taker hold 60 and its Replace, order 3, be under way."""
    bought(card)
    assert shapes(fall(card)) == [("U", 2, 3, 60, STOP_PRICE)]


def test_a_replace_of_an_order_that_was_filled_meanwhile_is_never_answered():
    with ToldCard() as card:
        stopped(card)
        card.run(cycles=1_000_000)
        assert card.taker_state() == TakerState.STOP_SENT, "no guess by the time it takes"
        assert not card.hear(executed(2, 60, ASK + 3 * TICK, flag=b"A", match=2))
        assert card.counts() == (0, 0, 0)
        card.quote()
        assert shapes(card.heavy()) == [("O", 4, "B", 100, ASK + TICK, "3")]


def test_a_replace_crossed_by_a_fill_of_a_part():
    with ToldCard() as card:
        stopped(card)
        card.hear(executed(2, 20, ASK + 3 * TICK, flag=b"A", match=2), replaced(2, 3, 40, STOP_PRICE, side=b"S"))
        assert card.counts() == (40, 0, 40)
        assert not card.hear(executed(3, 40, STOPPED_AT, match=3))
        assert card.counts() == (0, 0, 0)


def test_an_invalid_replace_kills_the_exit_and_it_is_entered_again():
    with ToldCard() as card:
        stopped(card)
        again = card.hear(canceled(2, 60, reason=b"Z"))
        assert shapes(again) == [("O", 4, "S", 60, STOP_PRICE, "0")], "the stop was hit: at its price"
        card.hear(accepted(4, 60, STOP_PRICE, side=b"S"), executed(4, 60, STOPPED_AT, match=2))
        assert card.counts() == (0, 0, 0)


def test_a_rejected_replace_leaves_the_exit_and_burns_its_number():
    with ToldCard() as card:
        stopped(card)
        assert not card.hear(rejected(3))
        assert card.counts() == (60, 0, 60)
        assert shapes(fall(card, STOPPED_AT - TICK)) == [("U", 2, 4, 60, STOP_PRICE - TICK)]


def test_a_replace_that_is_replaced_and_dead_leaves_no_exit():
    with ToldCard() as card:
        stopped(card)
        again = card.hear(replaced(2, 3, 60, STOP_PRICE, side=b"S", state=b"D"))
        assert shapes(again) == [("O", 4, "S", 60, STOP_PRICE, "0")]
        assert card.counts() == (60, 0, 60)


def test_what_is_left_is_priced_again_so_many_times_and_then_a_person_is_called():
    with ToldCard(ticks={"retries": 2}) as card:
        stopped(card)
        card.hear(replaced(2, 3, 60, STOP_PRICE, side=b"S"), executed(3, 10, STOPPED_AT, match=2))
        assert not fall(card, STOP_PRICE), "the stop is at the bid: it is not left behind"
        price = STOP_PRICE
        for number in (3, 4):
            (moved,) = fall(card, price - TICK)
            price -= 3 * TICK
            assert shape(moved) == ("U", number, number + 1, 60, price), "10 done and 50 wanted open"
            card.hear(replaced(number, number + 1, 50, price, side=b"S"))
        assert not card.told("ALARM")
        assert not fall(card, price - TICK)
        assert not fall(card, price - 9 * TICK)
        (alarm,) = card.told("ALARM")
        assert (alarm["detail"], alarm["word0"], alarm["word1"]) == (AlarmCode.RETRIES.value, 50, ASK)
        assert card.counts() == (50, 0, 50)


@pytest.mark.parametrize("answer", ["rejected", "canceled", "dead"])
def test_an_exit_that_is_refused_is_entered_again_so_many_times(answer):
    answers = {
        "rejected": rejected,
        "canceled": lambda number: canceled(number, 60, reason=b"H"),
        "dead": lambda number: accepted(number, 60, ASK + 3 * TICK, side=b"S", state=b"D"),
    }
    with ToldCard(ticks={"retries": 2}) as card:
        card.heavy()
        (leave,) = card.hear(accepted(1, 100, ASK + TICK), executed(1, 60, ASK, match=1), canceled(1, 40))
        for number in (2, 3):
            assert shape(leave) == ("O", number, "S", 60, ASK + 3 * TICK, "0")
            before = [accepted(number, 60, ASK + 3 * TICK, side=b"S")] if answer == "canceled" else []
            (leave,) = card.hear(*before, answers[answer](number))
        card.hear(*([accepted(4, 60, ASK + 3 * TICK, side=b"S")] if answer == "canceled" else []))
        assert not card.hear(answers[answer](4))
        (alarm,) = card.told("ALARM")
        assert (alarm["detail"], alarm["word0"]) == (AlarmCode.RETRIES.value, 60)
        assert (card.taker_state(), card.counts()) == (TakerState.UNMANAGED, (60, 0, 0))


def test_what_self_match_prevention_took_is_no_fill_and_the_next_replace_counts_it():
    with ToldCard() as card:
        bought(card)
        assert not card.hear(self_matched(2, 10))
        assert card.counts() == (60, 0, 50)
        assert shapes(fall(card)) == [("U", 2, 3, 70, STOP_PRICE)], "10 taken, and all that is held wanted open"
        assert not card.hear(replaced(2, 3, 60, STOP_PRICE, side=b"S"), executed(3, 60, STOPPED_AT, match=2))
        assert card.counts() == (0, 0, 0)


def test_a_halt_holds_the_stop_and_calls_a_person_and_trading_goes_on_with_it():
    with ToldCard() as card:
        bought(card)
        card.say("H", trading_state="H", reason="T1")
        assert not fall(card)
        assert [alarm["detail"] for alarm in card.told("ALARM")] == [AlarmCode.UNMANAGED.value]
        assert card.counts() == (60, 0, 60), "what rests, rests"
        card.say("H", trading_state="T", reason="")
        assert shapes(fall(card)) == [("U", 2, 3, 60, STOP_PRICE)]


@pytest.mark.parametrize("cancel_exit", [0, 1])
def test_a_gap_leaves_or_cancels_the_exit_as_the_locked_register_says(cancel_exit):
    with ToldCard(settings={"risk.on_stale.cancel_exit": cancel_exit} if cancel_exit else {}) as card:
        bought(card)
        card.lose()
        said = fall(card)
        assert shapes(said) == [("X", 2, 0)] * cancel_exit
        assert [alarm["detail"] for alarm in card.told("ALARM")] == [AlarmCode.UNMANAGED.value]


def test_of_two_entries_at_once_the_second_is_refused_and_not_late():
    with ToldCard() as card:
        sent = card.market(card.change(b"B", BID, 4_000, slot=0), card.change(b"B", BID, 4_000, slot=1))
        assert [(one["type"], one["symbol"]) for one in sent] == [("O", "PWAA")]
        refused = card.told("GATE_REFUSED")
        assert [(record["slot"], record["detail"]) for record in refused] == [(1, Refusal.BUSY.value)]
        (second,) = card.heavy(shares=5_000, slot=1)
        assert second["symbol"] == "PWBB", "the next view may try again"
