/* How datagrams travel: one table of operations a scheme, one file a scheme. */
#ifndef PENNYWIRE_TRANSPORT_H
#define PENNYWIRE_TRANSPORT_H

#include "pennywire.h"
#include "resolve.h"

/* Requests, events and orders have a connection each, so that events waiting to be read never hold
 * up a register, and a register never an order. */
enum pw_channel { PW_CHANNEL_REQUESTS, PW_CHANNEL_EVENTS, PW_CHANNEL_ORDERS, PW_CHANNELS };

struct pw_transport;

struct pw_transport_ops {
    const char *scheme;          /* before the colon of the URL */
    const char *example;         /* for error messages */
    uint32_t default_timeout_ms; /* where the caller gives none */
    uint32_t default_attempts;
    /* Datagrams can be lost: every attempt waits twice as long as the one before, and the card is
     * told of this host first, so that it can know a repeated request (docs/hostlink.md). */
    bool lossy;

    /* Connect a channel to an address (what follows the colon), leaving the others alone. */
    int (*connect)(struct pw_transport *transport, enum pw_channel channel, const char *address);

    /* Send one datagram whole, before the deadline. */
    int (*send)(struct pw_transport *transport, enum pw_channel channel, const void *bytes,
                size_t size, int64_t deadline_ms);

    /* Receive one datagram before the deadline: its true size, which may exceed the buffer's (then
     * it was cut), or a negative status: PW_ERROR_TIMEOUT leaves no sentence. A deadline that has
     * passed asks for what is there already, INT64_MAX waits without end. */
    int (*receive)(struct pw_transport *transport, enum pw_channel channel, void *buffer,
                   size_t size, int64_t deadline_ms);

    /* Close a channel; one that is closed already is left alone. */
    void (*disconnect)(struct pw_transport *transport, enum pw_channel channel);

    /* Say how datagrams travel; info is zeroed but for the scheme. NULL: by a socket. */
    void (*describe)(const struct pw_transport *transport, struct pw_transport_info *info);
};

struct pw_transport {
    const struct pw_transport_ops *ops;
    int descriptor[PW_CHANNELS]; /* -1: not connected */
    struct pw_peer peer;         /* udp: the card's address, looked up when it was opened */
    void *own;                   /* what else a transport keeps */
    /* What was last seen of a channel that may be why nothing is heard: for the sentence about a
     * time-out; a static string, or NULL. */
    const char *trouble[PW_CHANNELS];
};

extern const struct pw_transport_ops pw_transport_unix;
extern const struct pw_transport_ops pw_transport_udp;
extern const struct pw_transport_ops pw_transport_xdp;

/* Choose the transport by the URL's scheme; *address is the rest of the URL. */
int pw_transport_choose(const char *url, struct pw_transport *transport, const char **address);

/* How a transport's datagrams travel, for pw_transport_info(). */
void pw_transport_describe(const struct pw_transport *transport, struct pw_transport_info *info);

#endif
