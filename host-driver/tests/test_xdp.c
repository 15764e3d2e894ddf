/* What xdp: is made of, without a kernel at the other end: frames, addresses, rings in plain
 * memory, and the XDP program's instructions. */
#include <linux/if_xdp.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>

#include "check.h"
#include "xdp_address.h"
#include "xdp_frame.h"
#include "xdp_queue.h"

/* 10.0.0.2 port 22352 to 10.0.0.1 port 40000 with the payload "PW\1\x83", as written by dpkt 1.9.8,
 * which is not ours: tests/host_driver/test_frames.py makes it anew and compares. */
static const uint8_t known[] = {
    0x02, 0x00, 0x00, 0x00, 0x00, 0x01, 0x02, 0x00, 0x00, 0x00, 0x00, 0x02, 0x08, 0x00, 0x45, 0x00,
    0x00, 0x20, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11, 0x26, 0xcb, 0x0a, 0x00, 0x00, 0x02, 0x0a, 0x00,
    0x00, 0x01, 0x57, 0x50, 0x9c, 0x40, 0x00, 0x0c, 0xa6, 0x68, 0x50, 0x57, 0x01, 0x83,
};
enum { KNOWN_PAYLOAD = 4 };
static const struct pw_frame_end card = {{2, 0, 0, 0, 0, 2}, 0x0a000002, 22352};
static const struct pw_frame_end host = {{2, 0, 0, 0, 0, 1}, 0x0a000001, 40000};

static void frames_are_what_others_write(void) {
    uint8_t frame[PW_FRAME_SHORTEST];
    memset(frame, 0xee, sizeof frame);
    CHECK_EQUAL(pw_frame_write(frame, &card, &host, "PW\1\x83", KNOWN_PAYLOAD), PW_FRAME_SHORTEST);
    CHECK(memcmp(frame, known, sizeof known) == 0);
    for (size_t i = sizeof known; i < sizeof frame; i++)
        CHECK_EQUAL(frame[i], 0); /* padding tells nothing of what was there before */
    const uint8_t *payload = NULL;
    size_t size = 0;
    CHECK_EQUAL(pw_frame_read(frame, sizeof frame, &card, &host, &payload, &size), PW_FRAME_GOOD);
    CHECK_EQUAL(size, KNOWN_PAYLOAD);
    CHECK(payload == frame + PW_FRAME_HEADER_BYTES);
}

/* Judge the known frame with some of its bytes changed, in memory of its own size. */
static enum pw_frame_verdict judge(size_t size, size_t at, const char *bytes, size_t count) {
    uint8_t *frame = malloc(size);
    if (frame == NULL)
        abort();
    memset(frame, 0, size);
    memcpy(frame, known, size < sizeof known ? size : sizeof known);
    memcpy(frame + at, bytes, count);
    const uint8_t *payload = NULL;
    size_t payload_size = 99;
    const enum pw_frame_verdict verdict =
        pw_frame_read(frame, size, &card, &host, &payload, &payload_size);
    CHECK((verdict == PW_FRAME_GOOD) == (payload != NULL));
    free(frame);
    return verdict;
}

