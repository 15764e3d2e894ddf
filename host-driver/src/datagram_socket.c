/* One datagram out or in, by a socket of the kernel's. */
#include "datagram_socket.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "error.h"
#include "waiting.h"

int pw_datagram_send(int descriptor, const void *bytes, size_t size, int64_t deadline_ms,
                     pw_gone *gone, const char *full) {
    for (;;) {
        const ssize_t sent = send(descriptor, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0)
            return PW_OK; /* a datagram goes whole or not at all */
        const int error = errno;
        int status = gone(error);
        if (status != PW_OK)
            return status;
        if (error == EAGAIN) {
            status = pw_wait_ready(descriptor, POLLOUT, deadline_ms);
            if (status == PW_ERROR_TIMEOUT)
                return pw_fail(status, "%s", full);
            if (status != PW_OK)
                return status;
        } else if (error != EINTR) {
            errno = error;
            return pw_fail_errno("sending %zu bytes to the card", size);
        }
    }
}

int pw_datagram_receive(int descriptor, void *buffer, size_t size, int64_t deadline_ms,
                        pw_gone *gone) {
    for (;;) {
        /* MSG_TRUNC: the true size of a datagram longer than the buffer. */
        const ssize_t received = recv(descriptor, buffer, size, MSG_DONTWAIT | MSG_TRUNC);
        if (received > 0)
            return received > INT_MAX ? INT_MAX : (int)received;
        const int error = received < 0 ? errno : 0;
        int status = gone(error);
        if (status != PW_OK || error == 0)
            return status;
        if (error == EAGAIN) {
            status = pw_wait_ready(descriptor, POLLIN, deadline_ms);
            if (status != PW_OK)
                return status;
        } else if (error != EINTR) {
            errno = error;
            return pw_fail_errno("receiving from the card");
        }
    }
}

void pw_datagram_disconnect(struct pw_transport *transport, enum pw_channel channel) {
    if (transport->descriptor[channel] >= 0)
        close(transport->descriptor[channel]);
    transport->descriptor[channel] = -1;
}
