/* One writer, many readers, no lock.
 *
 * A record has a position p, counted from 0, and lies in slot p mod size. The slot's stamp is the
 * lap counter: 2p + 1 while p is being written into it, 2p + 2 when p is whole. It only grows, by
 * two rings' worth a lap, so no two records ever have the same stamp.
 *
 * Why no reader ever gives out half a record, or half of two:
 *
 *   writer                                reader of position p
 *   W1  stamp = 2q + 1  (relaxed)         R1  stamp == 2p + 2 ?  (acquire)
 *   W2  words = record q  (release)       R2  copy the words  (acquire)
 *   W3  stamp = 2q + 2  (release)         R3  stamp still 2p + 2 ?  (relaxed)
 *
 * R1 reading 2p + 2 synchronises with W3 of p, so R2 sees words of p or later ones. If R2 sees a
 * word of a later q, that load (acquire) synchronises with the store of it (W2, release), before
 * which W1 of q was done; R3 comes after R2, so by coherence it reads 2q + 1 or later, and the copy
 * is thrown away. On x86 each of these is a plain move. There is no fence among them, which thread
 * sanitizers do not follow. The words are atomic because both sides may touch them at once.
 *
 * Why no reader sleeps through a record: a reader counts itself into sleepers and then looks at the
 * doorbell and at the ring; the writer rings the doorbell after the records and then looks at
 * sleepers. All four are sequentially consistent, so one of the two sees the other; and a doorbell
 * that has been rung since it was looked at does not let the reader fall asleep. */
#define _DEFAULT_SOURCE /* syscall() */
#include "ring.h"

#include <linux/futex.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "card.h"
#include "error.h"

enum {
    WORDS = PW_RECORD_BYTES / 8,
    LEAST_RECORDS = 64,
    MOST_RECORDS = 1 << 24,
    BATCH = 64,
};

_Static_assert(sizeof(struct pw_record) == PW_RECORD_BYTES, "a record is copied as words");

struct slot {
    _Atomic uint64_t stamp;
    _Atomic uint64_t words[WORDS];
};

struct pw_ring {
    struct pw_card *card;
    uint64_t size; /* a power of two */
    atomic_flag pumping;
    _Atomic uint64_t head; /* position of the next record to be written */
    _Atomic int status;    /* PW_OK, or why no more records come */
    _Atomic uint32_t doorbell;
    _Atomic uint32_t sleepers;
    struct slot slots[];
};

int pw_ring_open(struct pw_card *card, uint32_t records, struct pw_ring **result) {
    if (result != NULL)
        *result = NULL;
    if (card == NULL || result == NULL)
        return pw_fail(PW_ERROR_ARGUMENT, "pw_ring_open: null pointer");
    if (records < LEAST_RECORDS || records > MOST_RECORDS || (records & (records - 1)) != 0)
        return pw_fail(PW_ERROR_ARGUMENT,
                       "a ring of %u records: it takes a power of two from %d to %d", records,
                       LEAST_RECORDS, MOST_RECORDS);
    struct pw_ring *ring = calloc(1, sizeof *ring + records * sizeof ring->slots[0]);
    if (ring == NULL)
        return pw_fail_errno("making a ring of %u records", records);
    ring->card = card;
    ring->size = records;
    atomic_flag_clear(&ring->pumping);
    *result = ring;
    return PW_OK;
}

void pw_ring_close(struct pw_ring *ring) {
    free(ring);
}

