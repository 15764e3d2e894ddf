/* The answers of the fake card: items carried out, and what every mode makes of an answer. */
#include "fake_card_inside.h"

#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { CONTROL_TIME = 0x118, SNAPSHOT_STATUS = 0xe30 };

ssize_t fake_card_send_to(const struct client *client, const void *bytes, size_t size) {
    const struct sockaddr *address =
        client->address_size == 0 ? NULL : (const struct sockaddr *)&client->address;
    return sendto(client->descriptor, bytes, size, MSG_NOSIGNAL, address, client->address_size);
}

void fake_card_send_whole(const struct client *client, const void *bytes, size_t size) {
    /* A client that has gone away, or given up, is no fault of the card's. */
    const ssize_t sent = fake_card_send_to(client, bytes, size);
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
size_t fake_card_make_answer(struct fake_card *fake, const uint8_t *request, size_t size,
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
bool fake_card_send_answer(struct fake_card *fake, const struct client *client, uint8_t *answer,
                           size_t size) {
    if (fake->late_size > 0)
        fake_card_send_whole(client, fake->late, fake->late_size);
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
        fake_card_send_whole(client, answer, size);
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
            if (fake_card_send_to(client, answer, size) < 0)
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
    fake_card_send_whole(client, answer, size);
    return true;
}
