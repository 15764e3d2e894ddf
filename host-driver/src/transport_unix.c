/* unix:PATH: a soft card on this machine. SOCK_SEQPACKET keeps the bounds and the order of
 * datagrams and loses none, so a request is sent once unless the caller asks for more. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "error.h"
#include "transport.h"
#include "waiting.h"

static void unix_disconnect(struct pw_transport *transport, enum pw_channel channel) {
    if (transport->descriptor[channel] >= 0)
        close(transport->descriptor[channel]);
    transport->descriptor[channel] = -1;
}

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

    unix_disconnect(transport, channel);
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

static int lost_connection(void) {
    return pw_fail(PW_ERROR_CLOSED, "the card closed the connection");
}

static int unix_send(struct pw_transport *transport, enum pw_channel channel, const void *bytes,
                     size_t size, int64_t deadline_ms) {
    for (;;) {
        const ssize_t sent =
            send(transport->descriptor[channel], bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0)
            return PW_OK; /* a SEQPACKET message goes whole or not at all */
        if (errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN)
            return lost_connection();
        if (errno == EAGAIN) {
            const int status = pw_wait_ready(transport->descriptor[channel], POLLOUT, deadline_ms);
            if (status == PW_ERROR_TIMEOUT)
                return pw_fail(status, "the card does not take requests: its socket stays full");
            if (status != PW_OK)
                return status;
        } else if (errno != EINTR) {
            return pw_fail_errno("sending %zu bytes to the card", size);
        }
    }
}

static int unix_receive(struct pw_transport *transport, enum pw_channel channel, void *buffer,
                        size_t size, int64_t deadline_ms) {
    for (;;) {
        /* MSG_TRUNC: the true size of a datagram longer than the buffer. */
        const ssize_t received =
            recv(transport->descriptor[channel], buffer, size, MSG_DONTWAIT | MSG_TRUNC);
        if (received > 0)
            return received > INT_MAX ? INT_MAX : (int)received;
        if (received == 0 || errno == ECONNRESET || errno == ENOTCONN)
            return lost_connection();
        if (errno == EAGAIN) {
            const int status = pw_wait_ready(transport->descriptor[channel], POLLIN, deadline_ms);
            if (status != PW_OK)
                return status;
        } else if (errno != EINTR) {
            return pw_fail_errno("receiving from the card");
        }
    }
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
    .disconnect = unix_disconnect,
};
