"""The market maker's quotes: entered, moved, pulled, held back."""

import pytest

from hdl.strategy.maker_types import QuoteState
from hdl.types import Side
from tests.hdl.strategy.maker_bench import run
from tests.hdl.strategy.maker_rules import BUY, SELL, Quote

BID, ASK = 100_000, 100_100
BOTH = {BUY: Quote(BID, 100), SELL: Quote(ASK, 100, short=True)}
NONE = {BUY: None, SELL: None}


def test_quotes_both_sides_of_the_book():
    async def script(bench):
        await bench.view(BID, ASK)
        assert bench.said() == [("ENTER", "BUY", 0, 100, BID), ("ENTER", "SELL", 1, 100, ASK)]
        assert bench.quotes() == BOTH
        assert bench.state(Side.BUY) == bench.state(Side.SELL) == QuoteState.LIVE
        await bench.view(BID, ASK, sizes=(900, 1200))
        assert len(bench.granted) == 2, "nothing has changed"

    run(script)


def test_view_to_grant_takes_22_cycles():
    async def script(bench):
        await bench.view(BID, ASK)
        at, intent = bench.granted[0]
        assert (at - intent["trigger_time"], intent["cause"]) == (22, 1)
        shown = bench.now
        await bench.view(BID - 100, ASK - 100)
        at, intent = bench.granted[2]
        assert (at - shown, intent["trigger_time"], intent["cause"]) == (22, shown, 2)

    run(script)


def test_quotes_move_by_replace_and_keep_what_the_chain_has_executed():
    async def script(bench):
        await bench.view(BID, ASK)
        bench.fill(bench.order(Side.BUY), 40)
        await bench.settle()
        assert len(bench.granted) == 2, "a quote at its price keeps its place, however much of it is filled"
        await bench.view(BID - 100, ASK - 100)
        # Executed 40, wanted open 100. The offer covers 40 long with less than its size: a short sale as before.
        assert bench.said(2) == [("REPLACE", "BUY", 0, 140, BID - 100), ("REPLACE", "SELL", 1, 100, ASK - 100)]
        assert bench.quotes() == {BUY: Quote(BID - 100, 100), SELL: Quote(ASK - 100, 100, short=True)}

    run(script)


def test_quotes_stay_until_they_are_off_by_enough():
    async def script(bench):
        bench.set(move=2)
        await bench.view(BID, ASK)
        await bench.view(BID - 100, ASK - 100)
        assert len(bench.granted) == 2
        await bench.view(BID - 200, ASK - 200)
        assert [kind for kind, *_ in bench.said(2)] == ["REPLACE", "REPLACE"]

    run(script)


def test_an_offer_that_turns_from_short_to_long_is_cancelled_and_entered_anew():
    async def script(bench):
        await bench.view(BID, ASK)
        bench.fill(bench.order(Side.BUY), 100)
        await bench.settle()
        await bench.view(BID + 100, ASK + 100)
        kinds = [said for said in bench.said(3) if said[1] == "SELL"]
        assert kinds == [("CANCEL", "SELL", 1, 0, 0), ("ENTER", "SELL", 0, 100, ASK + 100)]
        assert bench.quotes()[SELL] == Quote(ASK + 100, 100, short=False)

    run(script)


async def offers_long(bench):
    """Hold 100 shares and offer them as a long sale; the bid is filled up again."""
    await bench.view(BID, ASK)
    bench.fill(bench.order(Side.BUY), 100)
    await bench.settle()
    await bench.view(BID + 100, ASK + 100)
    assert bench.quotes()[SELL] == Quote(ASK + 100, 100, short=False)