static void bad_frames_are_told_apart(void) {
    const size_t whole = sizeof known;
    for (size_t size = 1; size < whole; size++)
        CHECK_EQUAL(judge(size, 0, "", 0), PW_FRAME_SHORT);
    CHECK_EQUAL(judge(whole, 0, "", 0), PW_FRAME_GOOD);
    CHECK_EQUAL(judge(whole + 18, 0, "", 0), PW_FRAME_GOOD); /* Ethernet's padding */
    CHECK_EQUAL(judge(whole, 12, "\x81\x00\x00\x05\x08\x00", 6), PW_FRAME_NOT_IPV4); /* VLAN 5 */
    CHECK_EQUAL(judge(whole, 12, "\x86\xdd", 2), PW_FRAME_NOT_IPV4);                 /* IPv6 */
    CHECK_EQUAL(judge(whole, 12, "\x08\x06", 2), PW_FRAME_NOT_IPV4);                 /* ARP */
    CHECK_EQUAL(judge(whole, 14, "\x46", 1), PW_FRAME_OPTIONS);
    CHECK_EQUAL(judge(whole, 14, "\x65", 1), PW_FRAME_OPTIONS);
    CHECK_EQUAL(judge(whole, 24, "\x26\xca", 2), PW_FRAME_IP_CHECKSUM);
    /* Fields below are changed with the header's checksum, by what RFC 1624 says of the change. */
    CHECK_EQUAL(judge(whole, 20, "\x60\x00\x40\x11\x06\xcb", 6), PW_FRAME_FRAGMENT); /* first */
    CHECK_EQUAL(judge(whole, 20, "\x40\x01\x40\x11\x26\xca", 6), PW_FRAME_FRAGMENT); /* a later */
    CHECK_EQUAL(judge(whole, 20, "\x40\x00\x40\x06\x26\xd6", 6), PW_FRAME_NOT_UDP);  /* TCP */
    CHECK_EQUAL(judge(whole, 24, "\x26\xca\x0a\x00\x00\x03", 6), PW_FRAME_ADDRESS);
    CHECK_EQUAL(judge(whole, 16, "\x00\x21\x00\x00\x40\x00\x40\x11\x26\xca", 10), PW_FRAME_SHORT);
    CHECK_EQUAL(judge(whole + 1, 16, "\x00\x21\x00\x00\x40\x00\x40\x11\x26\xca", 10),
                PW_FRAME_LENGTH);
    CHECK_EQUAL(judge(whole, 38, "\x00\x07", 2), PW_FRAME_LENGTH);
    CHECK_EQUAL(judge(whole, 38, "\xff\xff", 2), PW_FRAME_LENGTH);
    CHECK_EQUAL(judge(whole, 34, "\x57\x51", 2), PW_FRAME_PORT);
    CHECK_EQUAL(judge(whole, 36, "\x9c\x41", 2), PW_FRAME_PORT);
    CHECK_EQUAL(judge(whole, 45, "\x84", 1), PW_FRAME_UDP_CHECKSUM);
    CHECK_EQUAL(judge(whole, 40, "\x14\x20", 2), PW_FRAME_UDP_CHECKSUM); /* left to hardware */
    CHECK_EQUAL(judge(whole, 40, "\x00\x00", 2), PW_FRAME_GOOD);         /* none given */
}

static void every_flipped_bit_is_seen(void) {
    for (size_t bit = 8 * 12; bit < 8 * sizeof known; bit++) {
        const char changed = (char)(known[bit / 8] ^ 1 << bit % 8);
        CHECK(judge(sizeof known, bit / 8, &changed, 1) != PW_FRAME_GOOD);
    }
}

static void addresses_are_read(void) {
    struct pw_xdp_address address;
    CHECK_EQUAL(pw_xdp_address_read("eth0?peer=10.0.0.2", &address), PW_OK);
    CHECK(strcmp(address.interface, "eth0") == 0 && strcmp(address.peer, "10.0.0.2") == 0);
    CHECK(address.queue == 0 && !address.mac_given && !address.generic);
    CHECK_EQUAL(address.spin_us, PW_XDP_SPIN_US);
    CHECK_EQUAL(
        pw_xdp_address_read("e/65535?mode=skb&spin=0&mac=02:aB:00:00:00:1f&peer=c:7", &address),
        PW_OK);
    CHECK(address.queue == 65535 && address.generic && address.spin_us == 0);
    CHECK(address.mac_given && memcmp(address.mac, "\2\xab\0\0\0\x1f", 6) == 0);
    CHECK(strcmp(address.peer, "c:7") == 0);
    static const char *const wrong[] = {
        "",
        "?peer=c",
        "/0?peer=c",
        "eth0",
        "eth0?",
        "eth0?peer",
        "eth0?peer=",
        "eth0/?peer=c",
        "eth0/x?peer=c",
        "eth0/65536?peer=c",
        "eth0/-1?peer=c",
        "eth0/0000000001?peer=c",
        "eth0?peer=c&",
        "eth0?peer=c&mac=01:00:00:00:00:00", /* a group's */
        "eth0?peer=c&mac=02:00:00:00:00",
        "eth0?peer=c&mac=02:00:00:00:00:0g",
        "eth0?peer=c&mac=02-00:00:00:00:00",
        "eth0?peer=c&spin=1000001",
        "eth0?peer=c&mode=native",
        "eth0?peer=c&pier=d",
        "interface-too-long?peer=c",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        CHECK_EQUAL(pw_xdp_address_read(wrong[i], &address), PW_ERROR_ARGUMENT);
        CHECK_TEXT(pw_last_error(), "write xdp:INTERFACE[/QUEUE]?peer=HOST[:PORT]");
    }
    char longest[200] = "eth0?peer=";
    memset(longest + 10, 'x', sizeof longest - 11);
    CHECK_EQUAL(pw_xdp_address_read(longest, &address), PW_ERROR_ARGUMENT);
}

/* Rings in plain memory, with this program as the kernel. */
struct shared {
    _Atomic uint32_t producer, consumer, flags;
    uint64_t entries[2 * PW_XDP_FILL_FRAMES];
};

