"""Every refusal of the gate, and what passes it all the same."""

import pytest

from hdl.types import Refusal, Side
from tests.hdl.risk.gate_bench import (
    CANCEL,
    ENTER,
    EXIT,
    FLAGS,
    LEVELS,
    MODIFY,
    ORDERS,
    REPLACE,
    ROW,
    SHORT_SALE,
    STATES,
    run,
    verdict_of,
)


@pytest.mark.parametrize("order", ORDERS)
def test_passes(order):
    intent, inputs = ORDERS[order]
    assert verdict_of(intent, **inputs) == Refusal.NONE


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("ports", "refusal"), LEVELS, ids=lambda x: "-".join(x) if isinstance(x, dict) else x.name)
def test_every_order_needs_the_levels(order, ports, refusal):
    intent, inputs = ORDERS[order]
    assert verdict_of(intent, ports=ports, **inputs) == refusal


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("flags", "refusal"), STATES, ids=lambda x: "-".join(x) if isinstance(x, dict) else x.name)
def test_every_order_needs_a_slot_that_trades(order, flags, refusal):
    intent, inputs = ORDERS[order]
    assert verdict_of(intent, flags=flags, **inputs) == refusal


def test_a_cancel_always_passes():
    nothing = {"armed": 0, "killed": 1, "lease_alive": 0, "session_up": 0}
    flags = {"bound": 0, "stale": 1, "halted": 1, "opened": 0, "market_open": 0}
    assert verdict_of(CANCEL, ports=nothing, flags=flags, slot={"enabled": 0}) == Refusal.NONE


def test_slot_switch_stops_what_opens_and_not_what_closes():
    off = {"enabled": 0}
    assert verdict_of(ENTER, slot=off) == Refusal.SLOT_DISABLED
    assert verdict_of(SHORT_SALE, slot=off) == Refusal.SLOT_DISABLED
    assert verdict_of(EXIT, slot={"position": 100} | off) == Refusal.NONE
    assert verdict_of(REPLACE, row=ROW, slot=off) == Refusal.NONE
    assert verdict_of(REPLACE | {"shares": 101}, row=ROW, slot=off) == Refusal.SLOT_DISABLED


@pytest.mark.parametrize(
    ("shares", "config", "refusal"),
    [
        (200, {}, Refusal.NONE),
        (201, {}, Refusal.ORDER_SIZE),
        (150, {"ceiling_order_size": 149}, Refusal.ORDER_SIZE),
        (100, {"max_order_size": 0}, Refusal.ORDER_SIZE),
        (999_999, {"max_order_size": 2**31 - 1, "ceiling_order_size": 2**31 - 1} | {}, Refusal.INVENTORY),
        (1_000_000, {"max_order_size": 2**31 - 1, "ceiling_order_size": 2**31 - 1}, Refusal.ORDER_SIZE),
        (2**32 - 1, {"max_order_size": 2**31 - 1, "ceiling_order_size": 2**31 - 1}, Refusal.ORDER_SIZE),
    ],
)
def test_order_size(shares, config, refusal):
    assert verdict_of(ENTER | {"shares": shares}, config=config) == refusal


def test_an_exit_may_be_larger_than_an_order_may_be():
    big = EXIT | {"shares": 250}
    assert verdict_of(big, slot={"position": 250}) == Refusal.NONE
    assert verdict_of(big, slot={"position": 249}) == Refusal.ORDER_SIZE, "it would turn the position round"
    assert verdict_of(EXIT | {"shares": 1_000_000}, slot={"position": 2_000_000}) == Refusal.ORDER_SIZE


@pytest.mark.parametrize(
    ("intent", "slot", "refusal"),
    [
        (ENTER, {"position": 200}, Refusal.NONE),
        (ENTER, {"position": 201}, Refusal.INVENTORY),
        (ENTER, {"open_buy": 201}, Refusal.INVENTORY),
        (ENTER, {"position": -100, "open_buy": 300}, Refusal.NONE),
        (ENTER, {"position": -100, "open_buy": 301}, Refusal.INVENTORY),
        (ENTER, {"open_sell": 300}, Refusal.NONE),
        (ENTER, {"position": 2**31 - 1, "open_buy": 2**32 - 1}, Refusal.INVENTORY),
        (SHORT_SALE, {"position": -200}, Refusal.NONE),
        (SHORT_SALE, {"position": -201}, Refusal.INVENTORY),
        (SHORT_SALE, {"position": 100, "open_sell": 300}, Refusal.NONE),
        (SHORT_SALE, {"position": 100, "open_sell": 301}, Refusal.INVENTORY),
        (SHORT_SALE, {"position": -(2**31)}, Refusal.INVENTORY),
    ],
)
def test_inventory_counts_everything_that_could_fill(intent, slot, refusal):
    assert verdict_of(intent, slot=slot) == refusal


def test_inventory_ceiling():
    assert verdict_of(ENTER, config={"ceiling_inventory": 99}) == Refusal.INVENTORY
    assert verdict_of(ENTER, config={"ceiling_inventory": 100}) == Refusal.NONE


