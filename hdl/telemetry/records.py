"""The event records, described once: the gateware, the C header and the Python table come from here.

A record is 64 bytes, little-endian: a common header of 44 bytes and five 32-bit words whose names
depend on the type. 64-bit values take two words, low word first, named ``x_lo`` and ``x_hi``.
``make generate`` writes ``host-driver/include/pennywire_events.h`` and
``controlplane/card/event_table.py``; a test fails when they are stale.
"""

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["HEADER", "RECORDS", "RECORD_BYTES", "HeaderField", "RecordType"]

RECORD_BYTES = 64


@dataclass(frozen=True)
class HeaderField:
    """A field of the common header: byte offset, bytes, meaning."""

    name: str
    offset: int
    size: int
    meaning: str


HEADER = (
    HeaderField("type", 0, 1, "record type, a number of RECORDS"),
    HeaderField("slot", 1, 1, "slot, 255 for none"),
    HeaderField("side", 2, 1, "0 buy, 1 sell, 255 none"),
    HeaderField("detail", 3, 1, "per type: reason, flags or a letter"),
    HeaderField("sequence", 4, 4, "number of this record, from 1, wrapping: a jump is a loss"),
    HeaderField("card_time", 8, 8, "cycles of the card clock"),
    HeaderField("exchange_time", 16, 8, "ns since midnight of the message that caused it, 0 for none"),
    HeaderField("order", 24, 4, "user reference number, 0 for none"),
    HeaderField("chain", 28, 4, "user reference number of the first order of the chain, 0 for none"),
    HeaderField("cause", 32, 8, "feed sequence, or order-session count with bit 63 set; 0 for the host"),
    HeaderField("epoch", 40, 4, "configuration epoch"),
)


@dataclass(frozen=True)
class RecordType:
    """A record type: its number, its five words (``None``: unused, zero) and what ``detail`` means.

    ``bits`` has the header's fields that it fills beside ``type`` and what every record gets, with the bits that each
    takes at most; any other is none (``slot``, ``side``) or 0. It has words that take fewer than 32 bits too. The card
    keeps no more of a record than this. A ``side`` that may be none takes 2. With ``card_time`` a record brings its
    own time.
    """

    number: int
    name: str
    words: tuple[str | None, str | None, str | None, str | None, str | None]
    detail: str
    meaning: str
    bits: Mapping[str, int]


#: What a message of the feed leaves in a record, and what an order does; OUCH has 64 bits of time, ITCH 48.
_OF_FEED = {"exchange_time": 48, "cause": 64}
_OF_SLOT = {"slot": 8, **_OF_FEED}
_OF_SESSION = {"exchange_time": 64, "cause": 64}
_OF_ORDER = {"slot": 8, "side": 1, "order": 32, "chain": 32, **_OF_SESSION}
_LETTER = {"detail": 8}
_ORDER_FLAGS = {"flags": 6}


