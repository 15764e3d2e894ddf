#include "fake_card_inside.h"

#include "pennywire_registers.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FRAME_RECORDS = 22 };

bool fake_card_udp(void) {
    const char *transport = getenv("PENNYWIRE_TEST_TRANSPORT");
    return fake_card_xdp() || (transport != NULL && strcmp(transport, "udp") == 0);
}

bool fake_card_xdp(void) {
    const char *transport = getenv("PENNYWIRE_TEST_TRANSPORT");
    return transport != NULL && strcmp(transport, "xdp") == 0;
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
    fake->registers[7] = PW_IDENTITY_FLAGS_TRADES_MASK;
    pthread_mutex_init(&fake->lock, NULL);
    must(pipe(fake->wake) == 0, "pipe");
    fake_card_listen(fake, directory);
    must(pthread_create(&fake->thread, NULL, fake_card_serve, fake) == 0, "pthread_create");
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
    must(fake_card_send_to(&fake->subscriber, bytes, size) == (ssize_t)size, "send");
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
