/* Loading a snapshot into one slot of the card. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "card.h"
#include "error.h"
#include "glimpse.h"
#include "pennywire_registers.h"

/* States and failures of a load, as in register snapshot.status. */
enum { IDLE = 0, CLEARING = 1, LOADING = 2 };

static const char *const failures[16] = {
    [1] = "a gap of the feed was lost meanwhile; begin again",
    [2] = "the order table is full",
    [3] = "the queue before the book was full; begin again",
    [4] = "the host changed the slot meanwhile (symbol, slot.join)",
    [5] = "the feed's session changed; the slot starts anew by itself",
    [6] = "the feed's two lines say different things",
    [8] = "it was aborted",
    [9] = "more events of the symbol came than the card keeps; begin again, and be quicker",
    [10] = "an order or the end came out of turn: does somebody else load too?",
    [11] = "the snapshot was taken before the card kept the symbol's events; begin, then take one",
    [12] = "other orders arrived than were sent: does somebody else load too?",
    [13] = "the card was killed meanwhile; begin again",
    [14] = "the slot is not bound today, or its book is whole (slot.join.stale makes it stale)",
};

static unsigned state_of(uint64_t status) {
    return (unsigned)((status & PW_SNAPSHOT_STATUS_STATE_MASK) >> PW_SNAPSHOT_STATUS_STATE_SHIFT);
}

static unsigned slot_of(uint64_t status) {
    return (unsigned)((status & PW_SNAPSHOT_STATUS_SLOT_MASK) >> PW_SNAPSHOT_STATUS_SLOT_SHIFT);
}

/* The error of a load that has failed, in words. */
static int load_error(uint32_t slot, uint64_t status) {
    const unsigned failure =
        (unsigned)((status & PW_SNAPSHOT_STATUS_FAILURE_MASK) >> PW_SNAPSHOT_STATUS_FAILURE_SHIFT);
    const char *words = failures[failure] == NULL ? "for an unknown reason" : failures[failure];
    return pw_fail(PW_ERROR_REFUSED, "snapshot of slot %u not loaded (%u): %s", slot, failure,
                   words);
}

/* Read the status until its state is below or above a limit, or the time is over. */
static int await_state(struct pw_card *card, bool above, unsigned limit, uint64_t *status) {
    enum { WAIT_MS = 10000 };
    const int64_t deadline_ms = pw_monotonic_ms() + WAIT_MS;
    for (;;) {
        const int result = pw_read_address(card, PW_REG_SNAPSHOT_STATUS, status);
        if (result != PW_OK)
            return result;
        const unsigned state = state_of(*status);
        if (above ? state > limit || state == IDLE : state < limit)
            return PW_OK;
        if (pw_monotonic_ms() >= deadline_ms)
            return pw_fail(PW_ERROR_TIMEOUT,
                           "the load of slot %u goes on (snapshot.status.state is %u): the card "
                           "waits for the feed, or for a pause of it",
                           slot_of(*status), state);
        const struct timespec pause = {.tv_nsec = 1000000};
        nanosleep(&pause, NULL);
    }
}

int pw_snapshot_begin(struct pw_card *card, uint32_t slot) {
    if (card == NULL)
        return pw_fail(PW_ERROR_ARGUMENT, "pw_snapshot_begin: null pointer");
    if (slot >= card->identity.slots)
        return pw_fail(PW_ERROR_ARGUMENT, "no slot %u: this card has %u", slot,
                       card->identity.slots);
    uint64_t status;
    int result = pw_read_address(card, PW_REG_SNAPSHOT_STATUS, &status);
    if (result != PW_OK)
        return result;
    if (state_of(status) != IDLE)
        return pw_fail(PW_ERROR_REFUSED, "slot %u is being loaded; abort that first",
                       slot_of(status));
    result = pw_write_address(card, PW_REG_SNAPSHOT_COMMAND, PW_SNAPSHOT_COMMAND_BEGIN_MASK | slot);
    if (result == PW_OK)
        result = await_state(card, true, CLEARING, &status);
    if (result != PW_OK)
        return result;
    return state_of(status) == LOADING && slot_of(status) == slot ? PW_OK
                                                                  : load_error(slot, status);
}

int pw_snapshot_abort(struct pw_card *card) {
    return pw_write_address(card, PW_REG_SNAPSHOT_COMMAND, PW_SNAPSHOT_COMMAND_ABORT_MASK);
}

/* Orders on their way to the card, two writes each. */
struct batch {
    struct pw_item items[PW_LINK_ITEMS];
    size_t count;
};

static int flush(struct pw_card *card, struct batch *batch) {
    const int status = pw_transfer(card, batch->items, batch->count);
    batch->count = 0;
    return status;
}

static int add_order(struct pw_card *card, struct batch *batch, const struct pw_glimpse *glimpse) {
    batch->items[batch->count++] = (struct pw_item){.address = PW_REG_SNAPSHOT_REFERENCE,
                                                    .operation = PW_WRITE,
                                                    .value = glimpse->order.reference};
    batch->items[batch->count++] = (struct pw_item){
        .address = glimpse->order.sells ? PW_REG_SNAPSHOT_ASK : PW_REG_SNAPSHOT_BID,
        .operation = PW_WRITE,
        .value =
            (uint64_t)glimpse->order.shares << PW_SNAPSHOT_BID_SHARES_SHIFT | glimpse->order.price};
    return batch->count == PW_LINK_ITEMS ? flush(card, batch) : PW_OK;
}

