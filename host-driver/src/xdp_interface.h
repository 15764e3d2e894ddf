/* What an AF_XDP port must know of the host and the network before it sends a frame, and an
 * ordinary UDP socket for each channel that keeps a port of the host's, which hears what the XDP
 * program passes on to the kernel. */
#ifndef PENNYWIRE_XDP_INTERFACE_H
#define PENNYWIRE_XDP_INTERFACE_H

#include "resolve.h"
#include "xdp_address.h"

struct pw_xdp_route {
    unsigned interface; /* its number */
    struct pw_peer peer;
    struct pw_frame_end card;
    uint8_t mac[PW_FRAME_MAC_BYTES]; /* the interface's own */
};

/* Look up the interface, the peer and, unless the address gives it, the peer's MAC: the kernel asks
 * for it by ARP if it does not know it, for up to 3 s. Errors: PW_ERROR_SYSTEM, PW_ERROR_ARGUMENT.
 */
int pw_xdp_route_find(const struct pw_xdp_address *address, struct pw_xdp_route *route);

/* Make an ordinary UDP socket to the card, through the interface; *host becomes its own end.
 * Returns the descriptor, which is the caller's, or a negative status. */
int pw_xdp_reserve(const struct pw_xdp_address *address, const struct pw_xdp_route *route,
                   struct pw_frame_end *host);

/* True when the interface is up and has its link. */
bool pw_xdp_link_up(const char *interface);

#endif
