/* xdp:INTERFACE[/QUEUE]?peer=HOST[:PORT]: a card on a network, past the kernel's network stack. The
 * datagrams are those of udp:, in frames that an XDP program hands over in shared memory
 * (xdp_port.h); what it hands over costs no system call. */
#include <errno.h>
#include <limits.h>
#include <linux/if_xdp.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "error.h"
#include "transport.h"
#include "waiting.h"
#include "xdp_port.h"

static void xdp_disconnect(struct pw_transport *transport, enum pw_channel channel) {
    transport->descriptor[channel] = -1;
    /* The port is one for all channels, and goes with the requests'. */
    if (channel == PW_CHANNEL_REQUESTS) {
        pw_xdp_port_close(transport->own);
        transport->own = NULL;
        for (int other = 0; other < PW_CHANNELS; other++)
            transport->descriptor[other] = -1;
    }
}

static int xdp_connect(struct pw_transport *transport, enum pw_channel channel,
                       const char *address) {
    if (channel == PW_CHANNEL_REQUESTS) {
        xdp_disconnect(transport, channel);
        struct pw_xdp_port *port;
        const int status = pw_xdp_port_open(address, &port);
        if (status != PW_OK)
            return status;
        transport->own = port;
    }
    struct pw_xdp_port *port = transport->own;
    struct pw_xdp_channel *own = &port->channels[channel];
    /* What came for an earlier subscription is not for this one. */
    size_t size;
    while (pw_xdp_queue_peek(&port->queue, &own->receive, &size) != NULL)
        pw_xdp_queue_return(&port->queue, &own->receive);
    transport->descriptor[channel] = own->descriptor;
    transport->trouble[channel] = NULL;
    return PW_OK;
}

/* The kernel did not send the frame: make it nobody's, for it would be sent with the next one, long
 * after its sender was told that it was not. */
static void withdraw(uint8_t *frame) {
    memset(frame, 0, PW_FRAME_HEADER_BYTES);
}

static int xdp_send(struct pw_transport *transport, enum pw_channel channel, const void *bytes,
                    size_t size, int64_t deadline_ms) {
    struct pw_xdp_port *port = transport->own;
    struct pw_xdp_channel *own = &port->channels[channel];
    if (size > PW_FRAME_PAYLOAD_MOST)
        return pw_fail(PW_ERROR_ARGUMENT, "%zu bytes do not fit an Ethernet frame (%d do)", size,
                       PW_FRAME_PAYLOAD_MOST);
    uint8_t *frame;
    while ((frame = pw_xdp_queue_spare(&port->queue, &own->transmit)) == NULL) {
        /* A push, for the kernel may hold frames that it could not send. */
        sendto(own->descriptor, NULL, 0, MSG_DONTWAIT, NULL, 0);
        if (pw_monotonic_ms() >= deadline_ms)
            return pw_fail(PW_ERROR_TIMEOUT, "%s takes no requests: its ring stays full",
                           port->address.interface);
        sched_yield();
    }
    pw_xdp_queue_submit(&port->queue, &own->transmit, frame,
                        pw_frame_write(frame, &own->host, &port->route.card, bytes, size));
    for (;;) {
        if (sendto(own->descriptor, NULL, 0, MSG_DONTWAIT, NULL, 0) == 0)
            return PW_OK;
        const int error = errno;
        if (error != EAGAIN && error != EBUSY && error != ENOBUFS && error != EINTR) {
            withdraw(frame);
            errno = error;
            return pw_fail_errno("sending %zu bytes to the card by %s", size,
                                 port->address.interface);
        }
        /* Taken and thrown away, as on a wire that is cut: the request is sent again later. */
        if (atomic_load_explicit(own->transmit.consumer, memory_order_acquire) ==
            own->transmit.own) {
            transport->trouble[channel] =
                "the interface threw the frame away: the link is down, or it is overrun";
            return PW_OK;
        }
        if (pw_monotonic_ms() >= deadline_ms) {
            withdraw(frame);
            return pw_fail(PW_ERROR_TIMEOUT, "%s takes no requests: it stays busy",
                           port->address.interface);
        }
        sched_yield();
    }
}