RECORDS = (
    RecordType(
        1,
        "ORDER_SENT",
        ("price", "shares", "latency_cycles", "previous", "flags"),
        "0 enter, 1 replace, 2 cancel, 3 modify",
        "an order's first byte left the card; flags: bits 0-1 module, 2-3 role, 4 immediate, 5 short",
        bits={**_OF_ORDER, **_ORDER_FLAGS, "detail": 2, "card_time": 64},
    ),
    RecordType(
        2,
        "ORDER_ACCEPTED",
        ("price", "shares", "reference_lo", "reference_hi", "flags"),
        "order state letter",
        "the exchange accepted it; flags as ORDER_SENT",
        bits={**_OF_ORDER, **_LETTER, **_ORDER_FLAGS},
    ),
    RecordType(
        3,
        "ORDER_REPLACED",
        ("price", "shares", "reference_lo", "reference_hi", "previous"),
        "order state letter",
        "the exchange replaced it; shares are exposed now",
        bits={**_OF_ORDER, **_LETTER},
    ),
    RecordType(
        4,
        "ORDER_EXECUTED",
        ("price", "shares", "match_lo", "match_hi", "leaves"),
        "liquidity flag letter",
        "a fill; leaves: shares still open on the order",
        bits={**_OF_ORDER, **_LETTER},
    ),
    RecordType(
        5,
        "ORDER_CANCELED",
        ("shares", "leaves", "prevented", "price", "flags"),
        "reason letter",
        "shares taken away; leaves still open; prevented and price: of self-match prevention (reason Q), the shares "
        "that would have met another order of ours, and at what price; else 0",
        bits={**_OF_ORDER, **_LETTER, **_ORDER_FLAGS},
    ),
    RecordType(
        6,
        "ORDER_REJECTED",
        ("reason", "shares", None, None, "flags"),
        "0",
        "refused by the exchange",
        bits={**_OF_ORDER, **_ORDER_FLAGS, "reason": 16},
    ),
    RecordType(
        7,
        "ORDER_RESTATED",
        (None, None, None, None, None),
        "reason letter",
        "restated: nothing changes on the card",
        bits={**_OF_ORDER, **_LETTER},
    ),
    RecordType(
        8,
        "ORDER_BROKEN",
        ("match_lo", "match_hi", "shares", "price", None),
        "reason letter",
        "a match was broken, or corrected: then shares and price are what stands now, else 0",
        bits={**_OF_ORDER, **_LETTER},
    ),
    RecordType(
        9,
        "ORDER_MODIFIED",
        ("shares", None, None, None, "flags"),
        "side letter",
        "another size or kind of sale, the same number; shares are exposed now",
        bits={**_OF_ORDER, **_LETTER, **_ORDER_FLAGS},
    ),
    RecordType(
        10,
        "GATE_REFUSED",
        ("price", "shares", None, None, "flags"),
        "number of the refusal",
        "the gate said no; flags as ORDER_SENT",
        bits={**_OF_ORDER, **_ORDER_FLAGS, "detail": 5},
    ),
    RecordType(
        11,
        "TRADE_PRINT",
        ("price", "shares", "match_lo", "match_hi", None),
        "market event kind",
        "a printed trade of the market",
        bits={**_OF_SLOT, "detail": 4},
    ),
    RecordType(
        12,
        "DEPTH",
        ("bid_price", "ask_price", "bid_volume", "ask_volume", "flags"),
        "0 periodic, 1 at a trigger",
        "best prices and five-level volumes (saturated); flag bits: bid incomplete, ask incomplete, locked, crossed, "
        "its five DEPTH_LEVEL records follow",
        bits={**_OF_SLOT, "detail": 1, "flags": 5},
    ),
    RecordType(
        13,
        "SYMBOL_STATE",
        ("locate", None, None, None, None),
        "bits as SlotFlags: bound, stale, halted, short_restricted, opened, market_open",
        "the state of a slot changed",
        bits={**_OF_SLOT, "detail": 6, "locate": 16},
    ),
    RecordType(
        14, "ARM", (None, None, None, None, None), "1 armed, 0 disarmed", "armed or disarmed", bits={"detail": 1}
    ),
    RecordType(
        15,
        "KILL",
        (None, None, None, None, None),
        "1 host, 2 lease ran out, 3 impossible answer, 4 released",
        "killed, or the kill was released",
        bits={"detail": 3},
    ),
    RecordType(
        16,
        "POSITION",
        ("position", "cash_lo", "cash_hi", "open_buy", "open_sell"),
        "0",
        "position (signed shares), cash (signed 1/1,000,000 dollar, after fees) and what could still fill",
        bits=_OF_SLOT,
    ),
    RecordType(
        17, "ORDER_SESSION", (None, None, None, None, None), "1 up, 0 down", "the order session", bits={"detail": 1}
    ),
    RecordType(
        18,
        "GAP",
        ("expected_lo", "expected_hi", "received_lo", "received_hi", None),
        "0 found, 1 filled: all of it has come, 2 lost: given up",
        "the feed's sequence jumped: nothing after it is trusted until it is filled",
        bits={"detail": 2, "cause": 64},
    ),
    RecordType(
        19,
        "STALE",
        (None, None, None, None, None),
        "1 gap, 2 order table full, 3 queue overflow, 4 host, 5 session change, 6 the feed's lines diverge, "
        "7 a snapshot did not load",
        "a slot's book is not whole",
        bits={**_OF_SLOT, "detail": 3},
    ),
    RecordType(
        20,
        "HEARTBEAT",
        ("token", "lease_lo", "lease_hi", None, None),
        "0",
        "the host's mark came by; everything before it was sent",
        bits={},
    ),
    RecordType(
        21,
        "TRIGGER",
        ("bid_volume", "ask_volume", "bid_price", "ask_price", "ratio"),
        "module",
        "a strategy decided to act; side is the side it takes; volumes saturate",
        bits={**_OF_SLOT, "side": 1, "detail": 2, "ratio": 16},
    ),
    RecordType(
        22,
        "ALARM",
        ("word0", "word1", None, None, None),
        "1 position unmanaged, 2 impossible order answer, 3 exit retries used up",
        "a person is needed; words of 1 and 3: shares to close, entry price; of 2: type letter of the answer, and 1 "
        "where its slot was stopped or 0 where the card was killed",
        bits={**_OF_SESSION, "slot": 8, "side": 2, "detail": 2, "order": 32},
    ),
    RecordType(
        23,
        "MARKET",
        (None, None, None, None, None),
        "system event letter",
        "a system event of the market",
        bits={**_OF_FEED, **_LETTER},
    ),
    RecordType(
        24,
        "ACCOUNT",
        ("next_number", "own_number", None, None, None),
        "0",
        "the exchange answered an Account Query: the number it would take next, and the card's own from now on",
        bits=_OF_SESSION,
    ),
    RecordType(
        25,
        "ORDER_EVENT",
        (None, None, None, None, None),
        "system event letter",
        "a system event of the order session; E: no order is taken any more today",
        bits={**_OF_SESSION, **_LETTER},
    ),
    RecordType(
        26,
        "ORDER_PRIORITY",
        ("price", "shares", "reference_lo", "reference_hi", "flags"),
        "display letter",
        "the exchange gave the order another reference number; shares are open",
        bits={**_OF_ORDER, **_LETTER, **_ORDER_FLAGS},
    ),
    RecordType(
        27,
        "CANCEL_ANSWER",
        ("shares", None, None, None, "flags"),
        "0 pending, 1 refused",
        "what the exchange said of a Cancel: it is on, or the order lives on; shares are open",
        bits={**_OF_ORDER, **_ORDER_FLAGS, "detail": 1},
    ),
    RecordType(
        28,
        "DEPTH_LEVEL",
        ("bid_price", "bid_shares", "ask_price", "ask_shares", None),
        "0 the best level to 4",
        "a level of both sides of the view that the slot's last DEPTH with the same cause told; zeros: no such level",
        bits={**_OF_SLOT, "detail": 3},
    ),
)
