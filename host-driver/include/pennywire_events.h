// clang-format off
// Made from hdl/telemetry/records.py by scripts/generate.py. Do not edit: `make generate` writes it anew.
#ifndef PENNYWIRE_EVENTS_H
#define PENNYWIRE_EVENTS_H

#include <stddef.h>
#include <stdint.h>

// Records are little-endian, and so is every machine that this driver supports: no field is ever swapped.
#define PW_RECORD_BYTES 64
#define PW_RECORD_WORDS 5

enum pw_record_type {
    PW_RECORD_ORDER_SENT = 1, // an order's first byte left the card; flags: bits 0-1 module, 2-3 role, 4 immediate, 5 short
    PW_RECORD_ORDER_ACCEPTED = 2, // the exchange accepted it; flags as ORDER_SENT
    PW_RECORD_ORDER_REPLACED = 3, // the exchange replaced it; shares are exposed now
    PW_RECORD_ORDER_EXECUTED = 4, // a fill; leaves: shares still open on the order
    PW_RECORD_ORDER_CANCELED = 5, // shares taken away; leaves still open; prevented and price: of self-match prevention (reason Q), the shares that would have met another order of ours, and at what price; else 0
    PW_RECORD_ORDER_REJECTED = 6, // refused by the exchange
    PW_RECORD_ORDER_RESTATED = 7, // restated: nothing changes on the card
    PW_RECORD_ORDER_BROKEN = 8, // a match was broken, or corrected: then shares and price are what stands now, else 0
    PW_RECORD_ORDER_MODIFIED = 9, // another size or kind of sale, the same number; shares are exposed now
    PW_RECORD_GATE_REFUSED = 10, // the gate said no; flags as ORDER_SENT
    PW_RECORD_TRADE_PRINT = 11, // a printed trade of the market
    PW_RECORD_DEPTH = 12, // best prices and five-level volumes (saturated); flag bits: bid incomplete, ask incomplete, locked, crossed, its five DEPTH_LEVEL records follow
    PW_RECORD_SYMBOL_STATE = 13, // the state of a slot changed
    PW_RECORD_ARM = 14, // armed or disarmed
    PW_RECORD_KILL = 15, // killed, or the kill was released
    PW_RECORD_POSITION = 16, // position (signed shares), cash (signed 1/1,000,000 dollar, after fees) and what could still fill
    PW_RECORD_ORDER_SESSION = 17, // the order session
    PW_RECORD_GAP = 18, // the feed's sequence jumped: nothing after it is trusted until it is filled
    PW_RECORD_STALE = 19, // a slot's book is not whole
    PW_RECORD_HEARTBEAT = 20, // the host's mark came by; everything before it was sent
    PW_RECORD_TRIGGER = 21, // a strategy decided to act; side is the side it takes; volumes saturate
    PW_RECORD_ALARM = 22, // a person is needed; words of 1 and 3: shares to close, entry price; of 2: type letter of the answer, and 1 where its slot was stopped or 0 where the card was killed
    PW_RECORD_MARKET = 23, // a system event of the market
    PW_RECORD_ACCOUNT = 24, // the exchange answered an Account Query: the number it would take next, and the card's own from now on
    PW_RECORD_ORDER_EVENT = 25, // a system event of the order session; E: no order is taken any more today
    PW_RECORD_ORDER_PRIORITY = 26, // the exchange gave the order another reference number; shares are open
    PW_RECORD_CANCEL_ANSWER = 27, // what the exchange said of a Cancel: it is on, or the order lives on; shares are open
    PW_RECORD_DEPTH_LEVEL = 28 // a level of both sides of the view that the slot's last DEPTH with the same cause told; zeros: no such level
};

struct pw_record {
    uint8_t type; // record type, a number of RECORDS
    uint8_t slot; // slot, 255 for none
    uint8_t side; // 0 buy, 1 sell, 255 none
    uint8_t detail; // per type: reason, flags or a letter
    uint32_t sequence; // number of this record, from 1, wrapping: a jump is a loss
    uint64_t card_time; // cycles of the card clock
    uint64_t exchange_time; // ns since midnight of the message that caused it, 0 for none
    uint32_t order; // user reference number, 0 for none
    uint32_t chain; // user reference number of the first order of the chain, 0 for none
    uint64_t cause; // feed sequence, or order-session count with bit 63 set; 0 for the host
    uint32_t epoch; // configuration epoch
    uint32_t words[5]; // meaning by type, see PW_WORD_*
};

_Static_assert(offsetof(struct pw_record, type) == 0, "type is misplaced");
_Static_assert(offsetof(struct pw_record, slot) == 1, "slot is misplaced");
_Static_assert(offsetof(struct pw_record, side) == 2, "side is misplaced");
_Static_assert(offsetof(struct pw_record, detail) == 3, "detail is misplaced");
_Static_assert(offsetof(struct pw_record, sequence) == 4, "sequence is misplaced");
_Static_assert(offsetof(struct pw_record, card_time) == 8, "card_time is misplaced");
_Static_assert(offsetof(struct pw_record, exchange_time) == 16, "exchange_time is misplaced");
_Static_assert(offsetof(struct pw_record, order) == 24, "order is misplaced");
_Static_assert(offsetof(struct pw_record, chain) == 28, "chain is misplaced");
_Static_assert(offsetof(struct pw_record, cause) == 32, "cause is misplaced");
_Static_assert(offsetof(struct pw_record, epoch) == 40, "epoch is misplaced");
_Static_assert(offsetof(struct pw_record, words) == 44, "words are misplaced");
_Static_assert(sizeof(struct pw_record) == PW_RECORD_BYTES, "an event record has padding");

