"""The gate's limits on price, value, repetition and the whole card, for intents and for prepared entries alike."""

import pytest

from hdl.types import Refusal, Role, Side
from tests.hdl.risk import test_standing
from tests.hdl.risk.gate_bench import ENTER, EXIT, REPLACE, ROW, SHORT_SALE
from tests.hdl.risk.gate_bench import verdict_of as verdict_of_intent

#: The test entry buys 100 at 10,000: its offer is its price, its bid a tick below.
MARK = {"bid": 9_900, "ask": 10_000, "last": 9_900}
CARD = ["order_rate", "open_orders", "daily_loss"]
REFUSED = {
    "order_rate": Refusal.ORDER_RATE,
    "open_orders": Refusal.OPEN_ORDERS,
    "daily_loss": Refusal.DAILY_LOSS,
}


def both_ways(entry, *, config=None, mark=MARK, last=None, stops=None):
    """Verdict on an entry; it must be the same as an intent and as a prepared entry."""
    last, stops = last or {}, stops or {}
    as_intent = verdict_of_intent(entry, config=config, ports={"mark": mark, "last": last, "stops": stops})
    as_prepared = test_standing.verdict_of(
        entry,
        ahead={
            "standing_config": config or {},
            "standing_mark": mark,
            "standing_last": last,
            "stops": stops,
        },
    )
    assert as_intent == as_prepared
    return as_intent


def test_without_limits_prices_and_values_are_not_looked_at():
    assert both_ways(ENTER, mark={}) == Refusal.NONE
    assert both_ways(ENTER | {"price": 1_999_999_900}) == Refusal.NONE


@pytest.mark.parametrize(
    ("price", "mark", "refusal"),
    [
        (10_300, {}, Refusal.NONE),  # 300 beyond the offer
        (10_301, {}, Refusal.PRICE_COLLAR),
        (9_700, {}, Refusal.NONE),
        (9_699, {}, Refusal.PRICE_COLLAR),
        (10_200, {"last": 9_900}, Refusal.NONE),  # 300 beyond the last trade, which is lower
        (10_201, {"last": 9_900}, Refusal.PRICE_COLLAR),
        (10_400, {"last": 10_100}, Refusal.PRICE_COLLAR),
        (9_800, {"last": 10_100}, Refusal.NONE),
        (9_799, {"last": 10_100}, Refusal.PRICE_COLLAR),
        (10_000, {"ask": 0}, Refusal.PRICE_COLLAR),  # nothing to hold it against
    ],
)
def test_a_purchase_stays_within_the_collar(price, mark, refusal):
    seen = {"bid": 9_900, "ask": 10_000, "last": 0} | mark
    assert both_ways(ENTER | {"price": price}, config={"collar": 300}, mark=seen) == refusal


@pytest.mark.parametrize(
    ("price", "mark", "refusal"),
    [
        (9_600, {}, Refusal.NONE),  # 300 beyond the bid
        (9_599, {}, Refusal.PRICE_COLLAR),
        (10_200, {}, Refusal.NONE),
        (10_201, {}, Refusal.PRICE_COLLAR),
        (9_699, {"last": 10_000}, Refusal.PRICE_COLLAR),
        (9_700, {"last": 10_000}, Refusal.NONE),
        (9_900, {"bid": 0}, Refusal.PRICE_COLLAR),
        (1, {"bid": 200, "last": 0}, Refusal.NONE),  # the band ends at zero
    ],
)
def test_a_sale_stays_within_the_collar(price, mark, refusal):
    seen = {"bid": 9_900, "ask": 10_000, "last": 0} | mark
    assert both_ways(SHORT_SALE | {"price": price}, config={"collar": 300}, mark=seen) == refusal


def test_the_collar_does_not_wrap():
    seen = {"bid": 9_900, "ask": 2**32 - 1, "last": 0}
    entry = ENTER | {"price": 1_999_999_900}
    assert both_ways(entry, config={"collar": 2**32 - 1}, mark=seen) == Refusal.NONE


@pytest.mark.parametrize(
    ("limit", "refusal"), [(1_000_000, Refusal.NONE), (999_999, Refusal.NOTIONAL), (1, Refusal.NOTIONAL)]
)
def test_value_of_an_intent(limit, refusal):
    assert verdict_of_intent(ENTER, config={"max_notional": limit}) == refusal


