/* Messages of the card that may be sent again, kept until the exchange has answered: Cancel and
 * Modify say what is intended in the end, so a second copy does nothing. */
#ifndef PENNYWIRE_RELAY_CANCELS_H
#define PENNYWIRE_RELAY_CANCELS_H

#include "pennywire.h"

enum { PW_RELAY_CANCELS = 256, PW_RELAY_CANCEL_BYTES = 10 };

struct pw_relay_cancels {
    size_t count; /* oldest first */
    struct {
        uint8_t size;
        uint8_t bytes[PW_RELAY_CANCEL_BYTES];
    } kept[PW_RELAY_CANCELS];
};

/* Whether a message may be sent again. */
bool pw_relay_repeatable(const uint8_t *bytes, size_t size);

/* Keep such a message, in place of an earlier one about the same order; of too many the oldest is
 * forgotten. */
void pw_relay_remember(struct pw_relay_cancels *cancels, const uint8_t *bytes, size_t size);

/* Forget what a message of the exchange answers. */
void pw_relay_answered(struct pw_relay_cancels *cancels, const uint8_t *bytes, size_t size);

/* The message of a number, from 0, oldest first; false when there is none. */
bool pw_relay_remembered(const struct pw_relay_cancels *cancels, size_t number,
                         const uint8_t **bytes, size_t *size);

#endif
