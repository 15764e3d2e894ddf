/* The datagrams of the host link (docs/hostlink.md): written and read here and nowhere else. These
 * functions touch nothing but their arguments, and believe no length they were not given. */
#ifndef PENNYWIRE_HOSTLINK_H
#define PENNYWIRE_HOSTLINK_H

#include "pennywire.h"

enum {
    PW_LINK_MAGIC = 0x5750,
    PW_LINK_VERSION = 1,
    PW_LINK_HEADER_BYTES = 16,
    PW_LINK_ITEM_BYTES = 16,
    PW_LINK_ITEMS = 64, /* items or records of one datagram, at most */
    PW_LINK_REQUEST_BYTES = PW_LINK_HEADER_BYTES + PW_LINK_ITEMS * PW_LINK_ITEM_BYTES,
    PW_LINK_EVENTS_BYTES = PW_LINK_HEADER_BYTES + PW_LINK_ITEMS * PW_RECORD_BYTES,
};

enum pw_link_kind {
    PW_LINK_READ = 1,
    PW_LINK_WRITE = 2,
    PW_LINK_SUBSCRIBE = 3,
    PW_LINK_HELLO = 4,
    PW_LINK_RESPONSE = 0x80, /* added to a request's kind */
    PW_LINK_EVENTS = 0xC0,
};

struct pw_link_header {
    uint16_t magic;
    uint8_t version;
    uint8_t kind;
    uint32_t request; /* EVENTS: sequence number of the first record */
    uint16_t count;
    uint16_t status;
};

/* A little-endian number of size bytes, up to 8. */
void pw_link_put(uint8_t *bytes, uint64_t value, size_t size);
uint64_t pw_link_get(const uint8_t *bytes, size_t size);

/* Write a request of count items (at most PW_LINK_ITEMS) to PW_LINK_REQUEST_BYTES of room; returns
 * its size. */
size_t pw_link_write_request(uint8_t *bytes, enum pw_link_kind kind, uint32_t request,
                             const struct pw_item *items, size_t count);

/* Read a header; false when there are not enough bytes for one. */
bool pw_link_read_header(const uint8_t *bytes, size_t size, struct pw_link_header *header);

/* Read the response to a READ or WRITE of these items, or to a HELLO of none: their values and
 * statuses. size is the datagram's true size, bytes hold PW_LINK_REQUEST_BYTES of it at most. On an
 * error, which is PW_ERROR_PROTOCOL, PW_ERROR_UNKNOWN_CARD or PW_ERROR_CARD_RESET, no item is
 * changed. */
int pw_link_read_response(const uint8_t *bytes, size_t size, enum pw_link_kind kind,
                          struct pw_item *items, size_t count);

/* Check a datagram of events; returns the records in it, 1 to PW_LINK_ITEMS, or 0 when it makes no
 * sense. size as above, bytes hold PW_LINK_EVENTS_BYTES at most. */
size_t pw_link_check_events(const uint8_t *bytes, size_t size);

/* Sequence number of a record as it lies in a datagram. */
uint32_t pw_link_record_sequence(const uint8_t *record);

#endif
