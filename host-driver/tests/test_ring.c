/* One card's events for many readers: every record whole and in order, or counted as missed. */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "check.h"
#include "fake_card.h"
#include "ring.h"

enum { WAIT_MS = 5000, MAX = 256, WORDS = sizeof(struct pw_record) / 8 };

static const char *directory;
static struct fake_card *fake;
static struct pw_card *card;
static struct pw_record records[MAX];

static struct pw_ring *make_ring(uint32_t size) {
    struct pw_ring *ring;
    if (pw_ring_open(card, size, &ring) != PW_OK)
        abort();
    return ring;
}

/* A record of which every word follows from its number, so that halves of two do not fit. */
static struct pw_record numbered(uint64_t number) {
    uint64_t words[WORDS];
    struct pw_record record;
    for (uint64_t i = 0; i < WORDS; i++)
        words[i] = i == 0 ? number : (number + i) * UINT64_C(0x9e3779b97f4a7c15);
    memcpy(&record, words, sizeof record);
    return record;
}

static uint64_t number_of(const struct pw_record *record) {
    uint64_t number;
    memcpy(&number, record, sizeof number);
    return number;
}

static bool whole(const struct pw_record *record) {
    const struct pw_record wanted = numbered(number_of(record));
    return memcmp(record, &wanted, sizeof wanted) == 0;
}

static void publish(struct pw_ring *ring, uint64_t first, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const struct pw_record record = numbered(first + i);
        pw_ring_publish(ring, &record, 1);
    }
}

static void sizes_are_checked(void) {
    struct pw_ring *ring = (struct pw_ring *)&fake;
    static const uint32_t wrong[] = {0, 1, 32, 63, 65, 100, (1U << 24) + 1, 1U << 25, UINT32_MAX};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        CHECK_EQUAL(pw_ring_open(card, wrong[i], &ring), PW_ERROR_ARGUMENT);
        CHECK(ring == NULL);
        CHECK_TEXT(pw_last_error(), "a power of two from 64 to 16777216");
    }
    CHECK_EQUAL(pw_ring_open(NULL, 64, &ring), PW_ERROR_ARGUMENT);
    CHECK_EQUAL(pw_ring_open(card, 64, NULL), PW_ERROR_ARGUMENT);
    CHECK_EQUAL(pw_ring_pump(NULL, 0), PW_ERROR_ARGUMENT);
    CHECK_EQUAL(pw_ring_read(NULL, records, MAX, 0), PW_ERROR_ARGUMENT);
    pw_ring_close(NULL);
}

static void every_reader_gets_everything(void) {
    struct pw_ring *ring = make_ring(64);
    struct pw_ring_reader early, late;
    pw_ring_join(ring, &early);
    CHECK_EQUAL(pw_ring_read(&early, records, MAX, 0), 0);
    publish(ring, 0, 10);
    pw_ring_join(ring, &late);
    publish(ring, 10, 20);
    CHECK_EQUAL(pw_ring_read(&early, records, 25, 0), 25);
    for (uint64_t i = 0; i < 25; i++)
        CHECK(number_of(&records[i]) == i && whole(&records[i]));
    CHECK_EQUAL(pw_ring_read(&early, records, MAX, 0), 5);
    CHECK_EQUAL(pw_ring_read(&late, records, MAX, 0), 20);
    CHECK_EQUAL(number_of(&records[0]), 10);
    CHECK_EQUAL(early.lost + late.lost, 0);
    pw_ring_close(ring);
}

