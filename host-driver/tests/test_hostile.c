/* Requests to a card that misbehaves: never a wrong value, never a hang, and a clear error. */
#include <time.h>

#include "check.h"
#include "fake_card.h"
#include "pennywire.h"
#include "pennywire_registers.h"

enum { TIME = 0x118, LEASE = 0x110, SHORT_WAIT_MS = 50 };

static const char *directory;
static struct fake_card *fake;

static struct pw_card *open_card(uint32_t attempts) {
    const struct pw_options options = {.timeout_ms = SHORT_WAIT_MS, .attempts = attempts};
    struct pw_card *card;
    CHECK_EQUAL(pw_open(fake_card_url(fake), &options, &card), PW_OK);
    return card;
}

/* An answer of this kind is refused with this status and words, and the next request is right. */
static void refuse(enum fake_mode mode, int status, const char *words) {
    struct pw_card *card = open_card(1);
    fake_card_set(fake, TIME, 1234);
    fake_card_mode(fake, mode, 1);
    uint64_t value = 99;
    CHECK_EQUAL(pw_read(card, "control.time", &value), status);
    CHECK_EQUAL(value, 99);
    CHECK_TEXT(pw_last_error(), words);
    fake_card_mode(fake, FAKE_RIGHT, 0);
    CHECK_EQUAL(pw_read(card, "control.time", &value), PW_OK);
    CHECK_EQUAL(value, 1234);
    pw_close(card);
}

static void answers_that_make_no_sense(void) {
    refuse(FAKE_SHORT, PW_ERROR_PROTOCOL, "answer of 24 bytes where 1 items make 32");
    refuse(FAKE_STUB, PW_ERROR_TIMEOUT, "dropped a datagram of 5 bytes");
    refuse(FAKE_LONG, PW_ERROR_PROTOCOL, "answer of 40 bytes");
    if (fake_card_xdp()) /* no frame holds it: it comes in fragments, which stay with the kernel */
        refuse(FAKE_HUGE, PW_ERROR_TIMEOUT, "come by another queue of the interface, or in frag");
    else
        refuse(FAKE_HUGE, PW_ERROR_PROTOCOL, "answer of 40032 bytes");
    refuse(FAKE_WRONG_REQUEST, PW_ERROR_TIMEOUT, "dropped an answer to request");
    refuse(FAKE_WRONG_VERSION, PW_ERROR_UNKNOWN_CARD, "version 2");
    refuse(FAKE_WRONG_MAGIC, PW_ERROR_TIMEOUT, "dropped a datagram with magic 0x5758");
    refuse(FAKE_WRONG_KIND, PW_ERROR_PROTOCOL, "kind 0x01 answered with kind 0x82");
    refuse(FAKE_WRONG_COUNT, PW_ERROR_PROTOCOL, "request of 1 items answered with 2");
    refuse(FAKE_WRONG_ADDRESS, PW_ERROR_PROTOCOL, "address 0x120, asked was 0x118");
    refuse(FAKE_WRONG_STATUS, PW_ERROR_PROTOCOL, "unknown status 2147483648");
    refuse(FAKE_REFUSED, PW_ERROR_PROTOCOL, "status 3 (bad count or length)");
    refuse(FAKE_VERSION_STATUS, PW_ERROR_UNKNOWN_CARD, "status 1");
    refuse(FAKE_SILENT, PW_ERROR_TIMEOUT, "no answer from the card in 50 ms");
}

static void late_answers_are_dropped(void) {
    struct pw_card *card = open_card(1);
    uint64_t value = 99;
    fake_card_set(fake, TIME, 1);
    fake_card_mode(fake, FAKE_LATE, 1);
    CHECK_EQUAL(pw_read(card, "control.time", &value), PW_ERROR_TIMEOUT);
    /* The late answer, with the value 1, comes before this one's. */
    fake_card_set(fake, TIME, 2);
    CHECK_EQUAL(pw_read(card, "control.time", &value), PW_OK);
    CHECK_EQUAL(value, 2);
    pw_close(card);
}

static void second_copies_are_dropped(void) {
    struct pw_card *card = open_card(1);
    fake_card_mode(fake, FAKE_TWICE, 3);
    for (uint64_t i = 10; i < 15; i++) {
        uint64_t value;
        fake_card_set(fake, TIME, i);
        CHECK_EQUAL(pw_read(card, "control.time", &value), PW_OK);
        CHECK_EQUAL(value, i);
    }
    pw_close(card);
}