def test_an_offer_that_turns_from_long_to_short_is_modified_and_then_moved():
    async def script(bench):
        await offers_long(bench)
        row, before = bench.order(Side.SELL).row, len(bench.granted)
        bench.fill(bench.order(Side.SELL), 30)
        await bench.settle()
        await bench.move_position(-40)  # 30 are held, 70 are offered
        await bench.view(BID, ASK)
        sales = [said for said in bench.said(before) if said[1] == "SELL"]
        assert sales == [("MODIFY", "SELL", 1, 100, ASK + 100), ("REPLACE", "SELL", 1, 130, ASK)]
        assert (bench.order(Side.SELL).row, bench.quotes()[SELL]) == (row, Quote(ASK, 100, short=True))
        assert not bench.refused

    run(script)


def test_an_offer_at_its_price_that_is_not_covered_any_more_is_modified_and_keeps_its_place():
    async def script(bench):
        await offers_long(bench)
        before = len(bench.granted)
        await bench.move_position(-1)
        await bench.view(BID + 100, ASK + 100, sizes=(999, 1000))
        assert bench.said(before) == [("MODIFY", "SELL", 1, 100, ASK + 100)]
        assert bench.quotes()[SELL] == Quote(ASK + 100, 100, short=True)
        await bench.view(BID + 100, ASK + 100, sizes=(998, 1000))
        assert len(bench.granted) == before + 1

    run(script)


def test_an_offer_for_which_too_little_is_located_is_cancelled_and_entered_anew():
    async def script(bench):
        bench.ctx.set(bench.dut.located[0], 1000)
        await offers_long(bench)
        before = len(bench.granted)
        await bench.move_position(-60)
        bench.ctx.set(bench.dut.located[0], 90)
        await bench.view(BID + 100, ASK + 100, sizes=(999, 1000))
        assert bench.said(before) == [("CANCEL", "SELL", 0, 0, 0), ("ENTER", "SELL", 1, 90, ASK + 100)]
        assert not bench.refused

    run(script)


def test_a_fill_on_the_way_of_a_modify_ends_it():
    async def script(bench):
        await offers_long(bench)
        await bench.move_position(-50)
        await bench.view(BID + 100, ASK + 100, sizes=(999, 1000), settle=False)
        await bench.idle()
        order = bench.order(Side.SELL)
        assert order.modifying
        assert bench.state(Side.SELL) == QuoteState.REPLACING
        before = len(bench.granted)
        bench.fill(order, 40)
        await bench.idle()
        await bench.view(BID, ASK, settle=False)
        await bench.idle()
        assert all(said[1] == "BUY" for said in bench.said(before)), "one operation in flight a side"
        bench.fill(order, 60)  # the exchange says nothing to a Modify of a dead order
        order.modifying = False
        await bench.settle()
        assert bench.order(Side.SELL) is not order
        assert bench.state(Side.SELL) == QuoteState.LIVE
        assert not bench.refused

    run(script)


@pytest.mark.parametrize("why", ["restricted", "forbidden", "none located"])
def test_without_short_sales_only_what_is_held_is_offered(why):
    async def script(bench):
        await bench.view(BID, ASK)
        assert bench.quotes() == BOTH
        if why == "restricted":
            bench.flags(0, short_restricted=1)
        elif why == "forbidden":
            bench.set(short_allowed=0)
        else:
            bench.ctx.set(bench.dut.located[0], 0)
        await bench.view(BID, ASK, sizes=(999, 1000))
        assert bench.quotes() == {BUY: Quote(BID, 100), SELL: None}
        bench.fill(bench.order(Side.BUY), 60)
        await bench.settle()
        await bench.view(BID, ASK)
        assert bench.quotes()[SELL] == Quote(ASK, 60, short=False)
        assert not bench.refused

    run(script)


def test_a_short_sale_takes_no_more_than_is_located():
    async def script(bench):
        bench.ctx.set(bench.dut.located[0], 70)
        await bench.view(BID, ASK)
        assert bench.quotes()[SELL] == Quote(ASK, 70, short=True)

    run(script)


