/* The event stream: nothing lost without a count, nothing malformed believed. */
#include <poll.h>
#include <pthread.h>

#include "check.h"
#include "fake_card.h"
#include "pennywire.h"

enum { MAX = 256, WAIT_MS = 5000 };

static const char *directory;
static struct fake_card *fake;
static struct pw_card *card;
static struct pw_record records[MAX];

static void check_counts(uint64_t received, uint64_t lost, uint64_t duplicates,
                         uint64_t malformed) {
    struct pw_event_counts counts;
    pw_events_counts(card, &counts);
    CHECK_EQUAL(counts.received, received);
    CHECK_EQUAL(counts.lost, lost);
    CHECK_EQUAL(pw_events_lost(card), lost);
    CHECK_EQUAL(counts.duplicates, duplicates);
    CHECK_EQUAL(counts.malformed, malformed);
}

static void only_after_a_subscription(void) {
    CHECK_EQUAL(pw_events_poll(card, records, MAX, 0), PW_ERROR_NOT_SUBSCRIBED);
    CHECK_EQUAL(pw_events_fd(card), -1);
    CHECK_EQUAL(pw_events_subscribe(card), PW_OK);
    CHECK_EQUAL(pw_events_poll(card, records, MAX, 0), 0);
    CHECK_EQUAL(pw_events_poll(card, records, MAX, 20), 0);
    CHECK_EQUAL(pw_events_poll(card, records, 0, 0), PW_ERROR_ARGUMENT);
    CHECK_EQUAL(pw_events_poll(card, NULL, 1, 0), PW_ERROR_ARGUMENT);
}

static void records_come_in_order(void) {
    fake_card_send_records(fake, 1, 3);
    fake_card_send_records(fake, 4, 64);
    struct pollfd ready = {.fd = pw_events_fd(card), .events = POLLIN};
    CHECK_EQUAL(poll(&ready, 1, WAIT_MS), 1);
    CHECK_EQUAL(pw_events_poll(card, records, 2, WAIT_MS), 2);
    CHECK_EQUAL(pw_events_poll(card, records + 2, 20, 0), 20);
    CHECK_EQUAL(pw_events_poll(card, records + 22, MAX - 22, 0), 45);
    for (uint32_t i = 0; i < 67; i++)
        CHECK_EQUAL(records[i].sequence, i + 1);
    CHECK_EQUAL(records[2].card_time, 2000);
    CHECK_EQUAL(records[2].type, PW_RECORD_ORDER_SENT);
    CHECK_EQUAL(records[2].words[PW_WORD_ORDER_SENT_PRICE], 1500000);
    check_counts(67, 0, 0, 0);
}

static void losses_are_counted(void) {
    fake_card_send_records(fake, 70, 2); /* 68 and 69 are missing */
    CHECK_EQUAL(pw_events_poll(card, records, MAX, WAIT_MS), 2);
    check_counts(69, 2, 0, 0);
    fake_card_send_records(fake, 72, 1);
    fake_card_send_records(fake, 1000073, 1);
    CHECK_EQUAL(pw_events_poll(card, records, MAX, WAIT_MS), 2);
    check_counts(71, 1000002, 0, 0);
}

static void copies_are_dropped(void) {
    fake_card_send_records(fake, 1000072, 3); /* two copies, one new */
    CHECK_EQUAL(pw_events_poll(card, records, MAX, WAIT_MS), 1);
    CHECK_EQUAL(records[0].sequence, 1000074);
    check_counts(72, 1000003 - 1, 2, 0);
}

static void nonsense_is_not_believed(void) {
    uint8_t datagram[16 + 64] = {'P', 'W', 1, 0xC0, 0, 0, 0, 0, 1};
    uint32_t next = 1000075;
    memcpy(datagram + 4, &next, 4);
    memcpy(datagram + 16 + 4, &next, 4);
    static uint8_t huge[16 + 65 * 64];
    memcpy(huge, datagram, sizeof datagram);
    huge[8] = 65; /* one more than a datagram may hold */
    fake_card_send(fake, huge, sizeof huge);
    fake_card_send(fake, datagram, 5);
    fake_card_send(fake, datagram, 16);
    fake_card_send(fake, datagram, sizeof datagram - 1);
    datagram[8] = 2;
    fake_card_send(fake, datagram, sizeof datagram);
    datagram[8] = 0;
    fake_card_send(fake, datagram, sizeof datagram);
    fake_card_send(fake, datagram, 16);
    datagram[8] = 1;
    for (size_t i = 0; i < 4; i++) { /* magic, version, kind */
        datagram[i] ^= 0x10;
        fake_card_send(fake, datagram, sizeof datagram);
        datagram[i] ^= 0x10;
    }
    datagram[4] ^= 1; /* header and record differ about the sequence number */
    fake_card_send(fake, datagram, sizeof datagram);
    datagram[4] ^= 1;
    fake_card_send(fake, datagram, sizeof datagram);
    CHECK_EQUAL(pw_events_poll(card, records, MAX, WAIT_MS), 1);
    CHECK_EQUAL(records[0].sequence, 1000075);
    /* The huge one comes in fragments, which stay with the kernel where there is a program. */
    check_counts(73, 1000002, 2, fake_card_xdp() ? 11 : 12);
}

