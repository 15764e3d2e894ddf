/* libFuzzer: what a card says to a relay. Each datagram is preceded by its length in a byte. */
#include <stdlib.h>
#include <string.h>

#include "../src/relay_link.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static struct pw_relay_link link_;

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    /* Field by field: the ring needs no clearing, and is most of the struct. */
    link_.request = link_.answered = link_.has = link_.next = 0;
    link_.wanted = 0;
    pw_relay_begin(&link_, 7);
    pw_relay_start(&link_, 1);
    uint8_t out[PW_RELAY_DATAGRAM_BYTES];
    for (size_t at = 0; at < size;) {
        const size_t length = bytes[at] < size - at - 1 ? bytes[at] : size - at - 1;
        struct pw_relay_told told;
        const uint32_t has = link_.has;
        (void)pw_relay_say(&link_, 0, 0, out);
        (void)pw_relay_keep(&link_, bytes + at, 1);
        (void)pw_relay_say_message(&link_, out);
        if (pw_relay_hear(&link_, bytes + at + 1, length, &told) == PW_RELAY_MESSAGE) {
            unsigned sum = 0;
            for (size_t i = 0; i < told.size; i++) /* every byte is there to be read */
                sum += told.message[i];
            if (told.size == 0 || told.size > PW_RELAY_CARD_BYTES || link_.has != has + 1 ||
                sum > 255 * PW_RELAY_CARD_BYTES)
                abort();
        }
        if (link_.first > link_.said || link_.said > link_.end ||
            link_.used != 3 * (link_.end - link_.first))
            abort();
        at += 1 + length;
    }
    return 0;
}
