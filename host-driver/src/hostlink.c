#include "hostlink.h"

#include <string.h>

#include "error.h"

/* Offsets of docs/hostlink.md. */
enum { AT_VERSION = 2, AT_KIND = 3, AT_REQUEST = 4, AT_COUNT = 8, AT_STATUS = 10 };
enum { ITEM_STATUS = 4, ITEM_VALUE = 8 };
enum { RECORD_SEQUENCE = 4 };

void pw_link_put(uint8_t *bytes, uint64_t value, size_t size) {
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
}

uint64_t pw_link_get(const uint8_t *bytes, size_t size) {
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++)
        value |= (uint64_t)bytes[i] << (8 * i);
    return value;
}

size_t pw_link_write_request(uint8_t *bytes, enum pw_link_kind kind, uint32_t request,
                             const struct pw_item *items, size_t count) {
    const size_t size = PW_LINK_HEADER_BYTES + count * PW_LINK_ITEM_BYTES;
    memset(bytes, 0, size);
    pw_link_put(bytes, PW_LINK_MAGIC, 2);
    bytes[AT_VERSION] = PW_LINK_VERSION;
    bytes[AT_KIND] = (uint8_t)kind;
    pw_link_put(bytes + AT_REQUEST, request, 4);
    pw_link_put(bytes + AT_COUNT, count, 2);
    for (size_t i = 0; i < count; i++) {
        uint8_t *item = bytes + PW_LINK_HEADER_BYTES + i * PW_LINK_ITEM_BYTES;
        pw_link_put(item, items[i].address, 4);
        if (kind == PW_LINK_WRITE)
            pw_link_put(item + ITEM_VALUE, items[i].value, 8);
    }
    return size;
}

bool pw_link_read_header(const uint8_t *bytes, size_t size, struct pw_link_header *header) {
    if (size < PW_LINK_HEADER_BYTES)
        return false;
    header->magic = (uint16_t)pw_link_get(bytes, 2);
    header->version = bytes[AT_VERSION];
    header->kind = bytes[AT_KIND];
    header->request = (uint32_t)pw_link_get(bytes + AT_REQUEST, 4);
    header->count = (uint16_t)pw_link_get(bytes + AT_COUNT, 2);
    header->status = (uint16_t)pw_link_get(bytes + AT_STATUS, 2);
    return true;
}

static int check_response(const struct pw_link_header *header, size_t size, enum pw_link_kind kind,
                          size_t count) {
    if (header->status == 1)
        return pw_fail(PW_ERROR_UNKNOWN_CARD,
                       "the card does not know version %d of the host link (status 1)",
                       PW_LINK_VERSION);
    if (header->status == 4)
        return pw_fail(PW_ERROR_CARD_RESET,
                       "the card does not know this host: it was started anew; open it again");
    if (header->status != 0)
        return pw_fail(PW_ERROR_PROTOCOL, "the card refused the request whole: status %u%s",
                       header->status,
                       header->status == 2   ? " (bad kind)"
                       : header->status == 3 ? " (bad count or length)"
                                             : "");
    if (header->kind != ((unsigned)kind | PW_LINK_RESPONSE))
        return pw_fail(PW_ERROR_PROTOCOL, "request of kind 0x%02x answered with kind 0x%02x", kind,
                       header->kind);
    if (header->count != count)
        return pw_fail(PW_ERROR_PROTOCOL, "request of %zu items answered with %u", count,
                       header->count);
    const size_t expected = PW_LINK_HEADER_BYTES + count * PW_LINK_ITEM_BYTES;
    if (size != expected)
        return pw_fail(PW_ERROR_PROTOCOL, "answer of %zu bytes where %zu items make %zu", size,
                       count, expected);
    return PW_OK;
}

int pw_link_read_response(const uint8_t *bytes, size_t size, enum pw_link_kind kind,
                          struct pw_item *items, size_t count) {
    struct pw_link_header header;
    if (!pw_link_read_header(bytes, size, &header))
        return pw_fail(PW_ERROR_PROTOCOL, "answer of %zu bytes is shorter than a header", size);
    const int status = check_response(&header, size, kind, count);
    if (status != PW_OK)
        return status;
    /* All is checked before anything is taken over: half an answer is none. */
    for (size_t i = 0; i < count; i++) {
        const uint8_t *item = bytes + PW_LINK_HEADER_BYTES + i * PW_LINK_ITEM_BYTES;
        if (pw_link_get(item, 4) != items[i].address)
            return pw_fail(PW_ERROR_PROTOCOL, "item %zu is for address 0x%x, asked was 0x%x", i,
                           (unsigned)pw_link_get(item, 4), items[i].address);
        if (pw_link_get(item + ITEM_STATUS, 4) > PW_ITEM_LOCKED)
            return pw_fail(PW_ERROR_PROTOCOL, "item %zu (address 0x%x) has unknown status %u", i,
                           items[i].address, (unsigned)pw_link_get(item + ITEM_STATUS, 4));
    }
    for (size_t i = 0; i < count; i++) {
        const uint8_t *item = bytes + PW_LINK_HEADER_BYTES + i * PW_LINK_ITEM_BYTES;
        items[i].status = (uint16_t)pw_link_get(item + ITEM_STATUS, 4);
        if (items[i].status == PW_ITEM_OK)
            items[i].value = pw_link_get(item + ITEM_VALUE, 8);
    }
    return PW_OK;
}

size_t pw_link_check_events(const uint8_t *bytes, size_t size) {
    struct pw_link_header header;
    if (!pw_link_read_header(bytes, size, &header) || header.magic != PW_LINK_MAGIC ||
        header.version != PW_LINK_VERSION || header.kind != PW_LINK_EVENTS || header.status != 0)
        return 0;
    if (header.count > PW_LINK_ITEMS || header.count == 0 ||
        size != PW_LINK_HEADER_BYTES + (size_t)header.count * PW_RECORD_BYTES)
        return 0;
    if (header.request != pw_link_record_sequence(bytes + PW_LINK_HEADER_BYTES))
        return 0;
    return header.count;
}

uint32_t pw_link_record_sequence(const uint8_t *record) {
    return (uint32_t)pw_link_get(record + RECORD_SEQUENCE, 4);
}
