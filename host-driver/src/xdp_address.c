#include "xdp_address.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"

static int bad(const char *text, const char *what) {
    return pw_fail(
        PW_ERROR_ARGUMENT,
        "card address '%s' %s; write "
        "xdp:INTERFACE[/QUEUE]?peer=HOST[:PORT][&mac=MAC][&spin=MICROSECONDS][&mode=skb]",
        text, what);
}

/* Read a decimal number up to most that fills the length; false when it is none. */
static bool read_number(const char *text, size_t length, uint32_t most, uint32_t *number) {
    uint64_t value = 0;
    if (length == 0 || length > 9)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        value = value * 10 + (uint64_t)(text[i] - '0');
    }
    *number = (uint32_t)value;
    return value <= most;
}

static int digit(char letter) {
    if (letter >= '0' && letter <= '9')
        return letter - '0';
    letter = (char)(letter | 0x20); /* small */
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

/* Read six pairs of hexadecimal digits with colons between; a group address is no card's. */
static bool read_mac(const char *text, size_t length, uint8_t *mac) {
    if (length != 3 * PW_FRAME_MAC_BYTES - 1)
        return false;
    for (int i = 0; i < PW_FRAME_MAC_BYTES; i++) {
        const char *pair = text + (ptrdiff_t)3 * i;
        const int high = digit(pair[0]), low = digit(pair[1]);
        if (high < 0 || low < 0 || (i + 1 < PW_FRAME_MAC_BYTES && pair[2] != ':'))
            return false;
        mac[i] = (uint8_t)(high << 4 | low);
    }
    return (mac[0] & 1) == 0;
}

/* Take one NAME=VALUE over; NULL, or what is wrong. */
static const char *take_option(struct pw_xdp_address *address, const char *option, size_t length) {
    const char *equals = memchr(option, '=', length);
    const size_t name = equals == NULL ? length : (size_t)(equals - option);
    const char *value = equals == NULL ? option + length : equals + 1;
    const size_t size = (size_t)(option + length - value);
    if (name == 4 && memcmp(option, "peer", 4) == 0) {
        if (size == 0 || size >= sizeof address->peer)
            return "names no peer, or one too long";
        memcpy(address->peer, value, size);
        address->peer[size] = '\0';
        return NULL;
    }
    if (name == 3 && memcmp(option, "mac", 3) == 0) {
        address->mac_given = read_mac(value, size, address->mac);
        return address->mac_given ? NULL : "has a mac that is no station's address of six bytes";
    }
    if (name == 4 && memcmp(option, "spin", 4) == 0)
        return read_number(value, size, PW_XDP_SPIN_US_MOST, &address->spin_us)
                   ? NULL
                   : "has a spin that is no number of microseconds up to 1000000";
    if (name == 4 && memcmp(option, "mode", 4) == 0) {
        address->generic = size == 3 && memcmp(value, "skb", 3) == 0;
        return address->generic ? NULL : "has a mode other than skb";
    }
    return "has an option that is not known";
}

int pw_xdp_address_read(const char *text, struct pw_xdp_address *address) {
    *address = (struct pw_xdp_address){.spin_us = PW_XDP_SPIN_US};
    const char *question = strchr(text, '?');
    const char *end = question == NULL ? text + strlen(text) : question;
    const char *slash = memchr(text, '/', (size_t)(end - text));
    const size_t name = (size_t)((slash == NULL ? end : slash) - text);
    if (name == 0 || name >= sizeof address->interface)
        return bad(text, "names no interface, or one with too long a name");
    memcpy(address->interface, text, name);
    if (slash != NULL && !read_number(slash + 1, (size_t)(end - slash - 1), 65535, &address->queue))
        return bad(text, "has a queue that is no number up to 65535");
    while (*end != '\0') {
        const char *option = end + 1;
        end = option + strcspn(option, "&");
        const char *wrong = take_option(address, option, (size_t)(end - option));
        if (wrong != NULL)
            return bad(text, wrong);
    }
    return address->peer[0] != '\0' ? PW_OK : bad(text, "names no peer");
}
