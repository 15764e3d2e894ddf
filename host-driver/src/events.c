/* The event stream: subscribed to on a connection of its own, handed out record by record, every
 * missing sequence number counted. */
#include <string.h>

#include "card.h"
#include "error.h"

/* A record this little behind is a copy heard late; further behind, the card counts anew. */
enum { DUPLICATE_WINDOW = 1024 };

/* Called with events_lock held. Takes over a datagram of events, if it is one. */
static void take_datagram(struct pw_event_stream *events, size_t size) {
    events->records = pw_link_check_events(events->datagram, size);
    events->next = 0;
    if (events->records == 0)
        events->malformed++;
}

static int receive(struct pw_card *card, int64_t deadline_ms) {
    return card->transport.ops->receive(&card->transport, PW_CHANNEL_EVENTS, card->events.datagram,
                                        sizeof card->events.datagram, deadline_ms);
}

/* True when the datagram just received answers a SUBSCRIBE of ours. */
static bool is_subscribe_answer(const struct pw_event_stream *events, size_t size,
                                struct pw_link_header *header) {
    return pw_link_read_header(events->datagram, size, header) && header->magic == PW_LINK_MAGIC &&
           header->kind == (PW_LINK_SUBSCRIBE | PW_LINK_RESPONSE);
}

static int await_subscription(struct pw_card *card, int64_t deadline_ms) {
    struct pw_event_stream *events = &card->events;
    do {
        const int size = receive(card, deadline_ms);
        if (size < 0)
            return size;
        struct pw_link_header header;
        if (is_subscribe_answer(events, (size_t)size, &header)) {
            if (header.version != PW_LINK_VERSION || header.status == 1)
                return pw_fail(PW_ERROR_UNKNOWN_CARD,
                               "the card speaks another version of the host link (%u, not %d)",
                               header.version, PW_LINK_VERSION);
            if (header.status != 0)
                return pw_fail(PW_ERROR_PROTOCOL, "the card refused the subscription: status %u",
                               header.status);
            return PW_OK;
        }
        /* Events may overtake the answer, and say the same. */
        take_datagram(events, (size_t)size);
        if (events->records > 0)
            return PW_OK;
    } while (pw_monotonic_ms() < deadline_ms);
    return PW_ERROR_TIMEOUT;
}

static int subscribe_locked(struct pw_card *card) {
    struct pw_event_stream *events = &card->events;
    events->records = events->next = 0;
    events->started = false;
    events->received = events->lost = events->duplicates = events->malformed = 0;
    int status = card->transport.ops->connect(&card->transport, PW_CHANNEL_EVENTS, card->address);
    if (status != PW_OK)
        return status;
    uint8_t request[PW_LINK_HEADER_BYTES];
    const size_t size = pw_link_write_request(request, PW_LINK_SUBSCRIBE, 1, NULL, 0);
    int64_t waited_ms = 0;
    for (uint32_t attempt = 0; attempt < card->attempts; attempt++) {
        const int64_t wait_ms = pw_attempt_ms(card, attempt);
        const int64_t deadline_ms = pw_monotonic_ms() + wait_ms;
        waited_ms += wait_ms;
        status = card->transport.ops->send(&card->transport, PW_CHANNEL_EVENTS, request, size,
                                           deadline_ms);
        if (status == PW_OK)
            status = await_subscription(card, deadline_ms);
        if (status != PW_ERROR_TIMEOUT)
            return status;
    }
    const char *trouble = card->transport.trouble[PW_CHANNEL_EVENTS];
    return pw_fail(status, "no answer to the subscription in %lld ms, attempts: %u%s%s",
                   (long long)waited_ms, card->attempts,
                   trouble == NULL ? "" : "; last seen: ", trouble == NULL ? "" : trouble);
}

int pw_events_subscribe(struct pw_card *card) {
    if (card == NULL)
        return pw_fail(PW_ERROR_ARGUMENT, "pw_events_subscribe: null pointer");
    pthread_mutex_lock(&card->events_lock);
    const int status = subscribe_locked(card);
    card->events.subscribed = status == PW_OK;
    if (status != PW_OK)
        card->transport.ops->disconnect(&card->transport, PW_CHANNEL_EVENTS);
    pthread_mutex_unlock(&card->events_lock);
    return status;
}