@pytest.mark.parametrize(("entry", "far"), [(ENTER, 10_000), (SHORT_SALE, 9_900)], ids=["buy", "short"])
def test_value_of_a_prepared_entry_is_reckoned_at_the_collar(entry, far):
    """Whatever price the collar lets pass is within the limit."""

    def verdict(**config):
        return test_standing.verdict_of(
            entry | {"price": far}, ahead={"standing_config": config, "standing_mark": MARK | {"last": 0}}
        )

    edge = (far + 50) * 100
    assert verdict(collar=50, max_notional=edge) == Refusal.NONE
    assert verdict(collar=50, max_notional=edge - 1) == Refusal.NOTIONAL
    assert verdict(max_notional=2**52 - 1) == Refusal.NOTIONAL, "without a collar there is no edge"


def test_the_largest_value_does_not_wrap():
    config = {"max_order_size": 2**31 - 1, "ceiling_order_size": 2**31 - 1, "max_inventory": 2**31 - 1}
    config |= {"ceiling_inventory": 2**31 - 1, "collar": 2**32 - 1, "max_notional": 2**52 - 1}
    largest = ENTER | {"shares": 999_999, "price": 1_999_999_900}
    assert verdict_of_intent(largest, config=config | {"collar": 0}) == Refusal.NONE
    assert verdict_of_intent(largest, config=config | {"collar": 0, "max_notional": 999_999 * 1_999_999_900 - 1}) == (
        Refusal.NOTIONAL
    )
    seen = {"standing_config": config, "standing_mark": {"bid": 1, "ask": 2**32 - 1, "last": 0}}
    assert test_standing.verdict_of(largest, ahead=seen) == Refusal.NOTIONAL


LAST = {"recent": 1, "side": Side.BUY, "shares": 100, "price": 10_000}


@pytest.mark.parametrize(
    ("last", "refusal"),
    [
        ({}, Refusal.REPEATED),
        ({"recent": 0}, Refusal.NONE),
        ({"side": Side.SELL}, Refusal.NONE),
        ({"shares": 99}, Refusal.NONE),
        ({"price": 10_001}, Refusal.NONE),
    ],
)
def test_the_same_order_again(last, refusal):
    assert both_ways(ENTER, last=LAST | last) == refusal


@pytest.mark.parametrize("stop", CARD)
def test_what_stops_the_card_stops_entries(stop):
    assert both_ways(ENTER, stops={stop: 1}) == REFUSED[stop]
    assert both_ways(SHORT_SALE, stops={stop: 1}) == REFUSED[stop]


@pytest.mark.parametrize(
    ("gross", "limit", "refusal"),
    [(900, 1000, Refusal.NONE), (901, 1000, Refusal.GROSS_INVENTORY), (2**40 - 1, 0, Refusal.NONE)],
)
def test_gross_inventory(gross, limit, refusal):
    assert both_ways(ENTER, stops={"gross": gross, "max_gross": limit}) == refusal
    assert both_ways(ENTER, stops={"gross": 2**40 - 1, "max_gross": 2**40 - 1}) == Refusal.GROSS_INVENTORY


def test_nothing_of_it_keeps_the_card_from_getting_out():
    """An exit, and a Replace that raises nothing, pass all of it."""
    stops = {name: 1 for name in CARD} | {"gross": 5000, "max_gross": 1}
    last = {"recent": 1, "side": Side.SELL, "shares": 100, "price": 10_000}
    ports = {"stops": stops, "mark": {}, "last": last}
    config = {"collar": 1, "max_notional": 1}
    assert verdict_of_intent(EXIT, ports=ports, config=config, slot={"position": 100}) == Refusal.NONE
    assert verdict_of_intent(REPLACE, ports=ports, config=config, row=ROW, slot={"position": 60}) == Refusal.NONE
    flatten = EXIT | {"role": Role.FLATTEN}
    assert verdict_of_intent(flatten, ports=ports, config=config, slot={"position": 100}) == Refusal.NONE


@pytest.mark.parametrize(
    ("ports", "config", "refusal"),
    [
        ({"mark": {"bid": 9_000, "ask": 9_100}}, {"collar": 100}, Refusal.PRICE_COLLAR),
        ({"stops": {"order_rate": 1}}, {}, Refusal.ORDER_RATE),
        ({"stops": {"daily_loss": 1}}, {}, Refusal.DAILY_LOSS),
        ({"stops": {"gross": 960, "max_gross": 1000}}, {}, Refusal.GROSS_INVENTORY),
        ({}, {"max_notional": 999_999}, Refusal.NOTIONAL),
        ({"stops": {"open_orders": 1}}, {}, Refusal.NONE),  # it opens no further order
    ],
)
def test_a_replace_that_raises_meets_them(ports, config, refusal):
    raising = REPLACE | {"shares": 141, "short": 1}
    assert verdict_of_intent(raising, ports=ports, config=config, row=ROW) == refusal
