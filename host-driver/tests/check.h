/* A test program in plain C: CHECK what should hold, RUN what to check, return RESULT from main. */
#ifndef PENNYWIRE_CHECK_H
#define PENNYWIRE_CHECK_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static const char *check_test = "";
static unsigned check_failures, check_tests;

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            check_failed(__FILE__, __LINE__, #condition);                                          \
    } while (0)

/* Integers of any type that fits 64 bits. */
#define CHECK_EQUAL(found, wanted)                                                                 \
    check_equal(__FILE__, __LINE__, #found, (int64_t)(found), (int64_t)(wanted))

/* The text has the words in it. */
#define CHECK_TEXT(text, words) check_text(__FILE__, __LINE__, (text), (words))

#define RUN(test)                                                                                  \
    do {                                                                                           \
        check_test = #test;                                                                        \
        check_tests++;                                                                             \
        test();                                                                                    \
    } while (0)

#define RESULT (printf("ran %u tests\n", check_tests), check_failures == 0 ? 0 : 1)

static inline void check_failed(const char *file, int line, const char *what) {
    check_failures++;
    fprintf(stderr, "%s:%d: %s: not so: %s\n", file, line, check_test, what);
}

static inline void check_equal(const char *file, int line, const char *what, int64_t found,
                               int64_t wanted) {
    if (found == wanted)
        return;
    check_failures++;
    fprintf(stderr, "%s:%d: %s: %s is %" PRId64 ", not %" PRId64 "\n", file, line, check_test, what,
            found, wanted);
}

static inline void check_text(const char *file, int line, const char *text, const char *words) {
    if (strstr(text, words) != NULL)
        return;
    check_failures++;
    fprintf(stderr, "%s:%d: %s: no \"%s\" in \"%s\"\n", file, line, check_test, words, text);
}

#endif
