"""No order leaves that would meet an own one: the gate's check, and the prices it holds an order against."""

import random
from dataclasses import dataclass

import pytest
from amaranth.sim import Simulator

from hdl.risk.own_resting import OwnResting
from hdl.types import Module, OrderAnswerKind, OrderIntentKind, Refusal, Role, Side, TimeInForce
from tests.hdl.risk import test_standing
from tests.hdl.risk.gate_bench import CANCEL, ENTER, EXIT, REPLACE, ROW, SHORT_SALE, verdict_of

PRICE = ENTER["price"]
SLOTS = 3


@pytest.mark.parametrize(
    ("intent", "own", "refusal"),
    [
        (ENTER, {"ask": PRICE + 1}, Refusal.NONE),
        (ENTER, {"ask": PRICE}, Refusal.OWN_CROSS),
        (ENTER, {"ask": PRICE - 1}, Refusal.OWN_CROSS),
        (ENTER, {"ask": 1}, Refusal.OWN_CROSS),
        (ENTER, {"bid": PRICE + 1}, Refusal.NONE),  # on its own side
        (SHORT_SALE, {"bid": PRICE - 1}, Refusal.NONE),
        (SHORT_SALE, {"bid": PRICE}, Refusal.OWN_CROSS),
        (SHORT_SALE, {"bid": 2**32 - 1}, Refusal.OWN_CROSS),
        (SHORT_SALE, {"ask": PRICE}, Refusal.NONE),
    ],
)
def test_an_order_that_would_meet_an_own_one_is_refused(intent, own, refusal):
    assert verdict_of(intent, ports={"own": own}) == refusal
    there = {"standing_own": own}
    assert test_standing.verdict_of(intent, ahead=there, then=there) == refusal


def test_an_exit_is_refused_as_well_and_a_cancel_never():
    held = {"position": 100}
    in_the_way = {"own": {"bid": PRICE}}
    assert verdict_of(EXIT, slot=held) == Refusal.NONE
    assert verdict_of(EXIT, slot=held, ports=in_the_way) == Refusal.OWN_CROSS
    assert verdict_of(EXIT | {"role": Role.FLATTEN}, slot=held, ports=in_the_way) == Refusal.OWN_CROSS
    sold = {"position": 60, "open_sell": 60}
    assert verdict_of(REPLACE, slot=sold, row=ROW, ports=in_the_way) == Refusal.OWN_CROSS
    assert verdict_of(CANCEL, ports=in_the_way) == Refusal.NONE


@pytest.mark.parametrize(
    ("intent", "inputs", "refusal"),
    [
        ({"shares": 100}, {"slot": {"position": 100}}, Refusal.NONE),
        ({"shares": 40}, {"slot": {"position": 100, "open_sell": 60}}, Refusal.NONE),
        ({"shares": 41}, {"slot": {"position": 100, "open_sell": 60, "located": 0}}, Refusal.SHORT_SALE),
        ({"shares": 41, "short": 1}, {"slot": {"position": 100, "open_sell": 60}}, Refusal.REDUCE_ONLY),
        ({"shares": 1, "short": 1}, {}, Refusal.REDUCE_ONLY),
        ({"side": Side.BUY}, {"slot": {"position": -100}}, Refusal.NONE),
        ({"side": Side.BUY}, {"slot": {"position": -99}}, Refusal.REDUCE_ONLY),
        ({"side": Side.BUY, "shares": 1}, {"slot": {"position": 5}}, Refusal.REDUCE_ONLY),
        ({"side": Side.BUY}, {"slot": {"position": -100, "open_buy": 1}}, Refusal.REDUCE_ONLY),
        ({"kind": OrderIntentKind.REPLACE, "order": 3}, {"row": ROW, "slot": {"position": 100}}, Refusal.REDUCE_ONLY),
    ],
)
def test_a_flatten_does_nothing_but_reduce(intent, inputs, refusal):
    """Limits would let an EXIT of the same numbers open a position."""
    assert verdict_of(EXIT | {"role": Role.FLATTEN} | intent, **inputs) == refusal


def test_a_flatten_needs_no_limit_and_no_switch():
    nothing = {"max_inventory": 0, "max_order_size": 0, "ceiling_inventory": 0, "ceiling_order_size": 0}
    flatten = EXIT | {"role": Role.FLATTEN}
    assert verdict_of(flatten, config=nothing, slot={"position": 100, "enabled": 0}) == Refusal.NONE


@dataclass
class Own:
    """An own order at the exchange, as nobody but the exchange knows it."""

    side: Side
    price: int
    accepted: bool = False
    moving: int = 0  # price that a Replace under way asks for