/* Take the next datagram of the link off the ring: its size, or -1 when there is none. */
static int take(struct pw_transport *transport, enum pw_channel channel, void *buffer,
                size_t room) {
    struct pw_xdp_port *port = transport->own;
    struct pw_xdp_channel *own = &port->channels[channel];
    const uint8_t *frame, *payload;
    size_t frame_size, size = 0;
    while ((frame = pw_xdp_queue_peek(&port->queue, &own->receive, &frame_size)) != NULL) {
        const enum pw_frame_verdict verdict =
            pw_frame_read(frame, frame_size, &port->route.card, &own->host, &payload, &size);
        if (verdict == PW_FRAME_GOOD) {
            memcpy(buffer, payload, size < room ? size : room);
            own->frames++;
        } else {
            own->bad++;
            transport->trouble[channel] = pw_frame_words(verdict);
        }
        pw_xdp_queue_return(&port->queue, &own->receive);
        if ((atomic_load_explicit(port->queue.fill.flags, memory_order_relaxed) &
             XDP_RING_NEED_WAKEUP) != 0) /* a network driver that ran out of frames, and says so */
            recvfrom(own->descriptor, NULL, 0, MSG_DONTWAIT, NULL, NULL);
        if (verdict == PW_FRAME_GOOD)
            return (int)size;
    }
    return -1;
}

/* Hear what the program passed on to the kernel: word that nobody listens, or a datagram that
 * should have come by the ring, which is counted and not taken. */
static int hear_kernel(struct pw_transport *transport, enum pw_channel channel) {
    struct pw_xdp_port *port = transport->own;
    struct pw_xdp_channel *own = &port->channels[channel];
    uint8_t byte;
    if (recv(own->reserved, &byte, sizeof byte, MSG_DONTWAIT) >= 0) {
        own->passed++;
        transport->trouble[channel] =
            "the card's datagrams come by another queue of the interface, or in fragments";
    } else if (errno == ECONNREFUSED) {
        return pw_fail(PW_ERROR_CLOSED, "no card listens there (its host refuses the port)");
    }
    return PW_OK;
}

static int xdp_receive(struct pw_transport *transport, enum pw_channel channel, void *buffer,
                       size_t size, int64_t deadline_ms) {
    const struct pw_xdp_port *port = transport->own;
    const struct pw_xdp_channel *own = &port->channels[channel];
    int received = take(transport, channel, buffer, size);
    if (received >= 0)
        return received;
    const int64_t begun = pw_monotonic_ns(), spin_ns = (int64_t)port->address.spin_us * 1000;
    for (;;) {
        /* No system call yet: the clock is read without one. */
        int64_t now = begun;
        while (now - begun < spin_ns && now / 1000000 < deadline_ms) {
            received = take(transport, channel, buffer, size);
            if (received >= 0)
                return received;
            now = pw_monotonic_ns();
        }
        struct pollfd ready[] = {{.fd = own->descriptor, .events = POLLIN},
                                 {.fd = own->reserved, .events = POLLIN}};
        if (pw_monotonic_ms() >= deadline_ms)
            return PW_ERROR_TIMEOUT;
        int status = pw_wait_any(ready, 2, deadline_ms);
        if (status == PW_OK && ready[1].revents != 0)
            status = hear_kernel(transport, channel);
        if (status == PW_OK && (ready[0].revents & (POLLERR | POLLHUP | POLLNVAL)) != 0)
            status = pw_fail(PW_ERROR_CLOSED, "interface %s has gone", port->address.interface);
        if (status != PW_OK)
            return status;
        received = take(transport, channel, buffer, size);
        if (received >= 0)
            return received;
    }
}

static void xdp_describe(const struct pw_transport *transport, struct pw_transport_info *info) {
    const struct pw_xdp_port *port = transport->own;
    snprintf(info->mode, sizeof info->mode, "%s", pw_xdp_port_mode(port));
    for (int i = 0; i < PW_CHANNELS; i++) {
        info->frames += port->channels[i].frames;
        info->bad_frames += port->channels[i].bad;
        info->passed += port->channels[i].passed;
    }
}

const struct pw_transport_ops pw_transport_xdp = {
    .scheme = "xdp",
    .example = "xdp:INTERFACE[/QUEUE]?peer=HOST[:PORT]",
    /* As udp:, for the same card may be at the other end. */
    .default_timeout_ms = 100,
    .default_attempts = 7,
    .lossy = true,
    .connect = xdp_connect,
    .send = xdp_send,
    .receive = xdp_receive,
    .disconnect = xdp_disconnect,
    .describe = xdp_describe,
};
