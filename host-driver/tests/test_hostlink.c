/* The datagrams themselves: written as docs/hostlink.md has them, and read without trust. Every
 * datagram lies in a piece of memory of its own size, so that the address sanitizer sees one byte
 * too many. */
#include <stdlib.h>

#include "../src/hostlink.h"
#include "check.h"

enum { ROUNDS = 200000 };

static void requests_are_as_described(void) {
    static const uint8_t wanted[] = {
        0x50, 0x57, 1, 2, 0x78, 0x56, 0x34, 0x12, 2, 0, 0, 0, 0, 0, 0, 0, /* header */
        0x40, 0x10, 0, 0, 0,    0,    0,    0,    8, 7, 6, 5, 4, 3, 2, 1, /* address, 0, value */
        0x10, 0x01, 0, 0, 0,    0,    0,    0,    0, 0, 0, 0, 0, 0, 0, 0x80,
    };
    const struct pw_item items[] = {
        {.address = 0x1040, .value = UINT64_C(0x0102030405060708)},
        {.address = 0x0110, .value = UINT64_C(1) << 63},
    };
    uint8_t bytes[PW_LINK_REQUEST_BYTES];
    memset(bytes, 0xee, sizeof bytes);
    CHECK_EQUAL(pw_link_write_request(bytes, PW_LINK_WRITE, 0x12345678, items, 2), sizeof wanted);
    CHECK(memcmp(bytes, wanted, sizeof wanted) == 0);
    CHECK_EQUAL(bytes[sizeof wanted], 0xee);
    /* What a READ item holds is not sent. */
    CHECK_EQUAL(pw_link_write_request(bytes, PW_LINK_READ, 1, items, 1), 32);
    for (size_t i = 20; i < 32; i++)
        CHECK_EQUAL(bytes[i], 0);
}

static uint64_t seed = 20200130;

static uint64_t next_random(void) {
    seed ^= seed << 13; /* xorshift64: the same bytes on every machine */
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

/* A copy of its own size of bytes that were right, cut or grown and with some of them changed. */
static uint8_t *spoil(const uint8_t *right, size_t right_size, size_t *size) {
    *size = right_size;
    if (next_random() % 2 == 0)
        *size = next_random() % (right_size + 40);
    uint8_t *bytes = malloc(*size > 0 ? *size : 1);
    if (bytes == NULL)
        abort();
    for (size_t i = 0; i < *size; i++)
        bytes[i] = i < right_size ? right[i] : (uint8_t)next_random();
    for (uint64_t changes = next_random() % 4; changes > 0 && *size > 0; changes--)
        bytes[next_random() % (next_random() % 2 == 0 && *size > 16 ? 16 : *size)] =
            (uint8_t)next_random();
    return bytes;
}

static void spoiled_answers_give_all_or_nothing(void) {
    enum { COUNT = 5 };
    struct pw_item items[COUNT];
    for (uint32_t i = 0; i < COUNT; i++)
        items[i] = (struct pw_item){.address = 0x100 + 8 * i, .operation = PW_READ};
    uint8_t right[PW_LINK_REQUEST_BYTES];
    const size_t right_size = pw_link_write_request(right, PW_LINK_READ, 9, items, COUNT);
    right[3] = PW_LINK_READ | PW_LINK_RESPONSE;
    unsigned taken = 0;
    for (int round = 0; round < ROUNDS; round++) {
        size_t size;
        uint8_t *bytes = spoil(right, right_size, &size);
        for (uint32_t i = 0; i < COUNT; i++)
            items[i] = (struct pw_item){
                .address = 0x100 + 8 * i, .status = PW_ITEM_UNDONE, .value = UINT64_MAX};
        const int status = pw_link_read_response(bytes, size, PW_LINK_READ, items, COUNT);
        taken += status == PW_OK;
        for (uint32_t i = 0; i < COUNT; i++) {
            CHECK((status == PW_OK) == (items[i].status <= PW_ITEM_LOCKED));
            CHECK(items[i].status == PW_ITEM_OK || items[i].value == UINT64_MAX);
        }
        free(bytes);
    }
    CHECK(taken > ROUNDS / 10 && taken < ROUNDS); /* the rounds do reach both ends */
}

static void spoiled_events_are_whole_or_nothing(void) {
    uint8_t right[PW_LINK_HEADER_BYTES + 3 * PW_RECORD_BYTES] = {'P', 'W', 1, 0xC0, 7, 0, 0, 0, 3};
    right[PW_LINK_HEADER_BYTES + 4] = 7;
    unsigned taken = 0;
    for (int round = 0; round < ROUNDS; round++) {
        size_t size;
        uint8_t *bytes = spoil(right, sizeof right, &size);
        const size_t records = pw_link_check_events(bytes, size);
        taken += records > 0;
        CHECK(records <= PW_LINK_ITEMS);
        CHECK(records == 0 || size == PW_LINK_HEADER_BYTES + records * PW_RECORD_BYTES);
        free(bytes);
    }
    CHECK(taken > ROUNDS / 10 && taken < ROUNDS);
}

int main(void) {
    RUN(requests_are_as_described);
    RUN(spoiled_answers_give_all_or_nothing);
    RUN(spoiled_events_are_whole_or_nothing);
    return RESULT;
}