static struct pw_xdp_ring end_of(struct shared *shared, uint32_t size) {
    return (struct pw_xdp_ring){.producer = &shared->producer,
                                .consumer = &shared->consumer,
                                .flags = &shared->flags,
                                .entries = shared->entries,
                                .size = size};
}

struct bench {
    struct shared fill, completion, receive, transmit;
    struct pw_xdp_queue queue;
    struct pw_xdp_ring receiving, transmitting;                                   /* the driver's */
    struct pw_xdp_ring kernel_fill, kernel_done, kernel_receive, kernel_transmit; /* ours */
};

static struct bench *make_bench(uint32_t begun) {
    struct bench *bench = calloc(1, sizeof *bench);
    if (bench == NULL || (bench->queue.memory = calloc(1, PW_XDP_MEMORY_BYTES)) == NULL)
        abort();
    struct shared *const all[] = {&bench->fill, &bench->completion, &bench->receive,
                                  &bench->transmit};
    bench->queue.fill = bench->kernel_fill = end_of(&bench->fill, PW_XDP_FILL_FRAMES);
    bench->queue.completion = bench->kernel_done =
        end_of(&bench->completion, PW_XDP_COMPLETION_FRAMES);
    bench->receiving = bench->kernel_receive = end_of(&bench->receive, PW_XDP_RECEIVE_FRAMES);
    bench->transmitting = bench->kernel_transmit = end_of(&bench->transmit, PW_XDP_SEND_FRAMES);
    /* As if the indices had counted for long. */
    for (size_t i = 0; i < 4; i++)
        all[i]->producer = all[i]->consumer = begun;
    struct pw_xdp_ring *const ends[] = {&bench->queue.fill,     &bench->queue.completion,
                                        &bench->receiving,      &bench->transmitting,
                                        &bench->kernel_fill,    &bench->kernel_done,
                                        &bench->kernel_receive, &bench->kernel_transmit};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        ends[i]->own = ends[i]->seen = begun;
    pw_xdp_queue_begin(&bench->queue);
    return bench;
}

static void end_bench(struct bench *bench) {
    free(bench->queue.memory);
    free(bench);
}

/* As the kernel: put a frame with a number in it into the receive ring; false when there is no
 * frame or no room for it. */
static bool deliver(struct bench *bench, uint32_t number) {
    if (pw_xdp_ring_waiting(&bench->kernel_fill) == 0 ||
        pw_xdp_ring_room(&bench->kernel_receive) == 0)
        return false;
    const uint64_t *offsets = bench->kernel_fill.entries;
    const uint64_t at = offsets[pw_xdp_ring_index(&bench->kernel_fill)] + 256; /* its headroom */
    pw_xdp_ring_take(&bench->kernel_fill);
    memcpy(bench->queue.memory + at, &number, sizeof number);
    struct xdp_desc *descriptors = bench->kernel_receive.entries;
    descriptors[pw_xdp_ring_index(&bench->kernel_receive)] =
        (struct xdp_desc){.addr = at, .len = sizeof number};
    pw_xdp_ring_give(&bench->kernel_receive);
    return true;
}

/* As the driver: the number in the next frame, or -1. */
static int64_t take_number(struct bench *bench) {
    size_t size = 0;
    uint32_t number;
    const uint8_t *frame = pw_xdp_queue_peek(&bench->queue, &bench->receiving, &size);
    if (frame == NULL)
        return -1;
    CHECK_EQUAL(size, sizeof number);
    memcpy(&number, frame, sizeof number);
    pw_xdp_queue_return(&bench->queue, &bench->receiving);
    return number;
}

static void a_full_ring_loses_the_newest_only(void) {
    struct bench *bench = make_bench(UINT32_MAX - 100); /* the indices wrap on the way */
    for (int round = 0; round < 20; round++) {
        uint32_t sent = 0;
        while (deliver(bench, sent))
            sent++;
        CHECK_EQUAL(sent, PW_XDP_RECEIVE_FRAMES);
        for (uint32_t i = 0; i < sent; i++)
            CHECK_EQUAL(take_number(bench), i);
        CHECK_EQUAL(take_number(bench), -1);
    }
    /* Every frame is the kernel's again. */
    CHECK_EQUAL(bench->fill.producer - bench->fill.consumer, PW_XDP_FILL_FRAMES);
    CHECK_EQUAL(bench->queue.nonsense, 0);
    end_bench(bench);
}

