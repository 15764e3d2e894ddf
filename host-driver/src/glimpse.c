#include "glimpse.h"

#include <string.h>

#include "error.h"
#include "pennywire.h"

/* Messages that matter here, with their lengths by ITCH 5.0; G is GLIMPSE's own. */
static const struct {
    char type;
    uint8_t length;
} known[] = {{'S', 12}, {'R', 39}, {'H', 25}, {'h', 21},
             {'Y', 20}, {'A', 36}, {'F', 40}, {'G', 21}};

void pw_glimpse_start(struct pw_glimpse *glimpse, uint64_t symbol) {
    *glimpse = (struct pw_glimpse){.symbol = symbol};
}

static uint64_t big_endian(const uint8_t *bytes, unsigned size) {
    uint64_t value = 0;
    for (unsigned i = 0; i < size; i++)
        value = value << 8 | bytes[i];
    return value;
}

static bool names_symbol(const struct pw_glimpse *glimpse, unsigned at) {
    uint64_t stock = 0;
    for (unsigned i = 0; i < 8; i++)
        stock |= (uint64_t)glimpse->message[at + i] << (8 * i);
    return stock == glimpse->symbol;
}

/* The number in 20 characters, padded with spaces on either side; 0 if it is none. */
static uint64_t decimal(const uint8_t *text) {
    unsigned first = 0, last = 20;
    while (first < last && text[first] == ' ')
        first++;
    while (last > first && text[last - 1] == ' ')
        last--;
    uint64_t value = 0;
    for (unsigned i = first; i < last; i++) {
        const unsigned digit = (unsigned)text[i] - '0';
        if (digit > 9 || value > (UINT64_MAX - digit) / 10)
            return 0;
        value = value * 10 + digit;
    }
    return value;
}

static int malformed(const struct pw_glimpse *glimpse, const char *what) {
    return pw_fail(PW_ERROR_PROTOCOL, "snapshot: message '%c' that ends at byte %llu: %s",
                   glimpse->message[0] >= ' ' && glimpse->message[0] <= '~' ? glimpse->message[0]
                                                                            : '?',
                   (unsigned long long)glimpse->offset, what);
}

static int take_order(struct pw_glimpse *glimpse) {
    const uint8_t *message = glimpse->message;
    if (message[19] != 'B' && message[19] != 'S')
        return malformed(glimpse, "its side is neither B nor S");
    glimpse->order.reference = big_endian(message + 11, 8);
    glimpse->order.sells = message[19] == 'S';
    glimpse->order.shares = (uint32_t)big_endian(message + 20, 4);
    glimpse->order.price = (uint32_t)big_endian(message + 32, 4);
    if (glimpse->order.shares == 0 || glimpse->order.price == 0)
        return malformed(glimpse, "an order of no shares or at no price does not rest");
    if (glimpse->orders == UINT32_MAX)
        return malformed(glimpse, "more orders than a snapshot can have");
    glimpse->orders++;
    return PW_GLIMPSE_ORDER;
}

/* Take one whole message. */
static int take_message(struct pw_glimpse *glimpse) {
    const uint8_t *message = glimpse->message;
    const char type = glimpse->length > 0 ? (char)message[0] : '\0';
    for (size_t i = 0;; i++) {
        if (i == sizeof known / sizeof known[0])
            return PW_GLIMPSE_MORE; /* of no use here, or not known */
        if (known[i].type == type && known[i].length != glimpse->length)
            return malformed(glimpse, "its length is not that of its type");
        if (known[i].type == type)
            break;
    }
    switch (type) {
    case 'S':
        glimpse->market_known = true;
        glimpse->market_open = message[11] == 'Q';
        return PW_GLIMPSE_MORE;
    case 'G':
        glimpse->sequence = decimal(message + 1);
        if (glimpse->sequence == 0)
            return malformed(glimpse, "its sequence number is not a number above zero");
        return PW_GLIMPSE_END;
    case 'A':
    case 'F':
        if (!names_symbol(glimpse, 24))
            return PW_GLIMPSE_MORE;
        break;
    default:
        if (!names_symbol(glimpse, 11))
            return PW_GLIMPSE_MORE;
    }
    const uint16_t locate = (uint16_t)big_endian(message + 1, 2);
    if (locate == 0 || (glimpse->locate != 0 && glimpse->locate != locate))
        return malformed(glimpse, "its locate is 0, or another than the symbol had before");
    glimpse->locate = locate;
    if (type == 'A' || type == 'F')
        return take_order(glimpse);
    if (type == 'H')
        glimpse->trading = message[19] == 'T';
    else if (type == 'h' && message[19] == 'Q')
        glimpse->halted_here = message[20] != 'T';
    else if (type == 'Y')
        glimpse->unrestricted = message[19] == '0';
    return PW_GLIMPSE_MORE;
}

int pw_glimpse_read(struct pw_glimpse *glimpse, const uint8_t *bytes, size_t size, size_t *used) {
    const uint64_t start = glimpse->offset;
    *used = 0;
    while (*used < size || (glimpse->prefix == 2 && glimpse->have == glimpse->length)) {
        if (glimpse->prefix < 2) {
            glimpse->length = (uint16_t)(glimpse->length << 8 | bytes[*used]);
            glimpse->prefix++;
            ++*used;
        } else if (glimpse->have < glimpse->length) {
            size_t part = glimpse->length - (size_t)glimpse->have;
            if (part > size - *used)
                part = size - *used;
            for (size_t i = 0; i < part && glimpse->have + i < PW_GLIMPSE_ROOM; i++)
                glimpse->message[glimpse->have + i] = bytes[*used + i];
            glimpse->have = (uint16_t)(glimpse->have + part);
            *used += part;
        }
        glimpse->offset = start + *used;
        if (glimpse->prefix < 2 || glimpse->have < glimpse->length)
            continue;
        if (glimpse->length == 0)
            return pw_fail(PW_ERROR_PROTOCOL,
                           "snapshot: it ends at byte %llu without an End of Snapshot message",
                           (unsigned long long)glimpse->offset);
        const int step = take_message(glimpse);
        glimpse->prefix = 0;
        glimpse->length = glimpse->have = 0;
        if (step != PW_GLIMPSE_MORE)
            return step;
    }
    return PW_GLIMPSE_MORE;
}
