/* Card time on the host's clock: the error that is stated is never exceeded. */
#include <stdlib.h>
#include <time.h>

#include "check.h"
#include "fake_card.h"
#include "pennywire.h"

/* The fake card's clock is the host's, in cycles of 6.4 ns, so the truth is known. */
static const int64_t ms = 1000000;

static struct fake_card *fake;
static struct pw_card *card;

static int64_t true_ns(uint64_t cycles) {
    return (int64_t)(cycles * 32 / 5);
}

static void the_error_is_a_bound(void) {
    struct pw_time_map map;
    int64_t worst = 0;
    for (int i = 0; i < 200; i++) {
        CHECK_EQUAL(pw_time_map(card, 1, &map), PW_OK);
        const int64_t off = llabs(map.host_ns - true_ns(map.card_cycles));
        worst = off > worst ? off : worst;
        CHECK(off <= (int64_t)map.error_ns);
    }
    CHECK(worst > 0);
    /* The card looks at its clock at the very beginning of a long round trip. */
    fake_card_mode(fake, FAKE_SLOW, 1);
    CHECK_EQUAL(pw_time_map(card, 1, &map), PW_OK);
    const int64_t off = llabs(map.host_ns - true_ns(map.card_cycles));
    CHECK(off > 5 * ms && off <= (int64_t)map.error_ns);
    /* Of several tries the quickest counts. */
    fake_card_mode(fake, FAKE_SLOW, 3);
    CHECK_EQUAL(pw_time_map(card, 10, &map), PW_OK);
    CHECK(map.error_ns < (uint64_t)(10 * ms));
}

static void other_times_follow_from_it(void) {
    struct pw_time_map map;
    int64_t host = 0;
    uint64_t error = 0;
    CHECK_EQUAL(pw_time_map(card, 10, &map), PW_OK);
    CHECK_EQUAL(pw_time_to_host(card, &map, map.card_cycles, &host, &error), PW_OK);
    CHECK_EQUAL(host, map.host_ns);
    CHECK_EQUAL(error, map.error_ns + 600);
    CHECK_EQUAL(pw_time_to_host(card, &map, map.card_cycles + 1562500000, &host, &error), PW_OK);
    CHECK_EQUAL(host, map.host_ns + 10000 * ms); /* ten seconds on, the clocks 6 ms apart at most */
    CHECK_EQUAL(error, map.error_ns + (uint64_t)(6 * ms) + 600);
    CHECK_EQUAL(pw_time_to_host(card, &map, map.card_cycles - 156250, &host, &error), PW_OK);
    CHECK_EQUAL(host, map.host_ns - 1 * ms);
    CHECK_EQUAL(pw_time_to_host(card, &map, UINT64_MAX, &host, &error), PW_ERROR_ARGUMENT);
    CHECK_TEXT(pw_last_error(), "centuries");
}

static void what_makes_no_sense_is_refused(void) {
    struct pw_time_map map;
    int64_t host;
    uint64_t error;
    CHECK_EQUAL(pw_time_map(card, 0, &map), PW_ERROR_ARGUMENT);
    CHECK_EQUAL(pw_time_map(NULL, 1, &map), PW_ERROR_ARGUMENT);
    CHECK_EQUAL(pw_time_to_host(card, NULL, 1, &host, &error), PW_ERROR_ARGUMENT);
    pw_close(card);
    fake_card_set(fake, 0x38, 1); /* identity.flags.soft */
    CHECK_EQUAL(pw_open(fake_card_url(fake), NULL, &card), PW_OK);
    CHECK_EQUAL(pw_time_map(card, 1, &map), PW_ERROR_REFUSED);
    CHECK_TEXT(pw_last_error(), "soft card");
}

int main(int number, char **arguments) {
    fake = fake_card_start(number > 1 ? arguments[1] : ".");
    fake_card_run_clock(fake);
    if (pw_open(fake_card_url(fake), NULL, &card) != PW_OK) {
        fputs(pw_last_error(), stderr);
        return 1;
    }
    RUN(the_error_is_a_bound);
    RUN(other_times_follow_from_it);
    RUN(what_makes_no_sense_is_refused);
    pw_close(card);
    fake_card_stop(fake);
    return RESULT;
}
