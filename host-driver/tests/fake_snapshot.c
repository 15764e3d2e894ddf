#include "fake_snapshot.h"

/* Addresses, bits and states as docs/registers.md has them, by hand. */
enum {
    COMMAND = 0xe00,
    REFERENCE = 0xe08,
    BID = 0xe10,
    ASK = 0xe18,
    SEQUENCE = 0xe20,
    COMMIT = 0xe28
};
enum { CLEARING = 1, LOADING = 2, DRAINING = 4 };

uint64_t fake_snapshot_write(struct fake_snapshot *fake, uint32_t address, uint64_t value,
                             uint64_t status) {
    switch (address) {
    case COMMAND:
        if ((value & 0x200) != 0) {
            fake->aborted++;
            return 8 << 4 | (status & 0xff00);
        }
        if ((value & 0x100) == 0)
            return status;
        fake->begun++;
        fake->orders = 0;
        if (fake->fail_begin != 0)
            return (uint64_t)fake->fail_begin << 4 | (value & 0xff) << 8;
        fake->reads_left = fake->stays;
        fake->next_status = LOADING | (value & 0xff) << 8;
        return CLEARING | (value & 0xff) << 8;
    case REFERENCE:
        fake->reference = value;
        return status;
    case BID:
    case ASK:
        if (fake->orders < FAKE_SNAPSHOT_ORDERS) {
            fake->order[fake->orders].reference = fake->reference;
            fake->order[fake->orders].price = (uint32_t)value;
            fake->order[fake->orders].shares = (uint32_t)(value >> 32);
            fake->order[fake->orders].sells = address == ASK;
        }
        fake->orders++;
        return status;
    case SEQUENCE:
        fake->sequence = value;
        return status;
    case COMMIT:
        fake->ended++;
        fake->commit = value;
        fake->reads_left = fake->stays;
        fake->next_status = (uint64_t)fake->fail_end << 4 | (status & 0xff00);
        return DRAINING | (status & 0xff00);
    default:
        return status;
    }
}

uint64_t fake_snapshot_read(struct fake_snapshot *fake, uint64_t status) {
    const unsigned state = status & 7;
    if (state != CLEARING && state != DRAINING)
        return status;
    if (fake->reads_left > 0) {
        fake->reads_left--;
        return status;
    }
    return fake->next_status;
}
