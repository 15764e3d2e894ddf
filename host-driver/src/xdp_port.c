#define _DEFAULT_SOURCE /* MAP_ANONYMOUS, MAP_POPULATE */
#include "xdp_port.h"

#include <errno.h>
#include <linux/if_xdp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "error.h"
#include "waiting.h"

_Static_assert((int)PW_XDP_PORTS == (int)PW_CHANNELS, "the program knows a port for each channel");
_Static_assert((int)PW_XDP_FILL_FRAMES > (int)PW_CHANNELS * (int)PW_XDP_RECEIVE_FRAMES,
               "full receive rings must leave the kernel frames to receive in");

/* The kernel takes a queue back from a socket that was closed a moment after the close. */
enum { BUSY_WAIT_MS = 1000, BUSY_LOOK_MS = 1 };

/* Map one of a socket's rings, and make the structure for it. */
static int map_ring(struct pw_xdp_port *port, int descriptor, off_t page,
                    const struct xdp_ring_offset *offset, uint32_t size, size_t entry,
                    struct pw_xdp_ring *ring) {
    const size_t bytes = offset->desc + size * entry;
    uint8_t *at =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, descriptor, page);
    if (at == MAP_FAILED)
        return pw_fail_errno("mapping a ring of the AF_XDP socket on %s", port->address.interface);
    port->mappings[port->mapped].at = at;
    port->mappings[port->mapped++].size = bytes;
    *ring = (struct pw_xdp_ring){
        .producer = (_Atomic uint32_t *)(void *)(at + offset->producer),
        .consumer = (_Atomic uint32_t *)(void *)(at + offset->consumer),
        .flags = (_Atomic uint32_t *)(void *)(at + offset->flags),
        .entries = at + offset->desc,
        .size = size,
    };
    return PW_OK;
}

static bool set_size(int descriptor, int which, int size) {
    return setsockopt(descriptor, SOL_XDP, which, &size, sizeof size) == 0;
}

/* Make the socket of a channel; the first registers the memory and has the rings for it. */
static int make_socket(struct pw_xdp_port *port, struct pw_xdp_channel *channel, bool first) {
    channel->descriptor = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (channel->descriptor < 0)
        return pw_fail_errno("making an AF_XDP socket (it takes root, or CAP_NET_RAW; udp: does "
                             "not)");
    const int descriptor = channel->descriptor;
    const struct xdp_umem_reg memory = {
        .addr = (uint64_t)(uintptr_t)port->queue.memory,
        .len = PW_XDP_MEMORY_BYTES,
        .chunk_size = PW_XDP_FRAME_BYTES,
    };
    struct xdp_mmap_offsets offsets;
    socklen_t size = sizeof offsets;
    if ((first && (setsockopt(descriptor, SOL_XDP, XDP_UMEM_REG, &memory, sizeof memory) != 0 ||
                   !set_size(descriptor, XDP_UMEM_FILL_RING, PW_XDP_FILL_FRAMES) ||
                   !set_size(descriptor, XDP_UMEM_COMPLETION_RING, PW_XDP_COMPLETION_FRAMES))) ||
        !set_size(descriptor, XDP_RX_RING, PW_XDP_RECEIVE_FRAMES) ||
        !set_size(descriptor, XDP_TX_RING, PW_XDP_SEND_FRAMES) ||
        getsockopt(descriptor, SOL_XDP, XDP_MMAP_OFFSETS, &offsets, &size) != 0)
        return pw_fail_errno("setting up the AF_XDP socket on %s (%d kB of locked memory)",
                             port->address.interface, PW_XDP_MEMORY_BYTES / 1024);
    if (size != sizeof offsets)
        return pw_fail(PW_ERROR_SYSTEM, "this kernel's AF_XDP is too old: Linux 5.4 is needed");
    int status = PW_OK;
    if (first)
        status = map_ring(port, descriptor, (off_t)XDP_UMEM_PGOFF_FILL_RING, &offsets.fr,
                          PW_XDP_FILL_FRAMES, sizeof(uint64_t), &port->queue.fill);
    if (first && status == PW_OK)
        status = map_ring(port, descriptor, (off_t)XDP_UMEM_PGOFF_COMPLETION_RING, &offsets.cr,
                          PW_XDP_COMPLETION_FRAMES, sizeof(uint64_t), &port->queue.completion);
    if (status == PW_OK)
        status = map_ring(port, descriptor, XDP_PGOFF_RX_RING, &offsets.rx, PW_XDP_RECEIVE_FRAMES,
                          sizeof(struct xdp_desc), &channel->receive);
    if (status == PW_OK)
        status = map_ring(port, descriptor, XDP_PGOFF_TX_RING, &offsets.tx, PW_XDP_SEND_FRAMES,
                          sizeof(struct xdp_desc), &channel->transmit);
    return status;
}

