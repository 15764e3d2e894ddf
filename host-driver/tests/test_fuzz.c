/* The fuzz targets, fed random bytes: in every test run, whether there is a libFuzzer or not. */
#include <stdlib.h>

#include "check.h"

/* All targets have the name that libFuzzer calls; the build renames them. */
int fuzz_glimpse(const uint8_t *bytes, size_t size);
int fuzz_hostlink(const uint8_t *bytes, size_t size);
int fuzz_session(const uint8_t *bytes, size_t size);
int fuzz_frame(const uint8_t *bytes, size_t size);
int fuzz_relay(const uint8_t *bytes, size_t size);

enum { ROUNDS = 20000, LONGEST = 400 };

static uint64_t seed = 20200130;

static uint64_t next_random(void) {
    seed ^= seed << 13; /* xorshift64: the same bytes on every machine */
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

/* Random bytes behind a beginning that makes sense, in memory of their own size. */
static void feed(int (*target)(const uint8_t *, size_t), const char *start, size_t start_size) {
    for (int round = 0; round < ROUNDS; round++) {
        const size_t size = next_random() % LONGEST + 1;
        const size_t kept = next_random() % (start_size + 1);
        uint8_t *bytes = malloc(size);
        if (bytes == NULL)
            abort();
        for (size_t i = 0; i < size; i++)
            bytes[i] = i < kept ? (uint8_t)start[i] : (uint8_t)(next_random() % 8);
        CHECK_EQUAL(target(bytes, size), 0);
        free(bytes);
    }
}

static void random_datagrams(void) {
    static const char answer[] = "PW\1\x81\1\0\0\0\2\0\0\0\0\0\0\0";
    static const char events[] = "PW\1\xc0\0\0\0\0\1\0\0\0\0\0\0\0";
    feed(fuzz_hostlink, answer, sizeof answer - 1);
    feed(fuzz_hostlink, events, sizeof events - 1);
}

static void random_streams(void) {
    static const char login[] = "\7\0\37A     SESS1                   7\0\3Sab";
    feed(fuzz_session, login, sizeof login - 1);
}

static void random_frames(void) {
    static const char start[] = "\2\0\0\0\0\1\2\0\0\0\0\2\10\0\105\0\0\40\0\0\100\0\100\21"
                                "\46\313\12\0\0\2\12\0\0\1\127\120\234\100\0\14\0\0PW\1\203";
    feed(fuzz_frame, start, sizeof start - 1);
}

static void random_snapshots(void) {
    static const char order[] = "\7\0\x24"
                                "A\0\15\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\1B\0\0\0\144"
                                "AAPL    \0\60\0\0\0\25G                   7";
    static const char state[] = "\4\0\31H\0\15\0\0\0\0\0\0\0\0AAPL    T \0\0\0\0\0\14S\0\0\0\0";
    feed(fuzz_glimpse, order, sizeof order - 1);
    feed(fuzz_glimpse, state, sizeof state - 1);
}

static void random_relays(void) {
    static const char answer[] =
        "\50PW\1\x85\1\0\0\0\0\0\0\0\0\0\0\0\7\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0"
        "\1\0\0\0\0\0\0\0"
        "\60PW\1\xc1\0\0\0\0\1\0\0\0\0\0\0\0\7\0\0\0\0\0\0\0\0\0\0\0\3\0\5\0"
        "\2\0\0\0\0\0\0\0order\0\0\0";
    feed(fuzz_relay, answer, sizeof answer - 1);
}

int main(void) {
    RUN(random_frames);
    RUN(random_snapshots);
    RUN(random_datagrams);
    RUN(random_streams);
    RUN(random_relays);
    return RESULT;
}
