/*
 * libpennywire: the host's side of a Pennywire card.
 *
 * A card is opened by URL and gives registers, by name and in batches, and the stream of event
 * records. The wire format is in docs/hostlink.md, the registers in docs/registers.md.
 *
 * Results. Every function that returns int returns PW_OK (or a count, where it says so), or a
 * negative number of enum pw_status; pw_last_error() then holds a sentence about it. Nothing else
 * reports an error: the library prints nothing, and raises no signal.
 *
 * Threads. One handle may be used for requests (registers, heartbeat, arm, kill) by any threads,
 * which wait for each other, and for events by any threads, which wait for each other: requests
 * and events do not wait for one another. pw_close() must be the last call of all on its handle.
 *
 * Memory. pw_open() allocates the handle; nothing is allocated after it. Buffers given to a
 * function stay the caller's and are not kept.
 */
#ifndef PENNYWIRE_H
#define PENNYWIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The generated header asserts its layout in C11's words; C++ has another word for it. */
#ifdef __cplusplus
#define _Static_assert static_assert
#endif
#include "pennywire_events.h"
#ifdef __cplusplus
#undef _Static_assert
extern "C" {
#endif

#if defined(__GNUC__)
#define PW_API __attribute__((visibility("default")))
#else
#define PW_API
#endif

/* The declarations from here to "cffi: end" are read by the Python binding as they stand: no macro
 * but a number, no attribute but PW_API. */
/* cffi: begin */

enum pw_status {
    PW_OK = 0,
    PW_ERROR_ARGUMENT = -1, /* the call makes no sense: bad URL, null pointer, value too wide */
    PW_ERROR_SYSTEM = -2,   /* the operating system refused; the sentence names the call */
    PW_ERROR_TIMEOUT = -3,  /* no answer in time: the request may or may not have been done */
    PW_ERROR_CLOSED = -4,   /* the other side closed the connection; open the card again */
    PW_ERROR_PROTOCOL = -5, /* an answer that makes no sense, or a request the card refused whole */
    PW_ERROR_UNKNOWN_CARD = -6,  /* magic or ABI version is not one this library knows */
    PW_ERROR_NO_REGISTER = -7,   /* no register or field of this name or address */
    PW_ERROR_NOT_WRITABLE = -8,  /* the register is read-only */
    PW_ERROR_LOCKED = -9,        /* locked while the card is armed; nothing was changed */
    PW_ERROR_NOT_READABLE = -10, /* the register is write-only */
    PW_ERROR_MISMATCH = -11,     /* read back differently from what was written */
    PW_ERROR_REFUSED = -12, /* the card took the command and did not do it, e.g. arm while killed */
    PW_ERROR_NOT_SUBSCRIBED = -13, /* pw_events_poll() before pw_events_subscribe() */
    PW_ERROR_CARD_RESET =
        -14, /* the event sequence began anew: the card was reset; open it again */
    PW_ERROR_SESSION_DOWN = -15,   /* order session: not logged in, nothing was sent */
    PW_ERROR_LOGIN_REJECTED = -16, /* order session: the exchange refuses the login */
    PW_ERROR_SESSION_ENDED = -17,  /* order session: logged out, or ended by the exchange */
};

enum pw_operation {
    PW_READ = 1,
    PW_WRITE = 2,
};

/* Status of one item of a batch. 0 to 3 come from the card (docs/hostlink.md). */
enum pw_item_status {
    PW_ITEM_OK = 0,
    PW_ITEM_NO_REGISTER = 1,
    PW_ITEM_NOT_WRITABLE = 2,
    PW_ITEM_LOCKED = 3,
    PW_ITEM_MISMATCH = 100, /* pw_transfer_checked(): read back differently */
    PW_ITEM_UNDONE = 101,   /* no answer was had for this item */
};

#define PW_NAME_SIZE 64

struct pw_card;
struct pw_record;

struct pw_options {
    uint32_t timeout_ms; /* wait for an answer to an attempt; on udp: and xdp: to the first, and
                            twice as long to every further one. 0: 10,000 on unix:, 100 on udp:
                            and xdp: */
    uint32_t attempts;   /* times a request is sent before PW_ERROR_TIMEOUT; 0: 1 on unix:, where
                            nothing is lost, 7 on udp: and xdp:, where the card knows a request
                            sent again by its number and does not do it twice; on unix: it does.
                          */
};

struct pw_identity {
    uint64_t magic;
    uint64_t git_hash; /* first 8 bytes of the gateware's commit, 0: unknown */
    uint32_t abi_version;
    uint32_t clock_period_ps; /* never 0 */
    uint32_t slots;           /* symbols followed at once, 1 to 64 */
    uint32_t width;           /* bytes of a feed beat */
    uint32_t row_levels;
    uint32_t own_orders;
    uint32_t table_orders;
    bool soft;            /* a soft card: its time is granted by whoever plays the session */
    bool market_maker;    /* it is built; without it modules.maker.enable stays 0 */
    bool trades;          /* orders can be sent; a card that cannot is never armed */
    char config_name[17]; /* zero-terminated */
};

struct pw_register_info {
    char name[PW_NAME_SIZE]; /* in full, e.g. "slot[3].position" or "control.status.armed" */
    uint32_t address;
    uint8_t low;   /* lowest bit of the field; 0 for a register */
    uint8_t width; /* bits; 64 for a register */
    bool is_field;
    bool readable;
    bool writable;
    bool locked;      /* writes are dropped while the card is armed */
    bool counter;     /* counts up, saturating; reset clears it */
    bool is_signed;   /* field: two's complement */
    uint64_t check;   /* bits of the register that read back as written */
    uint64_t accept;  /* bits of the register that may be written */
    uint64_t reset;   /* value after reset */
    const char *unit; /* field: "" if none; belongs to the library */
};

struct pw_item {
    uint32_t address;
    uint16_t operation; /* enum pw_operation */
    uint16_t status;    /* out: enum pw_item_status */
    uint64_t value;     /* PW_WRITE: in, and out as written; PW_READ: out */
};

struct pw_event_counts {
    uint64_t received;   /* records handed out by pw_events_poll() */
    uint64_t lost;       /* records missing, by their sequence numbers */
    uint64_t duplicates; /* records heard before, not handed out again */
    uint64_t malformed;  /* datagrams that made no sense; not believed */
};

/* How datagrams travel to a card and back. */
struct pw_transport_info {
    char scheme[8]; /* "unix", "udp", "xdp" */
    char mode[56];  /* in words, e.g. "AF_XDP, copy, XDP in the network driver" */
    /* xdp: only, otherwise 0. */
    uint64_t frames;     /* datagrams taken off the rings */
    uint64_t bad_frames; /* frames on the rings that held no datagram of the card's */
    uint64_t passed;     /* the card's datagrams that came the kernel's way, and were not heard:
                            in fragments, or by another queue of the interface */
};

/* What a snapshot was, that was loaded. */
struct pw_snapshot {
    uint64_t sequence;       /* first ITCH message that it does not know */
    uint64_t first_sequence; /* the card has kept the symbol's events from this one on */
    uint32_t orders;         /* of the symbol */
    bool trading;            /* Trading Action T, and no operational halt of this market */
    bool unrestricted;       /* Reg SHO 0 */
    bool market_known;       /* it has a System Event */
    bool market_open;        /* the last one is Q */
};

/* A moment on both clocks. */
struct pw_time_map {
    uint64_t card_cycles; /* control.time, at ... */
    int64_t host_ns;      /* ... this time of the host's CLOCK_MONOTONIC, ... */
    uint64_t error_ns;    /* ... give or take this */
};

/* The last error of this thread, in a sentence. Valid until this thread's next call into the
 * library; "" before the first error. Success does not clear it. */
PW_API const char *pw_last_error(void);

/* The name of a status in a few words; a static string for any number. */
PW_API const char *pw_strerror(int status);

/* Version of the library, "major.minor.patch"; a static string. */
PW_API const char *pw_version(void);

/* Open a card: connect, read its identity, refuse one whose magic or ABI version is unknown.
 * url: "unix:PATH", "udp:HOST[:PORT]" or "xdp:INTERFACE[/QUEUE]?peer=HOST[:PORT]", which needs
 * root. options: NULL for the defaults. On PW_OK *card belongs to the caller, who ends it with
 * pw_close(); on an error *card is NULL. */
PW_API int pw_open(const char *url, const struct pw_options *options, struct pw_card **card);

/* Close a card and free its handle. NULL is allowed. Says nothing to the card: the lease runs out.
 */
PW_API void pw_close(struct pw_card *card);

/* How this handle's datagrams travel. Never waits. */
PW_API void pw_transport_info(const struct pw_card *card, struct pw_transport_info *info);

/* What the card is, as read by pw_open(). Belongs to the handle. */
PW_API const struct pw_identity *pw_identity(const struct pw_card *card);

/* Find a register or a field by name. Errors: PW_ERROR_NO_REGISTER. Sends nothing. */
PW_API int pw_register_find(const struct pw_card *card, const char *name,
                            struct pw_register_info *info);

/* Registers of this card, arrays unrolled; fields are not counted. Sends nothing. */
PW_API size_t pw_register_count(const struct pw_card *card);

/* The register of a number from 0 to pw_register_count() - 1. Errors: PW_ERROR_NO_REGISTER. */
PW_API int pw_register_at(const struct pw_card *card, size_t number, struct pw_register_info *info);

/* The field of a number, from 0, of the register at an address. Errors: PW_ERROR_NO_REGISTER when
 * there is none of this number (any more) or no register at the address. */
PW_API int pw_field_at(const struct pw_card *card, uint32_t address, size_t number,
                       struct pw_register_info *info);

/* Read a register (its 64 bits) or a field (its value; a signed one is sign-extended to 64 bits).
 */
PW_API int pw_read(struct pw_card *card, const char *name, uint64_t *value);

/* Write a register (its 64 bits) or a field. The other fields of a readable register keep their
 * values (read, changed, written: two requests); those of a write-only one are written as 0. */
PW_API int pw_write(struct pw_card *card, const char *name, uint64_t value);

/* pw_write(), then read back and compare, where the register can be read back.
 * Errors: PW_ERROR_MISMATCH. */
PW_API int pw_write_checked(struct pw_card *card, const char *name, uint64_t value);

/* As pw_read() and pw_write(), of a whole register by its address. Any address may be tried. */
PW_API int pw_read_address(struct pw_card *card, uint32_t address, uint64_t *value);
PW_API int pw_write_address(struct pw_card *card, uint32_t address, uint64_t value);

/* Carry out a batch in order, at most 64 items a datagram; a datagram holds reads or writes only,
 * so a batch that alternates costs a round trip each time. PW_OK: every item is PW_ITEM_OK. An item
 * that fails does not stop the others; the error then returned is that of the first that failed.
 * When the link fails, the items not answered are PW_ITEM_UNDONE. */
PW_API int pw_transfer(struct pw_card *card, struct pw_item *items, size_t count);

/* A batch of writes, then one of reads that compares what the registers say (only the bits that
 * read back as written, only registers that can be read). value: out as read back. */
PW_API int pw_transfer_checked(struct pw_card *card, struct pw_item *items, size_t count);

/* Begin to load a snapshot into a slot that is bound and stale: the card empties its book and keeps
 * the symbol's events from now on, so a snapshot taken after this call misses none. Waits up to
 * 10 s for the book to be empty. Errors: PW_ERROR_REFUSED when another slot is being loaded, or the
 * slot is not bound or not stale. */
PW_API int pw_snapshot_begin(struct pw_card *card, uint32_t slot);

/* Load the snapshot in a file or pipe into a slot, and wait up to 10 s until its book is whole.
 * Begins first, then opens path, unless pw_snapshot_begin() was called for this slot before. The
 * file is GLIMPSE 5.0's messages with BinaryFILE's lengths, and is read up to its End of Snapshot;
 * what is in it of other symbols is skipped. opened: the caller knows that the symbol's opening
 * cross has been, which no snapshot says; false leaves it as the card knows it. *snapshot (may be
 * NULL) says what it was. One thread at a time. Errors: PW_ERROR_PROTOCOL when the file makes no
 * sense or is not of the slot's symbol and day, PW_ERROR_REFUSED with the card's reason, both of
 * which leave the slot stale and no load running; PW_ERROR_TIMEOUT when the load goes on by itself:
 * the card waits for the feed to pass the snapshot's last message. */
PW_API int pw_snapshot_load(struct pw_card *card, uint32_t slot, const char *path, bool opened,
                            struct pw_snapshot *snapshot);

/* Give up the load that is running, if there is one. The slot stays stale. */
PW_API int pw_snapshot_abort(struct pw_card *card);

/* Vouch for the card up to a card time in cycles (control.lease). Running out while armed kills. */
PW_API int pw_heartbeat(struct pw_card *card, uint64_t until_cycles);

/* Vouch for the card for a duration from its present time. */
PW_API int pw_heartbeat_for(struct pw_card *card, uint64_t duration_ns);

/* Have the card send a HEARTBEAT record with this token, behind everything it sent before. Tokens
 * from 2^31 on are the soft card's own: PW_ERROR_ARGUMENT. */
PW_API int pw_mark(struct pw_card *card, uint32_t token);

/* Commands, and a look at whether they took effect. PW_ERROR_REFUSED says why not. Like every
 * request they wait for those before them on this handle: a kill that must wait for nobody has a
 * handle of its own. */
PW_API int pw_arm(struct pw_card *card);
PW_API int pw_disarm(struct pw_card *card);
PW_API int pw_kill(struct pw_card *card);
PW_API int pw_release(struct pw_card *card);

/* Card time, in cycles and in ns since reset. */
PW_API int pw_card_time(struct pw_card *card, uint64_t *cycles);
PW_API int pw_card_time_ns(struct pw_card *card, uint64_t *ns);

/* Find out what time the host has at a card time: reads control.time a number of tries (10 do) and
 * keeps the quickest round trip. The host's time is the middle between asking and hearing, and
 * error_ns half the time between, which holds wherever in between the card looked at its clock.
 * Errors: PW_ERROR_REFUSED for a soft card, whose time does not run with the host's. */
PW_API int pw_time_map(struct pw_card *card, unsigned tries, struct pw_time_map *map);

/* The host's time (CLOCK_MONOTONIC) at a card time, e.g. a record's, before or after the map's; and
 * by how much it may be wrong: the map's error, and 600 millionths of the time between, since the
 * clocks may run apart by that. A map measured every second keeps it below a microsecond of drift.
 */
PW_API int pw_time_to_host(const struct pw_card *card, const struct pw_time_map *map,
                           uint64_t cycles, int64_t *host_ns, uint64_t *error_ns);

/* Cycles of this card in ns, rounded down, and ns in cycles, rounded up. At most UINT64_MAX. */
PW_API uint64_t pw_cycles_to_ns(const struct pw_card *card, uint64_t cycles);
PW_API uint64_t pw_ns_to_cycles(const struct pw_card *card, uint64_t ns);

/* Have the card send its events to this handle from now on; opens a connection of its own. Counts
 * and the sequence start anew. Calling it again connects again. */
PW_API int pw_events_subscribe(struct pw_card *card);

/* Take up to max records; returns how many, 0 when none came in timeout_ms (0: do not wait,
 * negative: wait without end). Returns as soon as there is at least one. Records that were handed
 * out stay handed out: an error after some came is returned by the next call. */
PW_API int pw_events_poll(struct pw_card *card, struct pw_record *records, size_t max,
                          int timeout_ms);

/* A descriptor that is readable when events wait, for poll(2) and the like; -1 before the
 * subscription. It belongs to the handle: only wait on it, and call pw_events_poll() until it
 * returns 0, for the handle may hold records that were read already. */
PW_API int pw_events_fd(const struct pw_card *card);

/* Records lost so far, by sequence number; and all the counts of the stream. Never waits. */
PW_API uint64_t pw_events_lost(const struct pw_card *card);
PW_API void pw_events_counts(const struct pw_card *card, struct pw_event_counts *counts);

/* cffi: end */

#ifdef __cplusplus
}
#endif

#endif
