"""The market maker's rules one by one on the whole card: frames and OUCH bytes in, bytes out, every number by hand."""

import pytest
from told_card import ASK, BID, TICK, ToldCard, shape, shapes

from hdl.types import Refusal
from tests.hdl.orders.order_bench import accepted, canceled, executed, modified, rejected, replaced, self_matched

POST_ONLY, LOCATED = bytes([2, 12]) + b"P", bytes([2, 25]) + b"Y"
REST = 100_000  # cycles
BOTH = [("O", 1, "B", 100, BID, "0"), ("O", 2, "T", 100, ASK, "0")]


def took(order):
    """The exchange's answer to an Enter: it rests."""
    side = order["side"].encode()
    number = order["user_ref_num"]
    return accepted(number, order["quantity"], order["price"], side=side, reference=9_000 + number)


def quoted(card):
    """Have the maker's bid, order 1, and offer, order 2, rest."""
    said = card.quote()
    assert shapes(said) == BOTH
    assert not card.hear(*(took(order) for order in said))
    card.records()


def sides(said):
    """Letter and side of every Enter, letter alone of the rest."""
    return [(one["type"], one["side"]) if one["type"] == "O" else one["type"] for one in said]


def test_both_sides_are_quoted_post_only_and_the_offer_is_a_located_short_sale():
    with ToldCard("maker") as card:
        quoted(card)
        bid, offer = card.raw
        assert bid[47:] == POST_ONLY
        assert offer[47:] in (POST_ONLY + LOCATED, LOCATED + POST_ONLY)
        assert card.counts() == (0, 100, 100)


@pytest.mark.parametrize(("weighted", "bid"), [(0, BID), (1, BID + TICK)])
def test_the_fair_value_is_the_mid_or_leans_to_the_side_with_fewer_shares(weighted, bid):
    """Two ticks of spread, three bids an offer: the mid is a tick, the weighted one a tick and a half above the bid."""
    book = {"ask": BID + 2 * TICK, "bid_shares": 3_000}
    with ToldCard("maker", prices={"weighted": weighted}, book=book) as card:
        said = card.quote(**book)
        assert [(one["side"], one["price"]) for one in said] == [("B", bid), ("T", BID + 2 * TICK)]


def test_quotes_move_by_replace_and_never_meet_and_a_chain_keeps_what_it_has_executed():
    with ToldCard("maker") as card:
        quoted(card)
        assert not card.hear(executed(1, 40, BID, flag=b"A", match=1)), "filled in part it keeps its place"
        assert shapes(card.quote(BID - TICK, ASK - TICK)) == [("U", 1, 3, 140, BID - TICK)]
        assert card.raw[-1][40:] == POST_ONLY
        moved = card.hear(replaced(1, 3, 100, BID - TICK))
        assert shapes(moved) == [("U", 2, 4, 100, ASK - TICK)], "the bid is out of the offer's way"
        card.hear(replaced(2, 4, 100, ASK - TICK, side=b"T"))
        assert card.counts() == (40, 100, 100)


def test_quotes_stay_until_they_are_off_by_so_many_ticks():
    with ToldCard("maker", prices={"move": 2}) as card:
        quoted(card)
        assert not card.quote(BID - TICK, ASK - TICK)
        assert shapes(card.quote(BID - 2 * TICK, ASK - 2 * TICK))[0] == ("U", 1, 3, 100, BID - 2 * TICK)


def test_one_operation_of_a_side_is_under_way():
    with ToldCard("maker") as card:
        bid, offer = card.quote()
        assert not card.quote(BID - TICK, ASK - TICK)
        assert not card.quote(BID - 2 * TICK, ASK - 2 * TICK)
        assert shapes(card.hear(took(bid))) == [("U", 1, 3, 100, BID - 2 * TICK)]
        assert not card.quote(BID - 3 * TICK, ASK - 3 * TICK)
        assert shapes(card.hear(replaced(1, 3, 100, BID - 2 * TICK))) == [("U", 3, 4, 100, BID - 3 * TICK)]
        assert not card.hear(replaced(3, 4, 100, BID - 3 * TICK)), "the offer waits for its first answer"
        assert shapes(card.hear(took(offer))) == [("U", 2, 5, 100, ASK - 3 * TICK)]


