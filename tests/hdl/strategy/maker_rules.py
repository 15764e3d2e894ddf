"""The market maker's rules as a person would write them down: exact fractions, no cycles.

Prices are 1/10,000 dollar, positions and sizes shares. ``settings`` has the names of ``MakerConfig``. Only the two
places where the card cuts a number short are copied from its description: the bid's part of the shares and the lean
are whole 1/256.
"""

import math
from dataclasses import dataclass
from fractions import Fraction

BUY, SELL = "buy", "sell"
MOST = 1_999_999_900


@dataclass
class Quote:
    """A quote that rests at the exchange."""

    price: int
    open: int
    short: bool = False


def wanted(book, settings, position):
    """What is wanted of each side: {BUY: (price, shares) or None, SELL: ...}."""
    nothing = {BUY: None, SELL: None}
    tick = settings["tick"]
    if not book["sound"]:
        return nothing
    spread = Fraction(book["ask"] - book["bid"], tick)
    if spread.denominator != 1 or not 1 <= spread <= min(255, settings["max_spread"]):
        return nothing
    part = Fraction(1, 2)
    if settings["weighted"]:
        part = Fraction(math.floor(256 * Fraction(book["bid_size"], book["bid_size"] + book["ask_size"])), 256)
    half_tick = Fraction(tick, 2)
    lean = Fraction(math.floor(Fraction(abs(position) * settings["skew"], 65536) * 256), 256)
    lean = min(lean, Fraction((1 << 17) - 1, 256)) * (1 if position >= 0 else -1)
    centre = book["bid"] + part * (book["ask"] - book["bid"]) - lean * half_tick
    away = settings["half_spread"] * half_tick
    bid = book["bid"] + math.floor((centre - away - book["bid"]) / tick) * tick
    ask = book["bid"] + math.ceil((centre + away - book["bid"]) / tick) * tick
    bid, ask = min(bid, book["ask"] - tick), max(ask, book["bid"] + tick)
    ratio = Fraction(settings["ratio"], 256)
    against = {
        BUY: book["ask_volume"] > ratio * book["bid_volume"],
        SELL: book["bid_volume"] > ratio * book["ask_volume"],
    }
    result = {}
    for side, price, room in (
        (BUY, bid, settings["inventory"] - position),
        (SELL, ask, settings["inventory"] + position),
    ):
        shares = min(settings["size"], room)
        good = shares > 0 and tick <= price <= MOST and not (ratio and against[side])
        result[side] = (price, shares) if good else None
    return result


def sale(shares, position, short_ok, located):
    """Shares offered of those wanted, and whether it is a short sale; no shares: nothing may be offered."""
    covered = max(0, position)
    if shares <= covered:
        return shares, False
    if short_ok and min(shares, located) > covered:
        return min(shares, located), True
    return covered, False


def settle(quotes, book, settings, position, short_ok=True, located=1 << 31):
    """Bring quotes to where they rest once every operation has been answered well; the bid's goes first."""
    targets = wanted(book, settings, position)
    for _ in range(6):
        before = {side: quotes[side] and (quotes[side].price, quotes[side].open) for side in quotes}
        for side in (BUY, SELL):
            _settle_side(quotes, side, targets[side], settings, position, short_ok, located)
        if before == {side: quotes[side] and (quotes[side].price, quotes[side].open) for side in quotes}:
            return


def _settle_side(quotes, side, target, settings, position, short_ok, located):
    quote, other = quotes[side], quotes[SELL if side == BUY else BUY]
    shares, short = (0, False) if target is None else (target[1], False)
    if side == SELL and target:
        shares, short = sale(shares, position, short_ok, located)
    if not shares or (quote and quote.short and not short_ok):
        quotes[side] = None
        return
    crosses = other and (target[0] >= other.price if side == BUY else target[0] <= other.price)
    if quote is None:
        if not crosses:
            quotes[side] = Quote(target[0], shares, short)
        return
    distance = abs(quote.price - target[0])
    off = quote.open > shares or (distance and distance >= settings["move"] * settings["tick"])
    if short and not quote.short and (off or quote.open > max(0, position)):
        if quote.open > located:
            quotes[side] = None  # and anew
            return
        quote.short = True  # by Modify, in its place
    if off:
        if quote.short and not short:
            quotes[side] = None  # OUCH knows no way back
        elif not crosses:
            quotes[side] = Quote(target[0], shares, short)
