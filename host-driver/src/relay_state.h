/* A relay, as its own files see it: relay.c speaks with the card and says what is due,
 * relay_exchange.c deals with the exchange, relay_open.c opens and closes. */
#ifndef PENNYWIRE_RELAY_STATE_H
#define PENNYWIRE_RELAY_STATE_H

#include "card.h"
#include "pennywire_relay.h"
#include "relay_cancels.h"
#include "relay_link.h"
#include "soup.h"

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
    bool held;       /* opening: the caller was told that another holds the session */
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

/* Tell a change of state; a finished relay stays what it is. */
void pw_relay_change(struct pw_relay *relay, enum pw_relay_state state, const char *why);

/* It is over, for the reason in pw_last_error(). */
void pw_relay_finish(struct pw_relay *relay, int status);

/* Say something to the card that is no message: see pw_relay_say(). */
void pw_relay_tell(struct pw_relay *relay, uint16_t flags, uint64_t sequence);

/* Nothing new may leave the card from now on. */
void pw_relay_down(struct pw_relay *relay, enum pw_relay_state state, const char *why);

/* Begin with the exchange anew: by a probe, which tells where it is. Within no handler. */
void pw_relay_hang_up(struct pw_relay *relay, const char *why);

/* Take the card's next message. */
void pw_relay_take_order(struct pw_relay *relay, const uint8_t *bytes, size_t size);

/* Take the next step on the way up, if it is time. */
void pw_relay_advance(struct pw_relay *relay);

/* Read, or write, the name of the exchange's session that the card keeps: PW_SOUP_NAME characters,
 * zero-terminated. */
int pw_relay_session_name(struct pw_relay *relay, char *name, bool write);

/* Handlers of the order session; the context is the relay. */
void pw_relay_on_message(void *context, uint64_t sequence, const uint8_t *bytes, size_t size);
void pw_relay_on_state(void *context, enum pw_session_state state, const char *why);

#endif
