/* The reader of snapshots, on snapshots written by hand from the tables of ITCH 5.0 and
 * GLIMPSE 5.0. */
#include "../src/glimpse.h"

#include "check.h"
#include "made_snapshot.h"
#include "pennywire.h"

static struct made_snapshot made;
static struct pw_glimpse glimpse;

/* Read what was made in parts of a size; returns the last step. */
static int read_made(size_t part) {
    pw_glimpse_start(&glimpse, made_symbol("AAPL"));
    int step = PW_GLIMPSE_MORE;
    for (size_t at = 0, used = 0; at < made.size; at += used) {
        step = pw_glimpse_read(&glimpse, made.bytes + at,
                               made.size - at < part ? made.size - at : part, &used);
        if (step < 0 || step == PW_GLIMPSE_END)
            return step;
    }
    return step;
}

static void a_whole_one(void) {
    made_start(&made);
    made_system(&made, 'O');
    made_system(&made, 'Q');
    made_directory(&made, 7, "MSFT");
    made_directory(&made, 13, "AAPL");
    made_state(&made, 'H', 7, "MSFT", 'T');
    made_state(&made, 'H', 13, "AAPL", 'T');
    made_state(&made, 'Y', 13, "AAPL", '0');
    made_order(&made, 7, "MSFT", 5, 'B', 100, 10000);
    made_order(&made, 13, "AAPL", 0x123456789abcdef1, 'S', 0xfffffffe, 0x77359400);
    made_order(&made, 13, "AAPL", 9, 'B', 1, 1);
    made_end(&made, "                 777");
    for (size_t part = 1; part < 300; part += part < 60 ? 1 : 97) {
        CHECK_EQUAL(read_made(part), PW_GLIMPSE_END);
        CHECK_EQUAL(glimpse.orders, 2);
        CHECK_EQUAL(glimpse.sequence, 777);
        CHECK_EQUAL(glimpse.locate, 13);
        CHECK(glimpse.trading && glimpse.unrestricted && !glimpse.halted_here);
        CHECK(glimpse.market_known && glimpse.market_open);
        CHECK(glimpse.order.reference == 9 && glimpse.order.shares == 1 && !glimpse.order.sells);
    }
    size_t used, at = 0;
    pw_glimpse_start(&glimpse, made_symbol("AAPL"));
    CHECK_EQUAL(pw_glimpse_read(&glimpse, made.bytes, made.size, &used), PW_GLIMPSE_ORDER);
    at += used;
    CHECK(glimpse.order.reference == 0x123456789abcdef1 && glimpse.order.sells);
    CHECK(glimpse.order.shares == 0xfffffffe && glimpse.order.price == 0x77359400);
    CHECK_EQUAL(pw_glimpse_read(&glimpse, made.bytes + at, made.size - at, &used),
                PW_GLIMPSE_ORDER);
}

static void what_is_not_said_is_not_allowed(void) {
    made_start(&made);
    made_state(&made, 'H', 7, "MSFT", 'T');
    made_order(&made, 13, "AAPL", 9, 'B', 1, 1);
    made_end(&made, "777                 ");
    CHECK_EQUAL(read_made(SIZE_MAX), PW_GLIMPSE_END);
    CHECK_EQUAL(glimpse.sequence, 777);
    CHECK(!glimpse.trading && !glimpse.unrestricted && !glimpse.market_known);
    made_start(&made);
    made_system(&made, 'Q');
    made_system(&made, 'M');
    made_state(&made, 'H', 13, "AAPL", 'T');
    made_state(&made, 'H', 13, "AAPL", 'P');
    made_state(&made, 'Y', 13, "AAPL", '2');
    made_operational(&made, 13, "AAPL", 'B', 'H');
    CHECK_EQUAL(read_made(3), PW_GLIMPSE_MORE);
    CHECK(!glimpse.trading && !glimpse.unrestricted && !glimpse.market_open &&
          !glimpse.halted_here);
    made_operational(&made, 13, "AAPL", 'Q', 'H');
    CHECK_EQUAL(read_made(3), PW_GLIMPSE_MORE);
    CHECK(glimpse.halted_here);
}

/* Every message cut short or made long by a byte, wrong letters, wrong numbers. */
static void nonsense(void) {
    static const struct {
        size_t at;
        uint8_t value;
        const char *words;
    } wrong[] = {
        {2 + 19, 'X', "neither B nor S"},
        {2 + 20 + 3, 0, "no shares"},
        {2 + 32 + 3, 0, "at no price"},
        {2 + 2, 0, "locate is 0"},
        {1, 35, "length is not that of its type"},
        {1, 37, "length is not that of its type"},
        {38 + 1, 20, "length is not that of its type"},
        {38 + 2 + 1 + 19, 'x', "not a number above zero"},
        {38 + 2 + 1 + 3, ' ', "not a number above zero"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        made_start(&made);
        made_order(&made, 13, "AAPL", 9, 'B', 1, 1);
        made_end(&made, "00012345678901234567");
        CHECK_EQUAL(read_made(5), PW_GLIMPSE_END);
        CHECK_EQUAL(glimpse.sequence, INT64_C(12345678901234567));
        made.bytes[wrong[i].at] = wrong[i].value;
        CHECK_EQUAL(read_made(5), PW_ERROR_PROTOCOL);
        CHECK_TEXT(pw_last_error(), wrong[i].words);
    }
    made_start(&made);
    made_end(&made, "18446744073709551616"); /* 2^64 */
    CHECK_EQUAL(read_made(50), PW_ERROR_PROTOCOL);
    made_start(&made);
    made_end(&made, "                   0");
    CHECK_EQUAL(read_made(50), PW_ERROR_PROTOCOL);
    made_start(&made);
    made_order(&made, 13, "AAPL", 9, 'B', 1, 1);
    made_order(&made, 14, "AAPL", 10, 'B', 1, 1);
    CHECK_EQUAL(read_made(50), PW_ERROR_PROTOCOL);
    CHECK_TEXT(pw_last_error(), "another than the symbol had before");
    made_start(&made);
    made_order(&made, 13, "AAPL", 9, 'B', 1, 1);
    made.bytes[made.size++] = 0; /* BinaryFILE's end of session */
    made.bytes[made.size++] = 0;
    CHECK_EQUAL(read_made(50), PW_ERROR_PROTOCOL);
    CHECK_TEXT(pw_last_error(), "without an End of Snapshot");
}

static void unknown_types_are_skipped_by_length(void) {
    made_start(&made);
    made_raw(&made, "z", 1);
    made_raw(&made, NULL, 3000);
    made_order(&made, 13, "AAPL", 9, 'B', 1, 1);
    made_raw(&made, NULL, 65);
    made_end(&made, "                   1");
    CHECK_EQUAL(read_made(7), PW_GLIMPSE_END);
    CHECK_EQUAL(glimpse.orders, 1);
}

int main(void) {
    RUN(a_whole_one);
    RUN(what_is_not_said_is_not_allowed);
    RUN(nonsense);
    RUN(unknown_types_are_skipped_by_length);
    return RESULT;
}
