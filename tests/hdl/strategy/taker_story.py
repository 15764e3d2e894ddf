"""Helpers that tell a taker's story in a few words: what the card sees, and the orders a person would expect of it.

Prices are 1/10,000 dollar, the tick is 100 (one cent). The taker's settings are those of ``trade_bench.TAKER``: order
size 100, slip 1, take profit 3, stop 2, stop slip 2 ticks, two retries.
"""

from hdl.types import OrderIntentKind, Role, Side, TimeInForce

BID, ASK = 100_000, 100_100  # the book at the trigger
LONG, SHORT = Side.BUY, Side.SELL


def order(bench, index=-1):
    """What a test looks at of a granted intent: kind, role, side, short, shares, price, life."""
    intent = bench.granted[index][1]
    names = ("kind", "role", "side", "short", "shares", "price", "time_in_force")
    return tuple(intent[name] for name in names)


def entry(side, shares, price):
    return OrderIntentKind.ENTER, Role.ENTRY, side, int(side == SHORT), shares, price, TimeInForce.IMMEDIATE


def leaving(kind, side, shares, price):
    """An exit of a position on ``side``."""
    return kind, Role.EXIT, SHORT if side == LONG else LONG, 0, shares, price, TimeInForce.DAY


ENTER, REPLACE, CANCEL = OrderIntentKind.ENTER, OrderIntentKind.REPLACE, OrderIntentKind.CANCEL


async def trigger(bench, side=LONG, **fields):
    heavy = {"bid_volume": 4000} if side == LONG else {"ask_volume": 4000}
    await bench.view(BID, ASK, **heavy, **fields)


async def hold(bench, side=LONG, shares=100, price=None, accept=True):
    """Trigger, fill ``shares`` of the entry at ``price``, and have the exit accepted; return the exit."""
    await trigger(bench, side)
    price = price or (ASK if side == LONG else BID)
    own = bench.orders[0]
    bench.accept(own)
    if shares:
        bench.fill(own, shares, price)
    if own.open:
        bench.cancel(own)
    await bench.step(30)
    leave = bench.orders[0]
    if accept:
        bench.accept(leave, price=bench.granted[-1][1]["price"])
        await bench.step(10)
    return leave


def mirrored(side, offset):
    """A price ``offset`` ticks in favour of a position on ``side`` that was entered at its far side."""
    return ASK + offset * 100 if side == LONG else BID - offset * 100


def book(side, offset):
    """Keyword prices of a view whose near side stands ``offset`` ticks in favour of the position; volumes balanced."""
    near = mirrored(side, offset)
    return (near, near + 100) if side == LONG else (near - 100, near)