/* Judge a record by its sequence number: 1 hand it out, 0 drop it, negative the stream is over. */
static int follow_sequence(struct pw_event_stream *events, uint32_t sequence) {
    /* Modulo 2^32, so that the wrap is no jump. */
    const uint32_t jump = sequence - events->last - 1;
    if (!events->started) {
        events->started = true;
    } else if (jump >= UINT32_MAX - DUPLICATE_WINDOW) {
        events->duplicates++;
        return 0;
    } else if (jump > UINT32_MAX / 2) {
        return pw_fail(PW_ERROR_CARD_RESET,
                       "event %u follows event %u: the card was reset; open it again", sequence,
                       events->last);
    } else {
        events->lost += jump;
    }
    events->last = sequence;
    return 1;
}

/* Hand out what the datagram holds; returns how many, or a negative status when the first record
 * ends the stream. */
static int hand_out(struct pw_event_stream *events, struct pw_record *records, size_t max) {
    size_t given = 0;
    while (events->next < events->records && given < max) {
        const uint8_t *record =
            events->datagram + PW_LINK_HEADER_BYTES + events->next * PW_RECORD_BYTES;
        const int verdict = follow_sequence(events, pw_link_record_sequence(record));
        if (verdict < 0)
            return given > 0 ? (int)given : verdict; /* the record stays and says it again */
        events->next++;
        if (verdict > 0)
            memcpy(records + given++, record, PW_RECORD_BYTES);
    }
    events->received += given;
    return (int)given;
}

static int poll_locked(struct pw_card *card, struct pw_record *records, size_t max,
                       int64_t deadline_ms) {
    struct pw_event_stream *events = &card->events;
    if (!events->subscribed)
        return pw_fail(PW_ERROR_NOT_SUBSCRIBED, "pw_events_poll before pw_events_subscribe");
    size_t given = 0;
    for (bool heard = false;; heard = true) {
        const int number = hand_out(events, records + given, max - given);
        if (number < 0)
            return given > 0 ? (int)given : number;
        given += (size_t)number;
        if (given == max || events->next < events->records)
            return (int)given;
        /* A card that keeps sending copies or nonsense is not heard longer than a silent one. */
        if (heard && given == 0 && pw_monotonic_ms() >= deadline_ms)
            return 0;
        /* Wait for the first record only; take the others if they are there. */
        const int size = receive(card, given > 0 ? 0 : deadline_ms);
        if (size == PW_ERROR_TIMEOUT || (size < 0 && given > 0))
            return (int)given;
        if (size < 0)
            return size;
        struct pw_link_header header;
        if (is_subscribe_answer(events, (size_t)size, &header))
            events->records = events->next = 0; /* the late answer to a repeated SUBSCRIBE */
        else
            take_datagram(events, (size_t)size);
    }
}

int pw_events_poll(struct pw_card *card, struct pw_record *records, size_t max, int timeout_ms) {
    if (card == NULL || records == NULL || max == 0)
        return pw_fail(PW_ERROR_ARGUMENT, "pw_events_poll: null pointer, or no room for a record");
    if (max > INT32_MAX)
        max = INT32_MAX; /* the count is returned as an int */
    const int64_t deadline_ms = timeout_ms < 0 ? INT64_MAX : pw_monotonic_ms() + timeout_ms;
    pthread_mutex_lock(&card->events_lock);
    const int status = poll_locked(card, records, max, deadline_ms);
    pthread_mutex_unlock(&card->events_lock);
    return status;
}

int pw_events_fd(const struct pw_card *card) {
    return card == NULL ? -1 : card->transport.descriptor[PW_CHANNEL_EVENTS];
}

void pw_events_counts(const struct pw_card *card, struct pw_event_counts *counts) {
    counts->received = card->events.received;
    counts->lost = card->events.lost;
    counts->duplicates = card->events.duplicates;
    counts->malformed = card->events.malformed;
}

uint64_t pw_events_lost(const struct pw_card *card) {
    return card->events.lost;
}
