#include "soup.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "error.h"

enum { LENGTH_BYTES = 2, HEAD_BYTES = 3 };

/* Cut the spaces off both ends of a field. */
static const uint8_t *trim(const uint8_t *field, size_t *size) {
    while (*size > 0 && field[*size - 1] == ' ')
        --*size;
    while (*size > 0 && *field == ' ') {
        field++;
        --*size;
    }
    return field;
}

bool pw_soup_read_name(const uint8_t *field, size_t size, char *name) {
    field = trim(field, &size);
    for (size_t i = 0; i < size; i++) {
        if (field[i] <= ' ' || field[i] > '~')
            return false;
        name[i] = (char)field[i];
    }
    name[size] = '\0';
    return size > 0;
}

bool pw_soup_read_number(const uint8_t *field, size_t size, uint64_t *number) {
    field = trim(field, &size);
    *number = 0;
    for (size_t i = 0; i < size; i++) {
        const unsigned digit = (unsigned)field[i] - '0';
        if (digit > 9 || *number > (UINT64_MAX - digit) / 10)
            return false;
        *number = *number * 10 + digit;
    }
    return size > 0;
}

/* Add a packet to out; false when there is no room. */
static bool put(struct pw_soup *soup, char type, const void *bytes, size_t size, int64_t now_ms) {
    if (size + 1 > UINT16_MAX || HEAD_BYTES + size > sizeof soup->out - soup->out_size)
        return false;
    uint8_t *packet = soup->out + soup->out_size;
    packet[0] = (uint8_t)((size + 1) >> 8);
    packet[1] = (uint8_t)(size + 1);
    packet[2] = (uint8_t)type;
    if (size > 0)
        memcpy(packet + HEAD_BYTES, bytes, size);
    soup->out_size += HEAD_BYTES + size;
    soup->said_ms = now_ms;
    return true;
}

void pw_soup_start(struct pw_soup *soup, int64_t now_ms) {
    soup->up = soup->leaving = false;
    soup->in_size = soup->out_size = 0;
    soup->heard_ms = now_ms;
    /* User name and password are padded on the right, session and number on the left. */
    char fields[PW_SOUP_LOGIN_BYTES - HEAD_BYTES + 1];
    snprintf(fields, sizeof fields, "%-6s%-10s%10s%20" PRIu64, soup->username, soup->password,
             soup->session, soup->next);
    put(soup, 'L', fields, sizeof fields - 1, now_ms); /* out is empty: there is room */
}

/* End the session for good. */
static int finish(struct pw_soup *soup, int status) {
    soup->finished = true;
    return status;
}

static int take_acceptance(struct pw_soup *soup, const uint8_t *body, size_t size) {
    char name[PW_SOUP_NAME + 1];
    uint64_t number;
    if (soup->up || size != PW_SOUP_NAME + PW_SOUP_NUMBER ||
        !pw_soup_read_name(body, PW_SOUP_NAME, name) ||
        !pw_soup_read_number(body + PW_SOUP_NAME, PW_SOUP_NUMBER, &number) || number == 0)
        return pw_fail(PW_ERROR_PROTOCOL, "the exchange sent a Login Accepted that makes no sense");
    if (soup->session[0] != '\0' && strcmp(soup->session, name) != 0)
        return finish(soup, pw_fail(PW_ERROR_PROTOCOL,
                                    "the exchange accepted the login for session '%s', not '%s'",
                                    name, soup->session));
    /* Further on: messages are missing. Further back: it has another history than this host. */
    if (soup->next != 0 && soup->next != number)
        return finish(soup, pw_fail(PW_ERROR_PROTOCOL,
                                    "the exchange resumes session '%s' at message %" PRIu64
                                    " where %" PRIu64 " was asked for",
                                    name, number, soup->next));
    memcpy(soup->session, name, sizeof name);
    soup->next = number;
    soup->up = true;
    soup->counts.logins++;
    if (soup->logged_in != NULL)
        soup->logged_in(soup);
    return PW_OK;
}

static int take_packet(struct pw_soup *soup, uint8_t type, const uint8_t *body, size_t size) {
    switch (type) {
    case '+':
        if (soup->handlers.debug != NULL)
            soup->handlers.debug(soup->handlers.context, body, size);
        return PW_OK;
    case 'A':
        return take_acceptance(soup, body, size);
    case 'J':
        if (soup->up || size != 1)
            return pw_fail(PW_ERROR_PROTOCOL,
                           "the exchange sent a Login Rejected that makes no sense");
        return finish(soup, pw_fail(PW_ERROR_LOGIN_REJECTED, "the exchange rejected the login: %s",
                                    body[0] == 'A'   ? "user name or password (A)"
                                    : body[0] == 'S' ? "no such session (S)"
                                                     : "reason unknown"));
    case 'S':
        if (!soup->up)
            return pw_fail(PW_ERROR_PROTOCOL, "the exchange sent a message before the login");
        soup->counts.received++;
        soup->next++;
        if (soup->handlers.message != NULL)
            soup->handlers.message(soup->handlers.context, soup->next - 1, body, size);
        return PW_OK;
    case 'H':
        return PW_OK;
    case 'Z':
        if (!soup->up)
            return pw_fail(PW_ERROR_PROTOCOL, "the exchange ended a session before the login");
        return finish(soup, pw_fail(PW_ERROR_SESSION_ENDED,
                                    "the exchange ended session '%s' at message "
                                    "%" PRIu64,
                                    soup->session, soup->next));
    default:
        soup->counts.ignored++;
        return PW_OK;
    }
}