/* Read the whole snapshot and send its orders. */
static int send_orders(struct pw_card *card, int file, const char *path,
                       struct pw_glimpse *glimpse) {
    struct batch batch = {.count = 0};
    uint8_t bytes[16384];
    for (;;) {
        const ssize_t size = read(file, bytes, sizeof bytes);
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            return pw_fail_errno("reading snapshot %s", path);
        if (size == 0)
            return pw_fail(PW_ERROR_PROTOCOL,
                           "snapshot %s ends at byte %llu without an End of Snapshot message", path,
                           (unsigned long long)glimpse->offset);
        for (size_t at = 0, used = 0; at < (size_t)size; at += used) {
            const int step = pw_glimpse_read(glimpse, bytes + at, (size_t)size - at, &used);
            if (step < 0)
                return step;
            if (step == PW_GLIMPSE_END)
                return flush(card, &batch);
            const int status = step == PW_GLIMPSE_ORDER ? add_order(card, &batch, glimpse) : PW_OK;
            if (status != PW_OK)
                return status;
        }
    }
}

/* Whether the snapshot is of the symbol that the slot follows, and of the day. */
static int check_symbol(const struct pw_glimpse *glimpse, const char *path, uint64_t state) {
    const uint64_t bound = (state & PW_SLOT_STATE_LOCATE_MASK) >> PW_SLOT_STATE_LOCATE_SHIFT;
    char symbol[9] = "";
    for (unsigned i = 0; i < 8; i++)
        symbol[i] = (char)(glimpse->symbol >> (8 * i));
    if (glimpse->locate == 0)
        return pw_fail(PW_ERROR_PROTOCOL, "snapshot %s says nothing of symbol '%s'", path, symbol);
    if (glimpse->locate != bound)
        return pw_fail(
            PW_ERROR_PROTOCOL,
            "snapshot %s has symbol '%s' at locate %u, the card at %llu: is it of today?", path,
            symbol, glimpse->locate, (unsigned long long)bound);
    return PW_OK;
}

static int end_load(struct pw_card *card, uint32_t slot, const struct pw_glimpse *glimpse,
                    bool opened) {
    const struct {
        bool says;
        uint64_t mask;
    } states[] = {
        {glimpse->trading, PW_SNAPSHOT_COMMIT_TRADING_MASK},
        {!glimpse->halted_here, PW_SNAPSHOT_COMMIT_OPERATING_MASK},
        {glimpse->unrestricted, PW_SNAPSHOT_COMMIT_UNRESTRICTED_MASK},
        {opened, PW_SNAPSHOT_COMMIT_OPENED_MASK},
        {glimpse->market_known, PW_SNAPSHOT_COMMIT_MARKET_KNOWN_MASK},
        {glimpse->market_open, PW_SNAPSHOT_COMMIT_MARKET_OPEN_MASK},
    };
    uint64_t commit = glimpse->orders;
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
        commit |= states[i].says ? states[i].mask : 0;
    struct pw_item items[] = {
        {.address = PW_REG_SNAPSHOT_SEQUENCE, .operation = PW_WRITE, .value = glimpse->sequence},
        {.address = PW_REG_SNAPSHOT_COMMIT, .operation = PW_WRITE, .value = commit},
    };
    int result = pw_transfer(card, items, 2);
    uint64_t status;
    if (result == PW_OK)
        result = await_state(card, false, CLEARING, &status);
    if (result != PW_OK)
        return result;
    return (status & PW_SNAPSHOT_STATUS_FAILURE_MASK) == 0 ? PW_OK : load_error(slot, status);
}

int pw_snapshot_load(struct pw_card *card, uint32_t slot, const char *path, bool opened,
                     struct pw_snapshot *snapshot) {
    if (card == NULL || path == NULL)
        return pw_fail(PW_ERROR_ARGUMENT, "pw_snapshot_load: null pointer");
    uint64_t status;
    int result = pw_read_address(card, PW_REG_SNAPSHOT_STATUS, &status);
    if (result == PW_OK && (state_of(status) != LOADING || slot_of(status) != slot))
        result = pw_snapshot_begin(card, slot);
    if (result != PW_OK)
        return result;
    struct pw_item reads[] = {
        {.address = PW_REG_SNAPSHOT_FIRST_SEQUENCE, .operation = PW_READ},
        {.address = PW_REG_SLOT_SYMBOL(slot), .operation = PW_READ},
        {.address = PW_REG_SLOT_STATE(slot), .operation = PW_READ},
    };
    struct pw_glimpse glimpse;
    int file = -1;
    result = pw_transfer(card, reads, sizeof reads / sizeof reads[0]);
    /* Only now: behind a pipe the snapshot may begin to be taken as it is opened. */
    if (result == PW_OK && (file = open(path, O_RDONLY | O_CLOEXEC)) < 0)
        result = pw_fail_errno("opening snapshot %s", path);
    if (result == PW_OK) {
        pw_glimpse_start(&glimpse, reads[1].value);
        result = send_orders(card, file, path, &glimpse);
    }
    if (file >= 0)
        close(file);
    if (result == PW_OK)
        result = check_symbol(&glimpse, path, reads[2].value);
    if (result != PW_OK) {
        /* The load must not wait for its end; the reason given is the first one. */
        char reason[512];
        snprintf(reason, sizeof reason, "%s", pw_last_error());
        pw_snapshot_abort(card);
        return pw_fail(result, "%s", reason);
    }
    if (snapshot != NULL)
        *snapshot = (struct pw_snapshot){
            .sequence = glimpse.sequence,
            .first_sequence = reads[0].value,
            .orders = glimpse.orders,
            .trading = glimpse.trading && !glimpse.halted_here,
            .unrestricted = glimpse.unrestricted,
            .market_known = glimpse.market_known,
            .market_open = glimpse.market_open,
        };
    return end_load(card, slot, &glimpse, opened);
}
