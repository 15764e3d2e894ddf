"""How own orders fill against a session that was recorded without them: every assumption is here.

The session's book is never changed by own orders; what they take is remembered beside it.

* An order that is marketable on arrival takes displayed shares, best level first, at the level's price, up to its
  limit, one fill a level. Shares taken at a level are not there a second time until a message changes that level.
* A resting order fills at its own price when
  - a displayed order comes to the other side at its price or beyond: up to that order's shares, which count as taken;
  - a displayed order of its own side trades at a worse price, or a hidden trade prints at a worse price: up to the
    trade's shares, because the order would have traded first;
  - its own price trades on its own side, or a hidden trade prints there: what is left of the trade after the
    displayed shares that were ahead when the order joined. Trades use up those ahead, cancels do not, but never more
    are ahead than the level displays.
* Own orders share what one message brings by price, then by the time they joined. They never trade with each other: an
  order that arrives takes what the session displays at an own order's price or better, then both lose what they would
  have traded.
* No fills in a halt, and none from crosses.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sim.exchange.book import Change, SymbolBook

__all__ = ["OwnOrder", "join", "marketable", "met_by", "passive_fills", "take"]


@dataclass(slots=True)
class OwnOrder:
    """An own order that lives at the exchange.

    Attributes
    ----------
    user_ref, chain : int
        The number that lives, and the chain's first.
    open, executed, prevented : int
        Shares that can still fill, shares the chain has filled, and shares that self-match prevention took from it.
    post_only : bool
        It is canceled where it would take.
    ahead : int
        Displayed shares to trade at this price before it is this order's turn.
    turn : int
        Rises with every order that joins: time priority.
    """

    user_ref: int
    chain: int
    symbol: str
    locate: int
    side: str
    price: int
    open: int
    immediate: bool
    capacity: str
    clordid: str
    reference: int
    post_only: bool = False
    executed: int = 0
    prevented: int = 0
    ahead: int = 0
    turn: int = 0

    @property
    def buy(self) -> bool:
        """Whether it buys."""
        return self.side == "B"

    def reaches(self, price: int) -> bool:
        """Whether its limit is at ``price`` or beyond, seen from the other side."""
        return price <= self.price if self.buy else price >= self.price

    def better_than(self, price: int) -> bool:
        """Whether it would trade before an order of its side at ``price``."""
        return self.price > price if self.buy else self.price < price


def take(order: OwnOrder, book: SymbolBook, limit: int | None = None) -> Iterator[tuple[int, int]]:
    """Take displayed shares of the other side; yield price and shares, level by level. ``order`` is left as it is.

    ``limit``: no worse than this, however far the order reaches.
    """
    wanted = order.open
    side = book.side(not order.buy)
    for price in sorted(side, reverse=not order.buy):
        beyond = limit is not None and (price > limit if order.buy else price < limit)
        if not wanted or not order.reaches(price) or beyond:
            return
        level = side[price]
        shares = min(wanted, level.available)
        if shares:
            level.taken += shares
            wanted -= shares
            yield price, shares


def met_by(order: OwnOrder, resting: Iterable[OwnOrder]) -> list[OwnOrder]:
    """Own orders that an order would trade with, in the order in which it would."""
    met = [o for o in resting if o.locate == order.locate and o.buy != order.buy and order.reaches(o.price)]
    return sorted(met, key=lambda o: (o.price if order.buy else -o.price, o.turn))


def marketable(order: OwnOrder, book: SymbolBook) -> bool:
    """Whether it would take, or lock the other side, were it worked now."""
    best = book.best_ask() if order.buy else book.best_bid()
    return bool(best) and order.reaches(best)


def join(order: OwnOrder, book: SymbolBook, turn: int) -> None:
    """Put an order at the end of the queue of its price."""
    level = book.side(order.buy).get(order.price)
    order.ahead = level.shares if level else 0
    order.turn = turn


def passive_fills(orders: Iterable[OwnOrder], change: Change, book: SymbolBook) -> Iterator[tuple[OwnOrder, int]]:
    """Yield resting orders that a change of the session fills, with the shares, at the orders' own prices.

    ``book`` is the book after the change. The orders' places in the queue are moved on; their shares are left as they
    are, for the caller to change.
    """
    budget = change.shares
    for order in sorted(orders, key=lambda o: (-o.price if o.buy else o.price, o.turn)):
        if change.kind == "add":
            shares = min(order.open, budget) if order.buy != change.buy and order.reaches(change.price) else 0
            if shares:
                book.side(change.buy)[change.price].taken += shares
        else:
            shares = min(order.open, _traded_for(order, change, book, budget))
        if shares:
            budget -= shares
            yield order, shares


def _traded_for(order: OwnOrder, change: Change, book: SymbolBook, budget: int) -> int:
    """Shares of a trade that an order could have had."""
    if change.kind == "trade" and order.buy != change.buy:
        return 0
    if order.better_than(change.price):
        return budget
    if order.price != change.price:
        return 0
    level = book.side(order.buy).get(order.price)
    displayed = level.shares if level else 0
    if change.kind == "trade":
        displayed += change.shares  # as it was before the trade
    order.ahead = min(order.ahead, displayed)
    used = min(order.ahead, change.shares)
    order.ahead -= used
    return min(budget, change.shares - used)
