/* Reading a snapshot in GLIMPSE 5.0's layout: ITCH 5.0 messages, each behind its length
 * (BinaryFILE), up to the one that says where the snapshot ends. Nothing is allocated, and no byte
 * is trusted. */
#ifndef PENNYWIRE_GLIMPSE_H
#define PENNYWIRE_GLIMPSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for a message; no ITCH 5.0 message is longer than 50 bytes. What is longer is of an unknown
 * type and is skipped. */
enum { PW_GLIMPSE_ROOM = 64 };

enum pw_glimpse_step {
    PW_GLIMPSE_MORE = 0,  /* all bytes are used, and the end has not come */
    PW_GLIMPSE_ORDER = 1, /* an order of the symbol is in order */
    PW_GLIMPSE_END = 2,   /* the End of Snapshot is read; what follows it is not the snapshot's */
};

struct pw_glimpse {
    uint64_t symbol; /* first character in the lowest byte */
    /* What the snapshot says; orders and states of the symbol alone. */
    uint64_t sequence; /* after the end: the first message that the snapshot does not know */
    uint32_t orders;
    uint16_t locate; /* 0: the symbol was not named */
    bool trading, halted_here, unrestricted, market_known, market_open;
    /* The last order. */
    struct {
        uint64_t reference;
        uint32_t shares, price;
        bool sells;
    } order;
    /* Where the reader is. */
    uint64_t offset; /* bytes used */
    uint16_t length; /* of the message that is being read */
    uint8_t prefix;  /* bytes of the length that are read */
    uint16_t have;   /* bytes of the message that are read */
    uint8_t message[PW_GLIMPSE_ROOM];
};

/* Begin; symbol as the register slot[n].symbol holds it. */
void pw_glimpse_start(struct pw_glimpse *glimpse, uint64_t symbol);

/* Read bytes until there is an order, the end, or no byte left; *used says how many were read.
 * Returns a step of enum pw_glimpse_step or PW_ERROR_PROTOCOL, after which it must be started anew.
 */
int pw_glimpse_read(struct pw_glimpse *glimpse, const uint8_t *bytes, size_t size, size_t *used);

#endif
