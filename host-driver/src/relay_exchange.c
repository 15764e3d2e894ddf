/* The relay's side of the exchange: let in, asked, and what goes there. */
#include <inttypes.h>
#include <stdio.h>

#include "error.h"
#include "pennywire_registers.h"
#include "relay_state.h"

void pw_relay_on_message(void *context, uint64_t sequence, const uint8_t *bytes, size_t size) {
    struct pw_relay *relay = context;
    if (relay->state == PW_RELAY_FINISHED || relay->stage < STAGE_REPLAY)
        return; /* a probe hears what the replay brings again */
    if (sequence != relay->link.end || !pw_relay_keep(&relay->link, bytes, size)) {
        pw_relay_finish(relay, pw_fail(PW_ERROR_PROTOCOL,
                                       "message %" PRIu64
                                       " of the exchange, of %zu bytes, cannot be relayed",
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

void pw_relay_on_state(void *context, enum pw_session_state state, const char *why) {
    struct pw_relay *relay = context;
    if (state == PW_SESSION_UP) {
        relay->let_in = true;
        if (relay->stage == STAGE_REPLAY) {
            pw_relay_change(relay, PW_RELAY_CATCHING_UP, "");
            ask(relay, relay->probed);
        }
    } else if (state == PW_SESSION_DOWN) {
        relay->let_in = false;
        relay->stage = STAGE_PROBE;
        pw_session_aim(relay->session, 0);
        pw_relay_down(relay, PW_RELAY_CONNECTING, why);
    }
}

/* Messages of the card. */

static void send_to_exchange(struct pw_relay *relay, const uint8_t *bytes, size_t size) {
    if (pw_session_send(relay->session, bytes, size) != PW_OK) {
        /* Whether it arrived is found out by the query of the next connection. */
        relay->counts.dropped++;
        pw_relay_hang_up(relay, pw_last_error());
        return;
    }
    relay->counts.sent++;
    if (relay->handlers.message != NULL)
        relay->handlers.message(relay->handlers.context, 0, bytes, size);
}

void pw_relay_take_order(struct pw_relay *relay, const uint8_t *bytes, size_t size) {
    relay->say_soon = true;
    const bool repeatable = pw_relay_repeatable(bytes, size);
    if (repeatable)
        pw_relay_remember(&relay->cancels, bytes, size);
    if (bytes[0] == 'Q' && relay->stage == STAGE_UP) {
        /* The card asks. Nothing new may leave until it has the answer, so that an answer that is
         * replayed later never stands before an order that it does not know. */
        pw_relay_down(relay, PW_RELAY_CATCHING_UP, "the card asks which number is next");
        ask(relay, relay->link.end);
    } else if (bytes[0] != 'Q' &&
               (relay->stage == STAGE_UP || (repeatable && relay->stage == STAGE_QUERY))) {
        send_to_exchange(relay, bytes, size);
    } else {
        relay->counts.dropped++;
    }
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
        pw_relay_finish(relay, status);
        return;
    }
    const uint8_t *bytes;
    size_t size;
    for (size_t i = 0; pw_relay_remembered(&relay->cancels, i, &bytes, &size); i++) {
        if (pw_session_send(relay->session, bytes, size) != PW_OK) {
            pw_relay_hang_up(relay, pw_last_error());
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
    pw_relay_change(relay, PW_RELAY_UP, "");
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
        pw_relay_finish(
            relay, pw_fail(PW_ERROR_PROTOCOL,
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
    const int status = pw_relay_session_name(relay, name, true);
    if (status != PW_OK) {
        pw_relay_finish(relay, status);
        return;
    }
    relay->stage = STAGE_START;
    relay->say_soon = true;
}

void pw_relay_advance(struct pw_relay *relay) {
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
