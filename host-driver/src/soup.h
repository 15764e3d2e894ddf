/* SoupBinTCP 3.00, the client's side, over bytes: no socket, no clock, no allocation. Bytes of the
 * exchange go in, messages come out through the handlers, and what is to be sent lies in out. */
#ifndef PENNYWIRE_SOUP_H
#define PENNYWIRE_SOUP_H

#include "pennywire_session.h"

enum {
    PW_SOUP_NAME = 10,
    PW_SOUP_NUMBER = 20,
    PW_SOUP_LOGIN_BYTES = 49,
    PW_SOUP_PACKET_BYTES = 2 + 65535, /* the longest */
};

struct pw_soup {
    struct pw_session_handlers handlers;
    void (*logged_in)(struct pw_soup *soup); /* before the first message; may be NULL */
    char username[6 + 1], password[10 + 1];
    char session[PW_SOUP_NAME + 1]; /* "": any; kept once known */
    uint64_t next;                  /* sequence number of the next message; 0: not known */
    uint32_t login_ms, heartbeat_ms, silence_ms;

    bool up;       /* logged in */
    bool leaving;  /* a logout was sent */
    bool finished; /* do not connect again */
    int64_t heard_ms, said_ms;
    int64_t leave_ms; /* leaving: when to go without being let go */
    struct pw_session_counts counts;

    size_t in_size, out_size;
    uint8_t in[PW_SOUP_PACKET_BYTES];
    uint8_t out[2 * PW_SOUP_PACKET_BYTES];
};

/* Hang up, if there is a connection, and connect again at once to ask for message next; 0: for
 * whatever comes, which tells where the exchange is. Within no handler. */
void pw_session_again(struct pw_session *session, uint64_t next);

/* Ask for message next, as above, at the next login. Within a handler too. */
void pw_session_aim(struct pw_session *session, uint64_t next);

/* A connection was made: forget what the last one left, and ask to log in. */
void pw_soup_start(struct pw_soup *soup, int64_t now_ms);

/* Take bytes of the exchange, cut anywhere. An error, with its sentence, ends the connection. */
int pw_soup_receive(struct pw_soup *soup, const uint8_t *bytes, size_t size, int64_t now_ms);

/* Send a heartbeat if it is time; an error if the exchange has been silent for too long. */
int pw_soup_tick(struct pw_soup *soup, int64_t now_ms);

/* When pw_soup_tick() has something to do. */
int64_t pw_soup_deadline(const struct pw_soup *soup);

/* Add a message, or a logout, to out. */
int pw_soup_send(struct pw_soup *soup, const void *bytes, size_t size, int64_t now_ms);
int pw_soup_logout(struct pw_soup *soup, int64_t now_ms);

/* The first size bytes of out were sent. */
void pw_soup_sent(struct pw_soup *soup, size_t size);

/* Read a field padded with spaces on either side: a name, zero-terminated into size + 1 bytes, or a
 * decimal number. False when it is none. */
bool pw_soup_read_name(const uint8_t *field, size_t size, char *name);
bool pw_soup_read_number(const uint8_t *field, size_t size, uint64_t *number);

#endif
