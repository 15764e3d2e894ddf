/* The relay: what is to be done when, between a card's host link and an order session. What is said
 * to the card is relay_link.c's, what is said to the exchange soup.c's. */
#include "pennywire_relay.h"

#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "card.h"
#include "error.h"
#include "pennywire_registers.h"
#include "relay_cancels.h"
#include "relay_link.h"
#include "soup.h"

enum {
    /* One poll of the session hands out no more than it reads and what lay there before. */
    ROOM_FOR_A_POLL = PW_SOUP_PACKET_BYTES + 32768,
    /* Without a connection there may be nothing to wait on: look again after so long. */
    RESTLESS_MS = 10,
    OPEN_TRIES_MS = 30000, /* a relay that died holds the session for silence_ms at most */
    LONGEST_RESEND_MS = 1000,
};

/* Where a connection with the exchange is. */
enum stage {
    STAGE_PROBE,  /* log in to hear which message comes next */
    STAGE_START,  /* the card is being told where to begin */
    STAGE_REPLAY, /* log in to hear what the card does not have */
    STAGE_QUERY,  /* let in: wait for the answer to the Account Query */
    STAGE_UP,
};

struct pw_relay {
    struct pw_card *card;
    struct pw_session *session;
    struct pw_relay_handlers handlers;
    struct pw_relay_counts counts;
    enum pw_relay_state state;
    enum stage stage;
    bool take_over, fresh, from_now;
    uint64_t sequence; /* to start with */
    uint32_t heartbeat_ms, resend_ms, card_silence_ms;

    bool known;      /* the card's numbers were learnt once: it must not lose them */
    bool let_in;     /* by the exchange, on this connection */
    bool broken;     /* the connection with the exchange is of no more use */
    bool say_soon;   /* something has to be told to the card */
    bool changed;    /* the state, since pw_relay_poll() was called */
    uint64_t start;  /* STAGE_START: number that the card is told */
    uint64_t probed; /* the exchange's next message, as of the probe or the query */
    uint64_t query;  /* number of the message that answered the query; 0: none yet */
    uint32_t next_user_ref;
    uint32_t down_request; /* first request that said that the session is down */
    int64_t opening_ms, said_ms, heard_ms, progress_ms;
    uint32_t resend_wait_ms;
    uint32_t progress_has;
    uint64_t progress_wanted;
    struct pw_relay_cancels cancels;
    struct pw_relay_link link;
    int end_status;
    char end[256];
};

static void change(struct pw_relay *relay, enum pw_relay_state state, const char *why) {
    if (relay->state == state || relay->state == PW_RELAY_FINISHED)
        return;
    relay->state = state;
    relay->changed = true;
    if (relay->handlers.state != NULL)
        relay->handlers.state(relay->handlers.context, state, why);
}

/* It is over, for the reason in pw_last_error(). */
static void finish(struct pw_relay *relay, int status) {
    if (relay->state == PW_RELAY_FINISHED)
        return;
    relay->end_status = status;
    snprintf(relay->end, sizeof relay->end, "%s", pw_last_error());
    change(relay, PW_RELAY_FINISHED, relay->end);
}

/* False when it was not sent: then it is said again later. */
static bool transmit(struct pw_relay *relay, const uint8_t *bytes, size_t size) {
    const int status = relay->card->transport.ops->send(&relay->card->transport, PW_CHANNEL_ORDERS,
                                                        bytes, size, pw_monotonic_ms());
    if (status != PW_OK && status != PW_ERROR_TIMEOUT && !relay->card->transport.ops->lossy)
        finish(relay, status);
    relay->said_ms = pw_monotonic_ms();
    relay->say_soon = false;
    return status == PW_OK;
}

static void say(struct pw_relay *relay, uint16_t flags, uint64_t sequence) {
    uint8_t bytes[PW_RELAY_HEAD_BYTES];
    (void)transmit(relay, bytes, pw_relay_say(&relay->link, flags, sequence, bytes));
}

