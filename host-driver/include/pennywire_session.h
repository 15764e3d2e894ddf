/*
 * libpennywire: an order session by the host, SoupBinTCP 3.00 over TCP.
 *
 * It carries messages (OUCH, or any other) to and from an exchange and knows nothing of what is in
 * them. It connects by itself, logs in, keeps the connection alive, and when the connection is lost
 * connects again and asks for the message that comes next, so that every message of the exchange is
 * handed out once and in order. A message to the exchange is sent once or not at all: what was
 * given to pw_session_send() before a connection was lost may or may not have arrived, and it is
 * never sent again.
 *
 * Threads. A session has no lock: use it in one thread. Handlers are called within
 * pw_session_poll(); they may call pw_session_send(), pw_session_logout() and the functions that
 * only look, but not pw_session_poll() or pw_session_close().
 *
 * Memory. pw_session_open() allocates and looks the host up; nothing is allocated after it.
 *
 * Errors are those of pennywire.h: negative, with a sentence in pw_last_error().
 */
#ifndef PENNYWIRE_SESSION_H
#define PENNYWIRE_SESSION_H

#include "pennywire.h"

#ifdef __cplusplus
extern "C" {
#endif

enum pw_session_state {
    PW_SESSION_DOWN,       /* not connected; the next attempt is waited for */
    PW_SESSION_CONNECTING, /* by TCP */
    PW_SESSION_LOGIN,      /* the login request was sent */
    PW_SESSION_UP,         /* messages go both ways */
    PW_SESSION_FINISHED,   /* for good: logged out, ended or refused by the exchange */
};

struct pw_session;

struct pw_session_options {
    const char *username;  /* up to 6 characters */
    const char *password;  /* up to 10 */
    const char *session;   /* up to 10; NULL or "": the one the exchange has now */
    uint64_t sequence;     /* of the first message wanted; 0: whatever comes from now on */
    uint32_t login_ms;     /* wait for a connection, and then for the login's answer; 0: 10,000 */
    uint32_t heartbeat_ms; /* send a heartbeat after so long without a message; 0: 1,000 */
    uint32_t silence_ms;   /* a silent exchange is taken for a lost one; 0: 15,000 */
    uint32_t reconnect_ms; /* wait before the second attempt, doubled up to 5 s; 0: 100 */
};

/* What a session calls; any may be NULL. bytes and sentences are the session's, for the duration of
 * the call. */
struct pw_session_handlers {
    void *context; /* given to each */
    /* The next message of the exchange, which may be empty. */
    void (*message)(void *context, uint64_t sequence, const uint8_t *bytes, size_t size);
    /* The state has changed; why: a sentence, "" for a change for the better. */
    void (*state)(void *context, enum pw_session_state state, const char *why);
    /* A debug packet, which means nothing. */
    void (*debug)(void *context, const uint8_t *bytes, size_t size);
};

struct pw_session_counts {
    uint64_t received; /* messages handed out */
    uint64_t sent;     /* messages taken by pw_session_send() */
    uint64_t logins;   /* that succeeded */
    uint64_t ignored;  /* packets of types that are not known */
};

/* Make a session with the exchange at "HOST:PORT" or "[IPV6]:PORT". It connects in
 * pw_session_poll(). On PW_OK *session belongs to the caller, who ends it with pw_session_close();
 * on an error *session is NULL. Errors: PW_ERROR_ARGUMENT, PW_ERROR_SYSTEM. */
PW_API int pw_session_open(const char *address, const struct pw_session_options *options,
                           const struct pw_session_handlers *handlers, struct pw_session **session);

/* Close the connection, if there is one, without a logout, and free the session. NULL is allowed.
 */
PW_API void pw_session_close(struct pw_session *session);

/* Do what there is to do: connect, log in, take messages, keep alive. Returns when messages were
 * handed out (how many), when the state has changed, or after timeout_ms (0; negative: wait without
 * end). Has to be called at least every heartbeat_ms. A session that is finished returns an error,
 * always the same: PW_ERROR_LOGIN_REJECTED, PW_ERROR_SESSION_ENDED, or PW_ERROR_PROTOCOL when the
 * exchange does not resume where it was asked to. */
PW_API int pw_session_poll(struct pw_session *session, int timeout_ms);

/* Send a message of up to 65,534 bytes, whole. PW_ERROR_SESSION_DOWN: not PW_SESSION_UP.
 * PW_ERROR_TIMEOUT: the exchange takes nothing and there is no more room to keep it in. On an error
 * nothing was sent and nothing is kept. */
PW_API int pw_session_send(struct pw_session *session, const void *bytes, size_t size);

/* Ask the exchange to end the session of this host. PW_SESSION_FINISHED follows when it hangs up,
 * or after login_ms. PW_ERROR_SESSION_DOWN: not PW_SESSION_UP. */
PW_API int pw_session_logout(struct pw_session *session);

/* The state; the number of the next message of the exchange, 0 while that is not known; the name of
 * the session, "" while that is not known, which belongs to the session; and the counts. */
PW_API enum pw_session_state pw_session_state(const struct pw_session *session);
PW_API uint64_t pw_session_next(const struct pw_session *session);
PW_API const char *pw_session_name(const struct pw_session *session);
PW_API void pw_session_counts(const struct pw_session *session, struct pw_session_counts *counts);

/* A descriptor to wait on for pw_session_poll(), -1 while there is no connection. It belongs to the
 * session and changes with the connection. */
PW_API int pw_session_fd(const struct pw_session *session);

#ifdef __cplusplus
}
#endif

#endif