/* Deal with the whole packets in in, and move what is left of it to the front. */
static int take_packets(struct pw_soup *soup) {
    size_t at = 0;
    int status = PW_OK;
    while (status == PW_OK && soup->in_size - at >= LENGTH_BYTES) {
        const uint8_t *packet = soup->in + at;
        const size_t length = (size_t)packet[0] << 8 | packet[1]; /* of type and body */
        if (length == 0)
            return pw_fail(PW_ERROR_PROTOCOL, "the exchange sent a packet of no type");
        if (soup->in_size - at < LENGTH_BYTES + length)
            break;
        at += LENGTH_BYTES + length;
        status = take_packet(soup, packet[LENGTH_BYTES], packet + HEAD_BYTES, length - 1);
    }
    soup->in_size -= at;
    memmove(soup->in, soup->in + at, soup->in_size);
    return status;
}

int pw_soup_receive(struct pw_soup *soup, const uint8_t *bytes, size_t size, int64_t now_ms) {
    while (size > 0) {
        soup->heard_ms = now_ms;
        /* The longest packet fits, so that there is always room after whole ones were taken out. */
        const size_t room = sizeof soup->in - soup->in_size;
        const size_t part = size < room ? size : room;
        memcpy(soup->in + soup->in_size, bytes, part);
        soup->in_size += part;
        bytes += part;
        size -= part;
        const int status = take_packets(soup);
        if (status != PW_OK)
            return status;
    }
    return PW_OK;
}

int pw_soup_tick(struct pw_soup *soup, int64_t now_ms) {
    if (soup->leaving && now_ms >= soup->leave_ms)
        return finish(soup,
                      pw_fail(PW_ERROR_SESSION_ENDED,
                              "logged out; the exchange did not hang up in %u ms", soup->login_ms));
    const uint32_t patience_ms = soup->up ? soup->silence_ms : soup->login_ms;
    if (now_ms - soup->heard_ms >= patience_ms)
        return pw_fail(PW_ERROR_TIMEOUT, "the exchange has been silent for %u ms%s", patience_ms,
                       soup->up ? "" : " after the login request");
    /* With no room for a heartbeat there are other bytes on their way. */
    if (soup->up && now_ms - soup->said_ms >= soup->heartbeat_ms)
        put(soup, 'R', NULL, 0, now_ms);
    return PW_OK;
}

int64_t pw_soup_deadline(const struct pw_soup *soup) {
    int64_t first = soup->heard_ms + (soup->up ? soup->silence_ms : soup->login_ms);
    if (soup->up && soup->said_ms + soup->heartbeat_ms < first)
        first = soup->said_ms + soup->heartbeat_ms;
    if (soup->leaving && soup->leave_ms < first)
        first = soup->leave_ms;
    return first;
}

static int require_up(const struct pw_soup *soup) {
    if (soup->up && !soup->leaving)
        return PW_OK;
    return pw_fail(PW_ERROR_SESSION_DOWN, "the order session is not up: nothing was sent");
}

int pw_soup_send(struct pw_soup *soup, const void *bytes, size_t size, int64_t now_ms) {
    const int status = require_up(soup);
    if (status != PW_OK)
        return status;
    if (size + 1 > UINT16_MAX)
        return pw_fail(PW_ERROR_ARGUMENT, "a message of %zu bytes is longer than 65,534", size);
    if (!put(soup, 'U', bytes, size, now_ms))
        return pw_fail(PW_ERROR_TIMEOUT, "the exchange takes nothing: nothing was sent");
    soup->counts.sent++;
    return PW_OK;
}

int pw_soup_logout(struct pw_soup *soup, int64_t now_ms) {
    const int status = require_up(soup);
    if (status != PW_OK)
        return status;
    if (!put(soup, 'O', NULL, 0, now_ms))
        return pw_fail(PW_ERROR_TIMEOUT, "the exchange takes nothing: nothing was sent");
    soup->leaving = true;
    soup->leave_ms = now_ms + soup->login_ms;
    return PW_OK;
}

void pw_soup_sent(struct pw_soup *soup, size_t size) {
    soup->out_size -= size;
    memmove(soup->out, soup->out + size, soup->out_size);
}
