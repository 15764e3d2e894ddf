/*
 * libpennywire: the order session by the host, relayed between a card and an exchange.
 *
 * The card's OUCH messages go to the exchange, the exchange's to the card, each once and in order:
 * over a host link that loses, doubles and reorders datagrams, across lost connections, and across
 * relays that die. What has to outlive a relay is kept by the card (docs/hostlink.md): which
 * message of the exchange it wants next, and which of its own nobody has taken.
 *
 * The order session is up, as the card sees it, only while this relay says so. It says so when the
 * exchange has let it in, every message up to the answer to its Account Query is with the card, and
 * the card has been told which numbers were never received. Until then, and when anything is lost,
 * nothing new leaves the card. An Enter or a Replace is sent to the exchange once or not at all; a
 * Cancel may be sent again, which does no harm. A relay that cannot reach its card hangs up on the
 * exchange, so that the port's cancel-on-disconnect, where it was asked for, does its work.
 *
 * Threads. A relay has no lock: use it in one thread. It uses its card's handle for registers,
 * which other threads may use meanwhile; pw_close() comes after pw_relay_close(). One relay a
 * handle.
 *
 * Memory. pw_relay_open() allocates; nothing is allocated after it.
 *
 * Errors are those of pennywire.h: negative, with a sentence in pw_last_error().
 */
#ifndef PENNYWIRE_RELAY_H
#define PENNYWIRE_RELAY_H

#include "pennywire.h"
#include "pennywire_session.h"

#ifdef __cplusplus
extern "C" {
#endif

enum pw_relay_state {
    PW_RELAY_OPENING,     /* the card has not given this relay the order session */
    PW_RELAY_CONNECTING,  /* the exchange has not let it in */
    PW_RELAY_CATCHING_UP, /* let in: replay and Account Query are not over */
    PW_RELAY_UP,          /* orders go both ways */
    PW_RELAY_FINISHED,    /* for good: see pw_relay_poll() */
};

struct pw_relay;

struct pw_relay_options {
    bool take_over;        /* from a relay that holds the session and may be alive */
    bool fresh;            /* forget where the last relay was: another session of the exchange */
    bool from_now;         /* of a card that does not know where to go on: with what comes from now
                              on; otherwise with session options' sequence, 0: the first message */
    uint32_t heartbeat_ms; /* say something to the card after so long; 0: 100 */
    uint32_t resend_ms; /* on udp: say again what is not answered after so long, at first; 0: 20 */
    uint32_t card_silence_ms; /* a silent card is taken for lost; 0: 2,000, of a soft card, which
                                 may be busy, 15,000 */
    uint32_t silence_ms;      /* after so long without a word of the relay the card says that the
                                 session is down (relay.silence); 0: 1,000. A soft card is not told:
                                 its own process looks after that. */
};

/* What a relay calls, within pw_relay_poll(); any may be NULL. */
struct pw_relay_handlers {
    void *context; /* given to each */
    /* The state has changed, or an opening relay has heard that another holds the session and waits
     * for that one to go. why: a sentence, "" for a change for the better; the relay's. */
    void (*state)(void *context, enum pw_relay_state state, const char *why);
    /* A message went to the exchange, or came from it (its number; 0 for one to it). For a record:
     * bytes are the relay's, for the duration of the call. */
    void (*message)(void *context, uint64_t sequence, const uint8_t *bytes, size_t size);
};

struct pw_relay_counts {
    uint64_t sent;      /* messages of the card given to the exchange */
    uint64_t dropped;   /* messages of the card not given to it: the session was down */
    uint64_t again;     /* Cancels and Modifies given to it again */
    uint64_t received;  /* messages of the exchange */
    uint64_t delivered; /* of these, with the card */
    uint64_t resent;    /* datagrams said again */
    uint64_t ignored;   /* datagrams of the card that made no sense or came twice */
    uint64_t ups;       /* times the session came up */
};

/* Make a relay of a card and the exchange at "HOST:PORT". Tells the card that the host carries the
 * order session (relay.carrier), which it takes while disarmed only. session->session: NULL or "":
 * the one that the card's messages are of, or, if it knows none, the one the exchange has now. On
 * PW_OK *relay belongs to the caller, who ends it with pw_relay_close(); on an error it is NULL.
 * options, handlers: NULL for the defaults, for none. Errors: PW_ERROR_REFUSED for a card that
 * sends no orders. */
PW_API int pw_relay_open(struct pw_card *card, const char *exchange,
                         const struct pw_session_options *session,
                         const struct pw_relay_options *options,
                         const struct pw_relay_handlers *handlers, struct pw_relay **relay);

/* Tell the card that the session is down and wait, a second at most, until it says that it heard;
 * hang up on the exchange, and free the relay, which is done whatever is returned. NULL is allowed.
 * PW_ERROR_TIMEOUT: the card said nothing; it ends the session after relay.silence. */
PW_API int pw_relay_close(struct pw_relay *relay);

/* Do what there is to do, and return when messages were moved (how many), when the state was told
 * to the handler, or after timeout_ms (0; negative: wait without end). Has to be called at least
 * every heartbeat_ms. A relay that is finished returns an error, always the same: PW_ERROR_REFUSED
 * when another relay has held the session for 30 s or has taken it, PW_ERROR_CARD_RESET when the
 * card knows nothing of it any more, PW_ERROR_CLOSED when the card hung up, PW_ERROR_PROTOCOL when
 * card or exchange are not where they were or say what cannot be relayed, or an error of the order
 * session. */
PW_API int pw_relay_poll(struct pw_relay *relay, int timeout_ms);

/* The state, and the counts. */
PW_API enum pw_relay_state pw_relay_state(const struct pw_relay *relay);
PW_API void pw_relay_counts(const struct pw_relay *relay, struct pw_relay_counts *counts);

#ifdef __cplusplus
}
#endif

#endif
