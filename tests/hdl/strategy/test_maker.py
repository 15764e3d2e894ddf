"""The market maker's quotes: entered, moved, pulled, held back."""

import pytest

from hdl.strategy.maker_types import QuoteState
from hdl.types import OrderAnswerKind, OrderIntentKind, Refusal, Side
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
        bench.ctx.set(bench.dut.maker.located[0], 1000)
        await offers_long(bench)
        before = len(bench.granted)
        await bench.move_position(-60)
        bench.ctx.set(bench.dut.maker.located[0], 90)
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


def test_a_self_match_takes_from_the_quote_and_is_no_fill():
    async def script(bench):
        await bench.view(BID, ASK)
        order = bench.order(Side.BUY)
        order.open -= 60
        bench.say(order, OrderAnswerKind.SELF_MATCH, shares=60, flag=ord("Q"))
        await bench.settle()
        assert bench.position() == 0
        await bench.view(BID - 100, ASK - 100)
        # Executed none, wanted open 100: what was prevented is the order port's to add.
        assert bench.said(2)[0] == ("REPLACE", "BUY", 0, 100, BID - 100)
        order.open, order.live = 0, False
        bench.say(order, OrderAnswerKind.SELF_MATCH, shares=100, flag=ord("Q"))
        await bench.idle()
        assert bench.state(Side.BUY) in (QuoteState.EMPTY, QuoteState.ENTERING)

    run(script)


def test_a_priority_update_moves_the_quote_as_the_exchange_has_it():
    async def script(bench):
        await bench.view(BID, ASK)
        order = bench.order(Side.SELL)
        order.price = ASK + 100
        bench.say(order, OrderAnswerKind.PRIORITY, price=ASK + 100, flag=ord("Y"))
        await bench.settle()
        assert bench.said(2) == [("REPLACE", "SELL", 1, 100, ASK)]
        assert bench.quotes() == BOTH

    run(script)


def test_a_modified_of_the_exchange_itself_makes_the_quote_smaller():
    async def script(bench):
        await bench.view(BID, ASK)
        order = bench.order(Side.BUY)
        order.open = 30
        bench.say(order, OrderAnswerKind.MODIFIED, shares=30, flag=ord("B"))
        await bench.settle()
        assert len(bench.granted) == 2, "a quote at its price keeps its place"
        await bench.view(BID - 100, ASK - 100)
        assert bench.said(2)[0] == ("REPLACE", "BUY", 0, 100, BID - 100)
        assert bench.quotes()[BUY] == Quote(BID - 100, 100)

    run(script)


def test_a_cancel_that_the_exchange_refuses_is_asked_for_again_after_a_while():
    async def script(bench):
        await bench.view(BID, ASK)
        bench.flags(0, halted=1)
        await bench.idle()
        assert bench.said(2) == [("CANCEL", "BUY", 0, 0, 0), ("CANCEL", "SELL", 1, 0, 0)]
        bench.refuse_cancel(bench.order(Side.BUY))
        bench.say(bench.order(Side.SELL), OrderAnswerKind.CANCEL_PENDING)
        await bench.step(200)
        assert len(bench.granted) == 4, "not as fast as the line allows"
        bench.now += 1 << 16
        await bench.step(60)
        assert bench.said(4) == [("CANCEL", "BUY", 0, 0, 0)], "what is pending is not asked for again"
        await bench.settle()
        assert bench.quotes() == NONE

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
            bench.ctx.set(bench.dut.maker.located[0], 0)
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
        bench.ctx.set(bench.dut.maker.located[0], 70)
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


def test_a_cancel_is_asked_for_again_after_the_session_was_down():
    async def script(bench):
        await bench.view(BID, ASK)
        bench.ctx.set(bench.dut.maker.enable, 0)
        await bench.idle()
        assert [kind for kind, *_ in bench.said(2)] == ["CANCEL", "CANCEL"]
        bench.ctx.set(bench.dut.arming.session_up, 0)
        await bench.step(50)
        assert len(bench.granted) == 4
        bench.ctx.set(bench.dut.arming.session_up, 1)
        await bench.settle()
        assert [kind for kind, *_ in bench.said(4)] == ["CANCEL", "CANCEL"]
        assert bench.quotes() == NONE

    run(script)


