"""Could a message still to come change an own order? What a player asks before it lets the card run on."""

import struct
from collections.abc import Iterable

from sim.exchange.book import SessionBooks
from sim.exchange.matching import OwnOrder

__all__ = ["could_fill", "locate_of"]

_LOCATE = struct.Struct(">H")
_PRICE = struct.Struct(">I")
_REFERENCE = struct.Struct(">Q")
#: Offset of the price in each message that carries one.
_PRICE_AT = {ord("A"): 32, ord("F"): 32, ord("U"): 31, ord("C"): 32, ord("P"): 32}


def locate_of(message: bytes) -> int:
    """Locate number of a message."""
    return int(_LOCATE.unpack_from(message, 1)[0])


def could_fill(message: bytes, orders: Iterable[OwnOrder], books: SessionBooks) -> bool:
    """Whether an ITCH message could fill one of these orders of its locate; never wrongly no.

    What is not known yet, because a message between may change it, counts as yes: the price of an order that is not in
    the book, and the side of one.
    """
    kind = message[0]
    if kind not in b"AFUECP":
        return False
    price = _PRICE.unpack_from(message, _PRICE_AT[kind])[0] if kind in _PRICE_AT else 0
    if kind in b"AF":
        buy = message[19:20] == b"B"
        return any(order.buy != buy and order.reaches(price) for order in orders)
    if kind == ord("P"):
        return any(_trades(order, price) for order in orders)
    known = books.order(_REFERENCE.unpack_from(message, 11)[0])
    if known is None:
        return True
    buy, displayed = known
    if kind == ord("U"):
        return any(order.buy != buy and order.reaches(price) for order in orders)
    return any(order.buy == buy and _trades(order, displayed if kind == ord("E") else price) for order in orders)


def _trades(order: OwnOrder, price: int) -> bool:
    """Whether an order could have a trade of its side at ``price``."""
    return order.price == price or order.better_than(price)