// Index of each named word.
#define PW_WORD_ORDER_SENT_PRICE 0
#define PW_WORD_ORDER_SENT_SHARES 1
#define PW_WORD_ORDER_SENT_LATENCY_CYCLES 2
#define PW_WORD_ORDER_SENT_PREVIOUS 3
#define PW_WORD_ORDER_SENT_FLAGS 4
#define PW_WORD_ORDER_ACCEPTED_PRICE 0
#define PW_WORD_ORDER_ACCEPTED_SHARES 1
#define PW_WORD_ORDER_ACCEPTED_REFERENCE_LO 2
#define PW_WORD_ORDER_ACCEPTED_REFERENCE_HI 3
#define PW_WORD_ORDER_ACCEPTED_FLAGS 4
#define PW_WORD_ORDER_REPLACED_PRICE 0
#define PW_WORD_ORDER_REPLACED_SHARES 1
#define PW_WORD_ORDER_REPLACED_REFERENCE_LO 2
#define PW_WORD_ORDER_REPLACED_REFERENCE_HI 3
#define PW_WORD_ORDER_REPLACED_PREVIOUS 4
#define PW_WORD_ORDER_EXECUTED_PRICE 0
#define PW_WORD_ORDER_EXECUTED_SHARES 1
#define PW_WORD_ORDER_EXECUTED_MATCH_LO 2
#define PW_WORD_ORDER_EXECUTED_MATCH_HI 3
#define PW_WORD_ORDER_EXECUTED_LEAVES 4
#define PW_WORD_ORDER_CANCELED_SHARES 0
#define PW_WORD_ORDER_CANCELED_LEAVES 1
#define PW_WORD_ORDER_CANCELED_PREVENTED 2
#define PW_WORD_ORDER_CANCELED_PRICE 3
#define PW_WORD_ORDER_CANCELED_FLAGS 4
#define PW_WORD_ORDER_REJECTED_REASON 0
#define PW_WORD_ORDER_REJECTED_SHARES 1
#define PW_WORD_ORDER_REJECTED_FLAGS 4
#define PW_WORD_ORDER_BROKEN_MATCH_LO 0
#define PW_WORD_ORDER_BROKEN_MATCH_HI 1
#define PW_WORD_ORDER_BROKEN_SHARES 2
#define PW_WORD_ORDER_BROKEN_PRICE 3
#define PW_WORD_ORDER_MODIFIED_SHARES 0
#define PW_WORD_ORDER_MODIFIED_FLAGS 4
#define PW_WORD_GATE_REFUSED_PRICE 0
#define PW_WORD_GATE_REFUSED_SHARES 1
#define PW_WORD_GATE_REFUSED_FLAGS 4
#define PW_WORD_TRADE_PRINT_PRICE 0
#define PW_WORD_TRADE_PRINT_SHARES 1
#define PW_WORD_TRADE_PRINT_MATCH_LO 2
#define PW_WORD_TRADE_PRINT_MATCH_HI 3
#define PW_WORD_DEPTH_BID_PRICE 0
#define PW_WORD_DEPTH_ASK_PRICE 1
#define PW_WORD_DEPTH_BID_VOLUME 2
#define PW_WORD_DEPTH_ASK_VOLUME 3
#define PW_WORD_DEPTH_FLAGS 4
#define PW_WORD_SYMBOL_STATE_LOCATE 0
#define PW_WORD_POSITION_POSITION 0
#define PW_WORD_POSITION_CASH_LO 1
#define PW_WORD_POSITION_CASH_HI 2
#define PW_WORD_POSITION_OPEN_BUY 3
#define PW_WORD_POSITION_OPEN_SELL 4
#define PW_WORD_GAP_EXPECTED_LO 0
#define PW_WORD_GAP_EXPECTED_HI 1
#define PW_WORD_GAP_RECEIVED_LO 2
#define PW_WORD_GAP_RECEIVED_HI 3
#define PW_WORD_HEARTBEAT_TOKEN 0
#define PW_WORD_HEARTBEAT_LEASE_LO 1
#define PW_WORD_HEARTBEAT_LEASE_HI 2
#define PW_WORD_TRIGGER_BID_VOLUME 0
#define PW_WORD_TRIGGER_ASK_VOLUME 1
#define PW_WORD_TRIGGER_BID_PRICE 2
#define PW_WORD_TRIGGER_ASK_PRICE 3
#define PW_WORD_TRIGGER_RATIO 4
#define PW_WORD_ALARM_WORD0 0
#define PW_WORD_ALARM_WORD1 1
#define PW_WORD_ACCOUNT_NEXT_NUMBER 0
#define PW_WORD_ACCOUNT_OWN_NUMBER 1
#define PW_WORD_ORDER_PRIORITY_PRICE 0
#define PW_WORD_ORDER_PRIORITY_SHARES 1
#define PW_WORD_ORDER_PRIORITY_REFERENCE_LO 2
#define PW_WORD_ORDER_PRIORITY_REFERENCE_HI 3
#define PW_WORD_ORDER_PRIORITY_FLAGS 4
#define PW_WORD_CANCEL_ANSWER_SHARES 0
#define PW_WORD_CANCEL_ANSWER_FLAGS 4
#define PW_WORD_DEPTH_LEVEL_BID_PRICE 0
#define PW_WORD_DEPTH_LEVEL_BID_SHARES 1
#define PW_WORD_DEPTH_LEVEL_ASK_PRICE 2
#define PW_WORD_DEPTH_LEVEL_ASK_SHARES 3

