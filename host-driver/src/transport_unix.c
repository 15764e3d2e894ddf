/* unix:PATH: a soft card on this machine. SOCK_SEQPACKET keeps the bounds and the order of
 * datagrams and loses none, so a request is sent once unless the caller asks for more. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "datagram_socket.h"
#include "error.h"
#include "transport.h"

static int unix_connect(struct pw_transport *transport, enum pw_channel channel,
                        const char *address) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    const size_t length = strlen(address);
    if (length >= sizeof name.sun_path)
        return pw_fail(
            PW_ERROR_ARGUMENT,
            "socket path '%s' has %zu characters, the system allows %zu; use a shorter one",
            address, length, sizeof name.sun_path - 1);
    memcpy(name.sun_path, address, length);

    pw_datagram_disconnect(transport, channel);
    const int descriptor = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return pw_fail_errno("making a socket for %s", address);
    /* Blocking while it connects: a full backlog is waited for; every later call says DONTWAIT. */
    int result;
    do
        result = connect(descriptor, (const struct sockaddr *)&name, sizeof name);
    while (result < 0 && errno == EINTR);
    if (result < 0) {
        const int status =
            pw_fail_errno("connecting to the card at unix:%s (is the soft card running?)", address);
        close(descriptor);
        return status;
    }
    transport->descriptor[channel] = descriptor;
    return PW_OK;
}

/* An empty message is the end of a connection. */
static int lost_connection(int error) {
    if (error != 0 && error != EPIPE && error != ECONNRESET && error != ENOTCONN)
        return PW_OK;
    return pw_fail(PW_ERROR_CLOSED, "the card closed the connection");
}

static int unix_send(struct pw_transport *transport, enum pw_channel channel, const void *bytes,
                     size_t size, int64_t deadline_ms) {
    return pw_datagram_send(transport->descriptor[channel], bytes, size, deadline_ms,
                            lost_connection,
                            "the card does not take requests: its socket stays full");
}

static int unix_receive(struct pw_transport *transport, enum pw_channel channel, void *buffer,
                        size_t size, int64_t deadline_ms) {
    return pw_datagram_receive(transport->descriptor[channel], buffer, size, deadline_ms,
                               lost_connection);
}

const struct pw_transport_ops pw_transport_unix = {
    .scheme = "unix",
    .example = "unix:PATH",
    /* A soft card answers between two stretches of play, which may take seconds on a busy machine.
     */
    .default_timeout_ms = 10000,
    .default_attempts = 1,
    .connect = unix_connect,
    .send = unix_send,
    .receive = unix_receive,
    .disconnect = pw_datagram_disconnect,
};
