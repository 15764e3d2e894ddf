/* What the transports over a kernel's socket share: one datagram out or in before a deadline. */
#ifndef PENNYWIRE_DATAGRAM_SOCKET_H
#define PENNYWIRE_DATAGRAM_SOCKET_H

#include "transport.h"

/* Says what an outcome means where it is the other end that is gone: PW_ERROR_CLOSED with its
 * sentence, or PW_OK where it says nothing of that. `error` is an errno; 0: an empty datagram came.
 */
typedef int pw_gone(int error);

/* See pw_transport_ops.send; `full` is the sentence for a socket that takes nothing until the
 * deadline. */
int pw_datagram_send(int descriptor, const void *bytes, size_t size, int64_t deadline_ms,
                     pw_gone *gone, const char *full);

/* See pw_transport_ops.receive. */
int pw_datagram_receive(int descriptor, void *buffer, size_t size, int64_t deadline_ms,
                        pw_gone *gone);

/* See pw_transport_ops.disconnect. */
void pw_datagram_disconnect(struct pw_transport *transport, enum pw_channel channel);

#endif