static void a_lapped_reader_is_told_how_much_it_missed(void) {
    struct pw_ring *ring = make_ring(64);
    struct pw_ring_reader reader;
    pw_ring_join(ring, &reader);
    publish(ring, 0, 64); /* exactly full: nothing is lost yet */
    CHECK_EQUAL(pw_ring_read(&reader, records, 1, 0), 1);
    CHECK_EQUAL(number_of(&records[0]), 0);
    CHECK_EQUAL(reader.lost, 0);
    publish(ring, 64, 2); /* now record 1 is */
    CHECK_EQUAL(pw_ring_read(&reader, records, MAX, 0), 48);
    CHECK_EQUAL(number_of(&records[0]), 18); /* three quarters of 64 behind 66 */
    CHECK_EQUAL(reader.lost, 17);
    publish(ring, 66, 6400);
    CHECK_EQUAL(pw_ring_read(&reader, records, MAX, 0), 48);
    CHECK_EQUAL(number_of(&records[0]), 6466 - 48);
    CHECK_EQUAL(reader.lost, 17 + 6400 - 48);
    pw_ring_close(ring);
}

/* Readers of different paces beside a writer that waits for none of them. */
enum { READERS = 4, PUBLISHED = 60000 };
static struct pw_ring *raced;
static atomic_bool over;

struct runner {
    pthread_t thread;
    struct pw_ring_reader reader;
    size_t batch; /* records it asks for, and how often it lets others run */
    uint64_t got;
    const char *complaint;
};

static void *run_reader(void *argument) {
    struct runner *runner = argument;
    struct pw_record taken[MAX];
    uint64_t last = 0;
    bool first = true;
    for (;;) {
        const bool last_look = over;
        const int number = pw_ring_read(&runner->reader, taken, runner->batch, 0);
        for (int i = 0; i < number; i++) {
            if (!whole(&taken[i]))
                runner->complaint = "a record was torn";
            if (!first && number_of(&taken[i]) <= last)
                runner->complaint = "records came out of order";
            first = false;
            last = number_of(&taken[i]);
        }
        if (number < 0)
            runner->complaint = "reading failed";
        runner->got += number > 0 ? (uint64_t)number : 0;
        if (number <= 0 && last_look)
            return NULL;
        if (runner->batch < 8)
            sched_yield();
    }
}

static void readers_beside_a_lapping_writer(void) {
    static struct runner runners[READERS] = {
        {.batch = MAX}, {.batch = 64}, {.batch = 7}, {.batch = 1}};
    uint64_t lost = 0;
    raced = make_ring(64);
    for (int i = 0; i < READERS; i++) {
        pw_ring_join(raced, &runners[i].reader);
        CHECK_EQUAL(pthread_create(&runners[i].thread, NULL, run_reader, &runners[i]), 0);
    }
    for (uint64_t number = 0; number < PUBLISHED; number += 3) {
        const struct pw_record batch[] = {numbered(number), numbered(number + 1),
                                          numbered(number + 2)};
        pw_ring_publish(raced, batch, 3);
        if (number % 999 == 0)
            sched_yield();
    }
    over = true;
    for (int i = 0; i < READERS; i++) {
        CHECK_EQUAL(pthread_join(runners[i].thread, NULL), 0);
        CHECK(runners[i].complaint == NULL);
        CHECK_EQUAL(runners[i].got + runners[i].reader.lost, PUBLISHED);
        lost += runners[i].reader.lost;
    }
    CHECK(lost > 0); /* otherwise nobody was lapped, and this was no test */
    pw_ring_close(raced);
}

static void *read_one(void *argument) {
    struct pw_ring_reader *reader = argument;
    struct pw_record record;
    const int number = pw_ring_read(reader, &record, 1, -1);
    return number == 1 && whole(&record) ? NULL : "no record came";
}

