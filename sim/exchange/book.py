"""The session's order book at the exchange, from its ITCH messages.

Written apart from the gateware's book and from the session maker's. Messages are read with layouts typed in from the
ITCH 5.0 document; hidden trades and everything about other things than orders leave the book as it is.
"""

import struct
from dataclasses import dataclass, field
from typing import NamedTuple

__all__ = ["Change", "Level", "SessionBooks", "SymbolBook"]

_LOCATE = struct.Struct(">H")
_ADD = struct.Struct(">QcI8sI")
_EXECUTE = struct.Struct(">QI")
_EXECUTE_PRICE = struct.Struct(">I")
_CANCEL = struct.Struct(">QI")
_DELETE = struct.Struct(">Q")
_REPLACE = struct.Struct(">QQII")
_TRADE = struct.Struct(">QcI8sI")
#: Offset of the fields that follow type, locate, tracking number and time.
_BODY = 11


@dataclass(slots=True)
class Level:
    """One price of one side. ``taken``: displayed shares that own orders took since the level last changed."""

    shares: int = 0
    taken: int = 0

    @property
    def available(self) -> int:
        """Displayed shares that own orders have not taken."""
        return self.shares - self.taken


@dataclass(slots=True)
class SymbolBook:
    """Both sides of one symbol, by price in 1/10,000 dollar."""

    bids: dict[int, Level] = field(default_factory=dict)
    asks: dict[int, Level] = field(default_factory=dict)

    def side(self, buy: bool) -> dict[int, Level]:
        """Bids where ``buy``, asks otherwise."""
        return self.bids if buy else self.asks

    def best_bid(self) -> int:
        """Highest bid, 0 for none."""
        return max(self.bids, default=0)

    def best_ask(self) -> int:
        """Lowest ask, 0 for none."""
        return min(self.asks, default=0)

    def levels(self, buy: bool) -> list[tuple[int, int]]:
        """Price and displayed shares of a side, best first."""
        return [(price, level.shares) for price, level in sorted(self.side(buy).items(), reverse=buy)]


class Change(NamedTuple):
    """What a message did that an own order could care about.

    ``kind``: ``add`` a displayed order came, ``trade`` a displayed order traded, ``hidden`` a trade off the book.
    ``buy``: side of the displayed order; means nothing for ``hidden``.
    """

    kind: str
    locate: int
    buy: bool
    price: int
    shares: int


@dataclass(slots=True)
class _Order:
    locate: int
    buy: bool
    price: int
    shares: int


class SessionBooks:
    """Books of every symbol of a session, and what the session says of the symbols.

    A message about an order that is not there is ignored, and so is a Replace of one. An execution or a cancel of more
    shares than the order has removes it. An add of zero shares or of a reference that is there is ignored.

    Attributes
    ----------
    locates : dict
        Locate number by symbol, padded to 8 characters; from Stock Directory and from adds, so that a session may
        begin in the middle of a day.
    halted : set of int
        Locates whose last Trading Action is not ``T``.
    short_restricted : set of int
        Locates whose last Reg SHO action is not ``0``.
    unknown : int
        Messages about orders that are not there.
    """

    def __init__(self) -> None:
        self.locates: dict[str, int] = {}
        self.halted: set[int] = set()
        self.short_restricted: set[int] = set()
        self.unknown = 0
        self._orders: dict[int, _Order] = {}
        self._books: dict[int, SymbolBook] = {}

    @property
    def live_orders(self) -> int:
        """Displayed orders in all books."""
        return len(self._orders)

    def of(self, locate: int) -> SymbolBook:
        """Book of a locate number; empty for one that no message has spoken of."""
        return self._books.setdefault(locate, SymbolBook())

    def order(self, reference: int) -> tuple[bool, int] | None:
        """Side (``True`` buy) and price of a displayed order."""
        order = self._orders.get(reference)
        return None if order is None else (order.buy, order.price)

    def apply(self, message: bytes) -> Change | None:
        """Apply one ITCH message; say what an own order could care about."""
        kind = message[0]
        if kind in b"AF":
            return self._add(message)
        if kind == ord("D"):
            (reference,) = _DELETE.unpack_from(message, _BODY)
            self._reduce(reference, None)
        elif kind in b"EC":
            return self._execute(message)
        elif kind == ord("X"):
            reference, shares = _CANCEL.unpack_from(message, _BODY)
            self._reduce(reference, shares)
        elif kind == ord("U"):
            return self._replace(message)
        elif kind == ord("P"):
            _, _, shares, _, price = _TRADE.unpack_from(message, _BODY)
            return Change("hidden", _LOCATE.unpack_from(message, 1)[0], True, price, shares)
        elif kind == ord("R"):
            self.locates[message[11:19].decode("ascii")] = _LOCATE.unpack_from(message, 1)[0]
        elif kind == ord("H"):
            (locate,) = _LOCATE.unpack_from(message, 1)
            (self.halted.discard if message[19:20] == b"T" else self.halted.add)(locate)
        elif kind == ord("Y"):
            (locate,) = _LOCATE.unpack_from(message, 1)
            (self.short_restricted.discard if message[19:20] == b"0" else self.short_restricted.add)(locate)
        return None

    def _add(self, message: bytes) -> Change | None:
        (locate,) = _LOCATE.unpack_from(message, 1)
        reference, side, shares, stock, price = _ADD.unpack_from(message, _BODY)
        symbol = stock.decode("ascii")
        if self.locates.get(symbol) != locate:
            self.locates[symbol] = locate
        return self._insert(reference, _Order(locate, side == b"B", price, shares))

    def _insert(self, reference: int, order: _Order) -> Change | None:
        if order.shares == 0 or reference in self._orders:
            return None
        self._orders[reference] = order
        level = self.of(order.locate).side(order.buy).setdefault(order.price, Level())
        level.shares += order.shares
        level.taken = 0
        return Change("add", order.locate, order.buy, order.price, order.shares)

    def _reduce(self, reference: int, shares: int | None) -> _Order | None:
        """Take shares (``None``: all of them) from an order; give it back with the shares taken, if it was there."""
        order = self._orders.get(reference)
        if order is None:
            self.unknown += 1
            return None
        taken = order.shares if shares is None else min(shares, order.shares)
        order.shares -= taken
        if order.shares == 0:
            del self._orders[reference]
        side = self.of(order.locate).side(order.buy)
        level = side[order.price]
        level.shares -= taken
        level.taken = 0
        if level.shares == 0:
            del side[order.price]
        return _Order(order.locate, order.buy, order.price, taken)

    def _execute(self, message: bytes) -> Change | None:
        reference, shares = _EXECUTE.unpack_from(message, _BODY)
        done = self._reduce(reference, shares)
        if done is None:
            return None
        price = done.price
        if message[0] == ord("C"):
            (price,) = _EXECUTE_PRICE.unpack_from(message, 32)
        return Change("trade", done.locate, done.buy, price, done.shares)

    def _replace(self, message: bytes) -> Change | None:
        old, new, shares, price = _REPLACE.unpack_from(message, _BODY)
        gone = self._reduce(old, None)
        return None if gone is None else self._insert(new, _Order(gone.locate, gone.buy, price, shares))
