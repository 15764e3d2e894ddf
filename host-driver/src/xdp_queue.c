#include "xdp_queue.h"

#include <linux/if_xdp.h>

_Static_assert(PW_XDP_COMPLETION_FRAMES >= PW_XDP_SEND_FRAMES,
               "a frame that was sent must always find room to come back");

static void hold(struct pw_xdp_queue *queue) {
    while (atomic_flag_test_and_set_explicit(&queue->held, memory_order_acquire))
        ;
}

static void let_go(struct pw_xdp_queue *queue) {
    atomic_flag_clear_explicit(&queue->held, memory_order_release);
}

/* Put a frame into the fill ring; called while the queue is held or not yet shared. */
static void refill(struct pw_xdp_queue *queue, uint64_t offset) {
    /* There is room for every frame; only a kernel that gave one twice could leave none. */
    if (pw_xdp_ring_room(&queue->fill) == 0) {
        queue->nonsense++;
        return;
    }
    ((uint64_t *)queue->fill.entries)[pw_xdp_ring_index(&queue->fill)] = offset;
    pw_xdp_ring_give(&queue->fill);
}

void pw_xdp_queue_begin(struct pw_xdp_queue *queue) {
    atomic_flag_clear(&queue->held);
    queue->spares = 0;
    queue->nonsense = 0;
    uint64_t offset = 0;
    for (; queue->spares < PW_XDP_SEND_FRAMES; offset += PW_XDP_FRAME_BYTES)
        queue->spare[queue->spares++] = offset;
    for (; offset < PW_XDP_MEMORY_BYTES; offset += PW_XDP_FRAME_BYTES)
        refill(queue, offset);
}

static bool inside(const struct xdp_desc *descriptor) {
    /* A frame does not cross into the next; the kernel leaves room before it. */
    return descriptor->addr < PW_XDP_MEMORY_BYTES &&
           descriptor->addr % PW_XDP_FRAME_BYTES + descriptor->len <= PW_XDP_FRAME_BYTES;
}

static const struct xdp_desc *first(const struct pw_xdp_ring *receive) {
    return (const struct xdp_desc *)receive->entries + pw_xdp_ring_index(receive);
}

const uint8_t *pw_xdp_queue_peek(struct pw_xdp_queue *queue, struct pw_xdp_ring *receive,
                                 size_t *size) {
    while (pw_xdp_ring_waiting(receive) > 0) {
        const struct xdp_desc *descriptor = first(receive);
        if (inside(descriptor)) {
            *size = descriptor->len;
            return queue->memory + descriptor->addr;
        }
        hold(queue);
        queue->nonsense++;
        let_go(queue);
        pw_xdp_ring_take(receive);
    }
    return NULL;
}

void pw_xdp_queue_return(struct pw_xdp_queue *queue, struct pw_xdp_ring *receive) {
    const uint64_t offset = first(receive)->addr;
    pw_xdp_ring_take(receive);
    hold(queue);
    refill(queue, offset - offset % PW_XDP_FRAME_BYTES);
    let_go(queue);
}

/* Take back what was sent; called while the queue is held. */
static void reap(struct pw_xdp_queue *queue) {
    while (pw_xdp_ring_waiting(&queue->completion) > 0) {
        const uint64_t *offsets = queue->completion.entries;
        const uint64_t offset = offsets[pw_xdp_ring_index(&queue->completion)];
        if (offset < PW_XDP_SEND_FRAMES * PW_XDP_FRAME_BYTES && queue->spares < PW_XDP_SEND_FRAMES)
            queue->spare[queue->spares++] = offset - offset % PW_XDP_FRAME_BYTES;
        else
            queue->nonsense++;
        pw_xdp_ring_take(&queue->completion);
    }
}

uint8_t *pw_xdp_queue_spare(struct pw_xdp_queue *queue, struct pw_xdp_ring *transmit) {
    if (pw_xdp_ring_room(transmit) == 0)
        return NULL;
    hold(queue);
    reap(queue);
    uint8_t *frame = queue->spares > 0 ? queue->memory + queue->spare[--queue->spares] : NULL;
    let_go(queue);
    return frame;
}

void pw_xdp_queue_submit(struct pw_xdp_queue *queue, struct pw_xdp_ring *transmit, uint8_t *frame,
                         size_t size) {
    struct xdp_desc *descriptor =
        (struct xdp_desc *)transmit->entries + pw_xdp_ring_index(transmit);
    *descriptor = (struct xdp_desc){
        .addr = (uint64_t)(frame - queue->memory),
        .len = (uint32_t)size,
    };
    pw_xdp_ring_give(transmit);
}
