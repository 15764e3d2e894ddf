/* The ring of pennywire_ring.h, without a card: what its tests write to. */
#ifndef PENNYWIRE_RING_INTERNAL_H
#define PENNYWIRE_RING_INTERNAL_H

#include "pennywire_ring.h"

/* Put records into a ring and wake whoever waits; one thread at a time. */
void pw_ring_publish(struct pw_ring *ring, const struct pw_record *records, size_t count);

#endif