@pytest.mark.parametrize(
    ("shares", "slot", "refusal"),
    [
        (100, {"position": -260}, Refusal.NONE),  # within the chain: 40 executed, 60 open
        (140, {"position": -200, "open_sell": 60}, Refusal.NONE),
        (141, {"position": -200, "open_sell": 60}, Refusal.INVENTORY),
        (241, {}, Refusal.ORDER_SIZE),
    ],
)
def test_a_replace_is_judged_by_what_it_adds(shares, slot, refusal):
    intent = REPLACE | {"shares": shares, "short": 1}
    assert verdict_of(intent, row=ROW, slot=slot) == refusal


@pytest.mark.parametrize(
    ("intent", "inputs", "refusal"),
    [
        (SHORT_SALE, {"config": {"short_allowed": 0}}, Refusal.SHORT_SALE),
        (SHORT_SALE, {"flags": {"short_restricted": 1}}, Refusal.SHORT_SALE),
        (SHORT_SALE, {"slot": {"located": 100}}, Refusal.NONE),
        (SHORT_SALE, {"slot": {"located": 99}}, Refusal.SHORT_SALE),
        (SHORT_SALE, {"slot": {"located": 160, "open_sell": 60}}, Refusal.NONE),
        (SHORT_SALE, {"slot": {"located": 159, "open_sell": 60}}, Refusal.SHORT_SALE),
        (ENTER, {"slot": {"located": 0}}, Refusal.NONE),
        (ENTER, {"flags": {"short_restricted": 1}}, Refusal.NONE),
        (EXIT, {"flags": {"short_restricted": 1}, "slot": {"position": 100}}, Refusal.NONE),
        (SHORT_SALE | {"short": 0}, {}, Refusal.SHORT_SALE),
        (SHORT_SALE | {"short": 0}, {"slot": {"position": 100}}, Refusal.NONE),
        (SHORT_SALE | {"short": 0}, {"slot": {"position": 100, "open_sell": 1}}, Refusal.SHORT_SALE),
    ],
)
def test_short_sales(intent, inputs, refusal):
    assert verdict_of(intent, **inputs) == refusal


@pytest.mark.parametrize(
    ("intent", "inputs", "refusal"),
    [
        (MODIFY, {"slot": {"open_sell": 60, "located": 60}}, Refusal.NONE),
        (MODIFY, {"slot": {"open_sell": 160, "located": 159}}, Refusal.SHORT_SALE),
        (MODIFY, {"config": {"short_allowed": 0}}, Refusal.SHORT_SALE),
        (MODIFY, {"flags": {"short_restricted": 1}}, Refusal.SHORT_SALE),
        (MODIFY | {"shares": 101}, {}, Refusal.MALFORMED),
        (MODIFY | {"short": 0}, {}, Refusal.MALFORMED),
        (MODIFY, {"row": ROW | {"live": 0}}, Refusal.MALFORMED),
        (MODIFY, {"row": ROW | {"side": Side.BUY}}, Refusal.MALFORMED),
        (MODIFY, {"row": ROW | {"asked": 120}}, Refusal.BUSY),
        (MODIFY, {"config": {"max_inventory": 0, "max_order_size": 0}}, Refusal.NONE),
    ],
)
def test_a_long_sale_becomes_a_short_one_where_a_short_sale_may_be_sent(intent, inputs, refusal):
    assert verdict_of(intent, **({"row": ROW} | inputs)) == refusal


@pytest.mark.parametrize(
    ("intent", "inputs"),
    [
        (ENTER | {"shares": 0}, {}),
        (ENTER | {"price": 0}, {}),
        (ENTER | {"price": 1_999_999_901}, {}),
        (ENTER | {"short": 1}, {}),
        (REPLACE, {"row": ROW | {"live": 0}}),
        (REPLACE, {"row": ROW | {"slot": 0}}),
        (REPLACE, {"row": ROW | {"side": Side.BUY}}),
        (REPLACE | {"shares": 40}, {"row": ROW}),
    ],
    ids=["no-shares", "no-price", "price-too-high", "short-buy", "dead", "other-slot", "other-side", "nothing-open"],
)
def test_requests_that_make_no_sense(intent, inputs):
    assert verdict_of(intent, **inputs) == Refusal.MALFORMED


def test_a_slot_that_does_not_exist_is_refused():
    assert verdict_of(ENTER | {"slot": 2}) != Refusal.NONE
    assert verdict_of(ENTER | {"slot": 255}) != Refusal.NONE


def test_a_second_replace_waits_for_the_answer_of_the_first():
    assert verdict_of(REPLACE, row=ROW | {"asked": 100}) == Refusal.BUSY


def test_permits_is_what_an_exit_would_meet():
    async def script(ctx, dut):
        assert [ctx.get(dut.permits[i]) for i in range(2)] == [0, 1]
        for name, bad in (("armed", 0), ("killed", 1), ("lease_alive", 0), ("session_up", 0)):
            ctx.set(getattr(dut, name), bad)
            assert ctx.get(dut.permits[1]) == 0, name
            ctx.set(getattr(dut, name), 1 - bad)
        for name in ("stale", "halted"):
            ctx.set(dut.flags[1], FLAGS | {name: 1})
            assert ctx.get(dut.permits[1]) == 0, name

    run(script)
