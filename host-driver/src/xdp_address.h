/* The address of a card behind an AF_XDP port: IFNAME[/QUEUE]?peer=HOST[:PORT][&mac=..]... */
#ifndef PENNYWIRE_XDP_ADDRESS_H
#define PENNYWIRE_XDP_ADDRESS_H

#include <net/if.h>

#include "xdp_frame.h"

enum { PW_XDP_PEER_SIZE = 128, PW_XDP_SPIN_US = 50, PW_XDP_SPIN_US_MOST = 1000000 };

struct pw_xdp_address {
    char interface[IF_NAMESIZE];
    uint32_t queue;              /* of the interface; 0 if not given */
    char peer[PW_XDP_PEER_SIZE]; /* HOST[:PORT] of the card */
    uint8_t mac[PW_FRAME_MAC_BYTES];
    bool mac_given;   /* otherwise the kernel's neighbour table is asked */
    uint32_t spin_us; /* a ring is looked at for so long before the thread sleeps */
    bool generic;     /* mode=skb: the kernel's generic XDP, whatever the network driver can do */
};

/* Read an address; nothing is looked up. Errors: PW_ERROR_ARGUMENT, which says what is wrong. */
int pw_xdp_address_read(const char *text, struct pw_xdp_address *address);

#endif
