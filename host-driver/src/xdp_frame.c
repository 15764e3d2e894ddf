#include "xdp_frame.h"

#include <string.h>

enum {
    /* Where the headers begin. */
    IP = 14,
    UDP = 34,
    /* Fields of IPv4 and of UDP. */
    IP_TOTAL = IP + 2,
    IP_FRAGMENT = IP + 6,
    IP_TTL = IP + 8,
    IP_PROTOCOL = IP + 9,
    IP_CHECKSUM = IP + 10,
    IP_FROM = IP + 12,
    IP_TO = IP + 16,
    UDP_FROM = UDP,
    UDP_TO = UDP + 2,
    UDP_LENGTH = UDP + 4,
    UDP_CHECKSUM = UDP + 6,
    IP_BYTES = 20,
    UDP_BYTES = 8,
    ETHERTYPE_IPV4 = 0x0800,
    VERSION_AND_LENGTH = 0x45,
    DO_NOT_FRAGMENT = 0x4000,
    FRAGMENT_MASK = 0x3fff, /* more fragments, and the offset */
    PROTOCOL_UDP = 17,
    TTL = 64,
};

static uint16_t get16(const uint8_t *bytes) {
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static uint32_t get32(const uint8_t *bytes) {
    return (uint32_t)get16(bytes) << 16 | get16(bytes + 2);
}

static void put16(uint8_t *bytes, uint32_t value) {
    bytes[0] = (uint8_t)(value >> 8);
    bytes[1] = (uint8_t)value;
}

static void put32(uint8_t *bytes, uint32_t value) {
    put16(bytes, value >> 16);
    put16(bytes + 2, value);
}

/* The Internet checksum's sum (RFC 1071), not yet folded; a frame's cannot overflow 32 bits. */
static uint32_t add_up(const uint8_t *bytes, size_t size, uint32_t sum) {
    for (; size > 1; size -= 2, bytes += 2)
        sum += get16(bytes);
    return size == 1 ? sum + ((uint32_t)bytes[0] << 8) : sum;
}

static uint16_t fold(uint32_t sum) {
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

/* The folded sum over a UDP packet and the part of the IPv4 header that its checksum covers. */
static uint16_t udp_sum(const uint8_t *frame, size_t udp_length) {
    const uint32_t start = PROTOCOL_UDP + (uint32_t)udp_length;
    return fold(add_up(frame + UDP, udp_length, add_up(frame + IP_FROM, 8, start)));
}

size_t pw_frame_write(uint8_t *frame, const struct pw_frame_end *from,
                      const struct pw_frame_end *to, const void *payload, size_t size) {
    memset(frame, 0, PW_FRAME_SHORTEST);
    memcpy(frame, to->mac, PW_FRAME_MAC_BYTES);
    memcpy(frame + PW_FRAME_MAC_BYTES, from->mac, PW_FRAME_MAC_BYTES);
    put16(frame + 12, ETHERTYPE_IPV4);
    frame[IP] = VERSION_AND_LENGTH;
    put16(frame + IP_TOTAL, (uint32_t)(IP_BYTES + UDP_BYTES + size));
    /* What is never fragmented needs no identification (RFC 6864). */
    put16(frame + IP_FRAGMENT, DO_NOT_FRAGMENT);
    frame[IP_TTL] = TTL;
    frame[IP_PROTOCOL] = PROTOCOL_UDP;
    put32(frame + IP_FROM, from->ip);
    put32(frame + IP_TO, to->ip);
    put16(frame + IP_CHECKSUM, (uint16_t)~fold(add_up(frame + IP, IP_BYTES, 0)));
    put16(frame + UDP_FROM, from->port);
    put16(frame + UDP_TO, to->port);
    put16(frame + UDP_LENGTH, (uint32_t)(UDP_BYTES + size));
    memcpy(frame + PW_FRAME_HEADER_BYTES, payload, size);
    const uint16_t checksum = (uint16_t)~udp_sum(frame, UDP_BYTES + size);
    put16(frame + UDP_CHECKSUM, checksum == 0 ? 0xffff : checksum); /* 0 means that there is none */
    const size_t length = PW_FRAME_HEADER_BYTES + size;
    return length < PW_FRAME_SHORTEST ? PW_FRAME_SHORTEST : length;
}

enum pw_frame_verdict pw_frame_read(const uint8_t *frame, size_t size,
                                    const struct pw_frame_end *from, const struct pw_frame_end *to,
                                    const uint8_t **payload, size_t *payload_size) {
    if (size < PW_FRAME_HEADER_BYTES)
        return PW_FRAME_SHORT;
    if (get16(frame + 12) != ETHERTYPE_IPV4)
        return PW_FRAME_NOT_IPV4;
    if (frame[IP] != VERSION_AND_LENGTH)
        return PW_FRAME_OPTIONS;
    if (fold(add_up(frame + IP, IP_BYTES, 0)) != 0xffff)
        return PW_FRAME_IP_CHECKSUM;
    if ((get16(frame + IP_FRAGMENT) & FRAGMENT_MASK) != 0)
        return PW_FRAME_FRAGMENT;
    if (frame[IP_PROTOCOL] != PROTOCOL_UDP)
        return PW_FRAME_NOT_UDP;
    if (get32(frame + IP_FROM) != from->ip || get32(frame + IP_TO) != to->ip)
        return PW_FRAME_ADDRESS;
    const size_t total = get16(frame + IP_TOTAL);
    if (total > size - IP)
        return PW_FRAME_SHORT;
    const size_t udp_length = get16(frame + UDP_LENGTH);
    if (udp_length < UDP_BYTES || udp_length + IP_BYTES != total)
        return PW_FRAME_LENGTH;
    if (get16(frame + UDP_FROM) != from->port || get16(frame + UDP_TO) != to->port)
        return PW_FRAME_PORT;
    if (get16(frame + UDP_CHECKSUM) != 0 && udp_sum(frame, udp_length) != 0xffff)
        return PW_FRAME_UDP_CHECKSUM;
    *payload = frame + PW_FRAME_HEADER_BYTES;
    *payload_size = udp_length - UDP_BYTES;
    return PW_FRAME_GOOD;
}

const char *pw_frame_words(enum pw_frame_verdict verdict) {
    static const char *const words[PW_FRAME_VERDICTS] = {
        [PW_FRAME_GOOD] = "good",
        [PW_FRAME_SHORT] = "too short for what it says",
        [PW_FRAME_NOT_IPV4] = "no IPv4, or a VLAN tag before it",
        [PW_FRAME_OPTIONS] = "IPv4 options",
        [PW_FRAME_IP_CHECKSUM] = "IPv4 checksum wrong",
        [PW_FRAME_FRAGMENT] = "a fragment",
        [PW_FRAME_NOT_UDP] = "no UDP",
        [PW_FRAME_ADDRESS] = "other IPv4 addresses",
        [PW_FRAME_LENGTH] = "UDP and IPv4 differ about the length",
        [PW_FRAME_PORT] = "other ports",
        [PW_FRAME_UDP_CHECKSUM] = "UDP checksum wrong (a virtual interface leaves it out: "
                                  "ethtool -K INTERFACE tx off at the card's end)",
    };
    return (unsigned)verdict < PW_FRAME_VERDICTS ? words[verdict] : "unknown";
}