static void frames_are_sent_in_turn(void) {
    struct bench *bench = make_bench(UINT32_MAX - 3);
    for (int round = 0; round < 3; round++) {
        uint8_t *frame;
        unsigned sent = 0;
        while ((frame = pw_xdp_queue_spare(&bench->queue, &bench->transmitting)) != NULL) {
            *frame = (uint8_t)sent++;
            pw_xdp_queue_submit(&bench->queue, &bench->transmitting, frame, 60);
        }
        CHECK_EQUAL(sent, PW_XDP_SEND_FRAMES);
        for (unsigned i = 0; i < sent; i++) { /* the kernel sends them and gives them back */
            CHECK(pw_xdp_ring_waiting(&bench->kernel_transmit) > 0);
            const struct xdp_desc *descriptors = bench->kernel_transmit.entries;
            const struct xdp_desc descriptor =
                descriptors[pw_xdp_ring_index(&bench->kernel_transmit)];
            CHECK_EQUAL(descriptor.len, 60);
            CHECK_EQUAL(bench->queue.memory[descriptor.addr], i);
            pw_xdp_ring_take(&bench->kernel_transmit);
            uint64_t *offsets = bench->kernel_done.entries;
            offsets[pw_xdp_ring_index(&bench->kernel_done)] = descriptor.addr;
            pw_xdp_ring_give(&bench->kernel_done);
        }
    }
    end_bench(bench);
}

static void descriptors_that_point_nowhere_are_dropped(void) {
    static const struct xdp_desc wrong[] = {
        {.addr = PW_XDP_MEMORY_BYTES, .len = 60},   {.addr = UINT64_MAX, .len = 60},
        {.addr = 0, .len = PW_XDP_FRAME_BYTES + 1}, {.addr = PW_XDP_MEMORY_BYTES - 60, .len = 61},
        {.addr = 100, .len = UINT32_MAX},
    };
    struct bench *bench = make_bench(0);
    enum { WRONG = sizeof wrong / sizeof wrong[0] };
    for (int i = 0; i < WRONG; i++) {
        struct xdp_desc *descriptors = bench->kernel_receive.entries;
        descriptors[pw_xdp_ring_index(&bench->kernel_receive)] = wrong[i];
        pw_xdp_ring_give(&bench->kernel_receive);
    }
    CHECK(deliver(bench, 7));
    CHECK_EQUAL(take_number(bench), 7);
    CHECK_EQUAL(bench->queue.nonsense, WRONG);
    /* A completion that names no frame of ours, and one too many. */
    uint64_t *offsets = bench->kernel_done.entries;
    for (int i = 0; i < 2; i++) {
        offsets[pw_xdp_ring_index(&bench->kernel_done)] = i == 0 ? UINT64_MAX : 0;
        pw_xdp_ring_give(&bench->kernel_done);
    }
    CHECK(pw_xdp_queue_spare(&bench->queue, &bench->transmitting) != NULL);
    CHECK_EQUAL(bench->queue.nonsense, WRONG + 2);
    /* Indices beyond every bound. */
    bench->receive.producer = bench->receiving.own + 3 * PW_XDP_RECEIVE_FRAMES;
    CHECK_EQUAL(pw_xdp_ring_waiting(&bench->receiving), PW_XDP_RECEIVE_FRAMES);
    bench->transmit.consumer = bench->transmitting.own + 9;
    bench->transmitting.seen = bench->transmit.consumer;
    CHECK_EQUAL(pw_xdp_ring_room(&bench->transmitting), 0);
    end_bench(bench);
}

enum { NUMBERS = 50000 };

static void *deliver_all(void *argument) {
    for (uint32_t number = 0; number < NUMBERS;)
        if (deliver(argument, number))
            number++;
        else
            sched_yield();
    return NULL;
}

/* The kernel as a thread: what TSan says of the order of memory counts here. */
static void two_threads_share_the_rings(void) {
    struct bench *bench = make_bench(UINT32_MAX - NUMBERS / 2);
    pthread_t kernel;
    CHECK_EQUAL(pthread_create(&kernel, NULL, deliver_all, bench), 0);
    for (int64_t number = 0, next; number < NUMBERS;) {
        if ((next = take_number(bench)) < 0) {
            sched_yield();
            continue;
        }
        if (next != number) {
            CHECK_EQUAL(next, number);
            break;
        }
        number++;
    }
    CHECK_EQUAL(pthread_join(kernel, NULL), 0);
    end_bench(bench);
}

int main(void) {
    RUN(frames_are_what_others_write);
    RUN(bad_frames_are_told_apart);
    RUN(every_flipped_bit_is_seen);
    RUN(addresses_are_read);
    RUN(a_full_ring_loses_the_newest_only);
    RUN(frames_are_sent_in_turn);
    RUN(descriptors_that_point_nowhere_are_dropped);
    RUN(two_threads_share_the_rings);
    return RESULT;
}
