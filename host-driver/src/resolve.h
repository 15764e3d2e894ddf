/* Names of hosts turned into addresses, once, when something is opened: what follows allocates
 * nothing. */
#ifndef PENNYWIRE_RESOLVE_H
#define PENNYWIRE_RESOLVE_H

#include <sys/socket.h>

#include "pennywire.h"

enum { PW_PEERS = 4 };

struct pw_peer {
    struct sockaddr_storage address;
    socklen_t size; /* 0: no address */
};

/* Read "HOST:PORT" or "[IPV6]:PORT", where ":PORT" may be missing if default_port is not NULL, and
 * look the host up for sockets of a type. peers: PW_PEERS of them, IPv4 first, the rest without an
 * address. Errors: PW_ERROR_ARGUMENT, PW_ERROR_SYSTEM. */
int pw_resolve(const char *text, const char *default_port, int type, struct pw_peer *peers);

#endif
