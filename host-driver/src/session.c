/* An order session over TCP: connected, resumed and given up here; what is said is soup.c's. */
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "resolve.h"
#include "soup.h"
#include "waiting.h"

enum { LONGEST_WAIT_MS = 5000, READ_BYTES = 16384 };

struct pw_session {
    struct pw_soup soup; /* first, so that it is found from there */
    enum pw_session_state state;
    struct pw_peer peers[PW_PEERS];
    size_t peer; /* tried now, or next */
    int descriptor;
    uint32_t first_wait_ms, wait_ms;
    int64_t retry_ms;   /* DOWN: when to connect */
    int64_t give_up_ms; /* CONNECTING: when to try another time */
    bool changed;       /* the state, since pw_session_poll() was called */
    int end_status;     /* FINISHED: what pw_session_poll() returns, and its sentence */
    char end[256];
};

static void change(struct pw_session *session, enum pw_session_state state, const char *why) {
    session->state = state;
    session->changed = true;
    if (session->soup.handlers.state != NULL)
        session->soup.handlers.state(session->soup.handlers.context, state, why);
}

static void on_login(struct pw_soup *soup) {
    struct pw_session *session = (struct pw_session *)soup;
    session->wait_ms = session->first_wait_ms;
    change(session, PW_SESSION_UP, "");
}

static bool copy_text(char *field, size_t size, const char *text) {
    if (text == NULL)
        text = "";
    if (strlen(text) >= size)
        return false;
    for (size_t i = 0; text[i] != '\0'; i++)
        if (text[i] <= ' ' || text[i] > '~')
            return false;
    memcpy(field, text, strlen(text) + 1);
    return true;
}

static uint32_t or_default(uint32_t given, uint32_t otherwise) {
    return given != 0 ? given : otherwise;
}

int pw_session_open(const char *address, const struct pw_session_options *options,
                    const struct pw_session_handlers *handlers, struct pw_session **result) {
    if (result != NULL)
        *result = NULL;
    if (address == NULL || options == NULL || handlers == NULL || result == NULL)
        return pw_fail(PW_ERROR_ARGUMENT, "pw_session_open: null pointer");
    struct pw_session *session = calloc(1, sizeof *session);
    if (session == NULL)
        return pw_fail_errno("opening a session with %s", address);
    session->descriptor = -1;
    session->first_wait_ms = session->wait_ms = or_default(options->reconnect_ms, 100);
    struct pw_soup *soup = &session->soup;
    soup->handlers = *handlers;
    soup->logged_in = on_login;
    soup->next = options->sequence;
    soup->login_ms = or_default(options->login_ms, 10000);
    soup->heartbeat_ms = or_default(options->heartbeat_ms, 1000);
    soup->silence_ms = or_default(options->silence_ms, 15000);
    int status = PW_OK;
    if (!copy_text(soup->username, sizeof soup->username, options->username) ||
        !copy_text(soup->password, sizeof soup->password, options->password) ||
        !copy_text(soup->session, sizeof soup->session, options->session))
        status =
            pw_fail(PW_ERROR_ARGUMENT, "user name, password and session are up to 6, 10 and 10 "
                                       "characters without spaces");
    if (status == PW_OK)
        status = pw_resolve(address, NULL, SOCK_STREAM, session->peers);
    if (status != PW_OK) {
        pw_session_close(session);
        return status;
    }
    *result = session;
    return PW_OK;
}

void pw_session_close(struct pw_session *session) {
    if (session == NULL)
        return;
    if (session->descriptor >= 0)
        close(session->descriptor);
    free(session);
}