/* Nothing new may leave the card from now on. */
static void down(struct pw_relay *relay, enum pw_relay_state state, const char *why) {
    relay->link.up = false;
    relay->down_request = relay->link.request + 1;
    relay->say_soon = true;
    change(relay, state, why);
}

/* Begin with the exchange anew: by a probe, which tells where it is. */
static void hang_up(struct pw_relay *relay, const char *why) {
    relay->let_in = relay->broken = false;
    relay->stage = STAGE_PROBE;
    down(relay, PW_RELAY_CONNECTING, why);
    pw_session_again(relay->session, 0);
}

/* Handlers of the session. */

static void on_message(void *context, uint64_t sequence, const uint8_t *bytes, size_t size) {
    struct pw_relay *relay = context;
    if (relay->state == PW_RELAY_FINISHED || relay->stage < STAGE_REPLAY)
        return; /* a probe hears what the replay brings again */
    if (sequence != relay->link.end || !pw_relay_keep(&relay->link, bytes, size)) {
        finish(relay,
               pw_fail(PW_ERROR_PROTOCOL,
                       "message %" PRIu64 " of the exchange, of %zu bytes, cannot be relayed",
                       sequence, size));
        return;
    }
    relay->counts.received++;
    if (relay->handlers.message != NULL)
        relay->handlers.message(relay->handlers.context, sequence, bytes, size);
    pw_relay_answered(&relay->cancels, bytes, size);
    /* Answers to queries of before may be replayed; they say less than is known. */
    if (bytes[0] == 'Q' && size == 13 && relay->query == 0 && relay->stage == STAGE_QUERY &&
        sequence >= relay->probed) {
        relay->query = sequence;
        relay->next_user_ref = (uint32_t)bytes[9] << 24 | (uint32_t)bytes[10] << 16 |
                               (uint32_t)bytes[11] << 8 | bytes[12];
    }
}

/* Ask the exchange which number is next. It goes before everything else on its connection. */
static void ask(struct pw_relay *relay, uint64_t probed) {
    relay->probed = probed;
    relay->query = 0;
    relay->stage = STAGE_QUERY;
    if (pw_session_send(relay->session, "Q", 1) != PW_OK)
        relay->broken = true;
    else if (relay->handlers.message != NULL)
        relay->handlers.message(relay->handlers.context, 0, (const uint8_t *)"Q", 1);
}

static void on_state(void *context, enum pw_session_state state, const char *why) {
    struct pw_relay *relay = context;
    if (state == PW_SESSION_UP) {
        relay->let_in = true;
        if (relay->stage == STAGE_REPLAY) {
            change(relay, PW_RELAY_CATCHING_UP, "");
            ask(relay, relay->probed);
        }
    } else if (state == PW_SESSION_DOWN) {
        relay->let_in = false;
        relay->stage = STAGE_PROBE;
        pw_session_aim(relay->session, 0);
        down(relay, PW_RELAY_CONNECTING, why);
    }
}

/* Messages of the card. */

static void send_to_exchange(struct pw_relay *relay, const uint8_t *bytes, size_t size) {
    if (pw_session_send(relay->session, bytes, size) != PW_OK) {
        /* Whether it arrived is found out by the query of the next connection. */
        relay->counts.dropped++;
        hang_up(relay, pw_last_error());
        return;
    }
    relay->counts.sent++;
    if (relay->handlers.message != NULL)
        relay->handlers.message(relay->handlers.context, 0, bytes, size);
}

static void take_card_message(struct pw_relay *relay, const uint8_t *bytes, size_t size) {
    relay->say_soon = true;
    const bool repeatable = pw_relay_repeatable(bytes, size);
    if (repeatable)
        pw_relay_remember(&relay->cancels, bytes, size);
    if (bytes[0] == 'Q' && relay->stage == STAGE_UP) {
        /* The card asks. Nothing new may leave until it has the answer, so that an answer that is
         * replayed later never stands before an order that it does not know. */
        down(relay, PW_RELAY_CATCHING_UP, "the card asks which number is next");
        ask(relay, relay->link.end);
    } else if (bytes[0] != 'Q' &&
               (relay->stage == STAGE_UP || (repeatable && relay->stage == STAGE_QUERY))) {
        send_to_exchange(relay, bytes, size);
    } else {
        relay->counts.dropped++;
    }
}

