/* What the parts of the fake card share: fake_card.c is what a test asks of it, fake_card_serve.c
 * its sockets and its thread, fake_card_answers.c its answers. */
#ifndef PENNYWIRE_FAKE_CARD_INSIDE_H
#define PENNYWIRE_FAKE_CARD_INSIDE_H

#include "fake_card.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>

enum { REGISTERS = 0xe000 / 8, CLIENTS = 8, HEADER = 16, ITEM = 16, RECORD = 64, ROOM = 65536 };

/* Who sends and is sent to: a connection, or on UDP an address at the card's only socket. */
struct client {
    int descriptor; /* negative: nobody */
    struct sockaddr_in address;
    socklen_t address_size; /* 0: a connection */
};

/* A host that said hello over UDP, with its last request and what it was answered. */
struct host {
    struct sockaddr_in address;
    bool known;
    uint8_t request[ROOM], answer[ROOM];
    size_t request_size;
};

struct fake_card {
    char url[128];
    int listener;
    int wake[2]; /* closing wake[1] ends the thread */
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows */
    uint64_t registers[REGISTERS];
    uint64_t writable[REGISTERS];
    uint32_t access[REGISTERS];
    bool clock_runs;
    enum fake_mode mode;
    unsigned mode_left;
    unsigned requests, carried_out, copies;
    struct client subscriber;
    struct host hosts[CLIENTS];
    unsigned next_host;
    int clients[CLIENTS];
    struct fake_snapshot snapshot;
    uint8_t late[ROOM];
    size_t late_size;
};

/* Abort, saying what failed, unless condition holds. */
static inline void must(bool condition, const char *what) {
    if (condition)
        return;
    perror(what);
    abort();
}

/* Write and read size bytes, lowest first. */
static inline void put(uint8_t *bytes, uint64_t value, int size) {
    for (int i = 0; i < size; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
}

static inline uint64_t get(const uint8_t *bytes, int size) {
    uint64_t value = 0;
    for (int i = size - 1; i >= 0; i--)
        value = value << 8 | bytes[i];
    return value;
}

/* Send a datagram to a client; returns what sendto() does. Any thread that holds the card's lock.
 */
ssize_t fake_card_send_to(const struct client *client, const void *bytes, size_t size);

/* The same, where it is no fault of the card's that the client has gone away or given up. */
void fake_card_send_whole(const struct client *client, const void *bytes, size_t size);

/* Carry a good request out and write its answer; returns the answer's size. The lock is held. */
size_t fake_card_make_answer(struct fake_card *fake, const uint8_t *request, size_t size,
                             uint8_t *answer);

/* Send an answer as the mode wants it; answer has room for 40,016 bytes more. Returns false when
 * the connection is to be closed. The lock is held. */
bool fake_card_send_answer(struct fake_card *fake, const struct client *client, uint8_t *answer,
                           size_t size);

/* Open the listener and say where in url: a socket below directory, or a UDP port. Aborts when it
 * cannot. */
void fake_card_listen(struct fake_card *fake, const char *directory);

/* The card's thread: serves every client until wake[1] is closed. */
void *fake_card_serve(void *fake);

#endif
