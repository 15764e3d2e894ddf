/* The loader of snapshots of a card for tests: the orders written to it, and its status. */
#ifndef PENNYWIRE_FAKE_SNAPSHOT_H
#define PENNYWIRE_FAKE_SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>

enum { FAKE_SNAPSHOT_ORDERS = 256 };

struct fake_snapshot {
    unsigned begun, aborted, ended;
    unsigned orders; /* since the last begin */
    struct {
        uint64_t reference;
        uint32_t price, shares;
        bool sells;
    } order[FAKE_SNAPSHOT_ORDERS];
    uint64_t sequence, commit;
    uint64_t reference;
    unsigned fail_begin, fail_end; /* numbers of failures to answer with; 0: none */
    unsigned stays;                /* reads of the status before each step is done */
    unsigned reads_left;
    uint64_t next_status; /* when the reads are over */
};

/* A register of the snapshot block was written; the new status. */
uint64_t fake_snapshot_write(struct fake_snapshot *fake, uint32_t address, uint64_t value,
                             uint64_t status);

/* The status is read; what to show. */
uint64_t fake_snapshot_read(struct fake_snapshot *fake, uint64_t status);

#endif
