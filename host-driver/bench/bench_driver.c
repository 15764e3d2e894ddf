/* What a way to a card costs: register round trips, and events. The card is the tests' fake one, in
 * a thread of this process, over the transport of PENNYWIRE_TEST_TRANSPORT; "plain" speaks to it by
 * a bare UDP socket without the library, as the measure of the others. Prints one JSON object. */
#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "fake_card.h"
#include "hostlink.h"

enum {
    ROUND_TRIPS = 20000,
    WARM_UP = 2000,
    RECORDS = 22, /* of a datagram: what fits an Ethernet frame */
    DATAGRAMS = 40000,
    AHEAD = 64, /* datagrams that the card is ahead of the reader at most, so that none is lost */
    TIME = 0x118,
    WAIT_MS = 5000,
    BUFFER_BYTES = 4 << 20,
};

static struct fake_card *fake;
static struct pw_card *card; /* NULL: plain */
static int plain_requests, plain_events;
static uint32_t plain_number = 1000;
static atomic_uint read_datagrams;

static void must(bool condition, const char *what) {
    if (condition)
        return;
    fprintf(stderr, "bench_driver: %s: %s\n", what, pw_last_error());
    exit(1);
}

static int64_t clock_ns(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* A UDP socket to the card, as any program would make one. */
static int plain_socket(void) {
    char ip[32];
    unsigned port;
    must(sscanf(fake_card_url(fake), "udp:%31[0-9.]:%u", ip, &port) == 2, "no card on UDP");
    const struct sockaddr_in name = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = inet_addr(ip)};
    const int descriptor = socket(AF_INET, SOCK_DGRAM, 0), room = BUFFER_BYTES;
    must(descriptor >= 0 && connect(descriptor, (const struct sockaddr *)&name, sizeof name) == 0 &&
             setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &room, sizeof room) == 0,
         "no socket");
    return descriptor;
}

/* Send a request and hear its answer. */
static void plain_exchange(int descriptor, enum pw_link_kind kind, size_t items) {
    uint8_t bytes[PW_LINK_REQUEST_BYTES];
    const struct pw_item item = {.address = TIME, .operation = PW_READ};
    const size_t size = pw_link_write_request(bytes, kind, ++plain_number, &item, items);
    must(send(descriptor, bytes, size, 0) == (ssize_t)size &&
             recv(descriptor, bytes, sizeof bytes, 0) == (ssize_t)size,
         "no answer by a plain socket");
}

static void round_trip(void) {
    uint64_t value;
    if (card == NULL)
        plain_exchange(plain_requests, PW_LINK_READ, 1);
    else
        must(pw_read_address(card, TIME, &value) == PW_OK, "no answer");
}

static int compare(const void *one, const void *other) {
    const int64_t a = *(const int64_t *)one, b = *(const int64_t *)other;
    return a < b ? -1 : a > b;
}

static void measure_round_trips(void) {
    static int64_t times[ROUND_TRIPS];
    for (int i = 0; i < WARM_UP; i++)
        round_trip();
    for (int i = 0; i < ROUND_TRIPS; i++) {
        const int64_t begun = clock_ns(CLOCK_MONOTONIC);
        round_trip();
        times[i] = clock_ns(CLOCK_MONOTONIC) - begun;
    }
    qsort(times, ROUND_TRIPS, sizeof times[0], compare);
    printf("{\"round_trips\": %d, \"median_ns\": %lld, \"p99_ns\": %lld", ROUND_TRIPS,
           (long long)times[ROUND_TRIPS / 2], (long long)times[ROUND_TRIPS * 99 / 100]);
}

/* Read every record; the processor time of this thread is what is asked for. */
static void *read_events(void *argument) {
    static struct pw_record records[256];
    static uint8_t bytes[PW_LINK_EVENTS_BYTES];
    int64_t *used = argument;
    const int64_t begun = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    for (unsigned got = 0; got < DATAGRAMS * RECORDS;) {
        if (card == NULL) {
            const ssize_t size = recv(plain_events, bytes, sizeof bytes, 0);
            must(size > PW_LINK_HEADER_BYTES, "no events by a plain socket");
            got += ((unsigned)size - PW_LINK_HEADER_BYTES) / PW_RECORD_BYTES;
        } else {
            const int number = pw_events_poll(card, records, 256, WAIT_MS);
            must(number > 0, "no events");
            got += (unsigned)number;
        }
        read_datagrams = got / RECORDS;
    }
    *used = clock_ns(CLOCK_THREAD_CPUTIME_ID) - begun;
    return NULL;
}

static void measure_events(void) {
    pthread_t reader;
    int64_t used = 0;
    if (card == NULL) {
        plain_events = plain_socket();
        plain_exchange(plain_events, PW_LINK_SUBSCRIBE, 0);
    } else {
        must(pw_events_subscribe(card) == PW_OK, "no subscription");
    }
    must(pthread_create(&reader, NULL, read_events, &used) == 0, "no thread");
    const int64_t begun = clock_ns(CLOCK_MONOTONIC);
    for (unsigned i = 0; i < DATAGRAMS; i++) {
        while (i - read_datagrams > AHEAD)
            sched_yield();
        fake_card_send_records(fake, i * RECORDS, RECORDS);
    }
    must(pthread_join(reader, NULL) == 0, "no end");
    const double seconds = (double)(clock_ns(CLOCK_MONOTONIC) - begun) / 1e9;
    must(card == NULL || pw_events_lost(card) == 0, "events were lost");
    const double events = (double)DATAGRAMS * RECORDS;
    printf(", \"events\": %.0f, \"events_per_second\": %.0f, \"cpu_ns_per_event\": %.2f", events,
           events / seconds, (double)used / events);
}

int main(int number, char **arguments) {
    if (number != 3) {
        fputs("usage: bench_driver DIRECTORY plain|URL-OPTIONS (\"\" for none)\n", stderr);
        return 2;
    }
    fake = fake_card_start(arguments[1]);
    if (strcmp(arguments[2], "plain") == 0) {
        plain_requests = plain_socket();
        plain_exchange(plain_requests, PW_LINK_HELLO, 0);
    } else {
        char url[256];
        snprintf(url, sizeof url, "%s%s", fake_card_url(fake), arguments[2]);
        must(pw_open(url, NULL, &card) == PW_OK, url);
    }
    struct pw_transport_info info = {.mode = "a bare socket"};
    if (card != NULL)
        pw_transport_info(card, &info);
    measure_round_trips();
    measure_events();
    printf(", \"mode\": \"%s\"}\n", info.mode);
    pw_close(card);
    fake_card_stop(fake);
    return 0;
}
