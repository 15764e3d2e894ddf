"""OUCH 5.0 at the exchange's end: what a client asks, read and checked; what the exchange answers, written.

Both from the tables of ``hdl.wire.ouch50``; nothing is shared with the card's encoder.
"""

from dataclasses import dataclass

from hdl.wire import ouch50
from hdl.wire.fields import Value

__all__ = ["AccountQuery", "Cancel", "Enter", "Modify", "OuchError", "Replace", "Request", "answer", "read"]

SIDES = ("B", "S", "T", "E")
TIMES_IN_FORCE = ("0", "3")
#: Option tag: the order is not to take (``P``).
TAG_POST_ONLY = 12
_OPTIONS = (TAG_POST_ONLY, ouch50.TAG_SHARES_LOCATED)
_KNOWN = "post-only (12) and SharesLocated (25)"


class OuchError(ValueError):
    """A message that is no OUCH, or that asks for what this exchange does not have."""


@dataclass(frozen=True, slots=True)
class Enter:
    """Enter Order. ``side`` B, S, T or E; ``price`` in 1/10,000 dollar; ``located``: SharesLocated ``Y``.

    ``post_only``: it is not to take.
    """

    user_ref: int
    side: str
    shares: int
    symbol: str
    price: int
    immediate: bool
    capacity: str
    clordid: str
    located: bool
    post_only: bool = False


@dataclass(frozen=True, slots=True)
class Replace:
    """Replace Order. ``shares``: the whole chain's liability, executions included. What it says of post-only counts."""

    orig_user_ref: int
    user_ref: int
    shares: int
    price: int
    immediate: bool
    clordid: str
    post_only: bool = False


@dataclass(frozen=True, slots=True)
class Cancel:
    """Cancel Order. ``shares``: the new intended total, executions included; 0 cancels what is open."""

    user_ref: int
    shares: int


@dataclass(frozen=True, slots=True)
class Modify:
    """Modify Order: another size or another kind of sale, without a new number."""

    user_ref: int
    side: str
    shares: int


@dataclass(frozen=True, slots=True)
class AccountQuery:
    """Account Query: what number is next?"""


Request = Enter | Replace | Cancel | Modify | AccountQuery


def _number(value: Value) -> int:
    assert isinstance(value, int)
    return value


def read(message: bytes) -> Request:
    """Read a message of the client.

    Raises
    ------
    OuchError
        It is no message of OUCH 5.0, or it asks for a time in force, a display, a cross or an option that this
        exchange does not have.
    """
    try:
        decoded = ouch50.decode(ouch50.IN, message)
    except ValueError as error:
        raise OuchError(f"client message {message.hex()}: {error}") from error
    fields = decoded.fields
    letter = decoded.format.type
    if letter == "Q":
        return AccountQuery()
    user_ref = _number(fields["user_ref_num"])
    shares = _number(fields["quantity"])
    if "side" in fields:
        _one_of("side", fields["side"], SIDES)
    if letter == "X":
        return Cancel(user_ref, shares)
    if letter == "M":
        return Modify(user_ref, str(fields["side"]), shares)
    _one_of("time in force", fields["time_in_force"], TIMES_IN_FORCE)
    _one_of("display", fields["display"], ("Y",))
    immediate, clordid = fields["time_in_force"] == "3", str(fields["clordid"])
    for tag, _ in decoded.options:
        if tag not in _OPTIONS:
            raise OuchError(f"option {tag} of order {user_ref} is not known here; {_KNOWN} are")
    post_only = (TAG_POST_ONLY, b"P") in decoded.options
    price = _number(fields["price"])
    if letter == "U":
        return Replace(_number(fields["orig_user_ref_num"]), user_ref, shares, price, immediate, clordid, post_only)
    _one_of("cross type", fields["cross_type"], ("N",))
    return Enter(
        user_ref,
        str(fields["side"]),
        shares,
        str(fields["symbol"]),
        price,
        immediate,
        str(fields["capacity"]),
        clordid,
        (ouch50.TAG_SHARES_LOCATED, b"Y") in decoded.options,
        post_only,
    )


def _one_of(what: str, value: Value, known: tuple[str, ...]) -> None:
    if value not in known:
        raise OuchError(f"{what} {value!r} is not one of {', '.join(known)}")


def answer(letter: str, time: int, **fields: Value) -> bytes:
    """Write an answer. ``time``: ns since midnight.

    Raises
    ------
    hdl.wire.fields.WireError
        A field is missing, unknown or does not fit.
    """
    return ouch50.encode(ouch50.OUT[letter], b"", timestamp=time, **fields)
