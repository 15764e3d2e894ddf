"""Our own displayed orders: where they rest, and that the taker does not count them."""

import random

import pytest
from amaranth.sim import Simulator

from hdl.strategy.own_display import OwnDisplay
from hdl.types import EventKind, Module, OrderAnswerKind, Role, Side
from tests.hdl.strategy.taker_story import ASK, BID
from tests.hdl.strategy.trade_bench import run

SLOTS = 3
KINDS = [
    OrderAnswerKind.SENT,
    OrderAnswerKind.REFUSED,
    OrderAnswerKind.ACCEPTED,
    OrderAnswerKind.REPLACED,
    OrderAnswerKind.EXECUTED,
    OrderAnswerKind.CANCELED,
    OrderAnswerKind.REJECTED,
    OrderAnswerKind.BROKEN,
    OrderAnswerKind.SELF_MATCH,
    OrderAnswerKind.CANCEL_PENDING,
    OrderAnswerKind.CANCEL_REJECTED,
    OrderAnswerKind.MODIFIED,
    OrderAnswerKind.RESTATED,
    OrderAnswerKind.PRIORITY,
]
#: Answers after which nothing else rests, or rests elsewhere.
NO_CHANGE = {
    OrderAnswerKind.SENT,
    OrderAnswerKind.REFUSED,
    OrderAnswerKind.BROKEN,
    OrderAnswerKind.CANCEL_PENDING,
    OrderAnswerKind.CANCEL_REJECTED,
    OrderAnswerKind.RESTATED,
}


def test_shows_what_rests_by_the_answers_once_the_feed_has_added_it():
    dut = OwnDisplay(SLOTS)
    rests = {OrderAnswerKind.ACCEPTED, OrderAnswerKind.REPLACED, OrderAnswerKind.PRIORITY}

    async def script(ctx):
        chance = random.Random(4)
        wanted = {}  # slot, side, module: price, shares
        numbers, shown_ones, added = {}, set(), []  # of the orders; those in the feed; all that the feed added
        for number in range(1, 3000):
            kind, slot, side = chance.choice(KINDS), chance.randrange(SLOTS), Side(chance.randrange(2))
            module, role = chance.choice(list(Module)), chance.choice([Role.EXIT, Role.QUOTE, Role.EXIT, Role.ENTRY])
            price, open, dead = chance.randrange(1, 1000), chance.randrange(1, 1000), chance.random() < 0.2
            answer = {"kind": kind, "slot": slot, "side": side, "module": module, "role": role}
            flag = chance.choice("YNA")
            hidden = kind == OrderAnswerKind.PRIORITY and flag == "N"
            ctx.set(dut.answers.payload, answer | {"price": price, "open": open, "dead": dead, "flag": ord(flag)})
            # The feed adds an order: one of ours, or the one that this very answer may name, or another's.
            kinds = {EventKind.ADD: "reference", EventKind.REPLACE: "new_reference", EventKind.EXECUTE: "reference"}
            event, field = chance.choice(list(kinds.items()))
            one = chance.choice([number, number + 10_000, *numbers.values()])
            where = next((s for (s, *_), n in numbers.items() if n == one), slot)
            ctx.set(dut.event.payload, {"kind": event, "slot": where, "reference": 1 << 40, field: one})
            adds = chance.random() < 0.5
            ctx.set(dut.event.valid, adds)
            # An answer may come after its order was shown: up to four later ones do not matter.
            late = chance.random() < 0.2 and len(added) > 6
            named = added[-chance.randrange(1, 7)] if late else number
            named = number if named in numbers.values() else named
            overtaken = added[-4:]
            ctx.set(dut.reference, named)
            ctx.set(dut.answers.valid, 1)
            await ctx.tick()
            ctx.set(dut.answers.valid, 0)
            ctx.set(dut.event.valid, 0)
            if adds and event != EventKind.EXECUTE:
                added.append(one)
                overtaken.append(one)
                shown_ones |= {key for key, n in numbers.items() if n == one and key[0] == where}
            if kind not in NO_CHANGE and role != Role.ENTRY:
                key = slot, side, module
                before = wanted.get(key, (0, 0))
                wanted[key] = (price if kind in rests else before[0], 0 if dead or hidden else open)
                if kind in rests:
                    numbers[key] = named
                    shown_ones.discard(key)
                    shown_ones |= {key} if named in overtaken else set()
            look = chance.randrange(SLOTS + 1)
            ctx.set(dut.slot, look)
            shown = ctx.get(dut.shown)
            for name, of in (("bids", Side.BUY), ("asks", Side.SELL)):
                for i, who in enumerate((Module.TAKER, Module.MAKER)):
                    price, shares = wanted.get((look, of, who), (0, 0))
                    shares = shares if (look, of, who) in shown_ones else 0
                    level = getattr(shown, name)[i]
                    assert level.shares == shares
                    assert not shares or level.price == price

    sim = Simulator(dut)
    sim.add_clock(1e-6)
    sim.add_testbench(script)
    sim.run()


@pytest.mark.parametrize(
    ("bid_volume", "ours", "triggers"),
    [(3_001, 0, 1), (3_001, 1, 0), (3_101, 100, 1), (3_100, 100, 0)],
)
def test_own_shares_are_no_imbalance(bid_volume, ours, triggers):
    """The ratio is 3 and 1,000 are offered: 3,001 shares of others must be bid."""

    async def script(bench):
        if ours:
            told = {"kind": OrderAnswerKind.ACCEPTED, "slot": 0, "module": Module.MAKER, "role": Role.QUOTE}
            told |= {"side": Side.BUY, "price": BID, "open": ours, "order": 3}
            bench.waiting.append((bench.now, told))
            await bench.step(3)
            await bench.shown_in_feed()
        await bench.view(BID, ASK, bid_volume=bid_volume, ask_volume=1_000)
        assert len(bench.triggers) == triggers

    run(script)


@pytest.mark.parametrize(
    ("price", "shares", "level", "triggers"),
    [
        (ASK, 100, 100, 0),  # the whole best offer is ours
        (ASK, 100, 101, 1),
        (ASK + 100, 100, 100, 1),  # it rests behind the best offer
        (ASK, 500, 100, 0),  # the order session is ahead of the feed
    ],
)
def test_a_best_level_that_is_ours_alone_is_not_traded(price, shares, level, triggers):
    async def script(bench):
        told = {"kind": OrderAnswerKind.ACCEPTED, "slot": 0, "module": Module.MAKER, "role": Role.QUOTE}
        told |= {"side": Side.SELL, "price": price, "open": shares, "order": 3}
        bench.waiting.append((bench.now, told))
        await bench.step(3)
        await bench.shown_in_feed()
        await bench.view(BID, ASK, bid_volume=5_000, ask_volume=level)
        assert len(bench.triggers) == triggers

    run(script)