/* Wake the readers that sleep; whatever they are to see has been stored. */
static void ring_doorbell(struct pw_ring *ring) {
    atomic_fetch_add(&ring->doorbell, 1);
    if (atomic_load(&ring->sleepers) > 0)
        syscall(SYS_futex, &ring->doorbell, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
}

void pw_ring_publish(struct pw_ring *ring, const struct pw_record *records, size_t count) {
    uint64_t position = atomic_load_explicit(&ring->head, memory_order_relaxed);
    for (size_t i = 0; i < count; i++, position++) {
        struct slot *slot = &ring->slots[position & (ring->size - 1)];
        uint64_t words[WORDS];
        memcpy(words, &records[i], sizeof words);
        atomic_store_explicit(&slot->stamp, 2 * position + 1, memory_order_relaxed);
        for (int j = 0; j < WORDS; j++)
            atomic_store_explicit(&slot->words[j], words[j], memory_order_release);
        atomic_store_explicit(&slot->stamp, 2 * position + 2, memory_order_release);
    }
    atomic_store_explicit(&ring->head, position, memory_order_release);
    ring_doorbell(ring);
}

int pw_ring_pump(struct pw_ring *ring, int timeout_ms) {
    struct pw_record batch[BATCH];
    if (ring == NULL)
        return pw_fail(PW_ERROR_ARGUMENT, "pw_ring_pump: null pointer");
    if (atomic_flag_test_and_set_explicit(&ring->pumping, memory_order_acquire))
        return pw_fail(PW_ERROR_ARGUMENT, "pw_ring_pump: another thread pumps this ring");
    const int taken = pw_events_poll(ring->card, batch, BATCH, timeout_ms);
    if (taken > 0)
        pw_ring_publish(ring, batch, (size_t)taken);
    const int status = taken < 0 ? taken : PW_OK;
    if (atomic_exchange(&ring->status, status) != status)
        ring_doorbell(ring);
    atomic_flag_clear_explicit(&ring->pumping, memory_order_release);
    return taken;
}

void pw_ring_join(struct pw_ring *ring, struct pw_ring_reader *reader) {
    *reader = (struct pw_ring_reader){
        .ring = ring, .next = atomic_load_explicit(&ring->head, memory_order_acquire)};
}

enum outcome { TAKEN, NOT_YET, LAPPED };

/* Copy the record at a position, if it is whole and stayed so. */
static enum outcome copy_record(struct pw_ring *ring, uint64_t position, struct pw_record *record) {
    struct slot *slot = &ring->slots[position & (ring->size - 1)];
    const uint64_t wanted = 2 * position + 2;
    const uint64_t stamp = atomic_load_explicit(&slot->stamp, memory_order_acquire);
    if (stamp != wanted)
        return stamp < wanted ? NOT_YET : LAPPED;
    uint64_t words[WORDS];
    for (int i = 0; i < WORDS; i++)
        words[i] = atomic_load_explicit(&slot->words[i], memory_order_acquire);
    if (atomic_load_explicit(&slot->stamp, memory_order_relaxed) != wanted)
        return LAPPED;
    memcpy(record, words, sizeof words);
    return TAKEN;
}

/* Take what is there. */
static size_t take(struct pw_ring_reader *reader, struct pw_record *records, size_t max) {
    struct pw_ring *ring = reader->ring;
    size_t taken = 0;
    while (taken < max) {
        const enum outcome outcome = copy_record(ring, reader->next, &records[taken]);
        if (outcome == NOT_YET)
            break;
        if (outcome == TAKEN) {
            reader->next++;
            taken++;
            continue;
        }
        if (taken > 0)
            break; /* what was taken follows on itself; the gap comes before the next call's */
        /* The record being written is not in head yet. */
        const uint64_t head = atomic_load_explicit(&ring->head, memory_order_acquire);
        const uint64_t goal = head - (ring->size - ring->size / 4);
        const uint64_t next = head > ring->size && goal > reader->next ? goal : reader->next + 1;
        reader->lost += next - reader->next;
        reader->next = next;
    }
    return taken;
}

/* Sleep until the doorbell rings or the deadline comes; returns at once if there is something. */
static void await_doorbell(struct pw_ring_reader *reader, int64_t deadline_ms) {
    struct pw_ring *ring = reader->ring;
    struct timespec left, *limit = NULL;
    atomic_fetch_add(&ring->sleepers, 1);
    const uint32_t rung = atomic_load(&ring->doorbell);
    if (atomic_load(&ring->head) <= reader->next && atomic_load(&ring->status) == PW_OK) {
        if (deadline_ms != INT64_MAX) {
            const int64_t ms = deadline_ms - pw_monotonic_ms();
            left = (struct timespec){.tv_sec = ms > 0 ? (time_t)(ms / 1000) : 0,
                                     .tv_nsec = ms > 0 ? (long)(ms % 1000) * 1000000 : 0};
            limit = &left;
        }
        syscall(SYS_futex, &ring->doorbell, FUTEX_WAIT_PRIVATE, rung, limit, NULL, 0);
    }
    atomic_fetch_sub(&ring->sleepers, 1);
}

int pw_ring_read(struct pw_ring_reader *reader, struct pw_record *records, size_t max,
                 int timeout_ms) {
    if (reader == NULL || reader->ring == NULL || records == NULL || max == 0)
        return pw_fail(PW_ERROR_ARGUMENT, "pw_ring_read: null pointer, or no room for a record");
    if (max > INT32_MAX)
        max = INT32_MAX; /* the count is returned as an int */
    const int64_t deadline_ms = timeout_ms < 0 ? INT64_MAX : pw_monotonic_ms() + timeout_ms;
    for (;;) {
        size_t taken = take(reader, records, max);
        if (taken > 0)
            return (int)taken;
        const int status = atomic_load(&reader->ring->status);
        if (status != PW_OK) {
            /* What came before the end is there by now. */
            taken = take(reader, records, max);
            return taken > 0
                       ? (int)taken
                       : pw_fail(status, "the event stream has ended: %s", pw_strerror(status));
        }
        if (timeout_ms == 0 || pw_monotonic_ms() >= deadline_ms)
            return 0;
        await_doorbell(reader, deadline_ms);
    }
}