static void requests_are_repeated_when_asked_for(void) {
    struct pw_card *card = open_card(3);
    const unsigned before = fake_card_requests(fake), done = fake_card_carried_out(fake);
    fake_card_mode(fake, FAKE_SILENT, 2);
    CHECK_EQUAL(pw_write_checked(card, "control.lease", 77), PW_OK);
    CHECK_EQUAL(fake_card_get(fake, LEASE), 77);
    CHECK_EQUAL(fake_card_requests(fake) - before, 4); /* three writes, one read */
    CHECK_EQUAL(fake_card_carried_out(fake) - done, fake_card_udp() ? 2 : 4);
    fake_card_mode(fake, FAKE_SILENT, 3);
    CHECK_EQUAL(pw_write(card, "control.lease", 78), PW_ERROR_TIMEOUT);
    /* udp: 50 + 100 + 200. */
    CHECK_TEXT(pw_last_error(),
               fake_card_udp() ? "in 350 ms, attempts: 3" : "in 150 ms, attempts: 3");
    /* The answer to the first attempt counts for the second, and the other is dropped. */
    fake_card_mode(fake, FAKE_LATE, 1);
    uint64_t value;
    CHECK_EQUAL(pw_read(card, "control.lease", &value), PW_OK);
    CHECK_EQUAL(value, 78);
    CHECK_EQUAL(pw_read(card, "control.time", &value), PW_OK);
    pw_close(card);
}

static void a_flood_does_not_hold_up_for_ever(void) {
    struct pw_card *card = open_card(1);
    fake_card_mode(fake, FAKE_FLOOD, 1);
    uint64_t value;
    const time_t start = time(NULL);
    CHECK_EQUAL(pw_read(card, "control.time", &value), PW_ERROR_TIMEOUT);
    CHECK(time(NULL) - start < 2); /* 50 ms were asked for, the flood lasts 3 s */
    CHECK_TEXT(pw_last_error(), "dropped an answer to request");
    pw_close(card);
    fake_card_mode(fake, FAKE_RIGHT, 0); /* waits for the flood's end, which UDP cannot cut short */
}

static void hang_ups_are_said(void) {
    struct pw_card *card = open_card(1);
    fake_card_mode(fake, FAKE_HANG_UP, 1);
    uint64_t value;
    CHECK_EQUAL(pw_read(card, "control.time", &value), PW_ERROR_CLOSED);
    CHECK_EQUAL(pw_read(card, "control.time", &value), PW_ERROR_CLOSED);
    CHECK_TEXT(pw_last_error(), "closed the connection");
    pw_close(card);
}

static void a_card_that_dies_is_said(void) {
    struct fake_card *mortal = fake_card_start(directory);
    struct pw_card *card;
    CHECK_EQUAL(pw_open(fake_card_url(mortal), NULL, &card), PW_OK);
    fake_card_stop(mortal);
    uint64_t value;
    CHECK_EQUAL(pw_read(card, "control.time", &value), PW_ERROR_CLOSED);
    pw_close(card);
}

/* The first attempt is carried out and its answer lost: the second gets the same answer. */
static void repeated_writes_act_once(void) {
    struct pw_card *card = open_card(2);
    fake_card_mode(fake, FAKE_SILENT, 1);
    const unsigned copies = fake_card_copies(fake), done = fake_card_carried_out(fake);
    CHECK_EQUAL(pw_write_address(card, LEASE, 1), PW_OK);
    CHECK_EQUAL(fake_card_copies(fake) - copies, 1);
    CHECK_EQUAL(fake_card_carried_out(fake) - done, 1);
    pw_close(card);
}

static void a_card_started_anew_is_said(void) {
    struct pw_card *card = open_card(1);
    fake_card_set(fake, LEASE, 5);
    fake_card_forget(fake);
    CHECK_EQUAL(pw_write_address(card, LEASE, 6), PW_ERROR_CARD_RESET);
    CHECK_TEXT(pw_last_error(), "started anew");
    CHECK_EQUAL(fake_card_get(fake, LEASE), 5);
    pw_close(card);
}

