"""Reads the bytes of an order session, and adds up from them alone what is held, owed and open.

Typed in from the field tables of the OUCH 5.0 document; nothing is shared with the card's encoder, with the exchange's
or with ``hdl.wire.ouch50``, so that it can judge all three.
"""

from dataclasses import dataclass, field

__all__ = ["Holding", "OuchLogError", "OuchReckoning", "fields_of"]

#: Client to exchange: field, offset, length; a name with a leading ``*`` is text.
_IN = {
    "O": "user_ref_num 1 4, *side 5 1, quantity 6 4, *symbol 10 8, price 18 8, *time_in_force 26 1, *display 27 1, "
    "*capacity 28 1, *sweep 29 1, *cross_type 30 1, *clordid 31 14, appendage 45 2",
    "U": "orig_user_ref_num 1 4, user_ref_num 5 4, quantity 9 4, price 13 8, *time_in_force 21 1, *display 22 1, "
    "*sweep 23 1, *clordid 24 14, appendage 38 2",
    "X": "user_ref_num 1 4, quantity 5 4",
    "M": "user_ref_num 1 4, *side 5 1, quantity 6 4",
    "Q": "",
}
#: Exchange to client.
_OUT = {
    "S": "timestamp 1 8, *event_code 9 1",
    "A": "timestamp 1 8, user_ref_num 9 4, *side 13 1, quantity 14 4, *symbol 18 8, price 26 8, *time_in_force 34 1, "
    "*display 35 1, reference 36 8, *capacity 44 1, *sweep 45 1, *cross_type 46 1, *state 47 1, *clordid 48 14, "
    "appendage 62 2",
    "U": "timestamp 1 8, orig_user_ref_num 9 4, user_ref_num 13 4, *side 17 1, quantity 18 4, *symbol 22 8, "
    "price 30 8, *time_in_force 38 1, *display 39 1, reference 40 8, *capacity 48 1, *sweep 49 1, *cross_type 50 1, "
    "*state 51 1, *clordid 52 14, appendage 66 2",
    "C": "timestamp 1 8, user_ref_num 9 4, quantity 13 4, *reason 17 1",
    "D": "timestamp 1 8, user_ref_num 9 4, quantity 13 4, *reason 17 1, prevented 18 4, price 22 8, *liquidity 30 1, "
    "*strategy 31 1",
    "E": "timestamp 1 8, user_ref_num 9 4, quantity 13 4, price 17 8, *liquidity 25 1, match 26 8, appendage 34 2",
    "B": "timestamp 1 8, user_ref_num 9 4, match 13 8, *reason 21 1, *clordid 22 14",
    "F": "timestamp 1 8, user_ref_num 9 4, quantity 13 4, price 17 8, *liquidity 25 1, match 26 8, *reason 34 1, "
    "*clordid 35 14",
    "J": "timestamp 1 8, user_ref_num 9 4, reason 13 2, *clordid 15 14",
    "P": "timestamp 1 8, user_ref_num 9 4",
    "I": "timestamp 1 8, user_ref_num 9 4",
    "T": "timestamp 1 8, user_ref_num 9 4, price 13 8, *display 21 1, reference 22 8",
    "M": "timestamp 1 8, user_ref_num 9 4, *side 13 1, quantity 14 4",
    "R": "timestamp 1 8, user_ref_num 9 4, *reason 13 1, appendage 14 2",
    "Q": "timestamp 1 8, next_user_ref_num 9 4",
}


class OuchLogError(ValueError):
    """Bytes that are no OUCH 5.0, or that contradict what was said before."""


def fields_of(message: bytes, *, outbound: bool) -> dict[str, int | str]:
    """Give the fields of a message by name, ``type`` among them; text without its padding.

    Parameters
    ----------
    message : bytes
        Without session framing.
    outbound : bool
        Whether the exchange said it.

    Raises
    ------
    OuchLogError
        The type is unknown or the length is wrong.
    """
    letter = message[:1].decode("latin-1")
    table = (_OUT if outbound else _IN).get(letter)
    if table is None:
        raise OuchLogError(f"no message of this direction has type {letter!r}: {message.hex()}")
    found: dict[str, int | str] = {"type": letter}
    end = 1
    for spec in filter(None, table.split(", ")):
        name, offset, length = spec.split()
        start, end = int(offset), int(offset) + int(length)
        part = message[start:end]
        found[name.lstrip("*")] = part.decode("latin-1").rstrip() if name[0] == "*" else int.from_bytes(part, "big")
    appendage = found.get("appendage", 0)
    assert isinstance(appendage, int)
    if len(message) != end + appendage:
        raise OuchLogError(f"{letter!r} has {len(message)} bytes, not {end} and {appendage}: {message.hex()}")
    return found


