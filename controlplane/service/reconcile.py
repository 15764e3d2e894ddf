"""Compares the card with what the exchange side says: positions, open orders, and the next order number.

The statement comes from outside the card: an operator has it from the exchange, the clearing firm or, in a simulated
session, from the exchange's own log. A symbol that the statement does not name is flat there. Order numbers may only
rise: the card may be ahead of the exchange, and one that is behind would send orders that the exchange passes over
silently.
"""

import grpc

from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.service.card_link import CardRequests
from controlplane.service.fields import unpack
from controlplane.service.refusal import RefusedError
from controlplane.service.state import ServiceState

__all__ = ["check_statement", "differences", "refuse_difference"]

_MOST_SHARES = (1 << 31) - 1
_MOST_NUMBER = (1 << 32) - 1


def check_statement(statement: pb.ExchangeStatement) -> None:
    """Check that a statement can be meant.

    Raises
    ------
    RefusedError
        INVALID_ARGUMENT: a symbol twice, a position or open shares that no card can hold, or no order number.
    """
    wrong = []
    names = [row.symbol for row in statement.symbols]
    wrong += [("symbols", f"{name!r:.40} is named twice") for name in sorted({n for n in names if names.count(n) > 1})]
    for row in statement.symbols:
        if not abs(row.position_shares) <= _MOST_SHARES:
            wrong.append(("position_shares", f"{row.symbol}: {row.position_shares} shares cannot be"))
        if max(row.open_buy_shares, row.open_sell_shares) > _MOST_SHARES:
            wrong.append(("open_buy_shares", f"{row.symbol}: more than {_MOST_SHARES} open shares cannot be"))
    if not 1 <= statement.next_order_number <= _MOST_NUMBER:
        wrong.append(("next_order_number", f"must be 1 to {_MOST_NUMBER}; 1 where no order was sent today"))
    if wrong:
        raise RefusedError(grpc.StatusCode.INVALID_ARGUMENT, "this is no exchange's statement", fields=wrong)


def _compare(what: str, card: int, exchange: int) -> list[pb.Difference]:
    return [pb.Difference(what=what, card=card, exchange=exchange)] if card != exchange else []


def differences(state: ServiceState, card: CardRequests, statement: pb.ExchangeStatement) -> list[pb.Difference]:
    """Give what differs; nothing is written. On the card's thread.

    Parameters
    ----------
    state : ServiceState
        The service.
    card : CardRequests
        The card.
    statement : ExchangeStatement
        What the exchange side says.

    Raises
    ------
    RefusedError
        INVALID_ARGUMENT: see `check_statement`.
    DeviceError
        The card did not answer.
    """
    check_statement(statement)
    names = [*state.slot_names("position"), *state.slot_names("open_shares"), "orders.open_orders", "orders.user_ref"]
    values = card.read(names)
    said = {row.symbol: row for row in statement.symbols}
    found: list[pb.Difference] = []
    for slot, symbol in enumerate(state.config.symbols):
        row = said.pop(symbol.name, pb.SymbolStatement())
        position = unpack("slot[].position", values[f"slot[{slot}].position"])["shares"]
        open_shares = unpack("slot[].open_shares", values[f"slot[{slot}].open_shares"])
        found += _compare(f"{symbol.name} position", position, row.position_shares)
        found += _compare(f"{symbol.name} open to buy", open_shares["buy"], row.open_buy_shares)
        found += _compare(f"{symbol.name} open to sell", open_shares["sell"], row.open_sell_shares)
    for name, row in said.items():
        found += _compare(f"{name} position, which the card does not follow", 0, row.position_shares)
        found += _compare(f"{name} open to buy, which the card does not follow", 0, row.open_buy_shares)
        found += _compare(f"{name} open to sell, which the card does not follow", 0, row.open_sell_shares)
    found += _compare("open orders", values["orders.open_orders"], statement.open_orders)
    if values["orders.user_ref"] < statement.next_order_number:
        found += _compare("next order number", values["orders.user_ref"], statement.next_order_number)
    return found


def refuse_difference(found: list[pb.Difference]) -> None:
    """Refuse to arm where card and exchange differ.

    Raises
    ------
    RefusedError
        FAILED_PRECONDITION, with every difference.
    """
    if found:
        raise RefusedError(
            grpc.StatusCode.FAILED_PRECONDITION,
            "card and exchange differ: find out which is right before the card is armed",
            preconditions=[("RECONCILE", d.what, f"card {d.card}, exchange {d.exchange}") for d in found],
        )