def halt(card):
    return card.say("H", trading_state="H", reason="T1")


def test_a_throttle_holds_back_what_moves_and_not_what_is_pulled():
    with ToldCard("maker", settings={"maker[0].throttle": REST}) as card:
        quoted(card)
        assert not card.quote(BID - TICK, ASK - TICK)
        card.run(cycles=REST)
        assert shapes(card.quote(BID - TICK, ASK - TICK, bid_shares=999)) == [("U", 1, 3, 100, BID - TICK)]
        assert shapes(card.hear(replaced(1, 3, 100, BID - TICK))) == [("U", 2, 4, 100, ASK - TICK)]
        card.hear(replaced(2, 4, 100, ASK - TICK, side=b"T"))
        assert sorted(shapes(halt(card))) == [("X", 3, 0), ("X", 4, 0)]


def gap(card):
    card.lose()
    return card.quote()


def close(card):
    return card.say("S", event_code="M")


def kill(card):
    card.set("control.command", kill=1)
    return card.run()


@pytest.mark.parametrize("why", [halt, gap, close, kill, lambda card: card.quote(ask=ASK + 2 * TICK)])
def test_both_are_pulled(why):
    with ToldCard("maker") as card:
        quoted(card)
        assert sorted(shapes(why(card))) == [("X", 1, 0), ("X", 2, 0)]
        card.hear(canceled(1, 100), canceled(2, 100))
        assert card.counts() == (0, 0, 0)
        assert not card.quote(ask=ASK + 2 * TICK), "and nothing is quoted"


@pytest.mark.parametrize(("side", "gone"), [(b"B", 2), (b"S", 1)])
def test_the_side_that_the_book_leans_against_is_pulled(side, gone):
    with ToldCard("maker") as card:
        quoted(card)
        assert not card.heavy(side, 3_000), "three times as much is not more than three times"
        assert shapes(card.heavy(side, 3_001)) == [("X", gone, 0)]
        card.hear(canceled(gone, 100))
        assert sides(card.quote()) == [("O", "T" if gone == 2 else "B")]


@pytest.mark.parametrize("reason", [b"F", b"G"])
def test_a_post_only_order_that_the_exchange_refuses_rests_for_the_cool_down(reason):
    with ToldCard("maker", settings={"maker[0].cooldown": REST}) as card:
        quoted(card)
        assert not card.hear(canceled(1, 100, reason=reason))
        assert not card.quote(bid_shares=900)
        card.run(cycles=REST)
        assert shapes(card.quote()) == [("O", 3, "B", 100, BID, "0")]


def test_a_rejected_quote_rests_for_the_cool_down():
    with ToldCard("maker", settings={"maker[0].cooldown": REST}) as card:
        bid, offer = card.quote()
        assert not card.hear(rejected(1), took(offer))
        assert not card.quote(bid_shares=900)
        card.run(cycles=REST)
        assert shapes(card.quote()) == [("O", 3, *shape(bid)[2:])]


def test_what_is_held_leans_both_quotes_and_a_limit_ends_a_side():
    """A half-tick for a hundred shares, and a little more: the bid is a tick lower."""
    with ToldCard("maker", prices={"skew": 656}, settings={"maker[0].inventory": 200}) as card:
        quoted(card)
        said = card.hear(executed(1, 100, BID, flag=b"A", match=1))
        assert [(one["side"], one["price"]) for one in said if one["type"] == "O"] == [("B", BID - TICK)]
        number = next(one["user_ref_num"] for one in said if one["type"] == "O")
        card.hear(*(took(one) for one in said if one["type"] == "O"), canceled(2, 100))
        said = card.hear(executed(number, 100, BID - TICK, flag=b"A", match=2))
        assert "B" not in [one["side"] for one in said if one["type"] == "O"]
        card.quote(BID - TICK, ASK - TICK)
        assert card.counts()[:2] == (200, 0), "no bid at the limit"


