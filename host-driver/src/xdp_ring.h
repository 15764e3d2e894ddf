/* The rings that an AF_XDP socket shares with the kernel: one side produces, the other consumes,
 * each writes its own index and reads the other's. The entries are written before the producer's
 * index is (release) and read after it (acquire); they are given back the same way by the
 * consumer's. So these rings work between two threads as well, which is how they are tested.
 *
 * A ring's end belongs to one thread at a time. */
#ifndef PENNYWIRE_XDP_RING_H
#define PENNYWIRE_XDP_RING_H

#include <stdatomic.h>
#include <stdint.h>

struct pw_xdp_ring {
    _Atomic uint32_t *producer;
    _Atomic uint32_t *consumer;
    _Atomic uint32_t *flags;
    void *entries; /* struct xdp_desc, or addresses of 64 bits */
    uint32_t size; /* a power of two */
    uint32_t own;  /* our index: the producer's or the consumer's */
    uint32_t seen; /* the other's, as last read */
};

/* Consumer: entries known to wait, at most size whatever the producer claims. The other's index is
 * read only when nothing is known, so that the two sides seldom meet in a cache line. */
static inline uint32_t pw_xdp_ring_waiting(struct pw_xdp_ring *ring) {
    if (ring->seen == ring->own)
        ring->seen = atomic_load_explicit(ring->producer, memory_order_acquire);
    const uint32_t waiting = ring->seen - ring->own;
    return waiting < ring->size ? waiting : ring->size;
}

/* Consumer: done with the first entry that waits. */
static inline void pw_xdp_ring_take(struct pw_xdp_ring *ring) {
    atomic_store_explicit(ring->consumer, ++ring->own, memory_order_release);
}

/* Producer: room known for entries, 0 if the consumer claims nonsense. */
static inline uint32_t pw_xdp_ring_room(struct pw_xdp_ring *ring) {
    if (ring->own - ring->seen >= ring->size)
        ring->seen = atomic_load_explicit(ring->consumer, memory_order_acquire);
    const uint32_t used = ring->own - ring->seen;
    return used < ring->size ? ring->size - used : 0;
}

/* Producer: the entry that was written at pw_xdp_ring_index() is the consumer's now. */
static inline void pw_xdp_ring_give(struct pw_xdp_ring *ring) {
    atomic_store_explicit(ring->producer, ++ring->own, memory_order_release);
}

/* Where the entry lies that is taken or given next. */
static inline uint32_t pw_xdp_ring_index(const struct pw_xdp_ring *ring) {
    return ring->own & (ring->size - 1);
}

#endif