/* The card's side. */

static void take_answer(struct pw_relay *relay, const struct pw_relay_told *told) {
    struct pw_relay_link *link = &relay->link;
    if (told->status == PW_RELAY_TAKEN && relay->state == PW_RELAY_OPENING) {
        if (pw_monotonic_ms() - relay->opening_ms > OPEN_TRIES_MS)
            finish(relay, pw_fail(PW_ERROR_REFUSED, "another relay holds the order session"));
        return;
    }
    if (told->status == PW_RELAY_NOT_OWNER) {
        if (relay->state == PW_RELAY_OPENING) {
            if (told->owner >= link->token) /* of a host whose clock is ahead */
                pw_relay_begin(link, told->owner + 1);
        } else if (told->owner == 0) {
            finish(relay, pw_fail(PW_ERROR_CARD_RESET, "the card knows of no relay: it was reset"));
        } else if (told->owner != link->token) {
            finish(relay, pw_fail(PW_ERROR_REFUSED, "another relay has taken the order session"));
        } else {
            /* It has not heard this relay for too long. */
            hang_up(relay, "the card took this relay for dead");
            change(relay, PW_RELAY_OPENING, "the card took this relay for dead");
            pw_relay_begin(link, link->token + 1);
            relay->opening_ms = pw_monotonic_ms();
        }
        return;
    }
    if (told->status != 0) {
        finish(relay, pw_fail(PW_ERROR_PROTOCOL,
                              "the card refused a request of the relay: status %u", told->status));
        return;
    }
    if (relay->state != PW_RELAY_OPENING || !link->open)
        return;
    const uint64_t wanted = relay->fresh ? 0 : link->wanted;
    if (relay->known && (wanted < link->first || wanted > link->end)) {
        finish(relay, pw_fail(PW_ERROR_CARD_RESET,
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
    change(relay, PW_RELAY_CONNECTING, "");
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
                finish(relay, size);
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
            take_card_message(relay, told.message, told.size);
    }
}

/* Registers. */

static int name_registers(struct pw_relay *relay, char *name, bool write) {
    enum { LOW = 8 };
    struct pw_item items[] = {{.address = PW_REG_RELAY_SESSION_LO},
                              {.address = PW_REG_RELAY_SESSION_HI}};
    for (int i = 0; i < 2; i++)
        items[i].operation = write ? PW_WRITE : PW_READ;
    const size_t length = strlen(name);
    for (size_t i = 0; write && i < length; i++)
        items[i / LOW].value |= (uint64_t)(uint8_t)name[i] << (i % LOW * 8);
    const int status = pw_transfer(relay->card, items, 2);
    for (size_t i = 0; !write && status == PW_OK && i < PW_SOUP_NAME; i++)
        name[i] = (char)(items[i / LOW].value >> (i % LOW * 8));
    return status;
}

/* The exchange and the card know the same numbers, and neither is waiting for the other. */
static bool settled(const struct pw_relay *relay) {
    const struct pw_relay_link *link = &relay->link;
    return link->open && !link->coming && link->has == link->next &&
           (int32_t)(link->answered - relay->down_request) >= 0 && relay->query != 0 &&
           link->wanted > relay->query;
}

/* Tell the card what was never received, and that the session is up. */
static void come_up(struct pw_relay *relay) {
    struct pw_card *card = relay->card;
    struct pw_item items[] = {
        {.address = PW_REG_RELAY_NEVER_RECEIVED,
         .operation = PW_WRITE,
         .value = relay->next_user_ref},
        {.address = PW_REG_RELAY_STATUS, .operation = PW_READ},
        {.address = PW_REG_ORDERS_USER_REF, .operation = PW_READ},
    };
    int status = pw_transfer(card, items, 3);
    while (status == PW_OK && (items[1].value & PW_RELAY_STATUS_TAKING_BACK_MASK) != 0)
        status = pw_transfer(card, items + 1, 2);
    if (status == PW_OK && items[2].value < relay->next_user_ref)
        status = pw_write_address(card, PW_REG_ORDERS_USER_REF, relay->next_user_ref);
    if (status != PW_OK) {
        finish(relay, status);
        return;
    }
    const uint8_t *bytes;
    size_t size;
    for (size_t i = 0; pw_relay_remembered(&relay->cancels, i, &bytes, &size); i++) {
        if (pw_session_send(relay->session, bytes, size) != PW_OK) {
            hang_up(relay, pw_last_error());
            return;
        }
        relay->counts.again++;
        if (relay->handlers.message != NULL)
            relay->handlers.message(relay->handlers.context, 0, bytes, size);
    }
    relay->stage = STAGE_UP;
    relay->link.up = true;
    relay->say_soon = true;
    relay->counts.ups++;
    change(relay, PW_RELAY_UP, "");
}

/* The probe has told where the exchange is: log in again where the card is. */
static void leave_probe(struct pw_relay *relay) {
    struct pw_relay_link *link = &relay->link;
    relay->probed = pw_session_next(relay->session);
    if (link->wanted == 0 && relay->start == 0)
        relay->start = relay->from_now ? relay->probed : relay->sequence != 0 ? relay->sequence : 1;
    if (link->wanted == 0)
        pw_relay_start(link, relay->start);
    if (link->end > relay->probed) {
        finish(relay, pw_fail(PW_ERROR_PROTOCOL,
                              "message %" PRIu64 " of session '%s' comes next, and it has %" PRIu64
                              ": is it another day's?",
                              link->end, pw_session_name(relay->session), relay->probed - 1));
        return;
    }
    if (link->wanted != 0) {
        relay->known = true;
        relay->stage = STAGE_REPLAY;
        relay->let_in = false;
        pw_session_again(relay->session, link->end);
        return;
    }
    char name[PW_SOUP_NAME + 1];
    snprintf(name, sizeof name, "%s", pw_session_name(relay->session));
    const int status = name_registers(relay, name, true);
    if (status != PW_OK) {
        finish(relay, status);
        return;
    }
    relay->stage = STAGE_START;
    relay->say_soon = true;
}

static void advance(struct pw_relay *relay) {
    struct pw_relay_link *link = &relay->link;
    if (relay->stage == STAGE_PROBE && relay->let_in) {
        leave_probe(relay);
    } else if (relay->stage == STAGE_START && link->wanted == relay->start) {
        relay->fresh = false;
        relay->known = true;
        relay->stage = STAGE_REPLAY;
        relay->let_in = false;
        pw_session_again(relay->session, relay->start);
    } else if (relay->stage == STAGE_QUERY && relay->state == PW_RELAY_CATCHING_UP &&
               settled(relay)) {
        come_up(relay);
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
        say(relay, PW_RELAY_RESEND, 0);
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
            hang_up(relay, "the card is silent");
            change(relay, PW_RELAY_OPENING, "the card is silent");
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
        say(relay, (uint16_t)(PW_RELAY_OPEN | (relay->take_over ? PW_RELAY_FORCE : 0)), 0);
    else if (relay->stage == STAGE_START)
        say(relay, PW_RELAY_START, relay->start);
    else
        say(relay, 0, 0);
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
            finish(relay, status);
    }
    if (relay->broken)
        hang_up(relay, "the exchange takes nothing");
    if (relay->state != PW_RELAY_FINISHED)
        advance(relay);
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

/* Opening and closing. */

static uint32_t or_default(uint32_t given, uint32_t otherwise) {
    return given != 0 ? given : otherwise;
}

/* Have the card give the order session to the host, and read whose messages it has. */
static int prepare_card(struct pw_relay *relay, const struct pw_relay_options *options,
                        char *name) {
    struct pw_card *card = relay->card;
    struct pw_item items[] = {{.address = PW_REG_RELAY_CARRIER, .operation = PW_READ},
                              {.address = PW_REG_RELAY_WANTED, .operation = PW_READ}};
    int status = pw_transfer(card, items, 2);
    if (status == PW_OK && (items[0].value & PW_RELAY_CARRIER_HOST_MASK) == 0)
        status = pw_write_checked(card, "relay.carrier.host", 1);
    if (status == PW_OK && !card->identity.soft)
        status = pw_write_checked(
            card, "relay.silence.cycles",
            pw_ns_to_cycles(card, UINT64_C(1000000) * or_default(options->silence_ms, 1000)));
    if (status == PW_OK && items[1].value != 0 && !relay->fresh)
        status = name_registers(relay, name, false);
    return status;
}

static uint64_t new_token(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

int pw_relay_open(struct pw_card *card, const char *exchange,
                  const struct pw_session_options *session, const struct pw_relay_options *options,
                  const struct pw_relay_handlers *handlers, struct pw_relay **result) {
    static const struct pw_relay_options defaults;
    if (result != NULL)
        *result = NULL;
    if (card == NULL || exchange == NULL || session == NULL || result == NULL)
        return pw_fail(PW_ERROR_ARGUMENT, "pw_relay_open: null pointer");
    if (options == NULL)
        options = &defaults;
    struct pw_relay *relay = calloc(1, sizeof *relay);
    if (relay == NULL)
        return pw_fail_errno("making a relay");
    relay->card = card;
    if (handlers != NULL)
        relay->handlers = *handlers;
    relay->take_over = options->take_over;
    relay->fresh = options->fresh;
    relay->from_now = options->from_now;
    relay->sequence = session->sequence;
    relay->heartbeat_ms = or_default(options->heartbeat_ms, 100);
    relay->resend_ms = relay->resend_wait_ms = or_default(options->resend_ms, 20);
    relay->card_silence_ms =
        or_default(options->card_silence_ms, card->identity.soft ? 15000 : 2000);
    char name[PW_SOUP_NAME + 1] = "";
    int status = card->transport.ops->connect(&card->transport, PW_CHANNEL_ORDERS, card->address);
    if (status == PW_OK)
        status = prepare_card(relay, options, name);
    const bool named = session->session != NULL && session->session[0] != '\0';
    if (status == PW_OK && name[0] != '\0' && named && strcmp(name, session->session) != 0)
        status =
            pw_fail(PW_ERROR_ARGUMENT,
                    "the card's messages are of session '%s', not '%s'; to begin with another, "
                    "say that it is fresh",
                    name, session->session);
    if (status == PW_OK) {
        struct pw_session_options asked = *session;
        asked.session = name[0] != '\0' ? name : session->session;
        asked.sequence = 0;
        const struct pw_session_handlers heard = {
            .context = relay, .message = on_message, .state = on_state};
        status = pw_session_open(exchange, &asked, &heard, &relay->session);
    }
    if (status != PW_OK) {
        pw_relay_close(relay);
        return status;
    }
    relay->opening_ms = relay->heard_ms = relay->progress_ms = pw_monotonic_ms();
    relay->say_soon = true;
    pw_relay_begin(&relay->link, new_token());
    relay->down_request = relay->link.request + 1;
    *result = relay;
    return PW_OK;
}

void pw_relay_close(struct pw_relay *relay) {
    if (relay == NULL)
        return;
    struct pw_transport *transport = &relay->card->transport;
    if (relay->link.open) {
        relay->link.up = false;
        say(relay, PW_RELAY_CLOSE, 0);
    }
    transport->ops->disconnect(transport, PW_CHANNEL_ORDERS);
    pw_session_close(relay->session);
    free(relay);
}

enum pw_relay_state pw_relay_state(const struct pw_relay *relay) {
    return relay->state;
}

void pw_relay_counts(const struct pw_relay *relay, struct pw_relay_counts *counts) {
    *counts = relay->counts;
}