/* Bind a channel's socket to the queue; the others share the first one's memory. */
static int bind_socket(struct pw_xdp_port *port, const struct pw_xdp_channel *channel, bool first) {
    struct sockaddr_xdp name = {
        .sxdp_family = AF_XDP,
        .sxdp_ifindex = port->route.interface,
        .sxdp_queue_id = port->address.queue,
        /* Neither XDP_COPY nor XDP_ZEROCOPY: zero-copy where the network driver can, else copy. */
        .sxdp_flags = port->address.generic ? XDP_COPY : XDP_USE_NEED_WAKEUP,
    };
    if (!first) {
        name.sxdp_flags = XDP_SHARED_UMEM;
        name.sxdp_shared_umem_fd = (uint32_t)port->channels[0].descriptor;
    }
    const int64_t deadline_ms = pw_monotonic_ms() + BUSY_WAIT_MS;
    for (;;) {
        if (bind(channel->descriptor, (const struct sockaddr *)&name, sizeof name) == 0)
            return PW_OK;
        if (errno != EBUSY || pw_monotonic_ms() >= deadline_ms)
            break;
        nanosleep(&(struct timespec){.tv_nsec = BUSY_LOOK_MS * 1000000}, NULL);
    }
    const bool busy = errno == EBUSY;
    return pw_fail_errno("taking queue %u of %s%s", port->address.queue, port->address.interface,
                         busy ? " (another AF_XDP socket has it: a queue serves one handle)"
                              : " (has the interface that queue?)");
}

/* Everything down to the attached program; what was made by then is in *port. */
static int set_up(struct pw_xdp_port *port) {
    int status = pw_xdp_route_find(&port->address, &port->route);
    if (status != PW_OK)
        return status;
    port->queue.memory = mmap(NULL, PW_XDP_MEMORY_BYTES, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (port->queue.memory == MAP_FAILED) {
        port->queue.memory = NULL;
        return pw_fail_errno("taking %d kB for frames", PW_XDP_MEMORY_BYTES / 1024);
    }
    for (int i = 0; i < PW_CHANNELS; i++) {
        struct pw_xdp_channel *channel = &port->channels[i];
        channel->reserved = pw_xdp_reserve(&port->address, &port->route, &channel->host);
        if (channel->reserved < 0)
            return channel->reserved;
        status = make_socket(port, channel, i == 0);
        if (status != PW_OK)
            return status;
        if (i == 0)
            pw_xdp_queue_begin(&port->queue);
        status = bind_socket(port, channel, i == 0);
        if (status != PW_OK)
            return status;
    }
    struct xdp_options options = {0};
    socklen_t size = sizeof options;
    if (getsockopt(port->channels[0].descriptor, SOL_XDP, XDP_OPTIONS, &options, &size) != 0)
        return pw_fail_errno("asking in which mode %s is", port->address.interface);
    port->zero_copy = (options.flags & XDP_OPTIONS_ZEROCOPY) != 0;

    const struct pw_xdp_match match = {
        .queue = port->address.queue,
        .card_ip = port->route.card.ip,
        .card_port = port->route.card.port,
        .host_ip = port->channels[0].host.ip,
        .host_port = {port->channels[0].host.port, port->channels[1].host.port,
                      port->channels[2].host.port},
    };
    status = pw_xdp_program_load(&port->program, &match);
    for (uint32_t i = 0; i < PW_CHANNELS && status == PW_OK; i++)
        status = pw_xdp_program_enter(&port->program, i, port->channels[i].descriptor);
    /* Last, so that nothing is redirected to where nobody is. */
    if (status == PW_OK)
        status = pw_xdp_program_attach(&port->program, port->route.interface,
                                       port->address.interface, port->address.generic);
    return status;
}

int pw_xdp_port_open(const char *text, struct pw_xdp_port **result) {
    struct pw_xdp_address address;
    int status = pw_xdp_address_read(text, &address);
    if (status != PW_OK)
        return status;
    struct pw_xdp_port *port = calloc(1, sizeof *port);
    if (port == NULL)
        return pw_fail_errno("opening xdp:%s", text);
    port->address = address;
    port->program = (struct pw_xdp_program){.map = -1, .program = -1, .link = -1};
    for (int i = 0; i < PW_CHANNELS; i++)
        port->channels[i].descriptor = port->channels[i].reserved = -1;
    status = set_up(port);
    if (status != PW_OK) {
        pw_xdp_port_close(port);
        return status;
    }
    *result = port;
    return PW_OK;
}

void pw_xdp_port_close(struct pw_xdp_port *port) {
    if (port == NULL)
        return;
    pw_xdp_program_unload(&port->program); /* first, so that nothing more comes */
    for (int i = 0; i < PW_CHANNELS; i++) {
        if (port->channels[i].descriptor >= 0)
            close(port->channels[i].descriptor);
        if (port->channels[i].reserved >= 0)
            close(port->channels[i].reserved);
    }
    for (size_t i = 0; i < port->mapped; i++)
        munmap(port->mappings[i].at, port->mappings[i].size);
    if (port->queue.memory != NULL)
        munmap(port->queue.memory, PW_XDP_MEMORY_BYTES);
    free(port);
}

const char *pw_xdp_port_mode(const struct pw_xdp_port *port) {
    if (port->program.generic)
        return "AF_XDP, copy, generic XDP (skb)";
    return port->zero_copy ? "AF_XDP, zero-copy, XDP in the network driver"
                           : "AF_XDP, copy, XDP in the network driver";
}
