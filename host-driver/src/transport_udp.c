/* udp:HOST[:PORT]: a card on a network, by an ordinary socket. Datagrams may be lost, doubled and
 * reordered; requests are repeated, and the card knows a repeated one by its number. */
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "transport.h"
#include "waiting.h"

/* "PW", the link's magic, as a number: 0x5750. */
static const char default_port[] = "22352";
/* Room for events that come in a burst; the system gives what its limit allows. */
enum { RECEIVE_BUFFER_BYTES = 4 << 20 };

static void udp_disconnect(struct pw_transport *transport, enum pw_channel channel) {
    if (transport->descriptor[channel] >= 0)
        close(transport->descriptor[channel]);
    transport->descriptor[channel] = -1;
}

static int udp_connect(struct pw_transport *transport, enum pw_channel channel,
                       const char *address) {
    udp_disconnect(transport, channel);
    if (transport->peer.size == 0) {
        struct pw_peer peers[PW_PEERS];
        const int status = pw_resolve(address, default_port, SOCK_DGRAM, peers);
        if (status != PW_OK)
            return status;
        transport->peer = peers[0];
    }
    const int descriptor = socket(transport->peer.address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return pw_fail_errno("making a socket for udp:%s", address);
    const int room = RECEIVE_BUFFER_BYTES;
    /* A connected socket hears the card and nobody else. */
    if (setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &room, sizeof room) != 0 ||
        connect(descriptor, (const struct sockaddr *)&transport->peer.address,
                transport->peer.size) != 0) {
        const int status = pw_fail_errno("connecting to the card at udp:%s", address);
        close(descriptor);
        return status;
    }
    transport->descriptor[channel] = descriptor;
    return PW_OK;
}

static int nobody_listens(void) {
    return pw_fail(PW_ERROR_CLOSED, "no card listens there (its host refuses the port)");
}

static int udp_send(struct pw_transport *transport, enum pw_channel channel, const void *bytes,
                    size_t size, int64_t deadline_ms) {
    for (;;) {
        const ssize_t sent =
            send(transport->descriptor[channel], bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0)
            return PW_OK; /* a datagram goes whole or not at all */
        if (errno == ECONNREFUSED)
            return nobody_listens();
        if (errno == EAGAIN) {
            const int status = pw_wait_ready(transport->descriptor[channel], POLLOUT, deadline_ms);
            if (status == PW_ERROR_TIMEOUT)
                return pw_fail(status, "the network takes no requests: the socket stays full");
            if (status != PW_OK)
                return status;
        } else if (errno != EINTR) {
            return pw_fail_errno("sending %zu bytes to the card", size);
        }
    }
}

static int udp_receive(struct pw_transport *transport, enum pw_channel channel, void *buffer,
                       size_t size, int64_t deadline_ms) {
    for (;;) {
        /* MSG_TRUNC: the true size of a datagram longer than the buffer. */
        const ssize_t received =
            recv(transport->descriptor[channel], buffer, size, MSG_DONTWAIT | MSG_TRUNC);
        if (received >= 0) /* an empty datagram is one, and is no answer */
            return received > INT_MAX ? INT_MAX : (int)received;
        if (errno == ECONNREFUSED)
            return nobody_listens();
        if (errno == EAGAIN) {
            const int status = pw_wait_ready(transport->descriptor[channel], POLLIN, deadline_ms);
            if (status != PW_OK)
                return status;
        } else if (errno != EINTR) {
            return pw_fail_errno("receiving from the card");
        }
    }
}

const struct pw_transport_ops pw_transport_udp = {
    .scheme = "udp",
    .example = "udp:HOST[:PORT]",
    /* 100, 200, ... 6,400 ms: 12.7 s together, for a soft card may be busy for seconds. */
    .default_timeout_ms = 100,
    .default_attempts = 7,
    .lossy = true,
    .connect = udp_connect,
    .send = udp_send,
    .receive = udp_receive,
    .disconnect = udp_disconnect,
};
