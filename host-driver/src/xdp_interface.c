#define _DEFAULT_SOURCE /* struct ifreq */
#include "xdp_interface.h"

#include <errno.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "error.h"
#include "waiting.h"

/* The port of the link, as udp: has it. */
static const char default_port[] = "22352";
/* A datagram to the discard port makes the kernel ask for the peer's MAC, and means nothing. */
enum { DISCARD_PORT = 9, ARP_WAIT_MS = 3000, ARP_LOOK_MS = 2 };

/* Ask about an interface by name; false with errno set. */
static bool ask(const char *interface, unsigned long what, struct ifreq *request) {
    memset(request, 0, sizeof *request);
    memcpy(request->ifr_name, interface, strlen(interface));
    const int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return false;
    const int result = ioctl(descriptor, what, request);
    const int error = errno;
    close(descriptor);
    errno = error;
    return result == 0;
}

bool pw_xdp_link_up(const char *interface) {
    struct ifreq request;
    return ask(interface, SIOCGIFFLAGS, &request) && (request.ifr_flags & IFF_UP) != 0 &&
           (request.ifr_flags & IFF_RUNNING) != 0;
}

/* A UDP socket that speaks through the interface only, connected to a peer. */
static int connected(const char *interface, const struct sockaddr_in *peer) {
    const int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return pw_fail_errno("making a socket for xdp:%s", interface);
    int status = PW_OK;
    if (setsockopt(descriptor, SOL_SOCKET, SO_BINDTODEVICE, interface,
                   (socklen_t)strlen(interface)) != 0)
        status = pw_fail_errno("binding a socket to interface %s", interface);
    else if (connect(descriptor, (const struct sockaddr *)peer, sizeof *peer) != 0)
        status = pw_fail_errno("no way to the card through %s", interface);
    if (status == PW_OK)
        return descriptor;
    close(descriptor);
    return status;
}

/* Look for the peer in the kernel's neighbour table; true when its MAC is there. */
static bool known_neighbour(int descriptor, const char *interface, const struct sockaddr_in *peer,
                            uint8_t *mac) {
    struct arpreq request = {0};
    memcpy(&request.arp_pa, peer, sizeof *peer);
    memcpy(request.arp_dev, interface, strlen(interface));
    if (ioctl(descriptor, SIOCGARP, &request) != 0 || (request.arp_flags & ATF_COM) == 0)
        return false;
    memcpy(mac, request.arp_ha.sa_data, PW_FRAME_MAC_BYTES);
    return true;
}

static int find_mac(const struct pw_xdp_address *address, const struct sockaddr_in *card,
                    uint8_t *mac) {
    struct sockaddr_in discard = *card;
    discard.sin_port = htons(DISCARD_PORT);
    const int descriptor = connected(address->interface, &discard);
    if (descriptor < 0)
        return descriptor;
    const int64_t deadline_ms = pw_monotonic_ms() + ARP_WAIT_MS;
    bool found = known_neighbour(descriptor, address->interface, card, mac);
    /* Unsent if the link is down: then the wait ends with the words about it. */
    const ssize_t sent = found ? 0 : send(descriptor, "", 0, MSG_DONTWAIT);
    while (!found && sent == 0 && pw_monotonic_ms() < deadline_ms) {
        nanosleep(&(struct timespec){.tv_nsec = ARP_LOOK_MS * 1000000}, NULL);
        found = known_neighbour(descriptor, address->interface, card, mac);
    }
    close(descriptor);
    if (found)
        return PW_OK;
    return pw_fail(PW_ERROR_SYSTEM,
                   "nobody on %s answers ARP for the card (%s)%s; is it on this network? Behind a "
                   "router give its MAC as mac=",
                   address->interface, address->peer,
                   pw_xdp_link_up(address->interface) ? "" : ", and the link is down");
}

int pw_xdp_route_find(const struct pw_xdp_address *address, struct pw_xdp_route *route) {
    *route = (struct pw_xdp_route){.interface = if_nametoindex(address->interface)};
    struct ifreq request;
    if (route->interface == 0 || !ask(address->interface, SIOCGIFHWADDR, &request))
        return pw_fail_errno("looking at interface %s", address->interface);
    if (request.ifr_hwaddr.sa_family != ARPHRD_ETHER)
        return pw_fail(PW_ERROR_ARGUMENT, "interface %s is no Ethernet interface",
                       address->interface);
    memcpy(route->mac, request.ifr_hwaddr.sa_data, PW_FRAME_MAC_BYTES);
    if (!ask(address->interface, SIOCGIFADDR, &request))
        return pw_fail_errno("interface %s has no IPv4 address: give it one of the card's network "
                             "(ip address add)",
                             address->interface);

    struct pw_peer peers[PW_PEERS];
    int status = pw_resolve(address->peer, default_port, SOCK_DGRAM, peers);
    if (status != PW_OK)
        return status;
    if (peers[0].address.ss_family != AF_INET)
        return pw_fail(PW_ERROR_ARGUMENT, "the card at '%s' has no IPv4 address, which xdp: needs",
                       address->peer);
    route->peer = peers[0];
    struct sockaddr_in card;
    memcpy(&card, &peers[0].address, sizeof card);
    route->card = (struct pw_frame_end){
        .ip = ntohl(card.sin_addr.s_addr),
        .port = ntohs(card.sin_port),
    };
    if (!address->mac_given)
        return find_mac(address, &card, route->card.mac);
    memcpy(route->card.mac, address->mac, PW_FRAME_MAC_BYTES);
    return PW_OK;
}

int pw_xdp_reserve(const struct pw_xdp_address *address, const struct pw_xdp_route *route,
                   struct pw_frame_end *host) {
    struct sockaddr_in card, own;
    socklen_t size = sizeof own;
    memcpy(&card, &route->peer.address, sizeof card);
    const int descriptor = connected(address->interface, &card);
    if (descriptor < 0)
        return descriptor;
    if (getsockname(descriptor, (struct sockaddr *)&own, &size) != 0) {
        const int status = pw_fail_errno("asking for the port kept for xdp:%s", address->interface);
        close(descriptor);
        return status;
    }
    *host = (struct pw_frame_end){
        .ip = ntohl(own.sin_addr.s_addr),
        .port = ntohs(own.sin_port),
    };
    memcpy(host->mac, route->mac, PW_FRAME_MAC_BYTES);
    return descriptor;
}
