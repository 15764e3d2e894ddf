"""What the market maker does about each answer to one of its orders, of the exchange and of the gate."""

import pytest

from hdl.strategy.maker_types import QuoteState
from hdl.types import OrderAnswerKind, OrderIntentKind, Refusal, Side
from tests.hdl.strategy.maker_bench import run
from tests.hdl.strategy.maker_rules import BUY, SELL, Quote

BID, ASK = 100_000, 100_100
BOTH = {BUY: Quote(BID, 100), SELL: Quote(ASK, 100, short=True)}
NONE = {BUY: None, SELL: None}


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
