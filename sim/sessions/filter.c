// Of a day of every symbol, the blocks that concern a few.
//
// A BinaryFILE is a row of blocks: a big-endian length of 2 bytes, then that many bytes of one ITCH message, whose
// bytes 1 and 2 are the locate number of its symbol, 0 where it speaks of the whole market. Kept are the blocks of the
// market, those of known locates, and each Stock Directory message of a symbol asked for, whose locate is known from
// then on. No function keeps a pointer that it was given beyond the call but the filter itself; two threads may use two
// filters, not one.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { LOCATES = 65536, SYMBOL = 8, LENGTH = 2, LOCATE_AT = 1, STOCK_AT = 11, DIRECTORY = 'R' };

struct pw_filter {
    uint64_t passed, skipped;
    uint32_t symbols;
    uint8_t kept[LOCATES];
    uint32_t *locates; // of each symbol; LOCATES while not known
    char *names;
};

static unsigned big16(const uint8_t *at) { return (unsigned)at[0] << 8 | at[1]; }

// Frees a filter; null is nothing.
void pw_filter_free(struct pw_filter *filter) {
    if (!filter) return;
    free(filter->locates);
    free(filter->names);
    free(filter);
}

// Makes a filter for `symbols` names of 8 characters each, one behind the other; the caller frees it. Null: no memory.
struct pw_filter *pw_filter_new(const char *names, uint32_t symbols) {
    struct pw_filter *filter = calloc(1, sizeof *filter);
    if (!filter) return NULL;
    filter->symbols = symbols;
    filter->locates = malloc(symbols * sizeof *filter->locates);
    filter->names = malloc((size_t)symbols * SYMBOL);
    if (!filter->locates || !filter->names) {
        pw_filter_free(filter);
        return NULL;
    }
    memcpy(filter->names, names, (size_t)symbols * SYMBOL);
    for (uint32_t i = 0; i < symbols; i++) filter->locates[i] = LOCATES;
    filter->kept[0] = 1;
    return filter;
}

// Keeps what is said of a locate, for a file that starts in the middle of a day.
void pw_filter_know(struct pw_filter *filter, uint16_t locate) { filter->kept[locate] = 1; }

// Whether a message is the directory entry of a symbol asked for; its locate is known from then on.
static int names_one(struct pw_filter *filter, const uint8_t *message, unsigned length) {
    if (message[0] != DIRECTORY || length < STOCK_AT + SYMBOL) return 0;
    for (uint32_t i = 0; i < filter->symbols; i++) {
        if (memcmp(message + STOCK_AT, filter->names + (size_t)i * SYMBOL, SYMBOL) == 0) {
            filter->locates[i] = big16(message + LOCATE_AT);
            filter->kept[filter->locates[i]] = 1;
            return 1;
        }
    }
    return 0;
}

// Copies the blocks to keep from `in` to `out`, which has room for `length` bytes and does not overlap it. Only whole
// blocks are looked at: `taken` says how many bytes of `in` they were, the end mark included, and `made` how many came
// out. Returns 1 where the end mark (a length of 0) was met, which is not copied, else 0.
int pw_filter_run(struct pw_filter *filter, const uint8_t *in, uint64_t length, uint8_t *out, uint64_t *taken,
                  uint64_t *made) {
    uint64_t at = 0, to = 0;
    int ended = 0;
    while (length - at >= LENGTH) {
        const unsigned size = big16(in + at);
        if (size == 0) {
            at += LENGTH;
            ended = 1;
            break;
        }
        const unsigned block = LENGTH + size;
        if (length - at < block) break;
        const uint8_t *message = in + at + LENGTH;
        // A message too short to have a locate concerns nobody.
        if (size > LOCATE_AT + 1 &&
            (filter->kept[big16(message + LOCATE_AT)] || names_one(filter, message, size))) {
            memcpy(out + to, in + at, block);
            to += block;
            filter->passed++;
        } else {
            filter->skipped++;
        }
        at += block;
    }
    *taken = at;
    *made = to;
    return ended;
}

// Messages kept and left out so far.
uint64_t pw_filter_passed(const struct pw_filter *filter) { return filter->passed; }
uint64_t pw_filter_skipped(const struct pw_filter *filter) { return filter->skipped; }

// Locate learnt of a symbol, by its place among the names given; 65536 while not known.
uint32_t pw_filter_locate(const struct pw_filter *filter, uint32_t symbol) { return filter->locates[symbol]; }
