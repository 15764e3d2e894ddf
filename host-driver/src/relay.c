/* The relay's side of the card, and what is due when. What is said to the card is relay_link.c's.
 */
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>

#include "error.h"
#include "relay_state.h"

enum {
    /* One poll of the session hands out no more than it reads and what lay there before. */
    ROOM_FOR_A_POLL = PW_SOUP_PACKET_BYTES + 32768,
    /* Without a connection there may be nothing to wait on: look again after so long. */
    RESTLESS_MS = 10,
    OPEN_TRIES_MS = 30000, /* a relay that died holds the session for silence_ms at most */
    LONGEST_RESEND_MS = 1000,
};

/* Tell the caller the state. */
static void announce(struct pw_relay *relay, const char *why) {
    relay->changed = true;
    if (relay->handlers.state != NULL)
        relay->handlers.state(relay->handlers.context, relay->state, why);
}

void pw_relay_change(struct pw_relay *relay, enum pw_relay_state state, const char *why) {
    if (relay->state == state || relay->state == PW_RELAY_FINISHED)
        return;
    relay->state = state;
    relay->held = false;
    announce(relay, why);
}

void pw_relay_finish(struct pw_relay *relay, int status) {
    if (relay->state == PW_RELAY_FINISHED)
        return;
    relay->end_status = status;
    snprintf(relay->end, sizeof relay->end, "%s", pw_last_error());
    pw_relay_change(relay, PW_RELAY_FINISHED, relay->end);
}

/* False when it was not sent: then it is said again later. */
static bool transmit(struct pw_relay *relay, const uint8_t *bytes, size_t size) {
    const int status = relay->card->transport.ops->send(&relay->card->transport, PW_CHANNEL_ORDERS,
                                                        bytes, size, pw_monotonic_ms());
    if (status != PW_OK && status != PW_ERROR_TIMEOUT && !relay->card->transport.ops->lossy)
        pw_relay_finish(relay, status);
    relay->said_ms = pw_monotonic_ms();
    relay->say_soon = false;
    return status == PW_OK;
}

void pw_relay_tell(struct pw_relay *relay, uint16_t flags, uint64_t sequence) {
    uint8_t bytes[PW_RELAY_HEAD_BYTES];
    (void)transmit(relay, bytes, pw_relay_say(&relay->link, flags, sequence, bytes));
}

void pw_relay_down(struct pw_relay *relay, enum pw_relay_state state, const char *why) {
    relay->link.up = false;
    relay->down_request = relay->link.request + 1;
    relay->say_soon = true;
    pw_relay_change(relay, state, why);
}

void pw_relay_hang_up(struct pw_relay *relay, const char *why) {
    relay->let_in = relay->broken = false;
    relay->stage = STAGE_PROBE;
    pw_relay_down(relay, PW_RELAY_CONNECTING, why);
    pw_session_again(relay->session, 0);
}