@pytest.mark.parametrize(
    "why", ["module", "switch", "slot", "stale", "halted", "closed", "disarmed", "aside", "wide", "incomplete", "empty"]
)
def test_everything_is_pulled(why):
    async def script(bench):
        ctx, dut = bench.ctx, bench.dut
        await bench.view(BID, ASK)
        await bench.view(50_000, 50_100, slot=1)
        pulled_at = bench.now
        match why:
            case "module":
                ctx.set(dut.maker.enable, 0)
            case "switch":
                ctx.set(dut.maker.maker_enabled[0], 0)
            case "slot":
                ctx.set(dut.gate.enabled[0], 0)
            case "stale" | "halted":
                bench.flags(0, **{why: 1})
            case "closed":
                bench.flags(0, market_open=0)
            case "disarmed":
                await bench.pulse("disarm")
            case "aside":
                ctx.set(dut.maker.stand_aside[0], 1)
            case "wide":
                await bench.view(BID, ASK + 200)
            case "incomplete":
                await bench.view(BID, ASK, bid_incomplete=1)
            case "empty":
                await bench.view(BID, 0)
        await bench.settle()
        assert bench.quotes() == NONE
        kinds = {kind for kind, *_ in bench.said(4)}
        assert kinds == {"CANCEL"}
        first = bench.granted[4][0] - pulled_at
        assert first <= (23 if why in ("wide", "incomplete", "empty") else 7)
        whole_card = why in ("module", "disarmed")
        assert (bench.quotes(slot=1) == NONE) == whole_card, "other slots go on"

    run(script)


@pytest.mark.parametrize(("sizes", "gone"), [((4000, 1000), SELL), ((1000, 4000), BUY)])
def test_the_side_that_the_book_leans_against_is_pulled(sizes, gone):
    async def script(bench):
        await bench.view(BID, ASK)
        await bench.view(BID, ASK, sizes=sizes)
        assert bench.quotes() == BOTH | {gone: None}
        await bench.view(BID, ASK)
        assert bench.quotes() == BOTH

    run(script)


def test_a_kill_silences_it_and_leaves_the_cancels_to_the_sweep():
    async def script(bench):
        await bench.view(BID, ASK)
        await bench.pulse("kill")
        await bench.view(BID + 100, ASK + 100)
        assert len(bench.granted) == 2
        for side in Side:
            bench.cancel(bench.order(side), "U")
        await bench.settle()
        await bench.pulse("release")
        await bench.view(BID, ASK)
        assert bench.quotes() == NONE
        await bench.pulse("arm")
        await bench.view(BID, ASK)
        assert bench.quotes() == BOTH

    run(script)


def test_throttle_holds_back_moves_and_not_pulls():
    async def script(bench):
        bench.set(throttle=400)
        await bench.view(BID, ASK)
        begun = bench.granted[0][0]
        await bench.view(BID - 100, ASK - 100)
        await bench.view(BID - 200, ASK - 200)
        assert len(bench.granted) == 2
        await bench.step(begun + 420 - bench.now)
        await bench.view(BID - 200, ASK - 200, sizes=(999, 1000))
        assert [kind for kind, *_ in bench.said(2)] == ["REPLACE", "REPLACE"]
        bench.flags(0, halted=1)
        await bench.settle()
        assert bench.quotes() == NONE

    run(script)


def test_a_quote_never_crosses_the_other_one():
    async def script(bench):
        await bench.view(BID, ASK)
        await bench.view(BID - 300, ASK - 300, settle=False)
        await bench.idle()
        assert bench.said(2) == [("REPLACE", "BUY", 0, 100, BID - 300)], "the offer waits: the old bid may still live"
        await bench.settle()
        assert bench.quotes() == {BUY: Quote(BID - 300, 100), SELL: Quote(ASK - 300, 100, short=True)}

    run(script)


def test_nothing_is_begun_while_the_transmitter_is_busy():
    async def script(bench):
        bench.ready = False
        await bench.view(BID, ASK, settle=False)
        await bench.step(100)
        assert (bench.granted, bench.refused) == ([], [])
        bench.ready = True
        await bench.settle()
        assert bench.quotes() == BOTH

    run(script)
