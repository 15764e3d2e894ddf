/* udp:HOST[:PORT]: a card on a network, by an ordinary socket. Datagrams may be lost, doubled and
 * reordered; requests are repeated, and the card knows a repeated one by its number. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "datagram_socket.h"
#include "error.h"
#include "transport.h"

/* "PW", the link's magic, as a number: 0x5750. */
static const char default_port[] = "22352";
/* Room for events that come in a burst; the system gives what its limit allows. */
enum { RECEIVE_BUFFER_BYTES = 4 << 20 };

static int udp_connect(struct pw_transport *transport, enum pw_channel channel,
                       const char *address) {
    pw_datagram_disconnect(transport, channel);
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

static int nobody_listens(int error) {
    if (error != ECONNREFUSED)
        return PW_OK;
    return pw_fail(PW_ERROR_CLOSED, "no card listens there (its host refuses the port)");
}

static int udp_send(struct pw_transport *transport, enum pw_channel channel, const void *bytes,
                    size_t size, int64_t deadline_ms) {
    return pw_datagram_send(transport->descriptor[channel], bytes, size, deadline_ms,
                            nobody_listens, "the network takes no requests: the socket stays full");
}

/* An empty datagram is one, and is no answer. */
static int udp_receive(struct pw_transport *transport, enum pw_channel channel, void *buffer,
                       size_t size, int64_t deadline_ms) {
    return pw_datagram_receive(transport->descriptor[channel], buffer, size, deadline_ms,
                               nobody_listens);
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
    .disconnect = pw_datagram_disconnect,
};