/* The connection is of no more use, for the reason in pw_last_error(). */
static void drop(struct pw_session *session, int status) {
    char why[sizeof session->end];
    snprintf(why, sizeof why, "%s", pw_last_error());
    if (session->descriptor >= 0)
        close(session->descriptor);
    session->descriptor = -1;
    session->soup.up = false;
    session->soup.out_size = 0; /* never sent again */
    if (session->soup.finished) {
        session->end_status = status;
        memcpy(session->end, why, sizeof why);
        change(session, PW_SESSION_FINISHED, why);
        return;
    }
    session->retry_ms = pw_monotonic_ms() + session->wait_ms;
    session->wait_ms =
        session->wait_ms > LONGEST_WAIT_MS / 2 ? LONGEST_WAIT_MS : 2 * session->wait_ms;
    change(session, PW_SESSION_DOWN, why);
}

void pw_session_aim(struct pw_session *session, uint64_t next) {
    session->soup.next = next;
}

void pw_session_again(struct pw_session *session, uint64_t next) {
    if (session->descriptor >= 0)
        close(session->descriptor);
    session->descriptor = -1;
    session->soup.up = false;
    session->soup.out_size = 0; /* never sent again */
    session->soup.next = next;
    session->retry_ms = pw_monotonic_ms();
    if (session->state != PW_SESSION_FINISHED)
        session->state = PW_SESSION_DOWN;
}

