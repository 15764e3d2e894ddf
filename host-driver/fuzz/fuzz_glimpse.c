/* libFuzzer: a snapshot. The first byte says how it is cut. */
#include <stdlib.h>
#include <string.h>

#include "../src/glimpse.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void must(bool condition) {
    if (!condition)
        abort();
}

/* Read it in parts of a size; returns how it ended. */
static int read_in_parts(struct pw_glimpse *glimpse, const uint8_t *bytes, size_t size,
                         size_t part) {
    uint32_t orders = 0;
    for (size_t at = 0, used = 0; at < size; at += used) {
        const size_t room = size - at < part ? size - at : part;
        /* In memory of its own size, so that one byte too many is seen. */
        uint8_t *copy = malloc(room);
        must(copy != NULL);
        memcpy(copy, bytes + at, room);
        const int step = pw_glimpse_read(glimpse, copy, room, &used);
        free(copy);
        must(used <= room);
        if (step == PW_GLIMPSE_MORE)
            must(used == room);
        if (step == PW_GLIMPSE_ORDER)
            must(glimpse->orders == ++orders && glimpse->order.shares > 0 &&
                 glimpse->order.price > 0);
        if (step == PW_GLIMPSE_END)
            must(glimpse->sequence > 0);
        if (step < 0 || step == PW_GLIMPSE_END)
            return step;
    }
    return PW_GLIMPSE_MORE;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    if (size == 0)
        return 0;
    const uint64_t symbol = UINT64_C(0x202020204c504141); /* "AAPL    " */
    struct pw_glimpse whole, cut;
    pw_glimpse_start(&whole, symbol);
    pw_glimpse_start(&cut, symbol);
    const int one = read_in_parts(&whole, bytes + 1, size - 1, SIZE_MAX);
    const int other = read_in_parts(&cut, bytes + 1, size - 1, bytes[0] % 40 + (size_t)1);
    /* However it is cut, it says the same. */
    must(one == other && whole.orders == cut.orders && whole.sequence == cut.sequence &&
         whole.trading == cut.trading && whole.locate == cut.locate &&
         whole.order.reference == cut.order.reference);
    return 0;
}