/* Opening looks at the identity with the same distrust. */
static void open_refused(uint32_t address, uint64_t wrong, const char *words) {
    const uint64_t right = fake_card_get(fake, address);
    fake_card_set(fake, address, wrong);
    struct pw_card *card = (struct pw_card *)&fake;
    CHECK_EQUAL(pw_open(fake_card_url(fake), NULL, &card), PW_ERROR_UNKNOWN_CARD);
    CHECK(card == NULL);
    CHECK_TEXT(pw_last_error(), words);
    fake_card_set(fake, address, right);
}

static void unknown_cards_are_refused(void) {
    open_refused(0x00, 0x1122334455667788, "magic is 0x1122334455667788");
    open_refused(0x08, PW_ABI_VERSION + 1, "this library knows version");
    open_refused(0x08, UINT64_C(1) << 32 | PW_ABI_VERSION, "ABI version 4294967");
    open_refused(0x28, 0, "has 0 slots");
    open_refused(0x28, 255, "has 255 slots");
    open_refused(0x30, 0, "a clock of 0 ps");
    fake_card_set(fake, 0x10, UINT64_C(0xff1b5b41)); /* "A[", then an escape */
    struct pw_card *card = open_card(1);
    CHECK(strcmp(pw_identity(card)->config_name, "A[") == 0);
    pw_close(card);
}

static void bad_urls_are_refused(void) {
    struct pw_card *card;
    CHECK_EQUAL(pw_open("pci:0", NULL, &card), PW_ERROR_ARGUMENT);
    CHECK_TEXT(pw_last_error(),
               "'pci:0' is of no known kind; supported: unix:PATH, udp:HOST[:PORT]");
    static const char *const addresses[] = {
        "udp::5",           "udp:127.0.0.1:", "udp:127.0.0.1:0", "udp:127.0.0.1:65536",
        "udp:127.0.0.1:x1", "udp:[::1",       "udp:[::1]x",      "udp:::1",
    };
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        CHECK_EQUAL(pw_open(addresses[i], NULL, &card), PW_ERROR_ARGUMENT);
        CHECK_TEXT(pw_last_error(), "is no address; write HOST[:PORT] or [IPV6][:PORT]");
    }
    CHECK_EQUAL(pw_open("nonsense", NULL, &card), PW_ERROR_ARGUMENT);
    CHECK_EQUAL(pw_open("unix:", NULL, &card), PW_ERROR_ARGUMENT);
    CHECK_EQUAL(pw_open("unix:/nowhere/at/all", NULL, &card), PW_ERROR_SYSTEM);
    CHECK_TEXT(pw_last_error(), "No such file or directory");
    char url[400];
    memset(url, 'x', sizeof url);
    memcpy(url, "unix:", 5);
    url[150] = '\0';
    CHECK_EQUAL(pw_open(url, NULL, &card), PW_ERROR_ARGUMENT);
    CHECK_TEXT(pw_last_error(), "has 145 characters, the system allows 107");
    url[150] = 'x';
    url[399] = '\0';
    CHECK_EQUAL(pw_open(url, NULL, &card), PW_ERROR_ARGUMENT);
    CHECK_EQUAL(pw_open(NULL, NULL, &card), PW_ERROR_ARGUMENT);
    CHECK_EQUAL(pw_open("unix:x", NULL, NULL), PW_ERROR_ARGUMENT);
    pw_close(NULL);
}

int main(int number, char **arguments) {
    directory = number > 1 ? arguments[1] : ".";
    fake = fake_card_start(directory);
    RUN(answers_that_make_no_sense);
    RUN(late_answers_are_dropped);
    RUN(second_copies_are_dropped);
    RUN(requests_are_repeated_when_asked_for);
    RUN(a_flood_does_not_hold_up_for_ever);
    if (!fake_card_udp()) /* which has no connections to hang up */
        RUN(hang_ups_are_said);
    RUN(a_card_that_dies_is_said);
    if (fake_card_udp()) { /* a Unix socket says that the card has gone, and doubles nothing */
        RUN(repeated_writes_act_once);
        RUN(a_card_started_anew_is_said);
    }
    RUN(unknown_cards_are_refused);
    RUN(bad_urls_are_refused);
    fake_card_stop(fake);
    return RESULT;
}
