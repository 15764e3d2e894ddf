#define _GNU_SOURCE /* setns() */
#include "fake_card.h"

#include "pennywire_registers.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { REGISTERS = 0xe000 / 8, CLIENTS = 8, HEADER = 16, ITEM = 16, RECORD = 64, ROOM = 65536 };
enum { HELLO = 4, UNKNOWN_HOST = 4, FRAME_RECORDS = 22, CONTROL_TIME = 0x118 };
enum { SNAPSHOT_STATUS = 0xe30 };
static const uint32_t stale_window = 1U << 24;

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

static void must(bool condition, const char *what) {
    if (condition)
        return;
    perror(what);
    abort();
}

static void put(uint8_t *bytes, uint64_t value, int size) {
    for (int i = 0; i < size; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t get(const uint8_t *bytes, int size) {
    uint64_t value = 0;
    for (int i = size - 1; i >= 0; i--)
        value = value << 8 | bytes[i];
    return value;
}

bool fake_card_udp(void) {
    const char *transport = getenv("PENNYWIRE_TEST_TRANSPORT");
    return fake_card_xdp() || (transport != NULL && strcmp(transport, "udp") == 0);
}

bool fake_card_xdp(void) {
    const char *transport = getenv("PENNYWIRE_TEST_TRANSPORT");
    return transport != NULL && strcmp(transport, "xdp") == 0;
}

static ssize_t send_to(const struct client *client, const void *bytes, size_t size) {
    const struct sockaddr *address =
        client->address_size == 0 ? NULL : (const struct sockaddr *)&client->address;
    return sendto(client->descriptor, bytes, size, MSG_NOSIGNAL, address, client->address_size);
}

static void send_whole(const struct client *client, const void *bytes, size_t size) {
    /* A client that has gone away, or given up, is no fault of the card's. */
    const ssize_t sent = send_to(client, bytes, size);
    (void)sent;
}

static uint32_t do_item(struct fake_card *fake, bool write, uint32_t address, uint64_t *value) {
    if (address % 8 != 0 || address / 8 >= REGISTERS)
        return 1;
    const uint32_t number = address / 8;
    uint64_t *status = &fake->registers[SNAPSHOT_STATUS / 8];
    if (address == SNAPSHOT_STATUS && !write)
        *status = fake_snapshot_read(&fake->snapshot, *status);
    if (write)
        *status = fake_snapshot_write(&fake->snapshot, address, *value, *status);
    if (!write && fake->clock_runs && number == CONTROL_TIME / 8) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        *value = ((uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec) * 5 / 32;
        return 0;
    }
    if (!write) {
        *value = fake->registers[number];
        return 0;
    }
    if (fake->access[number] != 0)
        return fake->access[number];
    fake->registers[number] =
        (fake->registers[number] & ~fake->writable[number]) | (*value & fake->writable[number]);
    return 0;
}

/* Give the answer to a good request; returns its size. */
static size_t make_answer(struct fake_card *fake, const uint8_t *request, size_t size,
                          uint8_t *answer) {
    const size_t count = (size_t)get(request + 8, 2);
    memcpy(answer, request, size);
    answer[3] |= 0x80;
    for (size_t i = 0; i < count; i++) {
        uint8_t *item = answer + HEADER + i * ITEM;
        uint64_t value = get(item + 8, 8);
        const uint32_t status = do_item(fake, request[3] == 2, (uint32_t)get(item, 4), &value);
        put(item + 4, status, 4);
        put(item + 8, value, 8);
    }
    return size;
}

/* Send an answer as the mode wants it. Returns false when the connection is to be closed. */
static bool send_answer(struct fake_card *fake, const struct client *client, uint8_t *answer,
                        size_t size) {
    if (fake->late_size > 0)
        send_whole(client, fake->late, fake->late_size);
    fake->late_size = 0;
    const enum fake_mode mode = fake->mode_left > 0 ? fake->mode : FAKE_RIGHT;
    if (fake->mode_left > 0)
        fake->mode_left--;
    switch (mode) {
    case FAKE_RIGHT:
        break;
    case FAKE_LATE:
        memcpy(fake->late, answer, size);
        fake->late_size = size;
        return true;
    case FAKE_TWICE:
        send_whole(client, answer, size);
        break;
    case FAKE_SHORT:
        size -= 8;
        break;
    case FAKE_STUB:
        size = 5;
        break;
    case FAKE_LONG:
        memset(answer + size, 0xee, 8);
        size += 8;
        break;
    case FAKE_HUGE:
        memset(answer + size, 0xee, 40000);
        size += 40000;
        break;
    case FAKE_WRONG_REQUEST:
        put(answer + 4, get(answer + 4, 4) + 7, 4);
        break;
    case FAKE_WRONG_VERSION:
        answer[2] = 2;
        break;
    case FAKE_WRONG_MAGIC:
        answer[0] = 'X';
        break;
    case FAKE_WRONG_KIND:
        answer[3] ^= 3;
        break;
    case FAKE_WRONG_COUNT:
        put(answer + 8, get(answer + 8, 2) + 1, 2);
        break;
    case FAKE_WRONG_ADDRESS:
        put(answer + HEADER, get(answer + HEADER, 4) + 8, 4);
        break;
    case FAKE_WRONG_STATUS:
        put(answer + HEADER + 4, 0x80000000U, 4);
        break;
    case FAKE_REFUSED:
        put(answer + 10, 3, 2);
        size = HEADER;
        break;
    case FAKE_VERSION_STATUS:
        put(answer + 10, 1, 2);
        size = HEADER;
        break;
    case FAKE_FLOOD:
        put(answer + 4, get(answer + 4, 4) - 1, 4);
        for (time_t end = time(NULL) + 3; time(NULL) < end;)
            if (send_to(client, answer, size) < 0)
                break;
        return true;
    case FAKE_SLOW:
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
        break;
    case FAKE_SILENT:
        return true;
    case FAKE_HANG_UP:
        return false;
    }
    send_whole(client, answer, size);
    return true;
}

static bool same_address(const struct sockaddr_in *one, const struct sockaddr_in *other) {
    return one->sin_port == other->sin_port && one->sin_addr.s_addr == other->sin_addr.s_addr;
}

/* UDP: deal with what is not to be carried out. Returns the host whose request is, or NULL. */
static struct host *admit(struct fake_card *fake, const struct client *client,
                          const uint8_t *request, size_t size) {
    struct host *host = NULL;
    for (int i = 0; i < CLIENTS && host == NULL; i++)
        if (fake->hosts[i].known && same_address(&fake->hosts[i].address, &client->address))
            host = &fake->hosts[i];
    if (host == NULL && request[3] == HELLO) {
        host = &fake->hosts[fake->next_host++ % CLIENTS];
        *host = (struct host){.address = client->address, .known = true};
        return host;
    }
    if (host == NULL) {
        uint8_t answer[HEADER];
        memcpy(answer, request, HEADER);
        answer[3] |= 0x80;
        put(answer + 8, 0, 2);
        put(answer + 10, UNKNOWN_HOST, 2);
        send_whole(client, answer, sizeof answer);
        return NULL;
    }
    const uint32_t behind = (uint32_t)get(host->request + 4, 4) - (uint32_t)get(request + 4, 4);
    if (behind > stale_window)
        return host;
    fake->copies++;
    if (behind == 0 && size == host->request_size && memcmp(request, host->request, size) == 0) {
        /* The answer goes the way of every answer, so that modes count attempts. */
        static _Thread_local uint8_t again[ROOM + 40016];
        memcpy(again, host->answer, size);
        send_answer(fake, client, again, size);
    }
    return NULL;
}

/* Serve one datagram of a client. Returns false when the connection has ended. */
static bool serve_client(struct fake_card *fake, struct client client) {
    static _Thread_local uint8_t request[ROOM], answer[ROOM + 40016];
    socklen_t room = sizeof client.address;
    const ssize_t received = recvfrom(client.descriptor, request, sizeof request, 0,
                                      client.address_size == 0 ? NULL : (void *)&client.address,
                                      client.address_size == 0 ? NULL : &room);
    if (received < HEADER)
        return client.address_size > 0; /* on UDP it is only nonsense */
    const size_t size = (size_t)received;
    struct host *host = NULL;
    bool stays = true;
    pthread_mutex_lock(&fake->lock);
    fake->requests++;
    if (request[3] == 3)
        fake->subscriber = client;
    else if (client.address_size > 0 && (host = admit(fake, &client, request, size)) == NULL)
        goto done;
    fake->carried_out++;
    make_answer(fake, request, size, answer);
    if (host != NULL) {
        memcpy(host->request, request, size);
        memcpy(host->answer, answer, size);
        host->request_size = size;
    }
    stays = send_answer(fake, &client, answer, size);
done:
    pthread_mutex_unlock(&fake->lock);
    return stays;
}

static void accept_client(struct fake_card *fake) {
    const int client = accept(fake->listener, NULL, NULL);
    must(client >= 0, "accept");
    for (int i = 0; i < CLIENTS; i++) {
        if (fake->clients[i] < 0) {
            fake->clients[i] = client;
            return;
        }
    }
    must(false, "too many clients");
}

static void *serve(void *argument) {
    struct fake_card *fake = argument;
    for (;;) {
        struct pollfd ready[CLIENTS + 2] = {{.fd = fake->wake[0], .events = POLLIN},
                                            {.fd = fake->listener, .events = POLLIN}};
        for (int i = 0; i < CLIENTS; i++) /* poll() leaves a negative descriptor alone */
            ready[i + 2] = (struct pollfd){.fd = fake->clients[i], .events = POLLIN};
        must(poll(ready, CLIENTS + 2, -1) > 0, "poll");
        if (ready[0].revents != 0)
            return NULL;
        for (int i = 0; i < CLIENTS; i++) {
            if (ready[i + 2].revents != 0 &&
                !serve_client(fake, (struct client){.descriptor = fake->clients[i]})) {
                pthread_mutex_lock(&fake->lock); /* nobody sends on what is being closed */
                close(fake->clients[i]);
                if (fake->subscriber.descriptor == fake->clients[i])
                    fake->subscriber.descriptor = -1;
                fake->clients[i] = -1;
                pthread_mutex_unlock(&fake->lock);
            }
        }
        if (ready[1].revents != 0 && fake_card_udp())
            serve_client(fake, (struct client){.descriptor = fake->listener,
                                               .address_size = sizeof(struct sockaddr_in)});
        else if (ready[1].revents != 0)
            accept_client(fake);
    }
}

/* A UDP socket; at the other end of the wire if there is one (scripts/veth_wire.py). A socket stays
 * in the namespace that it was made in. */
static int udp_socket(void) {
    const char *far = getenv("PENNYWIRE_TEST_NETNS");
    if (far == NULL)
        return socket(AF_INET, SOCK_DGRAM, 0);
    const int here = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    const int there = open(far, O_RDONLY | O_CLOEXEC);
    must(here >= 0 && there >= 0 && setns(there, CLONE_NEWNET) == 0, far);
    const int descriptor = socket(AF_INET, SOCK_DGRAM, 0);
    must(setns(here, CLONE_NEWNET) == 0, "setns");
    close(here);
    close(there);
    return descriptor;
}

static void listen_udp(struct fake_card *fake) {
    const char *wire = getenv("PENNYWIRE_TEST_CARD_IP");
    const char *ip = wire == NULL ? "127.0.0.1" : wire;
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = inet_addr(ip)};
    socklen_t size = sizeof name;
    fake->listener = udp_socket();
    must(fake->listener >= 0, "socket");
    must(bind(fake->listener, (struct sockaddr *)&name, sizeof name) == 0, "bind");
    must(getsockname(fake->listener, (struct sockaddr *)&name, &size) == 0, "getsockname");
    if (fake_card_xdp())
        snprintf(fake->url, sizeof fake->url, "xdp:%s?peer=%s:%u",
                 getenv("PENNYWIRE_TEST_INTERFACE"), ip, ntohs(name.sin_port));
    else
        snprintf(fake->url, sizeof fake->url, "udp:%s:%u", ip, ntohs(name.sin_port));
}

static void listen_unix(struct fake_card *fake, const char *directory) {
    static unsigned number;
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    const int length =
        snprintf(name.sun_path, sizeof name.sun_path, "%s/card%u.sock", directory, number++);
    must(length > 0 && (size_t)length < sizeof name.sun_path, "socket path");
    snprintf(fake->url, sizeof fake->url, "unix:%s", name.sun_path);
    fake->listener = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    must(fake->listener >= 0, "socket");
    must(bind(fake->listener, (struct sockaddr *)&name, sizeof name) == 0, name.sun_path);
    must(listen(fake->listener, CLIENTS) == 0, "listen");
}

struct fake_card *fake_card_start(const char *directory) {
    struct fake_card *fake = calloc(1, sizeof *fake);
    must(fake != NULL, "calloc");
    fake->subscriber.descriptor = -1;
    for (int i = 0; i < CLIENTS; i++)
        fake->clients[i] = -1;
    for (int i = 0; i < REGISTERS; i++)
        fake->writable[i] = UINT64_MAX;
    /* Identity, as card.rdl has it, by hand. */
    memcpy(&fake->registers[0], "PENNYWIR", 8);
    fake->registers[1] = PW_ABI_VERSION;
    memcpy(&fake->registers[2], "fake", 4);
    fake->registers[5] = 4 | 8 << 8 | 32 << 16 | UINT64_C(16) << 32 | UINT64_C(4096) << 40;
    fake->registers[6] = 6400;
    pthread_mutex_init(&fake->lock, NULL);
    must(pipe(fake->wake) == 0, "pipe");
    if (fake_card_udp())
        listen_udp(fake);
    else
        listen_unix(fake, directory);
    must(pthread_create(&fake->thread, NULL, serve, fake) == 0, "pthread_create");
    return fake;
}

const char *fake_card_url(const struct fake_card *fake) {
    return fake->url;
}

void fake_card_stop(struct fake_card *fake) {
    close(fake->wake[1]);
    pthread_join(fake->thread, NULL);
    for (int i = 0; i < CLIENTS; i++)
        if (fake->clients[i] >= 0)
            close(fake->clients[i]);
    close(fake->wake[0]);
    close(fake->listener);
    if (!fake_card_udp())
        unlink(fake->url + strlen("unix:"));
    pthread_mutex_destroy(&fake->lock);
    free(fake);
}

void fake_card_mode(struct fake_card *fake, enum fake_mode mode, unsigned count) {
    pthread_mutex_lock(&fake->lock);
    fake->mode = mode;
    fake->mode_left = count;
    fake->late_size = 0;
    pthread_mutex_unlock(&fake->lock);
}

void fake_card_snapshot(struct fake_card *fake, const struct fake_snapshot *set,
                        struct fake_snapshot *get) {
    pthread_mutex_lock(&fake->lock);
    if (get != NULL)
        *get = fake->snapshot;
    if (set != NULL)
        fake->snapshot = *set;
    pthread_mutex_unlock(&fake->lock);
}

uint64_t fake_card_get(struct fake_card *fake, uint32_t address) {
    pthread_mutex_lock(&fake->lock);
    const uint64_t value = fake->registers[address / 8];
    pthread_mutex_unlock(&fake->lock);
    return value;
}

void fake_card_set(struct fake_card *fake, uint32_t address, uint64_t value) {
    pthread_mutex_lock(&fake->lock);
    fake->registers[address / 8] = value;
    pthread_mutex_unlock(&fake->lock);
}

void fake_card_run_clock(struct fake_card *fake) {
    pthread_mutex_lock(&fake->lock);
    fake->clock_runs = true;
    pthread_mutex_unlock(&fake->lock);
}

void fake_card_access(struct fake_card *fake, uint32_t address, uint32_t write_status) {
    pthread_mutex_lock(&fake->lock);
    fake->access[address / 8] = write_status;
    pthread_mutex_unlock(&fake->lock);
}

void fake_card_writable_bits(struct fake_card *fake, uint32_t address, uint64_t bits) {
    pthread_mutex_lock(&fake->lock);
    fake->writable[address / 8] = bits;
    pthread_mutex_unlock(&fake->lock);
}

/* One of the card's own counts, as it is now. */
static unsigned get_count(struct fake_card *fake, const unsigned *count) {
    pthread_mutex_lock(&fake->lock);
    const unsigned now = *count;
    pthread_mutex_unlock(&fake->lock);
    return now;
}

unsigned fake_card_requests(struct fake_card *fake) {
    return get_count(fake, &fake->requests);
}

unsigned fake_card_carried_out(struct fake_card *fake) {
    return get_count(fake, &fake->carried_out);
}

unsigned fake_card_copies(struct fake_card *fake) {
    return get_count(fake, &fake->copies);
}

void fake_card_forget(struct fake_card *fake) {
    pthread_mutex_lock(&fake->lock);
    for (int i = 0; i < CLIENTS; i++)
        fake->hosts[i].known = false;
    pthread_mutex_unlock(&fake->lock);
}

void fake_card_send(struct fake_card *fake, const void *bytes, size_t size) {
    pthread_mutex_lock(&fake->lock);
    must(fake->subscriber.descriptor >= 0, "no subscriber");
    must(send_to(&fake->subscriber, bytes, size) == (ssize_t)size, "send");
    pthread_mutex_unlock(&fake->lock);
}

void fake_card_send_records(struct fake_card *fake, uint32_t first, unsigned count) {
    uint8_t datagram[HEADER + 64 * RECORD] = {'P', 'W', 1, 0xC0};
    must(count <= 64, "too many records");
    while (fake_card_udp() && count > FRAME_RECORDS) { /* what fits an Ethernet frame */
        fake_card_send_records(fake, first, FRAME_RECORDS);
        first += FRAME_RECORDS;
        count -= FRAME_RECORDS;
    }
    put(datagram + 4, first, 4);
    put(datagram + 8, count, 2);
    for (unsigned i = 0; i < count; i++) {
        uint8_t *record = datagram + HEADER + (size_t)i * RECORD;
        record[0] = 1; /* ORDER_SENT */
        put(record + 4, (uint64_t)first + i, 4);
        put(record + 8, UINT64_C(1000) * i, 8);
        put(record + 44, 1500000, 4);
    }
    fake_card_send(fake, datagram, HEADER + (size_t)count * RECORD);
}

void fake_card_drop_subscriber(struct fake_card *fake) {
    pthread_mutex_lock(&fake->lock);
    must(fake->subscriber.descriptor >= 0, "no subscriber");
    shutdown(fake->subscriber.descriptor, SHUT_RDWR);
    fake->subscriber.descriptor = -1;
    pthread_mutex_unlock(&fake->lock);
}
