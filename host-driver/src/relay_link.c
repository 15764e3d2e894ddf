#include "relay_link.h"

#include <string.h>

#include "hostlink.h"

enum { KIND = 5, ANSWER = KIND | PW_LINK_RESPONSE, MESSAGE = 0xC1 };
enum {
    AT_KIND = 3,
    AT_REQUEST = 4,
    AT_COUNT = 8,
    AT_STATUS = 10,
    AT_OLDEST = 12,
    AT_OWNER = 16,
    AT_NUMBER = 24,
    AT_FLAGS = 28,
    AT_LENGTH = 30,
    AT_SEQUENCE = 32,
};
enum { LENGTH_BYTES = 2 };

static size_t whole_words(size_t size) {
    return (size + 7) / 8 * 8;
}

bool pw_relay_read(const uint8_t *bytes, size_t size, struct pw_relay_told *told) {
    struct pw_link_header header;
    if (size < PW_RELAY_HEAD_BYTES || size > PW_RELAY_DATAGRAM_BYTES ||
        !pw_link_read_header(bytes, size, &header) || header.magic != PW_LINK_MAGIC ||
        header.version != PW_LINK_VERSION || (header.kind != ANSWER && header.kind != MESSAGE))
        return false;
    *told = (struct pw_relay_told){
        .is_message = header.kind == MESSAGE,
        .status = header.status,
        .request = header.request,
        .oldest = (uint32_t)pw_link_get(bytes + AT_OLDEST, 4),
        .owner = pw_link_get(bytes + AT_OWNER, 8),
        .number = (uint32_t)pw_link_get(bytes + AT_NUMBER, 4),
        .flags = (uint16_t)pw_link_get(bytes + AT_FLAGS, 2),
        .wanted = pw_link_get(bytes + AT_SEQUENCE, 8),
        .message = bytes + PW_RELAY_HEAD_BYTES,
        .size = (size_t)pw_link_get(bytes + AT_LENGTH, 2),
    };
    if (size != PW_RELAY_HEAD_BYTES + whole_words(told->size))
        return false;
    if (!told->is_message)
        return header.count == 0 && told->size == 0;
    return header.count == 1 && told->status == 0 && told->request == told->number &&
           told->size > 0 && told->size <= PW_RELAY_CARD_BYTES;
}

static uint8_t ring_byte(const struct pw_relay_link *link, size_t at) {
    return link->ring[at % PW_RELAY_RING_BYTES];
}

static size_t length_at(const struct pw_relay_link *link, size_t at) {
    return (size_t)ring_byte(link, at) | (size_t)ring_byte(link, at + 1) << 8;
}

/* Drop what the card has. A number that it cannot have is not believed. */
static void forget(struct pw_relay_link *link, uint64_t wanted) {
    if (wanted < link->wanted || wanted > link->end)
        return;
    link->wanted = wanted;
    while (link->first < wanted) {
        const size_t size = LENGTH_BYTES + length_at(link, link->head);
        link->head = (link->head + size) % PW_RELAY_RING_BYTES;
        link->used -= size;
        link->first++;
    }
    if (link->said < link->first)
        pw_relay_again(link);
}

enum pw_relay_heard pw_relay_hear(struct pw_relay_link *link, const uint8_t *bytes, size_t size,
                                  struct pw_relay_told *told) {
    if (!pw_relay_read(bytes, size, told))
        return PW_RELAY_NOTHING;
    if (told->is_message) {
        if (told->owner != link->token || !link->open)
            return PW_RELAY_NOTHING;
        if ((int32_t)(told->number + 1 - link->next) > 0)
            link->next = told->number + 1;
        if (told->number != link->has)
            return PW_RELAY_NOTHING;
        link->has++;
        forget(link, told->wanted);
        return PW_RELAY_MESSAGE;
    }
    /* To no request, or to one that has been answered, or before an answer that was heard. */
    if ((int32_t)(told->request - link->answered) <= 0 ||
        (int32_t)(told->request - link->request) > 0)
        return PW_RELAY_NOTHING;
    link->answered = told->request;
    if (told->status != 0 || told->owner != link->token) {
        link->open = false;
        return PW_RELAY_ANSWER;
    }
    if (!link->open && (told->flags & PW_RELAY_IS_OPEN) != 0) {
        link->has = told->oldest;
        link->wanted = told->wanted;
    }
    link->open = (told->flags & PW_RELAY_IS_OPEN) != 0;
    link->coming = (told->flags & PW_RELAY_IS_COMING) != 0;
    link->next = told->number;
    forget(link, told->wanted);
    return PW_RELAY_ANSWER;
}

