/* The XDP program: it takes the host link's datagrams off an interface and passes everything else
 * on to the kernel. */
#ifndef PENNYWIRE_XDP_PROGRAM_H
#define PENNYWIRE_XDP_PROGRAM_H

#include <linux/bpf.h>

#include "xdp_frame.h"

enum {
    PW_XDP_CODE_MOST = 48,
    PW_XDP_PORTS = 3, /* of this host's: one a channel */
};

/* What the program looks for. */
struct pw_xdp_match {
    uint32_t queue;                   /* the interface's, to which the sockets are bound */
    uint32_t card_ip;                 /* from this address ... */
    uint16_t card_port;               /* ... and port */
    uint32_t host_ip;                 /* to this address ... */
    uint16_t host_port[PW_XDP_PORTS]; /* ... and one of these ports: its place is the map's entry */
};

struct pw_xdp_program {
    int map;     /* of sockets by channel */
    int program; /* as loaded */
    int link;    /* holds the program at the interface; it goes when this is closed */
    bool generic;
};

/* Write the program's instructions to PW_XDP_CODE_MOST of room; returns how many. Touches nothing
 * but its arguments. */
size_t pw_xdp_assemble(struct bpf_insn *code, const struct pw_xdp_match *match, int map);

/* Make the map and load the program; on an error nothing is left open, and program holds -1s. */
int pw_xdp_program_load(struct pw_xdp_program *program, const struct pw_xdp_match *match);

/* Enter a socket for a channel. */
int pw_xdp_program_enter(const struct pw_xdp_program *program, uint32_t channel, int socket);

/* Attach to an interface: in its network driver, or where that cannot be, or generic is asked for,
 * in the kernel's generic code. name is for error messages. */
int pw_xdp_program_attach(struct pw_xdp_program *program, unsigned interface, const char *name,
                          bool generic);

/* Detach and unload; what is not open is left alone. */
void pw_xdp_program_unload(struct pw_xdp_program *program);

#endif