static void start_connecting(struct pw_session *session) {
    if (session->peer >= PW_PEERS || session->peers[session->peer].size == 0)
        session->peer = 0;
    const struct pw_peer *peer = &session->peers[session->peer++];
    change(session, PW_SESSION_CONNECTING, "");
    session->give_up_ms = pw_monotonic_ms() + session->soup.login_ms;
    session->descriptor =
        socket(peer->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (session->descriptor < 0) {
        drop(session, pw_fail_errno("making a socket for the exchange"));
        return;
    }
    if (connect(session->descriptor, (const struct sockaddr *)&peer->address, peer->size) != 0 &&
        errno != EINPROGRESS && errno != EINTR)
        drop(session, pw_fail_errno("connecting to the exchange"));
}

static void finish_connecting(struct pw_session *session) {
    int error = 0;
    socklen_t size = sizeof error;
    const int on = 1;
    if (getsockopt(session->descriptor, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        error = errno;
    errno = error;
    /* Orders go out one by one: Nagle's algorithm would hold each up for the answer to another. */
    if (error != 0 ||
        setsockopt(session->descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) {
        drop(session, pw_fail_errno("connecting to the exchange"));
        return;
    }
    session->peer--; /* this one answers: the next time it is tried first */
    pw_soup_start(&session->soup, pw_monotonic_ms());
    change(session, PW_SESSION_LOGIN, "");
}

/* Send what lies in out, as far as the system takes it. */
static int flush(struct pw_session *session) {
    struct pw_soup *soup = &session->soup;
    while (soup->out_size > 0) {
        const ssize_t sent = send(session->descriptor, soup->out, soup->out_size, MSG_NOSIGNAL);
        if (sent >= 0)
            pw_soup_sent(soup, (size_t)sent);
        else if (errno == EAGAIN)
            return PW_OK;
        else if (errno != EINTR)
            return pw_fail_errno("sending to the exchange");
    }
    return PW_OK;
}

static int receive(struct pw_session *session) {
    uint8_t bytes[READ_BYTES];
    const ssize_t received = recv(session->descriptor, bytes, sizeof bytes, 0);
    if (received < 0)
        return errno == EAGAIN || errno == EINTR ? PW_OK : pw_fail_errno("hearing the exchange");
    if (received == 0) {
        session->soup.finished = session->soup.leaving;
        return session->soup.leaving
                   ? pw_fail(PW_ERROR_SESSION_ENDED, "logged out")
                   : pw_fail(PW_ERROR_CLOSED, "the exchange closed the connection%s",
                             session->soup.up ? "" : " before the login was answered");
    }
    return pw_soup_receive(&session->soup, bytes, (size_t)received, pw_monotonic_ms());
}

/* Deal with a connection on which poll(2) saw these events. */
static void serve(struct pw_session *session, short events) {
    if (session->state == PW_SESSION_CONNECTING) {
        if (events != 0)
            finish_connecting(session);
        else if (pw_monotonic_ms() >= session->give_up_ms)
            drop(session, pw_fail(PW_ERROR_TIMEOUT, "no connection to the exchange in %u ms",
                                  session->soup.login_ms));
        return;
    }
    int status = (events & ~POLLOUT) != 0 ? receive(session) : PW_OK;
    if (status == PW_OK)
        status = pw_soup_tick(&session->soup, pw_monotonic_ms());
    if (status == PW_OK)
        status = flush(session);
    if (status != PW_OK)
        drop(session, status);
}

/* One round: wait until the deadline for something to do, and do it. */
static int advance(struct pw_session *session, int64_t deadline_ms) {
    if (session->state == PW_SESSION_DOWN && pw_monotonic_ms() >= session->retry_ms) {
        start_connecting(session);
        return PW_OK;
    }
    int64_t due_ms = session->state == PW_SESSION_DOWN         ? session->retry_ms
                     : session->state == PW_SESSION_CONNECTING ? session->give_up_ms
                                                               : pw_soup_deadline(&session->soup);
    if (deadline_ms < due_ms)
        due_ms = deadline_ms;
    const int64_t left = due_ms - pw_monotonic_ms();
    const bool writes = session->state == PW_SESSION_CONNECTING || session->soup.out_size > 0;
    struct pollfd ready = {.fd = session->descriptor, /* a negative one is left alone */
                           .events = (short)(writes ? POLLIN | POLLOUT : POLLIN)};
    const int number = poll(&ready, 1, left <= 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left);
    if (number < 0 && errno != EINTR)
        return pw_fail_errno("waiting for the exchange");
    if (session->descriptor >= 0)
        serve(session, number > 0 ? ready.revents : 0);
    return PW_OK;
}

int pw_session_poll(struct pw_session *session, int timeout_ms) {
    if (session == NULL)
        return pw_fail(PW_ERROR_ARGUMENT, "pw_session_poll: null pointer");
    const int64_t deadline_ms = timeout_ms < 0 ? INT64_MAX : pw_monotonic_ms() + timeout_ms;
    const uint64_t before = session->soup.counts.received;
    if (session->state == PW_SESSION_FINISHED)
        return pw_fail(session->end_status, "%s", session->end);
    session->changed = false;
    do {
        const int status = advance(session, deadline_ms);
        if (status != PW_OK)
            return status;
    } while (!session->changed && session->soup.counts.received == before &&
             pw_monotonic_ms() < deadline_ms);
    /* What was handed out counts first; the end is told the next time. */
    const uint64_t handed = session->soup.counts.received - before;
    if (handed == 0 && session->state == PW_SESSION_FINISHED)
        return pw_fail(session->end_status, "%s", session->end);
    return (int)handed; /* at most READ_BYTES */
}

int pw_session_send(struct pw_session *session, const void *bytes, size_t size) {
    if (session == NULL || (bytes == NULL && size > 0))
        return pw_fail(PW_ERROR_ARGUMENT, "pw_session_send: null pointer");
    const int status = pw_soup_send(&session->soup, bytes, size, pw_monotonic_ms());
    /* A connection that has broken is dropped by the next poll, which sees the same error. */
    if (status == PW_OK)
        (void)flush(session);
    return status;
}

int pw_session_logout(struct pw_session *session) {
    if (session == NULL)
        return pw_fail(PW_ERROR_ARGUMENT, "pw_session_logout: null pointer");
    return pw_soup_logout(&session->soup, pw_monotonic_ms());
}

enum pw_session_state pw_session_state(const struct pw_session *session) {
    return session->state;
}

uint64_t pw_session_next(const struct pw_session *session) {
    return session->soup.next;
}

const char *pw_session_name(const struct pw_session *session) {
    return session->soup.session;
}

void pw_session_counts(const struct pw_session *session, struct pw_session_counts *counts) {
    *counts = session->soup.counts;
}

int pw_session_fd(const struct pw_session *session) {
    return session->descriptor;
}