static void take_answer(struct pw_relay *relay, const struct pw_relay_told *told) {
    struct pw_relay_link *link = &relay->link;
    if (told->status == PW_RELAY_TAKEN && relay->state == PW_RELAY_OPENING) {
        if (pw_monotonic_ms() - relay->opening_ms > OPEN_TRIES_MS) {
            pw_relay_finish(relay,
                            pw_fail(PW_ERROR_REFUSED, "another relay holds the order session"));
        } else if (!relay->held) {
            relay->held = true;
            announce(relay, "another relay holds the order session, waiting for it to go");
        }
        return;
    }
    if (told->status == PW_RELAY_NOT_OWNER) {
        if (relay->state == PW_RELAY_OPENING) {
            if (told->owner >= link->token) /* of a host whose clock is ahead */
                pw_relay_begin(link, told->owner + 1);
        } else if (told->owner == 0) {
            pw_relay_finish(
                relay, pw_fail(PW_ERROR_CARD_RESET, "the card knows of no relay: it was reset"));
        } else if (told->owner != link->token) {
            pw_relay_finish(relay,
                            pw_fail(PW_ERROR_REFUSED, "another relay has taken the order session"));
        } else {
            /* It has not heard this relay for too long. */
            pw_relay_hang_up(relay, "the card took this relay for dead");
            pw_relay_change(relay, PW_RELAY_OPENING, "the card took this relay for dead");
            pw_relay_begin(link, link->token + 1);
            relay->opening_ms = pw_monotonic_ms();
        }
        return;
    }
    if (told->status != 0) {
        pw_relay_finish(relay, pw_fail(PW_ERROR_PROTOCOL,
                                       "the card refused a request of the relay: status %u",
                                       told->status));
        return;
    }
    if (relay->state != PW_RELAY_OPENING || !link->open)
        return;
    const uint64_t wanted = relay->fresh ? 0 : link->wanted;
    if (relay->known && (wanted < link->first || wanted > link->end)) {
        pw_relay_finish(relay,
                        pw_fail(PW_ERROR_CARD_RESET,
                                "the card wants message %" PRIu64 " of the exchange; %" PRIu64
                                " to %" PRIu64 " were expected: it was reset",
                                wanted, link->first, link->end));
        return;
    }
    if (!relay->known) {
        pw_relay_start(link, wanted);
        link->wanted = wanted;
    }
    pw_relay_again(link);
    relay->take_over = false;
    pw_relay_change(relay, PW_RELAY_CONNECTING, "");
}

static void hear_card(struct pw_relay *relay) {
    enum { MOST = 256 };
    for (int i = 0; i < MOST && relay->state != PW_RELAY_FINISHED; i++) {
        uint8_t bytes[PW_RELAY_DATAGRAM_BYTES];
        struct pw_relay_told told;
        const int size = relay->card->transport.ops->receive(
            &relay->card->transport, PW_CHANNEL_ORDERS, bytes, sizeof bytes, 0);
        if (size == PW_ERROR_TIMEOUT)
            return;
        if (size < 0) {
            /* A network may say that nobody listens while a card starts anew: silence decides. */
            if (!relay->card->transport.ops->lossy)
                pw_relay_finish(relay, size);
            return;
        }
        const enum pw_relay_heard heard = pw_relay_hear(&relay->link, bytes, (size_t)size, &told);
        if (heard == PW_RELAY_NOTHING) {
            relay->counts.ignored++;
            continue;
        }
        relay->heard_ms = pw_monotonic_ms();
        if (heard == PW_RELAY_ANSWER)
            take_answer(relay, &told);
        else
            pw_relay_take_order(relay, told.message, told.size);
    }
}

/* Say again what has not been answered, the slower the longer nothing comes of it. */
static void resend(struct pw_relay *relay, int64_t now_ms) {
    struct pw_relay_link *link = &relay->link;
    if (link->has != relay->progress_has || link->wanted != relay->progress_wanted) {
        relay->progress_has = link->has;
        relay->progress_wanted = link->wanted;
        relay->progress_ms = now_ms;
        relay->resend_wait_ms = relay->resend_ms;
    }
    const bool waits = link->said > link->first || link->has != link->next;
    if (!waits) {
        relay->progress_ms = now_ms;
    } else if (relay->card->transport.ops->lossy &&
               now_ms - relay->progress_ms >= relay->resend_wait_ms) {
        relay->counts.resent += link->said - link->first;
        pw_relay_again(link);
        pw_relay_tell(relay, PW_RELAY_RESEND, 0);
        relay->progress_ms = now_ms;
        relay->resend_wait_ms = relay->resend_wait_ms > LONGEST_RESEND_MS / 2
                                    ? LONGEST_RESEND_MS
                                    : 2 * relay->resend_wait_ms;
    }
}

