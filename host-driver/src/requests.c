/* Requests: sent, answered, matched by their number, repeated when the caller allows it. */
#include <stdio.h>
#include <sys/random.h>

#include "card.h"
#include "error.h"

/* Wait for the answer to the request sent last. What is not the answer is dropped: an answer to an
 * earlier request that was given up, a second copy, or noise; dropped says what the last one was.
 */
static int await_answer(struct pw_card *card, enum pw_link_kind kind, struct pw_item *items,
                        size_t count, int64_t deadline_ms, char *dropped, size_t dropped_size) {
    do {
        const int size =
            card->transport.ops->receive(&card->transport, PW_CHANNEL_REQUESTS, card->response,
                                         sizeof card->response, deadline_ms);
        if (size < 0)
            return size;
        struct pw_link_header header;
        if (!pw_link_read_header(card->response, (size_t)size, &header)) {
            snprintf(dropped, dropped_size, "; dropped a datagram of %d bytes, no header", size);
        } else if (header.magic != PW_LINK_MAGIC) {
            snprintf(dropped, dropped_size, "; dropped a datagram with magic 0x%04x", header.magic);
        } else if (header.request != card->request_number) {
            snprintf(dropped, dropped_size, "; dropped an answer to request %u", header.request);
        } else if (header.version != PW_LINK_VERSION) {
            return pw_fail(PW_ERROR_UNKNOWN_CARD,
                           "the card speaks version %u of the host link, this library version %d",
                           header.version, PW_LINK_VERSION);
        } else {
            return pw_link_read_response(card->response, (size_t)size, kind, items, count);
        }
        /* A card that keeps sending nonsense is not waited for longer than a silent one. */
    } while (pw_monotonic_ms() < deadline_ms);
    return PW_ERROR_TIMEOUT;
}

/* One datagram there and one back. Called with requests_lock held. */
static int round_trip(struct pw_card *card, enum pw_link_kind kind, struct pw_item *items,
                      size_t count) {
    char dropped[96] = "";
    card->transport.trouble[PW_CHANNEL_REQUESTS] = NULL;
    /* One number for every attempt: whichever attempt is answered, the answer is right. */
    card->request_number++;
    const size_t size =
        pw_link_write_request(card->request, kind, card->request_number, items, count);
    int64_t waited_ms = 0;
    for (uint32_t attempt = 0; attempt < card->attempts; attempt++) {
        const int64_t wait_ms = pw_attempt_ms(card, attempt);
        const int64_t deadline_ms = pw_monotonic_ms() + wait_ms;
        waited_ms += wait_ms;
        int status = card->transport.ops->send(&card->transport, PW_CHANNEL_REQUESTS, card->request,
                                               size, deadline_ms);
        if (status != PW_OK)
            return status;
        status = await_answer(card, kind, items, count, deadline_ms, dropped, sizeof dropped);
        if (status != PW_ERROR_TIMEOUT)
            return status;
    }
    const char *trouble = card->transport.trouble[PW_CHANNEL_REQUESTS];
    return pw_fail(PW_ERROR_TIMEOUT,
                   "no answer from the card in %lld ms, attempts: %u (request %u)%s%s%s",
                   (long long)waited_ms, card->attempts, card->request_number, dropped,
                   trouble == NULL ? "" : "; last seen: ", trouble == NULL ? "" : trouble);
}

int64_t pw_attempt_ms(const struct pw_card *card, uint32_t attempt) {
    enum { DOUBLINGS = 10 };
    const unsigned shift = !card->transport.ops->lossy ? 0
                           : attempt < DOUBLINGS       ? attempt
                                                       : DOUBLINGS;
    return (int64_t)card->timeout_ms << shift;
}

int pw_greet(struct pw_card *card) {
    /* By chance, so that a host that got the port of an earlier one is not taken for it. */
    if (getrandom(&card->request_number, sizeof card->request_number, 0) !=
        (ssize_t)sizeof card->request_number)
        return pw_fail_errno("asking for a random number");
    pthread_mutex_lock(&card->requests_lock);
    const int status = round_trip(card, PW_LINK_HELLO, NULL, 0);
    pthread_mutex_unlock(&card->requests_lock);
    return status;
}

/* The error of an item that failed, in words. */
static int item_error(const struct pw_card *card, const struct pw_item *item) {
    char name[PW_NAME_SIZE];
    pw_register_name(card, item->address, name);
    switch (item->status) {
    case PW_ITEM_NO_REGISTER:
        return pw_fail(PW_ERROR_NO_REGISTER, "the card has no register at 0x%x (%s)", item->address,
                       name);
    case PW_ITEM_NOT_WRITABLE:
        return pw_fail(PW_ERROR_NOT_WRITABLE, "%s is read-only", name);
    default: /* PW_ITEM_LOCKED: the answer's statuses were checked as it was read */
        return pw_fail(PW_ERROR_LOCKED, "%s is locked while the card is armed; disarm it first",
                       name);
    }
}

static int transfer_locked(struct pw_card *card, struct pw_item *items, size_t count) {
    for (size_t first = 0; first < count;) {
        size_t last = first + 1; /* one past the run of items of one operation */
        while (last < count && last - first < PW_LINK_ITEMS &&
               items[last].operation == items[first].operation)
            last++;
        const enum pw_link_kind kind =
            items[first].operation == PW_READ ? PW_LINK_READ : PW_LINK_WRITE;
        const int status = round_trip(card, kind, items + first, last - first);
        if (status != PW_OK)
            return status;
        first = last;
    }
    for (size_t i = 0; i < count; i++)
        if (items[i].status != PW_ITEM_OK)
            return item_error(card, &items[i]);
    return PW_OK;
}

int pw_transfer(struct pw_card *card, struct pw_item *items, size_t count) {
    if (card == NULL || (items == NULL && count > 0))
        return pw_fail(PW_ERROR_ARGUMENT, "pw_transfer: null pointer");
    for (size_t i = 0; i < count; i++) {
        if (items[i].operation != PW_READ && items[i].operation != PW_WRITE)
            return pw_fail(PW_ERROR_ARGUMENT, "pw_transfer: item %zu has operation %u", i,
                           items[i].operation);
        items[i].status = PW_ITEM_UNDONE;
    }
    pthread_mutex_lock(&card->requests_lock);
    const int status = transfer_locked(card, items, count);
    pthread_mutex_unlock(&card->requests_lock);
    return status;
}