class Exchange:
    """Gives grants and answers at random, and says at which prices own orders may be met."""

    def __init__(self, chance):
        self.chance, self.orders = chance, {}
        self.too_late = []  # orders that died while their Replace was leaving
        self.ghosts = {}  # prices of such Replaces

    def grant(self):
        if self.too_late:
            slot, module, side = key = self.too_late.pop()
            self.ghosts[key] = self.chance.randrange(1, 50)
            said = {"slot": slot, "module": module, "side": side, "price": self.ghosts[key], "role": Role.QUOTE}
            return said | {"kind": OrderIntentKind.REPLACE, "time_in_force": TimeInForce.DAY}
        slot, module, side = (
            self.chance.randrange(SLOTS),
            self.chance.choice(list(Module)),
            self.chance.choice(list(Side)),
        )
        key, price = (slot, module, side), self.chance.randrange(1, 50)
        order = self.orders.get(key)
        common = {"slot": slot, "module": module, "side": side, "price": price}
        if module == Module.HOST or self.chance.random() < 0.3:
            return common | {"kind": OrderIntentKind.ENTER, "role": Role.ENTRY, "time_in_force": TimeInForce.IMMEDIATE}
        common |= {"role": Role.QUOTE, "time_in_force": TimeInForce.DAY}
        if order is None:
            self.orders[key] = Own(side, price)
            return common | {"kind": OrderIntentKind.ENTER}
        if order.accepted and not order.moving and self.chance.random() < 0.7:
            order.moving = price
            return common | {"kind": OrderIntentKind.REPLACE}
        if order.accepted and self.chance.random() < 0.3:
            return common | {"kind": OrderIntentKind.MODIFY, "price": order.price}
        return common | {"kind": OrderIntentKind.CANCEL, "price": 0}

    def answer(self):
        if self.ghosts:
            slot, module, side = key = next(iter(self.ghosts))
            del self.ghosts[key]
            said = {"slot": slot, "module": module, "side": side, "role": Role.QUOTE}
            return said | {"kind": OrderAnswerKind.SENT, "flag": ord("U"), "dead": 1}
        if not self.orders:
            return None
        key = self.chance.choice(list(self.orders))
        order, (slot, module, side) = self.orders[key], key
        said = {"slot": slot, "module": module, "side": side, "role": Role.QUOTE, "price": order.price}
        what = self.chance.choice(["yes", "no", "dies", "sent", "late cancel", "late modify", "fill", "priority"])
        if what == "sent":
            return said | {"kind": OrderAnswerKind.SENT, "flag": ord("X")}
        if what == "late cancel":
            return said | {"kind": OrderAnswerKind.REFUSED, "flag": ord("X"), "dead": 1}
        if what == "late modify":
            return said | {"kind": OrderAnswerKind.REFUSED, "flag": ord("M"), "dead": 1}
        if what == "priority" and order.accepted:
            order.price = self.chance.randrange(1, 50)
            return said | {"kind": OrderAnswerKind.PRIORITY, "price": order.price}
        if what == "fill" and order.accepted:
            return said | {"kind": OrderAnswerKind.EXECUTED}
        if what == "yes" and not order.accepted:
            order.accepted, order.price = True, self.chance.randrange(1, 50)  # as the exchange priced it
            return said | {"kind": OrderAnswerKind.ACCEPTED, "price": order.price}
        if what == "yes" and order.moving:
            order.price, order.moving = self.chance.randrange(1, 50), 0
            return said | {"kind": OrderAnswerKind.REPLACED, "price": order.price}
        if what == "no" and order.moving:
            kind, order.moving = self.chance.choice([OrderAnswerKind.REJECTED, OrderAnswerKind.REFUSED]), 0
            return said | {"kind": kind, "flag": ord("U")}
        if what == "no" and not order.accepted:
            del self.orders[key]
            kind = self.chance.choice([OrderAnswerKind.REJECTED, OrderAnswerKind.REFUSED])
            return said | {"kind": kind, "flag": ord("O"), "dead": 1}
        if what == "dies" and order.accepted:
            del self.orders[key]
            kind = self.chance.choice([OrderAnswerKind.EXECUTED, OrderAnswerKind.CANCELED])
            if not self.too_late and self.chance.random() < 0.3:
                self.too_late.append(key)
            return said | {"kind": kind, "dead": 1}
        return None

    def prices(self, slot, side):
        found = [o for (s, _, of), o in self.orders.items() if (s, of) == (slot, side)]
        ghosts = [price for (s, _, of), price in self.ghosts.items() if (s, of) == (slot, side)]
        return [o.price for o in found] + [o.moving for o in found if o.moving] + ghosts


def test_prices_are_those_at_which_the_exchange_may_have_an_own_order():
    dut = OwnResting(SLOTS, readers=2)
    met = []

    async def script(ctx):
        exchange = Exchange(random.Random(9))
        for _ in range(6000):
            # Nothing is granted between an order and its SENT.
            free = not exchange.ghosts
            grant = exchange.grant() if free and (exchange.too_late or exchange.chance.random() < 0.4) else None
            # An order is spoken of by the exchange some cycles after it was granted, never in the same.
            answer = exchange.answer() if grant is None or exchange.chance.random() < 0.5 else None
            if (
                answer
                and grant
                and [answer[k] for k in ("slot", "module", "side")] == [grant[k] for k in ("slot", "module", "side")]
            ):
                await granted_alone(ctx, dut, grant)
                grant = None
            for port, item in ((dut.grants, grant), (dut.answers, answer)):
                ctx.set(port.valid, item is not None)
                if item is not None:
                    ctx.set(port.payload, item)
            await ctx.tick()
            ctx.set(dut.grants.valid, 0)
            ctx.set(dut.answers.valid, 0)
            for reader in range(2):
                slot = exchange.chance.randrange(SLOTS + 1)
                ctx.set(dut.slot[reader], slot)
                shown = ctx.get(dut.prices[reader])
                bids, asks = exchange.prices(slot, Side.BUY), exchange.prices(slot, Side.SELL)
                assert (shown.bid, shown.ask) == (max(bids, default=0), min(asks, default=0))
                met.append(len(bids) + len(asks))

    async def granted_alone(ctx, dut, grant):
        ctx.set(dut.grants.payload, grant)
        ctx.set(dut.grants.valid, 1)
        await ctx.tick()
        ctx.set(dut.grants.valid, 0)

    sim = Simulator(dut)
    sim.add_clock(1e-6)
    sim.add_testbench(script)
    sim.run()
    assert max(met) >= 6, "both strategies, both sides, Replaces under way"
