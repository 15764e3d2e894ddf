/*
 * libpennywire: one card's events for many readers.
 *
 * One thread takes the events of a handle into a ring (pw_ring_pump()); any number of readers each
 * follow it at a pace of their own. The writer waits for nobody: a reader that falls a whole ring
 * behind is lapped, and is told how many records it missed. Neither side takes a lock, and neither
 * makes a system call while records flow; a reader that waits sleeps in the kernel.
 *
 * What a reader missed is its own `lost` and, for every reader alike, pw_events_lost() of the
 * handle: records that never reached this host. The sequence numbers of the records it got show
 * both.
 *
 * Results and errors are as in pennywire.h.
 */
#ifndef PENNYWIRE_RING_H
#define PENNYWIRE_RING_H

#include "pennywire.h"

#ifdef __cplusplus
extern "C" {
#endif

struct pw_ring;

/* A reader's place in a ring. It belongs to its thread; so does the memory. */
struct pw_ring_reader {
    struct pw_ring *ring;
    uint64_t next; /* position of the record that is read next, counted from the ring's first */
    uint64_t lost; /* records overwritten before this reader got to them */
};

/* Make a ring of a number of records, a power of two from 64 to 2^24, for a handle that outlives it
 * and is subscribed to its events. Allocates once, 72 bytes a record. On PW_OK *ring is the
 * caller's, who ends it with pw_ring_close(); on an error it is NULL. */
PW_API int pw_ring_open(struct pw_card *card, uint32_t records, struct pw_ring **ring);

/* Free a ring. NULL is allowed. No reader and no pump may be at work, or come later. */
PW_API void pw_ring_close(struct pw_ring *ring);

/* Take what events there are into the ring, waiting as pw_events_poll() does if there are none;
 * returns how many. One thread pumps, and nobody else polls the handle for events: a second pump at
 * the same time is PW_ERROR_ARGUMENT. An error of the stream is returned, and every reader that has
 * read all there is gets it too, until a later pump succeeds. */
PW_API int pw_ring_pump(struct pw_ring *ring, int timeout_ms);

/* Begin reading with the record that comes next. Any thread; never waits. */
PW_API void pw_ring_join(struct pw_ring *ring, struct pw_ring_reader *reader);

/* Take up to max records in their order; returns how many, 0 when none came in timeout_ms (0: do
 * not wait, negative: wait without end). A reader that was lapped goes on three quarters of a ring
 * behind the newest record, so that it is not lapped again at once; reader->lost has grown by what
 * it missed. Each reader belongs to one thread. */
PW_API int pw_ring_read(struct pw_ring_reader *reader, struct pw_record *records, size_t max,
                        int timeout_ms);

#ifdef __cplusplus
}
#endif

#endif
