/* An AF_XDP port: a queue of an interface taken over for the host link, a socket for each channel,
 * and the program that feeds them. One handle has one port, and a queue has one port at a time. */
#ifndef PENNYWIRE_XDP_PORT_H
#define PENNYWIRE_XDP_PORT_H

#include "transport.h"
#include "xdp_interface.h"
#include "xdp_program.h"
#include "xdp_queue.h"

enum { PW_XDP_MAPPINGS = 2 + 2 * PW_CHANNELS };

struct pw_xdp_channel {
    int descriptor; /* the AF_XDP socket */
    int reserved;   /* an ordinary socket that keeps the port, and hears what the program passes */
    struct pw_frame_end host;
    struct pw_xdp_ring receive, transmit;
    /* Counts are atomic, so that they can be asked for while another thread waits. */
    _Atomic uint64_t frames; /* received for the link */
    _Atomic uint64_t bad;    /* redirected to the socket, and no datagram of the link's */
    _Atomic uint64_t passed; /* for the link's port, and passed on to the kernel: not heard */
};

struct pw_xdp_port {
    struct pw_xdp_address address;
    struct pw_xdp_route route;
    struct pw_xdp_program program;
    struct pw_xdp_queue queue;
    struct pw_xdp_channel channels[PW_CHANNELS];
    struct {
        void *at;
        size_t size;
    } mappings[PW_XDP_MAPPINGS];
    size_t mapped;
    bool zero_copy;
};

/* Take over a queue. On PW_OK *port is the caller's, who ends it with pw_xdp_port_close(). */
int pw_xdp_port_open(const char *address, struct pw_xdp_port **port);

/* Detach the program, close the sockets, free the port; NULL is allowed. */
void pw_xdp_port_close(struct pw_xdp_port *port);

/* How datagrams get from the network driver to the sockets, in words; a static string. */
const char *pw_xdp_port_mode(const struct pw_xdp_port *port);

#endif
