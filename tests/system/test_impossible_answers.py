"""What cannot be is told to the whole card: the symbol stops, or the card where none can be told."""

import pytest
from bench_card import BenchCard

from hdl.strategy.host_orders import HostOutcome
from hdl.types import Refusal, Role
from sim.card_port import Arrival, Port
from sim.verilated.model import RegisterError
from tests.hdl.orders.order_bench import accepted, broken, executed, next_number, read_order, system_event

SYMBOLS = ("AAAA", "BBBB")
PRICE = 100_000
IMPOSSIBLE_ANSWER = 3  # cause of a kill


@pytest.fixture
def card():
    with BenchCard() as card:
        card.follow(SYMBOLS)
        for slot in range(len(SYMBOLS)):
            card.join(slot, 7 + slot)
        card.arm()
        card.set("modules.taker", 0)
        card.records()
        yield card


def run(card, *answers):
    """Let the exchange say something, and the card deal with it; give what left the card."""
    now = card.model.now
    arrivals = [Arrival(now + 1 + i, Port.ORDERS, message) for i, message in enumerate(answers)]
    return [sent.data for sent in card.model.play(arrivals, now + 2_000, stop_on_order=False).orders]


def enter(card, slot, shares=100):
    """Have the host buy; give the number, or the refusal."""
    card.set("host_order.what", slot=slot, side=0, role=Role.ENTRY.value, shares=shares)
    card.set("host_order.price", PRICE)
    card.set("host_order.command", go=1)
    orders = run(card)
    if not orders:
        assert card.get("host_order.state.outcome") == HostOutcome.REFUSED.value
        return Refusal(card.get("host_order.state.refusal"))
    return read_order(orders[0])["user_ref"]


def filled(card, slot=0):
    """An order of the host, filled: its chain is dead."""
    ref = enter(card, slot)
    run(card, accepted(ref, 100, PRICE), executed(ref, 100, PRICE, match=ref))
    assert card.get("orders.open_orders") == 0
    return ref


def test_a_broken_trade_of_a_dead_chain_stops_its_symbol_alone(card):
    ref = filled(card)
    run(card, broken(ref, match=ref))
    assert (card.get("trade[0].state.broken"), card.get("trade[0].state.unexplained")) == (1, 0)
    assert card.get("control.status.killed") == 0
    assert enter(card, 0) == Refusal.BROKEN_TRADE
    assert enter(card, 1) == ref + 1
    told = [r for r in card.records() if r["name"] == "ORDER_BROKEN"]
    assert [(r["slot"], r["order"], r["match_lo"]) for r in told] == [(0, ref, ref)]


def test_a_fill_of_a_dead_order_is_booked_and_stops_the_symbol_until_the_host_has_looked(card):
    ref = filled(card)
    cash = card.get("slot[0].cash")
    run(card, executed(ref, 40, PRICE, match=99))
    assert (card.get("slot[0].position"), card.get("slot[0].cash")) == (140, cash - 40 * PRICE * 100)
    assert (card.get("trade[0].state.broken"), card.get("trade[0].state.unexplained")) == (0, 1)
    assert card.get("orders.impossible_answers") == 1
    assert (card.get("control.status.armed"), card.get("control.status.killed")) == (1, 0)
    alarm = next(r for r in card.records() if r["name"] == "ALARM")
    assert (alarm["detail"], alarm["slot"], alarm["order"]) == (2, 0, ref)
    assert (alarm["word0"], alarm["word1"]) == (ord("E"), 1)
    assert enter(card, 0) == Refusal.BROKEN_TRADE
    with pytest.raises(RegisterError, match="locked while armed"):
        card.set("trade[0].adjust", apply=1)
    assert card.get("trade[0].state.unexplained") == 1
    card.set("control.command", disarm=1)
    card.set("trade[0].adjust", apply=1)
    assert card.get("trade[0].state.unexplained") == 0
    card.set("control.command", arm=1)
    assert enter(card, 0) == ref + 1
    assert card.get("slot[0].position") == 140


@pytest.mark.parametrize("message", [executed(77, 1, PRICE), b"Z" * 20, executed(1, 1, PRICE)[:-1]])
def test_what_is_of_no_symbol_kills(card, message):
    filled(card)
    run(card, message)
    assert (card.get("control.status.killed"), card.get("control.status.kill_cause")) == (1, IMPOSSIBLE_ANSWER)
    assert card.get("slot[0].position") == 100
    assert [card.get(f"trade[{slot}].state.unexplained") for slot in range(2)] == [0, 0]


def test_the_host_asks_for_the_next_number_and_hears_of_the_end_of_the_day(card):
    card.set("orders.session", 0)
    card.set("account.command", query=1)
    assert run(card) == [b"Q"]
    assert card.get("account.status.pending") == 1
    run(card, next_number(5_000))
    assert (card.get("account.status.pending"), card.get("account.answers")) == (0, 1)
    assert (card.get("account.next"), card.get("orders.user_ref")) == (5_000, 5_000)
    card.set("orders.session", 1)
    assert enter(card, 1) == 5_000
    run(card, system_event(b"E"))
    assert (card.get("account.status.day_over"), card.get("control.status.session_up")) == (1, 0)
    names = {r["name"]: r for r in card.records()}
    assert (names["ACCOUNT"]["next_number"], names["ACCOUNT"]["own_number"]) == (5_000, 5_000)
    assert names["ORDER_EVENT"]["detail"] == ord("E")