@pytest.mark.parametrize("reason", ["F", "G"])
def test_a_post_only_order_refused_by_the_exchange_starts_a_cool_down(reason):
    async def script(bench):
        bench.set(cooldown=300)
        await bench.view(BID, ASK)
        refused = bench.now
        bench.cancel(bench.order(Side.SELL), reason)
        await bench.settle()
        while bench.now < refused + 250:
            await bench.view(BID, ASK)
            assert bench.quotes() == BOTH | {SELL: None}, "the bid stays, the offer rests"
        await bench.step(100)
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


class TestAnswersToReplace:
    """What may become of a Replace, and where the quote stands afterwards."""

    @staticmethod
    async def moved(bench):
        """The bid's Replace under way; give the bid."""
        bench.set(cooldown=200)
        await bench.view(BID, ASK)
        await bench.view(BID - 100, ASK - 100, settle=False)
        await bench.idle()
        assert bench.state(Side.BUY) == QuoteState.REPLACING
        return bench.order(Side.BUY)

    def test_silence_because_the_old_order_was_filled(self):
        async def script(bench):
            bid = await self.moved(bench)
            bid.wanted = None
            bench.fill(bid, 100)
            await bench.idle()
            assert bench.said(3)[0] == ("ENTER", "BUY", 0, 100, BID - 100)

        run(script)

    def test_canceled_because_it_was_invalid(self):
        async def script(bench):
            bid = await self.moved(bench)
            bid.wanted = None
            bench.cancel(bid, "Z")
            await bench.settle()
            assert bench.quotes()[BUY] is None, "it rests"
            await bench.step(300)
            await bench.view(BID - 100, ASK - 100)
            assert bench.quotes()[BUY] == Quote(BID - 100, 100)

        run(script)

    def test_rejected_leaves_the_old_order(self):
        async def script(bench):
            bid = await self.moved(bench)
            bench.reject(bid)
            await bench.settle()
            assert (bench.state(Side.BUY), bench.quotes()[BUY]) == (QuoteState.LIVE, Quote(BID, 100))
            await bench.step(300)
            await bench.view(BID - 100, ASK - 100)
            assert ("REPLACE", "BUY", 0, 100, BID - 100) in bench.said(3)

        run(script)

    def test_replaced_and_dead(self):
        async def script(bench):
            bid = await self.moved(bench)
            bid.wanted, bid.open, bid.live = None, 0, False
            bench.say(bid, OrderAnswerKind.REPLACED, shares=0, price=BID - 100, flag=ord("D"))
            await bench.settle()
            assert (bench.state(Side.BUY), bench.quotes()[BUY]) == (QuoteState.EMPTY, None)

        run(script)

    def test_filled_in_part_on_the_way(self):
        async def script(bench):
            bid = await self.moved(bench)
            bench.fill(bid, 30)
            await bench.settle()
            # The exchange takes the 30 off what the chain is liable for.
            assert bench.quotes()[BUY] == Quote(BID - 100, 70)
            assert bench.position() == 30

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


@pytest.mark.parametrize(("cooldown", "tries"), [(500, 1), (0, 4)])
def test_a_refusal_of_the_gate_is_not_asked_for_again_and_again(cooldown, tries):
    """Once a view of either side, and not before the cool-down is over."""

    async def script(bench):
        bench.set(cooldown=cooldown)
        bench.gate(max_order_size=50)
        for _ in range(4):
            await bench.view(BID, ASK)
        assert [r["refusal"] for _, r in bench.refused] == [Refusal.ORDER_SIZE] * 2 * tries
        assert bench.said() == []
        bench.gate()
        await bench.step(500)
        await bench.view(BID, ASK)
        assert bench.quotes() == BOTH

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


def test_a_chain_too_long_for_ouch_is_ended():
    async def script(bench):
        bench.set(inventory=2_000_000, size=10_000)
        bench.gate(max_inventory=2_000_000, ceiling_inventory=2_000_000)
        await bench.view(BID, ASK)
        # As if the chain had executed nearly all that OUCH can speak of.
        bid = bench.order(Side.BUY)
        bid.executed = 995_000
        bench.fill(bid, 100)
        await bench.settle()
        await bench.view(BID - 100, ASK - 100)
        bids = [said[0] for said in bench.said(2) if said[1] == "BUY"]
        assert bids == [OrderIntentKind.CANCEL.name, OrderIntentKind.ENTER.name]

    run(script)
