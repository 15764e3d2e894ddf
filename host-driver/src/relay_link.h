/* The datagrams of the order relay (docs/hostlink.md) and what has to be remembered to say and hear
 * them right: numbers, and the messages of the exchange that the card does not have yet. Over
 * bytes: no socket, no clock, no allocation. */
#ifndef PENNYWIRE_RELAY_LINK_H
#define PENNYWIRE_RELAY_LINK_H

#include "pennywire.h"

enum {
    PW_RELAY_HEAD_BYTES = 40,
    PW_RELAY_CARD_BYTES = 64,      /* longest message of the card */
    PW_RELAY_EXCHANGE_BYTES = 512, /* longest message of the exchange */
    PW_RELAY_DATAGRAM_BYTES = PW_RELAY_HEAD_BYTES + PW_RELAY_EXCHANGE_BYTES,
    PW_RELAY_RING_BYTES = 1 << 18,
    PW_RELAY_WINDOW = 16, /* messages said to the card and not answered */
};

/* Flags of a request, and of what the card says. */
enum {
    PW_RELAY_OPEN = 1 << 0,
    PW_RELAY_SAY_UP = 1 << 1,
    PW_RELAY_RESEND = 1 << 2,
    PW_RELAY_START = 1 << 3,
    PW_RELAY_CLOSE = 1 << 4,
    PW_RELAY_FORCE = 1 << 5,
    PW_RELAY_IS_OPEN = 1 << 0,
    PW_RELAY_IS_UP = 1 << 1,
    PW_RELAY_IS_COMING = 1 << 2, /* a message of the card has begun and has no number yet */
};

enum { PW_RELAY_TAKEN = 5, PW_RELAY_NOT_OWNER = 6 };

struct pw_relay_told {
    bool is_message;
    uint16_t status;
    uint32_t request; /* answered */
    uint32_t oldest;  /* of an answer: number of the card's oldest message that nobody has taken */
    uint64_t owner;
    uint32_t number; /* of this message of the card, or of its next one */
    uint16_t flags;
    uint64_t wanted; /* number of the exchange's message that the card wants */
    const uint8_t *message;
    size_t size;
};

enum pw_relay_heard {
    PW_RELAY_NOTHING, /* no sense, of before, or of another owner */
    PW_RELAY_ANSWER,  /* an answer, good or not: see told */
    PW_RELAY_MESSAGE, /* the card's next message: has is its number plus one */
};

struct pw_relay_link {
    uint64_t token;    /* of this owner */
    uint32_t request;  /* number of the last request */
    uint32_t answered; /* number of the last request that was answered */
    bool open;         /* the card says that the session is this owner's */
    bool up;           /* what is said of the session */
    bool coming;       /* as of the last answer */
    uint32_t has;      /* number of the card's message that is wanted */
    uint32_t next;     /* number of the card's next message, as far as is known */
    uint64_t wanted;   /* number of the exchange's message that the card wants; 0: never started */

    uint64_t first, end; /* messages of the exchange that are kept: first, and one past the last */
    uint64_t said;       /* the next to be said */
    size_t head, used;   /* bytes of the ring */
    size_t at;           /* of the message said */
    uint8_t ring[PW_RELAY_RING_BYTES];
};

/* Read a datagram of the card; false when it is none. size: its true size, bytes hold as many or
 * PW_RELAY_DATAGRAM_BYTES. told->message points into bytes. */
bool pw_relay_read(const uint8_t *bytes, size_t size, struct pw_relay_told *told);

/* Take a datagram of the card: what is not this owner's, or not next, is left out. */
enum pw_relay_heard pw_relay_hear(struct pw_relay_link *link, const uint8_t *bytes, size_t size,
                                  struct pw_relay_told *told);

/* Begin to be the owner with a token: every number is learnt from the answer. */
void pw_relay_begin(struct pw_relay_link *link, uint64_t token);

/* Write a request without a message: PW_RELAY_HEAD_BYTES, always. sequence: of PW_RELAY_START. */
size_t pw_relay_say(struct pw_relay_link *link, uint16_t flags, uint64_t sequence, uint8_t *bytes);

/* Write a request with the next message of the exchange, if the card wants one that was not said
 * and few enough wait for an answer; 0 otherwise. */
size_t pw_relay_say_message(struct pw_relay_link *link, uint8_t *bytes);

/* Say every message again that the card does not have. */
void pw_relay_again(struct pw_relay_link *link);

/* Keep messages from this number on. */
void pw_relay_start(struct pw_relay_link *link, uint64_t first);

/* Keep the exchange's next message; false when there is no room, or it is longer than
 * PW_RELAY_EXCHANGE_BYTES or empty. */
bool pw_relay_keep(struct pw_relay_link *link, const uint8_t *bytes, size_t size);

/* Bytes of room: a message takes two more than it has. */
size_t pw_relay_room(const struct pw_relay_link *link);

#endif
