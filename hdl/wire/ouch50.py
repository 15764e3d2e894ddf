"""OUCH 5.0: the order session's messages, as data.

Source: Nasdaq OUCH 5.0 specification (April 2023), sections 2 and 3 for the tables, 1.2 for the options. Messages are
listed without the session framing around them. ``IN`` are the client's messages, ``OUT`` the exchange's; several
letters mean one thing in one direction and another in the other.

The fixed part of some messages ends with ``appendage_length``; that many bytes of options follow, each a length byte
(of what follows it), a tag byte and a value.
"""

from dataclasses import dataclass, field

from hdl.wire.fields import Field, Kind, MessageFormat, Value, WireError

__all__ = [
    "IN",
    "MAX_QUANTITY",
    "OUT",
    "TAG_POST_ONLY",
    "TAG_SHARES_LOCATED",
    "Decoded",
    "decode",
    "encode",
    "option",
    "split_options",
]

#: A quantity is above zero and below this.
MAX_QUANTITY = 1_000_000
#: Option tag: the order is to add liquidity and never to take it (``P``).
TAG_POST_ONLY = 12
#: Option tag: the shares of a short sale are located (``Y``).
TAG_SHARES_LOCATED = 25

_KINDS = {"u": Kind.UINT, "p": Kind.PRICE4, "t": Kind.TIME, "a": Kind.ALPHA}

# One line a message: letter, name, then field:width+kind. The type letter is implied.
_IN = """
O enter_order        user_ref_num:4u side:1a quantity:4u symbol:8a price:8p time_in_force:1a display:1a capacity:1a
                     inter_market_sweep_eligibility:1a cross_type:1a clordid:14a appendage_length:2u
U replace_order      orig_user_ref_num:4u user_ref_num:4u quantity:4u price:8p time_in_force:1a display:1a
                     inter_market_sweep_eligibility:1a clordid:14a appendage_length:2u
X cancel_order       user_ref_num:4u quantity:4u
M modify_order       user_ref_num:4u side:1a quantity:4u
Q account_query
"""
_OUT = """
S system_event       timestamp:8t event_code:1a
A accepted           timestamp:8t user_ref_num:4u side:1a quantity:4u symbol:8a price:8p time_in_force:1a display:1a
                     order_reference_number:8u capacity:1a inter_market_sweep_eligibility:1a cross_type:1a
                     order_state:1a clordid:14a appendage_length:2u
U replaced           timestamp:8t orig_user_ref_num:4u user_ref_num:4u side:1a quantity:4u symbol:8a price:8p
                     time_in_force:1a display:1a order_reference_number:8u capacity:1a
                     inter_market_sweep_eligibility:1a cross_type:1a order_state:1a clordid:14a appendage_length:2u
C canceled           timestamp:8t user_ref_num:4u quantity:4u reason:1a
D aiq_canceled       timestamp:8t user_ref_num:4u decrement_shares:4u reason:1a quantity_prevented_from_trading:4u
                     execution_price:8p liquidity_flag:1a aiq_strategy:1a
E executed           timestamp:8t user_ref_num:4u quantity:4u price:8p liquidity_flag:1a match_number:8u
                     appendage_length:2u
B broken_trade       timestamp:8t user_ref_num:4u match_number:8u reason:1a clordid:14a
F trade_correction   timestamp:8t user_ref_num:4u quantity:4u price:8p liquidity_flag:1a match_number:8u reason:1a
                     clordid:14a
J rejected           timestamp:8t user_ref_num:4u reason:2u clordid:14a
P cancel_pending     timestamp:8t user_ref_num:4u
I cancel_reject      timestamp:8t user_ref_num:4u
T priority_update    timestamp:8t user_ref_num:4u price:8p display:1a order_reference_number:8u
M order_modified     timestamp:8t user_ref_num:4u side:1a quantity:4u
R order_restated     timestamp:8t user_ref_num:4u reason:1a appendage_length:2u
Q account_query_response timestamp:8t next_user_ref_num:4u
"""


def _formats(table: str) -> dict[str, MessageFormat]:
    formats: dict[str, MessageFormat] = {}
    # A line that starts with a space goes on with the message above it.
    for row in table.strip().replace("\n ", " ").splitlines():
        letter, name, *specs = row.split()
        fields, at = [Field("type", 0, 1, Kind.ALPHA, letter)], 1
        for spec in specs:
            word, _, size = spec.partition(":")
            width = int(size[:-1])
            default = 0 if word == "appendage_length" else None
            fields.append(Field(word, at, width, _KINDS[size[-1]], default))
            at += width
        formats[letter] = MessageFormat(name, tuple(fields), letter)
    return formats


#: Messages of the client, by type letter.
IN = _formats(_IN)
#: Messages of the exchange, by type letter.
OUT = _formats(_OUT)


@dataclass(frozen=True)
class Decoded:
    """A message taken apart.

    Attributes
    ----------
    format : MessageFormat
        Which message it is.
    fields : dict
        Values by field name; text keeps its padding.
    options : tuple of (int, bytes)
        Tag and value of every option, in wire order; unknown tags too.
    """

    format: MessageFormat
    fields: dict[str, Value]
    options: tuple[tuple[int, bytes], ...] = field(default=())


def option(tag: int, value: bytes) -> bytes:
    """Bytes of one option.

    Raises
    ------
    WireError
        The tag does not fit a byte, or the value is longer than 254 bytes.
    """
    if not 0 <= tag <= 0xFF or len(value) > 0xFE:
        raise WireError(f"option {tag} of {len(value)} bytes does not fit: tag 0 to 255, at most 254 bytes")
    return bytes((len(value) + 1, tag)) + value


def split_options(appendage: bytes) -> tuple[tuple[int, bytes], ...]:
    """Options in an appendage, in order.

    Raises
    ------
    WireError
        A length runs past the end, or is zero.
    """
    options, at = [], 0
    while at < len(appendage):
        size = appendage[at]
        if size == 0 or at + 1 + size > len(appendage):
            raise WireError(f"option at byte {at} says {size} bytes, {len(appendage) - at - 1} are there")
        options.append((appendage[at + 1], appendage[at + 2 : at + 1 + size]))
        at += 1 + size
    return tuple(options)


def encode(message: MessageFormat, appendage: bytes = b"", **values: Value) -> bytes:
    """Bytes of a message with its appendage.

    Raises
    ------
    WireError
        A field is wrong, or the message can carry no appendage.
    """
    if not appendage:
        return message.pack(**values)
    if "appendage_length" not in message:
        raise WireError(f"{message.name} carries no appendage")
    return message.pack(**values, appendage_length=len(appendage)) + appendage


def decode(formats: dict[str, MessageFormat], data: bytes) -> Decoded:
    """Take a message apart; ``formats`` is ``IN`` or ``OUT``.

    Raises
    ------
    WireError
        The type is unknown, or the length is not what type and appendage say.
    """
    letter = data[:1].decode("latin-1")
    if letter not in formats:
        raise WireError(f"no message has type {letter!r}; the types are {''.join(formats)}")
    message = formats[letter]
    fields = message.unpack(data[: message.length])
    appendage = data[message.length :]
    if len(appendage) != fields.get("appendage_length", 0):
        raise WireError(
            f"{message.name} has {len(appendage)} bytes after its fixed part and says "
            f"{fields.get('appendage_length', 0)}"
        )
    return Decoded(message, fields, split_options(appendage))