static void the_sequence_wraps(void) {
    CHECK_EQUAL(pw_events_subscribe(card), PW_OK);
    check_counts(0, 0, 0, 0);
    fake_card_send_records(fake, UINT32_MAX - 1, 4);
    fake_card_send_records(fake, 3, 1); /* 2 is missing */
    CHECK_EQUAL(pw_events_poll(card, records, MAX, WAIT_MS), 5);
    CHECK_EQUAL(records[1].sequence, UINT32_MAX);
    CHECK_EQUAL(records[2].sequence, 0);
    check_counts(5, 1, 0, 0);
}

/* More than any buffer on the way holds, while nobody reads: on UDP the newest are lost, and their
 * number is known as soon as one more comes. */
static void a_full_buffer_is_counted(void) {
    enum { SENT = 20000 };
    CHECK_EQUAL(pw_events_subscribe(card), PW_OK);
    for (uint32_t i = 0; i < SENT; i++)
        fake_card_send_records(fake, i, 1);
    unsigned got = 0;
    int number;
    while ((number = pw_events_poll(card, records, MAX, 0)) > 0)
        for (int i = 0; i < number; i++)
            CHECK_EQUAL(records[i].sequence, got++);
    CHECK(got >= 100 && got < SENT);
    fake_card_send_records(fake, SENT, 1);
    CHECK_EQUAL(pw_events_poll(card, records, MAX, WAIT_MS), 1);
    CHECK_EQUAL(records[0].sequence, SENT);
    check_counts(got + 1, SENT - got, 0, 0);
}

static void a_reset_is_said(void) {
    fake_card_send_records(fake, 100000, 1);
    fake_card_send_records(fake, 5, 1);
    CHECK_EQUAL(pw_events_poll(card, records, MAX, WAIT_MS), 1);
    CHECK_EQUAL(pw_events_poll(card, records, MAX, WAIT_MS), PW_ERROR_CARD_RESET);
    CHECK_TEXT(pw_last_error(), "event 5 follows event 100000: the card was reset");
    CHECK_EQUAL(pw_events_poll(card, records, MAX, 0), PW_ERROR_CARD_RESET);
    CHECK_EQUAL(pw_events_subscribe(card), PW_OK);
    CHECK_EQUAL(pw_events_poll(card, records, MAX, 0), 0);
}

static void a_hang_up_is_said(void) {
    fake_card_send_records(fake, 1, 1);
    fake_card_drop_subscriber(fake);
    CHECK_EQUAL(pw_events_poll(card, records, MAX, WAIT_MS), 1);
    CHECK_EQUAL(pw_events_poll(card, records, MAX, WAIT_MS), PW_ERROR_CLOSED);
    CHECK_EQUAL(pw_events_poll(card, records, MAX, -1), PW_ERROR_CLOSED);
}

static void subscriptions_that_fail(void) {
    const struct pw_options options = {.timeout_ms = 50, .attempts = 2};
    struct pw_card *other;
    CHECK_EQUAL(pw_open(fake_card_url(fake), &options, &other), PW_OK);
    fake_card_mode(fake, FAKE_SILENT, 2);
    CHECK_EQUAL(pw_events_subscribe(other), PW_ERROR_TIMEOUT);
    CHECK_TEXT(pw_last_error(), fake_card_udp() ? "in 150 ms" : "in 100 ms");
    CHECK_EQUAL(pw_events_poll(other, records, MAX, 0), PW_ERROR_NOT_SUBSCRIBED);
    fake_card_mode(fake, FAKE_REFUSED, 1);
    CHECK_EQUAL(pw_events_subscribe(other), PW_ERROR_PROTOCOL);
    fake_card_mode(fake, FAKE_WRONG_VERSION, 1);
    CHECK_EQUAL(pw_events_subscribe(other), PW_ERROR_UNKNOWN_CARD);
    if (!fake_card_udp()) {
        fake_card_mode(fake, FAKE_HANG_UP, 1);
        CHECK_EQUAL(pw_events_subscribe(other), PW_ERROR_CLOSED);
    }
    fake_card_mode(fake, FAKE_SILENT, 1); /* the second attempt is answered */
    CHECK_EQUAL(pw_events_subscribe(other), PW_OK);
    fake_card_mode(fake, FAKE_TWICE, 1); /* the second answer is no event */
    CHECK_EQUAL(pw_events_subscribe(other), PW_OK);
    CHECK_EQUAL(pw_events_poll(other, records, MAX, 20), 0);
    struct pw_event_counts counts;
    pw_events_counts(other, &counts);
    CHECK_EQUAL(counts.malformed, 0);
    pw_close(other);
}