/* Each round a reader falls asleep, or is about to, as the writer comes. */
static void sleeping_readers_are_woken(void) {
    enum { ROUNDS = 2000, SLEEPERS = 2 };
    struct pw_ring *ring = make_ring(64);
    struct pw_ring_reader readers[SLEEPERS];
    for (int i = 0; i < SLEEPERS; i++)
        pw_ring_join(ring, &readers[i]);
    CHECK_EQUAL(pw_ring_read(&readers[0], records, 1, 20), 0); /* nobody comes */
    for (uint64_t round = 0; round < ROUNDS; round++) {
        pthread_t threads[SLEEPERS];
        for (int i = 0; i < SLEEPERS; i++)
            CHECK_EQUAL(pthread_create(&threads[i], NULL, read_one, &readers[i]), 0);
        if (round % 3 == 0)
            sched_yield();
        publish(ring, round, 1);
        for (int i = 0; i < SLEEPERS; i++) {
            void *complaint = NULL;
            CHECK_EQUAL(pthread_join(threads[i], &complaint), 0);
            CHECK(complaint == NULL);
        }
    }
    pw_ring_close(ring);
}

static void a_cards_events_are_pumped(void) {
    struct pw_ring *ring = make_ring(1024);
    struct pw_ring_reader reader, other;
    pw_ring_join(ring, &reader);
    CHECK_EQUAL(pw_ring_pump(ring, 0), PW_ERROR_NOT_SUBSCRIBED);
    CHECK_EQUAL(pw_ring_read(&reader, records, MAX, -1), PW_ERROR_NOT_SUBSCRIBED);
    CHECK_TEXT(pw_last_error(), "the event stream has ended: ");
    CHECK_EQUAL(pw_events_subscribe(card), PW_OK);
    CHECK_EQUAL(pw_ring_pump(ring, 0), 0);
    CHECK_EQUAL(pw_ring_read(&reader, records, MAX, 0), 0);
    pw_ring_join(ring, &other);
    fake_card_send_records(fake, 100000, 20);
    fake_card_send_records(fake, 100030, 1); /* ten never reach this host */
    for (int got = 0, number; got < 21; got += number) {
        number = pw_ring_pump(ring, WAIT_MS);
        CHECK(number > 0);
        if (number <= 0)
            break;
    }
    CHECK_EQUAL(pw_ring_read(&reader, records, MAX, 0), 21);
    CHECK_EQUAL(records[19].sequence, 100019);
    CHECK_EQUAL(records[20].sequence, 100030);
    CHECK_EQUAL(records[20].words[PW_WORD_ORDER_SENT_PRICE], 1500000);
    CHECK_EQUAL(reader.lost, 0); /* not by the ring */
    CHECK_EQUAL(pw_events_lost(card), 10);
    fake_card_send_records(fake, 100031, 1);
    fake_card_send_records(fake, 5, 1); /* the card was reset */
    while (pw_ring_pump(ring, WAIT_MS) > 0)
        ;
    CHECK_EQUAL(pw_ring_read(&reader, records, MAX, -1), 1);
    CHECK_EQUAL(pw_ring_read(&reader, records, MAX, -1), PW_ERROR_CARD_RESET);
    CHECK_EQUAL(pw_ring_read(&other, records, MAX, 0), 22); /* what came before the end first */
    CHECK_EQUAL(pw_ring_read(&other, records, MAX, 0), PW_ERROR_CARD_RESET);
    CHECK_EQUAL(pw_events_subscribe(card), PW_OK);
    CHECK_EQUAL(pw_ring_pump(ring, 0), 0);
    CHECK_EQUAL(pw_ring_read(&other, records, MAX, 0), 0);
    pw_ring_close(ring);
}

int main(int number, char **arguments) {
    directory = number > 1 ? arguments[1] : ".";
    fake = fake_card_start(directory);
    if (pw_open(fake_card_url(fake), NULL, &card) != PW_OK) {
        fputs(pw_last_error(), stderr);
        return 1;
    }
    RUN(sizes_are_checked);
    RUN(every_reader_gets_everything);
    RUN(a_lapped_reader_is_told_how_much_it_missed);
    RUN(readers_beside_a_lapping_writer);
    RUN(sleeping_readers_are_woken);
    RUN(a_cards_events_are_pumped);
    pw_close(card);
    fake_card_stop(fake);
    return RESULT;
}
