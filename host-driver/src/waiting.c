#include "waiting.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <time.h>

#include "error.h"

int64_t pw_monotonic_ms(void) {
    return pw_monotonic_ns() / 1000000;
}

int64_t pw_monotonic_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail with this clock and a valid pointer */
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int pw_wait_ready(int descriptor, short what, int64_t deadline_ms) {
    struct pollfd ready = {.fd = descriptor, .events = what};
    return pw_wait_any(&ready, 1, deadline_ms);
}

int pw_wait_any(struct pollfd *ready, size_t count, int64_t deadline_ms) {
    for (;;) {
        int wait = -1;
        if (deadline_ms != INT64_MAX) {
            const int64_t left = deadline_ms - pw_monotonic_ms();
            wait = left <= 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
        }
        const int number = poll(ready, (nfds_t)count, wait);
        if (number > 0)
            return PW_OK; /* an error or a hang-up is reported by the call that follows */
        if (number == 0 && pw_monotonic_ms() >= deadline_ms)
            return PW_ERROR_TIMEOUT;
        if (number < 0 && errno != EINTR)
            return pw_fail_errno("waiting for a socket");
    }
}
