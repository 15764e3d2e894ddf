/* The handle, as the library's own files see it. */
#ifndef PENNYWIRE_CARD_H
#define PENNYWIRE_CARD_H

#include <pthread.h>

#include "hostlink.h"
#include "transport.h"
#include "waiting.h"

/* State of the event stream; guarded by events_lock. */
struct pw_event_stream {
    uint8_t datagram[PW_LINK_EVENTS_BYTES];
    size_t records; /* in the datagram */
    size_t next;    /* first record of it not handed out */
    bool subscribed;
    bool started;  /* a record was heard: last is known */
    uint32_t last; /* sequence number of the last record */
    /* Atomic, so that they can be asked for while another thread waits for events. */
    _Atomic uint64_t received, lost, duplicates, malformed;
};

struct pw_card {
    struct pw_transport transport;
    struct pw_identity identity;
    uint32_t timeout_ms;
    uint32_t attempts;
    char address[256]; /* what follows the scheme in the URL */

    pthread_mutex_t requests_lock; /* guards all down to response */
    uint32_t request_number;
    uint8_t request[PW_LINK_REQUEST_BYTES];
    uint8_t response[PW_LINK_REQUEST_BYTES];

    pthread_mutex_t events_lock; /* guards events */
    struct pw_event_stream events;
};

/* Tell the card of this host, whose requests are numbered from a number of chance on. */
int pw_greet(struct pw_card *card);

/* How long to wait for an answer to an attempt, counted from 0. */
int64_t pw_attempt_ms(const struct pw_card *card, uint32_t attempt);

/* Name of the register at an address for an error message; "0x..." when the map has none. Writes
 * PW_NAME_SIZE bytes of name and gives it back. */
const char *pw_register_name(const struct pw_card *card, uint32_t address, char *name);

/* Find the register at an address. */
int pw_register_by_address(const struct pw_card *card, uint32_t address,
                           struct pw_register_info *info);

#endif
