"""What the exchange refuses before an order comes to its book."""

from hdl.wire.ouch50 import MAX_QUANTITY
from sim.exchange.book import SessionBooks
from sim.exchange.ouch import Enter
from sim.exchange.rules import Rules

__all__ = ["MESSAGE_RATE", "PENNY_FROM", "objection", "refusal"]

#: Highest price, and prices from which an order must be a whole cent, in 1/10,000 dollar.
MAX_PRICE = 1_999_999_900
PENNY_FROM = 10_000
#: Reasons of Rejected.
HALTED, BAD_QUANTITY, BAD_SYMBOL, BAD_PRICE, LOCATE_REQUIRED = 0x0007, 0x0013, 0x0017, 0x001D, 0x0027
SHORT_RESTRICTED, MESSAGE_RATE = 0x0023, 0x0029


def refusal(request: Enter, locate: int | None, books: SessionBooks, rules: Rules) -> int:
    """Reason to reject a new order, 0 for none; ``locate`` is ``None`` where no symbol has its name."""
    if locate is None:
        return BAD_SYMBOL
    if locate in books.halted:
        return HALTED
    reason = objection(request.shares, request.price)
    if not reason and request.side == "T" and not request.located:
        reason = LOCATE_REQUIRED
    below = request.price <= books.of(locate).best_bid()
    if not reason and request.side == "T" and below and rules.short_restricted == "reject":
        reason = SHORT_RESTRICTED if locate in books.short_restricted else 0
    return reason


def objection(shares: int, price: int) -> int:
    """Reason to reject these of any order, 0 for none."""
    if not 0 < shares < MAX_QUANTITY:
        return BAD_QUANTITY
    if not 0 < price <= MAX_PRICE or (price >= PENNY_FROM and price % 100):
        return BAD_PRICE
    return 0
