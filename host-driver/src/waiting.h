/* Waiting for a descriptor, by the clock that only goes forward. */
#ifndef PENNYWIRE_WAITING_H
#define PENNYWIRE_WAITING_H

#include <stddef.h>
#include <stdint.h>

/* Milliseconds of a clock that only goes forward. */
int64_t pw_monotonic_ms(void);

/* Nanoseconds of the same clock. Neither is a system call where the kernel has a vDSO. */
int64_t pw_monotonic_ns(void);

/* Wait until the descriptor is ready for what (POLLIN, POLLOUT); PW_ERROR_TIMEOUT, without a
 * sentence, at the deadline. INT64_MAX waits without end. */
int pw_wait_ready(int descriptor, short what, int64_t deadline_ms);

/* The same for the first of several that is ready. */
struct pollfd;
int pw_wait_any(struct pollfd *ready, size_t count, int64_t deadline_ms);

#endif