struct pw_record_row {
    uint8_t type;
    const char *name;
    const char *words[PW_RECORD_WORDS]; // NULL where unused
    const char *detail;
};

#define PW_RECORD_ROWS 28

// Define PW_EVENT_TABLES in the one source file that wants the table.
#ifdef PW_EVENT_TABLES
static const struct pw_record_row pw_record_rows[PW_RECORD_ROWS] = {
    {1, "ORDER_SENT", {"price", "shares", "latency_cycles", "previous", "flags"}, "0 enter, 1 replace, 2 cancel, 3 modify"},
    {2, "ORDER_ACCEPTED", {"price", "shares", "reference_lo", "reference_hi", "flags"}, "order state letter"},
    {3, "ORDER_REPLACED", {"price", "shares", "reference_lo", "reference_hi", "previous"}, "order state letter"},
    {4, "ORDER_EXECUTED", {"price", "shares", "match_lo", "match_hi", "leaves"}, "liquidity flag letter"},
    {5, "ORDER_CANCELED", {"shares", "leaves", "prevented", "price", "flags"}, "reason letter"},
    {6, "ORDER_REJECTED", {"reason", "shares", NULL, NULL, "flags"}, "0"},
    {7, "ORDER_RESTATED", {NULL, NULL, NULL, NULL, NULL}, "reason letter"},
    {8, "ORDER_BROKEN", {"match_lo", "match_hi", "shares", "price", NULL}, "reason letter"},
    {9, "ORDER_MODIFIED", {"shares", NULL, NULL, NULL, "flags"}, "side letter"},
    {10, "GATE_REFUSED", {"price", "shares", NULL, NULL, "flags"}, "number of the refusal"},
    {11, "TRADE_PRINT", {"price", "shares", "match_lo", "match_hi", NULL}, "market event kind"},
    {12, "DEPTH", {"bid_price", "ask_price", "bid_volume", "ask_volume", "flags"}, "0 periodic, 1 at a trigger"},
    {13, "SYMBOL_STATE", {"locate", NULL, NULL, NULL, NULL}, "bits as SlotFlags: bound, stale, halted, short_restricted, opened, market_open"},
    {14, "ARM", {NULL, NULL, NULL, NULL, NULL}, "1 armed, 0 disarmed"},
    {15, "KILL", {NULL, NULL, NULL, NULL, NULL}, "1 host, 2 lease ran out, 3 impossible answer, 4 released"},
    {16, "POSITION", {"position", "cash_lo", "cash_hi", "open_buy", "open_sell"}, "0"},
    {17, "ORDER_SESSION", {NULL, NULL, NULL, NULL, NULL}, "1 up, 0 down"},
    {18, "GAP", {"expected_lo", "expected_hi", "received_lo", "received_hi", NULL}, "0 found, 1 filled: all of it has come, 2 lost: given up"},
    {19, "STALE", {NULL, NULL, NULL, NULL, NULL}, "1 gap, 2 order table full, 3 queue overflow, 4 host, 5 session change, 6 the feed's lines diverge, 7 a snapshot did not load"},
    {20, "HEARTBEAT", {"token", "lease_lo", "lease_hi", NULL, NULL}, "0"},
    {21, "TRIGGER", {"bid_volume", "ask_volume", "bid_price", "ask_price", "ratio"}, "module"},
    {22, "ALARM", {"word0", "word1", NULL, NULL, NULL}, "1 position unmanaged, 2 impossible order answer, 3 exit retries used up"},
    {23, "MARKET", {NULL, NULL, NULL, NULL, NULL}, "system event letter"},
    {24, "ACCOUNT", {"next_number", "own_number", NULL, NULL, NULL}, "0"},
    {25, "ORDER_EVENT", {NULL, NULL, NULL, NULL, NULL}, "system event letter"},
    {26, "ORDER_PRIORITY", {"price", "shares", "reference_lo", "reference_hi", "flags"}, "display letter"},
    {27, "CANCEL_ANSWER", {"shares", NULL, NULL, NULL, "flags"}, "0 pending, 1 refused"},
    {28, "DEPTH_LEVEL", {"bid_price", "bid_shares", "ask_price", "ask_shares", NULL}, "0 the best level to 4"},
};
#endif

#endif
