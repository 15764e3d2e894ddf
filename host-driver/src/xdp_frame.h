/* Ethernet frames around the host link's datagrams: Ethernet II, IPv4 without options (RFC 791),
 * UDP (RFC 768). These functions touch nothing but their arguments and believe no length of a
 * frame. */
#ifndef PENNYWIRE_XDP_FRAME_H
#define PENNYWIRE_XDP_FRAME_H

#include "pennywire.h"

enum {
    PW_FRAME_MAC_BYTES = 6,
    PW_FRAME_HEADER_BYTES = 14 + 20 + 8,
    PW_FRAME_SHORTEST = 60,       /* of Ethernet, without the check sequence */
    PW_FRAME_PAYLOAD_MOST = 1472, /* in an IPv4 packet of 1,500 bytes */
};

/* One end of the link. ip and port are numbers: 10.0.0.2 is 0x0a000002. */
struct pw_frame_end {
    uint8_t mac[PW_FRAME_MAC_BYTES];
    uint32_t ip;
    uint16_t port;
};

enum pw_frame_verdict {
    PW_FRAME_GOOD,
    PW_FRAME_SHORT,        /* the frame ends inside its headers, or before its IPv4 packet does */
    PW_FRAME_NOT_IPV4,     /* another EtherType, a VLAN tag among them */
    PW_FRAME_OPTIONS,      /* not version 4 with a header of 20 bytes */
    PW_FRAME_IP_CHECKSUM,  /* wrong */
    PW_FRAME_FRAGMENT,     /* one part of a datagram */
    PW_FRAME_NOT_UDP,      /* another protocol */
    PW_FRAME_ADDRESS,      /* other IPv4 addresses than the link's */
    PW_FRAME_LENGTH,       /* UDP and IPv4 differ about the length */
    PW_FRAME_PORT,         /* other ports than the link's */
    PW_FRAME_UDP_CHECKSUM, /* wrong */
    PW_FRAME_VERDICTS,
};

/* Write the frame of a datagram of size bytes (at most PW_FRAME_PAYLOAD_MOST) to room for it,
 * padded to Ethernet's shortest; returns its size. */
size_t pw_frame_write(uint8_t *frame, const struct pw_frame_end *from,
                      const struct pw_frame_end *to, const void *payload, size_t size);

/* Judge a frame that should go from one end to the other. PW_FRAME_GOOD: *payload, inside the
 * frame, and *payload_size are its datagram; otherwise they are left alone. */
enum pw_frame_verdict pw_frame_read(const uint8_t *frame, size_t size,
                                    const struct pw_frame_end *from, const struct pw_frame_end *to,
                                    const uint8_t **payload, size_t *payload_size);

/* What is wrong with a frame, in words; a static string. */
const char *pw_frame_words(enum pw_frame_verdict verdict);

#endif