/* A Unix socket says that the card has gone; on a network its silence is told from a quiet market
 * by a mark. */
static void a_card_that_dies_is_noticed(void) {
    struct fake_card *mortal = fake_card_start(directory);
    struct pw_card *watched;
    CHECK_EQUAL(pw_open(fake_card_url(mortal), NULL, &watched), PW_OK);
    CHECK_EQUAL(pw_events_subscribe(watched), PW_OK);
    fake_card_send_records(mortal, 1, 2);
    CHECK_EQUAL(pw_events_poll(watched, records, MAX, WAIT_MS), 2);
    fake_card_stop(mortal);
    CHECK_EQUAL(pw_events_poll(watched, records, MAX, 20), fake_card_udp() ? 0 : PW_ERROR_CLOSED);
    CHECK_EQUAL(pw_mark(watched, 1), PW_ERROR_CLOSED);
    pw_close(watched);
}

/* Requests from two threads while a third waits for events and the first asks for counts. */
enum { ROUNDS = 300 };
static struct pw_card *shared;

static void *make_requests(void *address) {
    for (uint64_t i = 0; i < ROUNDS; i++) {
        uint64_t value = 0;
        if (pw_write_address(shared, *(uint32_t *)address, i) != PW_OK ||
            pw_read_address(shared, *(uint32_t *)address, &value) != PW_OK || value != i)
            return "a request went wrong";
    }
    return NULL;
}

static void *take_events(void *argument) {
    static struct pw_record taken[16];
    (void)argument;
    for (int got = 0; got < ROUNDS;) {
        const int number = pw_events_poll(shared, taken, 16, WAIT_MS);
        if (number <= 0)
            return "events stopped coming";
        got += number;
    }
    return NULL;
}

static void threads_share_a_handle(void) {
    uint32_t addresses[] = {0x1040, 0x1048};
    pthread_t threads[3];
    CHECK_EQUAL(pw_open(fake_card_url(fake), NULL, &shared), PW_OK);
    CHECK_EQUAL(pw_events_subscribe(shared), PW_OK);
    CHECK_EQUAL(pthread_create(&threads[0], NULL, make_requests, &addresses[0]), 0);
    CHECK_EQUAL(pthread_create(&threads[1], NULL, make_requests, &addresses[1]), 0);
    CHECK_EQUAL(pthread_create(&threads[2], NULL, take_events, NULL), 0);
    for (uint32_t i = 1; i <= ROUNDS; i++) {
        fake_card_send_records(fake, i, 1);
        CHECK_EQUAL(pw_events_lost(shared), 0);
    }
    for (int i = 0; i < 3; i++) {
        void *complaint = NULL;
        CHECK_EQUAL(pthread_join(threads[i], &complaint), 0);
        CHECK(complaint == NULL);
    }
    pw_close(shared);
}

int main(int number, char **arguments) {
    directory = number > 1 ? arguments[1] : ".";
    fake = fake_card_start(directory);
    if (pw_open(fake_card_url(fake), NULL, &card) != PW_OK) {
        fputs(pw_last_error(), stderr);
        return 1;
    }
    RUN(only_after_a_subscription);
    RUN(records_come_in_order);
    RUN(losses_are_counted);
    RUN(copies_are_dropped);
    RUN(nonsense_is_not_believed);
    RUN(the_sequence_wraps);
    if (fake_card_udp()) /* a Unix socket holds the sender up */
        RUN(a_full_buffer_is_counted);
    RUN(a_reset_is_said);
    if (!fake_card_udp()) /* which has no connections to hang up */
        RUN(a_hang_up_is_said);
    pw_close(card); /* over AF_XDP a second handle would find the queue taken */
    RUN(subscriptions_that_fail);
    RUN(a_card_that_dies_is_noticed);
    RUN(threads_share_a_handle);
    fake_card_stop(fake);
    return RESULT;
}
