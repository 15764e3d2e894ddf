/* A card for tests, in a thread of this process: the host link on a Unix socket, or on UDP when
 * PENNYWIRE_TEST_TRANSPORT is "udp" or "xdp", on the wire of scripts/veth_wire.py where there is
 * one; written from docs/hostlink.md apart from the library, and able to misbehave. */
#ifndef PENNYWIRE_FAKE_CARD_H
#define PENNYWIRE_FAKE_CARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fake_snapshot.h"

/* How the next answers are given. */
enum fake_mode {
    FAKE_RIGHT,
    FAKE_LATE,           /* not now: just before the answer after it */
    FAKE_TWICE,          /* in two copies */
    FAKE_SHORT,          /* its last 8 bytes missing */
    FAKE_STUB,           /* 5 bytes of it */
    FAKE_LONG,           /* 8 bytes behind it */
    FAKE_HUGE,           /* 40,000 bytes behind it */
    FAKE_WRONG_REQUEST,  /* for another request */
    FAKE_WRONG_VERSION,  /* of version 2 */
    FAKE_WRONG_MAGIC,    /* of another protocol */
    FAKE_WRONG_KIND,     /* of the other kind */
    FAKE_WRONG_COUNT,    /* count one too high */
    FAKE_WRONG_ADDRESS,  /* first item of another address */
    FAKE_WRONG_STATUS,   /* first item of a status that does not exist */
    FAKE_REFUSED,        /* refused whole, status 3 */
    FAKE_VERSION_STATUS, /* refused whole, status 1 */
    FAKE_FLOOD,          /* answers to another request for 3 s, or until the client goes away */
    FAKE_SLOW,           /* 20 ms after it was worked out */
    FAKE_SILENT,         /* not at all */
    FAKE_HANG_UP,        /* the connection is closed instead */
};

struct fake_card;

/* True when the cards are on UDP, and when hosts are to reach them by AF_XDP. */
bool fake_card_udp(void);
bool fake_card_xdp(void);

/* Start a card at a path of its own below directory, or at a free UDP port; url() says where.
 * Aborts when it cannot. */
struct fake_card *fake_card_start(const char *directory);
const char *fake_card_url(const struct fake_card *fake);

/* Stop the thread, close every connection, remove the socket. */
void fake_card_stop(struct fake_card *fake);

/* Answer the next count requests in this mode, then rightly. */
void fake_card_mode(struct fake_card *fake, enum fake_mode mode, unsigned count);

/* The register file: every multiple of 8 below 0x1800. access: item status of a write. */
uint64_t fake_card_get(struct fake_card *fake, uint32_t address);
void fake_card_set(struct fake_card *fake, uint32_t address, uint64_t value);
void fake_card_access(struct fake_card *fake, uint32_t address, uint32_t write_status);

/* The loader of snapshots: look at it, or set how it behaves; either may be NULL. */
void fake_card_snapshot(struct fake_card *fake, const struct fake_snapshot *set,
                        struct fake_snapshot *get);

/* Have control.time count cycles of 6.4 ns of CLOCK_MONOTONIC from now on. */
void fake_card_run_clock(struct fake_card *fake);

/* Bits of a register that a write changes; all by default. */
void fake_card_writable_bits(struct fake_card *fake, uint32_t address, uint64_t bits);

/* Datagrams heard so far, requests and subscriptions. */
unsigned fake_card_requests(struct fake_card *fake);

/* Requests carried out: on UDP a repeated one is not. */
unsigned fake_card_carried_out(struct fake_card *fake);

/* UDP: the copies and stale requests that were not carried out. */
unsigned fake_card_copies(struct fake_card *fake);

/* UDP: forget every host, as a card does that was started anew. */
void fake_card_forget(struct fake_card *fake);

/* Send a datagram to the last subscriber as it is. Aborts when there is none. */
void fake_card_send(struct fake_card *fake, const void *bytes, size_t size);

/* Send count records numbered from first on, in one datagram, or on UDP in as few as fit frames. */
void fake_card_send_records(struct fake_card *fake, uint32_t first, unsigned count);

/* Close the last subscriber's connection; not on UDP, which has none. */
void fake_card_drop_subscriber(struct fake_card *fake);

#endif