@dataclass
class _Order:
    symbol: str
    side: str
    open: int


@dataclass
class Holding:
    """What the messages add up to for one symbol: shares, 1/1,000,000 dollar after fees, and shares open by side."""

    position: int = 0
    cash: int = 0
    open_buy: int = 0
    open_sell: int = 0


@dataclass
class OuchReckoning:
    """Takes the messages of an order session in their order.

    Parameters
    ----------
    fee_remove, fee_add, commission : int
        1/1,000,000 dollar a share.

    Attributes
    ----------
    messages : int
        Messages taken.
    """

    fee_remove: int
    fee_add: int
    commission: int = 0
    messages: int = 0
    _orders: dict[int, _Order] = field(default_factory=dict)
    _fills: dict[int, tuple[str, int, int]] = field(default_factory=dict)
    _broken: dict[int, tuple[str, int, int]] = field(default_factory=dict)
    _asked: dict[int, dict[str, int | str]] = field(default_factory=dict)

    def asked(self, message: bytes) -> None:
        """Take a message of the client.

        Raises
        ------
        OuchLogError
            It is no OUCH.
        """
        self.messages += 1
        said = fields_of(message, outbound=False)
        if said["type"] in ("O", "U"):
            self._asked[int(said["user_ref_num"])] = said

    def told(self, message: bytes) -> None:
        """Take a message of the exchange.

        Raises
        ------
        OuchLogError
            It is no OUCH, or it speaks of an order or a match that it cannot speak of.
        """
        self.messages += 1
        said = fields_of(message, outbound=True)
        letter = str(said["type"])
        number = int(said.get("user_ref_num", 0))
        if letter in "AU":
            self._begin(said, number)
        elif letter in "EC" or letter == "D":
            order = self._order(number, message)
            shares = int(said["quantity"])
            if shares > order.open:
                raise OuchLogError(f"order {number} has {order.open} shares open; {letter} speaks of {shares}")
            order.open -= shares
            if letter == "E":
                self._fill(order, shares, said)
            if not order.open:
                del self._orders[number]
        elif letter == "B":
            if int(said["match"]) not in self._fills:
                raise OuchLogError(f"match {said['match']} is broken, and no fill that stands has it")
            self._broken[int(said["match"])] = self._fills.pop(int(said["match"]))
        elif letter in "TR":
            self._order(number, message)
        elif letter == "M":
            order = self._order(number, message)
            order.side, order.open = str(said["side"]), int(said["quantity"])
        elif letter == "J" and number not in self._asked:
            raise OuchLogError(f"order {number} is rejected, and nobody asked for it")

    def holdings(self) -> dict[str, Holding]:
        """Give what it comes to, by symbol; a symbol that never was accepted is not there."""
        held: dict[str, Holding] = {}
        for symbol, signed, cash in self._fills.values():
            holding = held.setdefault(symbol, Holding())
            holding.position += signed
            holding.cash += cash
        for order in self._orders.values():
            holding = held.setdefault(order.symbol, Holding())
            if order.side == "B":
                holding.open_buy += order.open
            else:
                holding.open_sell += order.open
        return held

    def broken(self) -> dict[str, tuple[int, int]]:
        """Give position and cash that broken trades took back, by symbol: what a host has to put right."""
        taken: dict[str, tuple[int, int]] = {}
        for symbol, signed, cash in self._broken.values():
            before = taken.get(symbol, (0, 0))
            taken[symbol] = (before[0] - signed, before[1] - cash)
        return taken

    def _begin(self, said: dict[str, int | str], number: int) -> None:
        if number not in self._asked:
            raise OuchLogError(f"order {number} is answered with {said['type']}, and nobody asked for it")
        if said["type"] == "U":
            old = int(said["orig_user_ref_num"])
            if old not in self._orders or int(self._asked[number].get("orig_user_ref_num", 0)) != old:
                raise OuchLogError(f"order {old} is replaced by {number}, and it does not live or nobody asked for it")
            del self._orders[old]
        if said["state"] == "L":
            self._orders[number] = _Order(str(said["symbol"]), str(said["side"]), int(said["quantity"]))

    def _order(self, number: int, message: bytes) -> _Order:
        if number not in self._orders:
            raise OuchLogError(f"order {number} does not live, and is spoken of: {message.hex()}")
        return self._orders[number]

    def _fill(self, order: _Order, shares: int, said: dict[str, int | str]) -> None:
        match = int(said["match"])
        if match in self._fills:
            raise OuchLogError(f"match {match} comes twice")
        signed = shares if order.side == "B" else -shares
        a_share = (self.fee_add if said["liquidity"] == "A" else self.fee_remove) + self.commission
        self._fills[match] = (order.symbol, signed, -signed * int(said["price"]) * 100 - shares * a_share)
