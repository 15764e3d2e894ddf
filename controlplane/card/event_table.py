# fmt: off
# ruff: noqa: E501
"""The event records. Made from hdl/telemetry/records.py by scripts/generate.py: `make generate` writes it anew."""

from dataclasses import dataclass
from enum import IntEnum

__all__ = ["HEADER_FIELDS", "RECORDS", "RECORD_BYTES", "STRUCT_FORMAT", "RecordRow", "RecordType"]


@dataclass(frozen=True, slots=True)
class RecordRow:
    """A record type: names of its five words (``None``: unused), what ``detail`` means, what happened."""

    number: int
    name: str
    words: tuple[str | None, str | None, str | None, str | None, str | None]
    detail: str
    meaning: str


class RecordType(IntEnum):
    """Number of each record type."""

    ORDER_SENT = 1
    ORDER_ACCEPTED = 2
    ORDER_REPLACED = 3
    ORDER_EXECUTED = 4
    ORDER_CANCELED = 5
    ORDER_REJECTED = 6
    ORDER_RESTATED = 7
    ORDER_BROKEN = 8
    ORDER_MODIFIED = 9
    GATE_REFUSED = 10
    TRADE_PRINT = 11
    DEPTH = 12
    SYMBOL_STATE = 13
    ARM = 14
    KILL = 15
    POSITION = 16
    ORDER_SESSION = 17
    GAP = 18
    STALE = 19
    HEARTBEAT = 20
    TRIGGER = 21
    ALARM = 22
    MARKET = 23
    ACCOUNT = 24
    ORDER_EVENT = 25
    ORDER_PRIORITY = 26
    CANCEL_ANSWER = 27
    DEPTH_LEVEL = 28

RECORD_BYTES = 64
#: For the standard library's struct: the header's fields, then five words.
STRUCT_FORMAT = "<BBBBIQQIIQI5I"
HEADER_FIELDS = ("type", "slot", "side", "detail", "sequence", "card_time", "exchange_time", "order", "chain", "cause", "epoch")
RECORDS: dict[int, RecordRow] = {
    1: RecordRow(1, "ORDER_SENT", ("price", "shares", "latency_cycles", "previous", "flags"), "0 enter, 1 replace, 2 cancel, 3 modify", "an order's first byte left the card; flags: bits 0-1 module, 2-3 role, 4 immediate, 5 short"),
    2: RecordRow(2, "ORDER_ACCEPTED", ("price", "shares", "reference_lo", "reference_hi", "flags"), "order state letter", "the exchange accepted it; flags as ORDER_SENT"),
    3: RecordRow(3, "ORDER_REPLACED", ("price", "shares", "reference_lo", "reference_hi", "previous"), "order state letter", "the exchange replaced it; shares are exposed now"),
    4: RecordRow(4, "ORDER_EXECUTED", ("price", "shares", "match_lo", "match_hi", "leaves"), "liquidity flag letter", "a fill; leaves: shares still open on the order"),
    5: RecordRow(5, "ORDER_CANCELED", ("shares", "leaves", "prevented", "price", "flags"), "reason letter", "shares taken away; leaves still open; prevented and price: of self-match prevention (reason Q), the shares that would have met another order of ours, and at what price; else 0"),
    6: RecordRow(6, "ORDER_REJECTED", ("reason", "shares", None, None, "flags"), "0", "refused by the exchange"),
    7: RecordRow(7, "ORDER_RESTATED", (None, None, None, None, None), "reason letter", "restated: nothing changes on the card"),
    8: RecordRow(8, "ORDER_BROKEN", ("match_lo", "match_hi", "shares", "price", None), "reason letter", "a match was broken, or corrected: then shares and price are what stands now, else 0"),
    9: RecordRow(9, "ORDER_MODIFIED", ("shares", None, None, None, "flags"), "side letter", "another size or kind of sale, the same number; shares are exposed now"),
    10: RecordRow(10, "GATE_REFUSED", ("price", "shares", None, None, "flags"), "number of the refusal", "the gate said no; flags as ORDER_SENT"),
    11: RecordRow(11, "TRADE_PRINT", ("price", "shares", "match_lo", "match_hi", None), "market event kind", "a printed trade of the market"),
    12: RecordRow(12, "DEPTH", ("bid_price", "ask_price", "bid_volume", "ask_volume", "flags"), "0 periodic, 1 at a trigger", "best prices and five-level volumes (saturated); flag bits: bid incomplete, ask incomplete, locked, crossed, its five DEPTH_LEVEL records follow"),
    13: RecordRow(13, "SYMBOL_STATE", ("locate", None, None, None, None), "bits as SlotFlags: bound, stale, halted, short_restricted, opened, market_open", "the state of a slot changed"),
    14: RecordRow(14, "ARM", (None, None, None, None, None), "1 armed, 0 disarmed", "armed or disarmed"),
    15: RecordRow(15, "KILL", (None, None, None, None, None), "1 host, 2 lease ran out, 3 impossible answer, 4 released", "killed, or the kill was released"),
    16: RecordRow(16, "POSITION", ("position", "cash_lo", "cash_hi", "open_buy", "open_sell"), "0", "position (signed shares), cash (signed 1/1,000,000 dollar, after fees) and what could still fill"),
    17: RecordRow(17, "ORDER_SESSION", (None, None, None, None, None), "1 up, 0 down", "the order session"),
    18: RecordRow(18, "GAP", ("expected_lo", "expected_hi", "received_lo", "received_hi", None), "0 found, 1 filled: all of it has come, 2 lost: given up", "the feed's sequence jumped: nothing after it is trusted until it is filled"),
    19: RecordRow(19, "STALE", (None, None, None, None, None), "1 gap, 2 order table full, 3 queue overflow, 4 host, 5 session change, 6 the feed's lines diverge, 7 a snapshot did not load", "a slot's book is not whole"),
    20: RecordRow(20, "HEARTBEAT", ("token", "lease_lo", "lease_hi", None, None), "0", "the host's mark came by; everything before it was sent"),
    21: RecordRow(21, "TRIGGER", ("bid_volume", "ask_volume", "bid_price", "ask_price", "ratio"), "module", "a strategy decided to act; side is the side it takes; volumes saturate"),
    22: RecordRow(22, "ALARM", ("word0", "word1", None, None, None), "1 position unmanaged, 2 impossible order answer, 3 exit retries used up", "a person is needed; words of 1 and 3: shares to close, entry price; of 2: type letter of the answer, and 1 where its slot was stopped or 0 where the card was killed"),
    23: RecordRow(23, "MARKET", (None, None, None, None, None), "system event letter", "a system event of the market"),
    24: RecordRow(24, "ACCOUNT", ("next_number", "own_number", None, None, None), "0", "the exchange answered an Account Query: the number it would take next, and the card's own from now on"),
    25: RecordRow(25, "ORDER_EVENT", (None, None, None, None, None), "system event letter", "a system event of the order session; E: no order is taken any more today"),
    26: RecordRow(26, "ORDER_PRIORITY", ("price", "shares", "reference_lo", "reference_hi", "flags"), "display letter", "the exchange gave the order another reference number; shares are open"),
    27: RecordRow(27, "CANCEL_ANSWER", ("shares", None, None, None, "flags"), "0 pending, 1 refused", "what the exchange said of a Cancel: it is on, or the order lives on; shares are open"),
    28: RecordRow(28, "DEPTH_LEVEL", ("bid_price", "bid_shares", "ask_price", "ask_shares", None), "0 the best level to 4", "a level of both sides of the view that the slot's last DEPTH with the same cause told; zeros: no such level"),
}