void pw_relay_begin(struct pw_relay_link *link, uint64_t token) {
    link->token = token;
    link->open = link->up = false;
    link->answered = link->request;
}

static size_t say(struct pw_relay_link *link, uint16_t flags, uint64_t sequence, size_t length,
                  uint8_t *bytes) {
    memset(bytes, 0, PW_RELAY_HEAD_BYTES + whole_words(length));
    link->request++;
    pw_link_put(bytes, PW_LINK_MAGIC, 2);
    bytes[2] = PW_LINK_VERSION;
    bytes[AT_KIND] = KIND;
    pw_link_put(bytes + AT_REQUEST, link->request, 4);
    pw_link_put(bytes + AT_COUNT, length > 0 ? 1 : 0, 2);
    pw_link_put(bytes + AT_OWNER, link->token, 8);
    pw_link_put(bytes + AT_NUMBER, link->has, 4);
    pw_link_put(bytes + AT_FLAGS, (uint64_t)flags | (link->up ? PW_RELAY_SAY_UP : 0), 2);
    pw_link_put(bytes + AT_LENGTH, length, 2);
    pw_link_put(bytes + AT_SEQUENCE, sequence, 8);
    return PW_RELAY_HEAD_BYTES + whole_words(length);
}

size_t pw_relay_say(struct pw_relay_link *link, uint16_t flags, uint64_t sequence, uint8_t *bytes) {
    return say(link, flags, sequence, 0, bytes);
}

size_t pw_relay_say_message(struct pw_relay_link *link, uint8_t *bytes) {
    if (!link->open || link->wanted == 0 || link->said >= link->end ||
        link->said - link->first >= PW_RELAY_WINDOW)
        return 0;
    const size_t length = length_at(link, link->at);
    const size_t size = say(link, 0, link->said, length, bytes);
    for (size_t i = 0; i < length; i++)
        bytes[PW_RELAY_HEAD_BYTES + i] = ring_byte(link, link->at + LENGTH_BYTES + i);
    link->at = (link->at + LENGTH_BYTES + length) % PW_RELAY_RING_BYTES;
    link->said++;
    return size;
}

void pw_relay_again(struct pw_relay_link *link) {
    link->said = link->first;
    link->at = link->head;
}

void pw_relay_start(struct pw_relay_link *link, uint64_t first) {
    link->first = link->end = first;
    link->head = link->used = 0;
    pw_relay_again(link);
}

bool pw_relay_keep(struct pw_relay_link *link, const uint8_t *bytes, size_t size) {
    if (size == 0 || size > PW_RELAY_EXCHANGE_BYTES || LENGTH_BYTES + size > pw_relay_room(link))
        return false;
    size_t at = link->head + link->used;
    link->ring[at++ % PW_RELAY_RING_BYTES] = (uint8_t)size;
    link->ring[at++ % PW_RELAY_RING_BYTES] = (uint8_t)(size >> 8);
    for (size_t i = 0; i < size; i++)
        link->ring[at++ % PW_RELAY_RING_BYTES] = bytes[i];
    link->used += LENGTH_BYTES + size;
    link->end++;
    return true;
}

size_t pw_relay_room(const struct pw_relay_link *link) {
    return PW_RELAY_RING_BYTES - link->used;
}
