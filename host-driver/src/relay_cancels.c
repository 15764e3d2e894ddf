#include "relay_cancels.h"

#include <string.h>

/* OUCH 5.0: the order's number behind the type, and behind the time in what the exchange says. */
enum { CANCEL_BYTES = 9, MODIFY_BYTES = 10, AT_NUMBER = 1, AT_ANSWERED = 9, NUMBER_BYTES = 4 };

bool pw_relay_repeatable(const uint8_t *bytes, size_t size) {
    return (bytes[0] == 'X' && size == CANCEL_BYTES) || (bytes[0] == 'M' && size == MODIFY_BYTES);
}

static void forget(struct pw_relay_cancels *cancels, size_t number) {
    cancels->count--;
    memmove(&cancels->kept[number], &cancels->kept[number + 1],
            (cancels->count - number) * sizeof cancels->kept[0]);
}

/* Forget a message of a type about an order. */
static void forget_about(struct pw_relay_cancels *cancels, uint8_t type, const uint8_t *number) {
    for (size_t i = 0; i < cancels->count; i++) {
        if (cancels->kept[i].bytes[0] == type &&
            memcmp(cancels->kept[i].bytes + AT_NUMBER, number, NUMBER_BYTES) == 0) {
            forget(cancels, i);
            return;
        }
    }
}

void pw_relay_remember(struct pw_relay_cancels *cancels, const uint8_t *bytes, size_t size) {
    forget_about(cancels, bytes[0], bytes + AT_NUMBER);
    if (cancels->count == PW_RELAY_CANCELS)
        forget(cancels, 0);
    cancels->kept[cancels->count].size = (uint8_t)size;
    memcpy(cancels->kept[cancels->count].bytes, bytes, size);
    cancels->count++;
}

void pw_relay_answered(struct pw_relay_cancels *cancels, const uint8_t *bytes, size_t size) {
    if (size < AT_ANSWERED + NUMBER_BYTES)
        return;
    if (bytes[0] == 'C' || bytes[0] == 'I')
        forget_about(cancels, 'X', bytes + AT_ANSWERED);
    else if (bytes[0] == 'M')
        forget_about(cancels, 'M', bytes + AT_ANSWERED);
}

bool pw_relay_remembered(const struct pw_relay_cancels *cancels, size_t number,
                         const uint8_t **bytes, size_t *size) {
    if (number >= cancels->count)
        return false;
    *bytes = cancels->kept[number].bytes;
    *size = cancels->kept[number].size;
    return true;
}