@pytest.mark.parametrize(
    ("side", "filled"), [("B", executed(1, 100, BID, flag=b"A")), ("T", executed(2, 100, ASK, flag=b"A"))]
)
def test_at_the_limit_of_inventory_a_side_is_not_quoted(side, filled):
    with ToldCard("maker", settings={"maker[0].inventory": 100}) as card:
        quoted(card)
        assert side not in [one["side"] for one in card.hear(filled) if one["type"] == "O"]
        card.quote(bid_shares=900)
        position, buying, selling = card.counts()
        assert abs(position) == 100
        assert (buying if side == "B" else selling) == 0
        assert (selling if side == "B" else buying) == 100


def test_a_sale_larger_than_what_is_held_is_a_short_one_whole():
    with ToldCard("maker") as card:
        quoted(card)
        card.hear(executed(1, 40, BID, flag=b"A", match=1), canceled(2, 100, reason=b"G"))
        assert shapes(card.quote(bid_shares=900)) == [("O", 3, "T", 100, ASK, "0")]


def test_short_sales_take_what_is_located_and_no_more():
    with ToldCard("maker", settings={"maker[0].located": 170}) as card:
        quoted(card)
        (again,) = card.hear(executed(2, 100, ASK, flag=b"A", match=1))
        assert shape(again) == ("O", 3, "T", 70, ASK, "0")
        assert card.get("maker[0].balance") == 70
        assert not card.hear(took(again), executed(3, 70, ASK, flag=b"A", match=2))
        assert card.get("maker[0].balance") == 0
        card.quote(bid_shares=900)
        assert card.counts()[2] == 0, "nothing more is offered"


@pytest.mark.parametrize("action", ["1", "2"])
def test_no_short_sale_while_it_is_restricted(action):
    with ToldCard("maker") as card:
        quoted(card)
        card.say("Y", reg_sho_action=action)
        assert shapes(card.quote()) == [("X", 2, 0)], "with the next view"
        assert not card.hear(canceled(2, 100))
        assert not card.quote(bid_shares=900)
        said = card.hear(executed(1, 60, BID, flag=b"A", match=1))
        assert shapes(said) == [("O", 3, "S", 60, ASK, "0")], "what is held may be sold"
        assert card.raw[-1][47:] == POST_ONLY


def test_a_long_sale_that_has_to_be_a_short_one_is_modified_before_it_is_replaced():
    with ToldCard("maker") as card:
        quoted(card)
        (bid,) = card.hear(executed(1, 100, BID, flag=b"A", match=1))
        card.hear(took(bid))
        assert shapes(card.quote(BID + TICK, ASK + TICK)) == [("X", 2, 0)], "there is no way from short to long"
        said = card.hear(canceled(2, 100))
        assert shapes(said) == [("U", 3, 4, 100, BID + TICK), ("O", 5, "S", 100, ASK + TICK, "0")]
        card.hear(replaced(3, 4, 100, BID + TICK), took(said[1]))
        card.hear(executed(5, 30, ASK + TICK, flag=b"A", match=2))
        # 70 are held and 70 on sale: 100 at another price are more than are covered.
        assert shapes(card.quote(BID + 2 * TICK, ASK + 2 * TICK)) == [("M", 5, "T", 100)]
        said = card.hear(modified(5, 70, side=b"T"))
        assert ("U", 5, 6, 130, ASK + 2 * TICK) in shapes(said)


def test_a_quote_that_self_match_prevention_ends_is_no_fill_and_rests():
    with ToldCard("maker", settings={"maker[0].cooldown": REST}) as card:
        quoted(card)
        assert not card.hear(self_matched(1, 100))
        assert card.counts() == (0, 0, 100)
        assert not card.quote(bid_shares=900)
        card.run(cycles=REST)
        assert shapes(card.quote()) == [("O", 3, "B", 100, BID, "0")]


def test_so_many_open_orders_and_no_more():
    with ToldCard("maker", settings={"limits.open_orders": 1}) as card:
        assert shapes(card.market(card.change(b"S", ASK, 1_000))) == BOTH[:1]
        assert [told["detail"] for told in card.told("GATE_REFUSED")] == [Refusal.OPEN_ORDERS.value]
        refused = f"limits.refused[{Refusal.OPEN_ORDERS.value - 16}]"
        once = card.get(refused)
        card.run(cycles=100_000)
        assert card.get(refused) == once, "and is not asked for on and on"