static void speak(struct pw_relay *relay) {
    struct pw_relay_link *link = &relay->link;
    const int64_t now_ms = pw_monotonic_ms();
    uint8_t bytes[PW_RELAY_DATAGRAM_BYTES];
    size_t size;
    if (relay->state != PW_RELAY_OPENING) {
        resend(relay, now_ms);
        if (now_ms - relay->heard_ms >= relay->card_silence_ms) {
            pw_relay_hang_up(relay, "the card is silent");
            pw_relay_change(relay, PW_RELAY_OPENING, "the card is silent");
            pw_relay_begin(link, link->token + 1);
            relay->opening_ms = now_ms;
        }
    }
    while (relay->state != PW_RELAY_OPENING && relay->state != PW_RELAY_FINISHED &&
           (size = pw_relay_say_message(link, bytes)) > 0) {
        if (!transmit(relay, bytes, size)) {
            pw_relay_again(link);
            break;
        }
    }
    if (relay->state == PW_RELAY_FINISHED ||
        (!relay->say_soon && now_ms - relay->said_ms < relay->heartbeat_ms))
        return;
    if (relay->state == PW_RELAY_OPENING)
        pw_relay_tell(relay, (uint16_t)(PW_RELAY_OPEN | (relay->take_over ? PW_RELAY_FORCE : 0)),
                      0);
    else if (relay->stage == STAGE_START)
        pw_relay_tell(relay, PW_RELAY_START, relay->start);
    else
        pw_relay_tell(relay, 0, 0);
}

/* Wait for either side, and do what there is to do. */
static int round_of(struct pw_relay *relay, int64_t deadline_ms) {
    int64_t due_ms = relay->said_ms + relay->heartbeat_ms;
    const int64_t now_ms = pw_monotonic_ms();
    const bool restless =
        relay->state != PW_RELAY_UP || relay->link.has != relay->link.next || relay->say_soon;
    if (restless && now_ms + RESTLESS_MS < due_ms)
        due_ms = now_ms + RESTLESS_MS;
    if (relay->link.said > relay->link.first && relay->progress_ms + relay->resend_wait_ms < due_ms)
        due_ms = relay->progress_ms + relay->resend_wait_ms;
    if (deadline_ms < due_ms)
        due_ms = deadline_ms;
    const bool room = pw_relay_room(&relay->link) >= ROOM_FOR_A_POLL;
    struct pollfd ready[] = {
        {.fd = relay->card->transport.descriptor[PW_CHANNEL_ORDERS], .events = POLLIN},
        {.fd = room ? pw_session_fd(relay->session) : -1, .events = POLLIN},
    };
    if (due_ms > now_ms)
        (void)poll(ready, 2, due_ms - now_ms > INT_MAX ? INT_MAX : (int)(due_ms - now_ms));
    hear_card(relay);
    if (relay->state != PW_RELAY_OPENING && relay->state != PW_RELAY_FINISHED && room) {
        const int status = pw_session_poll(relay->session, 0);
        if (status < 0)
            pw_relay_finish(relay, status);
    }
    if (relay->broken)
        pw_relay_hang_up(relay, "the exchange takes nothing");
    if (relay->state != PW_RELAY_FINISHED)
        pw_relay_advance(relay);
    if (relay->state != PW_RELAY_FINISHED)
        speak(relay);
    relay->counts.delivered = relay->counts.received - (relay->link.end - relay->link.first);
    return relay->state == PW_RELAY_FINISHED ? relay->end_status : PW_OK;
}

int pw_relay_poll(struct pw_relay *relay, int timeout_ms) {
    if (relay == NULL)
        return pw_fail(PW_ERROR_ARGUMENT, "pw_relay_poll: null pointer");
    if (relay->state == PW_RELAY_FINISHED)
        return pw_fail(relay->end_status, "%s", relay->end);
    const int64_t deadline_ms = timeout_ms < 0 ? INT64_MAX : pw_monotonic_ms() + timeout_ms;
    const uint64_t before = relay->counts.sent + relay->counts.delivered;
    uint64_t moved;
    relay->changed = false;
    do {
        const int status = round_of(relay, deadline_ms);
        if (status < 0)
            return pw_fail(status, "%s", relay->end);
        moved = relay->counts.sent + relay->counts.delivered - before;
    } while (!relay->changed && moved == 0 && pw_monotonic_ms() < deadline_ms);
    return moved > INT_MAX ? INT_MAX : (int)moved;
}

enum pw_relay_state pw_relay_state(const struct pw_relay *relay) {
    return relay->state;
}

void pw_relay_counts(const struct pw_relay *relay, struct pw_relay_counts *counts) {
    *counts = relay->counts;
}
