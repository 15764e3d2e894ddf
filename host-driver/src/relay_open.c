/* A relay is made, and ends. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "error.h"
#include "pennywire_registers.h"
#include "relay_state.h"

enum { CLOSE_TRIES = 10, CLOSE_WAIT_MS = 100 };

int pw_relay_session_name(struct pw_relay *relay, char *name, bool write) {
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
        status = pw_relay_session_name(relay, name, false);
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
    if (!card->identity.trades)
        return pw_fail(PW_ERROR_REFUSED, "a card of configuration %s sends no orders to relay",
                       card->identity.config_name);
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
            .context = relay, .message = pw_relay_on_message, .state = pw_relay_on_state};
        status = pw_session_open(exchange, &asked, &heard, &relay->session);
    }
    if (status != PW_OK) {
        (void)pw_relay_close(relay);
        return status;
    }
    relay->opening_ms = relay->heard_ms = relay->progress_ms = pw_monotonic_ms();
    relay->say_soon = true;
    pw_relay_begin(&relay->link, new_token());
    relay->down_request = relay->link.request + 1;
    *result = relay;
    return PW_OK;
}

/* Hear the card until it has let this relay go, or so long. Its messages are left to the next
 * relay: one that was heard here would be acknowledged, and nobody would have it. */
static void let_go(struct pw_relay *relay, int64_t until_ms) {
    struct pw_transport *transport = &relay->card->transport;
    while (relay->link.open && pw_monotonic_ms() < until_ms) {
        uint8_t bytes[PW_RELAY_DATAGRAM_BYTES];
        struct pw_relay_told told;
        const int size =
            transport->ops->receive(transport, PW_CHANNEL_ORDERS, bytes, sizeof bytes, until_ms);
        if (size < 0)
            return;
        if (pw_relay_read(bytes, (size_t)size, &told) && !told.is_message)
            (void)pw_relay_hear(&relay->link, bytes, (size_t)size, &told);
    }
}

int pw_relay_close(struct pw_relay *relay) {
    if (relay == NULL)
        return PW_OK;
    struct pw_transport *transport = &relay->card->transport;
    const int tries = transport->ops->lossy ? CLOSE_TRIES : 1;
    const int wait_ms = CLOSE_TRIES * CLOSE_WAIT_MS / tries;
    for (int i = 0; relay->link.open && i < tries; i++) {
        relay->link.up = false;
        pw_relay_tell(relay, PW_RELAY_CLOSE, 0);
        let_go(relay, pw_monotonic_ms() + wait_ms);
    }
    const bool heard = !relay->link.open;
    transport->ops->disconnect(transport, PW_CHANNEL_ORDERS);
    pw_session_close(relay->session);
    free(relay);
    return heard ? PW_OK
                 : pw_fail(PW_ERROR_TIMEOUT,
                           "the card does not say that it heard the relay's end: it takes the "
                           "relay for dead after relay.silence");
}
