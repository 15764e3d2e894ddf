/* What an AF_XDP port is without system calls: frames in shared memory, and the rings through which
 * they go to the kernel and come back.
 *
 * A queue has one memory, one fill ring (empty frames for the kernel) and one completion ring (sent
 * frames from the kernel), and a receive and a transmit ring for each channel. The channels may be
 * used by different threads: what they share is guarded by a spin lock that is held for a few
 * instructions. Frames for sending and for receiving are kept apart, and there are more of the
 * latter than fit the receive rings, so that events which nobody reads never keep an answer out. */
#ifndef PENNYWIRE_XDP_QUEUE_H
#define PENNYWIRE_XDP_QUEUE_H

#include "pennywire.h"
#include "xdp_ring.h"

enum {
    PW_XDP_FRAME_BYTES = 2048, /* the kernel's least, with room for an Ethernet frame */
    PW_XDP_FILL_FRAMES = 4096,
    PW_XDP_RECEIVE_FRAMES = 1024, /* of each channel's ring */
    PW_XDP_SEND_FRAMES = 32,      /* together, and of each channel's ring */
    PW_XDP_COMPLETION_FRAMES = 64,
    PW_XDP_FRAMES = PW_XDP_FILL_FRAMES + PW_XDP_SEND_FRAMES,
    PW_XDP_MEMORY_BYTES = PW_XDP_FRAMES * PW_XDP_FRAME_BYTES,
};

struct pw_xdp_queue {
    uint8_t *memory; /* PW_XDP_MEMORY_BYTES */
    atomic_flag held;
    struct pw_xdp_ring fill, completion;
    uint64_t spare[PW_XDP_SEND_FRAMES]; /* frames to send in, by their offsets */
    uint32_t spares;
    uint32_t nonsense; /* descriptors of the kernel's that point nowhere */
};

/* Give the kernel its frames; memory, fill and completion are set. */
void pw_xdp_queue_begin(struct pw_xdp_queue *queue);

/* The first frame that waits in a receive ring, or NULL. It stays where it is until
 * pw_xdp_queue_return(). */
const uint8_t *pw_xdp_queue_peek(struct pw_xdp_queue *queue, struct pw_xdp_ring *receive,
                                 size_t *size);

/* Done with the frame that pw_xdp_queue_peek() gave: it goes back to the kernel. */
void pw_xdp_queue_return(struct pw_xdp_queue *queue, struct pw_xdp_ring *receive);

/* A frame to send in, or NULL while the kernel has them all or the transmit ring is full. */
uint8_t *pw_xdp_queue_spare(struct pw_xdp_queue *queue, struct pw_xdp_ring *transmit);

/* Put the frame that pw_xdp_queue_spare() gave, with size bytes in it, into the transmit ring. */
void pw_xdp_queue_submit(struct pw_xdp_queue *queue, struct pw_xdp_ring *transmit, uint8_t *frame,
                         size_t size);

#endif
